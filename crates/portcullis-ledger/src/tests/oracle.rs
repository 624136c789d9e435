//! Every answer equals that of a naive scan over the rows.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_types::{LedgerKind, Wall};
use proptest::prelude::*;

use super::made::{DAY, DAY_MS, Dice, HOUR_MS, Ids, Made, key, rows};
use super::shelf::{Shelf, journal};
use crate::{CellCount, DayCount, Row, Sums, between, holders, what, who};

/// Rows on a shelf: two writers, an hour file for each hour but the last ones, which are in journals.
fn shelve(made: &[Made], dice: &mut Dice) -> Shelf {
    let mut shelf = Shelf::default();
    let mut hours: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    let mut rest: [Vec<Row>; 2] = Default::default();
    let unrolled = made.last().map_or(0, |last| last.row.at.0 / HOUR_MS);
    for Made { row, .. } in made {
        let (hour, writer) = (row.at.0 / HOUR_MS, dice.below(2) as usize);
        if hour == unrolled {
            rest[writer].push(row.clone());
        } else {
            // Twelve hours in a file, so that some hold two days and times cut through many.
            hours.entry(format!("{}.{writer}", hour / 12)).or_default().push(row.clone());
        }
    }
    for (name, rows) in &hours {
        shelf.roll(name, rows, (1 + dice.below(9) as usize, 1 + dice.below(9) as usize));
    }
    shelf.journals = rest.iter().map(|rows| journal(rows, 3).0).collect();
    // One day's key was dropped.
    let gone = DAY + dice.below(5) as u32;
    shelf.keys = (DAY..DAY + 5).filter(|day| *day != gone).map(|day| (day, key(day))).collect();
    shelf
}

pub(super) struct Naive<'a> {
    made: &'a [Made],
    pub(super) shelf: &'a Shelf,
    pub(super) since: Wall,
    pub(super) until: Wall,
}

impl<'a> Naive<'a> {
    pub(super) fn rows(&self, partner: Option<&str>, client: Option<&str>) -> Vec<&'a Made> {
        let of = |made: &&Made| {
            let (row, whose) = (&made.row, &made.row.whose);
            (self.since..self.until).contains(&row.at)
                && partner.is_none_or(|partner| *whose.partner == *partner)
                && client.is_none_or(|client| whose.client.as_deref() == Some(client))
        };
        self.made.iter().filter(of).collect()
    }

    fn kept(&self, row: &Row) -> bool {
        self.shelf.keys.contains_key(&row.day)
    }

    /// Records with this id, in rows whose day's key is kept.
    pub(super) fn hits(
        &self,
        partner: Option<&str>,
        of: impl Fn(&Ids) -> Option<&String>,
        id: &str,
    ) -> Vec<(&'a Row, usize)> {
        let mut hits = Vec::new();
        for made in self.rows(partner, None).into_iter().filter(|made| self.kept(&made.row)) {
            let found = made.of.iter().enumerate();
            let found = found.filter(|(_, ids)| of(ids).is_some_and(|found| found == id));
            hits.extend(found.map(|(at, _)| (&made.row, at)));
        }
        hits
    }

    #[track_caller]
    pub(super) fn check_shredded(&self, rows: &[&Made], told: &[u32]) {
        let told: BTreeSet<u32> = told.iter().copied().collect();
        assert!(told.iter().all(|day| !self.shelf.keys.contains_key(day)));
        let gone = rows.iter().filter(|made| !made.row.records.is_empty() && !self.kept(&made.row));
        assert!(gone.into_iter().all(|made| told.contains(&made.row.day)), "a gone day is named");
    }

    #[track_caller]
    fn check_sums(&self, partner: Option<&str>, client: Option<&str>, sums: &Sums, told: &[u32]) {
        let rows = self.rows(partner, client);
        let sum = |of: fn(&Row) -> u64| rows.iter().map(|made| of(&made.row)).sum::<u64>();
        assert_eq!(sums.answers, sum(|row| u64::from(row.answers)));
        assert_eq!(sums.rows, sum(|row| u64::from(row.rows)));
        assert_eq!(sums.bytes, sum(|row| row.bytes));
        assert_eq!(sums.first, rows.iter().map(|made| made.row.at).min());
        assert_eq!(sums.last, rows.iter().map(|made| made.row.at).max());
        let mut classes = BTreeMap::new();
        let mut days: BTreeMap<u32, (u64, BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
        let mut cells: BTreeMap<u32, u64> = BTreeMap::new();
        for made in &rows {
            let terms = &made.row.terms;
            let whose = &made.row.whose;
            let key = (&*whose.partner, whose.client.as_deref(), &*terms.class, terms.level);
            *classes.entry(key).or_insert(0) += u64::from(made.row.rows);
            if made.row.records.is_empty() || !self.kept(&made.row) {
                continue;
            }
            let day = days.entry(made.row.day).or_default();
            for (record, ids) in made.row.records.iter().zip(&made.of) {
                day.0 += 1;
                day.1.extend(ids.owner.as_deref());
                day.2.extend(ids.place.as_deref());
                record.cell.into_iter().for_each(|cell| *cells.entry(cell).or_default() += 1);
            }
        }
        let told_classes =
            sums.classes.iter().map(|of| (&*of.partner, of.client.as_deref(), &*of.class, of.rows));
        let expected = classes
            .into_iter()
            .map(|((partner, client, class, _), rows)| (partner, client, class, rows));
        assert!(told_classes.collect::<BTreeSet<_>>() == expected.collect());
        let expected: Vec<DayCount> = days
            .iter()
            .map(|(day, (records, owners, places))| DayCount {
                day: *day,
                records: *records,
                owners: owners.len() as u64,
                places: places.len() as u64,
            })
            .collect();
        assert_eq!(sums.days, expected);
        assert_eq!(sums.owner_days, expected.iter().map(|day| day.owners).sum::<u64>());
        let told_cells: BTreeMap<u32, u64> =
            sums.cells.iter().map(|CellCount { cell, records }| (*cell, *records)).collect();
        assert_eq!(told_cells, cells);
        assert!(!sums.more);
        self.check_shredded(&rows, told);
    }

    fn check_who(&self, owner: &str) {
        let found = who(self.shelf, owner, self.since, self.until).unwrap();
        let hits = self.hits(None, |ids| ids.owner.as_ref(), owner);
        assert_eq!(found.records, hits.len() as u64, "{owner}");
        let mut deliveries: Vec<_> = found
            .deliveries
            .iter()
            .map(|of| (of.at, of.request.clone(), of.partner.clone(), of.records))
            .collect();
        deliveries.sort();
        let mut answers: Vec<(Wall, String, String, u64)> = Vec::new();
        let mut before: Option<&Row> = None;
        for (row, _) in &hits {
            if before.is_some_and(|before| std::ptr::eq(before, *row)) {
                answers.last_mut().unwrap().3 += 1;
            } else {
                answers.push((row.at, row.request.to_string(), row.whose.partner.to_string(), 1));
            }
            before = Some(row);
        }
        answers.sort();
        assert_eq!(deliveries, answers, "{owner}");
        assert_eq!(found.answers, answers.len() as u64);
        let mut receipts = BTreeMap::new();
        for (row, record) in hits {
            let (whose, terms) = (&row.whose, &row.terms);
            let key = (
                (&*whose.partner, whose.client.as_deref(), &*whose.key, &*terms.operation),
                (&*row.records[record].class, &*terms.rule, terms.policy, &*terms.policy_digest),
            );
            let (records, first, last) = receipts.entry(key).or_insert((0, row.at, row.at));
            *records += 1;
            (*first, *last) = ((*first).min(row.at), (*last).max(row.at));
        }
        let told = found.received.iter().map(|of| {
            let key = (
                (&*of.partner, of.client.as_deref(), &*of.key, &*of.operation),
                (&*of.class, &*of.rule, of.policy, &*of.policy_digest),
            );
            (key, (of.records, of.first, of.last))
        });
        assert_eq!(told.collect::<BTreeMap<_, _>>(), receipts, "{owner}");
        self.check_shredded(&self.rows(None, None), &found.shredded);
    }

    fn check_holders(&self, kind: LedgerKind, ids: &[&str]) {
        let found = holders(self.shelf, kind, ids, self.since, self.until).unwrap();
        let mut expected: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for id in ids {
            let of = |ids: &'a Ids| match kind {
                LedgerKind::Record => ids.id.as_ref(),
                LedgerKind::Owner => ids.owner.as_ref(),
                LedgerKind::Place => ids.place.as_ref(),
            };
            for made in self.rows(None, None).into_iter().filter(|made| self.kept(&made.row)) {
                let held = made.of.iter().filter(|ids| of(ids).is_some_and(|found| found == id));
                let held = held.count() as u64;
                if held > 0 {
                    *expected.entry((*id, &*made.row.whose.partner)).or_default() += held;
                }
            }
        }
        let mut told = BTreeMap::new();
        for held in &found.held {
            *told.entry((&*held.id, &*held.partner)).or_default() += held.records;
        }
        assert_eq!(told, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn every_answer_is_what_a_naive_scan_of_the_rows_finds(
        seed in any::<u64>(),
        count in 0_usize..400,
        from in 0..4 * DAY_MS,
        length in 0..4 * DAY_MS,
        all in any::<bool>(),
    ) {
        let made = rows(seed, count);
        let shelf = shelve(&made, &mut Dice(seed.rotate_left(17) | 1));
        let begin = u64::from(DAY) * DAY_MS;
        let (since, until) = if all { (0, u64::MAX) } else { (begin + from, begin + from + length) };
        let (since, until) = (Wall(since), Wall(until));
        let naive = Naive { made: &made, shelf: &shelf, since, until };
        for owner in [0, 3, 6, 11, 12] {
            naive.check_who(&format!("u{owner}"));
        }
        for partner in ["acme", "zenith", "orbit", "nobody"] {
            for client in [None, Some("bakery")] {
                let found = what(&shelf, partner, client, since, until).unwrap();
                naive.check_sums(Some(partner), client, &found.sums, &found.shredded);
            }
            naive.check_affected(Some(partner), None);
        }
        for partner in [None, Some("acme")] {
            let found = between(&shelf, since, until, partner).unwrap();
            naive.check_sums(partner, None, &found.sums, &found.shredded);
        }
        naive.check_affected(None, None);
        naive.check_affected(Some("acme"), Some("bakery"));
        naive.check_holders(LedgerKind::Record, &["m1", "m17", "m39", "none"]);
        naive.check_holders(LedgerKind::Owner, &["u2"]);
        naive.check_holders(LedgerKind::Place, &["p0", "p4"]);
    }
}
