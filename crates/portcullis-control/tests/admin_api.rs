//! The admin API over real sockets: what each call answers, refuses and records.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::Ordering;

use crate::gate::{Gate, TOKEN};
use portcullis_control::ControlSettings;
use serde_json::{Value, json};

struct Answer {
    status: u16,
    kind: String,
    body: Value,
}

fn call(
    gate: &Gate,
    method: &str,
    path: &str,
    body: Option<&Value>,
    headers: &[(&str, &str)],
) -> Answer {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request =
        ureq::http::Request::builder().method(method).uri(format!("{}{path}", gate.url));
    if !headers.iter().any(|(name, _)| *name == "authorization") {
        request = request.header("authorization", format!("Bearer {TOKEN}"));
    }
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(*name, *value);
    }
    let mut response = match body {
        Some(body) => {
            let request = request.header("content-type", "application/json");
            agent.run(request.body(body.to_string()).unwrap()).unwrap()
        }
        None => agent.run(request.body(()).unwrap()).unwrap(),
    };
    let kind = response.headers().get("content-type").map(|v| v.to_str().unwrap().to_owned());
    let text = response.body_mut().read_to_string().unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer { status: response.status().as_u16(), kind: kind.unwrap_or_default(), body }
}

fn get(gate: &Gate, path: &str) -> Value {
    let answer = call(gate, "GET", path, None, &[]);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

fn post(gate: &Gate, path: &str, body: &Value) -> Value {
    let answer = call(gate, "POST", path, Some(body), &[]);
    assert!((200..300).contains(&answer.status), "{path}: {}", answer.body);
    answer.body
}

/// The one way every error looks; yields `STATUS CODE: detail`.
#[track_caller]
fn refused(gate: &Gate, method: &str, path: &str, body: Option<&Value>) -> String {
    problem(&call(gate, method, path, body, &[]))
}

#[track_caller]
fn problem(answer: &Answer) -> String {
    assert_eq!(answer.kind, "application/problem+json", "{}", answer.body);
    assert_eq!(answer.body["status"], answer.status);
    let code = answer.body["code"].as_str().unwrap();
    assert_eq!(answer.body["type"], format!("urn:portcullis:problem:{code}"));
    format!("{} {code}: {}", answer.status, answer.body["detail"].as_str().unwrap())
}

fn acme(gate: &Gate) {
    post(
        gate,
        "/v1/partners",
        &json!({"id": "acme-travel", "tier": "basic", "use": "travel_search"}),
    );
}

fn key(gate: &Gate) -> (String, String) {
    let issued = post(gate, "/v1/keys", &json!({"partner": "acme-travel"}));
    (issued["id"].as_str().unwrap().to_owned(), issued["key"].as_str().unwrap().to_owned())
}

fn hold() -> Value {
    json!({
        "to": "suspended", "reason": "bulk-location", "tell": "Too many places were read at once.",
        "statement": {
            "facts": [{
                "statement": "Posts of 12,304 places in 41 towns were read in one night.",
                "period": "2024-03-30..2024-03-31", "metric": "distinct places", "value": "12304",
                "limit": "200 a day", "evidence": "one line of evidence",
            }],
            "indefinite_because": "nobody knows when the reads are explained",
        },
    })
}

#[test]
fn machines_need_no_token_and_people_do() {
    let gate = Gate::open();
    let open = [("authorization", "")];
    assert_eq!(call(&gate, "GET", "/healthz", None, &open).body["state"], "alive");
    assert_eq!(call(&gate, "GET", "/readyz", None, &open).status, 200);
    assert_eq!(call(&gate, "GET", "/metrics", None, &open).body, json!("portcullis_up 1\n"));
    assert_eq!(call(&gate, "GET", "/openapi.json", None, &open).body["openapi"], "3.1.0");
    let answer = call(&gate, "GET", "/v1/me", None, &open);
    insta::assert_snapshot!(problem(&answer), @"401 not_signed_in: send an admin token as `Authorization: Bearer TOKEN`; `portcullis init` wrote one to `secrets/admin-token` of the deployment");
    let wrong = call(&gate, "GET", "/v1/partners", None, &[("authorization", "Bearer no")]);
    assert_eq!(wrong.status, 401);
    assert_eq!(get(&gate, "/v1/me")["name"], "ops");
}

#[test]
fn not_ready_is_503_and_says_why() {
    let gate = Gate::open();
    gate.probe.broken.store(true, Ordering::Relaxed);
    let answer = call(&gate, "GET", "/readyz", None, &[]);
    assert_eq!(answer.status, 503);
    insta::assert_snapshot!(answer.body, @r#"{"ready":false,"detail":[{"name":"log","ok":false,"detail":"no space left on device: free some"}]}"#);
}

#[test]
fn a_partner_is_declared_edited_and_shown() {
    let gate = Gate::open();
    let facts = json!({"lists": {"locations": ["77"], "brands": ["@Hotel_Berlin"]}, "review_by": "2025-01-31"});
    let new = json!({"id": "acme-travel", "name": "Acme", "tier": "basic", "use": "travel_search", "declared_use": "finds hotels", "scopes": ["media:read"], "facts": facts});
    let change = post(&gate, "/v1/partners", &new);
    assert_eq!(change["durable"], true);
    let edit = json!({"tier": "plus", "scopes": null, "facts": {"lists": {"locations": ["78", "77"], "brands": null}}});
    let stale =
        call(&gate, "PATCH", "/v1/partners/acme-travel", Some(&edit), &[("if-match", "\"0\"")]);
    insta::assert_snapshot!(problem(&stale), @"412 changed_since: partner `acme-travel` is at revision 3, the edit builds on 0: look at it again, then repeat the edit");
    let done =
        call(&gate, "PATCH", "/v1/partners/acme-travel", Some(&edit), &[("if-match", "\"3\"")]);
    assert_eq!(done.status, 200, "{}", done.body);
    insta::assert_snapshot!(serde_json::to_string_pretty(&get(&gate, "/v1/partners/acme-travel")).unwrap(), @r#"
        {
          "id": "acme-travel",
          "name": "Acme",
          "tier": "plus",
          "use": "travel_search",
          "declared_use": "finds hotels",
          "scopes": null,
          "facts": {
            "review_by": "2025-01-31T00:00:00.000Z",
            "figures": {},
            "lists": {
              "locations": [
                "77",
                "78"
              ]
            },
            "sizes": {
              "locations": 2
            },
            "group": null
          },
          "mode": "enforce",
          "state": "good",
          "hold": null,
          "standing": null,
          "added": "2024-03-31T12:00:00.000Z",
          "revision": 5
        }
        "#);
    post(&gate, "/v1/partners/acme-travel/transitions", &hold());
    assert_eq!(get(&gate, "/v1/partners/acme-travel")["revision"], 5);
    let shown = [("if-match", "\"5\"")];
    let edit = json!({"facts": {"lists": {"locations": ["78"]}}});
    let held = call(&gate, "PATCH", "/v1/partners/acme-travel", Some(&edit), &shown);
    assert_eq!(held.status, 200, "a hold is no edit: {}", held.body);
}

#[test]
fn unknown_names_come_back_with_the_nearest_known_one() {
    let gate = Gate::open();
    acme(&gate);
    let new = |tier: &str, r#use: &str, scope: &str| json!({"id": "b", "tier": tier, "use": r#use, "scopes": [scope]});
    let texts = [
        refused(&gate, "GET", "/v1/partners/acme-travle", None),
        refused(&gate, "GET", "/v1/partners/a%20b", None),
        refused(&gate, "POST", "/v1/partners", Some(&new("basik", "research", "media:read"))),
        refused(&gate, "POST", "/v1/partners", Some(&new("basic", "reserch", "media:read"))),
        refused(&gate, "POST", "/v1/partners", Some(&new("basic", "research", "media:red"))),
        refused(&gate, "POST", "/v1/keys", Some(&json!({"partner": "acme-trave"}))),
        refused(&gate, "POST", "/v1/keys", Some(&json!({"partner": "acme-travel", "env": "prod"}))),
        refused(&gate, "GET", "/v1/keys/nope", None),
        refused(&gate, "GET", "/v1/keys?state=hold", None),
        refused(&gate, "GET", "/v1/audit/99", None),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r"
        404 unknown_partner: there is no partner `acme-travle`; did you mean `acme-travel`? `portcullis partner list` shows them
        400 request_unreadable: `a b` is not a partner: use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.`, and start with a letter or digit
        422 unknown_tier: there is no tier `basik`; did you mean `basic`? the tiers in force are `basic`, `plus`
        422 unknown_use: there is no use `reserch`; did you mean `research`? the uses are `publishing`, `comment_care`, `brand_analytics`, `creator_marketplace`, `story_insights`, `own_property_monitoring`, `social_wall`, `travel_search`, `newsroom`, `research`, `audience_insights`, `campaign_reports`, `location_marketing`, `market_statistics`, `review_digest`
        422 unknown_scope: there is no scope `media:red`; did you mean `media:read`? the scopes in force are `media:read`, `profile:read`
        404 unknown_partner: unknown partner `acme-trave`; did you mean `acme-travel`?
        400 request_unreadable: `prod` can't be part of a key: use 1 to 12 of a-z and 0-9, such as `live` or `test`
        404 unknown_key: there is no key `nope`; `portcullis key list` shows the ids; a key itself is not its id
        400 unknown_state: there is no state of keys `hold`; the states are `pending`, `active`, `rotating`, `suspended`, `narrowed`, `expired`, `revoked`, `compromised`
        404 no_such_event: there is no event 99 yet; the newest is 2
        ");
}

#[test]
fn what_cannot_be_read_is_refused_strictly() {
    let gate = Gate::open();
    let texts = [
        refused(&gate, "POST", "/v1/partners", Some(&json!({"id": "a", "teir": "basic"}))),
        refused(&gate, "POST", "/v1/partners", Some(&json!({"id": 7}))),
        refused(&gate, "POST", "/v1/audit/verify", Some(&json!([[]]))),
        refused(&gate, "GET", "/v1/partners?limt=3", None),
        refused(&gate, "GET", "/v1/partners?limit=0", None),
        refused(&gate, "GET", "/v1/nothing", None),
        refused(&gate, "DELETE", "/v1/partners", None),
        problem(&call(&gate, "POST", "/v1/partners", None, &[])),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r"
        400 request_unreadable: the body can't be taken (line 1, column 16): unknown field `teir`, expected one of `id`, `name`, `tier`, `use`, `declared_use`, `scopes`, `facts`; see `openapi.json`
        400 request_unreadable: the body can't be taken (line 1, column 7): a member has a value of the wrong kind; see `openapi.json`
        400 request_unreadable: the body can't be taken: it is no object with named members; see `openapi.json`
        400 request_unreadable: the query can't be taken: limt: unknown field `limt`, expected one of `limit`, `after`, `tier`, `suspended`, `mode`; see `openapi.json`
        400 request_unreadable: `limit` is 0: send 1 to 1000
        404 path_unknown: all paths are listed in `/openapi.json` of this listener; calls of partners go to the gate's public listener
        405 method_unknown: the header `Allow` and `/openapi.json` list the methods of this path
        415 media_type_unknown: send JSON with `Content-Type: application/json`
        ");
}

#[test]
fn a_hold_bites_and_is_lifted_and_a_revoked_key_never_returns() {
    let gate = Gate::open();
    acme(&gate);
    let (id, _) = key(&gate);
    let path = format!("/v1/keys/{id}/transitions");
    let held = post(&gate, &path, &hold());
    assert_eq!(held["durable"], true);
    assert!(held["undo"].as_str().unwrap().contains("restore"), "{held}");
    assert_eq!(get(&gate, &format!("/v1/keys/{id}"))["state"], "suspended");
    let mut wish = hold();
    wish["to"] = json!("restored");
    let nothing = refused(&gate, "POST", &path, Some(&wish));
    assert!(nothing.starts_with("422 statement_of_nothing"), "{nothing}");
    let statement = wish.as_object_mut().unwrap().remove("statement").unwrap();
    post(&gate, &path, &wish);
    assert_eq!(get(&gate, &format!("/v1/keys/{id}"))["state"], "active");
    wish["to"] = json!("revoked");
    let untold = refused(&gate, "POST", &path, Some(&wish));
    insta::assert_snapshot!(untold, @"422 statement_missing: this takes access away, so the partner must be told what was found, and `bulk-location` wants a fact that was measured: `--fact 'what was found' --period 24h --metric 'distinct places' --value 12304 --limit '200 a day' --evidence FILE`, or `--facts-from REVISION` of a signal");
    wish["statement"] = statement;
    post(&gate, &path, &wish);
    assert_eq!(get(&gate, &format!("/v1/keys/{id}"))["state"], "revoked");
    wish["to"] = json!("restored");
    wish.as_object_mut().unwrap().remove("statement");
    let never = refused(&gate, "POST", &path, Some(&wish));
    assert!(never.starts_with("409 revoked_never_returns"), "{never}");
    wish["to"] = json!("revoked");
    let partner = refused(&gate, "POST", "/v1/partners/acme-travel/transitions", Some(&wish));
    insta::assert_snapshot!(partner, @"422 only_keys_are_revoked: put partner `acme-travel` on hold instead, which refuses all its keys at once; each key can be revoked by its id");
    let mut wish = hold();
    wish["review_by"] = json!("7d");
    post(&gate, "/v1/partners/acme-travel/transitions", &wish);
    let partner = get(&gate, "/v1/partners/acme-travel");
    assert_eq!(partner["hold"]["review_by"], "2024-04-07T12:00:00.000Z");
    for (suspended, count) in [(true, 1), (false, 0)] {
        let list = get(&gate, &format!("/v1/partners?suspended={suspended}"));
        assert_eq!(list["data"].as_array().unwrap().len(), count, "{suspended}");
    }
    for missing in ["reason", "tell"] {
        let mut wish = hold();
        wish.as_object_mut().unwrap().remove(missing);
        let text = refused(&gate, "POST", &path, Some(&wish));
        assert!(text.contains(&format!("`{missing}` is missing")), "{text}");
    }
}

#[test]
fn a_hold_that_cannot_be_written_is_in_force_and_says_so_loudly() {
    let gate = Gate::open();
    acme(&gate);
    gate.office.full.store(true, Ordering::Relaxed);
    let answer = call(&gate, "POST", "/v1/partners/acme-travel/transitions", Some(&hold()), &[]);
    assert_eq!((answer.status, &answer.body["durable"]), (202, &json!(false)));
    assert_eq!(answer.body["revision"], Value::Null);
    assert!(answer.body["warning"].as_str().unwrap().starts_with("NOT DURABLE"));
    let other = refused(&gate, "POST", "/v1/keys", Some(&json!({"partner": "acme-travel"})));
    insta::assert_snapshot!(other, @"503 store_not_writable: the store can't be written, nothing was changed: no space left on device");
}

#[test]
fn a_repeated_post_changes_nothing_twice() {
    let gate = Gate::open();
    acme(&gate);
    let send = |body: &Value| {
        call(&gate, "POST", "/v1/clients", Some(body), &[("idempotency-key", "one")])
    };
    let body = json!({"id": "hotel", "partner": "acme-travel"});
    let first = send(&body);
    let again = send(&body);
    assert_eq!((first.status, &first.body), (201, &again.body));
    assert_eq!(again.status, 201);
    let other = send(&json!({"id": "inn", "partner": "acme-travel"}));
    assert_eq!(
        problem(&other),
        "422 idempotency_key_reused: send a new `Idempotency-Key` for a new wish"
    );
    assert_eq!(get(&gate, "/v1/clients")["data"].as_array().unwrap().len(), 1);

    let issue = || {
        call(
            &gate,
            "POST",
            "/v1/keys",
            Some(&json!({"partner": "acme-travel"})),
            &[("idempotency-key", "two")],
        )
    };
    let secret = issue().body["key"].as_str().unwrap().to_owned();
    let again = issue();
    assert!(problem(&again).starts_with("409 already_done"), "a secret is shown once");
    assert!(!again.body.to_string().contains(&secret));
}

#[test]
fn a_key_is_bound_to_places_and_shown_with_them() {
    let gate = Gate::open();
    acme(&gate);
    let body = json!({"partner": "acme-travel", "networks": ["203.0.113.9"]});
    let id = post(&gate, "/v1/keys", &body)["id"].as_str().unwrap().to_owned();
    let shown = || {
        let key = get(&gate, &format!("/v1/keys/{id}"));
        (key["networks"].clone(), key["certificates"].clone())
    };
    assert_eq!(shown(), (json!(["203.0.113.9"]), Value::Null));
    let path = format!("/v1/keys/{id}/binding");
    let tell = "Calls are accepted from your office only.";
    let mut body = json!({
        "networks": ["203.0.113.0/24"], "certificates": ["dns:app.acme"], "tell": tell, "dry_run": true,
    });
    let put = |body: &Value| call(&gate, "PUT", &path, Some(body), &[]);
    assert_eq!(put(&body).status, 200);
    assert_eq!(shown().0, json!(["203.0.113.9"]), "a dry run does nothing");
    body["dry_run"] = false.into();
    assert_eq!(put(&body).status, 200);
    assert_eq!(shown(), (json!(["203.0.113.0/24"]), json!(["dns:app.acme"])));
    for (body, said) in [
        (json!({"networks": ["203.0.113.9/24"], "tell": tell}), "write `203.0.113.0/24`"),
        (json!({"certificates": ["cn:acme"], "tell": tell}), "400 request_unreadable: `cn:acme`"),
        (json!({"networks": ["203.0.113.9"], "tell": ""}), "text_missing"),
    ] {
        let refused = problem(&put(&body));
        assert!(refused.contains(said), "{refused}");
    }
    assert_eq!(put(&json!({"tell": tell})).status, 200);
    assert_eq!(shown(), (Value::Null, Value::Null));
}

#[test]
fn an_identity_stands_in_a_keys_place_and_no_secret_is_shown() {
    let gate = Gate::open();
    acme(&gate);
    let issue = |identity: &Value| {
        let body = json!({"partner": "acme-travel", "identity": identity});
        call(&gate, "POST", "/v1/keys", Some(&body), &[])
    };
    for identity in [
        json!({"issuer": "https://login.acme.example", "subject": "calls"}),
        json!({"certificate": "dns:calls.acme.example"}),
    ] {
        let issued = issue(&identity);
        assert_eq!(issued.status, 201, "{}", issued.body);
        assert!(!issued.body.to_string().contains("ptc_"), "{}", issued.body);
        let id = issued.body["id"].as_str().unwrap();
        let shown = get(&gate, &format!("/v1/keys/{id}"));
        assert_eq!((&shown["identity"], &shown["pepper"]), (&identity, &json!("")));
        assert!(problem(&issue(&identity)).starts_with("409 identity_known"));
        let rotate = format!("/v1/keys/{id}/rotate");
        let refused = problem(&call(&gate, "POST", &rotate, Some(&json!({})), &[]));
        assert!(refused.starts_with("409 key_without_secret"), "{refused}");
    }
    for (identity, said) in [
        (json!({}), "400 request_unreadable"),
        (json!({"issuer": "https://a", "certificate": "dns:a"}), "400 request_unreadable"),
        (json!({"certificate": "cn:a"}), "400 request_unreadable"),
        (json!({"issuer": "https://a", "subject": ""}), "422 identity_unfit"),
    ] {
        let refused = problem(&issue(&identity));
        assert!(refused.starts_with(said), "{refused}");
    }
}

#[test]
fn keys_are_listed_in_parts() {
    let gate = Gate::open();
    acme(&gate);
    for _ in 0..5 {
        key(&gate);
    }
    let mut seen = Vec::new();
    let mut path = "/v1/keys?limit=2".to_owned();
    loop {
        let page = get(&gate, &path);
        seen.extend(page["data"].as_array().unwrap().iter().map(|key| key["id"].to_string()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/keys?limit=2&after={next}");
    }
    let whole = get(&gate, "/v1/keys");
    let whole: Vec<_> =
        whole["data"].as_array().unwrap().iter().map(|k| k["id"].to_string()).collect();
    assert_eq!((seen.len(), seen), (5, whole));
    assert_eq!(get(&gate, "/v1/keys?partner=acme-travel&state=suspended")["data"], json!([]));
}

#[test]
fn an_import_takes_all_or_names_every_bad_entry_and_never_shows_a_key() {
    let gate = Gate::open();
    acme(&gate);
    let bad = json!({"keys": [
        {"line": 3, "key": "old-key-number-one", "partner": "acme-travel"},
        {"line": 4, "key": "short", "partner": "acme-travel"},
        {"line": 5, "key": "old-key-number-one", "partner": "acme-travel"},
        {"line": 7, "key": "old-key-number-two", "partner": "acme-trave"},
        {"line": 8, "key": "old-key-number-three", "partner": "acme-travel", "state": "revokd"},
        {"line": 9, "key": "acme-travel", "partner": "old/key/number/four"},
    ]});
    let answer = call(&gate, "POST", "/v1/keys/import", Some(&bad), &[]);
    assert_eq!(
        problem(&answer),
        "422 import_faults: 5 entries can't be taken, so nothing was imported: correct or remove them, then import again"
    );
    let lines: Vec<_> = answer.body["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| format!("{}: {}", e["line"], e["message"].as_str().unwrap()))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
        4: the key is not 8 to 512 visible ASCII characters
        5: the key stands on line 3 already: keep one of them
        7: there is no such partner; did you mean `acme-travel`?
        8: the state is neither `active` nor `revoked`, did you mean `revoked`?
        9: the partner's id is not one: use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.`, and start with a letter or digit
        ");
    assert!(!answer.body.to_string().contains("number"), "no key comes back");
    assert_eq!(get(&gate, "/v1/keys")["data"], json!([]));

    let good = json!({"keys": [
        {"key": "old-key-number-one", "partner": "acme-travel"},
        {"key": "old-key-number-two", "partner": "newcomer", "state": "revoked"},
    ], "create_partners": {"tier": "plus", "use": "research"}});
    post(&gate, "/v1/keys/import", &good);
    assert_eq!(get(&gate, "/v1/partners/newcomer")["tier"], "plus");
    let keys = get(&gate, "/v1/keys");
    assert_eq!(keys["data"][1]["state"], "revoked");
    let again = call(&gate, "POST", "/v1/keys/import", Some(&good), &[]);
    assert_eq!(again.body["entries"].as_array().unwrap().len(), 2);
    let typed =
        refused(&gate, "POST", "/v1/keys/import", Some(&json!({"keys": "old-key-number-one"})));
    assert!(!typed.contains("number"), "{typed}");
}

#[test]
fn a_set_comes_into_force_whole_or_not_at_all() {
    let gate = Gate::open();
    acme(&gate);
    let file = |name: &str, text: &str| json!({"name": name, "text": text});
    let put = |files: &[Value], dry: bool| {
        call(&gate, "PUT", "/v1/policies", Some(&json!({"files": files, "dry_run": dry})), &[])
    };
    let before = get(&gate, "/v1/policies?texts=true");
    assert_eq!(before["files"][0]["text"], "tier: basic\n");

    let faulty =
        put(&[file("policies/a.yaml", "teir: a\nscpes: b"), file("routes/r.yaml", "x")], false);
    insta::assert_snapshot!(problem(&faulty), @"422 policy_faults: there are 3 faults in these files, so the set in force stays: correct them, then apply again; `portcullis check` shows the same faults without a server");
    assert_eq!(faulty.body["faults"].as_array().unwrap().len(), 3);
    let orphaned = put(&[file("policies/plus.yaml", "tier: plus\n")], false);
    insta::assert_snapshot!(problem(&orphaned), @"409 tier_in_use: this set does not define tier `basic`, which 1 partner is on, `acme-travel` first; every call would be refused: move them with `portcullis partner edit ID --tier TIER`, or keep the tier");
    let next = [
        file("policies/basic.yaml", "tier: basic\ntier: new\n"),
        file("routes/plaza.yaml", "operation: getMe\noperation: listMedia\n"),
    ];
    let dry = put(&next, true);
    assert_eq!((dry.status, &dry.body["change"]), (200, &Value::Null));
    insta::assert_snapshot!(dry.body["changes"], @r#"[{"name":"policies/basic.yaml","kind":"changed"},{"name":"policies/plus.yaml","kind":"removed"}]"#);
    assert_eq!(get(&gate, "/v1/policies?texts=true"), before);
    assert_eq!(put(&next, false).body["change"]["revision"], 3);
    let same = put(&next, false);
    assert_eq!(same.body["change"]["what"], "this very set is in force already, since revision 3");
    gate.probe.broken.store(true, Ordering::Relaxed);
    assert_eq!(get(&gate, "/v1/policies")["differs"][0]["kind"], "changed");
}

#[test]
fn the_log_is_read_verified_and_exported_with_every_signed_root() {
    let gate = Gate::open();
    acme(&gate);
    for _ in 0..1200 {
        key(&gate);
    }
    let newest = get(&gate, "/v1/audit?count=2");
    assert_eq!((&newest["data"][1]["revision"], &newest["next"]), (&json!(1202), &Value::Null));
    assert_eq!(newest["data"][1]["actor"], json!({"kind": "token", "id": "ops"}));
    assert_eq!(get(&gate, "/v1/audit?from=0&count=1")["next"], 1);
    assert_eq!(get(&gate, "/v1/audit/2")["event"]["type"], "partner.added");
    assert!(
        get(&gate, "/v1/audit/checkpoint")["note"]
            .as_str()
            .unwrap()
            .starts_with("gate.test\n1203\n")
    );
    assert_eq!(post(&gate, "/v1/audit/verify", &json!({}))["clean"], true);
    gate.office.damaged.store(true, Ordering::Relaxed);
    let found = post(&gate, "/v1/audit/verify", &json!({}));
    assert_eq!((&found["clean"], &found["revision"]), (&json!(false), &json!(1)));

    let export = call(&gate, "GET", "/v1/audit/export", None, &[]);
    let Value::String(text) = export.body else { panic!("lines, not one document") };
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2 * 1203);
    assert!(lines[0].starts_with(r#"{"kind":"event","rev":0,"leaf":"{\"actor\""#), "{}", lines[0]);
    assert!(lines[2405].starts_with(r#"{"kind":"checkpoint","size":1203,"note":""#));
}

#[test]
fn every_call_is_recorded_with_its_actor_and_without_secrets() {
    let gate = Gate::open();
    acme(&gate);
    let (_, secret) = key(&gate);
    call(&gate, "GET", "/v1/partners?limit=1", None, &[("authorization", "Bearer wrong")]);
    refused(&gate, "GET", "/v1/partners/nobody", None);
    call(&gate, "GET", "/healthz", None, &[]);
    call(&gate, "GET", &format!("/v1/keys/{secret}"), None, &[]);
    let calls = gate.calls.lock().unwrap();
    let told: Vec<_> = calls
        .iter()
        .map(|c| {
            let actor = c.actor.as_deref().unwrap_or("-");
            format!("{actor} {} {} {} {}", c.method, c.path, c.status, c.problem.unwrap_or("-"))
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
        ops POST /v1/partners 201 -
        ops POST /v1/keys 201 -
        - GET /v1/partners 401 not_signed_in
        ops GET /v1/partners/… 404 unknown_partner
        ops GET /v1/keys/… 404 unknown_key
        ");
    let records = serde_json::to_string(&*calls).unwrap();
    assert!(!records.contains(TOKEN) && !records.contains(&secret), "{records}");
    assert!(calls.iter().all(|call| call.peer.is_some()));
}

#[test]
fn bodies_and_heads_are_bounded_and_a_fault_is_a_problem_document() {
    let gate = Gate::with(ControlSettings { body_max: 1000, ..ControlSettings::default() });
    let long = json!({"id": "a", "tier": "basic", "use": "research", "name": "x".repeat(2000)});
    let texts = [
        refused(&gate, "POST", "/v1/partners", Some(&long)),
        problem(&call(&gate, "POST", "/v1/partners", Some(&long), &[("idempotency-key", "k")])),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r"
        413 body_too_large: send less at once; an import of keys can be split into several files
        413 body_too_large: send less at once; an import of keys can be split into several files
        ");
    gate.probe.panics.store(true, Ordering::Relaxed);
    let fault = refused(&gate, "GET", "/metrics", None);
    assert!(fault.starts_with("500 internal"), "{fault}");
    let mut raw = TcpStream::connect(gate.url.trim_start_matches("http://")).unwrap();
    let head = format!(
        "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx: {}\r\n\r\n",
        "y".repeat(100_000)
    );
    // The server may have read enough before all is sent.
    let _ = raw.write_all(head.as_bytes());
    let mut answer = String::new();
    let _ = raw.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[test]
fn the_listener_ends_cleanly_while_connections_idle() {
    let mut gate = Gate::open();
    let mut idle = TcpStream::connect(gate.url.trim_start_matches("http://")).unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).unwrap();
    gate.close();
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).unwrap();
}
