//! Steps of a standing: whether the table allows them, what must be given, what is told.

mod beside;
mod given;
mod staged;
mod told;

use std::sync::Arc;

use portcullis_types::{Closes, Notice, ReasonCode, Revision, StandingName, Wall};

use crate::events::Event;
use crate::office::NarrowKind;
use crate::records::SubjectIx;
use crate::rejected::Rejected;
use crate::standing::{
    ACKNOWLEDGE_DAYS, Clock, Course, RATIFY_PERSON, RATIFY_SIGNAL, REVIEW_DAYS_MAX, STAGES_MAX,
    StandingEvent, StandingRejected, Stood, Who, Wish, cell, possible,
};
use crate::state::{Narrowing, Place, Planned, State};
use crate::texts;
use crate::words::{Actor, SubjectId};
use given::shaped;
pub(super) use given::{ahead, later};

impl State {
    pub(super) fn stand(
        &self,
        by: &Actor,
        (subject, to): (&SubjectId, &Wish),
        why: Why<'_>,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let at = self.standing_of(subject)?;
        let from = self.state_of(at);
        allowed(subject, from, to.name(), Who::of(by))?;
        let old = self.now.course(at);
        // One that was put in force again has lost its statement: it is given one without being lifted.
        let tells = why.stated && self.now.untold(at);
        let stood = self.new_standing(by, (subject, at, from), to, why, now)?;
        let to = to.name();
        let beside = self.beside_plan(subject, (at, to), &stood, now)?;
        if !tells {
            self.changes(subject, (at, old), (to, &stood))?;
        }
        let place = Place { revision: Revision(0), ts: now, by, approver: None };
        let state = if from == StandingName::Terminating && meanwhile(to) { from } else { to };
        let notice = Notice { revision: None, ..stood.notice(state, place) };
        let before = self.now.notice(at);
        let open = |notice: &Notice| notice.is_open();
        let tighter = before.is_none_or(|before| notice.covers(before));
        let narrows = (tighter && !open(&notice)).then(|| Narrowing {
            subject: at,
            kind: NarrowKind::Hold,
            notice: Arc::new(notice.clone()),
        });
        let more = before.is_none_or(|before| !before.covers(&notice));
        if to == StandingName::Probation && narrows.is_some() && more {
            return Err(StandingRejected::ProbationNarrows { subject: subject.clone() }.into());
        }
        // What a plan kept on hold beside it comes back with it, however it stands itself.
        let widens = (!tighter || !beside.is_empty()).then_some(at);
        let (what, undo) = (self.told(at, to, &stood, now), self.undo_of(at, to, subject, old));
        let mut planned = Planned::one(Event::Standing(StandingEvent::step(to, stood)), what);
        planned.events.extend(beside);
        Ok(Planned { narrows, widens, undo, ..planned })
    }

    /// The whole new standing, with its clocks.
    fn new_standing(
        &self,
        by: &Actor,
        (subject, at, from): (&SubjectId, SubjectIx, StandingName),
        to: &Wish,
        why: Why<'_>,
        now: Wall,
    ) -> Result<Stood, Rejected> {
        let old = self.now.course(at);
        let mut stood = why.stood(subject, from);
        match to {
            Wish::Good => {}
            Wish::Terminated => stood.ended(old, now)?,
            Wish::Warned { acknowledge_by } => {
                let usual = later(now, ACKNOWLEDGE_DAYS);
                stood.acknowledge_by = Some(ahead("date", *acknowledge_by, now)?.unwrap_or(usual));
            }
            Wish::Restricted { classes, factor } => {
                if classes.is_empty() && factor.is_none() {
                    return Err(StandingRejected::RestrictsNothing.into());
                }
                stood.closed(classes);
                stood.factor = *factor;
            }
            Wish::Suspended { closes, even, fallback, review_by } => {
                shaped(subject, closes, even, fallback)?;
                stood.held(closes, even, fallback, old);
                // Another shape is no way to put off what is due.
                let sooner = |new: Option<Wall>, old: Option<Clock>| {
                    let old = old.filter(|clock| !clock.ran_out).map(|clock| clock.at);
                    new.map(|new| old.map_or(new, |old| old.min(new)))
                };
                let (ratify, review) = old.map(|old| (old.ratify, old.review)).unwrap_or_default();
                stood.review_by = sooner(self.review(at, *review_by, now)?, review);
                stood.ratify_by = sooner(self.ratification(by, at, now), ratify);
            }
            Wish::Terminating { until } => stood.ending(*until, old, now)?,
            Wish::Probation { stage, classes, factor } => {
                let before = old.and_then(|old| old.stage).unwrap_or(0);
                if *stage == 0 || *stage > STAGES_MAX || *stage > before + 1 {
                    let (stage, next) = (*stage, STAGES_MAX.min(before + 1));
                    return Err(StandingRejected::StageSkipped { stage, next }.into());
                }
                stood.closed(classes);
                (stood.factor, stood.stage) = (*factor, Some(*stage));
            }
        }
        Ok(stood)
    }

    /// A step to where one is already changes nothing; a hold may change its shape.
    fn changes(
        &self,
        subject: &SubjectId,
        (at, old): (SubjectIx, Option<&Course>),
        (to, new): (StandingName, &Stood),
    ) -> Result<(), Rejected> {
        let Some(notice) = old.map(|old| &*old.notice).or(self.now.notice(at)) else {
            return Ok(());
        };
        let same = notice.state == to
            && notice.closes == new.closes
            && *notice.even == *new.even
            && notice.factor == new.factor
            && old.is_none_or(|old| old.stage == new.stage);
        if !same || to == StandingName::Good {
            return Ok(());
        }
        let (since, reason) = (notice.since, notice.reason.clone());
        if to == StandingName::Suspended {
            return Err(Rejected::AlreadyHeld { subject: subject.clone(), since, reason });
        }
        Err(Rejected::NothingChanges(subject.clone()))
    }

    /// When a hold is looked at again. A key's own has no usual date: its partner's has one.
    fn review(
        &self,
        at: SubjectIx,
        review_by: Option<Wall>,
        now: Wall,
    ) -> Result<Option<Wall>, Rejected> {
        let review_by = ahead("review date", review_by, now)?;
        if matches!(at, SubjectIx::Key(_)) {
            return Ok(review_by);
        }
        let most = later(now, REVIEW_DAYS_MAX);
        match review_by {
            Some(at) if at > most => {
                Err(StandingRejected::ReviewTooFar { at, most, days: REVIEW_DAYS_MAX }.into())
            }
            given => Ok(Some(given.unwrap_or(most))),
        }
    }

    /// By when somebody else confirms a hold; none: nobody need.
    fn ratification(&self, by: &Actor, at: SubjectIx, now: Wall) -> Option<Wall> {
        let within = match (Who::of(by), at) {
            (_, SubjectIx::Key(_)) => return None,
            (Who::Signal | Who::Clock, _) => RATIFY_SIGNAL,
            (Who::Person, _) if !self.now.people.rule.two_persons => return None,
            (Who::Person, _) => RATIFY_PERSON,
        };
        Some(Wall(now.0.saturating_add(within)))
    }

    /// Where a subject is; a key that ended has no standing to change.
    pub(super) fn standing_of(&self, subject: &SubjectId) -> Result<SubjectIx, Rejected> {
        Ok(match subject {
            SubjectId::Partner(id) => SubjectIx::Partner(self.known_partner(id)?.0),
            SubjectId::Client(id) => SubjectIx::Client(self.known_client(id)?.0),
            SubjectId::Key(id) => {
                let (at, record) = self.known_key(id)?;
                if record.credential.is_final() {
                    let since = record.ended.as_ref().map_or(record.issued, |notice| notice.since);
                    return Err(Rejected::RevokedNeverReturns { key: id.clone(), since });
                }
                SubjectIx::Key(at)
            }
        })
    }

    pub(super) fn state_of(&self, at: SubjectIx) -> StandingName {
        let course = self.now.course(at).map(|course| course.state);
        course.or(self.now.notice(at).map(|notice| notice.state)).unwrap_or_default()
    }

    /// A wider hold that keeps a subject refused although its own is lifted.
    pub(super) fn still_held_by(&self, at: SubjectIx) -> Option<SubjectId> {
        let (partner, client) = match at {
            SubjectIx::Partner(_) => return None,
            SubjectIx::Client(at) => (self.now.client(at)?.partner, None),
            SubjectIx::Key(at) => (self.now.key(at)?.partner, self.now.key(at)?.client),
        };
        let partner = self.now.partner(partner)?;
        if shut(partner.narrowed.as_ref()) {
            return Some(SubjectId::Partner(partner.id.clone()));
        }
        let client = self.now.client(client?)?;
        shut(client.narrowed.as_ref()).then(|| SubjectId::Client(client.id.clone()))
    }
}

/// Whether the table has the step, and lets these take it.
fn allowed(
    subject: &SubjectId,
    from: StandingName,
    to: StandingName,
    who: Who,
) -> Result<(), Rejected> {
    let key = matches!(subject, SubjectId::Key(_));
    if key && !matches!(to, StandingName::Good | StandingName::Suspended) {
        return Err(StandingRejected::KeyOnlyHeld { subject: subject.clone(), to }.into());
    }
    if (from, to) == (StandingName::Good, StandingName::Good) {
        return Err(Rejected::NotHeld(subject.clone()));
    }
    if cell(from, to).lets(who) {
        return Ok(());
    }
    let (subject, can) = (subject.clone(), possible(from, who));
    if who != Who::Person && cell(from, to).lets(Who::Person) {
        return Err(StandingRejected::OnlyAPerson { subject, from, to }.into());
    }
    Err(StandingRejected::NotFromHere { subject, from, to, can }.into())
}

/// Whether nothing but continuity classes is open.
pub(super) fn shut(notice: Option<&Arc<Notice>>) -> bool {
    notice.is_some_and(|notice| notice.closes == Closes::All)
}

/// Whether a step leaves a notice running.
fn meanwhile(to: StandingName) -> bool {
    matches!(to, StandingName::Restricted | StandingName::Suspended)
}

/// Reason, text and case, checked.
pub(super) struct Why<'a> {
    pub(super) reason: &'a ReasonCode,
    pub(super) tell: String,
    pub(super) case: Option<String>,
    /// Whether a statement of reasons comes with it.
    pub(super) stated: bool,
}

impl State {
    pub(super) fn why<'a>(
        &self,
        reason: &'a ReasonCode,
        tell: &str,
        case: Option<&str>,
    ) -> Result<Why<'a>, Rejected> {
        self.now.reasons.find(reason)?;
        let case = case.map(|case| texts::label("case", case)).transpose()?;
        let case = case.filter(|case| !case.is_empty());
        Ok(Why { reason, tell: texts::tell(tell)?, case, stated: false })
    }
}

impl Why<'_> {
    pub(super) fn notice(&self, since: Wall) -> Notice {
        Notice::hold(since, self.reason.clone(), Arc::from(self.tell.as_str()))
    }

    fn stood(self, subject: &SubjectId, from: StandingName) -> Stood {
        let Self { reason, tell, case, .. } = self;
        Stood { case, ..Stood::new(subject.clone(), from, reason.clone(), tell) }
    }
}
