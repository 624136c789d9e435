//! How long what lies beside the log is kept: the body of a statement, of a note, of evidence, of an
//! answer. The log itself is kept for ever; a body that went is named by the event that says so.
//!
//! What is kept stands in `bodies`, what keeps something from going in `holds`. Must not know when it
//! is looked for what may go.

mod bodies;
mod holds;

use std::fmt;

use portcullis_types::{Revision, Span, Wall};
use serde::{Deserialize, Serialize};

use crate::commands::Command;
use crate::events::Event;

pub(crate) use bodies::kind_of;
pub use bodies::{Bodies, KeptBody};
pub use holds::{HeldBy, Holds, KeptOfKind, PreservedBy, RetentionReport};

/// Most bodies that one event says are gone: their digests fill a leaf.
pub(crate) const ERASED_MAX: usize = 100;
/// The same of statements, each of which may bring evidence for every fact.
pub(crate) const STATEMENTS_ERASED_MAX: usize = 5;
/// Most events of one look, so that nobody else waits long.
pub(crate) const BATCHES_MAX: usize = 20;
/// Most days ahead that a case preserves something beyond its own end.
pub const PRESERVED_DAYS_MAX: u64 = 3650;

/// What is kept.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// Evidence of cases.
    Evidence,
    /// Notes of cases, and what partners attested.
    Notes,
    /// Statements of reasons, with the evidence that came with them.
    Statements,
    /// Answers and appeals of partners.
    Answers,
    /// Messages to hooks, and what the platform's own hook answered.
    Deliveries,
}

impl RecordKind {
    /// Each of them.
    pub const ALL: [Self; 5] =
        [Self::Evidence, Self::Notes, Self::Statements, Self::Answers, Self::Deliveries];

    /// The name as it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Notes => "notes",
            Self::Statements => "statements",
            Self::Answers => "answers",
            Self::Deliveries => "deliveries",
        }
    }

    /// The shortest that it may be kept, in days: as long as somebody may still object, or a message is
    /// still tried.
    #[must_use]
    pub fn days_min(self) -> u64 {
        match self {
            Self::Statements | Self::Answers => 180,
            Self::Evidence | Self::Notes => 30,
            Self::Deliveries => 7,
        }
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How long each kind is kept; what is not named is kept for ever.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub struct Retention([Option<Span>; RecordKind::ALL.len()]);

impl Retention {
    /// How long a kind is kept; none: for ever.
    #[must_use]
    pub fn of(&self, kind: RecordKind) -> Option<Span> {
        self.0.get(kind as usize).copied().flatten()
    }

    /// The same, with a kind that is kept for so long.
    #[must_use]
    pub fn with(mut self, kind: RecordKind, keep: Option<Span>) -> Self {
        if let Some(of) = self.0.get_mut(kind as usize) {
            *of = keep;
        }
        self
    }

    /// What of a kind was kept long enough at a moment: all from before this one.
    #[must_use]
    pub fn before(&self, kind: RecordKind, now: Wall) -> Option<Wall> {
        now.0.checked_sub(self.of(kind)?.milliseconds()).map(Wall)
    }
}

/// A body that is gone: the event that named it, and its digest.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasedBody {
    /// The event that named it.
    pub revision: Revision,
    /// Lower-case hex SHA-256.
    pub sha256: String,
}

/// A wish about what is kept. Only the gate's clock has it.
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum RetentionCommand {
    /// Erases bodies that were kept long enough.
    Erase {
        /// What they are.
        kind: RecordKind,
        /// From before when.
        before: Wall,
        /// Named by events.
        bodies: Vec<ErasedBody>,
        /// Named by the statements among them and by nothing else.
        brought: Vec<ErasedBody>,
    },
    /// Says that messages beside the log are erased.
    Forget {
        /// From before when.
        before: Wall,
        /// How many.
        count: u64,
    },
}

/// A fact about what is kept. `type` in JSON is the dotted name.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum RetentionEvent {
    /// What was kept long enough is gone: bodies of these digests, or messages, which have none.
    #[serde(rename = "records.erased")]
    Erased {
        /// What it was.
        kind: RecordKind,
        /// How long it was to be kept.
        kept: Span,
        /// All of it is from before then.
        before: Wall,
        /// How many.
        count: u64,
        /// Which.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        bodies: Vec<ErasedBody>,
    },
}

impl RetentionEvent {
    /// The dotted name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Erased { .. } => "records.erased",
        }
    }

    /// Digests of the bodies that are gone.
    pub(crate) fn erases(&self) -> impl Iterator<Item = &str> {
        let Self::Erased { bodies, .. } = self;
        bodies.iter().map(|body| body.sha256.as_str())
    }
}

impl From<RetentionEvent> for Event {
    fn from(event: RetentionEvent) -> Self {
        Self::Retention(event)
    }
}

impl From<RetentionCommand> for Command {
    fn from(command: RetentionCommand) -> Self {
        Self::Retention(command)
    }
}
