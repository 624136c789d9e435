//! How much memory an answer takes, however long it is.
//!
//! `SIEVE_MEGABYTES` says how long; 1,000 is what is promised.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod common;

use std::sync::Arc;

use common::{by_first_read, gate, program};
use portcullis_sieve::{
    Check, Effect, Embedded, HELD_MAX, ItemDuty, Place, Plan, Sieve, Sink, Test, Where,
};

/// Takes everything and keeps nothing.
struct Nothing;

impl Sink for Nothing {
    fn text(&mut self, _: &[u8]) {}
}

fn judged() -> Plan {
    let mut duty = ItemDuty::new(1, Where::At(Place::parse("data")));
    let kind = duty.read(Place::parse("kind"));
    duty.read(Place::parse("owner.id"));
    let test = Test::OneOf { read: kind, values: vec!["STORY".into()] };
    duty.checks.push(Check { test, then: Effect::Drop });
    duty.ask = true;
    let mut plan = Plan::default();
    plan.links();
    plan.drop_field(Place::parse("data.url"));
    plan.items(duty);
    plan
}

fn megabytes() -> usize {
    let text = std::env::var("SIEVE_MEGABYTES").ok();
    text.map_or(5, |text| text.parse().expect("SIEVE_MEGABYTES"))
}

/// The most memory taken while `item` comes again and again, between `head` and `tail`.
fn most(plan: Plan, head: &str, item: &str, tail: &str) -> usize {
    let mut sieve = Sieve::new(program(plan), Arc::new(gate()), common::NOW, by_first_read);
    sieve.push(head.as_bytes(), &mut Nothing).unwrap();
    let mut most = 0;
    let times = megabytes() * 1_000_000 / item.len();
    let text = item.repeat(50_000 / item.len() + 1);
    for chunk in 0..times / (text.len() / item.len()) + 1 {
        let text = if chunk == 0 { text.strip_prefix(',').unwrap() } else { &text };
        sieve.push(text.as_bytes(), &mut Nothing).unwrap();
        most = most.max(sieve.memory());
    }
    sieve.push(tail.as_bytes(), &mut Nothing).unwrap();
    sieve.finish().unwrap();
    most
}

#[test]
fn a_long_page_takes_as_much_as_one_of_its_items() {
    let item = r#",{"id":"1","caption":"Sunset over the harbour","url":"https://cdn/1","owner":{"id":"7"},"kind":"FEED"}"#;
    let took = most(judged(), r#"{"data":["#, item, "]}");
    assert!(took <= 16 * 1024, "{took}");
}

#[test]
fn items_that_are_decided_late_take_what_may_be_held() {
    let caption = "x".repeat(HELD_MAX - 200);
    let item = format!(r#",{{"caption":"{caption}","owner":{{"id":"7"}},"kind":"FEED"}}"#);
    let took = most(judged(), r#"{"data":["#, &item, "]}");
    assert!(took <= HELD_MAX + 8 * 1024, "{took}");
    let caption = "x".repeat(HELD_MAX * 3);
    let item = format!(r#",{{"caption":"{caption}","owner":{{"id":"7"}},"kind":"FEED"}}"#);
    let took = most(judged(), r#"{"data":["#, &item, "]}");
    assert!(took <= HELD_MAX + 8 * 1024, "{took}");
}

#[test]
fn a_long_string_of_json_takes_no_more_than_its_items() {
    let mut plan = Plan::default();
    plan.embed(Place::parse("body"), Embedded::Same(program(judged())));
    let item = r#",{\"caption\":\"\u00e9\",\"owner\":{\"id\":\"7\"},\"kind\":\"FEED\"}"#;
    let took = most(plan, r#"[{"body":"{\"data\":["#, item, r#"]}"}]"#);
    assert!(took <= 64 * 1024, "{took}");
}

#[test]
fn one_endless_string_takes_nothing() {
    let took = most(judged(), r#"{"x":""#, ",x", r#""}"#);
    assert!(took <= 8 * 1024, "{took}");
}

#[test]
fn blanks_without_end_take_nothing() {
    let mut sieve = Sieve::new(program(judged()), Arc::new(gate()), common::NOW, by_first_read);
    sieve.push(b"{\"x\":1,", &mut Nothing).unwrap();
    for _ in 0..1_000 {
        sieve.push(&[b' '; 10_000], &mut Nothing).unwrap();
    }
    assert!(sieve.memory() <= 8 * 1024, "{}", sieve.memory());
    sieve.push(b"\"y\":2}", &mut Nothing).unwrap();
    sieve.finish().unwrap();
}
