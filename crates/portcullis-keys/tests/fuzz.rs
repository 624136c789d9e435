//! Texts that may be keys, mutated: told apart without a panic, and nothing of them is told on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use portcullis_keys::{Inspection, Pepper, Peppers, inspect};
use portcullis_testkit::fuzz;

const PARTS: &[&str] = &["ptc_", "live", "test", "_", "__", "imp_", "\u{0}", "é", " ", "0", "z"];

#[test]
fn a_text_is_a_key_or_says_what_it_lacks() {
    let peppers = Peppers::new(
        Pepper::from_text("8f1d0c3b5a79e2461f0a9b8c7d6e5f40112233445566778899aabbccddeeff00")
            .unwrap(),
        None,
    );
    fuzz(env!("CARGO_MANIFEST_DIR"), "keys", PARTS, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let found = inspect(&text);
        if let Inspection::Ours { env, id } = &found {
            assert!(text.starts_with(&format!("ptc_{env}_{id}_")));
        }
        assert_eq!(found == Inspection::Foreign, !text.starts_with("ptc_"));
        if text.is_ascii() && text.len() > 60 {
            assert!(!format!("{found:?}").contains(&text[text.len() - 20..]));
        }
        let _ = peppers.digest(bytes).to_string();
    });
}
