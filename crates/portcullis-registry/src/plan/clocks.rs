//! What is due, and what follows when time is over: each clock acts once, by the gate's own name.

use portcullis_types::{StandingName, Wall};

use super::standing::{Why, ahead, later};
use crate::commands::Command;
use crate::events::Event;
use crate::people::PeopleRejected;
use crate::records::SubjectIx;
use crate::rejected::Rejected;
use crate::standing::{
    ClockName, Course, KeyEvent, REVIEW_DAYS_MAX, StandingCommand, StandingEvent, StandingRejected,
    Stood, Who, took_nothing,
};
use crate::state::{Planned, State};
use crate::texts;
use crate::words::{Actor, ActorKind, SubjectId};

/// Most that is done at once, so that a long pause does not keep commands waiting.
const AT_ONCE: usize = 256;

impl State {
    /// What time has run out for, oldest first: to be carried out by [`Actor::clock`].
    #[must_use]
    pub fn due(&self, now: Wall) -> Vec<Command> {
        let over = self.clocks.iter().take_while(|(at, ..)| *at <= now).take(AT_ONCE);
        let over = over.filter_map(|(at, subject, clock)| {
            let subject = self.now.subject_id(*subject)?;
            let (clock, at) = (*clock, *at);
            Some(Command::Standing(StandingCommand::RunOut { subject, clock, at }))
        });
        over.chain(self.people_due(now))
            .chain(self.cases_due(now).map(Command::Case))
            .chain(self.answers_due(now))
            .chain(self.changes_due(now))
            .chain(self.deletions_due(now))
            .collect()
    }

    pub(super) fn standing(
        &self,
        by: &Actor,
        command: &StandingCommand,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        match command {
            StandingCommand::Ratify { subject, why } => self.ratify(by, subject, why),
            StandingCommand::ExtendReview { subject, review_by, reason, tell, case } => {
                let why = self.why(reason, tell, case.as_deref())?;
                self.extend(subject, *review_by, why, now)
            }
            StandingCommand::Acknowledge { subject, why } => self.acknowledge(subject, why),
            StandingCommand::RunOut { subject, clock, at } => {
                if Who::of(by) != Who::Clock {
                    return Err(StandingRejected::NotTheClock.into());
                }
                let found = self.now.subject_ix(subject);
                let due =
                    *at <= now && found.is_some_and(|ix| self.clocks.contains(&(*at, ix, *clock)));
                match found.filter(|_| due) {
                    Some(ix) => self.run_out(subject, ix, *clock, *at),
                    None => Err(StandingRejected::NotDue { subject: subject.clone() }.into()),
                }
            }
        }
    }

    fn ratify(&self, by: &Actor, subject: &SubjectId, why: &str) -> Result<Planned, Rejected> {
        let course = self.now.course(self.standing_of(subject)?);
        let nothing = || StandingRejected::NothingToRatify { subject: subject.clone() };
        let course = course.filter(|course| course.ratify.is_some()).ok_or_else(nothing)?;
        if by.kind == ActorKind::Gate || !by.is_somebody_else(&course.by) {
            let (subject, by) = (subject.clone(), course.by.id.clone());
            return Err(StandingRejected::RatifyOwn { subject, by }.into());
        }
        // A token of nobody may be in the same hands.
        match (by.kind, course.by.kind) {
            _ if !self.now.people.rule.two_persons => {}
            (ActorKind::Token, _) => {
                return Err(PeopleRejected::NotAPerson { token: by.id.clone() }.into());
            }
            (ActorKind::Person, ActorKind::Person) => self.two_persons(by, &course.by)?,
            _ => {}
        }
        let why = texts::words("reason", why)?;
        let what = format!("the hold on {subject} confirmed: it stays until it is lifted");
        let event = StandingEvent::Ratified { subject: subject.clone(), why };
        Ok(Planned::one(Event::Standing(event), what))
    }

    fn extend(
        &self,
        subject: &SubjectId,
        review_by: Wall,
        why: Why<'_>,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let at = self.standing_of(subject)?;
        let review = self.now.course(at).and_then(|course| course.review);
        let nothing = || StandingRejected::NothingToReview { subject: subject.clone() };
        let review = review.ok_or_else(nothing)?;
        ahead("review date", Some(review_by), now)?;
        let most = later(now, REVIEW_DAYS_MAX);
        if review_by > most {
            let (at, days) = (review_by, REVIEW_DAYS_MAX);
            return Err(StandingRejected::ReviewTooFar { at, most, days }.into());
        }
        if review_by <= review.at {
            let (subject, at) = (subject.clone(), review.at);
            return Err(StandingRejected::NotLater { subject, at }.into());
        }
        let what = format!("the hold on {subject} is looked at again by {}", review_by.rfc3339());
        let (reason, tell, case) = (why.reason.clone(), why.tell, why.case);
        let subject = subject.clone();
        let event = StandingEvent::Extended { subject, review_by, reason, tell, case };
        Ok(Planned::one(Event::Standing(event), what))
    }

    fn acknowledge(&self, subject: &SubjectId, why: &str) -> Result<Planned, Rejected> {
        let course = self.now.course(self.standing_of(subject)?);
        if course.and_then(|course| course.acknowledge).is_none() {
            return Err(StandingRejected::NothingToAcknowledge { subject: subject.clone() }.into());
        }
        let why = texts::words("reason", why)?;
        let what = format!("the warning of {subject} was acknowledged");
        let event = StandingEvent::Acknowledged { subject: subject.clone(), why };
        Ok(Planned::one(Event::Standing(event), what))
    }

    fn run_out(
        &self,
        subject: &SubjectId,
        ix: SubjectIx,
        clock: ClockName,
        at: Wall,
    ) -> Result<Planned, Rejected> {
        let course = self.now.course(ix);
        if let (ClockName::Ratification, Some(course)) = (clock, course)
            && let Some(planned) = fall_back(subject, ix, course)
        {
            return Ok(planned);
        }
        let date = at.rfc3339();
        let (event, what) = match (clock, subject) {
            (ClockName::KeyStart, SubjectId::Key(key)) => (
                Event::Credential(KeyEvent::Activated { key: key.clone() }),
                format!("{subject} works since {date}"),
            ),
            (ClockName::KeyEnd, SubjectId::Key(key)) => (
                Event::Credential(KeyEvent::Expired { key: key.clone(), at }),
                format!("{subject} ended on {date}"),
            ),
            _ => {
                let before = course.map(|course| course.from).filter(|from| !took_nothing(*from));
                let stays = match before {
                    Some(from) => format!("it was {} before", from.name()),
                    None => "nothing is named to fall back to".to_owned(),
                };
                let stays = format!("was not confirmed by anybody else, and stays since {stays}");
                let what = match clock {
                    ClockName::Ratification => stays.as_str(),
                    ClockName::Review => "was to be looked at again, and stays",
                    ClockName::Acknowledgement => "has not acknowledged its warning",
                    ClockName::Notice => "had its notice, and may be ended now",
                    ClockName::Declaration => "was to be asked again what it declared",
                    ClockName::KeyStart | ClockName::KeyEnd => "has a clock of a key",
                };
                let subject_ = subject.clone();
                let event = StandingEvent::RanOut { subject: subject_, clock, at };
                (Event::Standing(event), format!("{subject} {what} (by {date})"))
            }
        };
        Ok(Planned::one(event, what))
    }
}

/// A hold that nobody confirmed closes less from here on.
fn fall_back(subject: &SubjectId, ix: SubjectIx, course: &Course) -> Option<Planned> {
    let closes = course.falls_back_to()?;
    let notice = &course.notice;
    let (reason, tell) = (notice.reason.clone(), notice.tell.to_string());
    let mut stood = Stood::new(subject.clone(), course.state, reason, tell);
    stood.keep(notice);
    let what = format!("{subject}: nobody else confirmed the hold, so only {closes} stay closed");
    stood.closes = closes;
    stood.ran_out = Some(ClockName::Ratification);
    // What is left of the hold rests on its reasons.
    stood.statement = course.statement.as_deref().map(str::to_owned);
    stood.review_by = course.review.filter(|clock| !clock.ran_out).map(|clock| clock.at);
    let event = Event::Standing(StandingEvent::step(StandingName::Restricted, stood));
    Some(Planned { widens: Some(ix), ..Planned::one(event, what) })
}
