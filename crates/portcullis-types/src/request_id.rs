//! The id of a request, kept in few bytes.
//!
//! The gate's own ids are `req_` and 16 of Crockford's digits, that is two numbers of 40 bits: one of the
//! thread and one of the call. Ids that a trusted peer gave are kept as text. Must not know how ids are drawn.

use std::fmt;

/// Crockford's digits: none looks like another.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const PREFIX: &str = "req_";

/// The id of a request.
#[derive(Debug, Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum RequestId {
    /// Drawn by a gate, of whose digits each is five bits, the lowest first.
    Gate {
        /// The 8 digits of its thread.
        thread: u64,
        /// The 8 digits of the call.
        call: u64,
    },
    /// Taken over from a peer.
    Other(Box<str>),
}

impl RequestId {
    /// Reads an id as the answer carried it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        of_gate(text).unwrap_or_else(|| Self::Other(text.into()))
    }
}

impl From<&str> for RequestId {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(text) => f.write_str(text),
            Self::Gate { thread, call } => {
                f.write_str(PREFIX)?;
                let bits = |word: u64| (0..8).map(move |at| (word >> (at * 5)) & 31);
                bits(*thread).chain(bits(*call)).try_for_each(|bits| {
                    let digit = usize::try_from(bits).ok().and_then(|at| DIGITS.get(at));
                    write!(f, "{}", char::from(*digit.unwrap_or(&b'0')))
                })
            }
        }
    }
}

fn of_gate(text: &str) -> Option<RequestId> {
    let digits = text.strip_prefix(PREFIX)?.as_bytes();
    let (thread, call) = digits.split_first_chunk::<8>()?;
    let call: &[u8; 8] = call.try_into().ok()?;
    Some(RequestId::Gate { thread: word(thread)?, call: word(call)? })
}

fn word(digits: &[u8; 8]) -> Option<u64> {
    digits.iter().rev().try_fold(0, |word, digit| Some((word << 5) | u64::from(value(*digit)?)))
}

/// What a digit stands for; none: it is none of them.
fn value(digit: u8) -> Option<u8> {
    match *VALUES.get(usize::from(digit))? {
        NO_DIGIT => None,
        value => Some(value),
    }
}

const NO_DIGIT: u8 = 0xff;
static VALUES: [u8; 256] = values();

#[expect(clippy::indexing_slicing, reason = "worked out by the compiler, which checks each index")]
const fn values() -> [u8; 256] {
    let mut values = [NO_DIGIT; 256];
    let mut at = 0;
    while at < DIGITS.len() {
        values[DIGITS[at] as usize] = at as u8;
        at += 1;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_as_it_was_written_whoever_drew_it() {
        let gates = ["req_0123456789abcdef", "req_zzzzzzzz00000001"];
        for text in gates {
            assert!(matches!(RequestId::new(text), RequestId::Gate { .. }), "{text}");
        }
        // `u` is no digit, and capitals would not come back as they were.
        let others = ["req_0123456789abcdeu", "req_0123456789abcdeF", "req_1", "", "trace:7.a-b_c"];
        for text in others {
            assert!(matches!(RequestId::new(text), RequestId::Other(_)), "{text}");
        }
        for text in gates.into_iter().chain(others) {
            assert_eq!(RequestId::new(text).to_string(), text);
        }
    }
}
