//! Why a deletion is not taken, or not attested so: what platform or partner reads.
//!
//! Must not know HTTP or the command line.

use portcullis_types::Wall;

/// A wish about deletions that the rules do not allow. Nothing was changed.
#[expect(missing_docs, reason = "the message names every member")]
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum DeletionRejected {
    /// An id that is none.
    #[error("`id` is not 1 to {max} visible ASCII characters; write your own id of what happened")]
    EventId { max: usize },
    /// A name that is none.
    #[error(
        "`record` or `owner` is not 1 to {max} visible ASCII characters; write its id as calls of the platform do"
    )]
    Name { max: usize },
    /// A place.
    #[error("a place is not deleted at partners; name a `record` or an `owner`")]
    Place,
    /// A closed account without its account.
    #[error("`account_closed` is about an account; name it by `owner`")]
    NoOwner,
    /// A known id under which something else was told.
    #[error(
        "event `{id}` was told already and said something else; the first stands, so send this one under an id of its own"
    )]
    OtherUnderId { id: String },
    /// Somebody else than the gate tells of duties.
    #[error("only the gate tells partners what to delete; post deletions at `/v1/deletions`")]
    NotTheGate,
    /// A list without anything.
    #[error("a list of deletions has at least one record")]
    Empty,
    /// No such list that waits.
    #[error(
        "there is no list `{batch}` that waits for you; `GET deletions` names those that do, and one that was attested is done"
    )]
    UnknownBatch { batch: String },
    /// A commitment that is none.
    #[error("a commitment is the 64 lower-case hex digits of a SHA-256")]
    Commitment,
    /// Not a partner.
    #[error("only a partner attests, with a key of its own at `deletions` of the partners' API")]
    NotThePartner,
    /// Another number of records.
    #[error(
        "list `{batch}` has {count} records and the attestation speaks of {said}; say of each what you did"
    )]
    Counts { batch: String, count: u64, said: u64 },
    /// A record that is not in it.
    #[error("`but` names a record that is not in list `{batch}`; name it by the `seq` of the list")]
    NotInList { batch: String },
    /// Kept without a reason.
    #[error(
        "what is kept needs a `reason` of 1 to {max} bytes without control characters; the platform reads it"
    )]
    ReasonMissing { max: usize },
    /// The ids are gone.
    #[error("the ids of list `{batch}` were dropped already; attest the whole list without `but`")]
    ListDropped { batch: String },
    /// Not over.
    #[error("list `{batch}` is due by {}, which is not over, or was said to be over already", due_by.rfc3339())]
    NotDue { batch: String, due_by: Wall },
    /// Too many lines.
    #[error("{count} lines are too many for one batch of deletions, at most {max}; split it")]
    TooMany { count: usize, max: usize },
}

impl DeletionRejected {
    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::EventId { .. } => "deletion_id",
            Self::Name { .. } => "deletion_name",
            Self::Place => "deletion_of_place",
            Self::NoOwner => "deletion_owner_missing",
            Self::OtherUnderId { .. } => "deletion_known_otherwise",
            Self::NotTheGate => "not_the_gate",
            Self::Empty => "deletion_list_empty",
            Self::UnknownBatch { .. } => "unknown_deletion_list",
            Self::Commitment => "commitment",
            Self::NotThePartner => "not_the_partner",
            Self::Counts { .. } => "deletion_counts",
            Self::NotInList { .. } => "not_in_deletion_list",
            Self::ReasonMissing { .. } => "kept_reason_missing",
            Self::ListDropped { .. } => "deletion_list_dropped",
            Self::NotDue { .. } => "not_due",
            Self::TooMany { .. } => "deletions_too_many",
        }
    }

    /// Whether the command names something that does not exist.
    #[must_use]
    pub fn is_unknown_subject(&self) -> bool {
        matches!(self, Self::UnknownBatch { .. })
    }

    /// Whether the command is at odds with the state as it is.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::OtherUnderId { .. } | Self::ListDropped { .. })
    }
}
