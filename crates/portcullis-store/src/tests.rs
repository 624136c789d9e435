//! Tests of the store, on real files in a directory of their own.

mod backup;
mod clocks;
mod crash;
mod damage;
mod deletions;
mod evidence;
mod golden;
mod grants;
mod guard;
mod outbox;
mod past;
mod personal;
mod refuse;
mod repeats;
mod retention;
mod sealed;
mod speed;
mod takeover;
mod thin;
mod work;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use portcullis_audit::LogKey;
use portcullis_registry::{
    Actor, ActorKind, Command, Done, Evidence as _, Fact, Facts, GrantChange, KeyStart, Moment,
    NarrowKind, Office, OfficeError, Period, Sink, Snapshot, StatementDraft, SubjectId, SubjectIx,
    Use,
};
use portcullis_types::{
    Clock, KeyId, Mono, Notice, Now, PartnerId, ReasonCode, Revision, TierName, Wall,
};
use tempfile::TempDir;

use crate::{OfficeHandle, Opened, Options, Store, StoreError, Writer};

pub(crate) const NAME: &str = "gate.example/log";

/// A clock that a test turns; each look at it moves it on by a second.
#[derive(Debug, Default)]
pub(crate) struct Turned(AtomicU64);

impl Clock for Turned {
    fn now(&self) -> Now {
        let ms = 1_700_000_000_000 + 1000 * self.0.fetch_add(1, Ordering::Relaxed);
        Now { wall: Wall(ms), mono: Mono(0) }
    }
}

/// Writes down what the judge would be told.
#[derive(Debug, Default)]
pub(crate) struct Told(pub(crate) Mutex<Vec<String>>);

impl Told {
    fn say(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Sink for Told {
    fn narrow(&self, subject: SubjectIx, notice: Arc<Notice>, kind: NarrowKind) {
        self.say(format!("narrow {subject:?} {kind:?} {}", notice.reason));
    }
    fn publish(&self, snapshot: Arc<Snapshot>) {
        self.say(format!("publish {}", snapshot.revision().map_or(-1, |r| r.0.cast_signed())));
    }
    fn widen(&self, subject: SubjectIx) {
        self.say(format!("widen {subject:?}"));
    }
    fn policy(&self, revision: Revision, files: Vec<(String, Arc<str>)>) {
        self.say(format!("policy {} {files:?}", revision.0));
    }
    fn grants(&self, changes: &[GrantChange<'_>]) {
        for GrantChange { account, partner, client, term } in changes {
            let client = client.map_or_else(String::new, |at| format!(" client {}", at.0));
            let end = term.map(|term| term.until.map_or(0, |until| until.0));
            self.say(format!("grant {account} partner {}{client}: {end:?}", partner.0));
        }
    }
}

pub(crate) fn log_key(seed: u8) -> LogKey {
    LogKey::from_seed(NAME, &[seed; 32]).unwrap()
}

pub(crate) fn options(path: &Path) -> Options {
    Options { path: path.to_owned(), log_key: log_key(1), previous_log_key: None }
}

pub(crate) async fn open(path: &Path) -> Result<Opened, StoreError> {
    Store::open(options(path), Wall(1_700_000_000_000)).await
}

pub(crate) async fn office(path: &Path) -> OfficeHandle {
    let opened = open(path).await.unwrap();
    Writer::start(opened, Arc::new(()), Arc::new(Turned::default())).await.unwrap()
}

pub(crate) fn place() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("data/portcullis.db");
    (dir, path)
}

pub(crate) fn ops() -> Actor {
    Actor { kind: ActorKind::Token, id: "ops".to_owned() }
}

pub(crate) async fn ask(office: &OfficeHandle, command: Command) -> Result<Done, OfficeError> {
    office.submit(ops(), command).await
}

pub(crate) fn add_partner(id: &str) -> Command {
    Command::AddPartner {
        id: PartnerId::new(id).unwrap(),
        name: format!("Partner {id}"),
        tier: Some(TierName::new("standard").unwrap()),
        r#use: Use::Publishing,
        declared_use: String::new(),
        scopes: None,
        facts: Facts::default(),
    }
}

pub(crate) fn issue_key(partner: &str, n: u64) -> Command {
    Command::IssueKey {
        id: KeyId::new(&format!("key{n}")).unwrap(),
        partner: PartnerId::new(partner).unwrap(),
        client: None,
        scopes: None,
        start: KeyStart::AtOnce,
        expires: None,
        digest: format!("{:032x}", u128::from(n + 1) << 64),
        pepper: "abcd1234".to_owned(),
        label: "first".to_owned(),
        binding: Default::default(),
        identity: None,
    }
}

pub(crate) fn key(n: u64) -> SubjectId {
    SubjectId::Key(KeyId::new(&format!("key{n}")).unwrap())
}

/// What was found, as every step here says it.
pub(crate) fn found() -> StatementDraft {
    let night =
        Period { from: Moment(Wall(1_699_900_000_000)), until: Moment(Wall(1_699_990_000_000)) };
    StatementDraft {
        facts: vec![Fact {
            statement: "Calls of one night came from 41 towns.".to_owned(),
            period: Some(night),
            ..Fact::default()
        }],
        indefinite_because: Some("nobody knows when the calls are explained".to_owned()),
        ..StatementDraft::default()
    }
}

pub(crate) fn hold(subject: SubjectId) -> Command {
    let reason = ReasonCode::new("investigation").unwrap();
    Command::hold(subject, reason, "We are looking into unusual calls.").stated(found())
}

pub(crate) fn restore(subject: SubjectId) -> Command {
    let reason = ReasonCode::new("investigation-closed").unwrap();
    Command::restore(subject, reason, "The inquiry ended, thank you.")
}

pub(crate) fn revoke(n: u64) -> Command {
    let key = KeyId::new(&format!("key{n}")).unwrap();
    let reason = ReasonCode::new("key-exposed").unwrap();
    let tell = "The key stood in a public repository.".to_owned();
    Command::RevokeKey { key, reason, tell, case: None }.stated(found())
}

/// A small log: opened, partner, two keys, a policy, hold, restore, revoke.
pub(crate) async fn small_log(path: &Path) {
    let office = office(path).await;
    let policy = vec![("routes/a.yaml".to_owned(), Arc::from("version: 1\n"))];
    for command in [
        add_partner("acme"),
        issue_key("acme", 1),
        issue_key("acme", 2),
        Command::PublishPolicy { files: policy },
        hold(key(1)),
        restore(key(1)),
        revoke(2),
    ] {
        ask(&office, command).await.unwrap();
    }
    assert_eq!(office.close().await, 0);
}

/// What a snapshot says about standing, in a line.
pub(crate) fn summary(snapshot: &Snapshot) -> String {
    let keys = snapshot.keys().map(|(at, key)| {
        let standing = format!("{:?}", snapshot.standing(at, Wall(u64::MAX)));
        format!("{}:{}", key.id(), standing.split(['(', ' ']).next().unwrap_or_default())
    });
    let keys: Vec<_> = keys.collect();
    let revision = snapshot.revision().map_or(-1, |r| r.0.cast_signed());
    format!("rev {revision} partners {} [{}]", snapshot.partner_count(), keys.join(" "))
}
