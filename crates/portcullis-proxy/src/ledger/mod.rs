//! What the ledger is told of answers that left: a bounded ring for each thread, and one who empties them.
//!
//! Must not know how it is written down, nor how digests are made.

mod book;
mod leaving;
mod outlet;
mod tally;

pub(crate) use self::book::Book;
pub(crate) use self::leaving::{Leaving, Left, Told};
pub(crate) use self::outlet::LedgerRing;
pub use self::outlet::{LedgerBounds, LedgerOutlet};
