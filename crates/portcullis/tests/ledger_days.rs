//! What the platform takes back, through whole gates: whoever received it is told and says what it did.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use crate::common::http::{Connection, get, json, lines, once};
use crate::common::{ACCOUNT, Gate, House, PATIENCE, Platform, hook, reaches, until};
use serde_json::{Value, json};

const FIRST: &str = "first-partner";
const SECOND: &str = "second-partner";

/// A second partner that the account authorised as well; its key.
fn second(house: &House) -> String {
    house.ok(&["partner", "add", SECOND, "--use", "publishing"]);
    house.ok(&["partner", "facts", SECOND, "--set", "figures.calls_per_hour=1000"]);
    house.ok(&["grant", "add", ACCOUNT, "--partner", SECOND]);
    house.ok(&["key", "issue", "--partner", SECOND]).trim().to_owned()
}

fn called(house: &House, target: &str, key: &str) -> Value {
    let answer = once(house.public, target, key);
    assert_eq!(answer.status, 200, "{target}: {}", answer.body);
    answer.json()
}

/// Posts deletions as the platform does.
fn post(house: &House, deletions: &[Value]) -> Value {
    let token = std::fs::read_to_string(house.dir().join("secrets/admin-token")).unwrap();
    let body: String = deletions.iter().map(|line| format!("{line}\n")).collect();
    let answer = lines(house.admin, "/v1/deletions", token.trim(), &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

fn record(id: &str, record: &Value) -> Value {
    json!({ "id": id, "what": "deleted", "record": record, "at": "2026-01-01T00:00:00Z" })
}

fn owed(house: &House, key: &str) -> Value {
    called(house, "/partner/v1/deletions", key)
}

fn report(house: &House) -> Value {
    serde_json::from_str(&house.ok(&["ledger", "deletions", "-o", "json"])).unwrap()
}

#[test]
fn what_was_deleted_is_told_by_hook_to_whom_received_it_and_attested_by_it_alone() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    hook::allow_here(&house);
    let _gate = house.serve();
    let other = second(&house);
    let [(at, told), (other_at, other_told)] = [hook::listen(0), hook::listen(0)];
    let secret = hook::add(&house, FIRST, at);
    let other_secret = hook::add(&house, SECOND, other_at);

    // Both receive the account, and one of them its posts.
    called(&house, "/v21.0/me?fields=id,username", &other);
    let posts = called(&house, &format!("/v21.0/{ACCOUNT}/media?fields=id&limit=3"), &house.key);
    let [one, kept] = [&posts["data"][0]["id"], &posts["data"][1]["id"]];
    let taken = post(&house, &[record("e1", one), record("e2", kept), record("e3", &"1".into())]);
    assert_eq!((&taken["new"], &taken["known"]), (&3.into(), &0.into()), "{taken}");
    reaches(&house, "portcullis_deletion_lists_open", 1);
    let message = told.recv_timeout(PATIENCE).unwrap();
    assert!(message.is_signed_by(&secret) && !message.is_signed_by(&other_secret));
    let said = message.json();
    let change = &said["data"]["change"];
    let list = owed(&house, &house.key);
    let batch = list["lists"][0]["batch"].as_str().unwrap().to_owned();
    assert_eq!((&said["type"], &change["count"]), (&"deletion.due".into(), &2.into()), "{said}");
    assert_eq!((&change["batch"], &change["cause"]), (&batch.as_str().into(), &"deleted".into()));
    assert_eq!(change["due_by"], list["lists"][0]["due_by"], "{said} {list}");
    let named = [one, kept].map(|id| message.body.contains(id.as_str().unwrap()));
    assert_eq!(named, [false; 2], "a message names nothing: {said}");
    let records: Vec<&Value> =
        list["data"].as_array().unwrap().iter().map(|row| &row["record"]).collect();
    assert_eq!(records, [one, kept]);
    let nothing = owed(&house, &other);
    assert_eq!((&nothing["data"], &nothing["lists"]), (&json!([]), &json!([])));

    // Nobody attests for another, and the word of whom it concerns is in the log and in the report.
    let path = format!("/partner/v1/deletions/{batch}/attest");
    let but = json!([{ "seq": list["data"][1]["seq"], "done": "kept", "reason": "a court asked" }]);
    let word = json!({ "done": "deleted", "but": but }).to_string();
    assert_eq!(json(house.public, &path, &other, &word).status, 404);
    let attested = json(house.public, &path, &house.key, &word);
    assert_eq!(attested.status, 200, "{}", attested.body);
    let lists = report(&house);
    let row = &lists[0];
    assert_eq!((&row["partner"], &row["state"]), (&FIRST.into(), &"attested".into()), "{lists}");
    assert_eq!((&row["deleted"], &row["kept"]), (&1.into(), &1.into()), "{lists}");
    assert_eq!(row["by"], house.key_id().as_str(), "{lists}");
    let log = house.ok(&["audit", "query", "--type", "deletion.attested"]);
    assert!(log.contains("deletion.attested"), "{log}");
    assert_eq!(owed(&house, &house.key)["lists"], json!([]));
    assert!(told.try_recv().is_err(), "one message for one list");
    assert!(other_told.try_recv().is_err(), "who received none of it hears nothing");
    // The hook of the other would have been told by now: what it received is.
    post(
        &house,
        &[
            json!({ "id": "e4", "what": "account_closed", "owner": ACCOUNT, "at": "2026-01-01T00:00:00Z" }),
        ],
    );
    let message = other_told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(message.json()["data"]["change"]["cause"], "account_closed");
    assert!(message.is_signed_by(&other_secret), "{:?}", message.head);
}

/// A platform that answers as it is told to.
fn platform(answer: impl Fn(&TcpStream, &str) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (at, answer) = (listener.local_addr().unwrap(), Arc::new(answer));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || {
                let stream = stream.unwrap();
                paths(&stream).for_each(|path| answer(&stream, &path));
            });
        }
    });
    at
}

fn head_of(body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n")
}

/// A platform that stands still within its lists of posts, says that it does, and goes on when it is told.
fn halting() -> (SocketAddr, Receiver<()>, Sender<()>) {
    let ((halts, halted), (go, goes)) = (channel(), channel());
    let (halts, goes) = (Mutex::new(halts), Mutex::new(goes));
    let at = platform(move |mut stream, path| {
        let body = body_of(path);
        let (first, second) = body.split_at(body.len() / 2);
        stream.write_all(format!("{}{first}", head_of(&body)).as_bytes()).unwrap();
        if path.contains("/media") {
            halts.lock().unwrap().send(()).unwrap();
            goes.lock().unwrap().recv().unwrap();
        }
        stream.write_all(second.as_bytes()).unwrap();
    });
    (at, halted, go)
}

/// The paths of requests without a body.
fn paths(stream: &TcpStream) -> impl Iterator<Item = String> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    std::iter::from_fn(move || {
        let path = lines.next()?.split(' ').nth(1)?.to_owned();
        lines.by_ref().find(String::is_empty)?;
        Some(path)
    })
}

fn body_of(path: &str) -> String {
    if path.contains("/media") {
        let posts = [SLOW_POST, "17900000000000002"].map(|id| json!({ "id": id }));
        return json!({ "data": posts }).to_string();
    }
    json!({ "id": ACCOUNT, "username": "one" }).to_string()
}

const SLOW_POST: &str = "17900000000000001";

#[test]
fn an_answer_that_was_on_its_way_when_its_record_was_deleted_is_told_of_once_it_ends() {
    let (platform, halted, go) = halting();
    let house = House::init(&format!("http://{platform}"));
    let _gate = house.serve();
    called(&house, "/v21.0/me?fields=id,username", &house.key);
    let mut under_way = Connection::open(house.public);
    under_way.send(get(&format!("/v21.0/{ACCOUNT}/media?fields=id"), &house.key).as_bytes());
    halted.recv().unwrap();
    // The one that had left is found by the look that the other is too late for.
    post(&house, &[record("e1", &ACCOUNT.into()), record("e2", &SLOW_POST.into())]);
    reaches(&house, "portcullis_deletion_lists_open", 1);
    let list = owed(&house, &house.key);
    let ids = |list: &Value| -> Vec<Value> {
        list["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
    };
    assert_eq!(ids(&list), ["e1"], "{list}");
    go.send(()).unwrap();
    let answer = under_way.answer();
    assert!(answer.whole && answer.body.contains(SLOW_POST), "{}", answer.body);
    reaches(&house, "portcullis_deletion_lists_open", 2);
    assert_eq!(ids(&owed(&house, &house.key)), ["e1", "e2"]);
}

#[test]
fn a_key_that_is_lost_is_said_once_and_its_day_is_named_by_whoever_asks() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    called(&house, "/v21.0/me?fields=id", &house.key);
    reaches(&house, "portcullis_ledger_written_total", 1);
    gate.kill();
    let keys = house.dir().join("data/portcullis.ledger/keys");
    let mut days = Vec::new();
    for entry in std::fs::read_dir(&keys).unwrap() {
        let path = entry.unwrap().path();
        days.push(path.file_stem().unwrap().to_str().unwrap().to_owned());
        std::fs::remove_file(path).unwrap();
    }
    days.sort_unstable();
    let lost = |house: &House| {
        let log = house.ok(&["audit", "query", "--type", "ledger.shredded", "-o", "json"]);
        log.matches("\"lost\":true").count() + log.matches("\"lost\": true").count()
    };
    let gate = house.serve();
    gate.wait_for(" is LOST").unwrap();
    called(&house, "/v21.0/me?fields=id", &house.key);
    reaches(&house, "portcullis_ledger_written_total", 1);
    drop(gate);
    let gate = house.serve();
    // The next look of whoever finds it out comes with the journal that is left.
    reaches(&house, "portcullis_ledger_rolled_total", 1);
    assert_eq!(lost(&house), 1, "said once");
    let purpose = ["--purpose", "A person asked who has their data."];
    let ask = ["ledger", "who", "--owner", ACCOUNT, "--since", "1d", "-o", "json"];
    let who: Value = serde_json::from_str(&house.ok(&[&ask[..], &purpose].concat())).unwrap();
    assert_eq!(who["shredded"], json!([days[0]]), "{who}");
    let status: Value =
        serde_json::from_str(&house.ok(&["ledger", "status", "-o", "json"])).unwrap();
    assert_eq!(status["shredded"], json!([days[0]]), "{status}");
    drop(gate);
}

/// Records of one long answer.
const LONG: u64 = 300_000;

/// A platform with very long lists of posts.
fn lengthy() -> SocketAddr {
    let posts: Vec<Value> =
        (0..LONG).map(|at| json!({ "id": format!("1790000{at:07}") })).collect();
    let posts = json!({ "data": posts }).to_string();
    platform(move |mut stream, path| {
        let few = json!({ "data": [{ "quota_usage": 1 }] }).to_string();
        let body = if path.contains("/media") { &posts } else { &few };
        let _gone = stream.write_all(format!("{}{body}", head_of(body)).as_bytes());
    })
}

fn limit(gate: &Gate, bytes: &str) {
    let pid = gate.child.id().to_string();
    let done = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:")]).status();
    assert!(done.unwrap().success(), "prlimit, of util-linux, sets the limit");
}

#[test]
fn on_a_full_disk_what_has_to_be_written_down_is_refused_and_what_had_left_is_there_afterwards() {
    let house = House::init(&format!("http://{}", lengthy()));
    house.edit("portcullis.yaml", "\npublic:\n", "\npublic:\n  threads: 1\n");
    let gate = house.serve();
    let posts = || once(house.public, &format!("/v21.0/{ACCOUNT}/media?fields=id"), &house.key);
    let quota = format!("/v21.0/{ACCOUNT}/content_publishing_limit?fields=quota_usage");
    assert_eq!(posts().status, 200);
    let mut left = 1;
    reaches(&house, "portcullis_ledger_written_total", left);
    limit(&gate, "1024");
    let refused = loop {
        let answer = posts();
        if answer.status != 200 {
            break answer;
        }
        left += 1;
    };
    assert_eq!((refused.status, refused.code().as_str()), (503, "ledger_full"), "{}", refused.body);
    assert!(refused.header("retry-after").is_some(), "{}", refused.head);
    let ready = once(house.admin, "/readyz", "");
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("what leaves is not written down"), "{}", ready.body);
    // What is only counted goes on.
    called(&house, &quota, &house.key);
    assert_eq!(posts().code(), "ledger_full");
    let what = || -> Value {
        let ask = ["ledger", "what", "--partner", FIRST, "--since", "1h", "-o", "json"];
        serde_json::from_str(&house.ok(&ask)).unwrap()
    };
    let of_posts = |told: &Value| {
        let of = |class: &&Value| class["class"] == "media.by_account";
        let posts = told["classes"].as_array().unwrap().iter().find(of).unwrap();
        (posts["answers"].clone(), posts["rows"].clone())
    };
    let told = what();
    assert!(told["unwritten_since"].is_string() && of_posts(&told).0 != left, "{told}");
    limit(&gate, "unlimited");
    // Said once all is written, and not only what could not be at first.
    gate.wait_for("the ledger is written again; 2 answers were refused meanwhile").unwrap();
    let told = what();
    assert_eq!(
        (of_posts(&told).0, &told["unwritten_since"]),
        (left.into(), &Value::Null),
        "{told}"
    );
    assert_eq!(posts().status, 200);
    left += 1;
    until("the last one is told", || what()["answers"] == left + 1);
    let told = what();
    assert_eq!(of_posts(&told), (left.into(), (left * LONG).into()), "{told}");
    until("it is ready", || once(house.admin, "/readyz", "").status == 200);
    drop(gate);
}
