//! A full disk: a hold bites all the same, says that it is not durable, and becomes so later.
//!
//! The disk is filled by a limit on the size of the files the gate may write.

use std::process::Command;

use crate::common::http::once;
use crate::common::{FOUND, Gate, House, Platform, figure, text, until};

const WHAT: [&str; 6] = ["ledger", "what", "--partner", "first-partner", "--since", "1h"];
const HOLD: [&str; 4] = ["--reason", "investigation", "--tell", "We are looking into it."];
const RESTORE: [&str; 4] = ["--reason", "mistake", "--tell", "It was our own mistake."];

fn limit(gate: &Gate, bytes: &str) {
    let pid = gate.child.id().to_string();
    let done = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:")]).status();
    assert!(done.unwrap().success(), "prlimit, of util-linux, sets the limit");
}

#[test]
fn a_hold_bites_while_the_disk_is_full_and_becomes_durable_when_there_is_room() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let id = house.key_id();
    limit(&gate, "1024");
    let output = house.cli(&[&["key", "hold", &id], &HOLD[..], &FOUND].concat());
    assert!(text(&output).contains("durable"), "{}", text(&output));
    assert_eq!(once(house.public, "/v21.0/me?fields=id", &house.key).code(), "key_held");
    let ready = once(house.admin, "/readyz", "");
    assert_eq!(ready.status, 503, "{}", ready.body);
    assert!(ready.body.contains("not durable"), "{}", ready.body);
    let widening = house.cli(&[&["key", "restore", &id], &RESTORE[..]].concat());
    assert!(!widening.status.success(), "nothing is widened that can't be logged");
    assert_eq!(once(house.public, "/v21.0/me?fields=id", &house.key).code(), "key_held");
    limit(&gate, "unlimited");
    // The writer tries again every second and before any other command.
    house.ok(&[&["key", "restore", &id], &RESTORE[..]].concat());
    assert_eq!(once(house.admin, "/readyz", "").status, 200);
    assert_eq!(once(house.public, "/v21.0/me?fields=id", &house.key).status, 200);
    let list = house.ok(&["audit", "list"]);
    assert!(list.contains("standing.held") && list.contains("standing.restored"), "{list}");
    house.ok(&["audit", "verify"]);
    drop(gate);
}

#[test]
fn an_answer_of_the_ledger_says_since_when_nothing_is_written_and_how_much_waits() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let call = || assert_eq!(once(house.public, "/v21.0/me?fields=id", &house.key).status, 200);
    call();
    until("it is written", || figure(&house, "portcullis_ledger_written_total") == 1);
    assert!(!house.ok(&WHAT).contains("NOT KNOWN"));
    limit(&gate, "1");
    (0..3).for_each(|_| call());
    until("it can't be written", || figure(&house, "portcullis_ledger_up") == 0);
    until("all of it waits", || figure(&house, "portcullis_ledger_waiting") == 3);
    let told = house.ok(&WHAT);
    assert!(told.contains("NOT KNOWN: what left since 20"), "{told}");
    let ready = once(house.admin, "/readyz", "").body;
    let line = "3 answers wait: ";
    assert!(ready.contains(line) && ready.contains("is lost with this process"), "{ready}");
    limit(&gate, "unlimited");
    until("it is written again", || figure(&house, "portcullis_ledger_written_total") == 4);
    assert!(!house.ok(&WHAT).contains("NOT KNOWN"));
    assert_eq!(figure(&house, "portcullis_ledger_waiting"), 0);
    drop(gate);
}
