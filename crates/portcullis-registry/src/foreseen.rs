//! What a command would write, and the state that would follow: for who looks before it is done.
//!
//! Nothing here is durable or published, and no index that states share is added to. Must not know
//! who looks.

use std::sync::Arc;

use portcullis_types::{Revision, Wall};

use crate::commands::Command;
use crate::events::Event;
use crate::notices::PartnerNotice;
use crate::office::LoggedEvent;
use crate::snapshot::Snapshot;
use crate::standing::KeyEvent;
use crate::state::{Blob, Place, Planned, State};
use crate::statement::Statement;
use crate::words::{Actor, SubjectId};

/// What a command would write.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Foreseen {
    /// Who would act.
    pub by: Actor,
    /// When it was looked at.
    pub at: Wall,
    /// What would happen, in order.
    pub events: Vec<Event>,
    /// What the events name by digest.
    pub blobs: Vec<Blob>,
}

impl State {
    /// What would be written of a plan; of what a second person would have to approve, what that
    /// leads to.
    #[must_use]
    pub fn foresee(
        &self,
        by: &Actor,
        command: &Command,
        planned: &Planned,
        at: Wall,
    ) -> Box<Foreseen> {
        let approved = planned.proposed.as_ref().and_then(|_| self.handle(by, command, at).ok());
        let Planned { events, blobs, .. } = approved.unwrap_or_else(|| planned.clone());
        // What was proposed is done by who proposed it.
        let by = planned.approved.as_ref().map_or(by, |approved| &approved.proposer);
        Box::new(Foreseen { by: by.clone(), at, events, blobs })
    }
}

impl Foreseen {
    /// The state that would follow, as far as standings go: a key that would be issued is not in it.
    #[must_use]
    pub fn after(&self, now: &Snapshot) -> Arc<Snapshot> {
        let mut state = State { now: now.clone(), ..State::default() };
        for event in self.events.iter().filter_map(of_standing) {
            let revision = next(&state.now);
            let place = Place { revision, ts: self.at, by: &self.by, approver: None };
            // What can't be foreseen is left out; the writer's own rules took it already.
            let _ = state.apply(place, &event, &|_| None);
        }
        state.snapshot()
    }

    /// Who would stand otherwise, each once.
    #[must_use]
    pub fn subjects(&self) -> Vec<SubjectId> {
        let mut subjects: Vec<SubjectId> = Vec::new();
        for event in &self.events {
            let subject = match event {
                Event::Standing(event) => event.subject().clone(),
                Event::KeyRevoked { key, .. } => SubjectId::Key(key.clone()),
                Event::Credential(event) => SubjectId::Key(event.key().clone()),
                _ => continue,
            };
            if !subjects.contains(&subject) {
                subjects.push(subject);
            }
        }
        subjects
    }

    /// Whether somebody would lose access, or be warned that this may come.
    #[must_use]
    pub fn takes_away(&self) -> bool {
        self.events.iter().any(Event::takes_away)
    }

    /// What each event would tell its partner, with the statement of reasons it may read.
    #[must_use]
    pub fn notices(&self, now: &Snapshot) -> Vec<(PartnerNotice, Option<serde_json::Value>)> {
        let revision = next(now);
        let told = self.events.iter().filter_map(|event| {
            let logged = LoggedEvent {
                revision,
                ts: self.at.rfc3339(),
                at: self.at,
                actor: self.by.clone(),
                approver: None,
                proposal: None,
                event: event.clone(),
                hash: String::new(),
                leaf: String::new(),
                opening: None,
            };
            Some((PartnerNotice::of(&logged, now)?, self.statement(event)))
        });
        told.collect()
    }

    fn statement(&self, event: &Event) -> Option<serde_json::Value> {
        let digest = event.statement()?;
        let blob = self.blobs.iter().find(|blob| blob.sha256 == digest)?;
        let statement: Statement = serde_json::from_slice(&blob.body).ok()?;
        Some(statement.for_partner(self.at))
    }
}

fn next(now: &Snapshot) -> Revision {
    Revision(now.revision.map_or(0, |last| last.0.saturating_add(1)))
}

/// The event, where it changes how somebody stands; a new key that comes with it is left out.
fn of_standing(event: &Event) -> Option<Event> {
    match event {
        Event::Standing(_) | Event::KeyRevoked { .. } => Some(event.clone()),
        Event::Credential(credential) => {
            let mut credential = credential.clone();
            if let KeyEvent::Compromised { successor, .. } = &mut credential {
                *successor = None;
            }
            Some(Event::Credential(credential))
        }
        _ => None,
    }
}
