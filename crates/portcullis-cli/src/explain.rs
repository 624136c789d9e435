//! `explain`: why a call would pass or not, every step with its values; or why one did.
//!
//! Offline, by the files of a directory and what a partner declared; by a request's id, from the
//! running gate. Must not know how a call is judged.

mod caller;
mod recorded;

use std::borrow::Cow;
use std::path::PathBuf;

use owo_colors::OwoColorize as _;
use portcullis_judge::{Arrival, Bounds, Desk, Explanation, Granted, Names, PlatformCredential};
use portcullis_request::{batch, canonicalise};
use portcullis_types::{KeyIx, Mono, Now, Refusal};
use serde::{Deserialize, Serialize};

use crate::answer::{Cut, cut};
use crate::args::{Common, ExplainArgs};
use crate::asked::Asked;
use crate::diff::compiled;
use crate::failure::Failure;
use crate::files::unreadable;
use crate::host::Host;
use crate::memory::Memory;
use crate::out::{Out, clean};
use crate::replay::moment;
use caller::{Caller, partner};

/// One step of a decision, as people and programs read it.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// `request`, `key`, `standing`, `catalogue`, `policy` or `limits`.
    pub(crate) stage: Cow<'static, str>,
    /// What was looked at.
    pub(crate) what: String,
    /// What it came to.
    pub(crate) outcome: String,
}

/// Why a call would pass or not. Of a call that it remembers, the running gate
/// tells what would come of it now with the same members.
#[derive(Debug, Serialize, Deserialize)]
struct Explained {
    partner: String,
    #[serde(default)]
    tier: Option<String>,
    at: String,
    method: String,
    target: String,
    /// `allow`, or the code of the refusal.
    verdict: String,
    /// The rule that lets it pass.
    #[serde(default)]
    rule: Option<String>,
    /// What the partner reads.
    #[serde(default)]
    told: Option<String>,
    steps: Vec<Step>,
    /// What the partner gets of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// The entries of a batch, each as if it came alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    entries: Vec<Explained>,
}

impl From<portcullis_judge::Step> for Step {
    fn from(step: portcullis_judge::Step) -> Self {
        Self { stage: Cow::Borrowed(step.stage), what: step.what, outcome: step.outcome }
    }
}

pub(crate) fn run(
    args: &ExplainArgs,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    if let Some(id) = &args.request {
        return recorded::run(id, common, host, out);
    }
    let explained = offline(args, host, out)?;
    if out.is_json() {
        return out.json(&explained);
    }
    show(&explained, "", out)
}

fn offline(args: &ExplainArgs, host: &dyn Host, out: &mut Out) -> Result<Explained, Failure> {
    let dir = args.policies.clone().unwrap_or_else(|| PathBuf::from("."));
    let mut memory = Memory::new(compiled(&dir, host, out)?, Names::default(), "explain")?;
    let caller = partner(args, host)?;
    let at = args.at.as_deref().map(moment).transpose().map_err(Failure::Usage)?;
    let at = at.unwrap_or_else(|| host.now());
    let (key, tier) = seat(&mut memory, &caller)?;
    let read = |path: &PathBuf| host.read(path).map_err(|error| unreadable(path, &error));
    let body = args.body.as_ref().map(read).transpose()?;
    let url = args.url.as_deref().unwrap_or_default();
    let asked = Asked {
        method: args.method.as_deref().unwrap_or_default(),
        target: target(url)?,
        body: body.as_deref(),
        content_type: args.content_type.as_deref(),
    };
    let now = Now { wall: at, mono: Mono(3_600_000_000_000) };
    let mut bed = Bed { desk: memory.judge.desk(), memory: &memory, key, now };
    let mut explained = bed.explain(&asked.arrival());
    explained.partner = caller.declared.id.to_string();
    explained.tier = tier;
    if let Some(path) = args.answer.as_ref().filter(|_| explained.rule.is_some()) {
        bed.answered(&asked.arrival(), &read(path)?, &mut explained);
    }
    Ok(explained)
}

fn seat(memory: &mut Memory, caller: &Caller) -> Result<(KeyIx, Option<String>), Failure> {
    let entry = caller.entry();
    let ix = memory.add(&entry, portcullis_types::Wall(0))?;
    for grant in &caller.declared.grants {
        memory.grant(&grant.account, ix, [grant.from, grant.until]);
    }
    memory.publish();
    let tier = memory.tier(&entry).map(ToString::to_string);
    let key = caller.declared.keys.first().and_then(|key| memory.key(key));
    Ok((key.ok_or_else(|| Failure::Local("the partner has no key".to_owned()))?, tier))
}

/// One caller at one moment.
struct Bed<'a> {
    desk: Desk,
    memory: &'a Memory,
    key: KeyIx,
    now: Now,
}

impl Bed<'_> {
    fn explain(&mut self, arrival: &Arrival<'_>) -> Explained {
        let Explanation { steps, verdict } = self.desk.explain(self.key, arrival, self.now);
        let mut explained = self.explained(arrival, verdict.map(|rule| rule.to_string()));
        explained.steps = steps.into_iter().map(Step::from).collect();
        let catalogue = &self.memory.rules.catalogue;
        let bounds = Bounds::default();
        if explained.rule.is_some()
            && let Ok(canonical) = canonicalise(arrival, catalogue, &bounds)
            && let Ok(entries) = batch(&canonical, catalogue, &bounds)
        {
            for entry in &entries {
                let arrival = entry.arrival(&[]);
                explained.entries.push(match entry.refusal() {
                    None => self.explain(&arrival),
                    Some(refusal) => self.explained(&arrival, Err(refusal.clone())),
                });
            }
        }
        explained
    }

    /// Adds what the partner gets of an answer to the call.
    fn answered(&mut self, arrival: &Arrival<'_>, body: &[u8], explained: &mut Explained) {
        let platform = PlatformCredential::Header;
        let verdict = self.desk.judge_known(self.key, arrival, self.now, &platform);
        let Some(permit) = verdict.outcome.ok().and_then(Granted::call) else { return };
        let (_, _, duties) = permit.into_parts();
        let mut add = |what: &str, outcome: String| {
            let stage = Cow::Borrowed("answer");
            explained.steps.push(Step { stage, what: what.to_owned(), outcome });
        };
        match cut(&mut self.desk, self.key, duties.as_ref(), self.now, body) {
            Err(why) => add("the answer", format!("is withheld: {why}")),
            Ok(Cut { body: left, notes }) => {
                for note in notes {
                    add("the answer", note);
                }
                add("the answer", format!("{} of {} bytes leave", left.len(), body.len()));
                explained.answer = Some(String::from_utf8_lossy(&left).into_owned());
            }
        }
    }

    fn explained(&self, arrival: &Arrival<'_>, verdict: Result<String, Refusal>) -> Explained {
        let query = arrival.query.map(|query| format!("?{query}")).unwrap_or_default();
        let (word, rule, told) = match verdict {
            Ok(rule) => ("allow".to_owned(), Some(rule), None),
            Err(refusal) => (refusal.row().code.to_owned(), None, Some(refusal.detail())),
        };
        Explained {
            partner: String::new(),
            tier: None,
            at: self.now.wall.rfc3339(),
            method: arrival.method.to_owned(),
            target: format!("{}{query}", arrival.path),
            verdict: word,
            rule,
            told,
            steps: Vec::new(),
            answer: None,
            entries: Vec::new(),
        }
    }
}

/// Path and query of what was typed: a host in front of it is left out.
fn target(url: &str) -> Result<&str, Failure> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)),
        None => Some(url),
    };
    path.filter(|path| path.starts_with('/')).ok_or_else(|| {
        Failure::Usage(format!(
            "`{}` is no path: write `/v21.0/…` with its query, or the whole URL",
            clean(url)
        ))
    })
}

fn show(explained: &Explained, indent: &str, out: &mut Out) -> Result<(), Failure> {
    if indent.is_empty() {
        let tier = explained.tier.as_deref().unwrap_or("none");
        let partner = clean(&explained.partner);
        out.line(format!("{partner}, on tier {tier}, {}", explained.at))?;
    }
    let method = clean(&explained.method);
    out.line(format!("{indent}{method} {}", clean(&explained.target)))?;
    steps(&explained.steps, &format!("{indent}  "), out)?;
    for entry in &explained.entries {
        show(entry, &format!("{indent}  "), out)?;
    }
    outcome(explained, indent, out)
}

/// How it ends.
fn outcome(explained: &Explained, indent: &str, out: &mut Out) -> Result<(), Failure> {
    match (&explained.rule, &explained.told) {
        (Some(rule), _) => {
            out.line(format!("{indent}{} by `{rule}`", "passes".green()))?;
            explained.answer.as_ref().map_or(Ok(()), |answer| out.line(clean(answer)))
        }
        (None, told) => out.line(format!(
            "{indent}{} with `{}`: {}",
            "refused".red(),
            explained.verdict,
            clean(told.as_deref().unwrap_or_default())
        )),
    }
}

/// One step to a line, stages in a column.
pub(crate) fn steps(steps: &[Step], indent: &str, out: &mut Out) -> Result<(), Failure> {
    for step in steps {
        let stage = format!("{:<10}", step.stage);
        let what = clean(&step.what);
        out.line(format!("{indent}{}{what}: {}", stage.bold(), clean(&step.outcome)))?;
    }
    Ok(())
}
