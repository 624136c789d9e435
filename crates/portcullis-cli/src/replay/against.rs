//! Who fares differently under one set of policies than under another.
//!
//! Must not judge.

use std::collections::BTreeMap;

use portcullis_types::Mono;
use serde::Serialize;

use super::bench::{Bench, Outcome};
use super::call::Call;
use super::declared::Declared;
use super::report::At;
use super::tally::{Spot, Word};
use crate::args::ReplayArgs;

/// Every difference of two judgements of the same traffic.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Changes {
    /// The directory compared with.
    pub(crate) with: String,
    /// Lines that pass under --policies and not under --against, and the other way round.
    pub(crate) newly_permitted: u64,
    pub(crate) newly_refused: u64,
    pub(crate) partners: Vec<Change>,
}

/// The differences of one partner.
#[derive(Debug, Serialize)]
pub(crate) struct Change {
    pub(crate) partner: String,
    pub(crate) newly_permitted: u64,
    pub(crate) newly_refused: u64,
    /// Targets taken under --policies and under --against.
    pub(crate) taken: u64,
    pub(crate) taken_against: u64,
    /// What refuses now, and what did.
    pub(crate) refused_now_by: BTreeMap<String, u64>,
    pub(crate) refused_before_by: BTreeMap<String, u64>,
    pub(crate) first: Option<At>,
}

/// The same while it is counted.
#[derive(Debug, Default)]
pub(crate) struct ChangeTally {
    pub(crate) permitted: u64,
    pub(crate) refused: u64,
    now_by: BTreeMap<String, u64>,
    before_by: BTreeMap<String, u64>,
    first: Option<Spot>,
}

/// What one set says of a line.
pub(crate) type Said<'a> = (Word, Option<&'a str>);

impl ChangeTally {
    /// Compares one line.
    pub(crate) fn line(&mut self, spot: Spot, now: Said<'_>, before: Said<'_>) {
        let by = match (now, before) {
            ((Word::Allow, _), (Word::Allow, _)) => return,
            ((Word::Allow, _), (_, rule)) => {
                self.permitted += 1;
                (&mut self.before_by, rule)
            }
            ((_, rule), (Word::Allow, _)) => {
                self.refused += 1;
                (&mut self.now_by, rule)
            }
            _ => return,
        };
        let (rules, rule) = by;
        let rule = rule.unwrap_or("gate");
        match rules.get_mut(rule) {
            Some(count) => *count += 1,
            None => {
                rules.insert(rule.to_owned(), 1);
            }
        }
        self.first.get_or_insert(spot);
    }

    /// None where nothing differs.
    pub(crate) fn finish(self, partner: &str, [taken, taken_against]: [u64; 2]) -> Option<Change> {
        let differs = self.first.is_some() || taken != taken_against;
        differs.then(|| Change {
            partner: partner.to_owned(),
            newly_permitted: self.permitted,
            newly_refused: self.refused,
            taken,
            taken_against,
            refused_now_by: self.now_by,
            refused_before_by: self.before_by,
            first: self.first.map(At::new),
        })
    }
}

/// The other set and what differs by it.
pub(super) struct Before {
    pub(super) bench: Bench,
    changes: Vec<ChangeTally>,
}

impl Before {
    pub(super) fn new(bench: Bench, partners: usize) -> Self {
        let changes = std::iter::repeat_with(ChangeTally::default).take(partners).collect();
        Self { bench, changes }
    }

    /// Judges a line by it too.
    pub(super) fn line(&mut self, spot: Spot, call: &Call<'_>, mono: Mono, now: &Outcome) {
        let before = self.bench.line(spot, call, mono);
        if let Some(changes) = now.seat.and_then(|seat| self.changes.get_mut(seat)) {
            let said = |outcome: &Outcome| (outcome.word, outcome.rule.clone());
            let (now, before) = (said(now), said(&before));
            changes.line(spot, (now.0, now.1.as_deref()), (before.0, before.1.as_deref()));
        }
    }

    /// What differed.
    pub(super) fn finish(self, args: &ReplayArgs, now: &Bench, partners: &[Declared]) -> Changes {
        let with = args.against.as_deref();
        let mut all = Changes {
            with: with.map(|dir| dir.display().to_string()).unwrap_or_default(),
            ..Changes::default()
        };
        let taken = |bench: &Bench, at: usize| {
            bench.seats.get(at).map_or(0, |seat| seat.tally.targets.all.taken)
        };
        for ((at, partner), changes) in partners.iter().enumerate().zip(self.changes) {
            all.newly_permitted += changes.permitted;
            all.newly_refused += changes.refused;
            let both = [taken(now, at), taken(&self.bench, at)];
            all.partners.extend(changes.finish(partner.id.as_str(), both));
        }
        all
    }
}
