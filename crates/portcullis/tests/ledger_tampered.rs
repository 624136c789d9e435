//! Files of the ledger that somebody rewrote: named, never believed, and nothing else stops for them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::path::PathBuf;

use common::http::once;
use common::{ACCOUNT, House, Platform, text};
use serde_json::Value;

const ME: &str = "/v21.0/me?fields=id,username";
const WHO: [&str; 8] =
    ["ledger", "who", "--owner", ACCOUNT, "--since", "1h", "--purpose", "A person asked."];

fn figure(house: &House, name: &str) -> u64 {
    let page = once(house.admin, "/metrics", "").body;
    let line = page.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in\n{page}")).parse().unwrap()
}

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
    while figure(house, "portcullis_ledger_rolled_total") == before {}
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
    rolled(&house);
    while figure(&house, "portcullis_ledger_unreadable") > 0 {}
    drop(gate);
}

#[test]
fn a_key_whose_file_is_lost_while_it_is_in_use_is_written_again_and_the_next_process_has_it() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    assert_eq!(once(house.public, ME, &house.key).status, 200);
    while figure(&house, "portcullis_ledger_written_total") < 1 {}
    let keys = || {
        let entries = std::fs::read_dir(house.dir().join("data/portcullis.ledger/keys")).unwrap();
        let mut keys: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        keys.retain(|path| path.extension().is_some_and(|ending| ending == "key"));
        keys
    };
    let before: Vec<_> =
        keys().iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    before.iter().for_each(|(path, _)| std::fs::remove_file(path).unwrap());
    while keys().len() < before.len() {}
    for (path, bytes) in &before {
        assert_eq!(&std::fs::read(path).unwrap(), bytes);
    }
    drop(gate);
    let gate = house.serve();
    assert_eq!(once(house.public, ME, &house.key).status, 200);
    while figure(&house, "portcullis_ledger_written_total") < 1 {}
    assert_eq!(records(&house), 2);
    drop(gate);
}
