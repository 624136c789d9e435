//! Files of the ledger that the log vouches for.
//!
//! Must not know how they are written, nor who may say so.

use portcullis_types::Wall;
use serde::{Deserialize, Serialize};

use super::LedgerEvent;
use crate::cases::CaseRejected;
use crate::later::Aside;
use crate::rejected::Rejected;
use crate::state::Planned;
use crate::texts;

/// Most files that one event anchors.
pub const ANCHORED_FILES_MAX: usize = 32;

/// A file of the ledger, and the root of the tree over its bytes.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchoredFile {
    /// Its name in the ledger's folder.
    pub name: String,
    /// How long it is.
    pub bytes: u64,
    /// Lower-case hex of the root (RFC 9162 section 2.1) over its pieces.
    pub root: String,
}

/// The files of one writer and one time.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// When the time begins.
    pub hour: Wall,
    /// Which process wrote them.
    pub writer: String,
    /// Each of them.
    pub files: Vec<AnchoredFile>,
    /// Answers in them.
    pub answers: u64,
    /// Records in them.
    pub records: u64,
    /// Why they are believed, where a person has the log take them up; the gate itself wrote them else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

pub(super) fn anchored(anchor: &Anchor) -> Result<Planned, Rejected> {
    let Anchor { hour, writer, files, answers, records, why } = anchor.clone();
    if files.len() > ANCHORED_FILES_MAX {
        let (bytes, max) = (files.len(), ANCHORED_FILES_MAX);
        return Err(Rejected::TextTooLong { what: "list of files", bytes, max });
    }
    let digest = |file: &&AnchoredFile| {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        file.root.len() != 64 || !file.root.bytes().all(hex)
    };
    if let Some(file) = files.iter().find(digest) {
        return Err(CaseRejected::DigestUnreadable(file.root.clone()).into());
    }
    let writer = texts::label("writer", &writer)?;
    let why = why.map(|why| texts::words("why", &why)).transpose()?;
    if why.as_deref() == Some("") {
        return Err(CaseRejected::Empty("reason").into());
    }
    let because = why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    let what = format!(
        "{answers} answers and {records} records from {} anchored{because}",
        hour.rfc3339()
    );
    let event = LedgerEvent::Anchored { aside: Aside, hour, writer, files, answers, records, why };
    Ok(Planned::one(event.into(), what))
}
