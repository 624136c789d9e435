//! The log, asked: what happened to whom, and how things stood then.

use crate::gate::{Gate, NOON, TOKEN};
use portcullis_types::Wall;
use serde_json::{Value, json};

fn call(gate: &Gate, method: &str, path: &str, body: Option<&Value>) -> Value {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", gate.url))
        .header("authorization", format!("Bearer {TOKEN}"));
    let sent = match body {
        Some(body) => agent.run(
            request.header("content-type", "application/json").body(body.to_string()).unwrap(),
        ),
        None => agent.run(request.body(String::new()).unwrap()),
    };
    sent.unwrap().body_mut().read_json().unwrap()
}

/// A partner with a client and a key of each, which is held and restored, each step a minute later.
fn story() -> (Gate, String, String) {
    let gate = Gate::open();
    let minute = |at: u64| gate.clock.set_wall(Wall(NOON.0 + at * 60_000));
    let post = |path: &str, body: Value| call(&gate, "POST", path, Some(&body));
    minute(1);
    post("/v1/partners", json!({"id": "acme", "use": "publishing", "tier": "basic"}));
    post("/v1/partners", json!({"id": "other", "use": "publishing"}));
    minute(2);
    post(
        "/v1/clients",
        json!({"id": "shop", "partner": "acme", "purpose": "To publish for a shop.", "category": "brand"}),
    );
    let of = |body: Value| post("/v1/keys", body)["id"].as_str().unwrap().to_owned();
    let bound = of(json!({"partner": "acme", "client": "shop"}));
    let own = of(json!({"partner": "acme", "expires": "2024-03-31T12:10:00Z"}));
    minute(3);
    let statement = json!({
        "facts": [{
            "statement": "Posts of 12,304 places in 41 towns were read in one night.",
            "period": "2024-03-30..2024-03-31", "metric": "distinct places", "value": "12304",
            "limit": "200 a day", "evidence": "one line of evidence",
        }],
        "indefinite_because": "nobody knows when the reads are explained",
    });
    let held = post(
        "/v1/partners/acme/transitions",
        json!({
            "to": "suspended", "reason": "bulk-location", "tell": "Too many places were read at once.",
            "statement": statement,
        }),
    );
    assert!(held["revision"].is_u64(), "{held}");
    minute(4);
    call(&gate, "PATCH", "/v1/partners/other", Some(&json!({"name": "Another partner"})));
    (gate, bound, own)
}

#[test]
fn how_somebody_stood_on_that_day_is_told_from_the_log() {
    let (gate, bound, own) = story();
    let at = |query: &str| call(&gate, "GET", &format!("/v1/audit/at?{query}"), None);
    let then = at("date=2024-03-31T12:02:30Z&partner=acme");
    assert_eq!(
        (&then["partners"][0]["state"], &then["partners"][0]["tier"]),
        (&json!("good"), &json!("basic"))
    );
    assert_eq!(then["clients"][0]["id"], "shop");
    let states = |view: &Value| {
        view["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["state"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(states(&then), ["active", "active"]);
    let then = at("date=2024-03-31T12:03:00Z&partner=acme");
    assert_eq!(then["partners"][0]["state"], "suspended");
    assert_eq!(states(&then), ["suspended", "suspended"]);
    let later = at(&format!("date=2024-03-31T13:00:00Z&key={own}"));
    assert_eq!(states(&later), ["expired"], "it had ended by then, whatever an event says");
    assert_eq!(later["clients"], json!([]));
    let of_key = at(&format!("date=2024-03-31T12:02:30Z&key={bound}"));
    assert_eq!(
        (&of_key["clients"][0]["id"], &of_key["partners"][0]["id"]),
        (&json!("shop"), &json!("acme"))
    );
    let all = at("revision=3");
    assert_eq!(
        (all["partners_total"].as_u64(), all["keys"].as_array().unwrap().len()),
        (Some(2), 0)
    );
    assert_eq!(at("revision=3")["fingerprint"], all["fingerprint"]);
    assert_ne!(at("revision=2")["fingerprint"], all["fingerprint"]);
    let said = [
        "revision=2&date=2024-03-31",
        "",
        "revision=1&partner=acme",
        "revision=99",
        "date=then",
        "revision=9&partner=acme&key=k",
    ]
    .map(|query| format!("{query}: {}", at(query)["detail"].as_str().unwrap_or("none")));
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn events_are_found_by_what_they_say_the_newest_first() {
    let (gate, bound, _) = story();
    let found = |query: &str| {
        let page = call(&gate, "GET", &format!("/v1/audit/query?{query}"), None);
        let Some(events) = page["data"].as_array() else { return page["detail"].to_string() };
        let told = events.iter().map(|event| {
            format!("{} {}", event["revision"], event["event"]["type"].as_str().unwrap())
        });
        format!("{} next {}", told.collect::<Vec<_>>().join(", "), page["next"])
    };
    let said = [
        "subject=acme",
        "subject=shop",
        &format!("subject={bound}"),
        "type=standing.",
        "type=key.issued&count=1",
        "actor=ops",
        "actor=nobody",
        "text=ANOTHER%20partner",
        "since=2024-03-31T12:03:00Z",
        "until=2024-03-31T12:01:00Z",
        "since=2024-03-31T12:02:00Z&until=2024-03-31T12:02:00Z&type=client.added",
        "case=c1",
        "before=2&count=1",
        "before=1",
        "count=0",
        "since=then",
        "sbuject=acme",
    ]
    .map(|query| format!("{}: {}", query.replace(&bound, "KEY"), found(query)));
    insta::assert_snapshot!(said.join("\n"));
}
