//! Targets as numbers: a keyed hash, so that nobody outside can choose two targets that look alike.
//!
//! The same secret gives the same keys, since budgets outlive a restart. Must not know what a target is.

use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use siphasher::sip128::{Hasher128 as _, SipHasher13};

/// A target, in 128 bits that say nothing about it.
#[derive(Clone, Copy, Eq, PartialEq, Ord, PartialOrd)]
pub struct TargetKey(pub(crate) u128);

impl TargetKey {
    /// Stands where an ask has no target: all of those together are one.
    pub const NONE: Self = Self(0);

    /// Zero bits at the end of the half that no map sorts by: half of all keys have at least one, a
    /// quarter two.
    pub(crate) const fn zeros(self) -> u32 {
        ((self.0 >> 64) as u64).trailing_zeros()
    }
}

impl fmt::Debug for TargetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TargetKey({:032x})", self.0)
    }
}

impl Hash for TargetKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0 as u64);
    }
}

/// Makes keys of targets, with a secret.
#[derive(Clone)]
pub struct Hasher128(SipHasher13);

impl fmt::Debug for Hasher128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher128(secret)")
    }
}

impl Hasher128 {
    /// With a secret of the process; the same one after a restart, if budgets are to be loaded.
    #[must_use]
    pub fn new(secret: &[u8; 16]) -> Self {
        Self(SipHasher13::new_with_key(secret))
    }

    /// The key of a target. `kind` keeps apart what has the same text: types, ids and names.
    #[must_use]
    pub fn key(&self, kind: u16, text: &str) -> TargetKey {
        let mut hasher = self.0;
        hasher.write(&kind.to_le_bytes());
        hasher.write(text.as_bytes());
        TargetKey(u128::from(hasher.finish128()))
    }

    /// Tells one secret from another without telling it: to be kept beside saved budgets, whose keys
    /// mean nothing under another secret.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let TargetKey(key) = self.key(u16::MAX, "which secret this is");
        key as u64
    }
}

/// Takes a key as it is: it is a keyed hash already.
#[derive(Debug, Default)]
pub struct AsItIs(u64);

/// For maps by target: a target's key is not hashed once more.
pub type HashedAlready = BuildHasherDefault<AsItIs>;

/// Maps by target.
pub(crate) type ByTarget<V> = std::collections::HashMap<TargetKey, V, HashedAlready>;

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_kind_text_and_secret_and_on_nothing_else() {
        let one = Hasher128::new(&[1; 16]);
        let other = Hasher128::new(&[2; 16]);
        assert_eq!(one.key(1, "200300014810"), Hasher128::new(&[1; 16]).key(1, "200300014810"));
        assert_ne!(one.key(1, "200300014810"), one.key(2, "200300014810"));
        assert_ne!(one.key(1, "200300014810"), one.key(1, "200300014811"));
        assert_ne!(one.key(1, "200300014810"), other.key(1, "200300014810"));
        assert_ne!(one.fingerprint(), other.fingerprint());
    }

    #[test]
    fn nothing_prints_the_secret() {
        assert_eq!(format!("{:?}", Hasher128::new(&[7; 16])), "Hasher128(secret)");
    }
}
