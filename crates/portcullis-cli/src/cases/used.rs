//! Which limit a call would reach, given what a case says is used of it already.
//!
//! Adds up what the decision would debit. Must not know how a budget counts.

use std::collections::{HashMap, HashSet};

use portcullis_judge::{Bounds, Rules};
use portcullis_policy::{Caller, Case, FigureIx, Known, ListIx, PolicySet, Ruling, Tier};
use portcullis_request::{Texts, ask, canonicalise};
use portcullis_types::asked::Target;
use portcullis_types::{Counts, ScopeSet, Wall};

use crate::asked::Asked;

/// The first limit that does not leave room for the call.
pub(super) fn reached(
    rules: &Rules,
    tier: &Tier,
    case: &Case,
    asked: &Asked<'_>,
    now: Wall,
) -> Option<String> {
    let Rules { catalogue, policies, .. } = rules;
    let bounds = Bounds::default();
    let arrival = asked.arrival();
    let canonical = canonicalise(&arrival, catalogue, &bounds).ok()?;
    let texts = Texts::default();
    let asks = ask(&canonical, catalogue, &bounds, &texts).ok()?;
    let known = Partner { policies, case, now };
    let granted = policies.narrowed(ScopeSet::ALL);
    let caller = Caller { granted: &granted, known: &known, now };
    let mut ruling = Ruling::default();
    tier.judge(&asks, &caller, catalogue, &mut ruling).ok()?;
    // What several asks debit of one limit adds up; where each target counts alone, of one target. One
    // target is one, however often it is asked for.
    let mut sums: HashMap<(usize, String), u64> = HashMap::new();
    let mut seen = HashSet::new();
    for debit in &ruling.debits {
        let limit = tier.limits().get(debit.limit.at())?;
        let ask = asks.asks.get(debit.ask)?;
        let target = format!("{:?}", ask.target);
        let found = matches!(ask.target, Target::Found(..));
        let again = !seen.insert((debit.limit.at(), target.clone()));
        if again && !found && limit.counts == Counts::Targets {
            continue;
        }
        let used = case.used.get(limit.id.as_str()).copied().unwrap_or_default();
        let each = if limit.each_target { target } else { String::new() };
        let sum = sums.entry((debit.limit.at(), each)).or_insert(used);
        *sum += u64::from(debit.amount);
        if *sum > debit.max && !limit.shadow {
            return Some(limit.id.to_string());
        }
    }
    // A call is one unit of every rate that concerns it.
    let rates = tier.rates.iter().find(|rate| {
        let used = case.used.get(rate.id.as_str());
        let max = rate.figure.map_or(rate.max, |figure| known.figure(figure).unwrap_or(0));
        used.is_some_and(|used| *used >= max)
    });
    rates.map(|rate| rate.id.to_string())
}

/// A partner made of a case.
struct Partner<'a> {
    policies: &'a PolicySet,
    case: &'a Case,
    now: Wall,
}

impl Partner<'_> {
    fn list(&self, ix: ListIx) -> &[String] {
        let name = self.policies.lists().nth(ix.at());
        name.and_then(|name| self.case.facts.lists.get(name)).map_or(&[], Vec::as_slice)
    }
}

impl Known for Partner<'_> {
    fn declared(&self, list: ListIx, target: &Target<'_>) -> bool {
        match target {
            Target::Node(_, text) | Target::Named(_, text) => {
                self.list(list).iter().any(|one| one == text)
            }
            Target::None | Target::Found(..) => false,
        }
    }

    fn is_granted(&self, target: &Target<'_>) -> bool {
        match target {
            Target::Node(_, "me") => !self.case.grants.is_empty(),
            Target::Node(_, id) => self.case.grants.iter().any(|one| one == id),
            Target::None | Target::Named(..) | Target::Found(..) => false,
        }
    }

    fn count(&self, list: ListIx) -> u64 {
        self.list(list).len() as u64
    }

    fn grants(&self) -> u64 {
        self.case.grants.len() as u64
    }

    fn figure(&self, name: FigureIx) -> Option<u64> {
        let name = self.policies.figures().nth(name.at())?;
        self.case.facts.figures.get(name).copied()
    }

    fn review_lapsed(&self) -> Option<Wall> {
        self.case.facts.review_by.filter(|by| *by <= self.now)
    }
}
