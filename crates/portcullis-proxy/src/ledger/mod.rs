//! What the ledger is told of answers that left: a bounded ring for each thread, and one who empties them.
//!
//! Must not know how it is written down, nor how digests are made.

mod book;
mod outlet;
mod tally;

pub(crate) use self::book::{Book, Room};
pub(crate) use self::outlet::LedgerRing;
pub use self::outlet::{LedgerBounds, LedgerOutlet};
