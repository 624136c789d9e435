//! The way back in stages: what each stage gives back and to whom, and when the next may follow.
//!
//! Clients outside a stage keep a hold of their own, made and lifted in the same write as the stage.

use portcullis_types::{CaseId, ClientId, PartnerIx, ReasonCode, StandingName, Wall};

use super::{allowed, later};
use crate::cases::{
    CaseEvent, CaseRecord, CaseRejected, Cohort, PlanRecord, PlanState, STAGE_SUBJECTS_MAX, Stage,
};
use crate::events::Event;
use crate::records::{Credential, SubjectIx};
use crate::rejected::Rejected;
use crate::standing::{Course, REVIEW_DAYS_MAX, StandingEvent, Stood, Who, Wish};
use crate::state::{Planned, State};
use crate::words::{Actor, SubjectId};

/// Reason and text of a step.
type Told<'a> = (&'a ReasonCode, &'a String);

impl State {
    /// Takes the next stage, once what must be so is so.
    pub(in crate::plan) fn stage(
        &self,
        by: &Actor,
        (case, number): (&CaseId, u8),
        told: Told<'_>,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let record = self.open_case(case.as_str())?;
        let plan = running(record)?;
        let Some(stage) = plan.plan.stage(number).filter(|_| number == plan.stage + 1) else {
            return Err(skipped(record, plan, format!("stage {number}")).into());
        };
        let next = format!("stage {number} (`{}`)", stage.name);
        self.ready(plan, &next, &stage.entry.attestation, now)?;
        let partner = self.partner_subject(plan.partner)?;
        let at = SubjectIx::Partner(plan.partner);
        let from = self.state_of(at);
        if plan.stage == 0 && !matches!(from, StandingName::Suspended | StandingName::Restricted) {
            return Err(CaseRejected::NothingToStage { subject: partner, state: from }.into());
        }
        allowed(&partner, from, StandingName::Probation, Who::of(by))?;
        let why = self.why(told.0, told.1, Some(case.as_str()))?;
        let (classes, factor) = (stage.classes.clone(), stage.factor);
        let to = Wish::Probation { stage: number, classes, factor };
        let mut stood = self.new_standing(by, (&partner, at, from), &to, why, now)?;
        stood.by_plan = true;
        let what = self.told(at, StandingName::Probation, &stood, now);
        let (reason, tell) = (stood.reason.clone(), stood.tell.clone());
        let base = self.base(plan)?;
        let like = Like { base: &base, reason, tell, case, now };
        let sides = self.sides(plan, stage, &like)?;
        let counts = format!(
            "{} of its clients and keys stay on hold, {} are given back",
            sides.closed, sides.opened
        );
        let partner = self.now.partner(plan.partner).map(|record| record.id.clone());
        let partner = partner.ok_or(Rejected::Full("partners"))?;
        let (case, name) = (case.clone(), stage.name.clone());
        let staged = CaseEvent::Staged { case, partner, stage: number, name };
        let step = Event::Standing(StandingEvent::step(StandingName::Probation, stood));
        let mut planned = Planned::one(staged.into(), format!("{next}: {what}; {counts}"));
        planned.events.push(step);
        planned.events.extend(sides.events);
        Ok(Planned { widens: Some(at), ..planned })
    }

    /// Gives all back, once the last stage is over.
    pub(in crate::plan) fn finish(
        &self,
        by: &Actor,
        case: &CaseId,
        told: Told<'_>,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let record = self.open_case(case.as_str())?;
        let plan = running(record)?;
        let last = plan.plan.len();
        if plan.stage != last {
            return Err(skipped(record, plan, "the end".to_owned()).into());
        }
        self.ready(plan, "the end of the plan", &[], now)?;
        let subject = self.partner_subject(plan.partner)?;
        let SubjectId::Partner(partner) = &subject else { return Err(Rejected::Full("partners")) };
        let finished = CaseEvent::Finished { case: case.clone(), partner: partner.clone() };
        let why = self.why(told.0, told.1, Some(case.as_str()))?;
        let mut planned = self.stand(by, (&subject, &Wish::Good), why, now)?;
        planned.events.insert(0, finished.into());
        planned.what = format!("the plan of case `{case}` is over: {}", planned.what);
        planned.undo = None;
        Ok(planned)
    }

    /// What must be so before the next stage, or the end, and is not.
    fn ready(
        &self,
        plan: &PlanRecord,
        next: &str,
        entry: &[ClientId],
        now: Wall,
    ) -> Result<(), Rejected> {
        let mut lacks = Vec::new();
        let mut attested: Vec<&ClientId> = entry.iter().collect();
        if let Some(stage) = plan.current() {
            let ends = stage.ends(plan.since);
            if now < ends {
                lacks.push(format!("stage `{}` lasts until {}", stage.name, ends.rfc3339()));
            }
            if plan.signals > stage.exit.signals {
                lacks.push(format!("{} signals since it began", plan.signals));
            }
            attested.extend(&stage.exit.attestation);
        }
        attested.dedup();
        let missing =
            attested.into_iter().filter(|id| !plan.attested.contains_key(&Some((*id).clone())));
        lacks.extend(missing.map(|id| format!("no attestation for client `{id}`")));
        if lacks.is_empty() {
            return Ok(());
        }
        Err(CaseRejected::CriteriaLack { next: next.to_owned(), lacks }.into())
    }

    /// What held before the first stage, and goes on for whom the stages leave out.
    pub(super) fn base(&self, plan: &PlanRecord) -> Result<Course, Rejected> {
        let held = plan.base.as_deref().or(self.now.course(SubjectIx::Partner(plan.partner)));
        held.cloned().ok_or(Rejected::Full("partners"))
    }

    /// What a stage does to clients, and to keys without one.
    fn sides(&self, plan: &PlanRecord, stage: &Stage, like: &Like<'_>) -> Result<Sides, Rejected> {
        let mut sides = Sides::default();
        let clients = self.now.clients().filter(|(_, client)| client.partner == plan.partner);
        for (at, client) in clients {
            let (at, id) = (SubjectIx::Client(at), SubjectId::Client(client.id.clone()));
            self.side(plan, (at, &id, stage.cohort.has(&client.id)), like, &mut sides)?;
        }
        let open = loose_keys_open(plan, &stage.cohort);
        let keys = self.now.keys().filter(|(_, key)| {
            key.partner == plan.partner && key.client.is_none() && !is_over(key.credential)
        });
        for (at, key) in keys {
            let (at, id) = (SubjectIx::Key(at), SubjectId::Key(key.id()));
            self.side(plan, (at, &id, open), like, &mut sides)?;
        }
        Ok(sides)
    }

    fn side(
        &self,
        plan: &PlanRecord,
        (at, id, open): (SubjectIx, &SubjectId, bool),
        like: &Like<'_>,
        sides: &mut Sides,
    ) -> Result<(), Rejected> {
        let kept = self.is_kept(plan, at);
        match (open, kept) {
            (true, true) => {
                sides.opened += 1;
                sides.events.push(like.opened(id));
            }
            (true, false) => {}
            (false, true) => sides.closed += 1,
            (false, false) => {
                match self.now.notice(at) {
                    // Somebody else closed as much or more.
                    Some(own) if own.covers(&like.base.notice) => return Ok(()),
                    Some(_) => {
                        return Err(CaseRejected::OwnStanding { subject: id.clone() }.into());
                    }
                    None => {}
                }
                sides.closed += 1;
                sides.events.push(like.closed(id, self.state_of(at)));
            }
        }
        if sides.events.len() > STAGE_SUBJECTS_MAX {
            return Err(Rejected::Full("clients and keys of one stage"));
        }
        Ok(())
    }

    /// Whether the hold on a client or key is the plan's, and nobody changed it since. A key that
    /// ended gets nothing back.
    pub(super) fn is_kept(&self, plan: &PlanRecord, at: SubjectIx) -> bool {
        let ended = |at| self.now.key(at).is_none_or(|key| is_over(key.credential));
        if matches!(at, SubjectIx::Key(at) if ended(at)) {
            return false;
        }
        let revision = self.now.notice(at).and_then(|notice| notice.revision);
        plan.held.iter().any(|(held, by)| *held == at && Some(*by) == revision)
    }

    pub(super) fn partner_subject(&self, at: PartnerIx) -> Result<SubjectId, Rejected> {
        let partner = self.now.partner(at).ok_or(Rejected::Full("partners"))?;
        Ok(SubjectId::Partner(partner.id.clone()))
    }
}

/// What a stage does beside its partner.
#[derive(Default)]
struct Sides {
    events: Vec<Event>,
    closed: usize,
    opened: usize,
}

/// How those outside a stage are held: as the partner was.
pub(super) struct Like<'a> {
    pub(super) base: &'a Course,
    pub(super) reason: ReasonCode,
    pub(super) tell: String,
    pub(super) case: &'a CaseId,
    pub(super) now: Wall,
}

impl Like<'_> {
    fn stood(&self, id: &SubjectId, from: StandingName) -> Stood {
        let stood = Stood::new(id.clone(), from, self.reason.clone(), self.tell.clone());
        Stood { case: Some(self.case.to_string()), by_plan: true, ..stood }
    }

    pub(super) fn opened(&self, id: &SubjectId) -> Event {
        let stood = self.stood(id, StandingName::Suspended);
        Event::Standing(StandingEvent::step(StandingName::Good, stood))
    }

    pub(super) fn closed(&self, id: &SubjectId, from: StandingName) -> Event {
        let notice = &self.base.notice;
        // The hold goes on, and so does what was said about it, and when it is looked at.
        let said = (notice.reason.clone(), notice.tell.to_string());
        let mut stood = Stood { reason: said.0, tell: said.1, ..self.stood(id, from) };
        stood.keep(notice);
        stood.statement = self.base.statement.as_deref().map(str::to_owned);
        let usual = later(self.now, REVIEW_DAYS_MAX);
        stood.review_by = self.base.review.map(|review| review.at).map(|at| {
            // What is over is looked at anew.
            if at > self.now { at } else { usual }
        });
        Event::Standing(StandingEvent::step(StandingName::Suspended, stood))
    }
}

pub(super) fn loose_keys_open(plan: &PlanRecord, cohort: &Cohort) -> bool {
    plan.plan.keys_without_client || !cohort.is_some_only()
}

fn is_over(credential: Credential) -> bool {
    credential.is_final() || credential == Credential::Expired
}

fn running(record: &CaseRecord) -> Result<&PlanRecord, CaseRejected> {
    let plan = record.plan.as_deref().filter(|plan| plan.state == PlanState::Running);
    plan.ok_or_else(|| CaseRejected::NoPlan(record.id.clone()))
}

fn skipped(record: &CaseRecord, plan: &PlanRecord, what: String) -> CaseRejected {
    let next = match plan.plan.stage(plan.stage.saturating_add(1)) {
        Some(next) => format!("{} (`{}`)", plan.stage.saturating_add(1), next.name),
        None => format!("the end: portcullis case finish {}", record.id),
    };
    CaseRejected::StageNext { case: record.id.clone(), what, next }
}
