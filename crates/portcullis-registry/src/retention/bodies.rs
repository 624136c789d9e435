//! The bodies that events name by digest and that may go some day.
//!
//! Must not know when.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_types::{CaseId, Revision, Wall};

use super::RecordKind;
use crate::answers::AnswerEvent;
use crate::cases::CaseEvent;
use crate::events::Event;
use crate::hooks::HookEvent;
use crate::pages::Pages;
use crate::records::SubjectIx;
use crate::snapshot::Snapshot;

/// A body that an event names.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct KeptBody {
    /// What it is.
    pub kind: RecordKind,
    /// Lower-case hex SHA-256.
    pub sha256: Arc<str>,
    /// The event.
    pub revision: Revision,
    /// When that happened.
    pub at: Wall,
    /// Whom it is about.
    pub subject: Option<SubjectIx>,
    /// The case that the event names.
    pub case: Option<CaseId>,
    /// Until when the partner may object, where it is a statement that is there.
    pub until: Option<Wall>,
    /// The event that says it is gone.
    pub gone: Option<Revision>,
}

/// All of them, in the order of their events. A clone shares all pages.
#[derive(Debug, Clone, Default)]
pub struct Bodies {
    pub(crate) all: Pages<KeptBody>,
    /// Digests of what events can't be read without, such as policies: it never goes, also where
    /// somebody added the very same text to a case.
    pub(crate) needed: Arc<BTreeSet<String>>,
}

impl Snapshot {
    /// The bodies that events name by digest and that may go some day.
    #[must_use]
    pub fn bodies(&self) -> &Bodies {
        &self.bodies
    }
}

impl Bodies {
    /// All there ever were.
    pub fn iter(&self) -> impl Iterator<Item = &KeptBody> {
        self.all.iter()
    }

    /// The body of that digest that is gone; none: it is there, or never was.
    #[must_use]
    pub fn gone(&self, sha256: &str) -> Option<&KeptBody> {
        let mut named = self.iter().filter(|body| *body.sha256 == *sha256);
        let first = named.next()?;
        named.chain([first]).all(|body| body.gone.is_some()).then_some(first)
    }

    /// The body that an event named.
    pub(crate) fn named_by(&self, revision: Revision, sha256: &str) -> Option<&KeptBody> {
        let body = self.all.get(self.place(revision)?)?;
        (*body.sha256 == *sha256).then_some(body)
    }

    /// Whether some event can't be read without that content.
    pub(crate) fn is_needed(&self, sha256: &str) -> bool {
        self.needed.contains(sha256)
    }

    pub(crate) fn place(&self, revision: Revision) -> Option<usize> {
        let at = self.all.partition_point(|body| body.revision < revision);
        self.all.get(at).filter(|body| body.revision == revision).map(|_| at)
    }
}

/// What a body is that an event names and that may go some day, and its digest.
pub(crate) fn kind_of(event: &Event) -> Option<(RecordKind, &str)> {
    match event {
        Event::Case(CaseEvent::EvidenceAdded { sha256, kept: true, .. }) => {
            Some((RecordKind::Evidence, sha256))
        }
        Event::Case(
            CaseEvent::Noted { note: sha256, .. } | CaseEvent::Attested { text: sha256, .. },
        ) => Some((RecordKind::Notes, sha256)),
        Event::Answer(AnswerEvent::Received { digest, .. }) => Some((RecordKind::Answers, digest)),
        Event::Hook(HookEvent::Platform(event)) => Some((RecordKind::Deliveries, event.reply()?)),
        event => Some((RecordKind::Statements, event.again().statement()?)),
    }
}
