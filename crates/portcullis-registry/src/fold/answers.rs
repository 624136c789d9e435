//! Answers into the state, and the steps they can be about.

use std::sync::Arc;

use portcullis_types::{Revision, StandingName};

use crate::agreement::AgreementEvent;
use crate::answers::{AnswerEvent, AnswerKind, AnswerRecord, Outcome, Reply, Step};
use crate::events::Event;
use crate::proposals::Glass;
use crate::records::SubjectIx;
use crate::standing::{KeyEvent, StandingEvent};
use crate::state::{FoldError, Place, State};
use crate::words::{Actor, ActorKind, SubjectId};

impl State {
    pub(super) fn answer_event(
        &mut self,
        place: Place<'_>,
        event: &AnswerEvent,
    ) -> Result<(), FoldError> {
        match event {
            AnswerEvent::Received { subject, about, kind, digest, due } => {
                let at = self.now.subject_ix(subject);
                let at = at.ok_or_else(|| place.bad(format!("unknown {subject}")))?;
                let partner = self.now.partner_of(at);
                let partner = partner.ok_or_else(|| place.bad(format!("unknown {subject}")))?;
                let answers = &mut self.now.answers;
                if let Some(due) = due {
                    Arc::make_mut(&mut answers.due).insert((*due, place.revision.0));
                }
                if *kind != AnswerKind::Acknowledgement {
                    Arc::make_mut(&mut answers.open).insert(place.revision.0);
                }
                answers.all.push(AnswerRecord {
                    revision: place.revision,
                    partner,
                    by: place.by.clone(),
                    subject: at,
                    about: *about,
                    kind: *kind,
                    digest: digest.clone(),
                    at: place.ts,
                    due: *due,
                    overdue: false,
                    replies: Vec::new(),
                    followed: None,
                });
            }
            AnswerEvent::Replied { answer, outcome, tell, .. } => {
                let reply = Reply {
                    revision: place.revision,
                    at: place.ts,
                    by: place.by.clone(),
                    outcome: *outcome,
                    tell: Arc::from(tell.as_str()),
                };
                self.on_answer(place, *answer, |record| record.replies.push(reply))?;
                if *outcome == Outcome::Upheld {
                    Arc::make_mut(&mut self.now.answers.upheld).insert(answer.0);
                }
            }
            AnswerEvent::Overdue { answer, .. } => {
                self.on_answer(place, *answer, |record| record.overdue = true)?;
            }
        }
        Ok(())
    }

    /// Changes an answer; its clock has done its work with any event about it.
    fn on_answer(
        &mut self,
        place: Place<'_>,
        id: Revision,
        change: impl FnOnce(&mut AnswerRecord),
    ) -> Result<(), FoldError> {
        let answers = &mut self.now.answers;
        let at = answers.place(id);
        let record = at.and_then(|at| answers.all.get_mut(at));
        let record = record.ok_or_else(|| place.bad(format!("unknown answer {}", id.0)))?;
        change(record);
        let (due, open) = (record.due, record.is_open());
        if let Some(due) = due {
            Arc::make_mut(&mut answers.due).remove(&(due, id.0));
        }
        if !open {
            Arc::make_mut(&mut answers.open).remove(&id.0);
        }
        Ok(())
    }

    /// Takes down who took a step, who confirmed it, and what followed an appeal that was upheld.
    pub(super) fn stepped(&mut self, place: Place<'_>, event: &Event) {
        if let Event::Standing(StandingEvent::Ratified { subject, .. }) = event {
            let at = self.now.subject_ix(subject);
            let revision = at.and_then(|at| self.now.course(at)?.notice.revision);
            if let Some(revision) = revision {
                self.now.answers.confirmed(revision, place.by);
            }
            return;
        }
        let Some(subject) = step(event).and_then(|id| self.now.subject_ix(&id)) else { return };
        let before = self.taken_before(place, event, subject);
        let (by, second) = before.unwrap_or_else(|| (place.by.clone(), place.approver.cloned()));
        let revision = place.revision;
        self.in_emergency(place);
        let agreement = matches!(event, Event::Agreement(_));
        self.now.answers.steps.push(Step { revision, subject, by, second, agreement });
        let gives = matches!(event, Event::Standing(event) if event.stood().is_some_and(|(to, _)| {
            matches!(to, StandingName::Good | StandingName::Probation)
        }));
        let answers = &mut self.now.answers;
        let upheld = answers.upheld.iter().filter(|_| gives);
        let followed = upheld.copied().filter(|id| {
            answers.find(Revision(*id)).is_some_and(|record| record.subject == subject)
        });
        for id in followed.collect::<Vec<_>>() {
            Arc::make_mut(&mut answers.upheld).remove(&id);
            if let Some(at) = answers.place(Revision(id)) {
                answers.all.change(at, |record| record.followed = Some(revision));
            }
        }
    }

    /// Who took the step that the gate only carries on: who scheduled it, whose clock ran out, or that
    /// a breach of a plan puts back.
    fn taken_before(
        &self,
        place: Place<'_>,
        event: &Event,
        subject: SubjectIx,
    ) -> Option<(Actor, Option<Actor>)> {
        if let Event::Agreement(AgreementEvent::Narrowed { change: Some(change), .. }) = event {
            let change = self.now.changes.find(*change)?;
            return Some((change.by.clone(), change.approver.clone()));
        }
        let Event::Standing(event) = event else { return None };
        let (_, stood) = event.stood().filter(|_| place.by.kind == ActorKind::Gate)?;
        let steps = &self.now.answers.steps;
        let base = || {
            let SubjectIx::Partner(partner) = subject else { return None };
            let (_, plan) = self.now.cases.plan_of(partner)?;
            self.now.answers.step(plan.base.as_ref()?.notice.revision?)
        };
        let last = || {
            let mut all = (0..steps.len()).rev().filter_map(|at| steps.get(at));
            all.find(|step| step.subject == subject)
        };
        let step = match (stood.by_plan, stood.ran_out) {
            (true, _) => base().or_else(last),
            (false, Some(_)) => last(),
            (false, None) => None,
        }?;
        Some((step.by.clone(), step.second.clone()))
    }

    /// Takes down a step with the emergency it was taken in, whose ratification confirms it.
    fn in_emergency(&mut self, place: Place<'_>) {
        let with = |glass: &Glass| glass.by == *place.by && glass.at == place.ts;
        if self.now.people.glass.last_key_value().is_some_and(|(_, glass)| with(glass)) {
            let people = Arc::make_mut(&mut self.now.people);
            if let Some((_, glass)) = people.glass.iter_mut().next_back() {
                glass.steps.push(place.revision);
            }
        }
    }
}

/// Whose access an event changes as a step that can be answered.
fn step(event: &Event) -> Option<SubjectId> {
    match event {
        Event::Standing(event) => event.stood().map(|(_, stood)| stood.subject.clone()),
        Event::KeyRevoked { key, .. } | Event::Credential(KeyEvent::Compromised { key, .. }) => {
            Some(SubjectId::Key(key.clone()))
        }
        Event::Agreement(event) if event.narrows() => {
            Some(SubjectId::Partner(event.partner().clone()))
        }
        _ => None,
    }
}
