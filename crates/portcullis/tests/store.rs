//! Backups over real processes: what was taken since stays taken.

use crate::common::http::once;
use crate::common::{FOUND, House, Platform, text};

fn code(house: &House) -> String {
    let answer = once(house.public, "/v21.0/me?fields=id", &house.key);
    answer.json()["code"].as_str().unwrap_or_default().to_owned()
}

/// A gate that was backed up, and then held the key.
fn held_since(house: &House) -> String {
    let backup = house.folder.path().join("backup").display().to_string();
    let gate = house.serve();
    assert_eq!(code(house), "");
    let made = house.ok(&["store", "backup", &backup]);
    assert!(made.contains("and the copy verifies"), "{made}");
    let id = house.key_id();
    let hold = ["key", "hold", &id, "--reason", "investigation", "--tell", "Unusual calls."];
    house.ok(&[&hold[..], &FOUND].concat());
    assert_eq!(code(house), "key_held");
    let busy = house.cli(&["store", "restore", &backup, "--accept-loss"]);
    assert!(!busy.status.success() && text(&busy).contains("is in use"), "{}", text(&busy));
    gate.kill();
    backup
}

/// The gate says what was lost, the key is held, and the log verifies.
fn held_again(house: &House) {
    let gate = house.serve();
    assert!(gate.talk().contains("events"), "{}", gate.talk());
    assert_eq!(code(house), "key_held");
    let ready = once(house.admin, "/readyz", "");
    assert_eq!(ready.status, 200, "{}", ready.body);
    assert!(ready.body.contains("were lost by"), "{}", ready.body);
    let list = house.ok(&["audit", "list"]);
    let id = house.key_id();
    for told in [["log.lost", "events "], ["guard.applied", &format!("key {id}")]] {
        let row = list.lines().find(|row| row.contains(told[0])).expect(&list);
        assert!(row.contains(told[1]), "{row}");
    }
    assert!(list.contains("standing.held of lost event "), "{list}");
    house.ok(&["audit", "verify"]);
    // And it is lifted as ever.
    house.ok(&["key", "restore", &id, "--reason", "mistake", "--tell", "All is well."]);
    assert_eq!(code(house), "");
}

#[test]
fn a_backup_that_is_put_back_does_not_lift_a_hold_made_since() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let backup = held_since(&house);
    let refused = house.cli(&["store", "restore", &backup]);
    assert!(!refused.status.success());
    assert!(text(&refused).contains("would be lost"), "{}", text(&refused));
    let dry = house.ok(&["store", "restore", &backup, "--dry-run"]);
    assert!(dry.contains("1 holds and ends of keys are in force again"), "{dry}");
    house.ok(&["store", "restore", &backup, "--accept-loss"]);
    held_again(&house);
}

#[test]
fn a_database_that_is_copied_back_by_hand_does_not_lift_a_hold_made_since() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let backup = held_since(&house);
    let data = house.dir().join("data");
    for name in ["portcullis.db-wal", "portcullis.db-shm"] {
        let _gone = std::fs::remove_file(data.join(name));
    }
    for name in ["portcullis.db", "portcullis.db.checkpoint"] {
        std::fs::copy(std::path::Path::new(&backup).join(name), data.join(name)).unwrap();
    }
    held_again(&house);
}
