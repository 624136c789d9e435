//! Feeds of grants, and what partners declare, over real sockets.

use crate::gate::{Gate, TOKEN};
use serde_json::{Value, json};

struct Answer {
    status: u16,
    etag: String,
    body: String,
}

impl Answer {
    /// `STATUS CODE: detail`, then the entries.
    fn problem(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        let (code, detail) = (body["code"].as_str().unwrap(), body["detail"].as_str().unwrap());
        let mut told = format!("{} {code}: {detail}", self.status);
        for entry in body["entries"].as_array().unwrap_or(&Vec::new()) {
            told += &format!("\n  line {}: {}", entry["line"], entry["message"].as_str().unwrap());
        }
        told
    }

    fn what(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.body);
        let body: Value = serde_json::from_str(&self.body).unwrap();
        format!("{} (version {})", body["what"].as_str().unwrap(), body["version"])
    }
}

fn call(gate: &Gate, method: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", gate.url))
        .header("authorization", format!("Bearer {TOKEN}"));
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        let kind =
            if path.contains("grants") { "application/x-ndjson" } else { "application/json" };
        request = request.header("content-type", kind);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = agent.run(request.body(body.to_owned()).unwrap()).unwrap();
    let etag = response.headers().get("etag").map(|value| value.to_str().unwrap().to_owned());
    let body = response.body_mut().read_to_string().unwrap();
    Answer { status: response.status().as_u16(), etag: etag.unwrap_or_default(), body }
}

fn get(gate: &Gate, path: &str) -> String {
    let answer = call(gate, "GET", path, "", &[]);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

fn change(gate: &Gate, lines: &str) -> Answer {
    call(gate, "POST", "/v1/grants/changes", lines, &[])
}

fn open() -> Gate {
    let gate = Gate::open();
    for (path, body) in [
        ("/v1/partners", json!({"id": "acme", "use": "publishing"})),
        ("/v1/partners", json!({"id": "zenith", "tier": "basic", "use": "research"})),
        ("/v1/clients", json!({"id": "shop", "partner": "acme"})),
    ] {
        let answer = call(&gate, "POST", path, &body.to_string(), &[]);
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    gate
}

const FOUR: &str = r#"{"account":"1","partner":"acme"}
{"account":"1","partner":"acme","client":"shop","from":"2024-01-01","until":"2024-06-30T12:00:00Z"}

{"account":"2","partner":"acme","client":""}
{"account":"3","partner":"zenith"}"#;

#[test]
fn grants_are_given_renewed_listed_and_withdrawn() {
    let gate = open();
    let mut told = vec![change(&gate, FOUR).what()];
    told.push(get(&gate, "/v1/grants"));
    told.push(get(&gate, "/v1/grants?partner=acme&limit=2"));
    told.push(get(&gate, "/v1/grants?account=1&client=shop"));
    let changes = r#"{"account":"2","partner":"acme","until":"7d"}
{"account":"1","partner":"acme","withdrawn":true}
{"account":"9","partner":"acme","withdrawn":true}"#;
    told.push(change(&gate, changes).what());
    told.push(change(&gate, changes).what());
    told.push(get(&gate, "/v1/grants"));
    insta::assert_snapshot!(told.join("\n"), @r#"
        4 granted, 0 renewed, 0 withdrawn, 0 unchanged; 4 grants now (version 5)
        {"account":"1","partner":"acme"}
        {"account":"1","partner":"acme","client":"shop","from":"2024-01-01T00:00:00.000Z","until":"2024-06-30T12:00:00.000Z"}
        {"account":"2","partner":"acme"}
        {"account":"3","partner":"zenith"}

        {"account":"1","partner":"acme"}
        {"account":"1","partner":"acme","client":"shop","from":"2024-01-01T00:00:00.000Z","until":"2024-06-30T12:00:00.000Z"}

        {"account":"1","partner":"acme","client":"shop","from":"2024-01-01T00:00:00.000Z","until":"2024-06-30T12:00:00.000Z"}

        0 granted, 1 renewed, 2 withdrawn, 0 unchanged; 2 grants now (version 6)
        0 granted, 0 renewed, 0 withdrawn, 3 unchanged; 2 grants now (version 6)
        {"account":"2","partner":"acme","until":"2024-04-07T12:00:00.000Z"}
        {"account":"3","partner":"zenith"}
        "#);
    assert_eq!(call(&gate, "GET", "/v1/grants", "", &[]).etag, "\"6\"");
}

#[test]
fn a_snapshot_is_the_whole_truth_once_it_was_read_to_its_end() {
    let gate = open();
    let put = |lines: &str, path: &str, headers: &[(&str, &str)]| {
        call(&gate, "PUT", path, lines, headers)
    };
    let mut told = vec![put(FOUR, "/v1/grants", &[]).what()];
    told.push(put(FOUR, "/v1/grants", &[]).what());
    let one = "{\"account\":\"3\",\"partner\":\"zenith\"}\n";
    told.push(put(one, "/v1/grants", &[]).problem());
    told.push(put("", "/v1/grants", &[]).problem());
    told.push(put(one, "/v1/grants?thin=true", &[("if-match", "\"1\"")]).problem());
    told.push(put(one, "/v1/grants?thin=true", &[("if-match", "\"5\"")]).what());
    told.push(put(&one.replace("}", ",\"withdrawn\":true}"), "/v1/grants", &[]).problem());
    told.push(get(&gate, "/v1/grants"));
    insta::assert_snapshot!(told.join("\n"), @r#"
        4 granted, 0 renewed, 0 withdrawn, 0 unchanged; 4 grants now (version 5)
        0 granted, 0 renewed, 0 withdrawn, 4 unchanged; 4 grants now (version 5)
        409 grants_thin: the snapshot names 1 of 4 grants and looks cut short: the others were not withdrawn; if it is whole, say that it may be thin; 1 line before that is in force, and nothing was withdrawn
        409 grants_thin: the snapshot names 0 of 4 grants and looks cut short: the others were not withdrawn; if it is whole, say that it may be thin
        412 changed_since: the grants are at version 5, the change builds on 1; read them again, then repeat it
        0 granted, 0 renewed, 3 withdrawn, 1 unchanged; 1 grant now (version 6)
        422 grants_faults: line 1 can't be taken, and nothing of its batch was
          line 1: a snapshot withdraws what it does not name: leave the line out
        {"account":"3","partner":"zenith"}
        "#);
}

#[test]
fn a_snapshot_of_many_batches_is_one_snapshot() {
    let gate = open();
    let line = |n: u32| format!("{{\"account\":\"{n:05}\",\"partner\":\"acme\"}}\n");
    let all: String = (0..12_000).map(line).collect();
    insta::assert_snapshot!(call(&gate, "PUT", "/v1/grants", &all, &[]).what(), @"12000 granted, 0 renewed, 0 withdrawn, 0 unchanged; 12000 grants now (version 7)");
    let most: String = (0..11_000).map(line).collect();
    insta::assert_snapshot!(call(&gate, "PUT", "/v1/grants", &most, &[]).what(), @"0 granted, 0 renewed, 1000 withdrawn, 11000 unchanged; 11000 grants now (version 8)");
    let faulty = most + "{}\n";
    insta::assert_snapshot!(call(&gate, "PUT", "/v1/grants?thin=true", &faulty, &[]).problem(), @r"
        422 grants_faults: line 11001 can't be taken, and nothing of its batch was; 10000 lines before that are in force, and nothing was withdrawn
          line 11001: missing field `account`
        ");
    assert_eq!(get(&gate, "/v1/grants").lines().count(), 11_000);
    let on = call(&gate, "GET", "/v1/grants?limit=1", "", &[]).etag;
    let changes: String = (12_000..20_000).map(line).collect();
    let done = call(&gate, "POST", "/v1/grants/changes", &changes, &[("if-match", &on)]);
    insta::assert_snapshot!(done.what(), @"8000 granted, 0 renewed, 0 withdrawn, 0 unchanged; 19000 grants now (version 10)");
    let again = call(&gate, "POST", "/v1/grants/changes", &changes, &[("if-match", &on)]);
    insta::assert_snapshot!(again.problem(), @"412 changed_since: the grants are at version 10, the change builds on 8; read them again, then repeat it");
}

#[test]
fn every_line_that_cannot_be_taken_is_named() {
    let gate = open();
    let lines = [
        "{\"account\":\"1\",\"partner\":\"acme\"}",
        "{\"account\":1,\"partner\":\"acme\"}",
        "{\"acount\":\"1\",\"partner\":\"acme\"}",
        "{\"account\":\"1\"}",
        "1,acme",
        "{\"account\":\"1\",\"partner\":\"ac me\"}",
        "{\"account\":\"1\",\"partner\":\"acme\",\"until\":\"soon\"}",
        &format!("{{\"account\":\"{}\",\"partner\":\"acme\"}}", "9".repeat(3000)),
        "{\"account\":\"1\",\"partner\":\"acme\"} {}",
    ];
    let mut told = vec![change(&gate, &lines.join("\n")).problem()];
    let unknown = FOUR.replace("zenith", "zenit");
    told.push(change(&gate, &unknown).problem());
    told.push(change(&gate, "{\"account\":\"a b\",\"partner\":\"acme\"}").problem());
    let json = [("content-type", "application/json")];
    told.push(call(&gate, "POST", "/v1/grants/changes", FOUR, &json).problem());
    told.push(call(&gate, "POST", "/v1/grants/changes", FOUR, &[("if-match", "x")]).problem());
    told.push(call(&gate, "GET", "/v1/grants?limit=0", "", &[]).problem());
    gate.office.full.store(true, std::sync::atomic::Ordering::Relaxed);
    told.push(change(&gate, FOUR).problem());
    insta::assert_snapshot!(told.join("\n"), @r"
        422 grants_faults: 8 lines can't be taken, and nothing of their batch was
          line 2: a member has a value of the wrong kind: ids are texts
          line 3: unknown field `acount`, expected one of `account`, `partner`, `client`, `from`, `until`, `withdrawn`
          line 4: missing field `partner`
          line 5: a member has a value of the wrong kind: ids are texts
          line 6: `ac me` is not a partner: use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.`, and start with a letter or digit
          line 7: `until` is `soon`, which is no moment: write a date such as `2026-12-01`, a time such as `2026-12-01T09:00:00Z`, or a length from now such as `7d`
          line 8: the line has more than 1024 bytes
          line 9: it is no JSON object
        422 grants_faults: line 5 can't be taken, and nothing of its batch was
          line 5: unknown partner `zenit`; did you mean `zenith`?
        422 grants_faults: line 1 can't be taken, and nothing of its batch was
          line 1: the account is not 1 to 64 visible ASCII characters; write its id at the platform
        415 media_type_unknown: send one JSON object a line with `Content-Type: application/x-ndjson`
        400 request_unreadable: `If-Match` is no version of the grants: send the `ETag` of `GET /v1/grants`, or the `version` of the last answer
        400 request_unreadable: `limit` is 0: send 1 or more, or leave it out
        503 store_not_writable: the store can't be written, nothing was changed: no space left on device
        ");
    assert_eq!(get(&gate, "/v1/grants"), "");
}

#[test]
fn a_repeated_change_is_answered_once() {
    let gate = open();
    let key = [("idempotency-key", "feed-1")];
    let first = call(&gate, "POST", "/v1/grants/changes", FOUR, &key).what();
    change(&gate, "{\"account\":\"3\",\"partner\":\"zenith\",\"withdrawn\":true}").what();
    let again = call(&gate, "POST", "/v1/grants/changes", FOUR, &key).what();
    assert_eq!(first, again);
    assert!(!get(&gate, "/v1/grants").contains("zenith"), "nothing was given a second time");
}

#[test]
fn a_call_of_a_feed_is_recorded_without_accounts() {
    let gate = open();
    change(&gate, FOUR);
    get(&gate, "/v1/grants?account=178");
    let calls = gate.calls.lock().unwrap();
    let paths: Vec<_> = calls.iter().rev().take(2).map(|call| call.path.as_str()).collect();
    assert_eq!(paths, ["/v1/grants", "/v1/grants/changes"]);
}

#[test]
fn facts_are_replaced_whole_and_the_mode_is_set_for_a_reason() {
    let gate = open();
    let put = |path: &str, body: Value, headers: &[(&str, &str)]| {
        let answer = call(&gate, "PUT", path, &body.to_string(), headers);
        match answer.status {
            200 => serde_json::from_str::<Value>(&answer.body).unwrap()["what"].to_string(),
            _ => answer.problem(),
        }
    };
    let facts = json!({"lists": {"hashtags": ["#Berlin"]}, "figures": {"calls_per_hour": 50}, "review_by": "90d", "group": "hotels"});
    let told = [
        put("/v1/partners/acme/facts", facts.clone(), &[("if-match", "2")]),
        put("/v1/partners/acme/facts", facts, &[("if-match", "2")]),
        put("/v1/partners/acme/facts", json!({"lists": {"hashtags": ["a b"]}}), &[]),
        put("/v1/partners/acme/facts", json!({"review_by": "soon"}), &[]),
        put("/v1/partners/acme/facts", json!({"locations": ["1"]}), &[]),
        put("/v1/clients/shop/facts", json!({"lists": {"locations": ["7"]}}), &[]),
        put("/v1/clients/shap/facts", json!({}), &[]),
        put("/v1/partners/acme/mode", json!({"mode": "observe", "why": "the first month"}), &[]),
        put("/v1/partners/acme/mode", json!({"mode": "observe", "why": "again"}), &[]),
        put("/v1/partners/acme/mode", json!({"mode": "enforce", "why": ""}), &[]),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
        "partner `acme` declares use `publishing`, hashtags 1, calls_per_hour 50, group `hotels`, review by 2024-06-29T12:00:00.000Z"
        412 changed_since: partner `acme` is at revision 5, the edit builds on 2: look at it again, then repeat the edit
        422 facts_unfit: these facts can't be kept: entry 1 of list `hashtags` holds spaces or control characters; write one id or name an entry
        400 request_unreadable: `review_by` is `soon`, which is no moment: write a date such as `2026-12-01`, a time such as `2026-12-01T09:00:00Z`, or a length from now such as `7d`
        400 request_unreadable: the body can't be taken (line 1, column 12): unknown field `locations`, expected one of `use`, `review_by`, `figures`, `lists`, `group`, `told`, `dry_run`; see `openapi.json`
        "client `shop` declares locations 1"
        404 unknown_client: there is no client `shap`; did you mean `shop`? `portcullis client list` shows them
        "partner `acme` is observed: its calls are judged and recorded, but only keys and holds are enforced"
        409 same_mode: partner `acme` is in mode `observe` already; nothing to change
        422 why_missing: the reason is empty; write in a few words why, for who reads the log later
        "#);
    let shown: Value = serde_json::from_str(&get(&gate, "/v1/partners/acme")).unwrap();
    assert_eq!((&shown["tier"], &shown["use"]), (&Value::Null, &json!("publishing")));
    assert_eq!(shown["facts"]["lists"]["hashtags"], json!(["berlin"]));
    let listed: Value = serde_json::from_str(&get(&gate, "/v1/partners?mode=observe")).unwrap();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert_eq!(listed["data"][0]["facts"]["lists"], Value::Null, "a list shows sizes alone");
    assert_eq!(listed["data"][0]["facts"]["sizes"], json!({"hashtags": 1}));
    let client: Value = serde_json::from_str(&get(&gate, "/v1/clients/shop")).unwrap();
    assert_eq!(client["facts"]["lists"]["locations"], json!(["7"]));
    let wrong = call(&gate, "GET", "/v1/partners?mode=watch", "", &[]).problem();
    insta::assert_snapshot!(wrong, @"400 unknown_mode: there is no mode `watch`; the modes are `enforce` and `observe`");
}

#[test]
fn another_use_among_facts_that_moves_a_partner_to_less_is_told_or_refused() {
    let gate = open();
    let key = call(&gate, "POST", "/v1/keys", &json!({"partner": "acme"}).to_string(), &[]);
    assert_eq!(key.status, 201, "{}", key.body);
    let put = |purpose: &str| {
        let body = json!({ "use": purpose }).to_string();
        call(&gate, "PUT", "/v1/partners/acme/facts", &body, &[])
    };
    let refused = put(" research ").problem();
    assert!(refused.contains("narrowing_untold") && refused.contains("lose `posts`"), "{refused}");
    let other = put("newsroom");
    assert_eq!(other.status, 200, "{}", other.body);
}
