//! Content that events name by its digest.
//!
//! Must not know where content is kept.

use super::Event;
use crate::cases::CaseEvent;
use crate::guard::GuardEvent;
use crate::hooks::HookEvent;

impl Event {
    /// Digest of content that the event names and the fold does not need: it may be gone, not changed.
    #[must_use]
    pub fn beside(&self) -> Option<&str> {
        match self {
            Self::Case(CaseEvent::Noted { note: sha256, .. })
            | Self::Case(CaseEvent::Attested { text: sha256, .. })
            | Self::Case(CaseEvent::EvidenceAdded { sha256, kept: true, .. }) => Some(sha256),
            Self::Guard(GuardEvent::Applied { event, .. }) => event.statement(),
            Self::Ledger(event) => event.personal(),
            _ => None,
        }
    }

    /// Digests of the blobs the event names; an event whose blob is missing can't be folded.
    #[must_use]
    pub fn blobs(&self) -> Vec<&str> {
        match self {
            Self::KeysImported { blob, .. } => vec![blob],
            Self::PolicyPublished { files, .. } => {
                files.iter().map(|f| f.sha256.as_str()).collect()
            }
            Self::FactsDeclared { blob, .. } => blob.iter().map(String::as_str).collect(),
            Self::People(_) => self.erasable(),
            Self::Case(CaseEvent::Planned { plan, .. }) => vec![plan],
            Self::Answer(event) => event.blob().into_iter().collect(),
            Self::Hook(HookEvent::Platform(event)) => event.reply().into_iter().collect(),
            Self::Change(event) => event.blob().into_iter().collect(),
            Self::Standing(_)
            | Self::Credential(_)
            | Self::Agreement(_)
            | Self::KeyRevoked { .. } => self.statement().into_iter().collect(),
            Self::LogOpened { .. }
            | Self::PartnerAdded { .. }
            | Self::PartnerEdited { .. }
            | Self::ModeSet { .. }
            | Self::GrantsChanged { .. }
            | Self::ClientAdded { .. }
            | Self::KeyIssued { .. }
            | Self::SignalRaised { .. }
            | Self::SignalCapped { .. }
            | Self::QuotaReached { .. }
            | Self::SecretRotated { .. }
            | Self::Retention(_)
            | Self::Deletion(_)
            | Self::Ledger(_)
            | Self::Later(_)
            | Self::Hook(_)
            | Self::Guard(_)
            | Self::Case(_) => Vec::new(),
        }
    }
}
