//! Follows requests over the bytes of a connection: where each head begins and where its body ends.
//!
//! Must not keep bytes.

use super::chunk::Chunks;
use super::head::{Bounds, Fault, Framing, Head, Step};

/// Follows requests over the bytes of a connection.
pub(super) struct Walker {
    at: At,
    bounds: Bounds,
}

enum At {
    Head(Head),
    Body(u64),
    Chunks(Chunks),
}

impl Walker {
    /// At the beginning of a connection.
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { at: At::Head(Head::default()), bounds }
    }

    /// How many bytes may go through; the rest begins a head that is not whole or is refused.
    pub(super) fn walk(&mut self, bytes: &[u8]) -> (usize, Option<Fault>) {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return (used, None);
            }
            match &mut self.at {
                At::Head(head) => match head.read(rest, self.bounds) {
                    Ok(Step::More) => return (used, None),
                    Ok(Step::Done(length, framing)) => {
                        used += length;
                        self.at = match framing {
                            Framing::Length(0) => At::Head(Head::default()),
                            Framing::Length(length) => At::Body(length),
                            Framing::Chunked => At::Chunks(Chunks::new()),
                        };
                    }
                    Err(fault) => return (used, Some(fault)),
                },
                At::Body(left) => {
                    let have = u64::try_from(rest.len()).unwrap_or(u64::MAX).min(*left);
                    used += usize::try_from(have).unwrap_or(rest.len());
                    *left -= have;
                    if *left == 0 {
                        self.at = At::Head(Head::default());
                    }
                }
                At::Chunks(chunks) => match chunks.read(rest) {
                    Ok((count, ended)) => {
                        used += count;
                        if ended {
                            self.at = At::Head(Head::default());
                        }
                    }
                    Err(fault) => return (used, Some(fault)),
                },
            }
        }
    }

    pub(super) fn between(&self) -> bool {
        matches!(self.at, At::Head(_))
    }

    /// Whether the peer still owes a part of a body.
    pub(super) fn owes(&self) -> bool {
        !self.between()
    }
}
