//! Items that somebody looks at and drops none of: what is noted is what leaves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::sync::Arc;

use portcullis_sieve::{
    Check, Effect, Fate, Gate, HELD_MAX, Item, ItemDuty, Items, Place, Plan, Sieve, Test,
    Undecided, Where,
};

/// Notes the owner of each item that leaves, by the tag of its duty.
#[derive(Default)]
struct Notes(Vec<String>);

fn note(item: &Item<'_>) -> String {
    format!("{}:{}", item.tag, item.text(0).unwrap_or("-"))
}

impl Items for Notes {
    fn keep(&mut self, item: &Item<'_>) -> Fate {
        self.0.push(note(item));
        Fate::Keep
    }

    fn noted(&self) -> usize {
        self.0.len()
    }

    fn forget(&mut self, noted: usize) {
        self.0.truncate(noted);
    }

    fn late(&mut self, item: &Item<'_>, noted: usize) {
        let tag = format!("{}:", item.tag);
        let known = self.0.iter_mut().skip(noted).find(|known| known.starts_with(&tag));
        *known.unwrap() = note(item);
    }
}

fn looks(tag: u32, at: &str) -> ItemDuty {
    let mut duty = ItemDuty::new(tag, Where::At(Place::parse(at)));
    duty.read(Place::parse("owner"));
    (duty.ask, duty.looks, duty.undecided) = (true, true, Undecided::Keep);
    duty
}

fn no_stories(at: &str) -> ItemDuty {
    let mut duty = ItemDuty::new(0, Where::At(Place::parse(at)));
    let read = duty.read(Place::parse("kind"));
    let test = Test::OneOf { read, values: vec!["STORY".into()] };
    duty.checks.push(Check { test, then: Effect::Drop });
    duty
}

/// Sifts an answer in pieces of each of these sizes.
#[track_caller]
fn check(duties: &[ItemDuty], answer: &str, left: &str, noted: &[&str], dropped: u64) {
    for size in [1, 7, 4096, usize::MAX] {
        let mut plan = Plan::default();
        duties.iter().for_each(|duty| plan.items(duty.clone()));
        let program = Arc::new(plan.compile().unwrap());
        let mut sieve = Sieve::new(program, Arc::new(Gate::default()), 0, Notes::default());
        let mut out = Vec::new();
        for chunk in answer.as_bytes().chunks(size) {
            sieve.push(chunk, &mut out).unwrap();
        }
        sieve.finish().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), left);
        assert_eq!(sieve.items().0, noted, "in pieces of {size}");
        let tallies = sieve.tallies();
        assert_eq!(tallies.iter().map(|tally| tally.dropped).sum::<u64>(), dropped);
    }
}

#[test]
fn what_leaves_is_noted_and_what_is_dropped_is_not() {
    check(
        &[no_stories("data"), looks(1, "data")],
        r#"{"data":[{"owner":"a"},{"owner":"b","kind":"STORY"},{"x":1,"kind":"FEED"}]}"#,
        r#"{"data":[{"owner":"a"},{"x":1,"kind":"FEED"}]}"#,
        &["1:a", "1:-"],
        1,
    );
}

#[test]
fn what_stood_in_an_item_that_goes_is_not_noted_either() {
    check(
        &[no_stories("data"), looks(1, "data"), looks(2, "data.in")],
        r#"{"data":[{"in":[{"owner":"x"}],"owner":"a"},{"in":[{"owner":"y"}],"kind":"STORY"},{"owner":"b"}]}"#,
        r#"{"data":[{"in":[{"owner":"x"}],"owner":"a"},{"owner":"b"}]}"#,
        &["2:x", "1:a", "1:b"],
        1,
    );
}

#[test]
fn an_item_too_long_to_be_held_leaves_and_is_completed_at_its_end() {
    let long = "x".repeat(2 * HELD_MAX);
    let answer = format!(r#"{{"x":"{long}","in":{{"owner":"y"}},"owner":"a"}}"#);
    check(&[looks(1, ""), looks(2, "in")], &answer, &answer, &["1:a", "2:y"], 0);
    // A filter that is satisfied does not drop it for what only the look would still wait for.
    let answer = format!(r#"{{"data":[{{"kind":"FEED","x":"{long}","owner":"a"}}]}}"#);
    check(&[no_stories("data"), looks(1, "data")], &answer, &answer, &["1:a"], 0);
}
