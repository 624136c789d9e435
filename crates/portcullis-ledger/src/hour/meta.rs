//! What an hour's file says about itself, so that questions leave out what they need not read.
//!
//! Must not know Parquet.

use portcullis_types::Wall;
use serde::{Deserialize, Serialize};

/// The version of the format.
pub(crate) const VERSION: u32 = 2;
/// Under which name it stands in the footer.
pub(crate) const META_KEY: &str = "portcullis.ledger";

/// What an hour holds.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct HourMeta {
    /// The version of the format.
    pub version: u32,
    /// The node that wrote it.
    pub node: String,
    /// The hour, as in the file's name.
    pub hour: String,
    /// When its first call came; with no answers, the beginning of time.
    pub from: Wall,
    /// When its last call came.
    pub to: Wall,
    /// Rows of `answers`.
    pub answers: u64,
    /// Rows of `records`.
    pub records: u64,
    /// The days whose keys its digests were made with.
    pub days: Vec<DayMeta>,
    /// Digests of the rules that were in force.
    pub policies: Vec<String>,
    /// Names of the classes of records, by the number that `records` has for each.
    pub classes: Vec<String>,
}

/// What an hour holds that was digested with the key of a day.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize, Deserialize)]
pub struct DayMeta {
    /// The day, in days since 1970 as UTC counts.
    pub day: u32,
    /// Records.
    pub records: u64,
    /// When the first call came that got one of them.
    pub first: Wall,
    /// When the last did.
    pub last: Wall,
}

impl HourMeta {
    pub(crate) fn seen(&mut self, at: Wall) {
        self.from = if self.answers == 0 { at } else { self.from.min(at) };
        self.to = self.to.max(at);
        self.answers += 1;
    }

    pub(crate) fn digested(&mut self, day: u32, at: Wall, records: u64) {
        self.records += records;
        // The day last seen is nearly always the one; an hour holds one or two.
        if let Some(known) = self.days.iter_mut().rev().find(|known| known.day == day) {
            known.records += records;
            known.first = known.first.min(at);
            known.last = known.last.max(at);
        } else {
            self.days.push(DayMeta { day, records, first: at, last: at });
        }
    }
}

/// What left under the same terms.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub struct Totals {
    /// Answers.
    pub answers: u64,
    /// Records that left.
    pub rows: u64,
    /// Bytes of bodies.
    pub bytes: u64,
    /// Records that are written down one by one.
    pub records: u64,
    /// When the first call came.
    pub first: Wall,
    /// When the last did.
    pub last: Wall,
}

impl Totals {
    /// Counts others in.
    pub(crate) fn add(&mut self, other: &Self) {
        if other.answers == 0 {
            return;
        }
        self.first = if self.answers == 0 { other.first } else { self.first.min(other.first) };
        self.last = self.last.max(other.last);
        // A row that somebody made up may say any number.
        self.answers = self.answers.saturating_add(other.answers);
        self.rows = self.rows.saturating_add(other.rows);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.records = self.records.saturating_add(other.records);
    }
}
