//! Mutated answers by the million: no panic, nothing that is no JSON, nothing that a duty forbids.
//!
//! `SIEVE_EXECUTIONS` says how many, `SIEVE_SEED` where to begin; both runs and machines agree on
//! what a number means.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod common;

use std::sync::Arc;

use common::{program, run_holding};
use portcullis_sieve::{
    Check, Effect, Embedded, Fault, HELD_MAX, ItemDuty, Place, Plan, Program, Test, Where,
};
use serde::de::IgnoredAny;
use serde_json::Value;

const CORPUS: &[&str] = &[
    r#"{"data":[{"id":"1","kind":"FEED","owner":{"id":"7","account_type":"BUSINESS"},"url":"u"},{"kind":"STORY","id":"2","expires_at":"2024-03-01T10:00:01+0000"}],"paging":{"cursors":{"after":"x"},"next":"http://up/a?access_token=t&after=x"}}"#,
    r#"{"id":"17","media":{"data":[{"caption":"a \"b\" \\ \u00e9 \ud83d\ude00","comments":{"data":[{"text":"é😀","kind":"STORY"}],"paging":{"next":"http://up/c"}}}]},"kind":"FEED"}"#,
    r#"[{"code":200,"body":"{\"data\":[{\"kind\":\"STORY\"},{\"id\":1}],\"paging\":{\"next\":\"http:\/\/up\/a\"}}"},null,{"code":404,"body":"{\"error\":{\"code\":100}}"}]"#,
    r#"{"1":{"kind":"STORY","url":[1,2,{"a":null}]},"2":{"url":"x","kind":"FEED","n":-0.5e+10},"3":true}"#,
    r#" [ [ ] , { } , [ { } , 1e999 , 123456789012345678901234567890 ] , "\/\b\f\n\r\t" ] "#,
    r#"{"error":{"message":"no","code":190,"data":[{"url":1}]}}"#,
    r#"{"a":{"a":{"a":{"a":{"a":[[[[[[[[[[{"kind":"STORY"}]]]]]]]]]]}}}}}}"#,
];

const PARTS: &[&str] = &[
    "\"kind\":\"STORY\"",
    "\"kind\":\"FEED\",",
    "\"url\":1,",
    "{\"kind\":\"STORY\"},",
    "\"data\":[",
    "\"paging\":{\"next\":\"http://up/z\"},",
    "\"expires_at\":1,",
    "\"owner\":{\"id\":\"drop\"},",
    "\\u006b",
    "\\ud83d",
    "\\\"",
    "\\\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "true",
    "1e5",
    " ",
    "\n",
    "\u{0}",
    "é",
    "\\",
    "\"body\":\"{}\",",
    "\"k\\u0069nd\":",
    "hush-hush",
];

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides.max(1)
    }

    fn one<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.roll(list.len())]
    }

    fn mutate(&mut self, text: &mut Vec<u8>) {
        let at = self.roll(text.len() + 1);
        let end = (at + self.roll(24)).min(text.len());
        match self.roll(8) {
            0 if at < text.len() => text[at] ^= 1 << self.roll(8),
            1 if at < text.len() => text[at] = self.roll(256) as u8,
            2 => drop(text.drain(at..end)),
            3 => {
                let copy = text[at..end].to_vec();
                let to = self.roll(text.len() + 1);
                drop(text.splice(to..to, copy));
            }
            4 => text.truncate(at),
            5 => {
                let other = self.one(CORPUS).as_bytes();
                let from = self.roll(other.len());
                let until = (from + self.roll(80)).min(other.len());
                drop(text.splice(at..end, other[from..until].iter().copied()));
            }
            _ => drop(text.splice(at..at, self.one(PARTS).bytes())),
        }
    }

    fn case(&mut self) -> Vec<u8> {
        let mut text = self.one(CORPUS).as_bytes().to_vec();
        for _ in 0..self.roll(5) {
            self.mutate(&mut text);
        }
        text
    }
}

fn duty(at: Where) -> ItemDuty {
    let mut duty = ItemDuty::new(1, at);
    let read = duty.read(Place::parse("kind"));
    let test = Test::OneOf { read, values: vec!["STORY".into()] };
    duty.checks.push(Check { test, then: Effect::Drop });
    duty
}

/// Every list without stories, every link rewritten.
fn strict() -> Plan {
    let mut plan = Plan::default();
    plan.links();
    plan.items(duty(Where::AnyList));
    plan.items(duty(Where::At(Place::root())));
    plan.drop_name("url");
    plan
}

fn programs() -> Vec<Arc<Program>> {
    let inner = program(strict());
    let mut batch = strict();
    let refusal = Some(r#"{"code":403}"#.into());
    let entries = vec![(inner.clone(), refusal.clone()), (inner.clone(), None), (inner, refusal)];
    batch.embed(Place::parse("body"), Embedded::Entries(entries));
    let mut asked = strict();
    let mut owners = ItemDuty::new(2, Where::At(Place::parse("data")));
    owners.read(Place::parse("owner.id"));
    let expiry = owners.read(Place::parse("expires_at"));
    owners.ask = true;
    let names = vec!["owner".into(), "id".into()];
    owners.checks.push(Check { test: Test::Expired { read: expiry }, then: Effect::Strip(names) });
    asked.items(owners);
    asked.take_back(Place::parse("data.owner"));
    asked.replace(Place::parse("*.n"), "\"x\"");
    vec![program(strict()), program(batch), program(asked)]
}

/// Whether what must not be there is there.
fn leaks(value: &Value, listed: bool) -> bool {
    match value {
        Value::Array(list) => list.iter().any(|value| leaks(value, true)),
        Value::Object(object) => {
            let is_story = object.get("kind").is_some_and(|kind| kind == "STORY");
            let link = object.get("paging").and_then(|paging| paging.get("next"));
            let is_link =
                link.and_then(Value::as_str).is_some_and(|l| !l.starts_with("https://gate."));
            let below = object.values().any(|value| leaks(value, false));
            (listed && is_story) || object.contains_key("url") || is_link || below
        }
        _ => false,
    }
}

fn check(program: &Arc<Program>, text: &[u8], dice: &mut Dice) {
    let shown = || String::from_utf8_lossy(text);
    let held = if dice.roll(2) == 0 { HELD_MAX } else { dice.roll(200) };
    let whole = run_holding(program, text, &[], held);
    let sizes: Vec<usize> = (0..dice.roll(40)).map(|_| dice.roll(30)).collect();
    let cut = run_holding(program, text, &sizes, held);
    assert_eq!(whole.is_ok(), cut.is_ok(), "{}", shown());
    let is_json = std::str::from_utf8(text)
        .is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    match whole {
        Ok(outcome) => {
            assert!(is_json, "{}", shown());
            assert_eq!(Ok(&outcome), cut.as_ref(), "{}", shown());
            assert!(outcome.changed || outcome.text.as_bytes() == text, "{}", shown());
            assert!(serde_json::from_str::<IgnoredAny>(&outcome.text).is_ok(), "{}", shown());
            if let Ok(value) = serde_json::from_str::<Value>(&outcome.text) {
                assert!(!leaks(&value, false), "{}\n{}", shown(), outcome.text);
            }
        }
        Err(Fault::NotJson { .. }) => {
            // A name with half a character in it is refused here and not there.
            assert!(!is_json || shown().to_lowercase().contains("\\ud"), "{}", shown());
        }
        Err(Fault::Truncated | Fault::Trailing { .. } | Fault::NotUtf8) => {
            assert!(!is_json, "{}", shown());
        }
        Err(_) => {}
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect(name))
}

#[test]
fn mutated_answers_neither_crash_the_sieve_nor_slip_through() {
    let executions = number("SIEVE_EXECUTIONS", 20_000);
    let mut dice = Dice(number("SIEVE_SEED", 0x9E37_79B9_7F4A_7C15) | 1);
    let programs = programs();
    // Each case is two executions: whole, and in chunks.
    for _ in 0..executions.div_ceil(2) {
        let text = dice.case();
        let program = &programs[dice.roll(programs.len())];
        check(program, &text, &mut dice);
    }
}
