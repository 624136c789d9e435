//! Where questions find hours, keys and what is not in an hour file yet.
//!
//! Must not know how any of it is kept.

use std::error::Error;
use std::sync::Arc;

use parquet::file::reader::ChunkReader;
use portcullis_keys::DayKey;
use portcullis_types::Wall;

use crate::{Row, Table};

/// Why a library has no answer: it says which file it was.
pub type LibraryFault = Box<dyn Error + Send + Sync>;

/// The hours, keys and journals of a ledger, at one moment.
///
/// Every row must stand either in an hour or in what [`Library::unrolled`] tells, and never in both:
/// whoever rolls journals while questions are asked hands out a picture of one moment.
pub trait Library {
    /// Reads a table of an hour; `Bytes` and `File` are such.
    type Reader: ChunkReader + 'static;

    /// Names of the hours that may hold answers of that time; more than those does no harm.
    ///
    /// # Errors
    /// Where that can't be found out.
    fn hours(&self, since: Wall, until: Wall) -> Result<Vec<Arc<str>>, LibraryFault>;

    /// Opens a table of an hour.
    ///
    /// # Errors
    /// Where it can't be opened: a question is not answered in part.
    fn open(&self, hour: &str, table: Table) -> Result<Self::Reader, LibraryFault>;

    /// The key of a day; none: it was dropped.
    ///
    /// # Errors
    /// Where it can't be read, which is not the same as being gone.
    fn day_key(&self, day: u32) -> Result<Option<Arc<DayKey>>, LibraryFault>;

    /// From which moment on the key of a day serves: what was digested before that was so under a key that
    /// was lost, and is shredded.
    ///
    /// # Errors
    /// Where that can't be read.
    fn key_since(&self, _day: u32) -> Result<Wall, LibraryFault> {
        Ok(Wall(0))
    }

    /// Shows the rows of that time that are in no hour yet; rows of other times do no harm.
    ///
    /// # Errors
    /// Where they can't be read.
    fn unrolled(
        &self,
        since: Wall,
        until: Wall,
        each: &mut dyn FnMut(&Row),
    ) -> Result<(), LibraryFault>;
}
