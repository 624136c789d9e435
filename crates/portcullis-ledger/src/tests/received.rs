//! Sums of classes by partner, and days whose key was lost, against a naive scan.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_types::Wall;

use super::made::{DAY, DAY_MS, key, rows};
use super::shelf::{Shelf, journal};
use crate::{Row, between, digested, received, who};

/// The first rows in an hour's file, the last ones in a journal.
fn shelve(rows: &[Row]) -> Shelf {
    let mut shelf = Shelf::default();
    let (rolled, rest) = rows.split_at(rows.len() / 2);
    shelf.roll("one", rolled, (4, 3));
    shelf.journals = vec![journal(rest, 3).0];
    shelf.keys = (DAY..DAY + 6).map(|day| (day, key(day))).collect();
    shelf
}

#[test]
fn records_are_counted_as_what_they_are_in_whichever_answer_they_came() {
    let rows: Vec<Row> = rows(7, 400).into_iter().map(|made| made.row).collect();
    let shelf = shelve(&rows);
    let classes: BTreeSet<&str> =
        rows.iter().flat_map(|row| row.records.iter().map(|record| &*record.class)).collect();
    assert!(classes.len() > 1);
    let (since, until) = (Wall(u64::from(DAY) * DAY_MS), Wall(u64::from(DAY + 2) * DAY_MS));
    for class in classes {
        let mut naive: BTreeMap<String, u64> = BTreeMap::new();
        for row in rows.iter().filter(|row| (since..until).contains(&row.at)) {
            let count = row.records.iter().filter(|record| *record.class == *class).count() as u64;
            *naive.entry(row.whose.partner.to_string()).or_default() += count;
        }
        naive.retain(|_, count| *count > 0);
        let found = received(&shelf, &[class], since, until).unwrap();
        assert_eq!(found, naive.into_iter().collect::<Vec<_>>(), "{class}");
    }
    assert_eq!(received(&shelf, &["no.such"], since, until).unwrap(), []);
    let days: BTreeSet<u32> =
        rows.iter().filter(|row| !row.records.is_empty()).map(|row| row.day).collect();
    assert_eq!(digested(&shelf, Wall(0), &mut |why| panic!("{why}")).unwrap(), days);
}

#[test]
fn a_day_is_shredded_as_far_as_it_was_digested_under_a_key_that_was_lost() {
    let made = rows(9, 400);
    let rows: Vec<Row> = made.iter().map(|made| made.row.clone()).collect();
    let mut shelf = shelve(&rows);
    let digested = |row: &&Row| !row.records.is_empty() && row.day == DAY;
    let of_day: Vec<&Row> = rows.iter().filter(digested).collect();
    let middle = of_day[of_day.len() / 2].at;
    let (first, all) = (Wall(u64::from(DAY) * DAY_MS), Wall(u64::MAX));
    let shredded = |shelf: &Shelf, since| {
        let found = who(shelf, "nobody", since, all).unwrap().shredded;
        assert_eq!(between(shelf, since, all, None).unwrap().shredded, found, "sums say the same");
        found
    };
    assert_eq!(shredded(&shelf, first), Vec::<u32>::new());
    shelf.since.insert(DAY, middle);
    assert_eq!(shredded(&shelf, first), [DAY], "its beginning is");
    assert_eq!(shredded(&shelf, middle), Vec::<u32>::new(), "what came after is not");
    // Also where the whole day is in a journal.
    shelf.hours.clear();
    shelf.journals = vec![journal(&rows, 3).0];
    assert_eq!(shredded(&shelf, first), [DAY]);
    assert_eq!(shredded(&shelf, middle), Vec::<u32>::new());
}
