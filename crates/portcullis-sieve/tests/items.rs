//! Items: judged by what is read of them, dropped, stripped, counted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::{program, sift};
use portcullis_sieve::{
    Check, Effect, Fault, HELD_MAX, ItemDuty, Place, Plan, READ_MAX, Tally, Test, Undecided, Where,
};

fn at(place: &str) -> ItemDuty {
    ItemDuty::new(7, Where::At(Place::parse(place)))
}

fn planned(duty: ItemDuty) -> Plan {
    let mut plan = Plan::default();
    plan.items(duty);
    plan
}

fn no_stories(mut duty: ItemDuty) -> ItemDuty {
    let read = duty.read(Place::parse("kind"));
    let test = Test::OneOf { read, values: vec!["STORY".into(), "REEL".into()] };
    duty.checks.push(Check { test, then: Effect::Drop });
    duty
}

fn professional(mut duty: ItemDuty) -> ItemDuty {
    let read = duty.read(Place::parse("owner.account_type"));
    let values = vec!["BUSINESS".into(), "CREATOR".into()];
    let test = Test::NotOneOf { read, values, missing: true };
    duty.checks.push(Check { test, then: Effect::Drop });
    duty
}

fn fresh(mut duty: ItemDuty) -> ItemDuty {
    let read = duty.read(Place::parse("expires_at"));
    duty.checks.push(Check { test: Test::Expired { read }, then: Effect::Drop });
    duty
}

fn asked(mut duty: ItemDuty) -> ItemDuty {
    duty.read(Place::parse("owner.id"));
    duty.ask = true;
    duty
}

fn unfetched(mut duty: ItemDuty) -> ItemDuty {
    let read = duty.read(Place::parse("kind"));
    let test = Test::OneOf { read, values: vec!["STORY".into()] };
    let names = vec!["url".into(), "thumb".into()];
    duty.checks.push(Check { test, then: Effect::Strip(names) });
    duty
}

#[track_caller]
fn check(duty: ItemDuty, answer: &str, expected: Result<&str, Fault>) {
    let outcome = sift(&program(planned(duty)), answer).map(|outcome| outcome.text);
    assert_eq!(outcome.as_deref(), expected.as_ref().map(|text| *text), "{answer}");
}

#[test]
fn items_of_a_kind_go_wherever_they_stand_in_the_list() {
    for (answer, expected) in [
        (r#"{"data":[{"kind":"STORY"},{"kind":"FEED"}]}"#, r#"{"data":[{"kind":"FEED"}]}"#),
        (r#"{"data":[{"kind":"FEED"},{"kind":"STORY"}]}"#, r#"{"data":[{"kind":"FEED"}]}"#),
        (r#"{"data":[{"a":1,"kind":"reel"}]}"#, r#"{"data":[]}"#),
        (
            r#"{"data":[{"n":1},{"a":[1],"kind":"STORY","b":{"c":[{}]}},{"n":2}],"p":1}"#,
            r#"{"data":[{"n":1},{"n":2}],"p":1}"#,
        ),
        (r#"{"data":[ {"kind":"STORY"} , {"n":1} ]}"#, r#"{"data":[  {"n":1} ]}"#),
        (r#"{"data":[{"kind":"ST\u004fRY"},{"n":1}]}"#, r#"{"data":[{"n":1}]}"#),
        (r#"{"data":[{"k\u0069nd":"STORY"},{"n":1}]}"#, r#"{"data":[{"n":1}]}"#),
        (
            r#"{"x":[{"kind":"STORY"}],"data":[1,"a",null]}"#,
            r#"{"x":[{"kind":"STORY"}],"data":[1,"a",null]}"#,
        ),
        (r#"{"a":1,"data":{"kind":"STORY"},"b":2}"#, r#"{"a":1,"b":2}"#),
    ] {
        check(no_stories(at("data")), answer, Ok(expected));
    }
}

#[test]
fn what_cannot_be_read_goes() {
    let long = format!(r#"{{"data":[{{"kind":"{}"}}]}}"#, "x".repeat(READ_MAX + 1));
    for answer in [
        r#"{"data":[{"kind":{"x":1}}]}"#,
        r#"{"data":[{"kind":["FEED"]}]}"#,
        r#"{"data":[{"kind":"\ud800"}]}"#,
        &long,
    ] {
        check(no_stories(at("data")), answer, Ok(r#"{"data":[]}"#));
    }
    let twice = r#"{"data":[{"kind":"FEED","kind":"STORY"}]}"#;
    check(no_stories(at("data")), twice, Err(Fault::NameTwice));
    let longest = format!(r#"{{"data":[{{"kind":"{}"}}]}}"#, "x".repeat(READ_MAX));
    check(no_stories(at("data")), &longest, Ok(&longest));
}

#[test]
fn only_listed_account_types_stay() {
    for (owner, stays) in [
        (r#"{"account_type":"BUSINESS"}"#, true),
        (r#"{"id":1,"account_type":"CREATOR"}"#, true),
        (r#"{"account_type":"PERSONAL"}"#, false),
        (r#"{"account_type":"business"}"#, false),
        (r#"{"account_type":null}"#, false),
        ("{}", false),
        ("null", false),
        (r#"[{"account_type":"BUSINESS"}]"#, false),
    ] {
        let answer = format!(r#"{{"data":[{{"owner":{owner},"n":1}}]}}"#);
        let expected = if stays { answer.as_str() } else { r#"{"data":[]}"# };
        check(professional(at("data")), &answer, Ok(expected));
    }
}

#[test]
fn what_has_expired_goes() {
    for (expires_at, stays) in [
        (r#""2024-03-01T10:00:01+0000""#, true),
        (r#""2024-03-01T10:00:00+0000""#, false),
        (r#""2024-03-01T11:59:00+0200""#, false),
        ("1709287201", true),
        ("1709287200", false),
        ("1709287201.5", false),
        ("null", false),
        (r#""soon""#, false),
    ] {
        let answer = format!(r#"{{"data":[{{"expires_at":{expires_at},"n":1}}]}}"#);
        let expected = if stays { answer.as_str() } else { r#"{"data":[]}"# };
        check(fresh(at("data")), &answer, Ok(expected));
    }
    check(fresh(at("data")), r#"{"data":[{"n":1}]}"#, Ok(r#"{"data":[]}"#));
}

#[test]
fn whoever_knows_more_is_asked_once_about_what_passed_the_checks() {
    let duty = || asked(no_stories(at("data")));
    // The first read is `kind` here: the fake answers by it.
    check(
        duty(),
        r#"{"data":[{"kind":"a","owner":{"id":"1"}},{"kind":"drop","owner":{"id":2}},{"kind":"STORY"}]}"#,
        Ok(r#"{"data":[{"kind":"a","owner":{"id":"1"}}]}"#),
    );
    check(duty(), r#"{"data":[{"kind":"cut"}]}"#, Err(Fault::Cut));
    check(duty(), r#"{"data":[{"owner":{"id":"1"}}]}"#, Ok(r#"{"data":[]}"#));
}

#[test]
fn the_answer_itself_may_be_the_item() {
    check(no_stories(at("")), r#"{"id":1,"kind":"STORY"}"#, Err(Fault::Withheld));
    check(no_stories(at("")), r#"{"id":1,"kind":"FEED"}"#, Ok(r#"{"id":1,"kind":"FEED"}"#));
    check(no_stories(at("")), r#"[{"id":1,"kind":"STORY"},{"id":2}]"#, Ok(r#"[{"id":2}]"#));
    check(
        no_stories(at("*")),
        r#"{"1":{"kind":"STORY"},"2":{"kind":"FEED"},"3":{"kind":"STORY"}}"#,
        Ok(r#"{"2":{"kind":"FEED"}}"#),
    );
    check(fresh(at("")), r#"{"error":{"code":1}}"#, Ok(r#"{"error":{"code":1}}"#));
    check(fresh(at("")), r#"{"error":{"code":1},"a":1}"#, Err(Fault::Withheld));
}

#[test]
fn an_inline_object_goes_as_a_member() {
    check(
        no_stories(at("data.media")),
        r#"{"data":[{"media":{"kind":"STORY"},"n":1},{"n":2,"media":{"kind":"FEED"}}]}"#,
        Ok(r#"{"data":[{"n":1},{"n":2,"media":{"kind":"FEED"}}]}"#),
    );
}

#[test]
fn elements_of_any_list_can_be_items() {
    check(
        no_stories(ItemDuty::new(7, Where::AnyList)),
        r#"{"kind":"STORY","data":[{"kind":"STORY"},{"x":{"kind":"STORY"},"y":[[{"kind":"REEL"}],{"z":1}]}]}"#,
        Ok(r#"{"kind":"STORY","data":[{"x":{"kind":"STORY"},"y":[[],{"z":1}]}]}"#),
    );
}

#[test]
fn nested_items_are_judged_on_their_own() {
    let mut plan = planned(no_stories(at("data")));
    plan.items(professional(ItemDuty::new(8, Where::At(Place::parse("data.comments.data")))));
    let good = r#"{"owner":{"account_type":"BUSINESS"},"n":1}"#;
    let bad = r#"{"n":2,"owner":{"account_type":"PERSONAL"}}"#;
    let answer = format!(
        r#"{{"data":[{{"comments":{{"data":[{bad},{good},{bad}]}},"kind":"FEED"}},{{"comments":{{"data":[{good}]}},"kind":"STORY"}}]}}"#
    );
    let outcome = sift(&program(plan), &answer).unwrap();
    assert_eq!(
        outcome.text,
        format!(r#"{{"data":[{{"comments":{{"data":[{good}]}},"kind":"FEED"}}]}}"#)
    );
    assert!(outcome.thinned);
}

#[test]
fn what_was_asked_for_the_duty_is_taken_out_again() {
    let mut plan = planned(fresh(professional(at("data"))));
    plan.take_back(Place::parse("data.owner"));
    plan.take_back(Place::parse("data.expires_at"));
    let item = r#"{"owner":{"account_type":"BUSINESS"},"n":1,"expires_at":1709287201}"#;
    let other = r#"{"expires_at":1709287201,"owner":{"account_type":"PERSONAL"},"n":2}"#;
    let late = r#"{"owner":{"account_type":"BUSINESS"},"n":3,"expires_at":1}"#;
    let outcome =
        sift(&program(plan), &format!(r#"{{"data":[{late},{item},{other},{item}]}}"#)).unwrap();
    assert_eq!(outcome.text, r#"{"data":[{"n":1},{"n":1}]}"#);
}

#[test]
fn members_of_an_ephemeral_item_are_stripped_whether_they_come_before_or_after() {
    for (item, expected) in [
        (r#"{"kind":"STORY","url":"u","n":1}"#, r#"{"kind":"STORY","n":1}"#),
        (r#"{"url":"u","kind":"STORY","n":1}"#, r#"{"kind":"STORY","n":1}"#),
        (r#"{"url":"u","thumb":[1,{"a":2}],"kind":"STORY"}"#, r#"{"kind":"STORY"}"#),
        (r#"{"n":1,"url":"u","thumb":1,"kind":"STORY"}"#, r#"{"n":1,"kind":"STORY"}"#),
        (r#"{"url":"u","n":1,"thumb":1,"kind":"STORY"}"#, r#"{"n":1,"kind":"STORY"}"#),
        (r#"{ "url" : "u" , "kind":"STORY"}"#, r#"{  "kind":"STORY"}"#),
        (r#"{"url":"u","kind":"FEED","thumb":1}"#, r#"{"url":"u","kind":"FEED","thumb":1}"#),
        (r#"{"url":"u","thumb":1}"#, r#"{"url":"u","thumb":1}"#),
        (r#"{"url":{"url":1},"kind":{}}"#, r#"{"kind":{}}"#),
    ] {
        for (before, after) in [("", ""), ("{},", ""), ("", ",{}")] {
            let whole = |item| format!(r#"{{"data":[{before}{item}{after}]}}"#);
            check(unfetched(at("data")), &whole(item), Ok(&whole(expected)));
        }
        check(unfetched(at("")), item, Ok(expected));
    }
}

#[test]
fn what_is_dropped_is_counted() {
    let answer = r#"{"data":[{"kind":"A"},{"kind":"STORY"},{},{"kind":"STORY"},{"kind":"B"}]}"#;
    let outcome = sift(&program(planned(no_stories(at("data")))), answer).unwrap();
    assert_eq!(outcome.tallies, [Tally { tag: 7, dropped: 2 }]);
    let outcome = sift(&program(planned(no_stories(at("data")))), r#"{"data":[{}]}"#).unwrap();
    assert_eq!(outcome.tallies, []);
}

#[test]
fn a_duty_that_does_nothing_changes_nothing() {
    let answer = r#"{"data":[{"a":1},{"b":[{"c":1}]}]}"#;
    let outcome = sift(&program(planned(at("data"))), answer).unwrap();
    assert_eq!((outcome.text.as_str(), outcome.changed), (answer, false));
}

fn late(len: usize, kind: &str) -> String {
    format!(r#"{{"data":[{{"n":1}},{{"x":"{}","kind":"{kind}"}},{{"n":2}}]}}"#, "x".repeat(len))
}

#[test]
fn an_item_that_is_not_decided_in_time_is_dropped_or_the_answer_cut() {
    // `,{"x":"` … `","kind":"FEED"` is held until the word is read.
    let fits = HELD_MAX - r#",{"x":"","kind":"FEED""#.len();
    check(no_stories(at("data")), &late(fits, "FEED"), Ok(&late(fits, "FEED")));
    check(no_stories(at("data")), &late(fits + 1, "FEED"), Ok(r#"{"data":[{"n":1},{"n":2}]}"#));
    let mut cutting = no_stories(at("data"));
    cutting.undecided = Undecided::Cut;
    check(cutting.clone(), &late(fits, "FEED"), Ok(&late(fits, "FEED")));
    check(cutting, &late(fits + 1, "FEED"), Err(Fault::Undecided));
    let early = format!(r#"{{"kind":"FEED","x":"{}"}}"#, "x".repeat(HELD_MAX * 2));
    check(no_stories(at("")), &early, Ok(&early));
    let late = format!(r#"{{"x":"{}","kind":"FEED"}}"#, "x".repeat(HELD_MAX * 2));
    check(no_stories(at("")), &late, Err(Fault::Undecided));
}

#[test]
fn an_item_that_fits_is_decided_however_its_neighbours_are() {
    let long = "x".repeat(HELD_MAX - 100);
    let item = |kind: &str| format!(r#"{{"x":"{long}","kind":"{kind}"}}"#);
    let (good, bad) = (item("FEED"), item("STORY"));
    check(
        no_stories(at("data")),
        &format!(r#"{{"data":[{bad},{good},{good},{bad},{good}]}}"#),
        Ok(&format!(r#"{{"data":[{good},{good},{good}]}}"#)),
    );
}
