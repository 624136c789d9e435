//! What can be asked about answers, and what can have happened to them.
//!
//! Must not know who is allowed to ask.

use portcullis_types::{PartnerId, Revision, Wall};
use serde::{Deserialize, Serialize};

use super::{AnswerKind, Outcome};
use crate::commands::Command;
use crate::events::Event;
use crate::words::SubjectId;

/// Something that belongs to an answer and stays with the partner.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// What it is called.
    pub name: String,
    /// Lower-case hex SHA-256.
    pub sha256: String,
    /// How long it is.
    pub bytes: u64,
}

/// An answer as it is kept beside the log.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerBody {
    /// Version of this form; 1.
    pub v: u32,
    /// What is wanted.
    pub kind: AnswerKind,
    /// The step it is about.
    pub about: Revision,
    /// What the partner wrote.
    pub text: String,
    /// What belongs to it.
    pub attachments: Vec<Attachment>,
}

/// A wish about answers.
#[expect(missing_docs, reason = "the members say what they hold; their rules stand in `plan`")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum AnswerCommand {
    /// Takes an answer of a partner in; the calendar says by when it is replied to.
    Receive {
        partner: PartnerId,
        kind: AnswerKind,
        about: Revision,
        text: String,
        attachments: Vec<Attachment>,
        due: Wall,
    },
    /// Replies to one, or decides an appeal.
    Reply { answer: Revision, outcome: Outcome, tell: String, case: Option<String> },
    /// By the clock: nobody replied in time.
    RunOut { answer: Revision },
}

/// A fact about an answer. `type` in JSON is the dotted name.
#[expect(missing_docs, reason = "the members are those of the command that led to the event")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum AnswerEvent {
    /// A partner answered; the blob is an [`AnswerBody`].
    #[serde(rename = "answer.received")]
    Received {
        subject: SubjectId,
        about: Revision,
        kind: AnswerKind,
        digest: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Wall>,
    },
    /// The platform replied, or decided.
    #[serde(rename = "answer.replied")]
    Replied {
        answer: Revision,
        subject: SubjectId,
        about: Revision,
        outcome: Outcome,
        tell: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<String>,
    },
    /// Alarm: nobody replied in time.
    #[serde(rename = "answer.overdue")]
    Overdue { answer: Revision, subject: SubjectId, due: Wall },
}

impl AnswerEvent {
    /// The dotted name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Received { .. } => "answer.received",
            Self::Replied { .. } => "answer.replied",
            Self::Overdue { .. } => "answer.overdue",
        }
    }

    /// The case it names.
    pub(crate) fn case(&self) -> Option<&str> {
        match self {
            Self::Replied { case, .. } => case.as_deref(),
            Self::Received { .. } | Self::Overdue { .. } => None,
        }
    }

    /// The blob it names.
    pub(crate) fn blob(&self) -> Option<&str> {
        match self {
            Self::Received { digest, .. } => Some(digest),
            Self::Replied { .. } | Self::Overdue { .. } => None,
        }
    }
}

impl From<AnswerEvent> for Event {
    fn from(event: AnswerEvent) -> Self {
        Self::Answer(event)
    }
}

impl From<AnswerCommand> for Command {
    fn from(command: AnswerCommand) -> Self {
        Self::Answer(command)
    }
}
