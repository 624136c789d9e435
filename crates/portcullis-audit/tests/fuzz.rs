//! What others hand us of a log, mutated: leaves, checkpoints, receipts, tiles, bundles of a case,
//! requests to a witness. Read whole and in one way, or refused; believed only as it was signed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use portcullis_audit::{
    AddCheckpoint, CaseBundle, Checkpoint, Hash, Kept, LogCheck, LogKey, Receipt, Witness,
    WitnessKey, bundle, decode, from_base64, leaf_hash, read, to_base64, unbundle, unhash,
};
use portcullis_testkit::fuzz;
use serde_json::Value;

const DIR: &str = env!("CARGO_MANIFEST_DIR");
const PARTS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\u0000",
    "null",
    "1e999",
    "-1",
    "18446744073709551615",
    "\"v\":1,",
    "\"ts\":",
    "\"rev\":0,",
    "\n\n",
    "\n",
    "\u{2014} ",
    "example.test/log",
    "gate.example/log",
    "witness.example/w1",
    "old 5",
    "{\"event\":",
    "{\"content\":",
    "{\"proof\":",
    "{\"checkpoint\":",
    "\"hashes\":[",
    "=",
    "AAAA",
    "é",
    "\u{0}",
    " ",
];

/// What the witness of the corpus signed, and the root it knew before that.
const COSIGNED: &str = "gate.example/log\n9\nFAb8avan4Wmx6YExC26oVQ9dg8M840jbwkOwZwpfTks=\n\n";
const BEFORE: &str = "uNkLr0inuPDCxYP+Mm1TLcVarZNPXsKifgm3nezW3ac=";

fn witness() -> Witness {
    let key = WitnessKey::from_text("witness.example/w1", &"42".repeat(32)).unwrap();
    Witness::new(key, vec![log_key(1).public().clone()])
}

fn log_key(seed: u8) -> LogKey {
    LogKey::from_seed("gate.example/log", &[seed; 32]).unwrap()
}

#[test]
fn a_bundle_is_believed_only_as_it_was_sealed() {
    let sealed: CaseBundle = include_str!("corpus/bundles/case").parse().unwrap();
    let key = log_key(7);
    assert!(sealed.verify(key.public()).is_ok());
    fuzz(DIR, "bundles", PARTS, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let Ok(read) = text.parse::<CaseBundle>() else { return };
        assert_eq!(read.to_string(), text);
        if read.verify(key.public()).is_ok() {
            // Others may have signed the same root.
            let checkpoint = sealed.checkpoint.clone();
            assert_eq!(CaseBundle { checkpoint, ..read }, sealed);
        }
    });
}

#[test]
fn a_witness_signs_nothing_but_what_grew() {
    let witness = witness();
    let root = Hash::from_base64(BEFORE).unwrap();
    let last = Checkpoint { origin: "gate.example/log".to_owned(), size: 5, root };
    let grown: AddCheckpoint = include_str!("corpus/requests/grown").parse().unwrap();
    let mut signed = 0;
    fuzz(DIR, "requests", PARTS, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let Ok(read) = text.parse::<AddCheckpoint>() else { return };
        assert_eq!(read.to_string(), text);
        let Ok(now) = witness.opened(&read.note) else { return };
        if Witness::grew(&read, &now, Some(&last)).is_ok() {
            assert!(read.note.starts_with(COSIGNED), "{now:?}");
            assert_eq!((read.old, &read.proof), (grown.old, &grown.proof));
            signed += 1;
        }
    });
    assert!(signed > 0, "not even as it was");
}

#[test]
fn a_leaf_is_read_only_as_it_is_written() {
    fuzz(DIR, "leaves", PARTS, |bytes| {
        let strict = decode::<Value, Value>(bytes, None);
        let lenient = read::<Value, Value>(bytes, None);
        assert!(strict.is_err() || lenient.is_ok());
        let mut log = LogCheck::new(None).unwrap();
        assert!(log.event(0, bytes, &leaf_hash(bytes).0).is_err(), "it opens no log");
        assert!(log.event(0, bytes, &[0; 32]).is_err(), "it has another hash");
    });
}

#[test]
fn a_note_claims_only_what_it_says() {
    let witness = witness();
    fuzz(DIR, "notes", PARTS, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(checkpoint) = Checkpoint::claimed(&text) {
            assert!(text.starts_with(&format!("{}\n{}\n", checkpoint.origin, checkpoint.size)));
        }
        let _ = Kept::read(&text);
        let signed = witness.key().public().signed(&text);
        assert!(!matches!(signed, Ok(Some(_))) || text.starts_with(COSIGNED), "{signed:?}");
        if let Ok(receipt) = text.parse::<Receipt>() {
            assert_eq!(receipt.to_string(), text);
            let _ = receipt.leads();
        }
    });
}

#[test]
fn tiles_and_base64_come_back_as_they_were() {
    fuzz(DIR, "tiles", PARTS, |bytes| {
        if let Some(entries) = unbundle(bytes) {
            assert_eq!(bundle(entries).as_deref(), Some(bytes));
        }
        if let Some(hashes) = unhash(bytes) {
            assert_eq!(hashes.len() * 32, bytes.len());
        }
        assert_eq!(from_base64(&to_base64(bytes)).as_deref(), Some(bytes));
        if let Some(read) = from_base64(&String::from_utf8_lossy(bytes)) {
            assert_eq!(to_base64(&read).as_bytes(), bytes);
        }
    });
}
