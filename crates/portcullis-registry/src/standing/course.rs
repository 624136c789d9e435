//! What the state keeps of a standing that is not plainly good: the notice, who brought it about and
//! the clocks that run.

use std::sync::Arc;

use portcullis_types::{ClassName, Closes, Notice, StandingName, Wall};

use super::{ClockName, Stood, Who};
use crate::state::Place;
use crate::words::Actor;

/// A moment by which something is to happen, and whether it passed.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct Clock {
    /// By when.
    pub at: Wall,
    /// Whether it ran out, and an event said so.
    pub ran_out: bool,
}

impl Clock {
    fn to(at: Option<Wall>) -> Option<Self> {
        at.map(|at| Self { at, ran_out: false })
    }
}

/// How a partner or client came to its standing, and what is due.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Course {
    /// The standing.
    pub state: StandingName,
    /// What stood before.
    pub from: StandingName,
    /// Which stage of the way back.
    pub stage: Option<u8>,
    /// What the partner is told, and what is closed.
    pub notice: Arc<Notice>,
    /// Digest of its statement of reasons.
    pub statement: Option<Arc<str>>,
    /// Who brought it about.
    pub by: Actor,
    /// What stays closed of a hold that nobody confirms.
    pub fallback: Arc<[ClassName]>,
    /// By when somebody else confirms the hold; none: nobody need, or somebody did.
    pub ratify: Option<Clock>,
    /// When it is looked at again.
    pub review: Option<Clock>,
    /// By when the warning is acknowledged.
    pub acknowledge: Option<Clock>,
    /// When access may end.
    pub until: Option<Clock>,
}

impl Course {
    /// What holds after a change; none: plainly good.
    pub(crate) fn after(
        old: Option<&Self>,
        to: StandingName,
        stood: &Stood,
        place: Place<'_>,
    ) -> Option<Self> {
        // What is closed meanwhile does not stop the notice.
        let meanwhile = old.filter(|old| {
            old.state == StandingName::Terminating
                && matches!(to, StandingName::Restricted | StandingName::Suspended)
        });
        let state = meanwhile.map_or(to, |old| old.state);
        if state == StandingName::Good {
            return None;
        }
        let until = meanwhile.map_or_else(|| Clock::to(stood.until), |old| old.until);
        Some(Self {
            state,
            from: stood.from,
            stage: stood.stage,
            notice: Arc::new(stood.notice(state, place)),
            statement: stood.statement.as_deref().map(Arc::from),
            by: place.by.clone(),
            fallback: Arc::from(stood.fallback.as_slice()),
            ratify: Clock::to(stood.ratify_by),
            review: Clock::to(stood.review_by),
            acknowledge: Clock::to(stood.acknowledge_by),
            until,
        })
    }

    /// What the standing takes away; none where it takes nothing.
    pub(crate) fn narrows(&self) -> Option<&Arc<Notice>> {
        Some(&self.notice).filter(|notice| !notice.is_open())
    }

    /// What stays closed when nobody confirms the hold in time; none: the hold stays as it is.
    #[must_use]
    pub fn falls_back_to(&self) -> Option<Closes> {
        fall_back(&self.notice.closes, &self.fallback).filter(|_| took_nothing(self.from))
    }

    /// Whether one person alone may lift it: the gate brought it about, nobody confirmed it yet, and
    /// nothing that a person closed lies beneath it.
    #[must_use]
    pub fn liftable_by_one(&self) -> bool {
        self.ratify.is_some() && Who::of(&self.by) == Who::Signal && took_nothing(self.from)
    }

    /// The clock of that name.
    #[must_use]
    pub fn clock(&self, name: ClockName) -> Option<Clock> {
        match name {
            ClockName::Ratification => self.ratify,
            ClockName::Review => self.review,
            ClockName::Acknowledgement => self.acknowledge,
            ClockName::Notice => self.until,
            ClockName::Declaration | ClockName::KeyStart | ClockName::KeyEnd => None,
        }
    }

    /// Those of its clocks that still run.
    pub fn running(&self) -> impl Iterator<Item = (ClockName, Wall)> {
        let all = [
            ClockName::Ratification,
            ClockName::Review,
            ClockName::Acknowledgement,
            ClockName::Notice,
        ];
        let running = |name| self.clock(name).filter(|clock| !clock.ran_out);
        all.into_iter().filter_map(move |name| Some((name, running(name)?.at)))
    }

    /// Takes down that a clock ran out.
    pub(crate) fn ran_out(&mut self, name: ClockName) {
        let clock = match name {
            ClockName::Ratification => &mut self.ratify,
            ClockName::Review => &mut self.review,
            ClockName::Acknowledgement => &mut self.acknowledge,
            ClockName::Notice => &mut self.until,
            ClockName::Declaration | ClockName::KeyStart | ClockName::KeyEnd => return,
        };
        if let Some(clock) = clock {
            clock.ran_out = true;
        }
    }

    /// Puts the next look off.
    pub(crate) fn extend(&mut self, at: Wall) {
        self.review = Clock::to(Some(at));
        Arc::make_mut(&mut self.notice).review_by = Some(at);
    }
}

impl Stood {
    /// What the partner is told.
    pub(crate) fn notice(&self, state: StandingName, place: Place<'_>) -> Notice {
        Notice {
            state,
            closes: self.closes.clone(),
            even: Arc::from(self.even.as_slice()),
            factor: self.factor,
            since: place.ts,
            reason: self.reason.clone(),
            tell: Arc::from(self.tell.as_str()),
            revision: Some(place.revision),
            review_by: self.review_by,
        }
    }
}

/// What stays of a hold with that fallback.
pub(crate) fn fall_back(closes: &Closes, fallback: &[ClassName]) -> Option<Closes> {
    match (closes, fallback.is_empty()) {
        (Closes::All, false) => Some(Closes::Classes(fallback.into())),
        (Closes::Reads | Closes::ReadsOf(_), false) => Some(Closes::ReadsOf(fallback.into())),
        (Closes::ReadsOf(classes), true) => Some(Closes::ReadsOf(Arc::clone(classes))),
        _ => None,
    }
}

/// Whether nothing is lost when a hold of who stood like this gives way.
pub(crate) fn took_nothing(from: StandingName) -> bool {
    matches!(from, StandingName::Good | StandingName::Warned)
}
