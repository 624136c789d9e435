//! What left the gate is written down: it is told for whom, verified, and not lost with the process.

use std::path::PathBuf;

use crate::common::http::{Connection, once};
use crate::common::next::{Next, SERVES};
use crate::common::{ACCOUNT, House, Platform, figure, reaches, text, until};
use serde_json::Value;

const PARTNER: &str = "first-partner";
const ME: &str = "/v21.0/me?fields=id,username";

fn json(house: &House, args: &[&str]) -> Value {
    let mut all = args.to_vec();
    all.extend(["-o", "json"]);
    serde_json::from_str(&house.ok(&all)).unwrap()
}

fn who(house: &House, owner: &str) -> Value {
    let purpose = "A person asked who has their data.";
    json(house, &["ledger", "who", "--owner", owner, "--since", "1h", "--purpose", purpose])
}

fn answers(house: &House) -> u64 {
    let told = json(house, &["ledger", "what", "--partner", PARTNER, "--since", "1h"]);
    told["answers"].as_u64().unwrap()
}

fn call(house: &House, times: usize) {
    for _ in 0..times {
        assert_eq!(once(house.public, ME, &house.key).status, 200);
    }
}

fn files(house: &House, ending: &str) -> Vec<PathBuf> {
    let folder = house.dir().join("data/portcullis.ledger");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_str().unwrap().ends_with(ending));
    files.sort();
    files
}

#[test]
fn what_left_is_told_from_journal_and_file_alike_and_a_byte_that_was_changed_is_named() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    house.edit("portcullis.yaml", "\nledger:\n", "\nledger:\n  roll: 1s\n");
    let gate = house.serve();
    call(&house, 3);
    reaches(&house, "portcullis_ledger_written_total", 3);
    let told = who(&house, ACCOUNT);
    assert_eq!((&told["records"], &told["answers"]), (&3.into(), &3.into()), "{told}");
    let receipt = &told["received"][0];
    assert_eq!(receipt["partner"], PARTNER, "{told}");
    assert_eq!(receipt["key"], house.key_id().as_str(), "{told}");
    assert!(receipt["rule"].as_str().unwrap().starts_with("publishing"), "{told}");
    assert_eq!(who(&house, "17841499999999999")["records"], 0, "somebody else's did not leave");
    // The same from files: what was written is rolled once its time is over.
    until("journals are files", || {
        files(&house, ".journal").is_empty() && !files(&house, ".terms.parquet").is_empty()
    });
    assert_eq!(who(&house, ACCOUNT)["records"], 3);
    assert_eq!(answers(&house), 3);
    let between = ["ledger", "between", "--breach", "1h", "--partner", PARTNER];
    assert_eq!(json(&house, &between)["rows"], 3);
    assert_eq!(
        house
            .ok(&["ledger", "what", "--partner", PARTNER, "--since", "1h", "--csv"])
            .lines()
            .count(),
        2
    );
    let page = house.ok(&["ledger", "who", "--owner", ACCOUNT, "--since", "1h", "--purpose", "x"]);
    assert!(page.contains("3 records of the account left in 3 answers"), "{page}");

    // Nobody is asked about without a trace, and the log does not say who it was.
    let log = house.ok(&["audit", "query", "--type", "ledger.asked", "-o", "json"]);
    assert!(log.contains("A person asked who has their data."), "{log}");
    assert!(!log.contains(ACCOUNT), "{log}");
    let nameless = house.cli(&["ledger", "who", "--owner", "1", "--since", "1h", "--purpose", " "]);
    assert!(text(&nameless).contains("the purpose is empty"), "{}", text(&nameless));

    assert_eq!(json(&house, &["ledger", "verify"])["clean"], true);
    let status = json(&house, &["ledger", "status"]);
    assert_eq!((&status["ok"], &status["answers"]), (&true.into(), &3.into()), "{status}");
    let touched = files(&house, ".records.parquet").pop().unwrap();
    let mut bytes = std::fs::read(&touched).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(&touched, bytes).unwrap();
    let found = house.cli(&["ledger", "verify"]);
    assert_eq!(found.status.code(), Some(1));
    let name = touched.file_name().unwrap().to_str().unwrap();
    assert!(text(&found).contains(name), "{}", text(&found));
    assert!(text(&found).contains("piece 0 (from byte 0)"), "{}", text(&found));
    drop(gate);
}

#[test]
fn nothing_that_was_written_down_is_lost_with_the_process() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    call(&house, 5);
    reaches(&house, "portcullis_ledger_written_total", 5);
    gate.kill();
    assert_eq!(files(&house, ".journal").len(), 1);

    let mut gate = house.serve();
    until("a journal is a file", || !files(&house, ".terms.parquet").is_empty());
    assert_eq!(answers(&house), 5);
    call(&house, 2);
    // A gate that is asked to stop writes what it has.
    assert_eq!(gate.terminate(), Some(0));
    let _gate = house.serve();
    assert_eq!(answers(&house), 7);
    reaches(&house, "portcullis_ledger_rolled_total", 1);
    assert_eq!(answers(&house), 7);
    assert_eq!(json(&house, &["ledger", "verify"])["clean"], true);
}

#[test]
fn without_its_folder_what_has_to_be_written_down_does_not_leave_and_it_recovers_by_itself() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    call(&house, 1);
    reaches(&house, "portcullis_ledger_written_total", 1);
    let folder = house.dir().join("data/portcullis.ledger");
    let away = house.dir().join("data/away");
    std::fs::rename(&folder, &away).unwrap();
    until("portcullis_ledger_up", || figure(&house, "portcullis_ledger_up") != 1);
    let ready = once(house.admin, "/readyz", "");
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("put the folder back"), "{}", ready.body);
    call(&house, 1);
    std::fs::rename(&away, &folder).unwrap();
    reaches(&house, "portcullis_ledger_up", 1);
    reaches(&house, "portcullis_ledger_written_total", 2);
    assert_eq!(answers(&house), 2);
    drop(gate);
}

#[test]
fn a_gate_without_a_ledger_says_so() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    house.edit("portcullis.yaml", "\nledger:\n", "\nledger:\n  enabled: false\n");
    let gate = house.serve();
    call(&house, 1);
    let told = text(&house.cli(&["ledger", "status"]));
    assert!(told.contains("this gate writes no ledger"), "{told}");
    assert!(!house.dir().join("data/portcullis.ledger").exists());
    drop(gate);
}

#[test]
fn what_left_through_a_gate_and_through_the_one_that_follows_it_is_told_once() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let mut gate = house.serve();
    call(&house, 3);
    gate.follow();
    let _next = Next::of(&gate, SERVES);
    call(&house, 4);
    assert_eq!(gate.child.wait().unwrap().code(), Some(0));
    until("all are told", || answers(&house) >= 7);
    // The one that follows rolls what the first one left.
    reaches(&house, "portcullis_ledger_rolled_total", 1);
    assert_eq!(answers(&house), 7);
    assert_eq!(json(&house, &["ledger", "verify"])["clean"], true);
}

#[test]
fn keys_and_files_whose_time_is_over_go_and_the_log_says_of_which_day() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let folder = house.dir().join("data/portcullis.ledger");
    std::fs::create_dir_all(folder.join("keys")).unwrap();
    let (key, file) = (folder.join("keys/2020-01-01.key"), "2020-01-01T07.old-1.terms.parquet");
    std::fs::write(&key, [7; 32]).unwrap();
    let file = folder.join(file);
    std::fs::write(&file, "of long ago").unwrap();
    // A gate doubts its clock that was looked after last long ago, however often it is started; it has made
    // a key of today all the same.
    std::fs::write(folder.join("believed"), "2020-01-15T00:00:00Z").unwrap();
    for _ in 0..2 {
        let mut gate = house.serve();
        gate.wait_for("nothing of the ledger goes by its age until").unwrap();
        reaches(&house, "portcullis_ledger_files", 1);
        assert_eq!(gate.terminate(), Some(0));
        assert!(key.exists() && file.exists());
    }
    house.believes(0);
    let gate = house.serve();
    until("key and file are gone", || !key.exists() && !file.exists());
    let status = json(&house, &["ledger", "status"]);
    assert_eq!(status["shredded"], serde_json::json!(["2020-01-01"]), "{status}");
    assert!(status["days"].as_array().is_some_and(|days| !days.is_empty()), "{status}");
    let log = house.ok(&["audit", "query", "--type", "ledger.shredded"]);
    assert!(log.contains("ledger.shredded"), "{log}");
    drop(gate);
}

#[test]
fn a_damaged_journal_is_kept_aside_and_what_is_whole_in_it_is_told() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    for written in 1..=3 {
        call(&house, 1);
        reaches(&house, "portcullis_ledger_written_total", written);
    }
    gate.kill();
    let journal = files(&house, ".journal").pop().unwrap();
    let mut bytes = std::fs::read(&journal).unwrap();
    // Within the body of the first frame, behind the head of the journal and its own.
    bytes[40] ^= 1;
    // And the head of the journal: the frames after it are read all the same.
    bytes[..16].fill(0);
    std::fs::write(&journal, bytes).unwrap();
    let gate = house.serve();
    reaches(&house, "portcullis_ledger_damaged", 1);
    assert_eq!(files(&house, ".damaged").len(), 1);
    assert_eq!(answers(&house), 2);
    let told = house.ok(&["ledger", "what", "--partner", PARTNER, "--since", "1h"]);
    assert!(told.contains("NOT KNOWN: what stood in damaged journals"), "{told}");
    let ready = once(house.admin, "/readyz", "");
    assert!(ready.body.contains("keep them for an inquiry"), "{}", ready.body);
    assert_eq!(json_of_findings(&house)["clean"], false);
    drop(gate);
}

#[test]
fn a_journal_that_another_program_wrote_is_kept_aside_and_keeps_no_question_waiting() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    call(&house, 1);
    reaches(&house, "portcullis_ledger_written_total", 1);
    gate.kill();
    let foreign = house.dir().join("data/portcullis.ledger/2020-01-01T07.old-1.journal");
    let bytes = b"portcullis ldg\x01\n and what only that one reads";
    std::fs::write(&foreign, bytes).unwrap();
    let gate = house.serve();
    reaches(&house, "portcullis_ledger_damaged", 1);
    assert_eq!(std::fs::read(format!("{}.unknown", foreign.display())).unwrap(), bytes);
    assert_eq!(answers(&house), 1);
    drop(gate);
}

fn json_of_findings(house: &House) -> Value {
    let output = house.cli(&["ledger", "verify", "-o", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a partner has to delete.
fn owed(house: &House, key: &str) -> Value {
    let answer = once(house.public, "/partner/v1/deletions", key);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["data"].clone()
}

#[test]
fn what_the_platform_deleted_is_told_to_the_partner_that_received_it_and_to_no_other() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let _gate = house.serve();
    house.ok(&["partner", "add", "second", "--use", "publishing"]);
    let second = house.ok(&["key", "issue", "--partner", "second"]).trim().to_owned();
    call(&house, 1);
    let token = std::fs::read_to_string(house.dir().join("secrets/admin-token")).unwrap();
    let line = |id: &str, owner: &str| {
        let (what, at) = ("account_closed", "2026-01-01T00:00:00Z");
        format!("{}\n", serde_json::json!({ "id": id, "what": what, "owner": owner, "at": at }))
    };
    // In one batch, and at once: what left just now is waited for, and found.
    let body = line("of-nobody", "17841499999999999") + &line("of-one", ACCOUNT);
    let mut connection = Connection::open(house.admin);
    let head = format!(
        "POST /v1/deletions HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
        token.trim(),
        body.len()
    );
    connection.send(format!("{head}{body}").as_bytes());
    assert_eq!(connection.answer().status, 200);
    reaches(&house, "portcullis_deletion_lists_open", 1);
    let told = owed(&house, &house.key);
    assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
    assert_eq!((&told[0]["id"], &told[0]["owner"]), (&"of-one".into(), &ACCOUNT.into()), "{told}");
    assert_eq!(owed(&house, &second), serde_json::json!([]));
    let ready = once(house.admin, "/readyz?verbose", "").body;
    assert!(ready.contains("1 lists of deletions wait for partners, 0 of them overdue"), "{ready}");
}
