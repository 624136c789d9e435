//! Verifies an exported log without a server.
//!
//! An export is JSON lines as `FORMAT.md` of the crate `portcullis-audit` describes them. Must not
//! know how the export was made.

use portcullis_audit::{Fault, Hash, Kept, LogCheck, LogVerifier, Verification, opens};
use serde::Deserialize;

/// A line of an export.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Event {
        rev: u64,
        leaf: String,
        hash: String,
        #[serde(default)]
        opening: Option<String>,
    },
    Checkpoint {
        size: u64,
        note: String,
    },
}

/// What a line holds.
pub(crate) enum Row {
    /// An event: its number, its leaf, the hash that was kept with it.
    Event { rev: u64, leaf: String, hash: [u8; 32] },
    /// A signed root.
    Checkpoint { size: u64, note: String },
}

/// Reads a line; what it says is not checked.
pub(crate) fn read(line: &str) -> Result<Row, String> {
    let line = serde_json::from_str(line).map_err(|error| error.to_string())?;
    Ok(match line {
        Line::Event { rev, leaf, hash, opening } => {
            if opening.is_some_and(|opening| !opens(leaf.as_bytes(), opening.as_bytes())) {
                return Err("its opening is not what the leaf seals".to_owned());
            }
            let Hash(hash) = Hash::from_hex(&hash).ok_or("its hash is none")?;
            Row::Event { rev, leaf, hash }
        }
        Line::Checkpoint { size, note } => Row::Checkpoint { size, note },
    })
}

/// Verifies the text of an export.
pub(crate) fn verify(text: &str, trusted: Option<&LogVerifier>, kept: Vec<Kept>) -> Verification {
    let mut check = LogCheck::default().against(kept);
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
    let row = read(line).map_err(|why| Fault {
        revision: Some(check.size()),
        why: format!("line {number} of the export is not one: {why}"),
    })?;
    match row {
        Row::Event { rev, leaf, hash } => check.event(rev, leaf.as_bytes(), &hash),
        Row::Checkpoint { size, note } => check.checkpoint(size, &note, true),
    }
}
