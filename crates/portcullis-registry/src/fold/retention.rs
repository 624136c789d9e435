//! Bodies that events name into the state, and out of it once they are gone.

use std::sync::Arc;

use portcullis_types::CaseId;

use super::standing::concerned;
use crate::answers::AnswerEvent;
use crate::events::Event;
use crate::hooks::HookEvent;
use crate::platform::PlatformEvent;
use crate::records::SubjectIx;
use crate::retention::{KeptBody, RecordKind, RetentionEvent, kind_of};
use crate::state::{Place, State};
use crate::statement::Statement;

impl State {
    /// Takes down the body that an event names.
    pub(super) fn keep_body(
        &mut self,
        place: Place<'_>,
        event: &Event,
        blob: &dyn Fn(&str) -> Option<Arc<[u8]>>,
    ) {
        let body = kind_of(event);
        let needed = |sha256: &&str| body.is_none_or(|(_, kept)| kept != *sha256);
        for sha256 in event.blobs().into_iter().filter(needed) {
            if !self.now.bodies.is_needed(sha256) {
                Arc::make_mut(&mut self.now.bodies.needed).insert(sha256.to_owned());
            }
        }
        let Some((kind, sha256)) = body else { return };
        let subject = self.body_of(event);
        let statement = (kind == RecordKind::Statements).then(|| blob(sha256)).flatten();
        let statement = statement.and_then(|body| serde_json::from_slice::<Statement>(&body).ok());
        self.now.bodies.all.push(KeptBody {
            kind,
            sha256: Arc::from(sha256),
            revision: place.revision,
            at: place.ts,
            subject,
            case: event.case().and_then(|id| CaseId::new(id).ok()),
            until: statement.as_ref().map(|statement| statement.redress.until.0),
            gone: None,
        });
        let facts = statement.into_iter().flat_map(|statement| statement.facts);
        for sha256 in facts.filter_map(|fact| fact.evidence_sha256) {
            self.brought.entry(sha256).or_default().insert(place.revision);
        }
    }

    /// Whom a body is about.
    fn body_of(&self, event: &Event) -> Option<SubjectIx> {
        let partner = |id| self.now.partner_ix(id).map(SubjectIx::Partner);
        match event {
            Event::Answer(AnswerEvent::Received { subject, .. }) => self.now.subject_ix(subject),
            Event::Hook(HookEvent::Platform(
                PlatformEvent::Told { partner: id, .. } | PlatformEvent::Lost { partner: id, .. },
            )) => partner(id),
            event => self.now.subject_ix(&concerned(event.again())?),
        }
    }

    /// Takes down that bodies are gone.
    pub(super) fn erased(&mut self, place: Place<'_>, event: &RetentionEvent) {
        let RetentionEvent::Erased { bodies, .. } = event;
        for one in bodies {
            let Some(body) = self.now.bodies.named_by(one.revision, &one.sha256) else { continue };
            let evidence = body.case.clone().filter(|_| body.kind == RecordKind::Evidence);
            if let Some(at) = self.now.bodies.place(one.revision) {
                self.now.bodies.all.change(at, |body| {
                    (body.gone, body.until) = (Some(place.revision), None);
                });
            }
            if let Some(at) = evidence.and_then(|case| self.now.cases.at(&case)) {
                self.now.cases.change(at, |case| {
                    let mut added = case.evidence.iter_mut();
                    if let Some(piece) = added.find(|piece| piece.revision == one.revision) {
                        piece.erased = Some(place.revision);
                    }
                });
            }
        }
        for statements in self.brought.values_mut() {
            statements.retain(|at| bodies.iter().all(|body| body.revision != *at));
        }
        self.brought.retain(|_, statements| !statements.is_empty());
    }
}
