//! Answers of partners: to a notice, against it, or that it was read; and what became of each.
//!
//! The text lies beside the log by its digest; attachments stay with the partner, and only their
//! digests are known. Must not know how an answer came in.

mod asked;
mod rejected;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use portcullis_types::{PartnerIx, Revision, Wall};
use serde::{Deserialize, Serialize};

pub use asked::{AnswerBody, AnswerCommand, AnswerEvent, Attachment};
pub use rejected::AnswerRejected;

use crate::pages::Pages;
use crate::records::SubjectIx;
use crate::snapshot::Snapshot;
use crate::words::Actor;

/// Most bytes of the text of an answer.
pub const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Most attachments of an answer.
pub const ATTACHMENTS_MAX: usize = 20;
/// Most answers within 24 hours by keys of a partner that are bound to clients or out of time, beside
/// those of its other keys.
pub(crate) const ANSWERS_ASIDE_PER_DAY: usize = 5;
/// Most answers of a partner that are taken within 24 hours, and so many appeals beside them.
pub const ANSWERS_PER_DAY: usize = 20;
/// Most replies to one answer.
pub(crate) const REPLIES_MAX: usize = 20;

/// What a partner wants with an answer.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// To say something.
    Answer,
    /// To have the step looked at by somebody else.
    Appeal,
    /// To say that it was read.
    Acknowledgement,
}

impl AnswerKind {
    /// The name as it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Appeal => "appeal",
            Self::Acknowledgement => "acknowledgement",
        }
    }
}

impl fmt::Display for AnswerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a reply comes to.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The appeal was right: the step is to be undone.
    Upheld,
    /// The step stands.
    Denied,
    /// Nothing is decided by it.
    Noted,
}

impl Outcome {
    /// The name as it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Upheld => "upheld",
            Self::Denied => "denied",
            Self::Noted => "noted",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A reply to an answer.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Reply {
    /// Its event.
    pub revision: Revision,
    /// When.
    pub at: Wall,
    /// Who replied.
    pub by: Actor,
    /// What it comes to.
    pub outcome: Outcome,
    /// What the partner is told.
    pub tell: Arc<str>,
}

/// An answer, and what became of it.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct AnswerRecord {
    /// The event that took it in; its number.
    pub revision: Revision,
    /// Whose.
    pub partner: PartnerIx,
    /// The key it came with.
    pub by: Actor,
    /// Whom the step concerns.
    pub subject: SubjectIx,
    /// The step it is about.
    pub about: Revision,
    /// What is wanted.
    pub kind: AnswerKind,
    /// Digest of its text and list of attachments, kept beside the log.
    pub digest: String,
    /// When it came in.
    pub at: Wall,
    /// By when it is replied to; none: it wants no reply.
    pub due: Option<Wall>,
    /// Whether that time went by without a reply, and an event said so.
    pub overdue: bool,
    /// What was replied, in order.
    pub replies: Vec<Reply>,
    /// The first change of its subject's standing after it was upheld.
    pub followed: Option<Revision>,
}

impl AnswerRecord {
    /// How an appeal was decided.
    #[must_use]
    pub fn decided(&self) -> Option<&Reply> {
        self.replies.iter().find(|reply| reply.outcome != Outcome::Noted)
    }

    /// Whether something is left to do about it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.kind {
            AnswerKind::Answer => self.replies.is_empty(),
            AnswerKind::Appeal => self.decided().is_none(),
            AnswerKind::Acknowledgement => false,
        }
    }
}

/// A step that can be answered, and who took it.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) struct Step {
    pub(crate) revision: Revision,
    pub(crate) subject: SubjectIx,
    pub(crate) by: Actor,
    /// Who let it happen, or confirmed it.
    pub(crate) second: Option<Actor>,
    /// Whether it changed the agreement and no standing.
    pub(crate) agreement: bool,
}

/// All answers, and the steps they can be about.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    pub(crate) all: Pages<AnswerRecord>,
    pub(crate) steps: Pages<Step>,
    /// By when a reply is due, and to which.
    pub(crate) due: Arc<BTreeSet<(Wall, u64)>>,
    /// Those that something is left to do about.
    pub(crate) open: Arc<BTreeSet<u64>>,
    /// Appeals that were upheld and not followed by a change yet.
    pub(crate) upheld: Arc<BTreeSet<u64>>,
}

impl Snapshot {
    /// Answers of partners.
    #[must_use]
    pub fn answers(&self) -> &Answers {
        &self.answers
    }
}

impl Answers {
    /// How many ever came in.
    #[must_use]
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// One of them.
    #[must_use]
    pub fn find(&self, id: Revision) -> Option<&AnswerRecord> {
        self.all.get(self.place(id)?)
    }

    /// The newest first, from just before one on; all without one.
    pub fn newest(&self, before: Option<Revision>) -> impl Iterator<Item = &AnswerRecord> {
        let end = before.map_or(self.all.len(), |before| {
            self.all.partition_point(|record| record.revision < before)
        });
        (0..end).rev().filter_map(|at| self.all.get(at))
    }

    /// Those that something is left to do about, the oldest first.
    pub fn open(&self) -> impl Iterator<Item = &AnswerRecord> {
        self.open.iter().filter_map(|id| self.find(Revision(*id)))
    }

    pub(crate) fn place(&self, id: Revision) -> Option<usize> {
        let at = self.all.partition_point(|record| record.revision < id);
        self.all.get(at).filter(|record| record.revision == id).map(|_| at)
    }

    pub(crate) fn step_place(&self, id: Revision) -> Option<usize> {
        let at = self.steps.partition_point(|step| step.revision < id);
        self.steps.get(at).filter(|step| step.revision == id).map(|_| at)
    }

    /// Takes down who confirmed a step.
    pub(crate) fn confirmed(&mut self, id: Revision, by: &Actor) {
        if let Some(at) = self.step_place(id) {
            self.steps.change(at, |step| step.second = Some(by.clone()));
        }
    }

    /// Whom a step concerns.
    #[must_use]
    pub fn of_step(&self, id: Revision) -> Option<SubjectIx> {
        self.step(id).map(|step| step.subject)
    }

    pub(crate) fn step(&self, id: Revision) -> Option<&Step> {
        self.steps.get(self.step_place(id)?)
    }
}
