//! Making frames.
//!
//! Must not know where they are put.

use std::sync::Arc;

use portcullis_types::{ClassIx, LedgerRecords};

use crate::Row;
use crate::journal::body::Body;

/// How a journal begins: its name and the version of its format.
pub const JOURNAL_HEAD: [u8; 16] = *b"portcullis ldg\x02\n";
/// Bytes of its name: what follows is the version.
pub(crate) const NAME_BYTES: usize = 14;
/// From here on a frame is to be finished, so that reading one takes little memory.
pub const FRAME_BYTES_FULL: usize = 4 << 20;
/// No frame is longer: one answer may go over [`FRAME_BYTES_FULL`], by some megabytes of records.
pub(crate) const FRAME_BYTES_MAX: u32 = 256 << 20;

/// What a frame begins with.
pub(crate) const MARK: [u8; 4] = *b"LFR1";
/// What a frame ends with: blocks that never reached the disk read as zeros, which this is not.
pub(crate) const END: [u8; 4] = *b"1RFL";
/// Bytes before the body: mark, length, CRC of the body, CRC of these with the frame's place.
pub(crate) const HEAD_BYTES: usize = 16;

/// Gathers rows to a frame.
#[derive(Debug, Default)]
pub struct FrameWriter {
    body: Body,
}

impl FrameWriter {
    /// One without rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row.
    pub fn push(&mut self, row: &Row) {
        self.body.push(row);
    }

    /// Adds a row that has no records of its own, with these; `class` gives the names of their classes.
    pub fn push_told(
        &mut self,
        row: &Row,
        records: &LedgerRecords,
        class: impl Fn(ClassIx) -> Arc<str>,
    ) {
        self.body.push_told(row, records, class);
    }

    /// How many rows it holds.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.body.rows()
    }

    /// Whether it holds so much that it is to be finished now.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.body.bytes() >= FRAME_BYTES_FULL
    }

    /// Appends the frame to `out` and begins another. `place` is where the frame will stand in the journal,
    /// in bytes from its beginning. Without rows, nothing is appended.
    pub fn finish(&mut self, place: u64, out: &mut Vec<u8>) {
        if self.body.rows() == 0 {
            return;
        }
        let from = out.len();
        out.extend_from_slice(&[0; HEAD_BYTES]);
        self.body.take(out);
        out.extend_from_slice(&END);
        let Some((head, body)) =
            out.get_mut(from..).and_then(|frame| frame.split_at_mut_checked(HEAD_BYTES))
        else {
            return;
        };
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        head.copy_from_slice(&head_of(length, crc32fast::hash(body), place));
    }
}

/// The head of a frame at `place`.
pub(crate) fn head_of(length: u32, crc: u32, place: u64) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    let parts = MARK.into_iter().chain(length.to_le_bytes()).chain(crc.to_le_bytes());
    head.iter_mut().zip(parts).for_each(|(to, byte)| *to = byte);
    let mut own = crc32fast::Hasher::new();
    own.update(head.split_at(12).0);
    own.update(&place.to_le_bytes());
    head.iter_mut().skip(12).zip(own.finalize().to_le_bytes()).for_each(|(to, byte)| *to = byte);
    head
}

/// Length and CRC of the body, where these are the head of a frame at `place`.
pub(crate) fn read_head(head: &[u8; HEAD_BYTES], place: u64) -> Option<(u32, u32)> {
    let (_, rest) = head.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (crc, _) = rest.split_first_chunk::<4>()?;
    let (length, crc) = (u32::from_le_bytes(*length), u32::from_le_bytes(*crc));
    let whole = *head == head_of(length, crc, place) && length <= FRAME_BYTES_MAX;
    whole.then_some((length, crc))
}
