//! What can be asked of a case, and what can have happened to it.

use portcullis_types::{CaseId, ClientId, PartnerId, PersonId, ReasonCode, Revision, Wall};
use serde::{Deserialize, Serialize};

use super::RestorePlan;
use crate::commands::Command;
use crate::events::Event;
use crate::hooks::HookEvent;
use crate::words::SubjectId;

/// A wish about a case.
#[expect(missing_docs, reason = "the members say what they hold; their rules stand in `plan`")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum CaseCommand {
    /// Opens a case; without an id it gets the next number, without an owner it is the asker's.
    Open {
        id: Option<CaseId>,
        title: String,
        owner: Option<PersonId>,
        subjects: Vec<SubjectId>,
        signals: Vec<Revision>,
        review_by: Option<Wall>,
    },
    /// Writes something down.
    Note { case: CaseId, text: String },
    /// Adds evidence by its digest; the body is kept where it is given.
    AddEvidence { case: CaseId, name: String, sha256: String, bytes: u64, body: Option<Vec<u8>> },
    /// Takes down that somebody reads a piece of evidence, and what for.
    ReadEvidence { case: CaseId, sha256: String, purpose: String },
    /// Has it be about more subjects, and names signals that belong to it.
    Link { case: CaseId, subjects: Vec<SubjectId>, signals: Vec<Revision> },
    /// Gives it to somebody.
    Assign { case: CaseId, owner: PersonId },
    /// Sets when it is looked at again.
    Review { case: CaseId, review_by: Wall },
    /// Keeps all that it is about from being erased until then, even once it ended.
    Preserve { case: CaseId, until: Wall },
    /// Ends it.
    Close { case: CaseId, why: String },
    /// Plans a way back in stages; nothing opens yet.
    Plan { case: CaseId, plan: RestorePlan },
    /// Takes the next stage of the plan.
    Stage { case: CaseId, stage: u8, reason: ReasonCode, tell: String },
    /// Gives back all, once the last stage is over.
    Finish { case: CaseId, reason: ReasonCode, tell: String },
    /// Takes down what a partner attests, for itself or for a client.
    Attest { partner: PartnerId, client: Option<ClientId>, text: String },
    /// Seals a bundle of a case by its digest. Only who makes the bundle asks for it.
    Export { case: CaseId, digest: String, evidence: bool },
    /// Says that a case was not looked at in time; only the gate's clock does.
    #[serde(skip)]
    ReviewOver { case: CaseId, at: Wall },
}

/// A fact about a case or about its way back. `type` in JSON is the dotted name.
#[expect(missing_docs, reason = "the members are those of the command that led to the event")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum CaseEvent {
    /// A case was opened.
    #[serde(rename = "case.opened")]
    Opened {
        case: CaseId,
        title: String,
        owner: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        subjects: Vec<SubjectId>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        signals: Vec<Revision>,
        review_by: Wall,
    },
    /// Something was written down; the text is kept by its digest.
    #[serde(rename = "case.noted")]
    Noted { case: CaseId, note: String },
    /// Evidence was added; `kept`: its body too.
    #[serde(rename = "case.evidence_added")]
    EvidenceAdded { case: CaseId, name: String, sha256: String, bytes: u64, kept: bool },
    /// Somebody read a piece of evidence.
    #[serde(rename = "case.evidence_read")]
    EvidenceRead { case: CaseId, sha256: String, purpose: String },
    /// It is about more.
    #[serde(rename = "case.linked")]
    Linked {
        case: CaseId,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        subjects: Vec<SubjectId>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        signals: Vec<Revision>,
    },
    /// It is somebody's.
    #[serde(rename = "case.assigned")]
    Assigned { case: CaseId, owner: String },
    /// It is looked at again then.
    #[serde(rename = "case.review_set")]
    ReviewSet { case: CaseId, review_by: Wall },
    /// It was to be looked at again by then, and was not.
    #[serde(rename = "case.review_over")]
    ReviewOver { case: CaseId, at: Wall },
    /// Nothing that it is about is erased before then, even once it ended.
    #[serde(rename = "case.preserved")]
    Preserved { case: CaseId, until: Wall },
    /// It ended.
    #[serde(rename = "case.closed")]
    Closed { case: CaseId, why: String },
    /// A bundle of it was handed out: the digest of all in it; `evidence`: with bodies.
    #[serde(rename = "case.exported")]
    Exported { case: CaseId, digest: String, evidence: bool },
    /// A way back in stages was planned; the blob is the plan.
    #[serde(rename = "restore.planned")]
    Planned { case: CaseId, partner: PartnerId, plan: String, stages: u8 },
    /// A stage began; what it opens and closes follows in the same write.
    #[serde(rename = "restore.staged")]
    Staged { case: CaseId, partner: PartnerId, stage: u8, name: String },
    /// All stages are over; what was closed opens in the same write.
    #[serde(rename = "restore.finished")]
    Finished { case: CaseId, partner: PartnerId },
    /// A signal broke the plan off; what the stages opened closes in the same write.
    #[serde(rename = "restore.fell_back")]
    FellBack { case: CaseId, partner: PartnerId, stage: u8 },
    /// A partner attested something; the text is kept by its digest.
    #[serde(rename = "attestation.received")]
    Attested {
        case: CaseId,
        partner: PartnerId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<ClientId>,
        text: String,
    },
}

impl CaseEvent {
    /// The dotted name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "case.opened",
            Self::Noted { .. } => "case.noted",
            Self::EvidenceAdded { .. } => "case.evidence_added",
            Self::EvidenceRead { .. } => "case.evidence_read",
            Self::Linked { .. } => "case.linked",
            Self::Assigned { .. } => "case.assigned",
            Self::ReviewSet { .. } => "case.review_set",
            Self::ReviewOver { .. } => "case.review_over",
            Self::Preserved { .. } => "case.preserved",
            Self::Closed { .. } => "case.closed",
            Self::Exported { .. } => "case.exported",
            Self::Planned { .. } => "restore.planned",
            Self::Staged { .. } => "restore.staged",
            Self::Finished { .. } => "restore.finished",
            Self::FellBack { .. } => "restore.fell_back",
            Self::Attested { .. } => "attestation.received",
        }
    }

    /// The case.
    #[must_use]
    pub fn case(&self) -> &CaseId {
        match self {
            Self::Opened { case, .. }
            | Self::Noted { case, .. }
            | Self::EvidenceAdded { case, .. }
            | Self::EvidenceRead { case, .. }
            | Self::Linked { case, .. }
            | Self::Assigned { case, .. }
            | Self::ReviewSet { case, .. }
            | Self::ReviewOver { case, .. }
            | Self::Preserved { case, .. }
            | Self::Closed { case, .. }
            | Self::Exported { case, .. }
            | Self::Planned { case, .. }
            | Self::Staged { case, .. }
            | Self::Finished { case, .. }
            | Self::FellBack { case, .. }
            | Self::Attested { case, .. } => case,
        }
    }

    /// The partner whose way back it changes.
    #[must_use]
    pub fn stages(&self) -> Option<&PartnerId> {
        match self {
            Self::Planned { partner, .. }
            | Self::Staged { partner, .. }
            | Self::Finished { partner, .. }
            | Self::FellBack { partner, .. } => Some(partner),
            _ => None,
        }
    }
}

impl Event {
    /// The case that the event names.
    #[must_use]
    pub fn case(&self) -> Option<&str> {
        use crate::standing::{KeyEvent, StandingEvent};
        match self {
            Self::Case(event) => Some(event.case().as_str()),
            Self::Standing(StandingEvent::Extended { case, .. })
            | Self::KeyRevoked { case, .. }
            | Self::SignalRaised { case, .. }
            | Self::Credential(KeyEvent::Compromised { case, .. }) => case.as_deref(),
            Self::Standing(event) => event.stood().and_then(|(_, stood)| stood.case.as_deref()),
            Self::Agreement(event) => event.case(),
            Self::Answer(event) => event.case(),
            Self::Hook(HookEvent::Platform(event)) => event.case(),
            Self::Ledger(event) => event.case(),
            _ => None,
        }
    }
}

impl CaseCommand {
    /// The case it names.
    #[must_use]
    pub fn case(&self) -> Option<&CaseId> {
        match self {
            Self::Open { id, .. } => id.as_ref(),
            Self::Note { case, .. }
            | Self::AddEvidence { case, .. }
            | Self::ReadEvidence { case, .. }
            | Self::Link { case, .. }
            | Self::Assign { case, .. }
            | Self::Review { case, .. }
            | Self::Preserve { case, .. }
            | Self::Close { case, .. }
            | Self::Plan { case, .. }
            | Self::Stage { case, .. }
            | Self::Finish { case, .. }
            | Self::Export { case, .. }
            | Self::ReviewOver { case, .. } => Some(case),
            Self::Attest { .. } => None,
        }
    }
}

impl From<CaseCommand> for Command {
    fn from(command: CaseCommand) -> Self {
        Self::Case(command)
    }
}

impl From<CaseEvent> for Event {
    fn from(event: CaseEvent) -> Self {
        Self::Case(event)
    }
}
