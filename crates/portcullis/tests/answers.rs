//! A partner answers and appeals over real sockets, is replied to, and nothing of it is done twice.

use crate::common::http::{Answer, Connection, once};
use crate::common::{FOUND, Gate, House};
use serde_json::{Value, json};

const PARTNER: &str = "first-partner";
const TELL: &str = "We are looking into an unusual pattern of calls.";
const REPLY: &str = "We looked at it again: these were your own places.";

/// A partner's POST, to be known again by a word of its own.
fn send(house: &House, path: &str, word: &str, body: &Value) -> Answer {
    send_with(&house.key, house, (path, word), body)
}

/// The same with another key of the partner.
fn send_with(key: &str, house: &House, (path, word): (&str, &str), body: &Value) -> Answer {
    let body = body.to_string();
    let mut connection = Connection::open(house.public);
    connection.send(
        format!(
            "POST /partner/v1/{path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {}\r\n\
             Idempotency-Key: {word}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            key,
            body.len()
        )
        .as_bytes(),
    );
    connection.answer()
}

#[track_caller]
fn told(house: &House, path: &str) -> Value {
    let answer = once(house.public, &format!("/partner/v1/{path}"), &house.key);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.json()
}

fn figure(house: &House, name: &str) -> String {
    let page = once(house.admin, "/metrics", "").body;
    let line = page.lines().find(|line| line.starts_with(name));
    line.unwrap_or_else(|| panic!("no {name} in {page}")).to_owned()
}

/// A gate with the partner on hold, and the event that says so.
fn on_hold() -> (House, Gate, u64) {
    let house = House::init("http://127.0.0.1:9");
    let gate = house.serve();
    let why = ["--reason", "investigation", "--tell", TELL];
    house.ok(&[&["partner", "hold", PARTNER], &why[..], &FOUND].concat());
    let hold = told(&house, "me")["measures"][0]["revision"].as_u64().unwrap();
    (house, gate, hold)
}

#[test]
fn an_appeal_of_a_partner_on_hold_is_replied_to_and_both_sides_read_it() {
    let (house, gate, hold) = on_hold();
    let digest = "ab".repeat(32);
    let appeal = json!({
        "kind": "appeal",
        "about": hold,
        "text": "These were our own places.\nSee the list.",
        "attachments": [{ "name": "places.csv", "sha256": digest, "bytes": 812 }],
    });
    let taken = send(&house, "answers", "appeal-1", &appeal);
    assert_eq!(taken.status, 201, "{}", taken.body);
    let id = taken.json()["answer"]["id"].as_u64().unwrap();
    let me = told(&house, "me");
    assert_eq!((&me["answers"][0]["id"], &me["answers"][0]["state"]), (&json!(id), &json!("open")));
    let clock = format!("your appeal about event {hold} is replied to");
    let clocks = me["clocks"].as_array().unwrap().iter();
    assert!(clocks.clone().any(|one| one["what"] == *clock), "{}", me["clocks"]);
    assert_eq!(
        figure(&house, "portcullis_answers_open{kind=\"appeal\"}").split(' ').nth(1),
        Some("1")
    );

    let listed = house.ok(&["answer", "list", "--open"]);
    assert!(listed.contains("appeal") && listed.contains(PARTNER), "{listed}");
    let shown = house.ok(&["answer", "show", &id.to_string()]);
    for part in ["See the list.", "places.csv, 812 bytes", &digest] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let id = id.to_string();
    let upheld = house.ok(&["answer", "reply", &id, "--uphold", "--tell", REPLY]);
    assert!(upheld.contains(&format!("portcullis partner restore {PARTNER}")), "{upheld}");
    house.ok(&["partner", "restore", PARTNER, "--reason", "mistake", "--tell", REPLY]);

    let read = told(&house, &format!("answers/{id}"));
    assert_eq!((&read["state"], &read["replies"][0]["tell"]), (&json!("upheld"), &json!(REPLY)));
    assert!(read["followed"].as_u64().unwrap() > hold, "{read}");
    assert!(read["replies"][0].get("by").is_none(), "who replied stays inside: {read}");
    assert_eq!(told(&house, "me")["answers"], json!([]));
    let notices = told(&house, "notices");
    let mut kinds = notices["data"].as_array().unwrap().iter().map(|one| &one["type"]);
    assert!(kinds.any(|kind| kind == "answer.replied"), "{notices}");
    let said = house.ok(&["notice", "list", PARTNER]);
    assert!(said.contains("answer.replied") && said.contains("standing.held"), "{said}");
    let said = house.ok(&["notice", "show", &hold.to_string()]);
    assert!(said.contains(TELL) && said.contains("\"explanation\""), "{said}");

    let again = json!({ "kind": "answer", "about": 0, "text": "Of nobody's event." });
    assert_eq!(send(&house, "answers", "other", &again).code(), "no_such_event");
    let bare = json!({ "kind": "appeal", "about": hold });
    assert_eq!(send(&house, "answers", "bare", &bare).code(), "answer_empty");
    drop(gate);
}

/// All files of a folder, however deep.
fn files_under(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, mut files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
    files.extend(folders.iter().flat_map(|folder| files_under(folder)));
    files
}

#[test]
fn what_was_asked_once_is_done_once_also_over_a_restart() {
    let (house, gate, hold) = on_hold();
    let answer = json!({ "kind": "answer", "about": hold, "text": "We are looking into it too." });
    let first = send(&house, "answers", "one", &answer);
    assert_eq!(first.status, 201, "{}", first.body);
    let rotated = send(&house, &format!("keys/{}/rotate", house.key_id()), "two", &json!({}));
    assert_eq!(rotated.status, 201, "{}", rotated.body);
    let secret = rotated.json()["key"].as_str().unwrap().to_owned();
    gate.kill();

    let gate = house.serve();
    let again = send(&house, "answers", "one", &answer);
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("idempotency-replayed").as_deref(), Some("true"));
    let of_another = send_with(&secret, &house, ("answers", "one"), &answer);
    assert_eq!(of_another.header("idempotency-replayed"), None, "{}", of_another.body);
    assert_eq!(of_another.code(), "answered_already", "{}", of_another.body);
    let other = json!({ "kind": "answer", "about": hold, "text": "Something else." });
    assert_eq!(send(&house, "answers", "one", &other).code(), "idempotency_key_reused");
    let again = send(&house, &format!("keys/{}/rotate", house.key_id()), "two", &json!({}));
    assert_eq!(again.code(), "already_done", "{}", again.body);
    assert_eq!(told(&house, "answers")["data"].as_array().unwrap().len(), 1);
    for path in files_under(&house.dir().join("data")) {
        let bytes = std::fs::read(&path).unwrap();
        let secret = secret.as_bytes();
        let held = bytes.windows(secret.len()).any(|window| window == secret);
        assert!(!held, "a key in {}", path.display());
    }
    drop(gate);
}
