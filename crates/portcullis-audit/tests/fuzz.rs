//! What others hand us of a log, mutated: leaves, checkpoints, receipts, tiles. Read whole and in
//! one way, or refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use portcullis_audit::{
    Checkpoint, Kept, Receipt, bundle, decode, from_base64, read, to_base64, unbundle, unhash,
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
    "=",
    "AAAA",
    "é",
    "\u{0}",
    " ",
];

#[test]
fn a_leaf_is_read_only_as_it_is_written() {
    fuzz(DIR, "leaves", PARTS, |bytes| {
        let strict = decode::<Value, Value>(bytes, None);
        let lenient = read::<Value, Value>(bytes, None);
        assert!(strict.is_err() || lenient.is_ok());
    });
}

#[test]
fn a_note_claims_only_what_it_says() {
    fuzz(DIR, "notes", PARTS, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(checkpoint) = Checkpoint::claimed(&text) {
            assert!(text.starts_with(&format!("{}\n{}\n", checkpoint.origin, checkpoint.size)));
        }
        let _ = Kept::read(&text);
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
