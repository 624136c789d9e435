//! What the ledger is told of each answer that left: whose it was, how much, and keyed digests of it.
//!
//! Indices and digests only: no id of an account, a post or a place. Must not know how digests are made,
//! how answers are read or where any of it is written.

mod records;

use std::fmt;

pub use self::records::{LedgerRecords, LedgerRun};
use crate::{
    ClassIx, ClassSet, ClientIx, KeyIx, OperationIx, PartnerIx, RequestId, Revision, TierIx, Wall,
};

/// How much is written down of answers of a class.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum LedgerLevel {
    /// Nothing.
    Off,
    /// How much left, and for whom.
    #[default]
    Counts,
    /// Besides, a keyed digest of each record, of its owner and of its place. What can't be written down
    /// does not leave.
    Digests,
}

impl LedgerLevel {
    /// Its name in route files, files of the ledger and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Counts => "counts",
            Self::Digests => "digests",
        }
    }
}

/// What a digest is of. Each kind is digested apart from the others.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum LedgerKind {
    /// A record by its own id: a post, a story, an account, a place.
    Record,
    /// The account whose it is.
    Owner,
    /// The place where it was made.
    Place,
}

/// The first 16 bytes of an HMAC-SHA-256 (RFC 2104 section 5) under the key of a day.
#[derive(Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct LedgerDigest([u8; 16]);

impl LedgerDigest {
    /// From its bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for LedgerDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for LedgerDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LedgerDigest({self})")
    }
}

/// One record that an answer held.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct LedgerRecord {
    /// What it is.
    pub class: ClassIx,
    /// Itself; none: it has no id.
    pub id: Option<LedgerDigest>,
    /// Whose it is; none: nobody's, or neither the call nor the answer tells.
    pub owner: Option<LedgerDigest>,
    /// Where it was made; none likewise.
    pub place: Option<LedgerDigest>,
    /// Where on the map: a tenth of a degree each way, as [`map_cell`] counts.
    pub cell: Option<u32>,
}

/// One answer that left, wholly or in part, to a call that was permitted.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct LedgerAnswer {
    /// When the call came.
    pub at: Wall,
    /// The id that the answer carried.
    pub request: RequestId,
    /// Whose key it was.
    pub partner: PartnerIx,
    /// For which client; none: none is known.
    pub client: Option<ClientIx>,
    /// The key.
    pub key: KeyIx,
    /// The operation, by the rules of `policy`; none: a partner under observation got what nobody listed.
    pub operation: Option<OperationIx>,
    /// Its class, by the same.
    pub class: ClassIx,
    /// The tier that let it pass, and the number of its rule, where it was one.
    pub passed: Option<(TierIx, Option<u16>)>,
    /// The rules it was judged by.
    pub policy: Revision,
    /// How much of it is written down.
    pub level: LedgerLevel,
    /// Records that left.
    pub rows: u32,
    /// Whether they were counted in the answer; else they are what the call asked for.
    pub counted: bool,
    /// What the fields are that it asked for.
    pub fields: ClassSet,
    /// Bytes of its body.
    pub bytes: u64,
    /// Whether it went out whole.
    pub whole: bool,
    /// Answers that this stands for: more than 1 where a ring was full and several of one key and class fell
    /// together. The rest is that of the first of them, and rows and bytes are those of all.
    pub answers: u32,
    /// The records, at level [`LedgerLevel::Digests`]; apart, since most answers have none and each is
    /// moved some times.
    pub digested: Option<Box<LedgerRecords>>,
}

impl LedgerAnswer {
    /// The records; none at other levels than [`LedgerLevel::Digests`].
    pub fn records(&self) -> impl Iterator<Item = LedgerRecord> {
        self.digested.iter().flat_map(|records| records.iter())
    }
}

/// The cell of a point in degrees: rows of a tenth of a degree from the south pole, 3,600 cells each from
/// 180 degrees west. None: that is no point of the earth.
#[must_use]
pub fn map_cell(latitude: f64, longitude: f64) -> Option<u32> {
    let on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
    on_earth.then(|| {
        let row = ((latitude + 90.0) * 10.0).floor().min(1799.0);
        let column = ((longitude + 180.0) * 10.0).floor().min(3599.0);
        whole(row) * 3600 + whole(column)
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a floored number between 0 and 3,599"
)]
const fn whole(number: f64) -> u32 {
    number as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_a_tenth_of_a_degree_and_no_point_outside_the_earth_has_one() {
        assert_eq!(map_cell(-90.0, -180.0), Some(0));
        assert_eq!(map_cell(48.25, 16.37), Some(1382 * 3600 + 1963));
        assert_eq!(map_cell(90.0, 180.0), Some(1799 * 3600 + 3599));
        for (latitude, longitude) in [(90.1, 0.0), (0.0, -180.5), (f64::NAN, 0.0)] {
            assert_eq!(map_cell(latitude, longitude), None, "{latitude} {longitude}");
        }
    }
}
