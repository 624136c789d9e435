//! What is kept of a key: the first 16 bytes of its HMAC-SHA-256 under the pepper.
//!
//! 128 bits are enough, since who can't compute the HMAC can't look for collisions either. Must
//! not know peppers or tables.

use std::fmt;
use std::str::FromStr;

use subtle::ConstantTimeEq as _;

/// A truncated keyed digest of a whole key.
#[derive(Clone, Copy, Eq, PartialEq, Hash)]
pub struct Digest([u8; 16]);

/// Why a text is not a digest.
#[derive(Debug, Clone, Copy, Eq, PartialEq, thiserror::Error)]
#[error("a digest is 32 lower-case hex digits; take it from the event that issued the key")]
pub struct DigestError;

impl Digest {
    /// From its bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Compares without telling by time where the difference is.
    #[must_use]
    pub fn ct_eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// As two words, as the directory keeps it.
    pub(crate) fn words(self) -> [u64; 2] {
        let bits = u128::from_le_bytes(self.0);
        [bits as u64, (bits >> 64) as u64]
    }

    pub(crate) fn from_words([low, high]: [u64; 2]) -> Self {
        Self((u128::from(low) | (u128::from(high) << 64)).to_le_bytes())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = DigestError;
    fn from_str(text: &str) -> Result<Self, DigestError> {
        let legal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 32 || !text.bytes().all(legal) {
            return Err(DigestError);
        }
        // Read as one big-endian number, so that the first pair of digits is the first byte.
        let bits = u128::from_str_radix(text, 16).map_err(|_| DigestError)?;
        Ok(Self(bits.to_be_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_as_it_prints() {
        let digest = Digest::new(std::array::from_fn(|at| (at * 17) as u8));
        assert_eq!(digest.to_string(), "00112233445566778899aabbccddeeff");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!(Digest::from_words(digest.words()), digest);
        for bad in
            ["", "00", "00112233445566778899AABBCCDDEEFF", "+0112233445566778899aabbccddeeff"]
        {
            assert_eq!(bad.parse::<Digest>(), Err(DigestError), "{bad}");
        }
    }

    #[test]
    fn only_equal_digests_are_equal_in_constant_time() {
        let one = Digest::new([1; 16]);
        let mut other = [1; 16];
        other[15] = 2;
        assert!(one.ct_eq(&one) && !one.ct_eq(&Digest::new(other)));
    }
}
