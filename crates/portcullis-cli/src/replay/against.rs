//! Who fares differently under one set of policies than under another.
//!
//! Must not judge.

use std::collections::BTreeMap;

use serde::Serialize;

use super::report::At;
use super::tally::{Spot, Word};

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
