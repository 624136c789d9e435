//! Why the ledger can't be written or read.
//!
//! Must not know where files lie: whoever opened one says which it was.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parquet::errors::ParquetError;

use crate::LibraryFault;

/// Why an hour file can't be written or read, or a question not answered.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// What lies below can't be read or written, or is no Parquet file.
    #[error("the ledger's file can't be read or written: {0}")]
    Parquet(#[from] ParquetError),
    /// It is a Parquet file, and not as the ledger writes it.
    #[error("not as the ledger writes it: {0}; verify the file against its root")]
    Form(&'static str),
    /// Reading it failed where nothing fails that was written by the ledger.
    #[error("what it says of itself can't be true; verify it against its root")]
    Broken,
    /// A set of files can't be read.
    #[error("the set `{hour}` can't be read: {why}")]
    Hour {
        /// Which.
        hour: Arc<str>,
        /// Why.
        #[source]
        why: Box<Self>,
    },
    /// It was written by a newer program.
    #[error("written in format {0}, which this program doesn't know; use the one that wrote it")]
    Version(u32),
    /// The library gave no answer.
    #[error("{0}")]
    Library(#[source] LibraryFault),
    /// A number grew past what the format holds.
    #[error("more {0} than one hour's file holds; roll it sooner")]
    TooMany(&'static str),
    /// More ids than are asked about at once.
    #[error("{0} ids are asked about at once, and {max} may be; ask in parts", max = crate::IDS_MAX)]
    TooManyIds(usize),
}

impl LedgerError {
    /// The set of files that can't be read; none: it was something else.
    #[must_use]
    pub fn hour(&self) -> Option<&Arc<str>> {
        match self {
            Self::Hour { hour, .. } => Some(hour),
            Self::Parquet(_)
            | Self::Form(_)
            | Self::Broken
            | Self::Version(_)
            | Self::Library(_)
            | Self::TooMany(_)
            | Self::TooManyIds(_) => None,
        }
    }

    /// The same, and that it was this hour.
    pub(crate) fn in_hour(self, hour: &Arc<str>) -> Self {
        Self::Hour { hour: Arc::clone(hour), why: Box::new(self) }
    }

    fn of(self, hour: &Arc<str>) -> Self {
        match self {
            Self::Parquet(_) | Self::Form(_) | Self::Broken | Self::Version(_) => {
                self.in_hour(hour)
            }
            // Those say what it was, or it was not this hour.
            Self::Hour { .. } | Self::Library(_) | Self::TooMany(_) | Self::TooManyIds(_) => self,
        }
    }
}

/// Reads of an hour. Whatever its files hold, this returns, and an error names the hour: what reads Parquet
/// panics at some of what nobody but a forger writes.
pub(crate) fn reading<T>(
    hour: &Arc<str>,
    read: impl FnOnce() -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    // What was half made is dropped with the error.
    let done = catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(LedgerError::Broken));
    done.map_err(|why| why.of(hour))
}

/// A file that is Parquet and yet not ours.
pub(crate) const fn form(what: &'static str) -> LedgerError {
    LedgerError::Form(what)
}
