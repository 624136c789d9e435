//! Files of the ledger that somebody rewrote: named, never believed, and nothing else stops for them.

use std::path::PathBuf;

use crate::common::http::{Connection, once};
use crate::common::{ACCOUNT, Gate, House, Platform, figure, text, until};
use serde_json::Value;

const ME: &str = "/v21.0/me?fields=id,username";
const WHO: [&str; 8] =
    ["ledger", "who", "--owner", ACCOUNT, "--since", "1h", "--purpose", "A person asked."];

fn files(house: &House, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(house.dir().join("data/portcullis.ledger")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_str().unwrap().ends_with(ending));
    files.sort();
    files
}

/// Has an answer leave, and waits until it is in a file.
fn rolled(house: &House) {
    let before = figure(house, "portcullis_ledger_rolled_total");
    assert_eq!(once(house.public, ME, &house.key).status, 200);
    until("it is in a file", || figure(house, "portcullis_ledger_rolled_total") > before);
}

/// What was put back is read again, at the latest once a further journal became files.
fn readable_again(house: &House) {
    rolled(house);
    until("all can be read again", || figure(house, "portcullis_ledger_unreadable") == 0);
}

/// The one set of files that there is, by what its files begin with.
fn set(house: &House) -> String {
    let terms = files(house, ".terms.parquet");
    assert_eq!(terms.len(), 1, "{terms:?}");
    let name = terms[0].file_name().unwrap().to_str().unwrap();
    name.strip_suffix(".terms.parquet").unwrap().to_owned()
}

/// A gate that served one answer, which is in files.
fn of_one_answer(platform: &Platform) -> (House, Gate) {
    let house = House::init(&platform.url());
    house.edit("portcullis.yaml", "\nledger:\n", "\nledger:\n  roll: 1s\n");
    let gate = house.serve();
    rolled(&house);
    assert_eq!(records(&house), 1);
    (house, gate)
}

fn records(house: &House) -> Value {
    let told = house.ok(&[&WHO[..], &["-o", "json"]].concat());
    serde_json::from_str::<Value>(&told).unwrap()["records"].clone()
}

#[test]
fn a_set_that_somebody_rewrote_is_named_and_the_files_of_other_times_are_looked_after() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    house.edit("portcullis.yaml", "\nledger:\n", "\nledger:\n  roll: 1s\n");
    let gate = house.serve();
    rolled(&house);
    assert_eq!(records(&house), 1);
    let answers = files(&house, ".answers.parquet").pop().unwrap();
    let before = std::fs::read(&answers).unwrap();
    let name = answers.file_name().unwrap().to_str().unwrap();
    let set = name.strip_suffix(".answers.parquet").unwrap();
    // One byte, and as somebody does who knows that hashes lie beside it: no such file was anchored.
    let mut touched = before.clone();
    touched[before.len() / 2] ^= 1;
    let pieces = answers.with_extension("parquet.pieces");
    let beside = std::fs::read(&pieces).unwrap();
    let forged = portcullis_ledger::Pieces::of(&touched[..]).unwrap().to_bytes();
    for (named, beside) in [("piece 0 (from byte 0)", &beside), ("not what the log says", &forged)]
    {
        std::fs::write(&answers, &touched).unwrap();
        std::fs::write(&pieces, beside).unwrap();
        let told = house.cli(&WHO);
        assert_ne!(told.status.code(), Some(0));
        let told = text(&told);
        assert!(told.contains(set) && told.contains(named), "{told}");
    }
    let ready = once(house.admin, "/readyz?verbose", "").body;
    assert!(ready.contains("1 sets of files can't be read") && ready.contains(set), "{ready}");
    assert_eq!(figure(&house, "portcullis_ledger_unreadable"), 1);
    let status = house.ok(&["ledger", "status", "-o", "json"]);
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["unreadable"], serde_json::json!([set]), "{status}");
    // Whoever looks after files goes on with the others.
    rolled(&house);
    assert_eq!(house.cli(&["ledger", "verify"]).status.code(), Some(1));
    std::fs::write(&answers, &before).unwrap();
    std::fs::write(&pieces, &beside).unwrap();
    assert_eq!(records(&house), 2);
    readable_again(&house);
    drop(gate);
}

#[test]
fn of_a_file_that_is_whole_beside_wrong_hashes_verify_says_so_and_nothing_is_red() {
    let platform = Platform::start(None);
    let (house, gate) = of_one_answer(&platform);
    let beside = files(&house, ".digests.parquet.pieces").pop().unwrap();
    // Gone, or with another length than the file's: no root tells of that.
    let mut long = std::fs::read(&beside).unwrap();
    long[0] ^= 1;
    std::fs::remove_file(&beside).unwrap();
    for wrong in [None, Some(long)] {
        wrong.iter().for_each(|wrong| std::fs::write(&beside, wrong).unwrap());
        let told = house.cli(&["ledger", "verify"]);
        assert_eq!(told.status.code(), Some(1));
        let told = text(&told);
        let name = beside.file_name().unwrap().to_str().unwrap();
        assert!(told.contains("are gone or others: ") && told.contains(name), "{told}");
        assert!(told.contains("bytes are what the log says they were"), "{told}");
        assert_eq!(records(&house), 1, "questions read it all the same");
        assert_eq!(figure(&house, "portcullis_ledger_unreadable"), 0);
    }
    drop(gate);
}

#[test]
fn a_set_that_lacks_a_file_is_red_once_verify_has_met_it_until_the_file_is_back() {
    let platform = Platform::start(None);
    let (house, gate) = of_one_answer(&platform);
    let digests = files(&house, ".digests.parquet").pop().unwrap();
    let away = house.dir().join("away");
    std::fs::rename(&digests, &away).unwrap();
    assert_eq!(house.cli(&["ledger", "verify"]).status.code(), Some(1));
    assert_eq!(figure(&house, "portcullis_ledger_unreadable"), 1);
    std::fs::rename(&away, &digests).unwrap();
    readable_again(&house);
    drop(gate);
}

#[test]
fn what_verify_finds_is_red_until_it_is_as_it_was() {
    let platform = Platform::start(None);
    let (house, gate) = of_one_answer(&platform);
    let digests = files(&house, ".digests.parquet").pop().unwrap();
    let before = std::fs::read(&digests).unwrap();
    let mut touched = before.clone();
    touched[before.len() / 2] ^= 1;
    std::fs::write(&digests, touched).unwrap();
    assert_eq!(figure(&house, "portcullis_ledger_unreadable"), 0, "nobody has met it");
    assert_eq!(house.cli(&["ledger", "verify"]).status.code(), Some(1));
    assert_eq!(figure(&house, "portcullis_ledger_unreadable"), 1);
    let ready = once(house.admin, "/readyz?verbose", "").body;
    assert!(ready.contains("`portcullis ledger verify` says which files are whole"), "{ready}");
    gate.wait_for("no question about its time is answered").unwrap();
    std::fs::write(&digests, before).unwrap();
    readable_again(&house);
    drop(gate);
}

#[test]
fn a_set_that_somebody_took_away_is_named_by_each_answer_until_it_is_back() {
    let platform = Platform::start(None);
    let (house, gate) = of_one_answer(&platform);
    let set = set(&house);
    let away = house.dir().join("away");
    std::fs::create_dir(&away).unwrap();
    let of_set = [files(&house, ".parquet"), files(&house, ".pieces")].concat();
    for file in &of_set {
        std::fs::rename(file, away.join(file.file_name().unwrap())).unwrap();
    }
    let told = house.ok(&WHO);
    let line = format!("NOT KNOWN: what stood in files that are gone before their time: {set}");
    assert!(told.contains(&line), "{told}");
    assert_eq!(records(&house), 0);
    gate.wait_for("1 sets of the ledger's files are gone before their time").unwrap();
    let ready = once(house.admin, "/readyz?verbose", "");
    assert!(ready.status == 200 && ready.body.contains(&set), "calls go on: {}", ready.body);
    assert_eq!(figure(&house, "portcullis_ledger_missing"), 1);
    assert!(house.ok(&["ledger", "status"]).contains(&set));
    for file in &of_set {
        std::fs::rename(away.join(file.file_name().unwrap()), file).unwrap();
    }
    assert_eq!(records(&house), 1);
    assert_eq!(figure(&house, "portcullis_ledger_missing"), 0);
    drop(gate);
}

#[test]
fn a_set_that_was_never_anchored_is_named_and_not_believed() {
    let platform = Platform::start(None);
    let (house, gate) = of_one_answer(&platform);
    let set = set(&house);
    let (time, _writer) = set.split_once('.').unwrap();
    let copy = format!("{time}.another-1");
    let copies: Vec<PathBuf> = [files(&house, ".parquet"), files(&house, ".pieces")]
        .concat()
        .into_iter()
        .map(|from| {
            let to = PathBuf::from(from.to_str().unwrap().replace(&set, &copy));
            std::fs::copy(from, &to).unwrap();
            to
        })
        .collect();
    assert_eq!(copies.len(), 10);
    let told = house.cli(&WHO);
    let (code, told) = (told.status.code(), text(&told));
    assert_ne!(code, Some(0), "{told}");
    assert!(told.contains(&copy) && told.contains("the log does not have `"), "{told}");
    let ready = once(house.admin, "/readyz?verbose", "").body;
    let line = format!("the log does not have 1 sets of the ledger's files, `{copy}` first");
    assert!(ready.contains(&line) && !ready.contains("can't be read"), "{ready}");
    assert_eq!(house.cli(&["ledger", "verify"]).status.code(), Some(1));
    copies.iter().for_each(|path| std::fs::remove_file(path).unwrap());
    assert_eq!(records(&house), 1);
    drop(gate);
}

#[test]
fn a_journal_that_somebody_puts_beside_an_anchored_set_hides_nothing_and_is_named() {
    let platform = Platform::start(None);
    let (house, gate) = of_one_answer(&platform);
    let set = set(&house);
    let journal = house.dir().join(format!("data/portcullis.ledger/{set}.journal"));
    // Locked before it has its name: who looks after journals leaves it to whoever writes it.
    let new = house.dir().join("journal");
    let held = std::fs::File::create(&new).unwrap();
    held.lock().unwrap();
    std::fs::rename(&new, &journal).unwrap();
    assert_eq!(records(&house), 1);
    let found = house.cli(&["ledger", "verify"]);
    let (code, told) = (found.status.code(), text(&found));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains(&format!("{set}.journal")), "{told}");
    assert!(journal.exists());
    drop(held);
    rolled(&house);
    assert!(!journal.exists());
    assert_eq!(records(&house), 2);
    drop(gate);
}

#[test]
fn a_journal_that_another_version_wrote_keeps_no_question_waiting_and_is_rolled_by_who_can_read_it()
{
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    assert_eq!(once(house.public, ME, &house.key).status, 200);
    until("it is written", || figure(&house, "portcullis_ledger_written_total") > 0);
    gate.kill();
    let journal = files(&house, ".journal").pop().unwrap();
    let bytes = std::fs::read(&journal).unwrap();
    let mut foreign = bytes.clone();
    foreign[14] += 1;
    std::fs::write(&journal, &foreign).unwrap();
    let aside = PathBuf::from(format!("{}.unknown", journal.display()));
    for start in ["first", "second"] {
        let gate = house.serve();
        until("it is aside", || figure(&house, "portcullis_ledger_damaged") > 0);
        assert_eq!(std::fs::read(&aside).unwrap(), foreign, "nothing of it is lost");
        assert_eq!(records(&house), 0);
        let ready = once(house.admin, "/readyz", "").body;
        assert!(ready.contains("another version") && ready.contains("deletions"), "{ready}");
        deleted(&house, start);
        gate.wait_for("deletions are matched without what stands in journals kept aside").unwrap();
        gate.kill();
    }
    // As a gate sees it that knows this version, first where it can't become files.
    std::fs::write(&aside, &bytes).unwrap();
    let in_the_way = journal.with_extension("terms.parquet.new");
    std::fs::create_dir(&in_the_way).unwrap();
    let gate = house.serve();
    assert_eq!(records(&house), 1, "it is read before it is rolled");
    gate.wait_for(", were matched WITHOUT it, and what vanishes of 20").unwrap();
    assert_eq!(figure(&house, "portcullis_ledger_damaged"), 0);
    gate.kill();
    std::fs::remove_dir(in_the_way).unwrap();
    let gate = house.serve();
    until("it is rolled", || !journal.exists() && !aside.exists());
    assert_eq!(records(&house), 1);
    house.ok(&["ledger", "verify"]);
    drop(gate);
}

#[test]
fn what_vanishes_is_told_without_a_journal_kept_aside_only_with_a_word_about_it() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let folder = house.dir().join("data/portcullis.ledger");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("of-another.journal.unknown"), "of another version").unwrap();
    let gate = house.serve();
    gate.wait_for("deletions are matched without what stands in journals kept aside").unwrap();
}

/// The platform says that the account is closed.
fn deleted(house: &House, id: &str) {
    let token = std::fs::read_to_string(house.dir().join("secrets/admin-token")).unwrap();
    let line = serde_json::json!({
        "id": id, "what": "account_closed", "owner": ACCOUNT, "at": "2026-01-01T00:00:00Z",
    });
    let line = format!("{line}\n");
    let head = format!(
        "POST /v1/deletions HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
        token.trim(),
        line.len()
    );
    let mut connection = Connection::open(house.admin);
    connection.send(format!("{head}{line}").as_bytes());
    assert_eq!(connection.answer().status, 200);
}

#[test]
fn a_key_whose_file_is_lost_while_it_is_in_use_is_written_again_and_the_next_process_has_it() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    assert_eq!(once(house.public, ME, &house.key).status, 200);
    until("it is written", || figure(&house, "portcullis_ledger_written_total") > 0);
    let keys = || {
        let entries = std::fs::read_dir(house.dir().join("data/portcullis.ledger/keys")).unwrap();
        let mut keys: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        keys.retain(|path| path.extension().is_some_and(|ending| ending == "key"));
        keys
    };
    let before: Vec<_> =
        keys().iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    before.iter().for_each(|(path, _)| std::fs::remove_file(path).unwrap());
    until("the keys are written again", || keys().len() >= before.len());
    gate.wait_for("is to be forgotten early, stop the gate, remove the key and start it").unwrap();
    for (path, bytes) in &before {
        assert_eq!(&std::fs::read(path).unwrap(), bytes);
    }
    drop(gate);
    let gate = house.serve();
    assert_eq!(once(house.public, ME, &house.key).status, 200);
    until("it is written", || figure(&house, "portcullis_ledger_written_total") > 0);
    assert_eq!(records(&house), 2);
    drop(gate);
}
