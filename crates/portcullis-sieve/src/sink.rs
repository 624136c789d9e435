//! Where the output goes.
//!
//! Must not know what is in it.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::{Bytes, BytesMut};

/// Takes output, piece by piece.
pub trait Sink {
    /// A span of the chunk that is being pushed, so that whoever owns the chunk need not copy it.
    fn span(&mut self, chunk: &[u8], range: Range<usize>) {
        self.text(chunk.get(range).unwrap_or_default());
    }

    /// Bytes of the sieve's own.
    fn text(&mut self, text: &[u8]);
}

impl Sink for Vec<u8> {
    fn text(&mut self, text: &[u8]) {
        self.extend_from_slice(text);
    }
}

/// Output as shared pieces: long spans are slices of the chunk, short ones are gathered.
#[derive(Debug, Default)]
pub struct Pieces {
    chunk: Bytes,
    gathered: BytesMut,
    ready: VecDeque<Bytes>,
}

/// From which length on a span is worth a piece of its own.
const SPAN_MIN: usize = 4 * 1024;

impl Pieces {
    /// Names the chunk that is pushed next; spans are cut from it.
    pub fn begin(&mut self, chunk: &Bytes) {
        self.chunk = chunk.clone();
    }

    /// The next piece that is ready.
    pub fn pop(&mut self) -> Option<Bytes> {
        self.settle();
        self.ready.pop_front()
    }

    fn settle(&mut self) {
        if !self.gathered.is_empty() {
            self.ready.push_back(self.gathered.split().freeze());
        }
    }
}

impl Sink for Pieces {
    fn span(&mut self, chunk: &[u8], range: Range<usize>) {
        let is_ours = self.chunk.len() == chunk.len() && self.chunk.as_ptr() == chunk.as_ptr();
        if is_ours && range.len() >= SPAN_MIN && range.end <= self.chunk.len() {
            self.settle();
            self.ready.push_back(self.chunk.slice(range));
        } else {
            self.text(chunk.get(range).unwrap_or_default());
        }
    }

    fn text(&mut self, text: &[u8]) {
        self.gathered.extend_from_slice(text);
    }
}
