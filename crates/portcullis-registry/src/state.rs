//! The writer's state: the newest snapshot and what only the writer needs to know.
//!
//! [`State::handle`] (in `plan`) reads it, [`State::apply`] (in `fold`) changes it. Must not know
//! where events are kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use portcullis_types::{CaseId, KeyId, Notice, Revision, ScopeName, Wall};

use crate::deletions::DeletionRules;
use crate::events::Event;
use crate::office::NarrowKind;
use crate::proposals::{Approval, Proposed};
use crate::quota::Written;
use crate::reasons::Reasons;
use crate::records::{ScopeListIx, SubjectIx};
use crate::retention::Retention;
use crate::snapshot::Snapshot;
use crate::standing::ClockName;
use crate::words::Actor;

/// The state as the one writer holds it. It is deliberately no `Clone`: indexes are shared with
/// every snapshot and only one line of history may add to them.
#[derive(Debug, Default)]
pub struct State {
    pub(crate) now: Snapshot,
    pub(crate) scope_index: HashMap<Arc<[ScopeName]>, ScopeListIx>,
    /// What time runs out for, and when.
    pub(crate) clocks: BTreeSet<(Wall, SubjectIx, ClockName)>,
    /// Open cases, by when they are looked at again.
    pub(crate) case_clocks: BTreeSet<(Wall, CaseId)>,
    /// What partners' own keys brought about.
    pub(crate) written: Written,
    /// How long things are kept at this gate.
    pub(crate) retention: Retention,
    /// Evidence that came with statements, by its digest, and the events of those that are there.
    pub(crate) brought: BTreeMap<String, BTreeSet<Revision>>,
    /// How long partners have to delete at this gate.
    pub(crate) deletion_rules: DeletionRules,
    /// Lists that wait, by when they are due; none that was said to be overdue.
    pub(crate) deletion_clocks: BTreeSet<(Wall, String)>,
}

/// What a command comes to.
#[derive(Debug, Clone)]
pub struct Planned {
    /// What happens; empty when all is as wished already.
    pub events: Vec<Event>,
    /// What the events name by digest.
    pub blobs: Vec<Blob>,
    /// What may bite before it is durable.
    pub narrows: Option<Narrowing>,
    /// Whose live word may be loosened once the new snapshot is published.
    pub widens: Option<SubjectIx>,
    /// The effect, in one line.
    pub what: String,
    /// The command that undoes it, where one does.
    pub undo: Option<String>,
    /// Keys it makes.
    pub created: Vec<KeyId>,
    /// Set: nothing is done but proposed.
    pub proposed: Option<Proposed>,
    /// Who let it happen, where it was proposed.
    pub approved: Option<Approval>,
    /// Whether it takes two persons wherever that rule is not switched off.
    pub alone: bool,
}

/// What a hold or a revocation narrows.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Narrowing {
    /// Whom it concerns.
    pub subject: SubjectIx,
    /// Hold or revocation.
    pub kind: NarrowKind,
    /// What the partner is told.
    pub notice: Arc<Notice>,
}

/// Content kept by its digest.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Blob {
    /// Lower-case hex SHA-256 of the body.
    pub sha256: String,
    /// The content.
    pub body: Arc<[u8]>,
}

/// Where an event stands in the log, and who acted.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Its number.
    pub revision: Revision,
    /// When it happened.
    pub ts: Wall,
    /// Who acted.
    pub by: &'a Actor,
    /// Who let it happen, where it was proposed.
    pub approver: Option<&'a Actor>,
}

/// Why an event of the log can't be taken into the state: the log is damaged or from elsewhere.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
#[error("event {} can't be folded: {why}", revision.0)]
pub struct FoldError {
    /// The event.
    pub revision: Revision,
    /// What is wrong with it.
    pub why: String,
}

impl State {
    /// The state before the first event.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the reasons of this gate. They are no part of the log: what was accepted for a reason
    /// stays, whatever becomes of the reason.
    pub fn take_reasons(&mut self, reasons: Reasons) {
        self.now.reasons = Arc::new(reasons);
    }

    /// The state as everybody else may read it.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::new(self.now.clone())
    }

    /// The same without a handle of its own, for the writer.
    #[must_use]
    pub fn current(&self) -> &Snapshot {
        &self.now
    }
}

/// Reads 32 lower-case hex digits.
pub(crate) fn digest(hex: &str) -> Option<[u8; 16]> {
    let nibble = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let bytes: &[u8; 32] = hex.as_bytes().try_into().ok()?;
    let mut out = [0; 16];
    for (to, pair) in out.iter_mut().zip(bytes.chunks_exact(2)) {
        let [high, low] = *pair else { return None };
        *to = nibble(high)? << 4 | nibble(low)?;
    }
    Some(out)
}
