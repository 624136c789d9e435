//! Narrowings as the guard keeps them, with the statements of reasons that they name.
//!
//! Must not know where they are written.

use std::collections::{BTreeMap, HashMap, HashSet};

use portcullis_registry::{Actor, Blob, Event, GuardEvent, SubjectId};
use serde::{Deserialize, Serialize};

/// Longest statement of reasons that is kept with its step, in bytes.
const STATEMENT_MAX: usize = 16 << 10;

/// A narrowing as it is kept.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Its revision; the one it was to have, where it waits.
    pub(crate) rev: u64,
    /// Whether it is not in the log: not yet, or not any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) waits: bool,
    /// Who acted.
    pub(crate) by: Actor,
    /// Who approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) approver: Option<Actor>,
    /// What happened.
    pub(crate) event: Event,
}

/// Narrowings, and the statements of reasons that they name, by digest.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taken {
    pub(crate) records: Vec<Record>,
    pub(crate) statements: BTreeMap<String, String>,
}

impl Taken {
    /// Keeps the statement that a record names, where it is one and not too long.
    pub(crate) fn keep(&mut self, sha256: &str, body: Option<&[u8]>) {
        let body = body.filter(|body| body.len() <= STATEMENT_MAX);
        if let Some(body) = body.and_then(|body| std::str::from_utf8(body).ok()) {
            self.statements.insert(sha256.to_owned(), body.to_owned());
        }
    }

    /// Whether the statement of that digest is there.
    pub(crate) fn has(&self, sha256: &str) -> bool {
        self.statements.contains_key(sha256)
    }

    /// What the records name, to be kept beside them in the log again.
    pub(crate) fn blobs(&self, of: &[Record]) -> Vec<Blob> {
        let named = of.iter().filter_map(|record| record.event.statement());
        let bodies = named.filter_map(|sha256| self.statements.get(sha256));
        bodies.map(|body| Blob::new(body.clone().into_bytes())).collect()
    }

    /// Forgets statements that no record names.
    pub(super) fn thin(&mut self) {
        let named: HashSet<&str> =
            self.records.iter().filter_map(|record| record.event.statement()).collect();
        self.statements.retain(|sha256, _| named.contains(sha256.as_str()));
    }
}

impl Record {
    /// Of an event; one that was put in force again is kept as what it was.
    pub(crate) fn of(
        rev: u64,
        waits: bool,
        (by, approver): (&Actor, Option<&Actor>),
        event: &Event,
    ) -> Self {
        let (by, approver) = match event {
            Event::Guard(GuardEvent::Applied { by, approver, .. }) => (by, approver.as_ref()),
            _ => (by, approver),
        };
        let (by, approver) = (by.clone(), approver.cloned());
        Self { rev, waits, by, approver, event: event.again().clone() }
    }
}

/// The last record of each subject, in order. Whatever comes after the end of a key, it stays ended.
pub(super) fn last_of_each(records: Vec<Record>) -> Vec<Record> {
    let mut last: HashMap<SubjectId, (usize, bool)> = HashMap::new();
    for (at, record) in records.iter().enumerate() {
        let Some(subject) = record.event.guards() else { continue };
        let ends = record.event.is_final();
        let last = last.entry(subject).or_insert((at, ends));
        if ends || !last.1 {
            *last = (at, ends);
        }
    }
    let is_last = |at: usize, record: &Record| {
        let last = record.event.guards().and_then(|subject| last.get(&subject));
        last.is_some_and(|last| last.0 == at)
    };
    let numbered = records.into_iter().enumerate();
    numbered.filter(|(at, record)| is_last(*at, record)).map(|(_, record)| record).collect()
}
