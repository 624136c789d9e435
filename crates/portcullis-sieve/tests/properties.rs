//! The sieve against a model on trees: random documents, random duties, random borders of chunks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod common;
mod model;

use common::run;
use model::{Duties, Items, LINKS};
use portcullis_sieve::Fault;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

const NAMES: [&str; 12] = [
    "a",
    "b",
    "data",
    "owner",
    "id",
    "kind",
    "expires_at",
    "paging",
    "next",
    "previous",
    "comments",
    "body",
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![9 => select(&NAMES[..]).prop_map(str::to_owned), 1 => "[a-zé\"\\\\\n]{0,20}"]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (common::NOW - 1..common::NOW + 2).prop_map(Into::into),
        select(&["STORY", "Story", "FEED", "drop", "keep", "1709287201"][..]).prop_map(Into::into),
        ".{0,12}".prop_map(Into::into),
        "[ -~é😀\"\\\\]{0,80}".prop_map(Into::into),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Into::into),
            vec((name(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Documents in which every link is one, and every body a string of JSON.
fn answer() -> impl Strategy<Value = Value> {
    (document(), document(), 0_usize..3).prop_map(|(mut document, body, link)| {
        fit(&mut document, &body, link);
        document
    })
}

fn fit(value: &mut Value, body: &Value, link: usize) {
    match value {
        Value::Object(object) => {
            for (name, value) in object.iter_mut() {
                match name.as_str() {
                    "next" | "previous" if value.is_string() => *value = LINKS[link].0.into(),
                    "body" => *value = body_text(body).into(),
                    _ => fit(value, body, link),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| fit(value, body, link)),
        _ => {}
    }
}

fn body_text(body: &Value) -> String {
    let mut body = body.clone();
    fit(&mut body, &Value::Null, 0);
    body.to_string()
}

fn place() -> impl Strategy<Value = String> {
    let step = prop_oneof![6 => select(&NAMES[..11]), 1 => Just("*")];
    prop_oneof![2 => vec(step, 1..4).prop_map(|s| s.join(".")), 1 => select(&["data", "data.owner", "data.comments"][..]).prop_map(str::to_owned)]
}

fn items() -> impl Strategy<Value = Items> {
    let reads =
        vec(select(&["kind", "owner.id", "expires_at", "owner", "a.b", "comments.a.id"][..]), 1..4);
    let at = prop_oneof![
        Just(None),
        Just(Some(String::new())),
        place().prop_map(Some),
        Just(Some("data".to_owned()))
    ];
    let checks = vec((0_usize..3, 0_u8..5, prop::bool::weighted(0.4)), 0..4);
    (at, reads, checks, prop::bool::weighted(0.2), any::<bool>()).prop_map(
        |(at, reads, mut checks, ask, cuts)| {
            let reads: Vec<String> = reads.into_iter().map(str::to_owned).collect();
            checks.iter_mut().for_each(|check| check.0 %= reads.len());
            Items { at, reads, checks, ask, cuts }
        },
    )
}

fn plain_duties() -> impl Strategy<Value = Duties> {
    let names = vec(select(&["b", "id", "owner", "paging"][..]).prop_map(str::to_owned), 0..2);
    (any::<bool>(), vec(place(), 0..3), names, vec(place(), 0..2), vec(items(), 0..3)).prop_map(
        |(links, dropped, names, replaced, items)| Duties {
            links,
            dropped,
            names,
            replaced,
            items,
            embedded: None,
        },
    )
}

fn duties() -> impl Strategy<Value = Duties> {
    (plain_duties(), proptest::option::weighted(0.2, plain_duties())).prop_map(|(duties, inner)| {
        let embedded = inner.map(|mut inner| {
            // A body that is withheld is a matter of its own.
            inner.items.retain(|items| items.at.as_deref().is_none_or(|at| !at.is_empty()));
            Box::new(inner)
        });
        Duties { embedded, ..duties }
    })
}

/// Writes a document with blanks and escapes as they fall.
fn write(value: &Value, dice: &mut u64, out: &mut String) {
    let mut roll = || {
        *dice ^= *dice << 13;
        *dice ^= *dice >> 7;
        *dice ^= *dice << 17;
        *dice % 8
    };
    let blank = ["", "", "", "", "", " ", "\n\t", "  "][roll() as usize];
    let escapes = roll() == 0;
    let start = roll() as usize;
    out.push_str(blank);
    match value {
        Value::Array(list) => {
            out.push('[');
            for (at, value) in list.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write(value, dice, out);
            }
            out.push_str(blank);
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            // In any order: what decides an item may come first or last.
            let mut members: Vec<_> = object.iter().collect();
            let start = start % members.len().max(1);
            members.rotate_left(start);
            for (at, (name, value)) in members.into_iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                out.push_str(blank);
                string(name, escapes, out);
                out.push_str(blank);
                out.push(':');
                write(value, dice, out);
            }
            out.push_str(blank);
            out.push('}');
        }
        Value::String(text) => string(text, escapes, out),
        other => out.push_str(&other.to_string()),
    }
    out.push_str(blank);
}

fn string(text: &str, escapes: bool, out: &mut String) {
    if !escapes {
        return out.push_str(&Value::from(text).to_string());
    }
    out.push('"');
    text.encode_utf16().for_each(|unit| out.push_str(&format!("\\u{unit:04X}")));
    out.push('"');
}

fn written(value: &Value, dice: u64) -> String {
    let mut out = String::new();
    write(value, &mut (dice | 1), &mut out);
    out
}

proptest! {
    #[test]
    fn the_sieve_does_what_the_model_does(answer in answer(), duties in duties(), dice: u64, sizes in vec(0_usize..40, 0..60)) {
        let text = written(&answer, dice);
        let outcome = run(&duties.program(), text.as_bytes(), &sizes);
        match (outcome, duties.sift(&answer)) {
            (Ok(outcome), Some(expected)) => {
                let got: Value = serde_json::from_str(&outcome.text).unwrap();
                prop_assert_eq!(&got, &expected, "{}", text);
                if !outcome.changed {
                    prop_assert_eq!(outcome.text, text);
                }
            }
            (outcome, expected) => {
                prop_assert_eq!(outcome, Err(Fault::Withheld), "{}", text);
                prop_assert_eq!(expected, None);
            }
        }
    }

    #[test]
    fn chunks_do_not_matter_even_where_items_are_given_up(answer in answer(), duties in duties(), dice: u64, sizes in vec(0_usize..40, 0..60), held in 1_usize..120) {
        let text = written(&answer, dice);
        let program = duties.program();
        let whole = common::run_holding(&program, text.as_bytes(), &[], held);
        let cut = common::run_holding(&program, text.as_bytes(), &sizes, held);
        prop_assert_eq!(&whole, &cut, "{}", text);
        if let Ok(outcome) = whole {
            prop_assert!(serde_json::from_str::<Value>(&outcome.text).is_ok(), "{}", outcome.text);
        }
    }

    #[test]
    fn what_serde_refuses_is_refused(text in "[\\[\\]{}:,\"\\\\a1.eE+\\- tnu]{0,14}", duties in plain_duties()) {
        if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_err() {
            prop_assert!(run(&duties.program(), text.as_bytes(), &[3]).is_err(), "{}", text);
        }
    }
}
