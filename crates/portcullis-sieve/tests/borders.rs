//! Where several decisions meet: items inside of items, fields that go twice over, chunks that end
//! just before a fault.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod common;

use std::sync::Arc;

use common::{program, run_holding, sift};
use portcullis_sieve::{
    Check, Effect, Embedded, HELD_MAX, ItemDuty, Place, Plan, Program, Test, Undecided, Where,
};

fn duty(at: &str, read: &str, value: &str, then: Effect) -> ItemDuty {
    let mut duty = ItemDuty::new(1, Where::At(Place::parse(at)));
    let read = duty.read(Place::parse(read));
    let test = Test::OneOf { read, values: vec![value.into()] };
    duty.checks.push(Check { test, then });
    duty
}

fn strip(names: &[&str]) -> Effect {
    Effect::Strip(names.iter().map(|name| Box::from(*name)).collect())
}

#[track_caller]
fn check(duties: &[ItemDuty], answer: &str, expected: &str) {
    let mut plan = Plan::default();
    duties.iter().for_each(|duty| plan.items(duty.clone()));
    assert_eq!(sift(&program(plan), answer).unwrap().text, expected, "{answer}");
}

#[test]
fn a_field_goes_from_before_an_item_that_goes_itself() {
    let duties = [
        duty("data", "owner.id", "x", strip(&["url"])),
        duty("data.owner", "kind", "STORY", Effect::Drop),
    ];
    check(
        &duties,
        r#"{"data":[{"url":"u","owner":{"id":"x","kind":"STORY"},"n":1}]}"#,
        r#"{"data":[{"n":1}]}"#,
    );
    check(
        &duties,
        r#"{"data":[{"m":1,"url":"u","owner":{"id":"x","kind":"FEED"},"n":1}]}"#,
        r#"{"data":[{"m":1,"owner":{"id":"x","kind":"FEED"},"n":1}]}"#,
    );
}

#[test]
fn fields_go_one_after_the_other_as_their_reasons_come_to_light() {
    let duties = [
        duty("data", "first", "x", strip(&["a", "c"])),
        duty("data", "second", "x", strip(&["b", "c", "d"])),
    ];
    for (first, second, left) in [
        ("x", "x", r#""first":"x","e":5,"second":"x""#),
        ("x", "y", r#""b":2,"d":4,"first":"x","e":5,"second":"y""#),
        ("y", "x", r#""a":1,"first":"y","e":5,"second":"x""#),
    ] {
        check(
            &duties,
            &format!(
                r#"{{"data":[{{"a":1,"b":2,"c":3,"d":4,"first":"{first}","e":5,"second":"{second}"}}]}}"#
            ),
            &format!(r#"{{"data":[{{{left}}}]}}"#),
        );
    }
}

#[test]
fn an_item_leaves_while_one_inside_of_it_is_still_undecided() {
    let duties = [
        duty("data", "owner.id", "drop", Effect::Drop),
        duty("data.owner", "kind", "STORY", strip(&["url"])),
    ];
    for (url, kind, left) in
        [(r#""url":"u","#, "STORY", ""), (r#""url":"u","#, "FEED", r#""url":"u","#)]
    {
        check(
            &duties,
            &format!(r#"{{"data":[{{"n":1,"owner":{{{url}"id":"x","kind":"{kind}"}}}},{{}}]}}"#),
            &format!(r#"{{"data":[{{"n":1,"owner":{{{left}"id":"x","kind":"{kind}"}}}},{{}}]}}"#),
        );
    }
}

#[test]
fn links_are_found_in_every_element_of_a_list_of_pagings() {
    let mut plan = Plan::default();
    plan.links();
    let answer = r#"{"paging":[{"next":"/a"},[{"previous":"/b"}],{"next":"/c"}]}"#;
    let expected = answer.replace("\"/", "\"https://gate.example/graph/");
    assert_eq!(sift(&program(plan), answer).unwrap().text, expected);
}

fn strict(undecided: Undecided) -> Plan {
    let mut any = duty("", "kind", "STORY", Effect::Drop);
    any.at = Where::AnyList;
    any.undecided = undecided;
    let mut plan = Plan::default();
    plan.links();
    plan.items(any);
    plan.items(duty("", "kind", "STORY", Effect::Drop));
    plan
}

/// Two entries at most, each with a refusal.
fn batch() -> Arc<Program> {
    let inner = program(strict(Undecided::Cut));
    let refusal = Some(r#"{"code":403}"#.into());
    let mut batch = strict(Undecided::Drop);
    let entries = vec![(inner.clone(), refusal.clone()), (inner, refusal)];
    batch.embed(Place::parse("body"), Embedded::Entries(entries));
    program(batch)
}

#[test]
fn an_entry_that_is_given_up_does_not_end_the_answer_by_its_body() {
    let rows = r#"{\"id\":1},"#.repeat(9);
    let long = "x".repeat(90);
    let text = format!(r#"[{{"body":"[{rows}{{\"id\":\"{long}\"}}]"}},{{"body":"{{}}"}}]"#);
    for sizes in [vec![], vec![1; text.len()]] {
        let outcome = run_holding(&batch(), text.as_bytes(), &sizes, 60).unwrap();
        assert_eq!(outcome.text, r#"[{"body":"{}"}]"#);
        let outcome = run_holding(&batch(), text.as_bytes(), &sizes, HELD_MAX).unwrap();
        assert_eq!(outcome.text, text);
    }
}

#[test]
fn an_answer_stops_or_passes_alike_wherever_its_chunks_end() {
    let batch = batch();
    for body in [
        r#"{\"data\":[{\"kind\":\"STORY\"},{\"id\":1}],\"paging\":{\"next\":\"http:\/\/up\/a\"}}"#,
        r#"{\"data\":[{\"id\":1}],\"paging\":{\"next\":\"htt\ud83dp:\/\/up\/a\"}}"#,
        r#"{\"data\":[{\"id\":1}],\"paging\":{\"n\/up\/a\"}}"#,
        r#"{\"data\":[{\"id\":1}]},\"n\":1}"#,
        r#"{\"data\":[{\"id\":1}],\"kind\":\"STORY\"}"#,
        r#"{\"id\":1,\"kind\":\"STORY\"}"#,
    ] {
        let text = format!(r#"[{{"code":200,"body":"{body}","x":1}},{{"n":[{{"m":1}}]}}]"#);
        for held in (1..120).chain([HELD_MAX]) {
            let whole = run_holding(&batch, text.as_bytes(), &[], held);
            let bytes = run_holding(&batch, text.as_bytes(), &vec![1; text.len()], held);
            assert_eq!(whole.is_ok(), bytes.is_ok(), "{held}: {text}");
            if whole.is_ok() {
                assert_eq!(whole, bytes, "{held}: {text}");
            }
        }
    }
}
