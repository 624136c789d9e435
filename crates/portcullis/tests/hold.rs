//! A hold bites at the next request, on every connection, and in the middle of an answer.

use crate::common::http::{Connection, get, once};
use crate::common::{FOUND, House, Platform, SLOW};

const TELL: &str = "We are looking into an unusual pattern of calls.";

fn hold(house: &House, what: &str, id: &str) {
    let hold = [what, "hold", id, "--reason", "investigation", "--tell", TELL];
    house.ok(&[&hold[..], &FOUND].concat());
}

fn restore(house: &House, what: &str, id: &str) {
    house.ok(&[
        what,
        "restore",
        id,
        "--reason",
        "investigation-closed",
        "--tell",
        "The pattern was explained.",
    ]);
}

#[test]
fn the_next_request_on_a_hundred_open_connections_is_refused() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let mut connections: Vec<Connection> =
        (0..100).map(|_| Connection::open(house.public)).collect();
    for connection in &mut connections {
        assert_eq!(connection.get("/v21.0/me?fields=id", &house.key).status, 200);
    }
    hold(&house, "key", &house.key_id());
    for connection in &mut connections {
        let answer = connection.get("/v21.0/me?fields=id", &house.key);
        assert_eq!((answer.status, answer.code().as_str()), (403, "key_held"));
        assert!(answer.body.contains(TELL) && answer.body.contains("investigation"));
    }
    restore(&house, "key", &house.key_id());
    for connection in &mut connections {
        assert_eq!(connection.get("/v21.0/me?fields=id", &house.key).status, 200);
    }
    drop(gate);
}

#[test]
fn a_held_partner_is_refused_with_all_its_keys_and_a_revoked_key_never_returns() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let partner = house.ok(&["partner", "list", "-o", "json"]);
    let partner: serde_json::Value = serde_json::from_str(&partner).unwrap();
    let id = partner
        .pointer("/partners/0/id")
        .or(partner.pointer("/0/id"))
        .or(partner.pointer("/items/0/id"))
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned();
    hold(&house, "partner", &id);
    assert_eq!(once(house.public, "/v21.0/me", &house.key).code(), "partner_held");
    restore(&house, "partner", &id);
    assert_eq!(once(house.public, "/v21.0/me?fields=id", &house.key).status, 200);
    let id = house.key_id();
    let why = ["--reason", "key-exposed", "--tell", "Your key was published."];
    house.ok(&[&["key", "revoke", &id], &why[..], &FOUND].concat());
    let refused = once(house.public, "/v21.0/me?fields=id", &house.key);
    assert_eq!((refused.status, refused.code().as_str()), (401, "key_revoked"));
    let output = house.cli(&[
        "key",
        "restore",
        &house.key_id(),
        "--reason",
        "mistake",
        "--tell",
        "Give it back, please.",
    ]);
    assert!(
        !output.status.success() && crate::common::text(&output).contains("revoked"),
        "{}",
        crate::common::text(&output)
    );
    assert_eq!(once(house.public, "/v21.0/me?fields=id", &house.key).code(), "key_revoked");
    drop(gate);
}

#[test]
fn an_answer_that_is_streaming_to_a_held_key_is_cut_and_never_ended_as_if_whole() {
    let platform = Platform::start(Some(SLOW));
    let house = House::init(&platform.url());
    let gate = house.serve();
    // An answer whose links are rewritten is held back until it is whole; one without them streams.
    let params = "since: plain, until: plain, summary: plain }\n";
    house.edit("routes/plaza.yaml", &format!("{params}    links: true"), params);
    house.ok(&["apply"]);
    let user = platform.ids().paging_user;
    let mut connection = Connection::open(house.public);
    let target = format!(
        "/v21.0/{user}/insights?metric=reach,impressions,profile_views&period=day&since=1&until=1700000000"
    );
    connection.send(get(&target, &house.key).as_bytes());
    let head = connection.head();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let first = connection.chunk();
    assert!(first.is_some(), "the first piece comes before the last is sent");
    hold(&house, "key", &house.key_id());
    while connection.chunk().is_some() {}
    assert!(connection.is_closed(), "the connection ends without a last chunk");
    drop(gate);
}

#[test]
fn a_read_that_the_gate_holds_back_is_refused_when_its_key_is_held_meanwhile() {
    let platform = Platform::start(Some(SLOW));
    let house = House::init(&platform.url());
    let gate = house.serve();
    let user = platform.ids().paging_user;
    let mut connection = Connection::open(house.public);
    let target = format!("/v21.0/{user}/insights?metric=reach,impressions&period=day");
    platform.running.forget_requests();
    connection.send(get(&format!("{target}&since=1&until=1700000000"), &house.key).as_bytes());
    while platform.running.requests().is_empty() {
        std::thread::yield_now();
    }
    hold(&house, "key", &house.key_id());
    let answer = connection.answer();
    assert_eq!((answer.status, answer.code().as_str()), (403, "key_held"), "{}", answer.head);
    drop(gate);
}

#[test]
fn a_body_is_not_taken_in_for_a_key_that_nobody_has() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let mut connection = Connection::open(house.public);
    let head = "POST /v21.0/me/media HTTP/1.1\r\nHost: gate.test\r\nAuthorization: Bearer nobodys\r\n\
        Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000\r\n\r\n";
    connection.send(head.as_bytes());
    // Not a byte of the body was sent.
    let answer = connection.answer();
    assert_eq!((answer.status, answer.code().as_str()), (401, "key_unknown"));
    assert!(connection.is_closed(), "what would follow can't be told from a next call");
    drop(gate);
}

#[test]
fn the_log_tells_what_happened_and_verifies() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    hold(&house, "key", &house.key_id());
    restore(&house, "key", &house.key_id());
    let list = house.ok(&["audit", "list"]);
    assert!(list.contains("standing.held") && list.contains("standing.restored"), "{list}");
    house.ok(&["audit", "verify"]);
    drop(gate);
    let db = house.dir().join("data/portcullis.db");
    house.ok(&["audit", "verify", "--db", db.to_str().unwrap()]);
}
