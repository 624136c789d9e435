//! Links, secrets and strings of JSON.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod common;

use std::sync::Arc;

use common::{gate, program, sift};
use portcullis_sieve::{
    Check, Effect, Embedded, Fault, ItemDuty, LINK_MAX, LinkKey, Place, Plan, Program,
    ProgramFault, Sieve, Test, Where,
};

fn links() -> Plan {
    let mut plan = Plan::default();
    plan.links();
    plan
}

#[track_caller]
fn check(plan: &Plan, answer: &str, expected: Result<&str, Fault>) {
    let outcome = sift(&program(plan.clone()), answer).map(|outcome| outcome.text);
    assert_eq!(outcome.as_deref(), expected.as_ref().map(|text| *text), "{answer}");
}

#[test]
fn links_lead_back_to_the_gate_at_every_depth() {
    for (answer, expected) in [
        (
            r#"{"paging":{"next":"http://up:9/v1/a?access_token=hush-hush&after=x","cursors":{"after":"x"}}}"#,
            r#"{"paging":{"next":"https://gate.example/graph/v1/a?after=x","cursors":{"after":"x"}}}"#,
        ),
        (
            r#"{ "data":[ {"n":1.0e2, "media":{"paging" : { "previous" : "https:\/\/up\/b?limit=2&appsecret_proof=ab" }}} ] }"#,
            r#"{ "data":[ {"n":1.0e2, "media":{"paging" : { "previous" : "https://gate.example/graph/b?limit=2" }}} ] }"#,
        ),
        (
            r#"{"pag\u0069ng":{"nex\u0074":"http://up/\u0061?%61ccess_token=hush-hush"}}"#,
            r#"{"pag\u0069ng":{"nex\u0074":"https://gate.example/graph/a"}}"#,
        ),
        (
            r#"{"paging":[{"next":"http://up/a"}]}"#,
            r#"{"paging":[{"next":"https://gate.example/graph/a"}]}"#,
        ),
    ] {
        check(&links(), answer, Ok(expected));
    }
}

#[test]
fn nothing_else_changes() {
    for answer in [
        r#"{"next":"http://up/a","data":{"previous":"http://up/b"}}"#,
        r#"{"paging":{"next":null,"other":"http://up/a","deep":{"next":"http://up/b"}}}"#,
        r#"{"paging":["next","http://up/a"],"id":17841400000000000001234,"f":1.10}"#,
    ] {
        check(&links(), answer, Ok(answer));
    }
}

#[test]
fn a_link_that_cannot_be_read_stops_the_answer() {
    for (link, fault) in [
        ("mailto:x", Fault::LinkUnreadable),
        (r"http://up/\ud800", Fault::LinkUnreadable),
        ("", Fault::LinkUnreadable),
    ] {
        check(&links(), &format!(r#"{{"paging":{{"next":"{link}"}}}}"#), Err(fault));
    }
    let twice = r#"{"paging":{"next":"http://up/a","next":"http://up/b"}}"#;
    check(&links(), twice, Err(Fault::NameTwice));
    let long = format!(r#"{{"paging":{{"next":"http://up/{}"}}}}"#, "a".repeat(LINK_MAX));
    check(&links(), &long, Err(Fault::LinkTooLong));
}

#[test]
fn the_platforms_credential_never_leaves() {
    for answer in [
        r#"{"paging":{"cursors":{"after":"hush-hush"}}}"#,
        r#"{"debug":"token hush-hush"}"#,
        r#"{"paging":{"next":"http://up/hush-hush?a"}}"#,
        r#"{"hush-hush":1}"#,
    ] {
        check(&links(), answer, Err(Fault::Secret));
    }
    check(&links(), r#"{"a":"hush-hus","b":"h"}"#, Ok(r#"{"a":"hush-hus","b":"h"}"#));
}

#[test]
fn links_carry_the_callers_key_outside_of_strings_and_nothing_else_does() {
    let mut plan = links();
    plan.embed(Place::parse("body"), Embedded::Same(program(links())));
    let program = program(plan);
    let text = r#"[{"paging":{"next":"http://up/a?access_token=s"},"next":"http://up/b","body":"{\"paging\":{\"next\":\"\/c\"}}"}]"#;
    let expected = r#"[{"paging":{"next":"https://gate.example/graph/a?access_token=own"},"next":"http://up/b","body":"{\"paging\":{\"next\":\"https://gate.example/graph/c\"}}"}]"#;
    for size in [1, 7, text.len()] {
        let sieve = Sieve::new(Arc::clone(&program), Arc::new(gate()), 0, ());
        let mut sieve = sieve.key_links(LinkKey::new("own"));
        assert!(sieve.may_key() && !sieve.is_keyed());
        let mut out = Vec::new();
        for chunk in text.as_bytes().chunks(size) {
            sieve.push(chunk, &mut out).unwrap();
        }
        sieve.finish().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert!(sieve.is_keyed() && !format!("{sieve:?}").contains("own"));
    }
}

#[test]
fn links_ask_for_what_the_caller_asked_for() {
    let mut plan = links();
    plan.link_param(Place::root(), "fields", Some("id"));
    plan.link_param(Place::parse("data.comments"), "fields", None);
    check(
        &plan,
        r#"{"data":[{"comments":{"paging":{"next":"http://up/c?fields=id,x&after=1"}}}],"paging":{"next":"http://up/a?fields=id,y"}}"#,
        Ok(
            r#"{"data":[{"comments":{"paging":{"next":"https://gate.example/graph/c?after=1"}}}],"paging":{"next":"https://gate.example/graph/a?fields=id"}}"#,
        ),
    );
}

/// A batch: bodies by position, a refusal for the first.
fn batch(programs: Vec<Arc<Program>>) -> Plan {
    let refusal = r#"{"code":403,"body":"{}"}"#;
    let entries = programs.into_iter().map(|program| (program, Some(refusal.into()))).collect();
    let mut plan = links();
    plan.embed(Place::parse("body"), Embedded::Entries(entries));
    plan
}

fn plain() -> Arc<Program> {
    let mut plan = links();
    plan.drop_field(Place::parse("data.secret"));
    program(plan)
}

/// A node that may not be a story.
fn node() -> Arc<Program> {
    let mut duty = ItemDuty::new(1, Where::At(Place::root()));
    let read = duty.read(Place::parse("kind"));
    let values = vec!["STORY".into()];
    duty.checks.push(Check { test: Test::OneOf { read, values }, then: Effect::Drop });
    let mut plan = Plan::default();
    plan.items(duty);
    program(plan)
}

#[test]
fn bodies_in_strings_are_sieved_one_by_one() {
    check(
        &batch(vec![plain(), plain(), plain()]),
        r#"[{"code":200,"body":"{\"data\":[{\"secret\":1,\"n\":\"\u00e9\\u00e9\\n\"}],\"paging\":{\"next\":\"http:\\/\\/up\\/a?access_token=x\"}}"},null,{"body":"[]"}]"#,
        Ok(
            r#"[{"code":200,"body":"{\"data\":[{\"n\":\"é\\u00e9\\n\"}],\"paging\":{\"next\":\"https://gate.example/graph/a\"}}"},null,{"body":"[]"}]"#,
        ),
    );
}

#[test]
fn a_body_that_must_not_be_given_is_refused_in_its_place() {
    let story = r#"{"body":"{\"id\":1,\"kind\":\"STORY\"}","code":200}"#;
    let post = r#"{"body":"{\"id\":1,\"kind\":\"POST\"}","code":200}"#;
    let refusal = r#"{"code":403,"body":"{}"}"#;
    for (entries, expected) in [
        ([story, post, story], [refusal, post, refusal]),
        ([post, story, story], [post, refusal, refusal]),
        ([story, story, post], [refusal, refusal, post]),
    ] {
        check(
            &batch(vec![node(), node(), node()]),
            &format!("[{}]", entries.join(",")),
            Ok(&format!("[{}]", expected.join(","))),
        );
    }
}

#[test]
fn a_platforms_refusal_in_a_body_stays_its_own() {
    let mut duty = ItemDuty::new(1, Where::At(Place::root()));
    let read = duty.read(Place::parse("expires_at"));
    duty.checks.push(Check { test: Test::Expired { read }, then: Effect::Drop });
    let mut plan = Plan::default();
    plan.items(duty);
    let node = program(plan);
    let answer = r#"[{"body":"{\"error\":{\"code\":100}}","code":404}]"#;
    check(&batch(vec![node.clone()]), answer, Ok(answer));
    let both = r#"[{"body":"{\"error\":{\"code\":100},\"id\":1}","code":404}]"#;
    check(&batch(vec![node]), both, Ok(r#"[{"code":403,"body":"{}"}]"#));
}

#[test]
fn a_body_that_was_not_asked_for_stops_the_answer() {
    for answer in [
        r#"[{"body":"{}"},{"body":"{}"}]"#,
        r#"[{"body":{}}]"#,
        r#"[{"body":1}]"#,
        r#"[{"body":"<html>"}]"#,
        r#"[{"body":""}]"#,
        r#"[{"body":"{"}]"#,
        r#"[{"body":"{}{}"}]"#,
        r#"[{"body":"\"\ud800\""}]"#,
    ] {
        check(&batch(vec![plain()]), answer, Err(Fault::NotEmbedded));
    }
    let secret = r#"[{"body":"{\"a\":\"hu\u0073h-hush\"}"}]"#;
    check(&batch(vec![plain()]), secret, Err(Fault::Secret));
    check(&batch(vec![plain()]), r#"[{"body":null}]"#, Ok(r#"[{"body":null}]"#));
}

#[test]
fn a_long_body_passes_and_its_entry_can_then_only_be_cut() {
    let rows = vec![r#"{\"n\":1}"#; 20_000].join(",");
    let good = format!(r#"[{{"body":"{{\"data\":[{rows}]}}"}}]"#);
    check(&batch(vec![plain()]), &good, Ok(&good));
    let mut cutting = Plan::default();
    let mut duty = ItemDuty::new(1, Where::At(Place::parse("data")));
    let read = duty.read(Place::parse("first"));
    duty.checks.push(Check { test: Test::Expired { read }, then: Effect::Drop });
    duty.ask = true;
    duty.checks.clear();
    cutting.items(duty);
    let cutting = program(cutting);
    let row = r#"{\"first\":\"cut\"}"#;
    let short = format!(r#"[{{"body":"{{\"data\":[{row}]}}"}}]"#);
    check(&batch(vec![cutting.clone()]), &short, Ok(r#"[{"code":403,"body":"{}"}]"#));
    let rows = vec![r#"{\"first\":\"x\"}"#; 20_000].join(",");
    let long = format!(r#"[{{"body":"{{\"data\":[{rows},{row}]}}"}}]"#);
    check(&batch(vec![cutting]), &long, Err(Fault::Cut));
}

#[test]
fn only_one_level_of_strings_is_read() {
    let inner = program(batch(vec![plain()]));
    assert_eq!(batch(vec![inner]).compile().unwrap_err(), ProgramFault::EmbeddedTwice);
}
