//! What records need to know of their answers: when, under which terms, which day's key.
//!
//! Must not know which question is asked.

use parquet::file::reader::ChunkReader;
use portcullis_types::RequestId;

use crate::LedgerError;
use crate::hour::{Answers, Head, Opened};

/// Answers by their number, of which one row group is at hand: records go through them in order.
pub(crate) struct Heads<R: ChunkReader> {
    table: Opened<R>,
    with_requests: bool,
    current: Option<Answers>,
}

impl<R: ChunkReader + 'static> Heads<R> {
    pub(crate) const fn new(table: Opened<R>, with_requests: bool) -> Self {
        Self { table, with_requests, current: None }
    }

    pub(crate) fn head(&mut self, answer: u64) -> Result<Head, LedgerError> {
        if self.current.as_ref().is_none_or(|current| !current.holds(answer)) {
            self.turn_to(answer)?;
        }
        let head = self.current.as_ref().and_then(|current| current.head(answer));
        head.ok_or(NO_ANSWER)
    }

    /// The number of its key, and its request, where these are read.
    pub(crate) fn request(&self, answer: u64) -> Option<(u32, RequestId)> {
        self.current.as_ref().and_then(|current| current.request(answer))
    }

    fn turn_to(&mut self, answer: u64) -> Result<(), LedgerError> {
        let mut from = 0;
        for group in 0..self.table.groups() {
            let rows = self.table.rows(group) as u64;
            if answer < from + rows {
                self.current = Some(Answers::read(&self.table, group, from, self.with_requests)?);
                return Ok(());
            }
            from += rows;
        }
        Err(NO_ANSWER)
    }
}

const NO_ANSWER: LedgerError = LedgerError::Form("a record's answer is missing");
