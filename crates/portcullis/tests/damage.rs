//! What the gate says about a store that is not as it left it. Nothing is ever repaired in silence.

use crate::common::{FOUND, Gate, House, Platform, text};

fn house_with_history(platform: &Platform) -> House {
    let house = House::init(&platform.url());
    let gate = house.serve();
    for _ in 0..2 {
        let id = house.key_id();
        let why = ["--reason", "investigation", "--tell", "We are looking into it."];
        house.ok(&[&["key", "hold", &id], &why[..], &FOUND].concat());
        house.ok(&[
            "key",
            "restore",
            &house.key_id(),
            "--reason",
            "mistake",
            "--tell",
            "It was our mistake.",
        ]);
    }
    let mut gate = gate;
    gate.terminate();
    house
}

/// The gate must not start, and must say these words.
#[track_caller]
fn refuses(house: &House, words: &[&str]) {
    let gate = Gate::spawn(&house.config());
    let talk = gate.wait_for("serving").expect_err("a damaged store must not be served");
    for word in words {
        assert!(talk.contains(word), "no `{word}` in: {talk}");
    }
}

#[test]
fn a_flipped_byte_in_an_event_is_found_and_its_revision_named() {
    let platform = Platform::start(None);
    let house = house_with_history(&platform);
    let db = house.dir().join("data/portcullis.db");
    let before = std::fs::read(&db).unwrap();
    let needle = b"We are looking into it.";
    let at = before
        .windows(needle.len())
        .rposition(|window| window == needle)
        .expect("the text is in the log");
    let mut damaged = before.clone();
    damaged[at] ^= 0x01;
    std::fs::write(&db, &damaged).unwrap();
    let output = house.cli(&["audit", "verify", "--db", db.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("revision"), "{}", text(&output));
    refuses(&house, &["revision"]);
    assert_eq!(std::fs::read(&db).unwrap(), damaged, "the damaged file is left as it is");
}

#[test]
fn a_truncated_store_is_named() {
    let platform = Platform::start(None);
    let house = house_with_history(&platform);
    let db = house.dir().join("data/portcullis.db");
    let bytes = std::fs::read(&db).unwrap();
    std::fs::write(&db, &bytes[..bytes.len() / 2]).unwrap();
    refuses(&house, &["portcullis.db", "backup"]);
    std::fs::write(&db, b"").unwrap();
    refuses(&house, &["portcullis.db"]);
}

#[test]
fn something_else_in_the_stores_place_is_named() {
    let platform = Platform::start(None);
    let house = house_with_history(&platform);
    std::fs::write(house.dir().join("data/portcullis.db"), "this is a shopping list\n".repeat(400))
        .unwrap();
    refuses(&house, &["portcullis.db"]);
}
