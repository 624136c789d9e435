//! What happens beside the stages of a way back: a signal breaks them off, somebody takes a step by
//! hand, a client or key comes to be, a partner attests.

use std::sync::Arc;

use portcullis_types::{
    ClassName, ClientId, Closes, Effect, Notice, PartnerId, PartnerIx, Revision, StandingName, Wall,
};

use super::later;
use super::staged::{Like, loose_keys_open};
use crate::cases::{ATTESTATION_BYTES_MAX, CaseEvent, CaseRejected, PlanRecord, PlanState};
use crate::events::Event;
use crate::office::NarrowKind;
use crate::records::SubjectIx;
use crate::rejected::Rejected;
use crate::standing::{Course, REVIEW_DAYS_MAX, StandingEvent, Stood};
use crate::state::{Blob, Narrowing, Place, Planned, State};
use crate::words::{Actor, ImportedKey, SubjectId};

impl State {
    /// What follows a signal during a stage: all of it is as it was before the first one.
    /// `held`: the signal puts the partner on hold by itself; what closed all before is put back
    /// nevertheless, so that nobody loses what was confirmed.
    pub(in crate::plan) fn broken_off(
        &self,
        partner: PartnerIx,
        classes: &[ClassName],
        held: bool,
        (by, now): (&Actor, Wall),
    ) -> Option<Planned> {
        let (record, plan) = self.now.cases.plan_of(partner)?;
        let stage = plan.current().filter(|_| plan.is_under_way())?;
        if plan.signals < stage.exit.signals {
            return None;
        }
        let (base, case) = (plan.base.as_deref()?, &record.id);
        let subject = self.partner_subject(partner).ok()?;
        let id = self.now.partner(partner)?.id.clone();
        let fell = CaseEvent::FellBack { case: case.clone(), partner: id, stage: plan.stage };
        let what = format!("stage {} (`{}`) of case `{case}` broken off", plan.stage, stage.name);
        let mut planned = Planned::one(fell.into(), what);
        if !held || base.notice.closes == Closes::All {
            let mut stood = again(base, subject, now);
            stood.case = Some(case.to_string());
            if !classes.iter().all(|class| bars(base, class)) {
                stood.closes = Closes::All;
            }
            let place = Place { revision: Revision(0), ts: now, by, approver: None };
            let notice = stood.notice(base.state, place);
            let notice = Arc::new(Notice { revision: None, ..notice });
            let (at, kind) = (SubjectIx::Partner(partner), NarrowKind::Hold);
            planned.narrows = Some(Narrowing { subject: at, kind, notice });
            planned.what = format!("{}; {} closed again", planned.what, stood.closes);
            planned.events.push(Event::Standing(StandingEvent::step(base.state, stood)));
        }
        let (reason, tell) = (base.notice.reason.clone(), base.notice.tell.to_string());
        let like = Like { base, reason, tell, case, now };
        planned.events.extend(self.given_back(plan, &like));
        Some(planned)
    }

    /// What the plan of a partner still keeps on hold, given back.
    fn given_back(&self, plan: &PlanRecord, like: &Like<'_>) -> Vec<Event> {
        let kept = plan.held.iter().filter(|(at, _)| self.is_kept(plan, *at));
        let ids = kept.filter_map(|(at, _)| self.now.subject_id(*at));
        ids.map(|id| like.opened(&id)).collect()
    }

    /// A step by hand beside a plan: what it may not undo, and what it takes along.
    pub(super) fn beside_plan(
        &self,
        subject: &SubjectId,
        (at, to): (SubjectIx, StandingName),
        stood: &Stood,
        now: Wall,
    ) -> Result<Vec<Event>, Rejected> {
        let Some(partner) = self.now.partner_of(at) else { return Ok(Vec::new()) };
        let Some((record, plan)) = self.now.cases.plan_of(partner) else { return Ok(Vec::new()) };
        let (case, subject) = (record.id.clone(), subject.clone());
        let whole = at == SubjectIx::Partner(partner);
        let narrower = matches!(
            to,
            StandingName::Suspended | StandingName::Terminating | StandingName::Terminated
        );
        if !whole && plan.is_under_way() && !narrower && self.is_kept(plan, at) {
            return Err(CaseRejected::HeldByPlan { subject, case }.into());
        }
        if whole && plan.state == PlanState::Running && to == StandingName::Probation {
            let partner = self.now.partner(partner).map(|partner| partner.id.clone());
            let partner = partner.ok_or(Rejected::Full("partners"))?;
            return Err(CaseRejected::PlanRunning { case, partner }.into());
        }
        if !whole || to != StandingName::Good {
            return Ok(Vec::new());
        }
        let Ok(base) = self.base(plan) else { return Ok(Vec::new()) };
        let (reason, tell) = (stood.reason.clone(), stood.tell.clone());
        let like = Like { base: &base, reason, tell, case: &case, now };
        Ok(self.given_back(plan, &like))
    }

    /// A client or key that comes to be while a stage is for some clients only stays outside, too.
    pub(in crate::plan) fn outside_too(&self, planned: &mut Planned, now: Wall) {
        let closed: Vec<Event> =
            planned.events.iter().filter_map(|event| self.left_outside(event, now)).collect();
        if !closed.is_empty() {
            planned
                .what
                .push_str("; closed meanwhile by the plan that brings access back in stages");
        }
        planned.events.extend(closed);
    }

    /// Imported keys have no client, so that a stage for some could not leave them out.
    pub(in crate::plan) fn none_staged(&self, keys: &[ImportedKey]) -> Result<(), Rejected> {
        for at in self.now.cases.plans.keys() {
            let plan = self.now.cases.plan_of(*at).filter(|(_, plan)| plan.is_under_way());
            let (Some((record, _)), Some(partner)) = (plan, self.now.partner(*at)) else {
                continue;
            };
            if keys.iter().any(|key| key.partner == partner.id) {
                let (case, partner) = (record.id.clone(), partner.id.clone());
                return Err(CaseRejected::PlanRunning { case, partner }.into());
            }
        }
        Ok(())
    }

    fn left_outside(&self, event: &Event, now: Wall) -> Option<Event> {
        let (partner, id) = match event {
            Event::ClientAdded { client, partner, .. } => {
                (partner, SubjectId::Client(client.clone()))
            }
            Event::KeyIssued { key, partner, client: None, .. } => {
                (partner, SubjectId::Key(key.clone()))
            }
            _ => return None,
        };
        let (record, plan) = self.now.cases.plan_of(self.now.partner_ix(partner)?)?;
        let stage = plan.current().filter(|_| plan.is_under_way())?;
        let open = match &id {
            SubjectId::Client(id) => stage.cohort.has(id),
            _ => loose_keys_open(plan, &stage.cohort),
        };
        let base = plan.base.as_deref()?;
        let (reason, tell) = (base.notice.reason.clone(), base.notice.tell.to_string());
        let like = Like { base, reason, tell, case: &record.id, now };
        (!open).then(|| like.closed(&id, StandingName::Good))
    }

    /// What a partner attests, which a plan asks for.
    pub(in crate::plan) fn attest(
        &self,
        partner: &PartnerId,
        client: Option<&ClientId>,
        text: &str,
    ) -> Result<Planned, Rejected> {
        let (at, _) = self.known_partner(partner)?;
        let running = |plan: &PlanRecord| plan.state == PlanState::Running;
        let plan = self.now.cases.plan_of(at).filter(|(_, plan)| running(plan));
        let asked = plan.iter().flat_map(|(_, plan)| plan.plan.asked());
        let of = client
            .map_or_else(|| format!("by partner `{partner}`"), |id| format!("for client `{id}`"));
        let mut asked: Vec<String> = asked.map(|id| format!("client `{id}`")).collect();
        asked.dedup();
        let named = client.map(|id| format!("client `{id}`"));
        let (record, plan) = match plan.filter(|_| named.is_some_and(|id| asked.contains(&id))) {
            Some(found) => found,
            None => return Err(CaseRejected::NotAsked { of, asked }.into()),
        };
        if let Some((at, _)) = plan.attested.get(&client.cloned()) {
            return Err(CaseRejected::AttestedAlready(*at).into());
        }
        let (text, max) = (text.trim(), ATTESTATION_BYTES_MAX);
        if text.is_empty() {
            return Err(CaseRejected::Empty("attestation").into());
        }
        if text.len() > max {
            return Err(Rejected::TextTooLong { what: "attestation", bytes: text.len(), max });
        }
        let blob = Blob::new(text.as_bytes().to_vec());
        let what = format!("attestation {of} taken down");
        let (case, partner, client) = (record.id.clone(), partner.clone(), client.cloned());
        let event = CaseEvent::Attested { case, partner, client, text: blob.sha256.clone() };
        Ok(Planned { blobs: vec![blob], ..Planned::one(event.into(), what) })
    }
}

/// What held before, from now on.
fn again(base: &Course, subject: SubjectId, now: Wall) -> Stood {
    let (reason, tell) = (base.notice.reason.clone(), base.notice.tell.to_string());
    let mut stood = Stood::new(subject, StandingName::Probation, reason, tell);
    stood.keep(&base.notice);
    stood.fallback = base.fallback.to_vec();
    stood.by_plan = true;
    // What holds again rests on the reasons it had.
    stood.statement = base.statement.as_deref().map(str::to_owned);
    let reviewed = base.state == StandingName::Suspended;
    stood.review_by = reviewed.then(|| later(now, REVIEW_DAYS_MAX));
    stood
}

/// Whether what held before closes a class to reads and writes.
fn bars(base: &Course, class: &ClassName) -> bool {
    [Effect::Read, Effect::Write]
        .into_iter()
        .all(|effect| base.notice.closes.bars(class.as_str(), effect))
}
