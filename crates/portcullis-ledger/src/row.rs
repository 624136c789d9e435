//! A row of the ledger: one answer that left, with names instead of indices.
//!
//! Must not know how it is written down.

use std::sync::Arc;

use portcullis_types::{LedgerDigest, LedgerLevel, RequestId, Wall};

/// For whom an answer was, and by which key.
///
/// Whoever makes rows keeps one of these for each key, and [`Terms`] for each thing that is asked, and hands
/// out clones of the `Arc`: the writers know them again by their address, which costs a few nanoseconds for
/// each row. Apart, since there may be as many combinations as answers.
#[derive(Debug, Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Whose {
    /// Whose key it was.
    pub partner: Arc<str>,
    /// For which client; none: none is known.
    pub client: Option<Arc<str>>,
    /// The public id of the key.
    pub key: Arc<str>,
}

/// What was asked, and by which rule it passed.
#[derive(Debug, Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Terms {
    /// The node of the gate that answered.
    pub node: Arc<str>,
    /// The operation.
    pub operation: Arc<str>,
    /// Its class.
    pub class: Arc<str>,
    /// The tier that let it pass, or `tier/rule`; empty: none did.
    pub rule: Arc<str>,
    /// The revision of the rules.
    pub policy: u64,
    /// The digest of the rules.
    pub policy_digest: Arc<str>,
    /// How much was written down.
    pub level: LedgerLevel,
    /// Whether records were counted in the answer; else they are what the call asked for.
    pub counted: bool,
    /// Classes of the fields it asked for.
    pub fields: Vec<Arc<str>>,
}

/// One answer that left, or several that fell together.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Row {
    /// When the call came.
    pub at: Wall,
    /// The id that the answer carried.
    pub request: RequestId,
    /// For whom.
    pub whose: Arc<Whose>,
    /// Under which terms.
    pub terms: Arc<Terms>,
    /// Records that left.
    pub rows: u32,
    /// Different owners among them, where they were counted.
    pub owners: u32,
    /// Different places.
    pub places: u32,
    /// Bytes of bodies.
    pub bytes: u64,
    /// Whether it went out whole.
    pub whole: bool,
    /// How many answers this row stands for: 1, or more where there was no room for a row each.
    pub answers: u32,
    /// The day whose key the digests were made with, in days since 1970 as UTC counts.
    pub day: u32,
    /// The records, at level [`LedgerLevel::Digests`].
    pub records: Vec<RowRecord>,
}

/// One record that an answer held.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct RowRecord {
    /// What it is.
    pub class: Arc<str>,
    /// Itself; none: it has no id.
    pub id: Option<LedgerDigest>,
    /// Whose it is; none: nobody's, or it isn't known.
    pub owner: Option<LedgerDigest>,
    /// Where it was made.
    pub place: Option<LedgerDigest>,
    /// Where on the map, as [`portcullis_types::map_cell`] counts.
    pub cell: Option<u32>,
}

/// A level by its name.
pub(crate) fn level_named(name: &str) -> Option<LedgerLevel> {
    let all = [LedgerLevel::Off, LedgerLevel::Counts, LedgerLevel::Digests];
    all.into_iter().find(|level| level.name() == name)
}
