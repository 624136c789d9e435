//! Usage by hour, from the threads that count to the file and back.

use std::collections::BTreeMap;

use portcullis_types::{ClassIx, ClientIx};
use proptest::prelude::*;

use super::*;

const HOUR: u64 = 3_600_000;
const SET: Option<Revision> = Some(Revision(4));

fn book() -> Arc<UsageBook> {
    let book = UsageBook::new();
    book.classes(Revision(4), ["place.posts", "profile.basic"].into_iter());
    Arc::new(book)
}

fn refused(rule: &str) -> (UsageVerdict, Option<Arc<str>>) {
    (UsageVerdict::Refused("target_not_agreed"), Some(Arc::from(rule)))
}

/// Everything between two hours, as lines.
fn told(book: &UsageBook, from: u64, to: u64) -> Vec<String> {
    let mut lines = Vec::new();
    book.read(Wall(from * HOUR), Wall(to * HOUR), |row| {
        let (key, class) = (row.key.0, row.class.unwrap_or("-"));
        let seen = if row.observed { " observed" } else { "" };
        let rule = row.rule.map(|rule| format!(" by {rule}")).unwrap_or_default();
        let client = match row.client {
            CallClient::OfKey => String::new(),
            other => format!(" for {other:?}"),
        };
        let hour = row.hour.0 / HOUR;
        lines.push(format!(
            "{hour}: key {key} {class} {}{seen}{rule}{client} {}",
            row.verdict, row.calls
        ));
    });
    lines.sort();
    lines
}

#[test]
fn calls_are_counted_by_key_class_verdict_and_rule() {
    let book = book();
    let mut cells = UsageCells::new(Arc::clone(&book) as Arc<dyn UsageSink>);
    let (place, profile) = (Some(ClassIx(0)), Some(ClassIx(1)));
    for _ in 0..3 {
        cells.count(
            SET,
            (KeyIx(7), place),
            UsageVerdict::Permit,
            Some(&Arc::from("not looked at")),
        );
    }
    let (verdict, rule) = refused("standard/places");
    cells.count(SET, (KeyIx(7), place), verdict, rule.as_ref());
    cells.count(SET, (KeyIx(8), profile), UsageVerdict::Observed("denied"), rule.as_ref());
    cells.count(SET, (KeyIx(8), None), UsageVerdict::Refused("method_unlisted"), None);
    cells.flush(Wall(10 * HOUR + 5));
    cells.count(SET, (KeyIx(7), place), UsageVerdict::Permit, None);
    cells.flush(Wall(11 * HOUR));
    insta::assert_snapshot!(told(&book, 10, 12).join("\n"), @r"
    10: key 7 place.posts permit 3
    10: key 7 place.posts target_not_agreed by standard/places 1
    10: key 8 - method_unlisted 1
    10: key 8 profile.basic denied observed by standard/places 1
    11: key 7 place.posts permit 1
    ");
    assert_eq!(told(&book, 11, 12).len(), 1);
    assert_eq!(told(&book, 8, 10).len(), 0);
    assert_eq!(book.since(), Some(Wall(10 * HOUR)));
}

#[test]
fn calls_of_a_key_are_counted_by_client_where_a_grant_tells_it() {
    let book = book();
    let mut cells = UsageCells::new(Arc::clone(&book) as Arc<dyn UsageSink>);
    let clients = [
        CallClient::OfKey,
        CallClient::Granted(ClientIx(3)),
        CallClient::Undeclared,
        CallClient::Several,
    ];
    for client in clients.into_iter().chain(clients) {
        let of = UsageOf { key: KeyIx(7), class: Some(ClassIx(0)), client };
        cells.count(SET, of, UsageVerdict::Permit, None);
    }
    cells.flush(Wall(10 * HOUR));
    let told_of = |book: &UsageBook| told(book, 10, 11).join("\n");
    insta::assert_snapshot!(told_of(&book), @r"
        10: key 7 place.posts permit 2
        10: key 7 place.posts permit for Granted(ClientIx(3)) 2
        10: key 7 place.posts permit for Several 2
        10: key 7 place.posts permit for Undeclared 2
        ");
    let again = UsageBook::new();
    again.restore(&book.save()).unwrap();
    assert_eq!(told_of(&again), told_of(&book));
}

#[test]
fn a_class_is_that_of_the_policies_it_was_counted_under() {
    let book = book();
    let mut cells = UsageCells::new(Arc::clone(&book) as Arc<dyn UsageSink>);
    cells.count(SET, (KeyIx(1), Some(ClassIx(0))), UsageVerdict::Permit, None);
    book.classes(Revision(9), ["media.list", "place.posts"].into_iter());
    let new = Some(Revision(9));
    cells.count(new, (KeyIx(1), Some(ClassIx(0))), UsageVerdict::Permit, None);
    cells.count(new, (KeyIx(1), Some(ClassIx(1))), UsageVerdict::Permit, None);
    cells.count(Some(Revision(1)), (KeyIx(1), Some(ClassIx(1))), UsageVerdict::Permit, None);
    cells.flush(Wall(HOUR));
    insta::assert_snapshot!(told(&book, 0, 9).join("\n"), @r"
    1: key 1 - permit 1
    1: key 1 media.list permit 1
    1: key 1 place.posts permit 2
    ");
}

#[test]
fn ticks_hand_over_what_was_kept_for_two_seconds() {
    let book = book();
    let mut cells = UsageCells::new(Arc::clone(&book) as Arc<dyn UsageSink>);
    let told_after = |cells: &mut UsageCells, ms: u64| {
        cells.count(SET, (KeyIx(1), None), UsageVerdict::Permit, None);
        cells.tick(Wall(HOUR + ms));
        told(&book, 0, 9).join("\n")
    };
    assert_eq!(told_after(&mut cells, 0), "1: key 1 - permit 1");
    assert_eq!(told_after(&mut cells, 1_999), "1: key 1 - permit 1");
    assert_eq!(told_after(&mut cells, 2_000), "1: key 1 - permit 3");
}

#[test]
fn a_busy_book_takes_nothing_and_gets_it_with_the_next_tick() {
    let book = book();
    let mut cells = UsageCells::new(Arc::clone(&book) as Arc<dyn UsageSink>);
    cells.count(SET, (KeyIx(1), None), UsageVerdict::Permit, None);
    book.busy(|| cells.flush(Wall(HOUR)));
    assert_eq!(told(&book, 0, 9).len(), 0);
    cells.count(SET, (KeyIx(1), None), UsageVerdict::Permit, None);
    cells.flush(Wall(HOUR));
    assert_eq!(told(&book, 0, 9), ["1: key 1 - permit 2"]);
}

#[test]
fn what_is_older_than_31_days_is_forgotten() {
    let book = book();
    let count = [UsageCount {
        of: (KeyIx(0), None).into(),
        verdict: UsageVerdict::Permit,
        rule: None,
        calls: 1,
    }];
    for hour in 1..=1000 {
        assert!(book.add(Wall(hour * HOUR), SET, &count));
    }
    assert_eq!(told(&book, 0, 2000).len(), 31 * 24);
    assert_eq!(book.since(), Some(Wall((1000 - 31 * 24 + 1) * HOUR)));
    assert!(book.add(Wall(7 * HOUR), SET, &count), "a clock that was put back");
    assert!(told(&book, 1000, 1001)[0].ends_with("permit 2"));
}

#[test]
fn a_restart_forgets_nothing_that_was_saved_and_a_damaged_file_is_not_taken_up() {
    let book = book();
    let mut cells = UsageCells::new(Arc::clone(&book) as Arc<dyn UsageSink>);
    let (verdict, rule) = refused("standard/places");
    for hour in 5..8 {
        cells.count(SET, (KeyIx(7), Some(ClassIx(0))), UsageVerdict::Permit, None);
        cells.count(SET, (KeyIx(9), Some(ClassIx(1))), verdict, rule.as_ref());
        cells.flush(Wall(hour * HOUR));
    }
    let saved = book.save();
    let again = Arc::new(UsageBook::new());
    // A set came into force before the file was read.
    again.classes(Revision(6), ["new.class", "place.posts"].into_iter());
    assert_eq!(again.restore(&saved), Ok(3));
    assert_eq!(told(&again, 0, 99), told(&book, 0, 99));
    let mut cells = UsageCells::new(Arc::clone(&again) as Arc<dyn UsageSink>);
    cells.count(Some(Revision(6)), (KeyIx(7), Some(ClassIx(1))), UsageVerdict::Permit, None);
    cells.flush(Wall(7 * HOUR));
    let lines = told(&again, 7, 8).join("\n");
    assert!(lines.contains("key 7 place.posts permit 1\n7: key 7 place.posts permit 1"), "{lines}");
    assert_eq!(again.restore(&saved), Err(UsageUnreadable), "it counts already");
    let twice = UsageBook::new();
    assert_eq!(twice.restore(&again.save()), Ok(4));
    assert_eq!(told(&twice, 5, 7), told(&book, 5, 7));
    for at in 0..saved.len() {
        let mut damaged = saved.clone();
        damaged[at] ^= 1;
        assert_eq!(UsageBook::new().restore(&damaged), Err(UsageUnreadable), "byte {at}");
        assert_eq!(UsageBook::new().restore(&saved[..at]), Err(UsageUnreadable), "{at} bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn sums_are_those_of_a_map(
        calls in proptest::collection::vec((0..4u64, 0..3u32, 0..3u16, 0..3u8, any::<bool>()), 1..200)
    ) {
        let mut book = book();
        let mut cells = UsageCells::new(Arc::clone(&book) as Arc<dyn UsageSink>);
        let mut map: BTreeMap<(u64, u32, u16, u8), u64> = BTreeMap::new();
        let mut hour = 1;
        for (wait, key, class, verdict, restart) in calls {
            hour += wait / 3;
            *map.entry((hour, key, class, verdict)).or_default() += 1;
            let class = (class < 2).then_some(ClassIx(class));
            let (verdict, rule) = match verdict {
                0 => (UsageVerdict::Permit, None),
                1 => (UsageVerdict::Observed("denied"), None),
                _ => refused("standard/places"),
            };
            cells.count(SET, (KeyIx(key), class), verdict, rule.as_ref());
            cells.flush(Wall(hour * HOUR));
            if restart {
                let again = UsageBook::new();
                again.restore(&book.save()).unwrap();
                again.classes(Revision(4), ["place.posts", "profile.basic"].into_iter());
                book = Arc::new(again);
                cells = UsageCells::new(Arc::clone(&book) as Arc<dyn UsageSink>);
            }
        }
        let mut sums: BTreeMap<(u64, u32, u16, u8), u64> = BTreeMap::new();
        book.read(Wall(0), Wall(u64::MAX), |row| {
            let class = match row.class { Some("place.posts") => 0, Some(_) => 1, None => 2 };
            let verdict = match row.verdict { "permit" => 0, "denied" => 1, _ => 2 };
            *sums.entry((row.hour.0 / HOUR, row.key.0, class, verdict)).or_default() += row.calls;
        });
        prop_assert_eq!(sums, map);
    }
}
