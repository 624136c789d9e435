//! Why a command is not carried out: what the operator reads, and a stable code for programs.
//!
//! Must not know HTTP or the command line.

use portcullis_types::{ClientId, KeyId, PartnerId, ReasonCode, Revision, ScopeName, Wall};

use crate::SubjectId;
use crate::agreement::AgreementRejected;
use crate::answers::AnswerRejected;
use crate::cases::CaseRejected;
use crate::changes::ChangeRejected;
use crate::deletions::DeletionRejected;
use crate::people::PeopleRejected;
use crate::standing::{CredentialRejected, StandingRejected};
use crate::statement::StatementRejected;
use crate::texts::meant;

/// A command that the rules do not allow. Nothing was changed.
#[expect(missing_docs, reason = "the message names every member")]
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum Rejected {
    /// No partner of that id.
    #[error("unknown partner `{id}`{}", meant(near.as_deref(), "`portcullis partner list` shows them"))]
    UnknownPartner { id: PartnerId, near: Option<String> },
    /// No client of that id.
    #[error("unknown client `{id}`{}", meant(near.as_deref(), "`portcullis partner show` lists a partner's clients"))]
    UnknownClient { id: ClientId, near: Option<String> },
    /// No key of that id.
    #[error("unknown key `{id}`{}", meant(near.as_deref(), "`portcullis key list` shows them"))]
    UnknownKey { id: KeyId, near: Option<String> },
    /// The client belongs to somebody else.
    #[error(
        "client `{client}` belongs to partner `{owner}`, not to `{partner}`; name a client of that partner"
    )]
    ClientOfOther { client: ClientId, owner: PartnerId, partner: PartnerId },
    /// The id is taken.
    #[error("{0} exists already; choose another id, or change the existing one")]
    Exists(SubjectId),
    /// The subject is on hold already.
    #[error("{subject} is already on hold since {} ({reason}); restore it first to hold it for another reason", since.rfc3339())]
    AlreadyHeld { subject: SubjectId, since: Wall, reason: ReasonCode },
    /// The subject is not on hold.
    #[error("{0} is not on hold; there is nothing to restore")]
    NotHeld(SubjectId),
    /// The key was revoked before; the first revocation stands.
    #[error("key `{key}` is already revoked since {} ({reason}); the first revocation stands", since.rfc3339())]
    AlreadyRevoked { key: KeyId, since: Wall, reason: ReasonCode },
    /// A revoked key can be neither held nor restored.
    #[error("key `{key}` is revoked since {} and never returns; issue a new key instead", since.rfc3339())]
    RevokedNeverReturns { key: KeyId, since: Wall },
    /// The reason is not on the list.
    #[error("unknown reason code `{reason}`{}", meant(near.as_deref(), &format!("use one of {known}")))]
    UnknownReason { reason: ReasonCode, near: Option<String>, known: String },
    /// No text for the partner.
    #[error(
        "say to the partner what happened, in at least {least} characters; they read it in every refusal"
    )]
    TextMissing { least: usize },
    /// No name.
    #[error("the name is empty; write what people call this organisation")]
    NameMissing,
    /// A text is too long.
    #[error("the {what} has {bytes} bytes and at most {max} are kept; shorten it")]
    TextTooLong { what: &'static str, bytes: usize, max: usize },
    /// A text holds control characters.
    #[error("the {what} holds control characters; write plain text")]
    TextUnprintable { what: &'static str },
    /// A date that must lie ahead does not.
    #[error("the {what} {} is not in the future; it is {} now", at.rfc3339(), now.rfc3339())]
    InPast { what: &'static str, at: Wall, now: Wall },
    /// A scope that the parent does not have.
    #[error(
        "scope `{scope}` is not among those of {parent}; scopes narrow from partner to client to key and never widen"
    )]
    Widens { scope: ScopeName, parent: SubjectId },
    /// A digest is not 16 bytes in lower-case hex.
    #[error("the digest of key `{key}` is not 32 lower-case hex digits")]
    DigestUnreadable { key: KeyId },
    /// The same secret is known already under another id.
    #[error("the key presented as `{key}` is known already; each key is taken once")]
    DigestKnown { key: KeyId },
    /// Nothing to import.
    #[error("there is no key to import; write one `key partner [state]` a line")]
    ImportEmpty,
    /// Too many keys at once.
    #[error("{count} keys are too many for one import, at most {max}; split the file")]
    ImportTooLarge { count: usize, max: usize },
    /// A key of the import is known already. `index` counts from 0 in the order given.
    #[error("nothing was imported: key {} in the file, `{id}`, is known already; remove it and try again", index + 1)]
    ImportKnown { index: usize, id: KeyId },
    /// A partner of the import is unknown. `index` counts from 0 in the order given.
    #[error("nothing was imported: key {} is for unknown partner `{id}`{}", index + 1, meant(near.as_deref(), "add it first, or pass --create-partners with --tier"))]
    ImportPartner { index: usize, id: PartnerId, near: Option<String> },
    /// The change changes nothing.
    #[error("{0} has these values already; nothing to change")]
    NothingChanges(SubjectId),
    /// A policy set without files.
    #[error("a policy set needs at least one file; `portcullis init` writes a starter set")]
    PolicyEmpty,
    /// A file name that is not a plain relative path, or comes twice.
    #[error(
        "policy file name `{name}` {fault}; use relative names with `/`, such as `policies/standard.yaml`"
    )]
    PolicyFileName { name: String, fault: &'static str },
    /// The log key is rotated when the store opens, signed by both keys.
    #[error(
        "the log key is rotated at start: configure the new key, keep the old one as the previous log key, and restart"
    )]
    LogKeyRotatesAtStart,
    /// Facts of the wrong shape.
    #[error("these facts can't be kept: {what}")]
    FactsUnfit { what: String },
    /// Keys declare nothing.
    #[error("key `{key}` declares no facts; declare them for its partner or client")]
    FactsOfKey { key: KeyId },
    /// No reason.
    #[error("the reason is empty; write in a few words why, for who reads the log later")]
    WhyMissing,
    /// The partner is in that mode already.
    #[error("partner `{partner}` is in mode `{mode}` already; nothing to change")]
    SameMode { partner: PartnerId, mode: &'static str },
    /// A line of a feed of grants. `index` counts from 0 in the batch.
    #[error("nothing of this batch was taken: line {}: {why}", index + 1)]
    GrantLine { index: usize, why: Box<Rejected> },
    /// An account that is none.
    #[error("the account is not 1 to {max} visible ASCII characters; write its id at the platform")]
    GrantAccount { max: usize },
    /// A grant that ends before it begins.
    #[error("the grant would end {} and begin {}; write an end after its beginning", until.rfc3339(), from.rfc3339())]
    GrantTerm { from: Wall, until: Wall },
    /// Too many lines at once.
    #[error("{count} lines are too many for one batch of grants, at most {max}; split it")]
    GrantsTooMany { count: usize, max: usize },
    /// More grants than there may be.
    #[error("there would be more than {max} grants; withdraw those that ended first")]
    GrantsFull { max: u64 },
    /// Somebody changed grants meanwhile.
    #[error("the grants are at version {}, the change builds on {}; read them again, then repeat it", now.map_or(0, |r| r.0), on.0)]
    GrantsMoved { on: Revision, now: Option<Revision> },
    /// Another snapshot is being fed.
    #[error(
        "another snapshot of the grants is being fed; wait for its end, or send changes instead"
    )]
    GrantsFeedRunning,
    /// A snapshot that names few of the grants there are.
    #[error(
        "the snapshot names {named} of {total} grants and looks cut short: the others were not withdrawn; if it is whole, say that it may be thin"
    )]
    GrantsThin { named: u64, total: u64 },
    /// The snapshot was given up.
    #[error(
        "this snapshot of the grants was given up; nothing more of it was taken, begin it again"
    )]
    GrantsFeedLost,
    /// More than a leaf of the log may hold.
    #[error(
        "this would take {bytes} bytes in the log and an event holds at most {max}; shorten lists or texts"
    )]
    EventTooLarge { bytes: usize, max: usize },
    /// A partner's own keys brought about as much as they may in a day.
    #[error(
        "{of} brought about {max} changes today, and no more are taken before {}; ending a key is always taken", again.rfc3339()
    )]
    EventsQuota { of: String, max: u64, again: Wall },
    /// More subjects than an index can number.
    #[error("there are more {0} than can be numbered; start a second deployment")]
    Full(&'static str),
    /// Something about a standing.
    #[error(transparent)]
    Standing(#[from] StandingRejected),
    /// Something about a key over time.
    #[error(transparent)]
    Credential(#[from] CredentialRejected),
    /// Something about people.
    #[error(transparent)]
    People(#[from] PeopleRejected),
    /// Something about a case.
    #[error(transparent)]
    Case(#[from] CaseRejected),
    /// About a change of an agreement.
    #[error(transparent)]
    Agreement(#[from] AgreementRejected),
    /// About a change with a day of its own.
    #[error(transparent)]
    Change(#[from] ChangeRejected),
    /// Something about a statement of reasons.
    #[error(transparent)]
    Statement(#[from] StatementRejected),
    /// Something about an answer of a partner.
    #[error(transparent)]
    Answer(#[from] AnswerRejected),
    /// Something about deletions.
    #[error(transparent)]
    Deletion(#[from] DeletionRejected),
}

impl Rejected {
    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownPartner { .. } => "unknown_partner",
            Self::UnknownClient { .. } => "unknown_client",
            Self::UnknownKey { .. } => "unknown_key",
            Self::ClientOfOther { .. } => "client_of_other_partner",
            Self::Exists(_) => "exists",
            Self::AlreadyHeld { .. } => "already_held",
            Self::NotHeld(_) => "not_held",
            Self::AlreadyRevoked { .. } => "already_revoked",
            Self::RevokedNeverReturns { .. } => "revoked_never_returns",
            Self::UnknownReason { .. } => "unknown_reason",
            Self::TextMissing { .. } => "text_missing",
            Self::NameMissing => "name_missing",
            Self::TextTooLong { .. } => "text_too_long",
            Self::TextUnprintable { .. } => "text_unprintable",
            Self::InPast { .. } => "in_past",
            Self::Widens { .. } => "widens",
            Self::DigestUnreadable { .. } => "digest_unreadable",
            Self::DigestKnown { .. } => "key_known",
            Self::ImportEmpty => "import_empty",
            Self::ImportTooLarge { .. } => "import_too_large",
            Self::ImportKnown { .. } => "import_known",
            Self::ImportPartner { .. } => "import_unknown_partner",
            Self::NothingChanges(_) => "nothing_changes",
            Self::PolicyEmpty => "policy_empty",
            Self::PolicyFileName { .. } => "policy_file_name",
            Self::LogKeyRotatesAtStart => "log_key_rotates_at_start",
            Self::FactsUnfit { .. } => "facts_unfit",
            Self::FactsOfKey { .. } => "facts_of_key",
            Self::WhyMissing => "why_missing",
            Self::SameMode { .. } => "same_mode",
            Self::GrantLine { why, .. } => why.code(),
            Self::GrantAccount { .. } => "grant_account",
            Self::GrantTerm { .. } => "grant_term",
            Self::GrantsTooMany { .. } => "grants_too_many",
            Self::GrantsFull { .. } => "grants_full",
            Self::GrantsMoved { .. } => "changed_since",
            Self::GrantsFeedRunning => "grants_feed_running",
            Self::GrantsThin { .. } => "grants_thin",
            Self::GrantsFeedLost => "grants_feed_lost",
            Self::EventTooLarge { .. } => "event_too_large",
            Self::EventsQuota { .. } => "events_quota",
            Self::Full(_) => "full",
            Self::Standing(rejected) => rejected.code(),
            Self::Credential(rejected) => rejected.code(),
            Self::People(rejected) => rejected.code(),
            Self::Case(rejected) => rejected.code(),
            Self::Agreement(rejected) => rejected.code(),
            Self::Change(rejected) => rejected.code(),
            Self::Statement(rejected) => rejected.code(),
            Self::Answer(rejected) => rejected.code(),
            Self::Deletion(rejected) => rejected.code(),
        }
    }

    /// Whether the command names something that does not exist.
    #[must_use]
    pub fn is_unknown_subject(&self) -> bool {
        matches!(self, Self::People(rejected) if rejected.is_unknown_subject())
            || matches!(self, Self::Case(rejected) if rejected.is_unknown_subject())
            || matches!(self, Self::Answer(rejected) if rejected.is_unknown_subject())
            || matches!(self, Self::Deletion(rejected) if rejected.is_unknown_subject())
            || matches!(
                self,
                Self::UnknownPartner { .. }
                    | Self::UnknownClient { .. }
                    | Self::UnknownKey { .. }
                    | Self::Change(ChangeRejected::UnknownChange(_))
            )
    }

    /// Whether the command is at odds with the state as it is (an HTTP surface answers 409).
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Standing(rejected) if rejected.is_conflict())
            || matches!(self, Self::Credential(rejected) if rejected.is_conflict())
            || matches!(self, Self::People(rejected) if rejected.is_conflict())
            || matches!(self, Self::Case(rejected) if rejected.is_conflict())
            || matches!(self, Self::Answer(rejected) if rejected.is_conflict())
            || matches!(self, Self::Deletion(rejected) if rejected.is_conflict())
            || matches!(
                self,
                Self::Exists(_)
                    | Self::AlreadyHeld { .. }
                    | Self::NotHeld(_)
                    | Self::AlreadyRevoked { .. }
                    | Self::RevokedNeverReturns { .. }
                    | Self::DigestKnown { .. }
                    | Self::ImportKnown { .. }
                    | Self::NothingChanges(_)
                    | Self::SameMode { .. }
                    | Self::Change(ChangeRejected::ScheduledAlready { .. })
                    | Self::GrantsFeedRunning
                    | Self::GrantsThin { .. }
                    | Self::GrantsFeedLost
            )
    }
}
