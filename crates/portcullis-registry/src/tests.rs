//! The rules of the registry as tables, and the fold against a model of three maps.

mod agreement;
mod answers;
mod binding;
mod calendar;
mod cases;
mod changes;
mod courses;
mod credentials;
mod decided;
mod deletions;
mod facts;
mod foreseen;
mod grants;
mod identities;
mod ledger;
mod model;
mod people;
mod quota;
mod refusals;
mod retention;
mod rules;
mod scale;
mod signals;
mod staged;
mod standing;
mod statements;
mod together;
mod usage;
mod waiting;

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_types::{
    ClientId, KeyId, KeyIx, PartnerId, ReasonCode, Revision, ScopeName, TierName, Wall,
};

use crate::*;

/// A registry with its log in memory.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) state: State,
    pub(crate) log: Vec<(Wall, Event, Actor)>,
    pub(crate) blobs: HashMap<String, Arc<[u8]>>,
}

pub(crate) const NOON: Wall = Wall(1_700_000_000_000);

impl Desk {
    /// Carries out a command at a time.
    pub(crate) fn at(&mut self, now: Wall, command: &Command) -> Result<Planned, Rejected> {
        self.by(&somebody(), now, command)
    }

    /// Carries out what the gate's clock asks.
    pub(crate) fn as_clock(&mut self, now: Wall, command: &Command) -> Result<Planned, Rejected> {
        self.by(&Actor::clock(), now, command)
    }

    /// Carries out a command of somebody.
    pub(crate) fn by(
        &mut self,
        by: &Actor,
        now: Wall,
        command: &Command,
    ) -> Result<Planned, Rejected> {
        let planned = self.state.handle(by, command, now)?;
        for blob in &planned.blobs {
            self.blobs.insert(blob.sha256.clone(), Arc::clone(&blob.body));
        }
        for event in &planned.events {
            let blobs = &self.blobs;
            let place = Place { ts: now, by, ..place(self.log.len() as u64) };
            let folded = self.state.apply(place, event, &|sha| blobs.get(sha).cloned());
            folded.expect("an event of a plan folds");
            self.log.push((now, event.clone(), by.clone()));
        }
        Ok(planned)
    }

    pub(crate) fn ask(&mut self, command: &Command) -> Result<Planned, Rejected> {
        self.at(NOON, command)
    }

    /// The state as a restart would fold it from the log's own JSON.
    pub(crate) fn replayed(&self) -> Self {
        let mut again = Self { blobs: self.blobs.clone(), ..Self::default() };
        for (at, event, by) in &self.log {
            let json = serde_json::to_string(event).unwrap();
            let event: Event = serde_json::from_str(&json).unwrap();
            let blobs = &again.blobs;
            let place = Place { ts: *at, by, ..place(again.log.len() as u64) };
            again.state.apply(place, &event, &|sha| blobs.get(sha).cloned()).unwrap();
            again.log.push((*at, event, by.clone()));
        }
        again
    }
}

/// An operator.
pub(crate) fn somebody() -> Actor {
    Actor { kind: ActorKind::Token, id: "ops".to_owned() }
}

/// Where an event of nobody in particular stands.
pub(crate) fn place(revision: u64) -> Place<'static> {
    static BY: std::sync::LazyLock<Actor> = std::sync::LazyLock::new(somebody);
    Place { revision: Revision(revision), ts: NOON, by: &BY, approver: None }
}

/// Everything a snapshot says, for comparison.
pub(crate) fn all(snapshot: &Snapshot) -> String {
    format!(
        "{:?} {:?} {:?} {:?}\n{:#?}\n{:#?}\n{:#?}\n{:?}\n{:?}\n{:?}",
        snapshot.revision(),
        snapshot.at(),
        snapshot.policy(),
        snapshot.grants(),
        snapshot.partners().collect::<Vec<_>>(),
        snapshot.clients().collect::<Vec<_>>(),
        snapshot.keys().collect::<Vec<_>>(),
        snapshot.scope_lists().collect::<Vec<_>>(),
        snapshot.cases().iter().collect::<Vec<_>>(),
        snapshot.answers().newest(None).collect::<Vec<_>>(),
    )
}

pub(crate) fn scopes(names: &str) -> Option<Vec<ScopeName>> {
    Some(names.split_whitespace().map(|name| ScopeName::new(name).unwrap()).collect())
}

pub(crate) fn partner_id(id: &str) -> PartnerId {
    PartnerId::new(id).unwrap()
}

pub(crate) fn key_id(id: &str) -> KeyId {
    KeyId::new(id).unwrap()
}

pub(crate) fn partner(id: &str, scopes: Option<Vec<ScopeName>>) -> Command {
    Command::AddPartner {
        id: partner_id(id),
        name: "Some Partner".to_owned(),
        tier: Some(TierName::new("standard").unwrap()),
        r#use: Use::Publishing,
        declared_use: String::new(),
        scopes,
        facts: Facts::default(),
    }
}

pub(crate) fn client(id: &str, of: &str, scopes: Option<Vec<ScopeName>>) -> Command {
    let (id, partner) = (ClientId::new(id).unwrap(), partner_id(of));
    let (purpose, category) = (String::new(), None);
    Command::AddClient { id, partner, name: "A customer".to_owned(), purpose, category, scopes }
}

/// A key whose digest follows from its number.
pub(crate) fn key(
    n: u64,
    of: &str,
    client: Option<&str>,
    scopes: Option<Vec<ScopeName>>,
) -> Command {
    Command::IssueKey {
        id: key_id(&format!("key{n}")),
        partner: partner_id(of),
        client: client.map(|id| ClientId::new(id).unwrap()),
        scopes,
        start: KeyStart::AtOnce,
        expires: None,
        digest: digest(n),
        pepper: "aabbccdd".to_owned(),
        label: String::new(),
        binding: Default::default(),
        identity: None,
    }
}

pub(crate) fn digest(n: u64) -> String {
    format!("{:032x}", u128::from(n + 1) << 64)
}

pub(crate) fn imported(n: u64, of: &str, state: ImportedState) -> ImportedKey {
    ImportedKey {
        id: key_id(&format!("imp{n}")),
        digest: digest(n),
        partner: partner_id(of),
        state,
    }
}

pub(crate) fn hold(subject: SubjectId) -> Command {
    let reason = ReasonCode::new("investigation").unwrap();
    Command::hold(subject, reason, "We look into unusual calls.")
}

pub(crate) fn restore(subject: SubjectId) -> Command {
    let reason = ReasonCode::new("investigation-closed").unwrap();
    Command::restore(subject, reason, "The inquiry ended, thank you.")
}

pub(crate) fn revoke(id: &str) -> Command {
    let reason = ReasonCode::new("key-exposed").unwrap();
    let tell = "The key stood in a public place.".to_owned();
    Command::RevokeKey { key: key_id(id), reason, tell, case: None }
}
