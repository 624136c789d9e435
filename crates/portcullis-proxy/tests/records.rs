//! What goes on record of a call, and what is counted.

use crate::support::posts::{NO_STORIES, world};
use crate::support::{
    BATCHING, Gate, KEY, MEDIA, NOWHERE, Nobody, PLATFORM, PROFILE, PUBLISH, Upstream, get, post,
};
use portcullis_proxy::{Placement, PlatformCredential, Settings};
use portcullis_registry::{Command, Mode};
use portcullis_types::PartnerId;
use serde_json::{Value, json};

/// The records of a gate that ends.
fn records(mut gate: Gate) -> Vec<Value> {
    gate.end();
    let log = gate.log.text();
    assert!(!log.contains(KEY) && !log.contains(PLATFORM), "{log}");
    log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn requests(settings: &mut Settings) {
    settings.record_requests = true;
}

#[test]
fn what_was_asked_is_on_record_only_where_the_operator_wants_it() {
    let up = Upstream::plain();
    let gate = Gate::before(&up);
    gate.get(&format!("{PROFILE}?fields=id"));
    let record = &records(gate)[0];
    assert_eq!((record.get("path"), record.get("method")), (None, None));
}

#[test]
fn what_was_asked_is_on_record_as_it_was_sent_without_any_credential() {
    let up = Upstream::plain();
    let gate = Gate::with(&up, |settings| {
        requests(settings);
        let place = Placement::Query("access_token".into());
        settings.credential = PlatformCredential::new(PLATFORM, place).unwrap();
        settings.public_url = Some("https://api.example.com/graph".parse().unwrap());
    });
    gate.get(&format!("/graph{MEDIA}?limit=5&after=x"));
    gate.call(&format!(
        "GET /graph{PROFILE}?fields=id&access_token={KEY} HTTP/1.1\r\nHost: a\r\n\r\n"
    ));
    gate.call(&post(&format!("/graph{PUBLISH}"), "Content-Length: 10\r\n", "caption=hi"));
    gate.get(&format!("/graph{NOWHERE}"));
    let asked = |record: &Value| (record["method"].clone(), record["path"].clone());
    let records: Vec<_> = records(gate).iter().map(asked).collect();
    assert_eq!(
        records,
        [
            (json!("GET"), json!(format!("{MEDIA}?limit=5&after=x"))),
            (json!("GET"), json!(format!("{PROFILE}?fields=id"))),
            (json!("POST"), json!(PUBLISH)),
            (Value::Null, Value::Null),
        ]
    );
}

#[test]
fn what_was_asked_without_a_change_is_on_record_without_the_prefix_and_any_copy_of_the_key() {
    let up = Upstream::plain();
    let gate = Gate::with(&up, |settings| {
        requests(settings);
        settings.public_url = Some("https://api.example.com/graph".parse().unwrap());
    });
    gate.get(&format!("/graph{MEDIA}?after=x"));
    gate.call(&get(&format!("/graph{MEDIA}?after={KEY}"), ""));
    let paths: Vec<_> = records(gate).iter().map(|record| record["path"].clone()).collect();
    assert_eq!(paths, [json!(format!("{MEDIA}?after=x")), Value::Null]);
}

#[test]
fn what_a_partner_under_observation_is_spared_is_on_record() {
    let up = Upstream::plain();
    let mut gate = Gate::with(&up, requests);
    gate.office.command(Command::SetMode {
        partner: PartnerId::new("acme").unwrap(),
        mode: Mode::Observe,
        why: "A trial.".into(),
    });
    let answer = gate.get(NOWHERE);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let metrics = std::sync::Arc::clone(&gate.metrics);
    let record = &records(gate)[0];
    assert_eq!(
        (&record["verdict"], &record["observed"]),
        (&json!("permit"), &json!("operation_unlisted"))
    );
    assert_eq!((&record["method"], &record["path"]), (&json!("GET"), &json!(NOWHERE)));
    let counted = r#"portcullis_observed_refusals_total{reason="operation_unlisted"} 1"#;
    assert!(metrics.render().contains(counted));
}

const WATCHED: &str = r##"
version: 1
tier: standard
about: For tests
scopes: [all]
batch: true
rates: []
deny:
  - { id: none, class: [media.list], shadow: true }
watch:
  - { id: guesses, signal: not_found, over: 20, per: 1h, min: 3, then: [flag] }
"##;

#[test]
fn watches_and_rules_in_shadow_are_on_record_and_counted() {
    let up = Upstream::new(|_| {
        crate::support::Reply::Bytes(b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n{}".to_vec())
    });
    let gate = Gate::start(&up.url(), WATCHED, |_| {});
    gate.get(MEDIA);
    let entries =
        json!([1, 2, 3].map(
            |limit| json!({ "method": "GET", "relative_url": format!("{MEDIA}?limit={limit}") })
        ));
    let body = json!({ "batch": entries }).to_string();
    let lines = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let answer = gate.call(&post("/v21.0", &lines, &body));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let metrics = std::sync::Arc::clone(&gate.metrics);
    let records = records(gate);
    assert_eq!(records[0]["shadowed"], json!(["standard/none"]));
    assert_eq!(records[1]["shadowed"], json!(["standard/none"]), "each once, whatever the entries");
    let signal = &records[1]["signals"][0];
    assert_eq!(
        (&signal["rule"], &signal["signal"]),
        (&json!("standard/guesses"), &json!("not_found"))
    );
    assert!(!signal["evidence"].as_str().unwrap().is_empty());
    let text = metrics.render();
    for line in [
        r#"portcullis_shadowed_total{rule="standard/none"} 4"#,
        r#"portcullis_signals_total{rule="standard/guesses"} 1"#,
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[test]
fn every_rule_that_says_no_is_on_record() {
    let both = BATCHING.replace(
        "batch: true",
        "deny:\n  - { id: a, class: [media.list] }\n  - { id: b, class: any }\n",
    );
    let gate = Gate::start(&Upstream::plain().url(), &both, |_| {});
    assert_eq!(gate.get(MEDIA).code(), "rule_denied");
    assert_eq!(records(gate)[0]["rules"], json!(["standard/a", "standard/b"]));
}

#[test]
fn a_filtered_call_is_on_record_as_it_was_sent() {
    let up = Upstream::plain();
    let gate = Gate::within(&up, world(NO_STORIES), requests);
    gate.get(&format!("{}?fields=id", crate::support::posts::MEDIA));
    let path = format!("{}?fields=media_product_type,id", crate::support::posts::MEDIA);
    assert_eq!(records(gate)[0]["path"], path);
}

const ONE: &str = r##"
version: 1
tier: standard
about: For tests
scopes: []
rates: []
limits: [{ id: one-account, count: targets, max: 1, window: 24h }]
allow:
  - { id: posts, class: [media.list], target: any, limits: [one-account] }
"##;

#[test]
fn a_budget_that_is_reached_says_when_to_come_back_and_costs_nothing() {
    let up = Upstream::plain();
    let gate = Gate::start(&up.url(), ONE, |_| {});
    let other = MEDIA.replace("0001/", "0002/");
    assert_eq!([gate.get(MEDIA).status, gate.get(MEDIA).status], [200, 200]);
    let answer = gate.get(&other);
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (429, "budget_reached"),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("retry-after"), Some("86400"));
    assert_eq!(
        answer.header("x-app-usage"),
        Some(r#"{"call_count":100,"total_time":0,"total_cputime":0}"#)
    );
    assert_eq!(answer.json()["retry_after"], 86400);
    assert_eq!(up.seen().len(), 2);
}

#[test]
fn a_call_that_could_not_be_sent_gives_its_budget_back() {
    let nobody = Nobody::new();
    let gate = Gate::start(&nobody.url(), ONE, |_| {});
    assert_eq!(gate.get(MEDIA).code(), "upstream_unreachable");
    assert_eq!(gate.get(&MEDIA.replace("0001/", "0002/")).code(), "upstream_unreachable");
}
