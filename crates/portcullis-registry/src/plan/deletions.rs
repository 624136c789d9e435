//! Duties to delete: told by the gate, attested by the partner, overdue by the clock.
//!
//! A deadline that passed raises a signal beside its event, so that it is seen, filed and counted where
//! those of watches are. Must not know who received what.

use portcullis_types::{PartnerId, Wall};

use super::Planned;
use crate::commands::Command;
use crate::deletions::{
    DELETION_OVERDUE, DELETIONS_RULE, DeletionCause, DeletionCommand, DeletionCounts,
    DeletionEvent, DeletionRejected, DeletionRules, OpenDeletion,
};
use crate::rejected::Rejected;
use crate::signals::{SignalBounds, SignalSeen};
use crate::standing::Who;
use crate::state::State;
use crate::texts;
use crate::words::{Actor, ActorKind};

/// Most lists that are said to be overdue at once.
const AT_ONCE: usize = 64;
/// Whoever is told of what vanishes has so long at least, in milliseconds.
const TOLD_BEFORE: u64 = 12 * 3_600_000;
/// Bytes of a digest in hex.
const DIGEST_BYTES: usize = 64;

impl State {
    /// Takes how long partners have at this gate. It is no part of the log: what was told keeps its
    /// deadline, whatever is configured from here on.
    pub fn take_deletion_rules(&mut self, rules: DeletionRules) {
        self.deletion_rules = rules;
    }

    /// Lists that are overdue and nobody said so.
    pub(super) fn deletions_due(&self, now: Wall) -> impl Iterator<Item = Command> {
        let over = self.deletion_clocks.iter().take_while(move |(due_by, _)| *due_by <= now);
        over.take(AT_ONCE).map(|(_, batch)| DeletionCommand::RunOut { batch: batch.clone() }.into())
    }

    pub(super) fn deletion(
        &self,
        by: &Actor,
        command: &DeletionCommand,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        match command {
            DeletionCommand::Tell { partner, batch, cause, count, list, day, until } => {
                if by.kind != ActorKind::Gate {
                    return Err(DeletionRejected::NotTheGate.into());
                }
                let event =
                    self.tell(partner, (batch, list), (*cause, *count, *day), *until, now)?;
                let Some(event) = event else {
                    return Ok(Planned::nothing("the partner was told of this list already"));
                };
                let what = format!("partner `{partner}` told of {count} {cause} in list `{batch}`");
                Ok(Planned::one(event.into(), what))
            }
            DeletionCommand::Attest { partner, batch, counts, answer } => {
                self.attest_deletion(by, (partner, batch), *counts, answer)
            }
            DeletionCommand::RunOut { batch } => self.deletion_over(by, batch, now),
        }
    }

    /// None: the partner was told of it.
    fn tell(
        &self,
        partner: &PartnerId,
        (batch, list): (&str, &str),
        (cause, count, day): (DeletionCause, u64, Option<u32>),
        until: Option<Wall>,
        now: Wall,
    ) -> Result<Option<DeletionEvent>, Rejected> {
        self.known_partner(partner)?;
        if self.now.deletions.waiting(batch).is_some() {
            return Ok(None);
        }
        if count == 0 {
            return Err(DeletionRejected::Empty.into());
        }
        let (batch, list) = (texts::label("list", batch)?, commitment(list)?);
        let due_by = self.deletion_rules.due_by(cause, now);
        // What vanishes has a time of its own; who is told late has the usual one all the same.
        let due_by = match until {
            Some(until) if now.0.saturating_add(TOLD_BEFORE) <= until.0 => until,
            _ => due_by,
        };
        let partner = partner.clone();
        Ok(Some(DeletionEvent::Due { partner, batch, cause, count, due_by, list, day }))
    }

    fn attest_deletion(
        &self,
        by: &Actor,
        (partner, batch): (&PartnerId, &str),
        counts: DeletionCounts,
        answer: &str,
    ) -> Result<Planned, Rejected> {
        if by.kind != ActorKind::Partner {
            return Err(DeletionRejected::NotThePartner.into());
        }
        let (at, _) = self.known_partner(partner)?;
        let open = self.now.deletions.waiting(batch).filter(|open| open.partner == at);
        let unknown = || DeletionRejected::UnknownBatch { batch: batch.to_owned() };
        let open = open.ok_or_else(unknown)?;
        let (count, said) = (open.count, counts.all());
        if count != said {
            return Err(DeletionRejected::Counts { batch: batch.to_owned(), count, said }.into());
        }
        let DeletionCounts { deleted, never_stored, kept } = counts;
        let what = format!(
            "list `{batch}` attested: {deleted} deleted, {never_stored} never stored, {kept} kept"
        );
        let (partner, batch) = (partner.clone(), batch.to_owned());
        let answer = commitment(answer)?;
        let event = DeletionEvent::Attested { partner, batch, counts, answer };
        Ok(Planned::one(event.into(), what))
    }

    fn deletion_over(&self, by: &Actor, batch: &str, now: Wall) -> Result<Planned, Rejected> {
        let unknown = || DeletionRejected::UnknownBatch { batch: batch.to_owned() };
        let open = self.now.deletions.waiting(batch).ok_or_else(unknown)?;
        let OpenDeletion { count, due_by, .. } = *open;
        let over = due_by <= now && open.overdue.is_none() && Who::of(by) == Who::Clock;
        if !over {
            return Err(DeletionRejected::NotDue { batch: batch.to_owned(), due_by }.into());
        }
        let partner = self.now.partner(open.partner).map(|record| record.id.clone());
        let partner = partner.ok_or_else(unknown)?;
        let seen = self.signal_of(&partner, open);
        // The partner stands in the log, so that its signal is taken.
        let bounds = SignalBounds { holds_per_day: 0, uncounted: 0 };
        let mut planned = self.raise_signal(&seen, bounds, by, now)?;
        let (batch, date) = (batch.to_owned(), due_by.rfc3339());
        planned.what = format!("list `{batch}` of partner `{partner}` was due by {date}");
        let event = DeletionEvent::Overdue { partner, batch, count, due_by };
        planned.events.insert(0, event.into());
        Ok(planned)
    }

    fn signal_of(&self, partner: &PartnerId, open: &OpenDeletion) -> SignalSeen {
        let OpenDeletion { cause, count, told, due_by, .. } = open;
        let (told, due_by) = (told.rfc3339(), due_by.rfc3339());
        SignalSeen {
            partner: partner.clone(),
            key: None,
            with: None,
            rule: DELETIONS_RULE.to_owned(),
            signal: DELETION_OVERDUE.to_owned(),
            evidence: format!(
                "{count} {cause} of which the partner was told at {told} are not attested"
            ),
            limit: format!("attested by {due_by}"),
            window: self.deletion_rules.deadline(*cause),
            classes: Vec::new(),
            then: self.deletion_rules.overdue.clone(),
            tell: None,
        }
    }
}

fn commitment(hex: &str) -> Result<String, Rejected> {
    let digits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if hex.len() == DIGEST_BYTES && hex.bytes().all(digits) {
        return Ok(hex.to_owned());
    }
    Err(DeletionRejected::Commitment.into())
}
