//! What cases need of the ledger, so that it stays although its time is over.
//!
//! Told from the log's state and from the files themselves, so that a restart changes nothing. Must not
//! know how anything goes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portcullis_ledger::{HourFile, LedgerError};
use portcullis_registry::{CaseRecord, Snapshot};
use portcullis_types::Wall;
use serde_json::{Value, json};

use super::folder::{Part, day_name, day_of};
use super::library::Shelf;

/// What of the ledger cases need, each with the case.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Needed {
    parts: BTreeMap<Part, String>,
    days: BTreeMap<u32, String>,
}

/// What a case keeps although its time is over.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub(super) struct Preserved {
    /// The case.
    pub case: String,
    /// Sets of files.
    pub sets: u64,
    /// Days whose keys stay.
    pub days: Vec<u32>,
}

/// Looks into files for what cases are about; each file once, since none ever changes.
#[derive(Debug, Default)]
pub(super) struct Looker {
    known: BTreeMap<Part, Held>,
}

/// What the files of a time hold.
#[derive(Debug)]
struct Held {
    from: Wall,
    to: Wall,
    days: Vec<u32>,
    /// Whose answers, and whether their records are digested.
    partners: BTreeMap<Arc<str>, bool>,
}

/// Whom and which times cases preserve.
struct Kept<'a> {
    partners: BTreeMap<&'a str, &'a CaseRecord>,
    times: Vec<(Wall, Wall, &'a CaseRecord)>,
}

impl Looker {
    /// What cases need at a moment: all that holds answers of the partners that they are about, and all
    /// that their evidence was read from.
    pub(super) fn needed(
        &mut self,
        look: impl Fn() -> Result<Shelf, String>,
        snapshot: &Snapshot,
        now: Wall,
        unread: &dyn Fn(&LedgerError),
    ) -> Result<Needed, String> {
        let kept = Kept::of(snapshot, now);
        let mut needed = Needed::default();
        if kept.partners.is_empty() && kept.times.is_empty() {
            self.known.clear();
            return Ok(needed);
        }
        let shelf = look()?;
        self.known.retain(|part, _| shelf.parts().contains(part));
        for part in shelf.parts() {
            if !self.known.contains_key(part) {
                let mut held = Held::read(&shelf, part);
                if held.is_err() {
                    // It may have gone by its age since that look.
                    let again = look()?;
                    if !again.parts().contains(part) {
                        continue;
                    }
                    held = Held::read(&again, part);
                }
                // What could not be read this time may be the next.
                let held = held.inspect_err(unread).ok();
                self.known.extend(held.map(|held| (part.clone(), held)));
            }
            needed.take(part, self.known.get(part), &kept);
        }
        // And of what has begun to go what is left.
        for part in shelf.going() {
            needed.take(part, Held::read(&shelf, part).ok().as_ref(), &kept);
        }
        Ok(needed)
    }
}

impl<'a> Kept<'a> {
    fn of(snapshot: &'a Snapshot, now: Wall) -> Self {
        let holds = snapshot.holds(now);
        let partners = holds
            .partners()
            .filter_map(|at| Some((snapshot.partner(at)?.id.as_str(), holds.of_partner(at)?)));
        let taken = snapshot.ledger().taken();
        let times = taken.filter_map(|one| Some((one.since, one.until, holds.of_case(&one.case)?)));
        Self { partners: partners.collect(), times: times.collect() }
    }

    /// The first of them all, for what nobody can look into.
    fn any(&self) -> Option<&'a CaseRecord> {
        self.partners.values().copied().next().or_else(|| self.times.first().map(|(_, _, of)| *of))
    }
}

impl Needed {
    /// None is known of a time: it may be anybody's, and stays.
    fn take(&mut self, part: &Part, held: Option<&Held>, kept: &Kept<'_>) {
        let Some(held) = held else {
            let Some(case) = kept.any() else { return };
            self.parts.insert(part.clone(), case.id.to_string());
            // Nor does anybody know which keys tell of it, but they are of days about its time.
            let day = day_of(part.start);
            for day in day.saturating_sub(1)..=day.saturating_add(1) {
                self.days.entry(day).or_insert_with(|| case.id.to_string());
            }
            return;
        };
        let overlap = |(since, until, case): &(Wall, Wall, &'_ CaseRecord)| {
            (held.from < *until && held.to >= *since).then(|| case.id.to_string())
        };
        let of_time = kept.times.iter().find_map(overlap);
        let met = |(partner, digested): (&Arc<str>, &bool)| {
            let case = kept.partners.get(&**partner)?;
            Some((case.id.to_string(), *digested))
        };
        let of_partners: Vec<(String, bool)> = held.partners.iter().filter_map(met).collect();
        let digested = of_partners.iter().find(|(_, digested)| *digested);
        let of_day = of_time.clone().or_else(|| digested.map(|(case, _)| case.clone()));
        if let Some(case) = of_day {
            for day in &held.days {
                self.days.entry(*day).or_insert_with(|| case.clone());
            }
        }
        let case = of_time.or_else(|| of_partners.into_iter().next().map(|(case, _)| case));
        self.parts.extend(case.map(|case| (part.clone(), case)));
    }

    pub(super) fn part(&self, part: &Part) -> bool {
        self.parts.contains_key(part)
    }

    pub(super) fn day(&self, day: u32) -> bool {
        self.days.contains_key(&day)
    }

    /// What of this stays by which case.
    pub(super) fn report(&self, parts: &BTreeSet<Part>, days: &[u32]) -> Vec<Preserved> {
        let mut cases: BTreeMap<&str, Preserved> = BTreeMap::new();
        for case in parts.iter().filter_map(|part| self.parts.get(part)) {
            cases.entry(case).or_default().sets += 1;
        }
        for (day, case) in days.iter().filter_map(|day| Some((*day, self.days.get(day)?))) {
            cases.entry(case).or_default().days.push(day);
        }
        let named = |(case, of): (&str, Preserved)| Preserved { case: case.to_owned(), ..of };
        cases.into_iter().map(named).collect()
    }
}

impl Held {
    fn read(shelf: &Shelf, part: &Part) -> Result<Self, LedgerError> {
        let hour = HourFile::read(shelf, &Arc::from(part.hour()))?;
        let mut partners: BTreeMap<Arc<str>, bool> = BTreeMap::new();
        for (partner, totals) in hour.partners() {
            *partners.entry(Arc::clone(partner)).or_default() |= totals.records > 0;
        }
        let meta = hour.meta();
        let days = meta.days.iter().map(|day| day.day).collect();
        Ok(Self { from: meta.from, to: meta.to, days, partners })
    }
}

impl Preserved {
    /// As it is told.
    pub(super) fn view(&self, snapshot: &Snapshot) -> Value {
        let case = self.case.parse().ok();
        let case = case.and_then(|id| snapshot.cases().find(&id));
        json!({
            "case": self.case,
            "until": case.and_then(|case| case.preserve_until).map(Wall::rfc3339),
            "sets": self.sets,
            "days": self.days.iter().map(|day| day_name(*day)).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests;
