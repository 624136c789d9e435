//! Hashing of leaves and nodes by RFC 6962 §2.1, and the root of a growing log in little memory.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::encoding::{from_base64, from_hex, to_base64, to_hex};

/// A SHA-256 hash of a leaf, node or root.
#[derive(Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Lower-case hex.
    #[must_use]
    pub fn to_hex(&self) -> String {
        to_hex(&self.0)
    }

    /// Reads what [`Hash::to_hex`] writes.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }

    /// Standard base64, as in a checkpoint.
    #[must_use]
    pub fn to_base64(&self) -> String {
        to_base64(&self.0)
    }

    /// Reads what [`Hash::to_base64`] writes.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        from_base64(text)?.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({})", self.to_hex())
    }
}

/// The hash of a leaf: SHA-256 of a zero byte and the leaf (RFC 6962 §2.1).
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(leaf).finalize().into())
}

/// The hash of a node: SHA-256 of a one byte and both children (RFC 6962 §2.1). The different
/// first byte keeps a node from being passed off as a leaf.
pub(crate) fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(
        Sha256::new()
            .chain_update([1])
            .chain_update(left.0)
            .chain_update(right.0)
            .finalize()
            .into(),
    )
}

/// The root of nothing: SHA-256 of the empty text (RFC 6962 §2.1).
pub(crate) fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

/// The roots of the full subtrees of a log, widest first: all that appending and the root need.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub struct Peaks {
    size: u64,
    peaks: Vec<Hash>,
}

impl Peaks {
    /// How many leaves there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf at the end.
    pub fn append(&mut self, leaf: Hash) {
        let mut node = leaf;
        // Each trailing one bit of the size is a full subtree that the new leaf completes.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The root over all leaves so far.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut from_the_right = self.peaks.iter().rev();
        let Some(last) = from_the_right.next() else { return empty_root() };
        from_the_right.fold(*last, |right, left| node_hash(left, &right))
    }
}
