//! Request ids: short, unlike each other, and saying nothing about the call.
//!
//! Must not be guessable from outside across threads, and need not be secret.

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher, Hasher, RandomState};

use bytes::Bytes;
use http::HeaderValue;

/// Crockford's digits: none looks like another.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Ids made at a time: they share one allocation, since each is held in several places at once.
const BATCH: usize = 64;
/// Bytes of an id.
const LENGTH: usize = 20;
/// Longest id of a trusted peer that is taken over.
const LONGEST: usize = 64;

/// Makes the ids of one thread.
pub(crate) struct Ids {
    seed: u64,
    count: Cell<u64>,
    batch: RefCell<Bytes>,
}

impl Ids {
    pub(crate) fn new() -> Self {
        // The standard library's own source of randomness; 40 bits per thread and start.
        Self {
            seed: RandomState::new().build_hasher().finish(),
            count: Cell::new(0),
            batch: RefCell::default(),
        }
    }

    /// The next id: `req_`, 8 digits of the thread, 8 of the call.
    pub(crate) fn next(&self) -> HeaderValue {
        let mut batch = self.batch.borrow_mut();
        if batch.len() < LENGTH {
            let mut text = Vec::with_capacity(BATCH * LENGTH);
            (0..BATCH).for_each(|_| text.extend_from_slice(&self.write()));
            *batch = text.into();
        }
        HeaderValue::from_maybe_shared(batch.split_to(LENGTH))
            .unwrap_or(HeaderValue::from_static("req_0"))
    }

    fn write(&self) -> [u8; LENGTH] {
        let count = self.count.get().wrapping_add(1);
        self.count.set(count);
        // An odd factor maps the 40 bits of the count one to one, so that ids don't look alike.
        let call = count.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (self.seed >> 24);
        let mut text = *b"req_0000000000000000";
        let digits = text.iter_mut().skip(4);
        let bits = (0..8).map(|at| self.seed >> (at * 5)).chain((0..8).map(|at| call >> (at * 5)));
        for (digit, bits) in digits.zip(bits) {
            *digit = DIGITS.get((bits & 31) as usize).copied().unwrap_or(b'0');
        }
        text
    }
}

/// Whether an id that a trusted peer gave may be taken over.
pub(crate) fn takes_over(id: &HeaderValue) -> bool {
    let id = id.as_bytes();
    let legal = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
    !id.is_empty() && id.len() <= LONGEST && id.iter().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_are_plain() {
        let ids = Ids::new();
        let mut seen: Vec<_> = (0..10_000).map(|_| ids.next()).collect();
        assert!(seen.iter().all(|id| takes_over(id) && id.len() == 20));
        seen.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        seen.dedup();
        assert_eq!(seen.len(), 10_000);
    }
}
