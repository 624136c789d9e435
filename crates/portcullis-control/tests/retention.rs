//! How long things are kept, as operators ask and read of it.

use crate::gate::{Gate, NOON, TOKEN};
use portcullis_control::ControlSettings;
use portcullis_registry::{RecordKind, Retention};
use portcullis_types::{Span, Wall};
use serde_json::{Value, json};

const DAY: u64 = 86_400_000;

fn call(gate: &Gate, method: &str, path: &str, body: &Value) -> Value {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", gate.url))
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/json");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    agent.run(request.body(body).unwrap()).unwrap().body_mut().read_json().unwrap()
}

/// What a kind comes to: kept, would go, kept by cases, erased.
fn counts(gate: &Gate, kind: &str) -> [u64; 4] {
    let report = call(gate, "GET", "/v1/retention", &Value::Null);
    let kinds = report["kinds"].as_array().unwrap();
    let of = kinds.iter().find(|of| of["kind"] == kind).unwrap();
    ["bodies", "due", "preserved", "erased"].map(|name| of[name].as_u64().unwrap())
}

#[test]
fn a_statement_that_went_says_when_and_why_and_a_case_shows_what_it_preserves() {
    let days = |days: u64| Some(Span::from_seconds(days * 86_400));
    let retention = Retention::default()
        .with(RecordKind::Statements, days(180))
        .with(RecordKind::Evidence, days(30));
    let gate = Gate::with(ControlSettings { retention, ..ControlSettings::default() });
    let post = |path: &str, body: Value| call(&gate, "POST", path, &body);
    post("/v1/partners", json!({"id": "acme", "use": "publishing", "tier": "basic"}));
    let step = |to: &str, reason: &str, statement: Value| {
        let tell = "Something about your calls is to be looked at.";
        let body = json!({"to": to, "reason": reason, "tell": tell, "statement": statement});
        post("/v1/partners/acme/transitions", body)
    };
    let facts = json!({"facts": [{"statement": "Calls came from 41 towns.", "period": "now"}]});
    let held = step("suspended", "investigation", facts);
    let event = call(&gate, "GET", &format!("/v1/audit/{}", held["revision"]), &Value::Null);
    let digest = event["event"]["statement"].as_str().unwrap().to_owned();
    let lifted = step("restored", "investigation-closed", Value::Null);
    assert_eq!(lifted["durable"], true, "{lifted}");
    let case = json!({"id": "c-1", "subjects": ["partner:acme"], "preserve_until": "365d"});
    assert_eq!(post("/v1/cases", case)["case"], "c-1");
    let text = "eA==";
    let sha256 = portcullis_registry::Blob::new(b"x".to_vec()).sha256;
    let evidence = json!({"name": "x.txt", "sha256": sha256, "bytes": 1, "body": text});
    post("/v1/cases/c-1/evidence", evidence);
    post("/v1/cases/c-1/changes", json!({"do": "close", "why": "Nothing was found."}));
    gate.clock.set_wall(Wall(NOON.0 + 364 * DAY));
    assert_eq!(counts(&gate, "statements"), [1, 0, 1, 0]);
    gate.office.erase_old(&retention);
    assert_eq!(counts(&gate, "evidence"), [1, 0, 1, 0], "the case keeps them");
    let shown = call(&gate, "GET", "/v1/cases/c-1", &Value::Null);
    assert_eq!(shown["preserve_until"], "2025-03-31T12:00:00.000Z");
    gate.clock.set_wall(Wall(NOON.0 + 365 * DAY));
    assert_eq!(
        (counts(&gate, "statements"), counts(&gate, "evidence")),
        ([1, 1, 0, 0], [1, 1, 0, 0])
    );
    gate.office.erase_old(&retention);
    assert_eq!(
        (counts(&gate, "statements"), counts(&gate, "evidence")),
        ([0, 0, 0, 1], [0, 0, 0, 1])
    );
    let gone = call(&gate, "GET", &format!("/v1/statements/{digest}"), &Value::Null);
    let piece = &call(&gate, "GET", "/v1/cases/c-1", &Value::Null)["evidence"][0];
    let path = format!("/v1/cases/c-1/evidence/{sha256}/read");
    let read = call(&gate, "POST", &path, &json!({"purpose": "To look again."}));
    assert_eq!(
        (&gone["status"], &gone["code"]),
        (&json!(410), &json!("statement_erased")),
        "{gone}"
    );
    let detail = gone["detail"].as_str().unwrap();
    for part in ["erased on 2025-03-31T12:00:00.000Z by event", "were kept for 180d"] {
        assert!(detail.contains(part), "{detail}");
    }
    assert_eq!((piece["kept"].as_bool(), piece["erased"].is_u64()), (Some(false), true), "{piece}");
    assert_eq!(read["code"], "evidence_erased", "{read}");
}
