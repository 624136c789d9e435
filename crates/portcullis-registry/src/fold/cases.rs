//! Events about cases and staged restores into state, and which of the others belong to a case.

use std::sync::Arc;

use portcullis_types::{CaseId, PartnerId, StandingName};

use super::standing::concerned;
use crate::cases::{
    CaseEvent, CaseRecord, EvidenceRecord, LINKS_MAX, PlanRecord, PlanState, RestorePlan,
    TIMELINE_MAX,
};
use crate::events::Event;
use crate::records::SubjectIx;
use crate::standing::{Clock, StandingEvent};
use crate::state::{FoldError, Place, State};
use crate::words::SubjectId;

/// Finds content by its digest.
type Blobs<'a> = &'a dyn Fn(&str) -> Option<Arc<[u8]>>;

impl State {
    pub(super) fn case_event(
        &mut self,
        place: Place<'_>,
        event: &CaseEvent,
        blob: Blobs<'_>,
    ) -> Result<(), FoldError> {
        if let CaseEvent::Opened { .. } = event {
            return self.opened(place, event);
        }
        let id = event.case();
        let at = self.now.cases.at(id);
        let at = at.ok_or_else(|| place.bad(format!("unknown case `{id}`")))?;
        if let Some(partner) = event.stages() {
            return self.way_back(place, (at, event, partner), blob);
        }
        self.stop_clock(id);
        self.now.cases.change(at, |case| match event {
            CaseEvent::Noted { .. } => case.notes += 1,
            CaseEvent::EvidenceAdded { name, sha256, bytes, kept, .. } => {
                let (name, sha256) = (Arc::from(name.as_str()), Arc::from(sha256.as_str()));
                let (bytes, kept, revision) = (*bytes, *kept, place.revision);
                let erased = None;
                case.evidence.push(EvidenceRecord { name, sha256, bytes, kept, revision, erased });
            }
            CaseEvent::Linked { subjects, signals, .. } => {
                case.subjects.extend(subjects.iter().cloned());
                case.signals.extend(signals);
            }
            CaseEvent::Assigned { owner, .. } => case.owner = Arc::from(owner.as_str()),
            CaseEvent::ReviewSet { review_by, .. } => {
                case.review = Clock { at: *review_by, ran_out: false };
            }
            CaseEvent::ReviewOver { .. } => case.review.ran_out = true,
            CaseEvent::Preserved { until, .. } => case.preserve_until = Some(*until),
            CaseEvent::Closed { .. } => case.closed = Some(place.ts),
            CaseEvent::Attested { client, text, .. } => {
                if let Some(plan) = &mut case.plan {
                    let said = (place.ts, Arc::from(text.as_str()));
                    Arc::make_mut(plan).attested.insert(client.clone(), said);
                }
            }
            CaseEvent::Opened { .. }
            | CaseEvent::Exported { .. }
            | CaseEvent::EvidenceRead { .. }
            | CaseEvent::Planned { .. }
            | CaseEvent::Staged { .. }
            | CaseEvent::Finished { .. }
            | CaseEvent::FellBack { .. } => {}
        });
        self.start_clock(id);
        Ok(())
    }

    fn opened(&mut self, place: Place<'_>, event: &CaseEvent) -> Result<(), FoldError> {
        let CaseEvent::Opened { case, title, owner, subjects, signals, review_by } = event else {
            return Ok(());
        };
        // Two that could not be written yet may have been given one number: the first stands.
        if self.now.cases.at(case).is_some() {
            return Ok(());
        }
        let at = super::numbered(place, self.now.cases.records.len())?;
        let record = CaseRecord {
            id: case.clone(),
            title: Arc::from(title.as_str()),
            owner: Arc::from(owner.as_str()),
            by: place.by.clone(),
            opened: place.ts,
            subjects: subjects.clone(),
            signals: signals.clone(),
            evidence: Vec::new(),
            notes: 0,
            timeline: Vec::new(),
            review: Clock { at: *review_by, ran_out: false },
            closed: None,
            preserve_until: None,
            plan: None,
            revision: place.revision,
        };
        self.now.cases.names.insert(case.clone(), at);
        self.now.cases.records.push(Arc::new(record));
        self.start_clock(case);
        Ok(())
    }

    fn way_back(
        &mut self,
        place: Place<'_>,
        (at, event, partner): (usize, &CaseEvent, &PartnerId),
        blob: Blobs<'_>,
    ) -> Result<(), FoldError> {
        let of = self.now.partner_ix(partner);
        let of = of.ok_or_else(|| place.bad(format!("unknown partner `{partner}`")))?;
        match event {
            CaseEvent::Planned { plan: digest, .. } => {
                let body = blob(digest).ok_or_else(|| place.bad("its plan is missing"))?;
                let plan: RestorePlan = serde_json::from_slice(&body)
                    .map_err(|_| place.bad("its plan is unreadable"))?;
                // What an earlier plan keeps on hold is this one's to give back.
                let held = self.now.cases.plan_of(of).map(|(_, plan)| plan.held.clone());
                let record = PlanRecord {
                    plan: Arc::new(plan),
                    digest: digest.clone(),
                    partner: of,
                    planned: place.ts,
                    state: PlanState::Running,
                    stage: 0,
                    since: place.ts,
                    signals: 0,
                    attested: Default::default(),
                    base: None,
                    held: held.unwrap_or_default(),
                };
                self.now.cases.change(at, |case| case.plan = Some(Arc::new(record)));
                let number = super::numbered(place, at)?;
                let plans = Arc::make_mut(&mut self.now.cases.plans);
                // Whose plan this one replaces in the case has none any more.
                plans.retain(|_, case| *case != number);
                plans.insert(of, number);
            }
            CaseEvent::Staged { stage, .. } => {
                let course = self.now.course(SubjectIx::Partner(of)).cloned();
                self.now.cases.change_plan(at, |plan| {
                    if plan.base.is_none() {
                        plan.base = course.map(Arc::new);
                    }
                    (plan.stage, plan.since, plan.signals) = (*stage, place.ts, 0);
                });
            }
            CaseEvent::Finished { .. } => {
                self.now.cases.change_plan(at, |plan| plan.state = PlanState::Finished);
            }
            CaseEvent::FellBack { .. } => {
                self.now.cases.change_plan(at, |plan| plan.state = PlanState::FellBack);
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes an event into the case it names, and into the plan it touches.
    pub(super) fn file(&mut self, place: Place<'_>, event: &Event) {
        self.file_beside(place, event);
        let case = event.case().and_then(|id| CaseId::new(id).ok());
        let Some(at) = case.and_then(|id| self.now.cases.at(&id)) else { return };
        let subject = match event {
            Event::SignalRaised { partner, .. } => Some(SubjectId::Partner(partner.clone())),
            Event::Case(event) => event.stages().cloned().map(SubjectId::Partner),
            other => concerned(other),
        };
        self.now.cases.change(at, |case| {
            case.revision = place.revision;
            if matches!(event, Event::SignalRaised { .. }) {
                case.signals.push(place.revision);
            }
            if case.timeline.len() < TIMELINE_MAX {
                case.timeline.push(place.revision);
            }
            if let Some(subject) = subject
                && case.subjects.len() < LINKS_MAX
                && !case.subjects.contains(&subject)
            {
                case.subjects.push(subject);
            }
        });
    }

    fn file_beside(&mut self, place: Place<'_>, event: &Event) {
        match event {
            Event::SignalRaised { partner, then, .. } if !then.is_empty() => {
                let Some(at) = self.now.partner_ix(partner) else { return };
                self.with_plan(at, |plan| {
                    if plan.is_under_way() {
                        plan.signals = plan.signals.saturating_add(1);
                    }
                });
            }
            Event::Standing(event) => self.stood_beside(place, event),
            _ => {}
        }
    }

    /// What a step means for the plan of its partner: it is one of the plan's, or ends it.
    fn stood_beside(&mut self, place: Place<'_>, event: &StandingEvent) {
        let Some((to, stood)) = event.stood() else { return };
        let Some(at) = self.now.subject_ix(&stood.subject) else { return };
        let Some(partner) = self.now.partner_of(at) else { return };
        let whole = at == SubjectIx::Partner(partner);
        self.with_plan(partner, |plan| {
            if !whole {
                if stood.by_plan {
                    plan.held.retain(|(held, _)| *held != at);
                    if to == StandingName::Suspended {
                        plan.held.push((at, place.revision));
                    }
                }
                return;
            }
            let waits =
                plan.stage == 0 && matches!(to, StandingName::Suspended | StandingName::Restricted);
            if plan.state == PlanState::Running && !stood.by_plan && !waits {
                plan.state = PlanState::Overtaken;
            }
        });
    }

    fn with_plan(
        &mut self,
        partner: portcullis_types::PartnerIx,
        how: impl FnOnce(&mut PlanRecord),
    ) {
        if let Some(at) = self.now.cases.plans.get(&partner).copied() {
            self.now.cases.change_plan(at as usize, |plan| {
                if plan.partner == partner {
                    how(plan);
                }
            });
        }
    }

    fn stop_clock(&mut self, id: &CaseId) {
        if let Some(case) = self.now.cases.find(id) {
            let at = case.review.at;
            self.case_clocks.remove(&(at, id.clone()));
        }
    }

    fn start_clock(&mut self, id: &CaseId) {
        let running = self.now.cases.find(id).filter(|case| !case.review.ran_out);
        if let Some(case) = running.filter(|case| case.closed.is_none()) {
            self.case_clocks.insert((case.review.at, id.clone()));
        }
    }
}
