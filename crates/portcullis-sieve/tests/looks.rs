//! Items that somebody looks at and drops none of: what is noted is what leaves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::ops::Range;
use std::sync::Arc;

use portcullis_sieve::{
    Check, Effect, Fate, Fault, Gate, HELD_MAX, Item, ItemDuty, Items, Place, Plan, Sieve, Sink,
    Test, Undecided, Where,
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
fn what_is_read_inside_an_item_stays_when_an_item_inside_it_ends() {
    let mut post = looks(1, "data");
    post.reads = ["owner.id", "id"].map(Place::parse).into();
    let mut owner = looks(2, "data.owner");
    owner.reads = vec![Place::parse("id")];
    let mut checked = post.clone();
    let test = Test::OneOf { read: 0, values: vec!["2".into()] };
    (checked.tag, checked.ask, checked.looks) = (0, false, false);
    checked.checks.push(Check { test, then: Effect::Drop });
    let of = |id: &str| format!(r#"{{"owner":{{"id":"{id}","name":"baker"}},"id":"90210777"}}"#);
    let answer = |ids: &[&str]| {
        let posts: Vec<String> = ids.iter().map(|id| of(id)).collect();
        format!(r#"{{"data":[{}]}}"#, posts.join(","))
    };
    let notes = ["2:17841", "1:17841", "2:3", "1:3"];
    let both = [post.clone(), owner.clone()];
    check(&both, &answer(&["17841", "3"]), &answer(&["17841", "3"]), &notes, 0);
    let all = [post, owner, checked];
    check(&all, &answer(&["17841", "2", "3"]), &answer(&["17841", "3"]), &notes, 1);
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

/// Where each piece of the output is from: a span of the chunk, or a copy of the sieve's.
#[derive(Default)]
struct Written(Vec<Option<Range<usize>>>);

impl Sink for Written {
    fn span(&mut self, _: &[u8], range: Range<usize>) {
        self.0.push(Some(range));
    }

    fn text(&mut self, _: &[u8]) {
        self.0.push(None);
    }
}

#[test]
fn a_chunk_whose_items_all_leave_is_written_at_once_and_not_copied() {
    let check = |chunks: &[&str], expected: &[&[Option<Range<usize>>]]| {
        let mut plan = Plan::default();
        plan.items(looks(7, "data"));
        let program = Arc::new(plan.compile().unwrap());
        let mut sieve = Sieve::new(program, Arc::new(Gate::default()), 0, Notes::default());
        for (chunk, expected) in chunks.iter().zip(expected) {
            let mut out = Written::default();
            sieve.push(chunk.as_bytes(), &mut out).unwrap();
            assert_eq!(out.0, *expected, "{chunk}");
        }
        sieve.finish().unwrap();
    };
    let all = |chunk: &str| vec![Some(0..chunk.len())];
    let page = r#"{"data":[{"owner":"a","n":1},{"owner":"b","m":[2]},{"n":3}],"n":{}}"#;
    check(&[page], &[&all(page)]);
    // What stands before an item that the next chunk decides waits for nothing.
    let (begun, rest) = (r#"{"data":[{"owner":"a"},{"n":"#, r#"1},{"owner":"b"}]}"#);
    check(&[begun, rest], &[&[Some(0..22)], &[None, Some(2..rest.len())]]);
}

#[test]
fn a_credential_is_told_of_wherever_the_answer_is_cut() {
    const SECRET: &str = "the-platforms-own";
    let mut duty = no_stories("data");
    duty.undecided = Undecided::Cut;
    let mut plan = Plan::default();
    plan.items(duty);
    let program = Arc::new(plan.compile().unwrap());
    let gate = Arc::new(Gate::default().secret(SECRET.as_bytes()));
    // It stands before an item that can't be decided with as little as may be held here.
    let answer = format!(r#"{{"x":"{SECRET}","data":[{{"long":"{}"}}]}}"#, "y".repeat(100));
    for size in [1, 3, 17, usize::MAX] {
        let (program, gate) = (Arc::clone(&program), Arc::clone(&gate));
        let mut sieve = Sieve::new(program, gate, 0, Notes::default()).hold_at_most(8);
        let mut out = Vec::new();
        let fault = answer.as_bytes().chunks(size).find_map(|one| sieve.push(one, &mut out).err());
        assert_eq!(fault, Some(Fault::Secret), "in pieces of {size}");
        let out = String::from_utf8(out).unwrap();
        assert!(!out.contains(SECRET), "{out}");
    }
}
