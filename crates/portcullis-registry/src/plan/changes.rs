//! Changes with a day of their own: announced, called off, and weighed anew when their day comes.

use std::sync::Arc;

use portcullis_types::{Revision, StandingName, Wall};

use super::Planned;
use super::standing::{ahead, later};
use super::two::short;
use crate::agreement::{AgreementEvent, Narrowed, Told, Weighed};
use crate::changes::{
    CHANGE_DAYS_MAX, CHANGES_MAX, ChangeCommand, ChangeEvent, ChangeRejected, ScheduledChange,
};
use crate::commands::Command;
use crate::events::Event;
use crate::people::PeopleCommand;
use crate::proposals::{Bearing, Second, Terms};
use crate::rejected::Rejected;
use crate::standing::Who;
use crate::state::{Blob, State};
use crate::texts;
use crate::words::{Actor, SubjectId};

/// What those read to whom a change was announced that does not come.
const CALLED_OFF: &str =
    "The change that was announced to you does not come; nothing of your agreement changes by it.";

impl State {
    pub(super) fn with_day(
        &self,
        by: &Actor,
        command: &ChangeCommand,
        terms: &Terms,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        match command {
            ChangeCommand::Schedule { effective, command } => {
                self.schedule(by, *effective, command, terms, now)
            }
            ChangeCommand::Cancel { change, why, tell } => self.cancel(*change, why, tell),
            ChangeCommand::CarryOut { change } => self.due_change(by, *change, terms, now),
        }
    }

    fn schedule(
        &self,
        by: &Actor,
        effective: Wall,
        command: &Command,
        terms: &Terms,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let Command::Told { told, narrowed, command: bare } = command else {
            return Err(ChangeRejected::Untold.into());
        };
        ahead("effective date", Some(effective), now)?;
        let (most, days) = (later(now, CHANGE_DAYS_MAX), CHANGE_DAYS_MAX);
        if effective > most {
            return Err(ChangeRejected::TooFar { at: effective, most, days }.into());
        }
        let then = self.handle_on(by, bare, terms, now)?;
        let whom = self.whom_less(narrowed, &then)?;
        if whom.is_empty() {
            return Err(ChangeRejected::NobodyLess.into());
        }
        let written = |command: &Command| serde_json::to_vec(command);
        let body = written(command).map_err(|_| Rejected::Full("changes"))?;
        let blob = Blob::new(body);
        let changes = &self.now.changes;
        // Whatever is said of it: the first of two would drop the second.
        let bare = written(bare).ok();
        let same = |change: &&ScheduledChange| {
            let other = change.command.as_deref().map(Command::bare);
            other.and_then(|other| written(other).ok()) == bare
        };
        if let Some(same) = changes.iter().find(same) {
            return Err(ChangeRejected::ScheduledAlready { change: same.id }.into());
        }
        if changes.all.len() >= CHANGES_MAX {
            return Err(ChangeRejected::ChangesFull { max: CHANGES_MAX }.into());
        }
        let (digest, what) = (blob.sha256.clone(), short(&then.what));
        let line = format!("announced to {}, for {}: {what}", partners(&whom), effective.rfc3339());
        let scheduled = ChangeEvent::Scheduled { blob: digest, what, effective };
        let mut planned = Planned { blobs: vec![blob], ..Planned::one(scheduled.into(), line) };
        for (at, one) in whom.iter().enumerate() {
            let event = self.announces(by, told, (one, effective), (&mut planned, now))?;
            planned.events.insert(at, Event::Agreement(event));
        }
        Ok(planned)
    }

    fn announces(
        &self,
        by: &Actor,
        told: &Told,
        (one, effective): (&Narrowed, Wall),
        (planned, now): (&mut Planned, Wall),
    ) -> Result<AgreementEvent, Rejected> {
        let statement = self.stated_less(by, told, (one, Some(effective)), (planned, now))?;
        Ok(AgreementEvent::Announced {
            partner: one.partner.clone(),
            reason: told.reason.clone(),
            tell: told.tell.clone(),
            case: told.case.clone(),
            statement,
            what: one.what.clone(),
            effective,
        })
    }

    fn cancel(&self, id: Revision, why: &str, tell: &str) -> Result<Planned, Rejected> {
        let change = self.scheduled(id)?;
        let why = texts::words("reason", why)?;
        if why.is_empty() {
            return Err(Rejected::WhyMissing);
        }
        let tell = if tell.trim().is_empty() { CALLED_OFF.to_owned() } else { texts::tell(tell)? };
        let what = format!("change {} called off: {}", id.0, change.what);
        let event = ChangeEvent::Cancelled { change: id, why };
        Ok(Planned { what, ..called_off(change, &tell, event) })
    }

    /// What the clock does about a change: nothing before its day, unless it can't come any more.
    fn due_change(
        &self,
        by: &Actor,
        id: Revision,
        terms: &Terms,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        if Who::of(by) != Who::Clock {
            return Err(ChangeRejected::NotTheClock.into());
        }
        let change = self.scheduled(id)?;
        let done = match self.stands_in_the_way(change) {
            Some(why) => Err(why),
            None if now < change.effective => return Ok(Planned::nothing("")),
            None => self.carried_out(change, terms, now),
        };
        Ok(done.unwrap_or_else(|why| {
            let what = format!("change {} dropped, since {why}: {}", id.0, change.what);
            let event = ChangeEvent::Dropped { change: id, why: short(&why) };
            Planned { what, ..called_off(change, CALLED_OFF, event) }
        }))
    }

    /// The change, weighed anew: who is left less now is told now, whomever it was announced to.
    fn carried_out(
        &self,
        change: &ScheduledChange,
        terms: &Terms,
        now: Wall,
    ) -> Result<Planned, String> {
        let Some(Command::Told { told, narrowed, command }) = change.command.as_deref() else {
            return Err("what was scheduled can't be read any more".to_owned());
        };
        let weighed = match &terms.again {
            Some(weighed) => weighed.clone()?,
            None => Weighed { proved_narrower: false, narrowed: narrowed.clone() },
        };
        let refused = |rejected: Rejected| rejected.to_string();
        // A case that was closed meanwhile is no reason to keep what was announced from coming.
        let open = |case: &String| self.open_case(case).is_ok();
        let told = Told { case: told.case.clone().filter(open), ..(**told).clone() };
        let then = self.handle_on(&change.by, command, terms, now).map_err(refused)?;
        let terms = Terms { proved_narrower: weighed.proved_narrower, ..Terms::default() };
        let two = self.now.people.rule.two_persons && change.approver.is_none();
        if two && self.bearing(command, &then, &terms) == Bearing::Widening {
            return Err("it would give access by now, or nothing proves that it doesn't, which takes two persons".to_owned());
        }
        let all = (&told, &*weighed.narrowed);
        let mut planned = self.told_change(&change.by, all, command, now).map_err(refused)?;
        for event in &mut planned.events {
            if let Event::Agreement(AgreementEvent::Narrowed { change: of, .. }) = event {
                *of = Some(change.id);
            }
        }
        planned.events.push(ChangeEvent::CarriedOut { change: change.id }.into());
        planned.what = format!("change {} carried out: {}", change.id.0, planned.what);
        Ok(planned)
    }

    /// Why a change can't come any more, whatever its day: what it is about is another by now.
    fn stands_in_the_way(&self, change: &ScheduledChange) -> Option<String> {
        let command = change.command.as_deref()?;
        if let Err(changed) = self.unchanged_since(command, change.id) {
            return Some(match changed {
                Rejected::People(crate::people::PeopleRejected::ChangedSince {
                    changed, ..
                }) => {
                    format!("event {} changed what it is about", changed.0)
                }
                other => other.to_string(),
            });
        }
        let subject = match command.bare() {
            Command::EditPartner { id, .. } | Command::SetMode { partner: id, .. } => {
                SubjectId::Partner(id.clone())
            }
            Command::DeclareFacts { subject, .. } => subject.clone(),
            _ => return None,
        };
        let at = self.now.subject_ix(&subject)?;
        let ended = |at| self.now.course(at).is_some_and(|c| c.state == StandingName::Terminated);
        ended(at).then(|| format!("{subject} was terminated"))
    }

    /// Whoever calls one off gives back what was to be taken.
    pub(super) fn of_change(&self, command: &ChangeCommand) -> Bearing {
        match command {
            ChangeCommand::Cancel { .. } => Bearing::Widening,
            ChangeCommand::Schedule { .. } | ChangeCommand::CarryOut { .. } => Bearing::Neutral,
        }
    }

    /// Whether somebody takes back what it scheduled itself, and alone.
    pub(super) fn takes_back(&self, by: &Actor, command: &Command) -> bool {
        let Command::Change(ChangeCommand::Cancel { change, .. }) = command else { return false };
        let change = self.now.changes.find(*change);
        change.is_some_and(|change| change.by == *by && change.approver.is_none())
    }

    /// Whether these events change what a change is about that somebody else scheduled: it then doesn't
    /// come, and that takes as many as calling it off does.
    pub(super) fn calls_off(&self, by: &Actor, planned: &Planned) -> Option<Second> {
        let edited = |event: &Event| match event {
            Event::PartnerEdited { partner: id, .. } | Event::ModeSet { partner: id, .. } => {
                Some(format!("partner:{id}"))
            }
            Event::FactsDeclared { subject, .. } => Some(subject.named()),
            Event::PolicyPublished { .. } => Some("policy".to_owned()),
            _ => None,
        };
        let edited: Vec<String> = planned.events.iter().filter_map(edited).collect();
        if edited.is_empty() || planned.approved.is_some() {
            return None;
        }
        let goes = |change: &&ScheduledChange| {
            let own = change.by == *by && change.approver.is_none();
            let about = change.command.as_deref().map(|command| self.about(command));
            let about = about.and_then(|about| about.into_iter().next());
            !own && about.is_some_and(|about| edited.contains(&about))
        };
        let change = self.now.changes.iter().find(goes)?.id;
        Some(Second::CallsOff { change })
    }

    fn scheduled(&self, id: Revision) -> Result<&ScheduledChange, Rejected> {
        self.now.changes.find(id).ok_or_else(|| ChangeRejected::UnknownChange(id).into())
    }

    /// Changes whose day has come, the earliest first, and those that can't come any more.
    pub(super) fn changes_due(&self, now: Wall) -> impl Iterator<Item = Command> {
        let over = |change: &&ScheduledChange| {
            change.effective <= now || self.stands_in_the_way(change).is_some()
        };
        let mut due: Vec<_> = self.now.changes.iter().filter(over).collect();
        due.sort_by_key(|change| (change.effective, change.id.0));
        let ids: Vec<Revision> = due.into_iter().map(|change| change.id).collect();
        ids.into_iter().map(|change| ChangeCommand::CarryOut { change }.into())
    }

    /// The change of an agreement that a wish lets through and that was weighed before, when it was
    /// proposed or scheduled: whoever can compare tiers is to weigh it again.
    #[must_use]
    pub fn waited(&self, command: &Command) -> Option<Arc<Command>> {
        let waited = match command {
            Command::People(PeopleCommand::Approve { proposal, .. }) => {
                Some(Arc::clone(&self.now.people.proposal(*proposal)?.command))
            }
            Command::Change(ChangeCommand::CarryOut { change }) => {
                self.now.changes.find(*change)?.command.clone()
            }
            _ => None,
        };
        waited.filter(|command| super::agreement::is_change(command.bare()))
    }
}

/// A change that does not come: everybody it was announced to is told.
fn called_off(change: &ScheduledChange, tell: &str, event: ChangeEvent) -> Planned {
    let each = change.announced.iter().map(|told| {
        Event::Agreement(AgreementEvent::CalledOff {
            partner: told.partner.clone(),
            announced: told.revision,
            tell: tell.to_owned(),
        })
    });
    let events = each.chain([event.into()]).collect();
    Planned { events, ..Planned::nothing("") }
}

fn partners(whom: &[Narrowed]) -> String {
    match whom {
        [one] => format!("partner `{}`", one.partner),
        all => format!("{} partners", all.len()),
    }
}
