//! Why a step of a standing is not taken.

use portcullis_types::{ClassName, IdentityError, KeyId, StandingName, Wall};

use super::table::ended;
use crate::words::SubjectId;

/// A step that the rules do not allow. Nothing was changed.
#[expect(missing_docs, reason = "the message names every member")]
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum StandingRejected {
    /// The table has no such step.
    #[error("{subject} is {from} and can't be {} from there; it can be {can}", ended(*to))]
    NotFromHere { subject: SubjectId, from: StandingName, to: StandingName, can: String },
    /// The table has it for persons only.
    #[error("{subject} is {from}, and only a person may say that it is {}", ended(*to))]
    OnlyAPerson { subject: SubjectId, from: StandingName, to: StandingName },
    /// Keys have no other standing.
    #[error("{subject} can't be {}: a key is held and restored; do it with its partner or client", ended(*to))]
    KeyOnlyHeld { subject: SubjectId, to: StandingName },
    /// A key's hold has no shape.
    #[error("a key is held as a whole; hold its partner or client to close a part")]
    KeyHeldWhole,
    /// A restriction of nothing.
    #[error("a restriction closes something: name classes, or what is left of rates and budgets")]
    RestrictsNothing,
    /// A shape that is none of a hold.
    #[error(
        "a hold closes all, reads, reads of named classes, or writes; to close some classes, restrict instead"
    )]
    ShapeUnfit,
    /// A fallback beyond the hold.
    #[error(
        "the fallback names `{class}`, which the hold leaves open; name classes that it closes"
    )]
    FallbackWider { class: ClassName },
    /// A hold of writes falls back to nothing.
    #[error(
        "a hold of writes has no fallback to classes: unconfirmed it stays; leave the fallback out"
    )]
    WritesStay,
    /// Looked at again too late.
    #[error("the review date {} is more than {days} days ahead; write one until {}, it can be extended then", at.rfc3339(), most.rfc3339())]
    ReviewTooFar { at: Wall, most: Wall, days: u64 },
    /// Too little notice.
    #[error("access can't end on {}: it is told {days} days ahead; write {} or later", until.rfc3339(), least.rfc3339())]
    NoticeTooShort { until: Wall, least: Wall, days: u64 },
    /// The notice still runs.
    #[error("access of {subject} ends on {} at the earliest; put it on hold meanwhile, or wait", until.rfc3339())]
    NoticeRunning { subject: SubjectId, until: Wall },
    /// Stages come one by one.
    #[error("stage {stage} can't follow: the stages come one by one, and the next is {next}")]
    StageSkipped { stage: u8, next: u8 },
    /// Probation gives back.
    #[error(
        "probation gives access back, and this takes more from {subject} than is taken now; restrict it instead, and say why by a statement of reasons"
    )]
    ProbationNarrows { subject: SubjectId },
    /// Nothing waits to be confirmed.
    #[error("{subject} has no hold that waits to be confirmed; `show` tells its standing")]
    NothingToRatify { subject: SubjectId },
    /// One does not confirm what one did.
    #[error(
        "the hold on {subject} was made by `{by}`, so somebody else confirms it: ask another person, or lift it by `restore`"
    )]
    RatifyOwn { subject: SubjectId, by: String },
    /// Nothing is due to be looked at.
    #[error("{subject} has no review date to put off; only a hold has one")]
    NothingToReview { subject: SubjectId },
    /// A review date that is no later.
    #[error("the hold on {subject} is looked at again by {} already; write a later date", at.rfc3339())]
    NotLater { subject: SubjectId, at: Wall },
    /// No warning waits.
    #[error("{subject} has no warning that waits to be acknowledged")]
    NothingToAcknowledge { subject: SubjectId },
    /// The clock does not run, or has time left.
    #[error("no such clock of {subject} runs out now")]
    NotDue { subject: SubjectId },
    /// Only the gate's clock says that time is over.
    #[error("only the gate's own clock says that time is over")]
    NotTheClock,
    /// None, or too many at once.
    #[error("{count} partners can't be changed together; choose 1 to {max}")]
    TogetherCount { count: usize, max: usize },
    /// Not for many.
    #[error(
        "partners are warned, restricted and put on hold together; do anything else one by one"
    )]
    TogetherUnfit,
}

impl StandingRejected {
    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFromHere { .. } => "transition_not_allowed",
            Self::OnlyAPerson { .. } => "transition_needs_person",
            Self::KeyOnlyHeld { .. } => "key_only_held",
            Self::KeyHeldWhole => "key_held_whole",
            Self::RestrictsNothing => "restricts_nothing",
            Self::ShapeUnfit => "shape_unfit",
            Self::FallbackWider { .. } => "fallback_wider",
            Self::WritesStay => "writes_stay",
            Self::ReviewTooFar { .. } => "review_too_far",
            Self::NoticeTooShort { .. } => "notice_too_short",
            Self::NoticeRunning { .. } => "notice_running",
            Self::StageSkipped { .. } => "stage_skipped",
            Self::ProbationNarrows { .. } => "probation_narrows",
            Self::NothingToRatify { .. } => "nothing_to_ratify",
            Self::RatifyOwn { .. } => "ratify_own",
            Self::NothingToReview { .. } => "nothing_to_review",
            Self::NotLater { .. } => "not_later",
            Self::NothingToAcknowledge { .. } => "nothing_to_acknowledge",
            Self::NotDue { .. } => "not_due",
            Self::NotTheClock => "not_the_clock",
            Self::TogetherCount { .. } => "together_count",
            Self::TogetherUnfit => "together_unfit",
        }
    }

    /// Whether it is at odds with the state as it is.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(
            self,
            Self::NotFromHere { .. }
                | Self::OnlyAPerson { .. }
                | Self::NoticeRunning { .. }
                | Self::StageSkipped { .. }
                | Self::ProbationNarrows { .. }
                | Self::NothingToRatify { .. }
                | Self::RatifyOwn { .. }
                | Self::NothingToReview { .. }
                | Self::NotLater { .. }
                | Self::NothingToAcknowledge { .. }
                | Self::NotDue { .. }
        )
    }
}

/// A change of a key that the rules do not allow. Nothing was changed.
#[expect(missing_docs, reason = "the message names every member")]
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum CredentialRejected {
    /// The key works already.
    #[error("key `{key}` works already; only a pending key is activated")]
    NotPending { key: KeyId },
    /// The key has a successor already.
    #[error("key `{key}` has a successor already and works until {}; rotate the successor instead", until.rfc3339())]
    RotatingAlready { key: KeyId, until: Wall },
    /// The key does not work yet.
    #[error("key `{key}` does not work yet; activate it first, or revoke it and issue another")]
    RotatesPending { key: KeyId },
    /// Both would work too long.
    #[error("both keys would work until {}, more than {days} days; write {} or sooner", at.rfc3339(), most.rfc3339())]
    OverlapTooLong { at: Wall, most: Wall, days: u64 },
    /// The key's time is over.
    #[error("key `{key}` ended on {}; issue a new one instead", at.rfc3339())]
    Over { key: KeyId, at: Wall },
    /// A new key would be free of the old one's hold.
    #[error(
        "key `{key}` is on hold, and a new key would not be; restore it first, or leave the new one out"
    )]
    HeldFirst { key: KeyId },
    /// More than is compared with each call.
    #[error(
        "{count} networks and certificates are too many; name at most {max}, such as wider networks"
    )]
    BindingTooLong { count: usize, max: usize },
    /// There is nothing of it to exchange here.
    #[error(
        "key `{key}` has no secret of its own: it is proved by {identity}; exchange that where it is issued, or revoke the key and issue another"
    )]
    NoSecret { key: KeyId, identity: String },
    /// One identity, one record, or a hold on one would miss the other.
    #[error(
        "a key is or was proved by {identity} already; `key list` shows it, and one that was revoked never returns: have another subject or certificate"
    )]
    IdentityKnown { identity: String },
    /// No token has such texts.
    #[error(transparent)]
    IdentityUnfit(#[from] IdentityError),
}

impl CredentialRejected {
    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotPending { .. } => "key_not_pending",
            Self::RotatingAlready { .. } => "key_rotating",
            Self::RotatesPending { .. } => "key_pending",
            Self::OverlapTooLong { .. } => "overlap_too_long",
            Self::Over { .. } => "key_expired",
            Self::HeldFirst { .. } => "key_held",
            Self::BindingTooLong { .. } => "binding_too_long",
            Self::NoSecret { .. } => "key_without_secret",
            Self::IdentityKnown { .. } => "identity_known",
            Self::IdentityUnfit(_) => "identity_unfit",
        }
    }

    /// Whether it is at odds with the state as it is.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        !matches!(
            self,
            Self::OverlapTooLong { .. } | Self::BindingTooLong { .. } | Self::IdentityUnfit(_)
        )
    }
}
