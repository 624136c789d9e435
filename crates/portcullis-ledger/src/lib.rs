//! The ledger's format and its questions: what left, for whom, by which rule, and whose it was.
//!
//! Rows go into journal frames, frames into hour files (Parquet), and questions are asked of both.
//! Storey 2, pure: generic over readers and writers. Must not know files, names of directories, clocks,
//! sockets, runtimes, or who may ask.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may stop at the first surprise"
    )
)]

mod ask;
mod checked;
mod error;
mod hour;
mod journal;
mod library;
mod numbered;
mod root;
mod row;

#[cfg(test)]
mod tests;

pub use ask::{
    Affected, AffectedClass, AffectedDay, AffectedPartner, AffectedRegion, AffectedSums,
    AskedPeople, Between, CellCount, ClassSum, DayCount, Delivery, HeldBy, Holders, IDS_MAX,
    Person, Receipt, Sums, What, Who, affected, between, digested, holders, received, what, who,
};
pub use checked::{Checked, CheckedRead};
pub use error::LedgerError;
pub use hour::{DayMeta, HourFile, HourMeta, HourSinks, HourWriter, Table, Totals};
pub use journal::{
    Ending, FRAME_BYTES_FULL, FrameWriter, JOURNAL_HEAD, JournalFault, JournalReader,
};
pub use library::{Library, LibraryFault};
pub use root::{PIECE_BYTES, Pieced, Pieces, PiecesFault};
pub use row::{Row, RowRecord, Terms, Whose};
