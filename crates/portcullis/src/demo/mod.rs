//! `portcullis demo`: a sample platform, the gate in front of it, and three scripted partners.
//!
//! Everything is real: sockets, log, keys. Must not know how a verdict is reached.

mod caller;
mod print;
mod script;
mod stage;
mod story;

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use portcullis_plaza::Showcase;
use portcullis_types::{KeyId, ReasonCode};

use crate::config::Secret;
use caller::Caller;
use print::Stage;
use script::{Expect, Step, Who};
use stage::Theatre;

/// Options of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// End after the script; exit code 0 only if every verdict was the expected one
    #[arg(long)]
    once: bool,
    /// Tell another story: a sweep, a case, a hold with its reasons, an answer, the way back in
    /// stages, and what all of it leaves to verify; each step with how long it took
    #[arg(long, conflicts_with = "once")]
    story: bool,
    /// Only start platform and gate, print their addresses and keys as JSON, and stay up
    #[arg(long, conflicts_with_all = ["once", "story"], hide = true)]
    bare: bool,
}

/// A scripted partner.
#[derive(Debug)]
pub(crate) struct Player {
    pub who: Who,
    pub key_id: KeyId,
    pub key: Secret,
}

/// Most repeats before a rate must have said stop.
const FLOOD_MAX: usize = 2_000;

/// Runs it.
pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    crate::talk::hush();
    if args.story {
        return story::run();
    }
    let mut theatre = Theatre::open(|_| Ok(()))?;
    theatre.cast()?;
    if args.bare {
        return theatre.bare();
    }
    let mut show = Show {
        stage: Stage::new(),
        caller: Caller::new(format!("http://{}", theatre.public())),
        theatre: &theatre,
    };
    show.play()?;
    let unexpected = show.stage.unexpected;
    if args.once {
        theatre.close();
        return Ok(ExitCode::from(u8::from(unexpected > 0)));
    }
    show.leave_up()?;
    theatre.close();
    Ok(ExitCode::SUCCESS)
}

struct Show<'a> {
    stage: Stage,
    caller: Caller,
    theatre: &'a Theatre,
}

impl Show<'_> {
    fn play(&mut self) -> anyhow::Result<()> {
        let ids = self.theatre.ids().clone();
        self.stage.heading("Plaza, a sample platform, stands behind the gate");
        self.stage.line(&format!(
            "  platform {}   gate http://{}   admin http://{}",
            self.theatre.platform(),
            self.theatre.public(),
            self.theatre.admin()
        ));
        for (who, heading) in [
            (Who::Honest, "An honest partner: it publishes for accounts that authorised it"),
            (
                Who::Sweeper,
                "A partner that sweeps places: three samples a day are agreed, by whatever spelling or channel",
            ),
            (
                Who::StorySaver,
                "A partner that keeps stories: it may know of them, and never gets a picture or others' stories",
            ),
        ] {
            self.stage.heading(heading);
            for step in script::opening(&ids).iter().filter(|step| step.who == who) {
                self.act(step)?;
            }
            if who == Who::Sweeper {
                self.flood(&ids)?;
            }
        }
        self.hold_and_restore(&ids)?;
        self.verify()?;
        let (shown, unexpected) = (self.stage.shown, self.stage.unexpected);
        self.stage.heading(&format!("{shown} checks, {unexpected} unexpected"));
        Ok(())
    }

    fn act(&mut self, step: &Step) -> anyhow::Result<()> {
        let player = self.theatre.player(step.who)?;
        let answer =
            self.caller.call(step.method, &step.target, player.key.expose(), &step.form)?;
        self.stage.verdict(step, &answer);
        Ok(())
    }

    fn flood(&mut self, ids: &Showcase) -> anyhow::Result<()> {
        let step = script::flood(ids);
        let player = self.theatre.player(step.who)?;
        let mut passed = 0;
        for _ in 0..FLOOD_MAX {
            let answer = self.caller.call(step.method, &step.target, player.key.expose(), "")?;
            if answer.status != 200 {
                self.stage.line(&format!("  … {passed} calls passed, then:"));
                self.stage.verdict(&step, &answer);
                return Ok(());
            }
            passed += 1;
        }
        self.stage.line(&format!("  … {passed} calls passed"));
        self.stage.count(false, || "a rate should have said stop".to_owned());
        Ok(())
    }

    fn hold_and_restore(&mut self, ids: &Showcase) -> anyhow::Result<()> {
        self.stage.heading("An operator holds the honest partner's key, and restores it");
        self.act(&script::around_the_hold(ids, Expect::Pass))?;
        let key = self.theatre.player(Who::Honest)?.key_id.clone();
        let reason = ReasonCode::new("investigation").context("a reason code")?;
        let held = self.theatre.hold(&key, reason, "We are looking into an unusual pattern of calls. Publishing resumes when this is settled.")?;
        self.stage.line(&format!("  HELD    {held}"));
        self.act(&script::around_the_hold(ids, Expect::Refused("key_held")))?;
        let reason = ReasonCode::new("investigation-closed").context("a reason code")?;
        let restored = self.theatre.restore(
            &key,
            reason,
            "The pattern was explained. Your key works again as before.",
        )?;
        self.stage.line(&format!("  RESTORED {restored}"));
        self.act(&script::around_the_hold(ids, Expect::Pass))
    }

    fn verify(&mut self) -> anyhow::Result<()> {
        self.stage.heading("Every change stands in a log that nobody can quietly edit");
        let (clean, text) = self.theatre.verify()?;
        self.stage.line(&format!("  {text}"));
        self.stage.count(clean, || "a clean log".to_owned());
        Ok(())
    }

    fn leave_up(&mut self) -> anyhow::Result<()> {
        let (public, dir) = (self.theatre.public(), self.theatre.config_path());
        let honest = self.theatre.player(Who::Honest)?;
        let saver = self.theatre.player(Who::StorySaver)?;
        let (key, other) = (honest.key.expose(), saver.key.expose());
        let ids = self.theatre.ids();
        let lines = format!(
            "Still up; Ctrl-C ends it. Try:\n\n  \
             curl -s -H 'Authorization: Bearer {key}' 'http://{public}/v21.0/{user}/media?fields=id,caption&limit=3'\n  \
             curl -s -H 'Authorization: Bearer {other}' 'http://{public}/v21.0/{story}'\n  \
             portcullis --config {dir} key list\n  \
             portcullis --config {dir} key hold {id} --reason investigation --tell 'We are looking into this.' --fact 'A partner asked for a look at last night.' --period 9h --review-by 7d\n  \
             portcullis --config {dir} audit list\n",
            user = ids.paging_user,
            story = ids.expired_story,
            id = honest.key_id,
            dir = dir.display(),
        );
        self.stage.line(&lines);
        self.theatre.wait_for_ctrl_c()
    }
}
