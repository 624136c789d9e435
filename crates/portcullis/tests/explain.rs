//! The running gate tells why it decided about a call as it did, by the id of its answer.

use crate::common::http::{Answer, Connection, once, post};
use crate::common::{FOUND, House, Platform, text};
use serde_json::{Value, json};

/// An account that authorised nobody.
const OTHERS: &str = "/v21.0/17841400000099999?fields=username";

fn id(answer: &Answer) -> String {
    answer.header("x-request-id").unwrap()
}

/// What the gate tells of a call; its end may come after the end of its answer.
#[track_caller]
fn explained(house: &House, answer: &Answer) -> Value {
    let args = ["explain", "--request", &id(answer), "-o", "json"];
    loop {
        let output = house.cli(&args);
        if output.status.success() {
            return serde_json::from_slice(&output.stdout).unwrap();
        }
        assert!(text(&output).contains("call_not_remembered"), "{}", text(&output));
    }
}

#[test]
fn a_call_is_explained_by_its_id_as_it_was_decided_and_as_of_now() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let refused = once(house.public, OTHERS, &house.key);
    assert_eq!(refused.code(), "target_not_agreed");
    let told = explained(&house, &refused);
    assert_eq!((&told["method"], &told["target"]), (&json!("GET"), &json!(OTHERS)));
    assert_eq!(told["key"], house.key_id().as_str());
    assert_eq!(told["then"]["verdict"], "target_not_agreed");
    assert_eq!(told["then"]["status"], 403);
    assert_eq!(told["now"]["verdict"], "target_not_agreed");
    assert_eq!(told["policies_changed"], false);

    // The key is lifted out wherever it stood, and a body is judged again too.
    let mut connection = Connection::open(house.public);
    let line =
        format!("GET /v21.0/me?fields=id&access_token={} HTTP/1.1\r\nHost: g\r\n\r\n", house.key);
    connection.send(line.as_bytes());
    let read = explained(&house, &connection.answer());
    assert_eq!(read["target"], "/v21.0/me?fields=id");
    assert_eq!(
        (&read["then"]["verdict"], &read["now"]["verdict"]),
        (&json!("allow"), &json!("allow"))
    );
    assert_eq!(read["then"]["rule"], read["now"]["rule"]);
    let way = &read["way"];
    assert_eq!((&way["credential"], &way["sent"]), (&json!("query"), &json!(1)), "{way}");
    assert_eq!(way["upstream"], platform.url(), "{way}");
    assert!(way["judge_ns"].is_u64() && way["answer_us"].is_u64(), "{way}");
    assert!(way["total_us"].as_u64() >= way["answer_us"].as_u64(), "{way}");
    let way = &told["way"];
    assert_eq!((&way["sent"], &way["upstream"]), (&json!(0), &Value::Null), "{way}");
    let user = platform.ids().paging_user;
    let form = format!("image_url=http%3A%2F%2Fi.example%2F1.jpg&access_token={}", house.key);
    let written = post(house.public, &format!("/v21.0/{user}/media"), &house.key, &form);
    let wrote = explained(&house, &written);
    assert_eq!(wrote["then"]["verdict"], wrote["now"]["verdict"], "{wrote}");
    assert_eq!(wrote["now"]["verdict"], "allow", "{wrote}");

    // A batch is one call; its entries are judged again each as if alone.
    let entries = format!(
        r#"[{{"method":"GET","relative_url":"me?fields=id"}},{{"method":"GET","relative_url":"{}"}}]"#,
        OTHERS.trim_start_matches('/')
    );
    let batch = post(house.public, "/v21.0/", &house.key, &format!("batch={entries}"));
    assert_eq!(batch.status, 200, "{batch:?}");
    let ran = explained(&house, &batch);
    assert_eq!((&ran["then"]["entries"], &ran["then"]["entries_refused"]), (&json!(2), &json!(1)));
    let verdicts: Vec<_> =
        ran["now"]["entries"].as_array().unwrap().iter().map(|e| &e["verdict"]).collect();
    assert_eq!(verdicts, [&json!("allow"), &json!("target_not_agreed")], "{ran}");

    let said = house.ok(&["explain", "--request", &id(&refused)]);
    for part in [
        "first-partner, key ",
        OTHERS,
        "then  refused with `target_not_agreed`",
        "answered 403",
        "\nway   key in the header\n      judged in ",
        "now   on tier publishing",
        "the same as then; budgets as of now",
        "\nrefused with `target_not_agreed`: ",
    ] {
        assert!(said.contains(part), "{part} in\n{said}");
    }

    // Another set of policies: what was decided stays as it was, and is named as of then.
    house.edit(
        "policies/publishing.yaml",
        "watch:\n",
        "deny:\n  - { id: closed, class: any }\nwatch:\n",
    );
    let told = ["--reason", "agreement-changed", "--tell", "All of it is closed for a while."];
    house.ok(&[&["apply"], &told[..], &FOUND[..]].concat());
    let rule = read["then"]["rule"].clone();
    let read = house.ok(&["explain", "--request", read["request"].as_str().unwrap(), "-o", "json"]);
    let read: Value = serde_json::from_str(&read).unwrap();
    assert_eq!((&read["then"]["verdict"], &read["then"]["rule"]), (&json!("allow"), &rule));
    assert_eq!(
        (&read["policies_changed"], &read["now"]["verdict"]),
        (&json!(true), &json!("rule_denied"))
    );
    drop(gate);
}

#[test]
fn only_the_last_calls_are_remembered_and_the_rest_is_said_to_be_elsewhere() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    house.edit("portcullis.yaml", "  key_header:", "  threads: 1\n  key_header:");
    house.edit("portcullis.yaml", "\nsignals:\n", "\nexplain:\n  calls: 3\nsignals:\n");
    // Without records nobody else names the rule of a permit.
    house.edit("portcullis.yaml", "  to: stdout", "  to: none");
    let gate = house.serve();
    let first = once(house.public, "/v21.0/me?fields=id", &house.key);
    let told = explained(&house, &first);
    assert!(told["then"]["rule"].as_str().unwrap().starts_with("publishing"), "{told}");
    assert!(told["then"]["class"].is_string() && told["then"]["operation"].is_string(), "{told}");
    let mut last = None;
    for _ in 0..3 {
        // Nobody's calls push nothing out.
        assert_eq!(once(house.public, "/v21.0/me?fields=id", "ptc_live_x").status, 401);
        last = Some(once(house.public, OTHERS, &house.key));
    }
    explained(&house, &last.unwrap());
    let gone = house.cli(&["explain", "--request", &id(&first)]);
    assert!(!gone.status.success(), "{}", text(&gone));
    assert!(
        text(&gone).contains("the last 3") && text(&gone).contains("access records"),
        "{}",
        text(&gone)
    );
    drop(gate);
}

#[test]
fn a_gate_that_is_to_remember_nothing_says_so() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    house.edit("portcullis.yaml", "\nsignals:\n", "\nexplain:\n  calls: 0\nsignals:\n");
    let gate = house.serve();
    let answer = once(house.public, "/v21.0/me?fields=id", &house.key);
    let gone = house.cli(&["explain", "--request", &id(&answer)]);
    assert!(text(&gone).contains("`explain.calls` is 0"), "{}", text(&gone));
    drop(gate);
}
