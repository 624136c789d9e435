//! Request ids: short, unlike each other, and saying nothing about the call.
//!
//! Must not be guessable from outside across threads, and need not be secret.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher, RandomState};

use bytes::Bytes;
use http::HeaderValue;

/// Crockford's digits: none looks like another.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Longest id of a trusted peer that is taken over.
const LONGEST: usize = 64;

/// Makes the ids of one thread.
pub(crate) struct Ids {
    seed: u64,
    count: Cell<u64>,
}

impl Ids {
    pub(crate) fn new() -> Self {
        // The standard library's own source of randomness; 40 bits per thread and start.
        Self { seed: RandomState::new().build_hasher().finish(), count: Cell::new(0) }
    }

    /// The next id: `req_`, 8 digits of the thread, 8 of the call.
    pub(crate) fn next(&self) -> HeaderValue {
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
        HeaderValue::from_maybe_shared(Bytes::copy_from_slice(&text))
            .unwrap_or(HeaderValue::from_static("req_0"))
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
