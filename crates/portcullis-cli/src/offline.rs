//! Verifies an exported log without a server.
//!
//! An export is JSON lines: `{"hash":…,"leaf":…}` for each event, `{"checkpoint":…,"size":…}` for
//! each signed root. Must not know how the export was made.

use portcullis_audit::{Fault, LogCheck, LogVerifier, Verification};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A line of an export.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    hash: Option<String>,
    /// Its very bytes are what was hashed.
    #[serde(borrow)]
    leaf: Option<&'a RawValue>,
    checkpoint: Option<String>,
    size: Option<u64>,
}

/// Verifies the text of an export.
pub(crate) fn verify(text: &str, trusted: Option<&LogVerifier>) -> Verification {
    let mut check = LogCheck::default();
    for (number, line) in (1u64..).zip(text.lines()) {
        if let Err(fault) = take(&mut check, number, line) {
            return check.fail(fault);
        }
    }
    if check.size() == 0 {
        let why = "the export holds no event".to_owned();
        return check.fail(Fault { revision: None, why });
    }
    check.finish(trusted)
}

fn take(check: &mut LogCheck, number: u64, line: &str) -> Result<(), Fault> {
    let next = check.size();
    let fault = |why: String| Fault { revision: Some(next), why };
    let line: Line<'_> = serde_json::from_str(line)
        .map_err(|error| fault(format!("line {number} of the export is not one: {error}")))?;
    match line {
        Line { hash: Some(hash), leaf: Some(leaf), checkpoint: None, size: None } => {
            let hash = bytes(&hash)
                .ok_or_else(|| fault(format!("the hash on line {number} is not one")))?;
            check.event(next, leaf.get().as_bytes(), &hash)
        }
        Line { hash: None, leaf: None, checkpoint: Some(note), size: Some(size) } => {
            check.checkpoint(size, &note, true)
        }
        _ => {
            Err(fault(format!("line {number} of the export is neither an event nor a checkpoint")))
        }
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let lower = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    if hex.len() != 64 || !hex.as_bytes().iter().all(lower) {
        return None;
    }
    let pairs = (0..32).map(|at| u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok());
    pairs.collect()
}
