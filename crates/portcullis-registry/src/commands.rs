//! What can be asked of the registry: the wish that becomes events, or is refused.
//!
//! Must not know the rules: they stand in `plan`.

use std::sync::Arc;

use portcullis_types::{
    Binding, ClientId, Closes, Facts, Identity, KeyId, PartnerId, ReasonCode, ScopeName, TierName,
    Wall,
};
use serde::{Deserialize, Serialize};

use crate::agreement::{Narrowed, Told};
use crate::answers::AnswerCommand;
use crate::cases::CaseCommand;
use crate::changes::ChangeCommand;
use crate::deletions::DeletionCommand;
use crate::hooks::HookCommand;
use crate::ledger::LedgerCommand;
use crate::people::PeopleCommand;
use crate::retention::RetentionCommand;
use crate::signals::{SignalBounds, SignalSeen};
use crate::standing::{KeyCommand, StandingCommand, Wish};
use crate::statement::StatementDraft;
use crate::words::{ClientCategory, ImportedKey, KeyStart, Mode, RotatedSecret, SubjectId, Use};

/// A wish. Reason code and text for the partner are part of the type, so none can be forgotten.
#[expect(missing_docs, reason = "the members say what they hold; their rules stand in `plan`")]
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Declares a partner; without a tier it is on the one for its use.
    AddPartner {
        id: PartnerId,
        name: String,
        tier: Option<TierName>,
        r#use: Use,
        declared_use: String,
        scopes: Option<Vec<ScopeName>>,
        facts: Facts,
    },
    /// Changes a partner; `None` leaves a member as it is. `tier: Some(None)` puts it on the tier for
    /// its use, `scopes: Some(None)` lifts the narrowing.
    EditPartner {
        id: PartnerId,
        name: Option<String>,
        tier: Option<Option<TierName>>,
        r#use: Option<Use>,
        declared_use: Option<String>,
        scopes: Option<Option<Vec<ScopeName>>>,
        facts: Option<Facts>,
    },
    /// Declares a client of a partner.
    AddClient {
        id: ClientId,
        partner: PartnerId,
        name: String,
        purpose: String,
        category: Option<ClientCategory>,
        scopes: Option<Vec<ScopeName>>,
    },
    /// Replaces what a partner or a client declared; a use that is not named stays.
    DeclareFacts { subject: SubjectId, facts: Facts },
    /// Has policies enforced on a partner, or only watched.
    SetMode { partner: PartnerId, mode: Mode, why: String },
    /// Issues a key; its secret was made outside and only its digest is known here. Without a
    /// binding it is accepted from anywhere. With an identity there is no secret: that proves the
    /// caller, digest and pepper are left empty.
    IssueKey {
        id: KeyId,
        partner: PartnerId,
        client: Option<ClientId>,
        scopes: Option<Vec<ScopeName>>,
        start: KeyStart,
        expires: Option<Wall>,
        digest: String,
        pepper: String,
        label: String,
        #[serde(default, skip_serializing_if = "Binding::is_empty")]
        binding: Binding,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        identity: Option<Identity>,
    },
    /// Imports keys of another gateway: one event, one blob.
    ImportKeys { keys: Vec<ImportedKey>, pepper: String, create_partners: Option<(TierName, Use)> },
    /// Changes how a partner or client stands; a key is put on hold and restored.
    Stand { subject: SubjectId, to: Wish, reason: ReasonCode, tell: String, case: Option<String> },
    /// Ends a key for ever.
    RevokeKey { key: KeyId, reason: ReasonCode, tell: String, case: Option<String> },
    /// Puts a whole set of route and policy files in force. The texts have been checked by the compiler.
    PublishPolicy { files: Vec<(String, Arc<str>)> },
    /// Records a watch that hit, and does what follows.
    #[serde(skip)]
    RaiseSignal { seen: SignalSeen, bounds: SignalBounds },
    /// Records that a secret of the gate changed: `pepper`, `log_key`, `admin_token`, `platform_credential`.
    RecordRotation { what: RotatedSecret, fingerprint: String },
    /// About a standing, beside its steps.
    Standing(StandingCommand),
    /// About a key over time.
    Credential(KeyCommand),
    /// About people, and about what waits for a second one.
    People(PeopleCommand),
    /// About where a partner is told of changes.
    Hook(HookCommand),
    /// About a change with a day of its own.
    Change(ChangeCommand),
    /// About answers of partners.
    Answer(AnswerCommand),
    /// About a case.
    Case(CaseCommand),
    /// About what is kept.
    #[serde(skip)]
    Retention(RetentionCommand),
    /// About what left.
    Ledger(LedgerCommand),
    /// About what partners have to delete.
    #[serde(skip)]
    Deletion(DeletionCommand),
    /// The same step about several partners, whole or not at all.
    Each(Vec<Command>),
    /// A step that takes something away, with its statement of reasons.
    Stated { statement: Box<StatementDraft>, command: Box<Command> },
    /// A change of an agreement, with what those are told that it leaves less. `narrowed` are those whom
    /// another tier or set of policies leaves less; whom scopes and facts do is found out.
    Told { told: Box<Told>, narrowed: Vec<Narrowed>, command: Box<Command> },
}

impl Command {
    /// Puts a subject on hold: everything closed, looked at again when it is usual.
    #[must_use]
    pub fn hold(subject: SubjectId, reason: ReasonCode, tell: &str) -> Self {
        let to = Wish::hold(Closes::All);
        Self::Stand { subject, to, reason, tell: tell.to_owned(), case: None }
    }

    /// Gives a subject back all that its standing took.
    #[must_use]
    pub fn restore(subject: SubjectId, reason: ReasonCode, tell: &str) -> Self {
        Self::Stand { subject, to: Wish::Good, reason, tell: tell.to_owned(), case: None }
    }

    /// The same with a statement of reasons.
    #[must_use]
    pub fn stated(self, statement: StatementDraft) -> Self {
        Self::Stated { statement: Box::new(statement), command: Box::new(self) }
    }

    /// What is asked, without the statement that goes with it and the day it waits for.
    #[must_use]
    pub fn bare(&self) -> &Self {
        match self {
            Self::Stated { command, .. }
            | Self::Told { command, .. }
            | Self::Change(ChangeCommand::Schedule { command, .. }) => command.bare(),
            bare => bare,
        }
    }

    /// What those are told whom a change leaves less, and whom it does.
    #[must_use]
    pub fn told(&self) -> Option<(&Told, &[Narrowed])> {
        match self {
            Self::Told { told, narrowed, .. } => Some((told, narrowed)),
            Self::Change(ChangeCommand::Schedule { command, .. }) => command.told(),
            _ => None,
        }
    }

    /// Whether it ends a key for ever: never refused for want of room, since each ends once.
    #[must_use]
    pub fn ends_key(&self) -> bool {
        matches!(
            self.bare(),
            Self::RevokeKey { .. } | Self::Credential(KeyCommand::Compromised { .. })
        )
    }

    /// Whether its statement keeps something from the partner for a time.
    #[must_use]
    pub(crate) fn withholds(&self) -> bool {
        match self {
            Self::Stated { statement, .. } => !statement.withheld.is_empty(),
            Self::Told { told, .. } => !told.statement.withheld.is_empty(),
            Self::Change(ChangeCommand::Schedule { command, .. }) => command.withholds(),
            _ => false,
        }
    }
}
