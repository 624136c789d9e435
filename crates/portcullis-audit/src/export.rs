//! The lines of an exported log, as `FORMAT.md` describes them.

use serde::Serialize;

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line<'a> {
    Event {
        rev: u64,
        leaf: &'a str,
        hash: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        opening: Option<&'a str>,
    },
    Checkpoint {
        size: u64,
        note: &'a str,
    },
}

/// The line of an event, with its newline. `hash` is lower-case hex; `opening` is what the leaf seals.
#[must_use]
pub fn event_line(rev: u64, leaf: &str, hash: &str, opening: Option<&str>) -> String {
    line(&Line::Event { rev, leaf, hash, opening })
}

/// The line of a checkpoint, with its newline; it follows the event of revision `size` - 1.
#[must_use]
pub fn checkpoint_line(size: u64, note: &str) -> String {
    line(&Line::Checkpoint { size, note })
}

fn line(line: &Line<'_>) -> String {
    // Numbers and strings always serialise; an empty line would be noticed by any reader.
    serde_json::to_string(line).unwrap_or_default() + "\n"
}
