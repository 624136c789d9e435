//! How many events a partner's own keys may bring about in a day, so that nobody floods the log.
//!
//! One key alone may bring about half of them, and what answers a measure in force has room of its own:
//! whoever found a key can't take the partner's voice. Counted from the log, so that a restart gives
//! nothing anew. Must not know what is asked.

use std::collections::BTreeMap;

use portcullis_types::{PartnerId, Revision, Wall};

use crate::answers::{AnswerCommand, AnswerKind};
use crate::commands::Command;
use crate::events::Event;
use crate::rejected::Rejected;
use crate::standing::DAY;
use crate::state::{Place, Planned, State};
use crate::words::{Actor, ActorKind};

/// Most events that a partner's own keys bring about in a day (UTC).
pub const PARTNER_EVENTS_PER_DAY: u64 = 200;
/// Most of them that one key does.
pub const KEY_EVENTS_PER_DAY: u64 = PARTNER_EVENTS_PER_DAY / 2;
/// Answers and appeals about measures in force that are taken from a key within 24 hours whatever else
/// was written.
pub const ANSWERS_KEPT_PER_DAY: usize = 2;

/// Of each partner the events of its own, of the day it wrote last.
pub(crate) type Written = BTreeMap<PartnerId, Day>;

/// The events of a day.
#[derive(Debug, Clone, Default)]
pub(crate) struct Day {
    day: u64,
    all: u64,
    /// By who acted: partner and key.
    keys: BTreeMap<String, u64>,
}

/// The partner whose key acts.
fn partner(by: &Actor) -> Option<PartnerId> {
    let id = by.id.split_once('/').map_or(by.id.as_str(), |(partner, _)| partner);
    PartnerId::new(id).ok().filter(|_| by.kind == ActorKind::Partner)
}

impl State {
    /// Counts an event of a partner's own.
    pub(crate) fn count_own(&mut self, place: Place<'_>) {
        let Some(partner) = partner(place.by) else { return };
        let day = place.ts.0 / DAY;
        let written = self.written.entry(partner).or_default();
        if written.day != day {
            *written = Day { day, ..Day::default() };
        }
        written.all += 1;
        *written.keys.entry(place.by.id.clone()).or_default() += 1;
    }

    /// Adds the event that says so to the last change that a partner or one of its keys may make today,
    /// and refuses what comes after; what ends a key never is, since each ends once.
    pub(crate) fn within_quota(
        &self,
        (by, command): (&Actor, &Command),
        planned: &mut Planned,
        now: Wall,
    ) -> Result<(), Rejected> {
        let Some(partner) = partner(by) else { return Ok(()) };
        if command.ends_key() || planned.events.is_empty() || self.has_own_room(by, command, now) {
            return Ok(());
        }
        let day = now.0 / DAY;
        let written = self.written.get(&partner).filter(|written| written.day == day);
        let all = written.map_or(0, |written| written.all);
        let own = written.map_or(0, |written| self.written_in_line(written, by));
        let key = by.id.split_once('/').map(|(_, key)| key.to_owned());
        let again = Wall((day + 1) * DAY);
        let bounds = [(all, PARTNER_EVENTS_PER_DAY, None), (own, KEY_EVENTS_PER_DAY, key)];
        for (before, max, key) in bounds {
            if before >= max {
                return Err(Rejected::EventsQuota { of: whose(&partner, key), max, again });
            }
            // This one is an event of the partner's, too.
            let said =
                planned.events.iter().any(|event| matches!(event, Event::QuotaReached { .. }));
            if !said && before + planned.events.len() as u64 + 1 >= max {
                planned.events.push(Event::QuotaReached { partner: partner.clone(), key, max });
            }
        }
        Ok(())
    }

    /// What a key wrote, with those that it was renewed from or into by itself: they are in one hand.
    fn written_in_line(&self, written: &Day, by: &Actor) -> u64 {
        let newest = |id: &str| {
            let id = id.split_once('/').and_then(|(_, key)| key.parse().ok());
            let key = id.and_then(|id| self.now.key(self.now.key_ix(&id)?))?;
            Some(&self.line(key).last().unwrap_or(key).id)
        };
        let line = newest(&by.id);
        let alike = |id: &str| id == by.id || (line.is_some() && newest(id) == line);
        written.keys.iter().filter(|(id, _)| alike(id)).map(|(_, count)| count).sum()
    }

    fn has_own_room(&self, by: &Actor, command: &Command, now: Wall) -> bool {
        match command {
            Command::Answer(AnswerCommand::Receive { kind, about, .. }) => {
                *kind != AnswerKind::Acknowledgement && self.has_room_kept(by, *about, now)
            }
            // Each list is attested once, and the gate made it.
            Command::Deletion(_) => true,
            _ => false,
        }
    }

    /// Whether an answer or appeal is one of the first of its key about a measure in force: it is taken
    /// whatever else was written.
    pub(crate) fn has_room_kept(&self, by: &Actor, about: Revision, now: Wall) -> bool {
        let recent = self.now.answers.newest(None);
        let recent = recent.take_while(|answer| now.0.saturating_sub(answer.at.0) < DAY);
        let own = recent
            .filter(|answer| answer.by == *by && answer.kind != AnswerKind::Acknowledgement)
            .take(ANSWERS_KEPT_PER_DAY);
        own.count() < ANSWERS_KEPT_PER_DAY
            && self
                .now
                .answers
                .step(about)
                .is_some_and(|step| step.agreement || self.in_force(step.subject) == Some(about))
    }
}

/// Who has written as much as it may.
fn whose(partner: &PartnerId, key: Option<String>) -> String {
    match key {
        None => format!("the keys of partner `{partner}`"),
        Some(key) => {
            format!("key `{key}` alone, which may take half of what partner `{partner}` may,")
        }
    }
}
