//! Hour files: what left in an hour, as one writer saw it, in five Parquet tables.
//!
//! `terms` has a line for each combination of partner, client, operation and rule, with what left under it;
//! `keys` one for each key; `answers` one for each answer; `records` one for each record of a class that is digested; `digests` the
//! owners and places that records point to, each once. So a column that is read for each record is a number,
//! sums of whole hours come from `terms` alone, and whether an hour holds somebody's records is seen in the
//! index of `digests`. Must not know files, keys, nor what is asked.

mod digests;
mod file;
mod lines;
mod meta;
mod put;
mod read;
mod segment;
mod tables;
mod terms;
mod writer;

pub use file::HourFile;
pub use meta::{DayMeta, HourMeta, Totals};
pub use tables::Table;
pub use writer::{HourSinks, HourWriter};

pub(crate) use digests::{Wanted, digests};
pub(crate) use read::{Answers, Head, NONE, Opened};
pub(crate) use tables::{RECORDS_OF_GROUP, column};
pub(crate) use terms::TermsLine;
