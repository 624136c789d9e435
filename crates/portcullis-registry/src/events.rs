//! What can have happened.
//!
//! An event is one immutable fact; its canonical JSON is the leaf of the log. Must not know how a
//! leaf is stored. Secrets and personal data never enter an event.

mod named;

use portcullis_types::{
    Binding, ClientId, Facts, Identity, KeyId, PartnerId, ReasonCode, ScopeName, Span, TierName,
    Wall,
};
use serde::{Deserialize, Serialize};

use crate::agreement::AgreementEvent;
use crate::answers::AnswerEvent;
use crate::cases::CaseEvent;
use crate::changes::ChangeEvent;
use crate::deletions::DeletionEvent;
use crate::guard::GuardEvent;
use crate::hooks::HookEvent;
use crate::later::LaterEvent;
use crate::ledger::LedgerEvent;
use crate::people::PeopleEvent;
use crate::retention::RetentionEvent;
use crate::signals::{NotHeld, SignalAction};
use crate::standing::{KeyEvent, StandingEvent};
use crate::words::{ClientCategory, KeyStart, Mode, PublishedFile, RotatedSecret, SubjectId, Use};

/// One immutable fact. `type` in JSON is the dotted name.
#[expect(missing_docs, reason = "the members are those of the command that led to the event")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Event {
    /// The first event: names the log and its signing key.
    #[serde(rename = "log.opened")]
    LogOpened { origin: String, log_key: String },
    /// A partner was declared.
    #[serde(rename = "partner.added")]
    PartnerAdded {
        partner: PartnerId,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tier: Option<TierName>,
        r#use: Use,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        declared_use: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scopes: Option<Vec<ScopeName>>,
    },
    /// A partner was changed: the whole new record save what it declared; a use that is not named stays.
    #[serde(rename = "partner.edited")]
    PartnerEdited {
        partner: PartnerId,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tier: Option<TierName>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#use: Option<Use>,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        declared_use: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scopes: Option<Vec<ScopeName>>,
    },
    /// A partner or a client declared facts: all of them, here or, where they are long, in the blob.
    #[serde(rename = "facts.declared")]
    FactsDeclared {
        subject: SubjectId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        facts: Option<Facts>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blob: Option<String>,
    },
    /// Policies are enforced on a partner from here, or only watched.
    #[serde(rename = "partner.mode_set")]
    ModeSet { partner: PartnerId, mode: Mode, why: String },
    /// Grants were given, renewed or withdrawn. Accounts stay outside the log; the digest is salted,
    /// covers every grant there is now, and shows whether the table beside the log is the one meant.
    #[serde(rename = "grants.changed")]
    GrantsChanged { granted: u64, renewed: u64, withdrawn: u64, total: u64, digest: String },
    /// A client was declared.
    #[serde(rename = "client.added")]
    ClientAdded {
        client: ClientId,
        partner: PartnerId,
        name: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        purpose: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<ClientCategory>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scopes: Option<Vec<ScopeName>>,
    },
    /// A key was issued. `digest` is the keyed digest under the pepper with that fingerprint, or that of
    /// the identity, which no pepper hides.
    #[serde(rename = "key.issued")]
    KeyIssued {
        key: KeyId,
        partner: PartnerId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<ClientId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scopes: Option<Vec<ScopeName>>,
        #[serde(default, skip_serializing_if = "KeyStart::is_at_once")]
        start: KeyStart,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Wall>,
        digest: String,
        pepper: String,
        label: String,
        #[serde(default, skip_serializing_if = "Binding::is_empty")]
        binding: Binding,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        identity: Option<Identity>,
    },
    /// Keys of another gateway were imported; the blob is JSON lines of [`ImportedKey`].
    #[serde(rename = "keys.imported")]
    KeysImported {
        blob: String,
        count: u64,
        partners_created: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tier: Option<TierName>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#use: Option<Use>,
        pepper: String,
    },
    /// A key ended for ever.
    #[serde(rename = "key.revoked")]
    KeyRevoked {
        key: KeyId,
        reason: ReasonCode,
        tell: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        statement: Option<String>,
    },
    /// A watch hit. `wanted` are those of `then` for which nothing was done.
    #[serde(rename = "signal.raised")]
    SignalRaised {
        partner: PartnerId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<KeyId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<PartnerId>,
        rule: String,
        signal: String,
        evidence: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<Span>,
        then: Vec<SignalAction>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        wanted: Vec<SignalAction>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_held: Option<NotHeld>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<String>,
    },
    /// Alarm: signals have put `held` partners on hold within 24 hours and may put no more.
    #[serde(rename = "signal.capped")]
    SignalCapped { partner: PartnerId, rule: String, held: u64, cap: u64 },
    /// A partner's own keys, or one of them, brought about as many events as they may in a day.
    #[serde(rename = "quota.reached")]
    QuotaReached {
        partner: PartnerId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        max: u64,
    },
    /// A set of routes and policies is in force from here.
    #[serde(rename = "policy.published")]
    PolicyPublished { files: Vec<PublishedFile>, set: String },
    /// A secret of the gate changed. `log_key` is the new public key where the log's own key did;
    /// the verifier of `portcullis-audit` reads it under that name.
    #[serde(rename = "secret.rotated")]
    SecretRotated {
        what: RotatedSecret,
        fingerprint: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        log_key: Option<String>,
    },
    /// About a standing.
    #[serde(untagged)]
    Standing(StandingEvent),
    /// About a key over time.
    #[serde(untagged)]
    Credential(KeyEvent),
    /// About an agreement.
    #[serde(untagged)]
    Agreement(AgreementEvent),
    /// About a change with a day of its own.
    #[serde(untagged)]
    Change(ChangeEvent),
    /// About people, and about what waits for a second one.
    #[serde(untagged)]
    People(PeopleEvent),
    /// About where a partner is told of changes.
    #[serde(untagged)]
    Hook(HookEvent),
    /// About a case.
    #[serde(untagged)]
    Case(CaseEvent),
    /// About answers of partners.
    #[serde(untagged)]
    Answer(AnswerEvent),
    /// About events that were lost.
    #[serde(untagged)]
    Guard(GuardEvent),
    /// About what is kept.
    #[serde(untagged)]
    Retention(RetentionEvent),
    /// About what left.
    #[serde(untagged)]
    Ledger(LedgerEvent),
    /// Of a later release, and passed over.
    #[serde(untagged)]
    Later(LaterEvent),
    /// About what partners have to delete.
    #[serde(untagged)]
    Deletion(DeletionEvent),
}

impl Event {
    /// The dotted name, as in the JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::LogOpened { .. } => "log.opened",
            Self::PartnerAdded { .. } => "partner.added",
            Self::PartnerEdited { .. } => "partner.edited",
            Self::FactsDeclared { .. } => "facts.declared",
            Self::ModeSet { .. } => "partner.mode_set",
            Self::GrantsChanged { .. } => "grants.changed",
            Self::ClientAdded { .. } => "client.added",
            Self::KeyIssued { .. } => "key.issued",
            Self::KeysImported { .. } => "keys.imported",
            Self::KeyRevoked { .. } => "key.revoked",
            Self::SignalRaised { .. } => "signal.raised",
            Self::SignalCapped { .. } => "signal.capped",
            Self::QuotaReached { .. } => "quota.reached",
            Self::PolicyPublished { .. } => "policy.published",
            Self::SecretRotated { .. } => "secret.rotated",
            Self::Standing(event) => event.name(),
            Self::Credential(event) => event.name(),
            Self::Agreement(event) => event.name(),
            Self::Change(event) => event.name(),
            Self::People(event) => event.name(),
            Self::Hook(event) => event.name(),
            Self::Case(event) => event.name(),
            Self::Answer(event) => event.name(),
            Self::Retention(event) => event.name(),
            Self::Ledger(event) => event.name(),
            Self::Later(_) => "later",
            Self::Deletion(event) => event.name(),
            Self::Guard(GuardEvent::Lost { .. }) => "log.lost",
            Self::Guard(GuardEvent::Applied { .. }) => "guard.applied",
        }
    }
}
