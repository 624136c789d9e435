//! Why the ledger can't be written or read.
//!
//! Must not know where files lie: whoever opened one says which it was.

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

/// A file that is Parquet and yet not ours.
pub(crate) const fn form(what: &'static str) -> LedgerError {
    LedgerError::Form(what)
}
