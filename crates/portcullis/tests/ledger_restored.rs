//! What the ledger does once its log was put back from an older copy.

use std::path::{Path, PathBuf};

use crate::common::http::once;
use crate::common::{ACCOUNT, Gate, House, Platform, figure, reaches, text, until};
use serde_json::{Value, json};

const WHO: [&str; 8] =
    ["ledger", "who", "--owner", ACCOUNT, "--since", "1h", "--purpose", "A person asked."];
const WHY: [&str; 2] = ["--why", "The log was put back from a copy of this morning."];

/// A gate whose log lacks the one set of files that there is, since it was put back from an older copy.
fn put_back(platform: &Platform) -> (House, Gate, String) {
    let house = House::init(&platform.url());
    house.edit("portcullis.yaml", "\nledger:\n", "\nledger:\n  roll: 1s\n");
    let mut gate = house.serve();
    let copy = house.dir().join("copy.db");
    let copy = copy.to_str().unwrap();
    house.ok(&["store", "backup", copy]);
    assert_eq!(once(house.public, "/v21.0/me?fields=id,username", &house.key).status, 200);
    reaches(&house, "portcullis_ledger_rolled_total", 1);
    gate.terminate();
    house.ok(&["store", "restore", copy, "--accept-loss"]);
    let gate = house.serve();
    let sets = status(&house)["not_in_log"].clone();
    assert_eq!(sets.as_array().unwrap().len(), 1, "{sets}");
    (house, gate, sets[0].as_str().unwrap().to_owned())
}

fn status(house: &House) -> Value {
    serde_json::from_str(&house.ok(&["ledger", "status", "-o", "json"])).unwrap()
}

fn adopted(house: &House, set: &str) -> String {
    text(&house.cli(&[&["ledger", "adopt", set], &WHY[..]].concat()))
}

fn folder(house: &House) -> PathBuf {
    house.dir().join("data/portcullis.ledger")
}

/// Writes over a byte of a file; gives what it was before.
fn touch(file: &Path) -> Vec<u8> {
    let before = std::fs::read(file).unwrap();
    let mut touched = before.clone();
    touched[before.len() / 2] ^= 1;
    std::fs::write(file, touched).unwrap();
    before
}

#[test]
fn a_set_that_the_log_lost_is_believed_once_a_person_had_it_taken_up_again() {
    let platform = Platform::start(None);
    let (house, gate, set) = put_back(&platform);
    let refused = text(&house.cli(&WHO));
    assert!(refused.contains(&format!("`portcullis ledger adopt {set} --why TEXT`")), "{refused}");
    assert_eq!(figure(&house, "portcullis_ledger_unreadable"), 1);
    let nobody = adopted(&house, "2020-01-01T07.gate-1");
    assert!(nobody.contains("no set `2020-01-01T07.gate-1` is in the ledger's folder"), "{nobody}");

    let told = adopted(&house, &set);
    assert!(told.contains("is in the log now, with 1 answers and 1 records: event"), "{told}");
    assert_eq!(status(&house)["not_in_log"], json!([]));
    until("nothing is wrong any more", || figure(&house, "portcullis_ledger_unreadable") == 0);
    let told: Value =
        serde_json::from_str(&house.ok(&[&WHO[..], &["-o", "json"]].concat())).unwrap();
    assert_eq!((&told["records"], &told["missing"]), (&json!(1), &json!([])), "{told}");
    assert!(house.ok(&["ledger", "verify"]).contains("are what the log says they were"));
    let log = house.ok(&["audit", "list", "-o", "json"]);
    assert!(log.contains("ledger.anchored") && log.contains(WHY[1]), "{log}");
    let again = adopted(&house, &set);
    assert!(again.contains(&format!("`{set}` was in the log already")), "{again}");
    drop(gate);
}

#[test]
fn sets_that_the_log_lost_are_red_before_anybody_asks() {
    let platform = Platform::start(None);
    let (house, gate, set) = put_back(&platform);
    let line = format!("the log does not have 1 sets of the ledger's files, `{set}` first");
    gate.wait_for(&line).unwrap();
    assert_eq!(figure(&house, "portcullis_ledger_not_in_log"), 1);
    let ready = once(house.admin, "/readyz?verbose", "").body;
    assert!(ready.contains(&line) && ready.contains("ledger adopt --all --why"), "{ready}");
    house.ok(&[&["ledger", "adopt", "--all"], &WHY[..]].concat());
    until("nothing is wrong any more", || figure(&house, "portcullis_ledger_not_in_log") == 0);
    drop(gate);
}

#[test]
fn nothing_is_called_well_where_it_can_not_be_looked_which_sets_there_are() {
    let platform = Platform::start(None);
    let (house, gate, _set) = put_back(&platform);
    let going = folder(&house).join("going");
    std::fs::write(&going, "2026").unwrap();
    let told = house.cli(&[&["ledger", "adopt", "--all"], &WHY[..]].concat());
    let (code, told) = (told.status.code(), text(&told));
    assert!(code != Some(0) && told.contains("it is not known which sets the log has"), "{told}");
    assert!(told.contains("move it out of the folder"), "{told}");
    assert!(house.ok(&["ledger", "status"]).contains("it can't be looked"));
    let ready = once(house.admin, "/readyz?verbose", "").body;
    assert!(ready.contains("no question of the ledger is answered"), "{ready}");
    let refused = text(&house.cli(&WHO));
    let advice = "`portcullis ledger verify` says which";
    assert!(
        refused.contains("move it out of the folder") && !refused.contains(advice),
        "{refused}"
    );
    std::fs::remove_file(&going).unwrap();
    house.ok(&[&["ledger", "adopt", "--all"], &WHY[..]].concat());
    assert!(house.ok(&WHO).contains("1 records"));
    drop(gate);
}

#[test]
fn a_set_is_not_taken_up_that_is_not_as_it_was_written_or_has_another_ones_name() {
    let platform = Platform::start(None);
    let (house, gate, set) = put_back(&platform);
    let name = |table: &str| format!("{set}.{table}.parquet");
    for table in ["terms", "keys", "answers", "records", "digests"] {
        let file = folder(&house).join(name(table));
        let before = touch(&file);
        let told = adopted(&house, &set);
        let why = format!("`{0}` is not what `{0}.pieces` says was written", name(table));
        assert!(told.contains(&why) && told.contains("from a copy"), "{told}");
        std::fs::remove_file(&file).unwrap();
        let told = adopted(&house, &set);
        assert!(told.contains(&format!("`{}` is not there", name(table))), "{told}");
        std::fs::write(&file, before).unwrap();
    }
    let other = format!("{set}-2");
    for entry in std::fs::read_dir(folder(&house)).unwrap() {
        let from = entry.unwrap().path();
        let to = from.to_str().unwrap().replace(&set, &other);
        if from.is_file() && Path::new(&to) != from {
            std::fs::copy(&from, to).unwrap();
        }
    }
    let told = adopted(&house, &other);
    let why = format!("`{other}` says of itself that it is the set `{set}`; move it out");
    assert!(told.contains(&why) && !told.contains("from a copy"), "{told}");
    assert_eq!(status(&house)["not_in_log"], json!([set, other]), "nothing was taken up");
    assert!(adopted(&house, &set).contains("is in the log now"));
    drop(gate);
}

#[test]
fn a_set_that_several_have_taken_up_at_once_is_in_the_log_once() {
    let platform = Platform::start(None);
    let (house, gate, set) = put_back(&platform);
    let told: Vec<String> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| adopted(&house, &set))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let taken = told.iter().filter(|told| told.contains("is in the log now")).count();
    assert_eq!((taken, &status(&house)["answers"]), (1, &json!(1)), "{told:?}");
    drop(gate);
}

#[test]
fn no_evidence_is_taken_as_if_a_set_that_the_log_lost_was_not_there() {
    let platform = Platform::start(None);
    let (house, gate, set) = put_back(&platform);
    assert_eq!(once(house.public, "/v21.0/me?fields=id,username", &house.key).status, 200);
    reaches(&house, "portcullis_ledger_rolled_total", 1);
    house.ok(&["case", "open", "sweep", "--subject", "partner:first-partner"]);
    let file = house.dir().join("who.json");
    let save = ["--evidence", "sweep", "--save", file.to_str().unwrap()];
    let refused = house.cli(&[&WHO[..], &save].concat());
    let (code, told) = (refused.status.code(), text(&refused));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains(&format!("`portcullis ledger adopt {set} --why TEXT`")), "{told}");
    assert!(adopted(&house, &set).contains("is in the log now"));
    house.ok(&[&WHO[..], &save].concat());
    let taken: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(taken["answer"]["records"], 2, "{taken}");
    let adopted = taken["sets"].as_array().unwrap().iter().map(|set| set["adopted"].clone());
    let mut adopted: Vec<Value> = adopted.collect();
    adopted.sort_by_key(Value::is_string);
    assert_eq!(adopted, [Value::Null, WHY[1].into()], "{taken}");
    drop(gate);
}
