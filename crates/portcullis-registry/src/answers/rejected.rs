//! Why an answer is not taken, or not replied to so: what partner or operator reads.
//!
//! Must not know HTTP or the command line.

use portcullis_types::Revision;

use super::{AnswerKind, Outcome};

/// A wish about an answer that the rules do not allow. Nothing was changed.
#[expect(missing_docs, reason = "the message names every member")]
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum AnswerRejected {
    /// Nothing that could be answered.
    #[error("event {} is no notice of a step about this partner's access; `notices` lists those that are", .0.0)]
    UnknownNotice(Revision),
    /// Not a partner.
    #[error("only a partner answers, with a key of its own at `answers` of the partners' API")]
    NotThePartner,
    /// No text.
    #[error("the text is empty; write what the platform is to know")]
    Empty,
    /// Too much text.
    #[error("the text has {bytes} bytes and at most {max} are kept; attach the rest by its digest")]
    TooLong { bytes: usize, max: usize },
    /// Control characters.
    #[error("the text holds control characters; write plain text")]
    Unprintable,
    /// An attachment that is none.
    #[error(
        "an attachment has a name of 1 to 200 printable bytes and the 64 lower-case hex digits of its SHA-256, and an answer has at most {max} of them"
    )]
    Attachment { max: usize },
    /// More than a partner may.
    #[error(
        "{max} answers came from this partner within 24 hours, and more are not taken; put what is left into the next one tomorrow"
    )]
    Many { max: usize },
    /// The very same waits.
    #[error("the very same waits already as answer {}; it need not be sent again", answer.0)]
    Again { answer: Revision },
    /// No such answer.
    #[error("there is no answer {}; `portcullis answer list` shows those there are", .0.0)]
    UnknownAnswer(Revision),
    /// Only appeals are decided.
    #[error("answer {} is no appeal but an {kind}; reply to it by `--note`", answer.0)]
    NoAppeal { answer: Revision, kind: AnswerKind },
    /// It was decided.
    #[error("appeal {} was {outcome} already by event {}; say what is new by `--note`, or wait for another appeal", answer.0, by.0)]
    Decided { answer: Revision, outcome: Outcome, by: Revision },
    /// Who took the step decides about it.
    #[error("`{person}` took or approved the step of event {} that the appeal is about, so somebody else decides; ask another person", step.0)]
    OwnStep { person: String, step: Revision },
    /// Too many replies.
    #[error("answer {} has {max} replies already; decide it, or open a case about it", answer.0)]
    RepliesFull { answer: Revision, max: usize },
    /// Somebody else than the clock, or before its time.
    #[error("answer {} is not overdue, or not for you to say", .0.0)]
    NotDue(Revision),
}

impl AnswerRejected {
    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownNotice(_) => "unknown_notice",
            Self::NotThePartner => "not_the_partner",
            Self::Empty => "answer_empty",
            Self::TooLong { .. } => "answer_too_long",
            Self::Unprintable => "answer_unprintable",
            Self::Attachment { .. } => "answer_attachment",
            Self::Many { .. } => "answers_many",
            Self::Again { .. } => "answered_already",
            Self::UnknownAnswer(_) => "unknown_answer",
            Self::NoAppeal { .. } => "no_appeal",
            Self::Decided { .. } => "appeal_decided",
            Self::OwnStep { .. } => "own_step",
            Self::RepliesFull { .. } => "replies_full",
            Self::NotDue(_) => "not_due",
        }
    }

    /// Whether the wish names something that does not exist.
    #[must_use]
    pub fn is_unknown_subject(&self) -> bool {
        matches!(self, Self::UnknownAnswer(_) | Self::UnknownNotice(_))
    }

    /// Whether the wish is at odds with the state as it is.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Again { .. } | Self::Decided { .. } | Self::RepliesFull { .. })
    }

    /// Whether somebody else could do it.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::OwnStep { .. } | Self::NotThePartner)
    }
}
