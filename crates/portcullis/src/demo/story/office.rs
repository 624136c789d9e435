//! Where the story happens: a deployment that takes two persons, a partner with two clients, and
//! whoever acts, by commands as they are typed and calls as they are sent.
//!
//! Must not know what happens.

use std::path::{Path, PathBuf};

use anyhow::Context;
use owo_colors::OwoColorize;
use portcullis_cli::exit;
use portcullis_plaza::Showcase;
use portcullis_registry::{Command, PeopleCommand, Role, Use};
use portcullis_types::{ClientId, Clock, Mono, PartnerId, PersonId, TierName};
use serde_json::Value;

use super::super::caller::{Answer, Caller};
use super::super::print::Stage;
use super::super::script::Expect;
use super::super::stage::{Theatre, actor};
use crate::clock::SystemClock;
use crate::config::Secret;
use crate::gate::bootstrap;
use crate::starter::{random_hex, token_hash};

pub(super) const PARTNER: &str = "city-finder";
const TIER: &str = include_str!("city-guide.yaml");
const PLAN: &str = include_str!("way-back.yaml");
const PERSONS: [&str; 2] = ["ana", "ben"];
const CALLS_PER_HOUR: u64 = 5_000;

/// A client of the partner, or the partner itself, and the key its calls come with.
pub(super) struct Customer {
    pub name: &'static str,
    key: Secret,
}

/// Everything there is.
pub(super) struct Office {
    pub stage: Stage,
    /// The partner's own key, which alone speaks for all of it.
    pub own: Customer,
    pub harbour: Customer,
    pub hillside: Customer,
    theatre: Theatre,
    caller: Caller,
    clock: SystemClock,
}

impl Office {
    pub(super) fn open() -> anyhow::Result<Self> {
        let theatre = Theatre::open(prepare)?;
        let partner = PartnerId::new(PARTNER)?;
        let ask = |command: Command| theatre.gate().submit(actor(), command);
        ask(Command::AddPartner {
            id: partner.clone(),
            name: "City Finder".to_owned(),
            tier: Some(TierName::new("city-guide")?),
            r#use: Use::Publishing,
            declared_use: "Publishes for hotels and shows posts around them.".to_owned(),
            scopes: None,
            facts: bootstrap::calls_per_hour(CALLS_PER_HOUR),
        })?;
        let accounts = [theatre.ids().paging_user.clone()];
        theatre.gate().grant(actor(), bootstrap::granted(&partner, &accounts))?;
        let own = keyed(&theatre, (partner.clone(), None), PARTNER)?;
        let harbour = customer(&theatre, &partner, "harbour")?;
        let hillside = customer(&theatre, &partner, "hillside")?;
        let caller = Caller::new(format!("http://{}", theatre.public()));
        let clock = SystemClock::start();
        Ok(Self { stage: Stage::new(), own, harbour, hillside, theatre, caller, clock })
    }

    pub(super) fn ids(&self) -> &Showcase {
        self.theatre.ids()
    }

    /// A file beside the deployment.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.theatre.dir().join(name)
    }

    /// A command as somebody types it, which must succeed; what it printed.
    pub(super) fn typed(&mut self, who: &str, words: &[&str]) -> anyhow::Result<String> {
        self.ends(who, words, (exit::OK, "that it is done"))
    }

    /// The same for one that ends so.
    fn ends(
        &mut self,
        who: &str,
        words: &[&str],
        (end, told): (u8, &str),
    ) -> anyhow::Result<String> {
        let (line, (code, said), took) = self.run(who, words)?;
        self.stage.line(&format!("  {} {}  {}", format!("{who}$").cyan(), line, took.dimmed()));
        for line in said.lines().filter(|line| !line.trim().is_empty()) {
            self.stage.line(&format!("      {}", line.dimmed()));
        }
        self.stage.count(code == Some(i32::from(end)), || told.to_owned());
        Ok(said)
    }

    /// The same for one that must be refused.
    pub(super) fn refused(&mut self, who: &str, words: &[&str], by: &str) -> anyhow::Result<()> {
        let (line, (code, said), took) = self.run(who, words)?;
        self.stage.line(&format!("  {} {}  {}", format!("{who}$").cyan(), line, took.dimmed()));
        self.stage.line(&format!("      {}", said.trim().dimmed()));
        self.stage
            .count(code != Some(0) && said.contains(by), || format!("a refusal that says `{by}`"));
        Ok(())
    }

    /// The same for one whose answer is JSON that nobody is shown.
    pub(super) fn read(&self, who: &str, words: &[&str]) -> anyhow::Result<Value> {
        let words = [words, &["-o", "json"]].concat();
        let (line, (_, said), _) = self.run(who, &words)?;
        serde_json::from_str(&said).with_context(|| format!("`{line}` said: {said}"))
    }

    /// A wish of ana's that takes two persons: ben approves it.
    pub(super) fn by_two(&mut self, words: &[&str]) -> anyhow::Result<()> {
        let said = self.ends("ana", words, (exit::PROPOSED, "that it is proposed"))?;
        let told = said.split("portcullis proposal approve ").nth(1).unwrap_or_default();
        let words: Vec<String> = told.split_whitespace().take(3).map(str::to_owned).collect();
        self.stage.count(words.len() == 3, || "a proposal that waits".to_owned());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.typed("ben", &[&["proposal", "approve"], &words[..]].concat())?;
        Ok(())
    }

    fn run(
        &self,
        who: &str,
        words: &[&str],
    ) -> anyhow::Result<(String, (Option<i32>, String), String)> {
        let line: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let program = std::env::current_exe().context("the program does not know itself")?;
        let token = self.file("secrets").join(who);
        let started = self.now();
        let output = std::process::Command::new(program)
            .args(words)
            .arg("--config")
            .arg(self.theatre.config_path())
            .arg("--token-file")
            .arg(token)
            .env("NO_COLOR", "1")
            .env_remove("PORTCULLIS_ADMIN")
            .env_remove("PORTCULLIS_ADMIN_TOKEN")
            .stdin(std::process::Stdio::null())
            .output()
            .context("a command can't be started")?;
        let took = self.since(started);
        let said = [output.stdout, output.stderr].concat();
        let here = self.file("").display().to_string();
        let said = String::from_utf8_lossy(&said).replace(&here, "");
        let line = line.join(" ").replace(&here, "");
        Ok((format!("portcullis {line}"), (output.status.code(), said), took))
    }

    /// A customer's call, and what must come of it.
    pub(super) fn call(
        &mut self,
        who: fn(&Self) -> &Customer,
        (tries, target): (&str, &str),
        expect: Expect,
    ) -> anyhow::Result<Answer> {
        let (name, started) = (who(self).name, self.now());
        let answer = self.send(who, target)?;
        let tries = format!("{tries}  {}", self.since(started).dimmed());
        self.stage.judged((name, &tries), expect, &answer);
        Ok(answer)
    }

    /// The same that nobody is shown. A target that prepares a post is sent one.
    pub(super) fn send(&self, who: fn(&Self) -> &Customer, target: &str) -> anyhow::Result<Answer> {
        let key = who(self).key.expose();
        if target.ends_with("/media") {
            let form = "image_url=https%3A%2F%2Fimages.example%2F1.jpg&caption=Open+again";
            return self.caller.call("POST", target, key, form);
        }
        self.caller.call("GET", target, key, "")
    }

    /// What the partner says in its own API.
    pub(super) fn tells(
        &mut self,
        who: fn(&Self) -> &Customer,
        (what, target): (&str, &str),
        body: &Value,
    ) -> anyhow::Result<()> {
        let (name, started) = (who(self).name, self.now());
        let answer = self.caller.tell(target, who(self).key.expose(), body)?;
        let what = format!("{what}  {}", self.since(started).dimmed());
        self.stage.judged((name, &what), Expect::Pass, &answer);
        Ok(())
    }

    pub(super) fn close(self) -> usize {
        self.theatre.close();
        self.stage.unexpected
    }

    pub(super) fn now(&self) -> Mono {
        self.clock.now().mono
    }

    pub(super) fn since(&self, started: Mono) -> String {
        let micros = self.now().0.saturating_sub(started.0) / 1_000;
        format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100)
    }
}

/// The tier and the plan as files, two persons with a token each, and the rule for two.
fn prepare(dir: &Path) -> anyhow::Result<()> {
    std::fs::write(dir.join("policies/city-guide.yaml"), TIER)?;
    std::fs::write(dir.join("way-back.yaml"), PLAN)?;
    let mut tokens = String::new();
    for who in PERSONS {
        let token = format!("pta_{}", random_hex()?.as_str());
        private(&dir.join("secrets").join(who), &token)?;
        private(&dir.join("secrets").join(format!("{who}.sha256")), &token_hash(&token))?;
        tokens.push_str(&format!("    {who}: {{ file: secrets/{who}.sha256, person: {who} }}\n"));
    }
    let path = dir.join("portcullis.yaml");
    let text = std::fs::read_to_string(&path)?;
    let edits = [
        ("admin_tokens:\n", format!("admin_tokens:\n{tokens}")),
        ("two_persons: false", "two_persons: true".to_owned()),
    ];
    let text = edits.iter().fold(text, |text, (from, to)| text.replacen(from, to, 1));
    std::fs::write(&path, text).context("the configuration can't be written")?;
    bootstrap::before_start(&path, persons()?)
}

/// Who may look into things, and let another's wish happen.
fn persons() -> anyhow::Result<Vec<Command>> {
    let person = |who: &str| {
        let roles = [Role::Investigator, Role::Approver, Role::Auditor].into_iter().collect();
        let (id, name, logins) = (PersonId::new(who)?, who.to_owned(), Vec::new());
        Ok(PeopleCommand::Add { id, name, roles, logins }.into())
    };
    PERSONS.into_iter().map(person).collect()
}

fn private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).context("a token can't be written")
}

fn customer(
    theatre: &Theatre,
    partner: &PartnerId,
    name: &'static str,
) -> anyhow::Result<Customer> {
    let ask = |command: Command| theatre.gate().submit(actor(), command);
    let id = ClientId::new(name)?;
    ask(Command::AddClient {
        id: id.clone(),
        partner: partner.clone(),
        name: name.to_owned(),
        purpose: "Posts of its own, and of places around it.".to_owned(),
        category: None,
        scopes: None,
    })?;
    keyed(theatre, (partner.clone(), Some(id)), name)
}

fn keyed(
    theatre: &Theatre,
    whose: (PartnerId, Option<ClientId>),
    name: &'static str,
) -> anyhow::Result<Customer> {
    let ask = |command: Command| theatre.gate().submit(actor(), command);
    let (_, key) = bootstrap::issue(&theatre.gate().minter(), whose, ask)?;
    Ok(Customer { name, key })
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    if word.contains([' ', '\'']) {
        format!("'{}'", word.replace('\'', r"'\''"))
    } else {
        word.to_owned()
    }
}
