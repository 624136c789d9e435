//! What of an answer is judged and held back.
//!
//! Must not know how it was judged.

use std::collections::VecDeque;

use bytes::Bytes;

/// Pieces that may go out, in order.
#[derive(Default)]
pub(super) struct Held {
    pieces: VecDeque<Bytes>,
    bytes: u64,
}

impl Held {
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) fn keep(&mut self, piece: Bytes) {
        self.bytes += piece.len() as u64;
        self.pieces.push_back(piece);
    }

    /// The next piece, no longer than what goes out at once.
    pub(super) fn take(&mut self) -> Option<Bytes> {
        let first = self.pieces.front_mut()?;
        let piece = first.split_to(first.len().min(crate::body::PIECE));
        if first.is_empty() {
            self.pieces.pop_front();
        }
        self.bytes -= piece.len() as u64;
        Some(piece)
    }
}
