//! Standings and keys over time into the state, and the clocks that run after each event.

use std::sync::Arc;

use portcullis_types::{KeyId, KeyIx, Wall};

use super::ended;
use super::keys::bound;
use crate::events::Event;
use crate::key_record::KeyRecord;
use crate::records::{Credential, KeyMore, SubjectIx};
use crate::snapshot::Snapshot;
use crate::standing::{ClockName, Course, KeyEvent, StandingEvent, Stood};
use crate::state::{FoldError, Place, State};
use crate::words::{ActorKind, SubjectId};
use portcullis_types::StandingName;

impl State {
    pub(super) fn standing_event(
        &mut self,
        place: Place<'_>,
        event: &StandingEvent,
    ) -> Result<(), FoldError> {
        let subject = event.subject();
        let at = self.now.subject_ix(subject);
        let at = at.ok_or_else(|| place.bad(format!("unknown {subject}")))?;
        if let Some((to, stood)) = event.stood() {
            return self.step(place, at, to, stood);
        }
        if let StandingEvent::RanOut { clock: ClockName::Declaration, at: lapsed, .. } = event {
            match at {
                SubjectIx::Partner(at) => {
                    self.now.partners.change(at.at(), |record| record.lapsed = Some(*lapsed));
                }
                SubjectIx::Client(at) => {
                    self.now.clients.change(at.at(), |record| record.lapsed = Some(*lapsed));
                }
                SubjectIx::Key(_) => {}
            }
            return Ok(());
        }
        let Some(mut course) = self.now.course(at).cloned() else { return Ok(()) };
        match event {
            StandingEvent::Ratified { .. } => course.ratify = None,
            StandingEvent::Extended { review_by, .. } => course.extend(*review_by),
            StandingEvent::Acknowledged { .. } => course.acknowledge = None,
            StandingEvent::RanOut { clock, .. } => course.ran_out(*clock),
            StandingEvent::Restored(_)
            | StandingEvent::Warned(_)
            | StandingEvent::Restricted(_)
            | StandingEvent::Held(_)
            | StandingEvent::Terminating(_)
            | StandingEvent::Terminated(_)
            | StandingEvent::Probation(_) => {}
        }
        self.take_course(at, Some(course));
        Ok(())
    }

    fn step(
        &mut self,
        place: Place<'_>,
        at: SubjectIx,
        to: StandingName,
        stood: &Stood,
    ) -> Result<(), FoldError> {
        let SubjectIx::Key(key) = at else {
            let course = Course::after(self.now.course(at), to, stood, place);
            self.take_course(at, course);
            return Ok(());
        };
        let narrowed = match to {
            StandingName::Good => None,
            StandingName::Suspended => Some(Arc::new(stood.notice(to, place))),
            _ => return Err(place.bad("a key is held and restored, and has no other standing")),
        };
        let untold = narrowed.is_some() && stood.statement.is_none();
        self.now.keys.change(key.at(), |record| {
            record.narrowed = narrowed;
            let more = record.more.as_deref().cloned().unwrap_or_default();
            if more.untold != untold {
                record.more = Some(Arc::new(KeyMore { untold, ..more }));
            }
        });
        Ok(())
    }

    fn take_course(&mut self, at: SubjectIx, course: Option<Course>) {
        let narrowed = course.as_ref().and_then(Course::narrows).cloned();
        let course = course.map(Arc::new);
        match at {
            SubjectIx::Partner(at) => self.now.partners.change(at.at(), |record| {
                (record.narrowed, record.course) = (narrowed, course);
            }),
            SubjectIx::Client(at) => self.now.clients.change(at.at(), |record| {
                (record.narrowed, record.course) = (narrowed, course);
            }),
            SubjectIx::Key(_) => {}
        }
    }

    pub(super) fn key_event(
        &mut self,
        place: Place<'_>,
        event: &KeyEvent,
    ) -> Result<(), FoldError> {
        let successor = match event {
            KeyEvent::Rotated { successor, .. }
            | KeyEvent::Compromised { successor: Some(successor), .. } => {
                let known = self.now.key_ix(successor);
                Some(known.ok_or_else(|| place.bad(format!("unknown key `{successor}`")))?)
            }
            KeyEvent::Activated { .. }
            | KeyEvent::Expired { .. }
            | KeyEvent::Bound { .. }
            | KeyEvent::Compromised { successor: None, .. } => None,
        };
        if let KeyEvent::Compromised { key, reason, tell, .. } = event {
            self.end(place, key, Credential::Compromised, ended(place, reason, tell))?;
        }
        let key = event.key();
        let at = self.now.key_ix(key);
        let record = at.and_then(|at| self.now.keys.get_mut(at.at()));
        let record = record.ok_or_else(|| place.bad(format!("unknown key `{key}`")))?;
        match (event, record.credential) {
            (KeyEvent::Activated { .. }, Credential::Pending) => {
                record.credential = Credential::Active;
            }
            (KeyEvent::Rotated { until, .. }, Credential::Active) => {
                record.credential = Credential::Rotating;
                let more = record.more.as_deref().cloned().unwrap_or_default();
                record.more = Some(Arc::new(KeyMore { ends: record.expires, ..more }));
                record.expires = Some(record.expires.map_or(*until, |ends| ends.min(*until)));
            }
            (KeyEvent::Expired { .. }, state) if !state.is_final() => {
                record.credential = Credential::Expired;
            }
            (KeyEvent::Bound { binding, .. }, _) => {
                let more = record.more.as_deref().cloned().unwrap_or_default();
                record.more = Some(Arc::new(KeyMore { binding: bound(binding), ..more }));
            }
            // Nothing that is over begins again.
            (
                KeyEvent::Activated { .. }
                | KeyEvent::Rotated { .. }
                | KeyEvent::Expired { .. }
                | KeyEvent::Compromised { .. },
                _,
            ) => {}
        }
        if successor.is_some() {
            let itself =
                matches!(event, KeyEvent::Rotated { .. }) && place.by.kind == ActorKind::Partner;
            succeeded(record, successor, itself);
        }
        Ok(())
    }

    /// Ends a key by a decision; the first one stands.
    pub(super) fn end(
        &mut self,
        place: Place<'_>,
        key: &KeyId,
        to: Credential,
        notice: Arc<portcullis_types::Notice>,
    ) -> Result<(), FoldError> {
        let at = self.now.key_ix(key);
        let record = at.and_then(|at| self.now.keys.get_mut(at.at()));
        let record = record.ok_or_else(|| place.bad(format!("unknown key `{key}`")))?;
        if record.credential.is_final() {
            return Ok(());
        }
        record.credential = to;
        record.ended.get_or_insert(notice);
        let pepper = usize::from(record.pepper.0);
        let peppers = Arc::make_mut(&mut self.now.peppers);
        if let Some((_, keys)) = peppers.get_mut(pepper) {
            *keys = keys.saturating_sub(1);
        }
        Ok(())
    }

    /// Holds that waited to be confirmed may have been, in events that are gone: none opens by itself.
    pub(super) fn all_confirmed(&mut self) {
        let partners = self.now.partners().map(|(at, _)| SubjectIx::Partner(at));
        let clients = self.now.clients().map(|(at, _)| SubjectIx::Client(at));
        let waits = |at: &SubjectIx| self.now.course(*at).is_some_and(|it| it.ratify.is_some());
        let waiting: Vec<SubjectIx> = partners.chain(clients).filter(waits).collect();
        for at in waiting {
            let before = running(&self.now, at);
            let course = self.now.course(at).map(|it| Course { ratify: None, ..it.clone() });
            self.take_course(at, course);
            self.rewind(Some(at), before);
        }
    }

    /// Lets the clocks of a subject run as its record says now.
    pub(super) fn rewind(&mut self, at: Option<SubjectIx>, before: Vec<(ClockName, Wall)>) {
        let Some(subject) = at else { return };
        for (clock, at) in before {
            self.clocks.remove(&(at, subject, clock));
        }
        for (clock, at) in running(&self.now, subject) {
            self.clocks.insert((at, subject, clock));
        }
    }
}

fn succeeded(record: &mut KeyRecord, successor: Option<KeyIx>, renewed_itself: bool) {
    let more = record.more.as_deref().cloned().unwrap_or_default();
    record.more = Some(Arc::new(KeyMore { successor, renewed_itself, ..more }));
}

/// The clocks of a subject that run.
pub(super) fn running(snapshot: &Snapshot, at: SubjectIx) -> Vec<(ClockName, Wall)> {
    let (review_by, lapsed) = match at {
        SubjectIx::Partner(at) => {
            let record = snapshot.partner(at);
            (record.and_then(|r| r.facts.review_by), record.and_then(|r| r.lapsed))
        }
        SubjectIx::Client(at) => {
            let record = snapshot.client(at);
            (record.and_then(|r| r.facts.review_by), record.and_then(|r| r.lapsed))
        }
        SubjectIx::Key(at) => return snapshot.key(at).map(of_key).unwrap_or_default(),
    };
    let declared = review_by.filter(|at| lapsed != Some(*at));
    let declared = declared.map(|at| (ClockName::Declaration, at));
    let course = snapshot.course(at).into_iter().flat_map(Course::running);
    course.chain(declared).collect()
}

fn of_key(key: &KeyRecord) -> Vec<(ClockName, Wall)> {
    let starts = key.more.as_ref().and_then(|more| more.starts);
    let starts = starts.filter(|_| key.credential == Credential::Pending);
    let lives = !key.credential.is_final() && key.credential != Credential::Expired;
    let ends = key.expires.filter(|_| lives);
    let starts = starts.map(|at| (ClockName::KeyStart, at));
    starts.into_iter().chain(ends.map(|at| (ClockName::KeyEnd, at))).collect()
}

/// Whose clocks an event may start or stop.
pub(super) fn concerned(event: &Event) -> Option<SubjectId> {
    match event {
        Event::Standing(event) => Some(event.subject().clone()),
        Event::Credential(event) => Some(SubjectId::Key(event.key().clone())),
        Event::KeyIssued { key, .. } | Event::KeyRevoked { key, .. } => {
            Some(SubjectId::Key(key.clone()))
        }
        Event::FactsDeclared { subject, .. } => Some(subject.clone()),
        Event::Agreement(event) => Some(SubjectId::Partner(event.partner().clone())),
        Event::LogOpened { .. }
        | Event::PartnerAdded { .. }
        | Event::PartnerEdited { .. }
        | Event::ModeSet { .. }
        | Event::GrantsChanged { .. }
        | Event::ClientAdded { .. }
        | Event::KeysImported { .. }
        | Event::SignalRaised { .. }
        | Event::SignalCapped { .. }
        | Event::QuotaReached { .. }
        | Event::PolicyPublished { .. }
        | Event::SecretRotated { .. }
        | Event::Hook(_)
        | Event::Guard(_)
        | Event::Later(_)
        | Event::Retention(_)
        | Event::Ledger(_)
        | Event::Deletion(_)
        | Event::Case(_)
        | Event::Change(_)
        | Event::Answer(_)
        | Event::People(_) => None,
    }
}
