//! Fields: dropped, taken back, replaced; and what is no JSON.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::{program, sift};
use portcullis_sieve::{Fault, NAME_MAX, Place, Plan, ProgramFault};

fn dropping(places: &[&str]) -> Plan {
    let mut plan = Plan::default();
    for place in places {
        plan.drop_field(Place::parse(place));
    }
    plan
}

#[track_caller]
fn check(plan: &Plan, answer: &str, expected: &str) {
    let outcome = sift(&program(plan.clone()), answer).expect(answer);
    assert_eq!(outcome.text, expected, "{answer}");
    assert_eq!(outcome.changed, answer != expected, "{answer}");
}

#[track_caller]
fn check_fault(plan: &Plan, answer: &str, expected: impl Fn(Fault) -> bool) {
    let fault = sift(&program(plan.clone()), answer).expect_err(answer);
    assert!(expected(fault), "{fault:?}: {answer}");
}

#[test]
fn a_dropped_field_goes_with_one_comma_wherever_it_stands() {
    let plan = dropping(&["b"]);
    for (answer, expected) in [
        (r#"{"a":1,"b":2,"c":3}"#, r#"{"a":1,"c":3}"#),
        (r#"{"b":2,"c":3}"#, r#"{"c":3}"#),
        (r#"{"a":1,"b":2}"#, r#"{"a":1}"#),
        (r#"{"b":2}"#, r#"{}"#),
        (r#"{ "b" : 2 , "c" : 3 }"#, r#"{  "c" : 3 }"#),
        (r#"{"b":{"x":[1,{"y":"}"}]},"c":3}"#, r#"{"c":3}"#),
        (r#"{"b":"a \" , \\","c":"\u00e9\ud83d\ude00"}"#, r#"{"c":"\u00e9\ud83d\ude00"}"#),
        (r#"{"b":[],"c":{}}"#, r#"{"c":{}}"#),
        (r#"{"b":-1.50e+10,"c":1E400}"#, r#"{"c":1E400}"#),
        (r#"{"b":null,"c":[true,false,null]}"#, r#"{"c":[true,false,null]}"#),
        (r#"{"\u0062":1,"c":2}"#, r#"{"c":2}"#),
        (r#"[{"b":1,"c":2},{"b":1}]"#, r#"[{"c":2},{}]"#),
    ] {
        check(&plan, answer, expected);
    }
}

#[test]
fn several_fields_go_side_by_side() {
    let plan = dropping(&["data.b", "data.owner.id", "data.d"]);
    check(
        &plan,
        r#"{"data":[{"b":1,"d":1,"a":1},{"b":1,"d":1},{"owner":{"id":1,"username":"x"},"d":1}],"b":1}"#,
        r#"{"data":[{"a":1},{},{"owner":{"username":"x"}}],"b":1}"#,
    );
}

#[test]
fn lists_are_transparent_so_that_no_shape_evades() {
    let plan = dropping(&["data.b"]);
    check(&plan, r#"{"data":{"b":1,"a":2}}"#, r#"{"data":{"a":2}}"#);
    check(&plan, r#"{"data":[[{"b":1,"a":2}]]}"#, r#"{"data":[[{"a":2}]]}"#);
    check(&plan, r#"[{"data":{"b":1,"a":2}}]"#, r#"[{"data":{"a":2}}]"#);
}

#[test]
fn any_member_stands_for_the_ids_of_a_map() {
    let plan = dropping(&["*.b", "7.c"]);
    check(
        &plan,
        r#"{"123":{"b":1,"c":2},"7":{"b":1,"c":2,"d":3},"b":{"b":1}}"#,
        r#"{"123":{"c":2},"7":{"d":3},"b":{}}"#,
    );
}

#[test]
fn a_name_goes_at_any_depth() {
    let mut plan = Plan::default();
    plan.drop_name("media_url");
    check(
        &plan,
        r#"{"media_url":1,"data":[{"x":{"media\u005furl":"u","y":[{"media_url":{}}]}}]}"#,
        r#"{"data":[{"x":{"y":[{}]}}]}"#,
    );
}

#[test]
fn a_field_that_is_taken_back_does_not_count_as_thinned() {
    let mut plan = Plan::default();
    plan.take_back(Place::parse("a"));
    plan.drop_field(Place::parse("b"));
    let thinned = |answer| sift(&program(plan.clone()), answer).unwrap().thinned;
    assert!(!thinned(r#"{"a":1,"c":1}"#));
    assert!(thinned(r#"{"a":1,"b":1}"#));
}

#[test]
fn a_value_is_replaced_whatever_it_was() {
    let mut plan = Plan::default();
    plan.replace(Place::parse("data.count"), "null");
    for value in ["1", "\"x\"", "{\"count\":2}", "[1,2]", "true"] {
        check(
            &plan,
            &format!(r#"{{"data":{{"count":{value},"x":1}}}}"#),
            r#"{"data":{"count":null,"x":1}}"#,
        );
    }
    plan.replace(Place::parse("x"), "1 2");
    assert_eq!(plan.compile().unwrap_err(), ProgramFault::ReplacementNotJson);
}

#[test]
fn what_no_duty_touches_leaves_byte_for_byte() {
    let plan = dropping(&["nowhere.at.all"]);
    for answer in [
        " { \"a\" : [ 1 , 2.50 , -0 , 1e999 , 123456789012345678901234567890 ] }\n",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        "null",
        " 12 ",
        "-0.0e-1",
        "\"text \\u00e9 \\ud83d cut in the middle\"",
        "{\"a\":{\"a\":{\"a\":[[[]]]}},\"a\":2}",
        "\"é😀\"",
    ] {
        check(&plan, answer, answer);
    }
}

#[test]
fn what_is_no_json_is_a_fault() {
    let plan = dropping(&["a.b"]);
    for answer in [
        "<html>",
        "{\"a\":}",
        "{\"a\":1,}",
        "[1 2]",
        "{\"a\" 1}",
        "{a:1}",
        "[1,]",
        "]",
        "}",
        "nul ",
        "01",
        "1. ",
        ".5",
        "1.e1",
        "+1",
        "1e ",
        "- 1",
        "--1",
        "[truex]",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"a\nb\"",
        "{\"a\":1]",
        "[1}",
        "{,}",
        "[,1]",
        "{\"a\":1,,\"b\":2}",
        "\u{feff}{}",
        "{1:2}",
        "{\"a\"\"b\"}",
        "{\"\\ud800\":1}",
        "1-",
        "1.2.3",
        "'a'",
        "/**/1",
        "NaN",
        "[1;2]",
    ] {
        check_fault(&plan, answer, |fault| matches!(fault, Fault::NotJson { .. }));
    }
}

#[test]
fn half_a_document_is_no_document() {
    let plan = dropping(&["a.b"]);
    for answer in ["", " ", "{", "[", "{\"a\"", "{\"a\":1", "\"a", "\"a\\", "tru", "-", "1.", "1e+"]
    {
        check_fault(&plan, answer, |fault| fault == Fault::Truncated);
    }
}

#[test]
fn two_documents_are_none() {
    let plan = dropping(&["a.b"]);
    for answer in ["{}{}", "{} []", "1 2", "null,", "{}]", "{}\u{0}", "\"a\"\"b\""] {
        check_fault(&plan, answer, |fault| matches!(fault, Fault::Trailing { .. }));
    }
}

#[test]
fn bytes_that_are_not_utf8_are_a_fault_at_any_border() {
    let program = program(dropping(&["a"]));
    for broken in [&b"\xff"[..], b"\xc3\"", b"\xed\xa0\x80", b"\xf0\x9f"] {
        let text = [b"{\"x\":\"", broken, b"\"}"].concat();
        for at in 0..text.len() {
            assert_eq!(common::run(&program, &text, &[at]), Err(Fault::NotUtf8));
        }
    }
}

#[test]
fn a_name_twice_is_a_fault_where_a_duty_reads_it_and_nowhere_else() {
    let plan = dropping(&["data.owner.id"]);
    for answer in [
        r#"{"data":1,"data":2}"#,
        r#"{"data":{"owner":1,"x":1,"own\u0065r":2}}"#,
        r#"{"data":{"owner":{"id":1,"id":1}}}"#,
    ] {
        check_fault(&plan, answer, |fault| fault == Fault::NameTwice);
    }
    let answer = r#"{"x":1,"x":2,"owner":1,"owner":2,"data":[{"id":1,"id":2},{"id":1}]}"#;
    check(&plan, answer, answer);
}

#[test]
fn nesting_is_read_to_its_bound() {
    let plan = dropping(&["a.b"]);
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    check(&plan, &nested(64), &nested(64));
    check_fault(&plan, &nested(65), |fault| fault == Fault::TooDeep);
    check_fault(&plan, &"{\"x\":".repeat(65), |fault| fault == Fault::TooDeep);
}

#[test]
fn a_name_is_read_to_its_bound() {
    let plan = dropping(&["a.b"]);
    let named = |len| format!("{{\"{}\":1}}", "n".repeat(len));
    check(&plan, &named(NAME_MAX), &named(NAME_MAX));
    check_fault(&plan, &named(NAME_MAX + 1), |fault| fault == Fault::NameTooLong);
    let escaped = format!("{{\"\\u00e9{}\":1}}", "n".repeat(NAME_MAX));
    check_fault(&plan, &escaped, |fault| fault == Fault::NameTooLong);
}

#[test]
fn endless_blanks_fill_no_memory_and_change_no_meaning() {
    let blank = " ".repeat(50_000);
    let answer = format!("{{{blank}\"a b\"{blank}:1{blank},{blank}\"c  d\\\" \":{blank}2}}");
    for sizes in [vec![], vec![1; answer.len()], vec![1000; 250]] {
        let outcome = common::run(&program(dropping(&["x"])), answer.as_bytes(), &sizes).unwrap();
        let read: serde_json::Value = serde_json::from_str(&outcome.text).unwrap();
        assert_eq!(read, serde_json::json!({"a b": 1, "c  d\" ": 2}));
    }
}

#[test]
fn a_fault_stays() {
    let mut sieve = portcullis_sieve::Sieve::new(
        program(dropping(&["a"])),
        std::sync::Arc::new(common::gate()),
        0,
        (),
    );
    let mut out = Vec::new();
    sieve.push(b"{]", &mut out).unwrap_err();
    assert_eq!(sieve.push(b"{}", &mut out), Err(Fault::NotJson { at: 1 }));
    assert_eq!(sieve.finish(), Err(Fault::NotJson { at: 1 }));
}

#[test]
fn an_empty_plan_makes_an_empty_program() {
    assert!(program(Plan::default()).is_empty());
    assert!(!program(dropping(&["a"])).is_empty());
    let mut plan = Plan::default();
    plan.links();
    assert!(!plan.clone().compile().unwrap().is_empty());
    assert!(!plan.compile().unwrap().may_thin());
    assert!(program(dropping(&["a"])).may_thin());
}

#[test]
fn a_plan_that_cannot_be_carried_out_says_why() {
    let fault = |plan: Plan| plan.compile().unwrap_err().to_string();
    assert_eq!(
        fault(dropping(&[""])),
        "a duty on a field or a string names the root; name a member"
    );
    let names: Vec<String> = (0..129).map(|at| format!("n{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(fault(dropping(&names)), "the duties name more than 128 members; split the call");
}
