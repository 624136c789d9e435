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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Gate, Place, Plan, Sieve};

    fn pieces(body: &[u8], chunk: usize) -> (Vec<Bytes>, Vec<Bytes>) {
        let mut plan = Plan::default();
        plan.links();
        plan.drop_field(Place::parse("gone"));
        let program = Arc::new(plan.compile().unwrap());
        let mut sieve = Sieve::new(program, Arc::new(Gate::new("https://gate")), 0, ());
        let mut out = Pieces::default();
        let (mut pieces, mut chunks) = (Vec::new(), Vec::new());
        for chunk in body.chunks(chunk).map(Bytes::copy_from_slice) {
            out.begin(&chunk);
            sieve.push(&chunk, &mut out).unwrap();
            pieces.extend(std::iter::from_fn(|| out.pop()));
            chunks.push(chunk);
        }
        sieve.finish().unwrap();
        (pieces, chunks)
    }

    #[test]
    fn an_untouched_body_passes_without_being_copied() {
        let body = format!("[{}\"end\"]", "\"a string among others\",".repeat(5_000));
        let (pieces, chunks) = pieces(body.as_bytes(), 16 * 1024);
        assert_eq!(pieces.concat(), body.as_bytes());
        let whole = pieces.iter().filter(|piece| piece.len() >= SPAN_MIN);
        for piece in whole.clone() {
            let range = piece.as_ptr_range();
            let is_in = |chunk: &Bytes| {
                chunk.as_ptr_range().start <= range.start && range.end <= chunk.as_ptr_range().end
            };
            assert!(chunks.iter().any(is_in));
        }
        assert!(whole.map(Bytes::len).sum::<usize>() > body.len() * 9 / 10);
    }

    #[test]
    fn short_and_long_pieces_keep_their_order() {
        let long = "x".repeat(3 * SPAN_MIN);
        let body =
            format!(r#"{{"a":1,"gone":2,"b":"{long}","paging":{{"next":"/n"}},"c":"{long}"}}"#);
        let expected = body.replace(r#""gone":2,"#, "").replace("/n", "https://gate/n");
        for chunk in [7, 1000, SPAN_MIN, body.len()] {
            assert_eq!(pieces(body.as_bytes(), chunk).0.concat(), expected.as_bytes());
        }
    }
}
