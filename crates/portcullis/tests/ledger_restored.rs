//! What the ledger does once its log was put back from an older copy.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod common;

use common::http::once;
use common::{ACCOUNT, House, Platform, reaches, text};
use serde_json::{Value, json};

const WHO: [&str; 8] =
    ["ledger", "who", "--owner", ACCOUNT, "--since", "1h", "--purpose", "A person asked."];
const WHY: [&str; 2] = ["--why", "The log was put back from a copy of this morning."];

#[test]
fn a_set_that_the_log_lost_is_believed_once_a_person_had_it_taken_up_again() {
    let platform = Platform::start(None);
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
    let status = || -> Value {
        serde_json::from_str(&house.ok(&["ledger", "status", "-o", "json"])).unwrap()
    };
    let sets = status()["not_in_log"].clone();
    let set = sets[0].as_str().unwrap();
    assert_eq!(sets, json!([set]));
    let refused = text(&house.cli(&WHO));
    assert!(refused.contains(&format!("`portcullis ledger adopt {set}`")), "{refused}");
    let nobody =
        text(&house.cli(&[&["ledger", "adopt", "2020-01-01T07.gate-1"], &WHY[..]].concat()));
    assert!(nobody.contains("no set `2020-01-01T07.gate-1` is in the ledger's folder"), "{nobody}");

    let told = house.ok(&[&["ledger", "adopt", set], &WHY[..]].concat());
    assert!(told.contains("is in the log now, with 1 answers and 1 records: event"), "{told}");
    assert_eq!(status()["not_in_log"], json!([]));
    let told: Value =
        serde_json::from_str(&house.ok(&[&WHO[..], &["-o", "json"]].concat())).unwrap();
    assert_eq!((&told["records"], &told["missing"]), (&json!(1), &json!([])), "{told}");
    assert!(house.ok(&["ledger", "verify"]).contains("are what the log says they were"));
    let log = house.ok(&["audit", "list", "-o", "json"]);
    assert!(log.contains("ledger.anchored") && log.contains(WHY[1]), "{log}");
    let again = text(&house.cli(&[&["ledger", "adopt", set], &WHY[..]].concat()));
    assert!(again.contains(&format!("the log has the set `{set}`")), "{again}");
    drop(gate);
}
