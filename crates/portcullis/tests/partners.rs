//! The partners' own API, asked over real sockets in every state that a partner can be in.

use std::collections::BTreeSet;

use crate::common::http::{Answer, Connection, once};
use crate::common::{FOUND, House, Platform, until};
use portcullis_audit::Receipt;
use serde_json::{Value, json};

const PARTNER: &str = "first-partner";
const OTHERS: &str = "/v21.0/17841400000099999?fields=username";
const TELL: &str = "We are looking into an unusual pattern of calls.";
const ENDED: &str = "Your key was published on a public page.";

fn ask(house: &House, path: &str, key: &str) -> Answer {
    once(house.public, &format!("/partner/v1/{path}"), key)
}

#[track_caller]
fn told(house: &House, path: &str, key: &str) -> Value {
    let answer = ask(house, path, key);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
    answer.json()
}

fn send(house: &House, path: &str, key: &str, body: &str) -> Answer {
    let mut connection = Connection::open(house.public);
    connection.send(
        format!(
            "POST /partner/v1/{path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .as_bytes(),
    );
    connection.answer()
}

/// Another key: of the first partner, or of another one that is made for it.
fn another_key(house: &House, partner: &str) -> (String, String) {
    if partner != PARTNER {
        house.ok(&["partner", "add", partner, "--name", "Another", "--use", "publishing"]);
    }
    let issued = house.ok(&["key", "issue", "--partner", partner, "-o", "json"]);
    let issued: Value = serde_json::from_str(&issued).unwrap();
    let text = |member: &str| issued[member].as_str().unwrap().to_owned();
    (text("id"), text("key"))
}

fn names(list: &Value, member: &str) -> BTreeSet<String> {
    let entries = list.as_array().unwrap().iter();
    entries.map(|entry| entry[member].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_partner_in_good_standing_reads_what_it_has_and_what_is_left() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let me = told(&house, "me", &house.key);
    assert_eq!((&me["state"], &me["partner"]["id"]), (&json!("good"), &json!(PARTNER)));
    assert_eq!(me["key"]["id"], house.key_id());
    assert_eq!((&me["measures"], &me["closed"]), (&json!([]), &json!([])));
    assert!(names(&me["works"], "path").contains("/{version}/{node_id}"), "{}", me["works"]);

    let before = told(&house, "limits", &house.key)["limits"].clone();
    assert!(!before.as_array().unwrap().is_empty());
    for _ in 0..3 {
        assert_eq!(once(house.public, "/v21.0/me?fields=id", &house.key).status, 200);
    }
    let after = told(&house, "limits", &house.key)["limits"].clone();
    let used = |limits: &Value| -> u64 {
        limits.as_array().unwrap().iter().filter_map(|limit| limit["used"].as_u64()).sum()
    };
    assert!(used(&after) > used(&before), "{before} {after}");

    assert_eq!(once(house.public, OTHERS, &house.key).code(), "target_not_agreed");
    // Threads hand over what they counted every two seconds. What was asked here counts nowhere.
    until("four calls are told", || {
        let counted = house.ok(&["usage", PARTNER, "-o", "json"]);
        serde_json::from_str::<Value>(&counted).unwrap()["total"]["calls"] == 4
    });
    let usage = told(&house, "usage", &house.key)["total"].clone();
    assert_eq!((&usage["calls"], &usage["permitted"]), (&json!(4), &json!(3)));
    assert_eq!(usage["refused"], json!({ "target_not_agreed": 1 }));
    assert_eq!(ask(&house, "usage?from=soon", &house.key).status, 400);
    drop(gate);
}

#[test]
fn a_partner_on_hold_reads_why_and_until_when_also_while_the_platform_is_down() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let why = ["--reason", "investigation", "--tell", TELL, "--review-by", "7d"];
    let note = ["--impact-note", "Reading pauses until we talked; what was posted stays."];
    house.ok(&[&["partner", "hold", PARTNER], &why[..], &FOUND, &note].concat());
    drop(platform);
    assert_eq!(once(house.public, "/v21.0/me", &house.key).code(), "partner_held");
    let me = told(&house, "me", &house.key);
    assert_eq!((&me["state"], &me["partner"]["id"]), (&json!("suspended"), &json!(PARTNER)));
    let measure = &me["measures"][0];
    assert_eq!((&measure["of"], &measure["reason"]), (&json!("partner"), &json!("investigation")));
    assert_eq!(measure["tell"], TELL);
    assert_eq!(measure["statement"]["facts"][0]["statement"], FOUND[1], "{measure}");
    let status = told(&house, "status", &house.key);
    assert_eq!((&status["state"], &status["notes"][0]["text"]), (&me["state"], &json!(note[1])));
    assert!(measure["review_by"].is_string() && measure["revision"].is_u64(), "{measure}");
    assert!(
        !me["closed"].as_array().unwrap().is_empty()
            && !me["clocks"].as_array().unwrap().is_empty()
    );
    let open = names(&me["works"], "operation");
    let closed = names(&me["closed"], "operation");
    assert!(open.is_disjoint(&closed), "{open:?} {closed:?}");
    for path in ["limits", "usage", "keys", "clients", "openapi.json"] {
        told(&house, path, &house.key);
    }
    let notices = told(&house, "notices", &house.key);
    let last = notices["data"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["type"], &last["revision"]), (&json!("standing.held"), &measure["revision"]));
    assert_eq!(last["change"]["tell"], TELL);
    let later = told(&house, &format!("notices?after={}", notices["next"]), &house.key);
    assert_eq!((&later["data"], &later["more"]), (&json!([]), &json!(false)));
    let one = told(&house, &format!("notices/{}", measure["revision"]), &house.key);
    assert_eq!((&one["id"], &one["change"]), (&last["id"], &last["change"]));
    let receipt = ask(&house, &format!("receipts/{}", measure["revision"]), &house.key);
    assert_eq!(receipt.status, 200, "{}", receipt.body);
    let receipt: Receipt = receipt.body.parse().unwrap();
    let leaf: Value = serde_json::from_slice(&receipt.leaf.unwrap()).unwrap();
    assert_eq!(leaf["actor"], json!({"kind": "token"}), "who of the platform acted is not told");
    let filtered = ask(&house, &format!("receipts/{}?from=1", measure["revision"]), &house.key);
    assert_eq!(filtered.status, 400, "{}", filtered.body);
    drop(gate);
}

#[test]
fn a_key_that_ended_learns_that_and_nothing_else() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let (id, key) = another_key(&house, PARTNER);
    let revoke = ["key", "revoke", &id, "--reason", "key-exposed", "--tell", ENDED];
    house.ok(&[&revoke[..], &FOUND].concat());
    let me = told(&house, "me", &key);
    assert_eq!(
        (&me["state"], &me["partner"], &me["key"]["id"]),
        (&json!("revoked"), &Value::Null, &json!(id))
    );
    assert_eq!((&me["measures"][0]["tell"], &me["works"]), (&json!(ENDED), &json!([])));
    assert!(!me.to_string().contains(PARTNER), "{me}");
    for path in
        ["limits", "usage", "keys", "clients", "openapi-of-others", "refusals/req_x", "receipts/1"]
    {
        let answer = ask(&house, path, &key);
        let expected = if path == "openapi-of-others" { "path_unknown" } else { "key_ended" };
        assert_eq!(answer.code(), expected, "{path}: {}", answer.body);
    }
    let own = format!("keys/{}/revoke", house.key_id());
    let answer = send(&house, &own, &key, r#"{"reason":"partner-request"}"#);
    assert_eq!((answer.status, answer.code().as_str()), (403, "key_ended"));
    assert_eq!(once(house.public, "/v21.0/me?fields=id", &house.key).status, 200);
    drop(gate);
}

#[test]
fn a_partner_sees_nothing_of_another() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let (other_id, other) = another_key(&house, "second-partner");
    let refused = once(house.public, OTHERS, &house.key);
    let id = refused.header("x-request-id").unwrap();
    let path = format!("refusals/{id}");
    // It is remembered once its answer has ended.
    until("it is remembered", || house.cli(&["explain", "--request", &id]).status.success());
    let own = told(&house, &path, &house.key);
    assert_eq!((&own["code"], &own["status"]), (&json!("target_not_agreed"), &json!(403)));
    assert_eq!(
        (&own["target"], &own["now"]["code"]),
        (&json!(OTHERS), &json!("target_not_agreed"))
    );
    assert!(own["now"]["told"].is_string() && !own.to_string().contains("publishing/"), "{own}");
    let foreign = ask(&house, &path, &other);
    let unknown = ask(&house, "refusals/req_0123456789abcdef", &other);
    assert_eq!((foreign.status, &foreign.body), (404, &unknown.body));

    let keys = told(&house, "keys", &other);
    assert_eq!(names(&keys["data"], "id"), BTreeSet::from([other_id]));
    let theirs = send(
        &house,
        &format!("keys/{}/revoke", house.key_id()),
        &other,
        r#"{"reason":"key-exposed"}"#,
    );
    let none = send(&house, "keys/abcdefghijkl/revoke", &other, r#"{"reason":"key-exposed"}"#);
    assert_eq!((theirs.status, &theirs.body), (404, &none.body));
    let declared =
        json!({ "id": format!("{PARTNER}-acme"), "purpose": "recaps", "category": "brand" });
    let answer = send(&house, "clients", &other, &declared.to_string());
    assert_eq!((answer.status, answer.code().as_str()), (422, "client_id_not_yours"));
    let first = told(&house, "keys", &house.key)["data"][0]["revision"].clone();
    assert_eq!(ask(&house, &format!("receipts/{first}"), &house.key).status, 200);
    assert_eq!(ask(&house, &format!("notices/{first}"), &house.key).status, 200);
    assert_eq!(ask(&house, &format!("notices/{first}"), &other).code(), "no_such_event");
    assert!(!told(&house, "notices", &other).to_string().contains(PARTNER));
    let foreign = ask(&house, &format!("receipts/{first}"), &other);
    assert_eq!((foreign.status, foreign.code().as_str()), (404, "no_such_event"));
    assert_eq!(foreign.body, ask(&house, "receipts/999999", &other).body);
    drop(gate);
}

#[test]
fn a_partner_ends_and_renews_its_keys_and_declares_a_client_itself() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let (id, key) = another_key(&house, PARTNER);
    let rotated = send(&house, &format!("keys/{id}/rotate"), &key, r#"{"until":"2d"}"#);
    assert_eq!(rotated.status, 201, "{}", rotated.body);
    let new = rotated.json()["key"].as_str().unwrap().to_owned();
    for key in [&key, &new] {
        assert_eq!(once(house.public, "/v21.0/me?fields=id", key).status, 200);
    }
    let foreign = send(&house, &format!("keys/{}/rotate", house.key_id()), &new, "{}");
    assert_eq!((foreign.status, foreign.code().as_str()), (403, "key_of_another"));
    let ended = send(&house, &format!("keys/{id}/revoke"), &new, r#"{"reason":"key-exposed"}"#);
    assert_eq!(ended.status, 200, "{}", ended.body);
    assert_eq!(once(house.public, "/v21.0/me?fields=id", &key).status, 401);
    let again = send(&house, &format!("keys/{id}/revoke"), &new, r#"{"reason":"key-exposed"}"#);
    assert_eq!(again.status, 409, "{}", again.body);
    assert!(house.ok(&["audit", "list"]).contains(&format!("{PARTNER}/")), "the log says who did");

    let acme = json!({ "id": format!("{PARTNER}-acme"), "purpose": "recaps", "category": "brand" });
    let added = send(&house, "clients", &new, &acme.to_string());
    assert_eq!(added.status, 201, "{}", added.body);
    let clients = told(&house, "clients", &house.key);
    assert_eq!(clients["data"][0]["category"], "brand");
    let twice = send(&house, "clients", &new, &acme.to_string());
    assert_eq!(twice.status, 409, "{}", twice.body);
    let odd = json!({ "id": format!("{PARTNER}-x"), "purpose": "recaps", "category": "spy" });
    assert_eq!(send(&house, "clients", &new, &odd.to_string()).status, 400);
    another_key(&house, &format!("{PARTNER}-travel"));
    let id = format!("{PARTNER}-travel-x");
    let taken = json!({ "id": id, "purpose": "recaps", "category": "brand" });
    assert_eq!(send(&house, "clients", &new, &taken.to_string()).code(), "client_id_not_yours");
    house.ok(&[
        "client",
        "add",
        &id,
        "--partner",
        &format!("{PARTNER}-travel"),
        "--name",
        "X",
        "--purpose",
        "recaps",
    ]);
    for id in [&id, "no-such-client"] {
        let foreign = ask(&house, &format!("clients?after={id}"), &new);
        assert_eq!((foreign.status, foreign.code().as_str()), (404, "unknown_client"));
    }
    drop(gate);
}

#[test]
fn a_thousand_unknown_keys_learn_nothing_and_what_is_asked_never_goes_on() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    platform.running.forget_requests();
    let spellings = [
        "//partner/v1/me",
        "/%70artner/v1/me",
        "/partner%2Fv1/me",
        "/PARTNER/v1/me",
        "/partner/v2/me",
    ];
    for target in spellings {
        let answer = once(house.public, target, &house.key);
        assert!(answer.status >= 400, "{target}: {}", answer.body);
    }
    let large = send(&house, "keys/x/revoke", &house.key, &" ".repeat(300 << 10));
    assert_eq!((large.status, large.code().as_str()), (413, "body_too_large"));
    let twice = format!("/partner/v1/me?access_token={}x", house.key);
    assert_eq!(once(house.public, &twice, &house.key).code(), "key_conflict");
    assert_eq!(ask(&house, "nothing", &house.key).code(), "path_unknown");
    assert_eq!(send(&house, "me", &house.key, "{}").code(), "method_unknown");

    let uniform = |answer: &Answer| {
        let id = answer.header("x-request-id").unwrap();
        answer.body.replace(&id, "ID")
    };
    let mut connection = Connection::open(house.public);
    let elsewhere = uniform(&connection.get("/v21.0/me", "ptc_live_abcdefghijkl_x"));
    let mut statuses = BTreeSet::new();
    for n in 0..1000 {
        // Some have the id of a key that there is.
        let id = if n % 2 == 0 { house.key_id() } else { format!("k{n}") };
        let answer = connection.get("/partner/v1/me", &format!("ptc_live_{id}_{n:032}"));
        statuses.insert(answer.status);
        match answer.status {
            401 => assert_eq!(uniform(&answer), elsewhere),
            _ => assert!(answer.header("retry-after").is_some(), "{}", answer.body),
        }
    }
    assert_eq!(statuses, BTreeSet::from([401, 429]));
    assert!(platform.running.requests().is_empty(), "{:?}", platform.running.requests());
    let told = format!("{}{}", gate.talk(), gate.records());
    let secret = house.key.rsplit('_').next().unwrap();
    assert!(!told.contains(secret), "a key on record");
    drop(gate);
}

#[test]
fn a_partner_restricted_in_part_reads_what_goes_on_and_acknowledges_a_warning() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let why = [&["--reason", "investigation", "--tell", TELL], &FOUND[..]].concat();
    let of = |list: &Value, class: &str| {
        let entries = list.as_array().unwrap().iter();
        entries.filter(|entry| entry["classes"].as_array().unwrap().contains(&json!(class))).count()
    };
    house.ok(&[&["partner", "warn", PARTNER], &why[..]].concat());
    assert_eq!(told(&house, "me", &house.key)["state"], "warned");
    let read = send(&house, "me/acknowledge", &house.key, "");
    assert_eq!(read.status, 200, "{}", read.body);
    assert_eq!(send(&house, "me/acknowledge", &house.key, "").status, 409);

    let before = told(&house, "limits", &house.key);
    house.ok(&[&["partner", "hold", PARTNER, "--shape", "reads"], &why[..]].concat());
    let me = told(&house, "me", &house.key);
    assert_eq!(
        (&me["state"], &me["measures"][0]["closes"]),
        (&json!("suspended"), &json!("all reads"))
    );
    assert!(
        of(&me["works"], "publish.container") > 0 && of(&me["closed"], "publish.container") == 0,
        "{me}"
    );
    assert!(
        of(&me["closed"], "media.by_account") > 0 && of(&me["works"], "media.by_account") == 0,
        "{me}"
    );

    house.ok(&[&["partner", "restrict", PARTNER, "--factor", "50"], &why[..]].concat());
    let after = told(&house, "limits", &house.key);
    assert_eq!((&before["factor"], &after["factor"]), (&Value::Null, &json!(50)));
    for (whole, half) in
        before["limits"].as_array().unwrap().iter().zip(after["limits"].as_array().unwrap())
    {
        let max = |limit: &Value| limit["max"].as_u64().unwrap();
        assert_eq!(max(half), (max(whole) / 2).max(max(whole).min(1)), "{whole} {half}");
    }
    drop(gate);
}
