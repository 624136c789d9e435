//! How many events a partner's own keys may bring about in a day, so that nobody floods the log.
//!
//! Counted from the log, so that a restart gives nothing anew. Must not know what is asked.

use std::collections::BTreeMap;

use portcullis_types::{PartnerId, Wall};

use crate::commands::Command;
use crate::events::Event;
use crate::rejected::Rejected;
use crate::standing::DAY;
use crate::state::{Place, Planned, State};
use crate::words::{Actor, ActorKind};

/// Most events that a partner's own keys bring about in a day (UTC).
pub const PARTNER_EVENTS_PER_DAY: u64 = 200;

/// Of each partner the day it wrote last, and how many events since that day began.
pub(crate) type Written = BTreeMap<PartnerId, (u64, u64)>;

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
        let (last, count) = self.written.entry(partner).or_default();
        *count = if *last == day { *count + 1 } else { 1 };
        *last = day;
    }

    /// Adds the event that says so to the last change that a partner may make today, and refuses what
    /// comes after; what ends a key never is, since each ends once.
    pub(crate) fn within_quota(
        &self,
        (by, command): (&Actor, &Command),
        planned: &mut Planned,
        now: Wall,
    ) -> Result<(), Rejected> {
        let Some(partner) = partner(by) else { return Ok(()) };
        if command.ends_key() || planned.events.is_empty() {
            return Ok(());
        }
        let day = now.0 / DAY;
        let (max, written) = (PARTNER_EVENTS_PER_DAY, self.written.get(&partner));
        let before = written.filter(|(last, _)| *last == day).map_or(0, |(_, count)| *count);
        if before >= max {
            let again = Wall((day + 1) * DAY);
            return Err(Rejected::EventsQuota { partner, max, again });
        }
        // This one is an event of the partner's, too.
        let said = planned.events.iter().any(|event| matches!(event, Event::QuotaReached { .. }));
        if !said && before + planned.events.len() as u64 + 1 >= max {
            planned.events.push(Event::QuotaReached { partner, max });
        }
        Ok(())
    }
}
