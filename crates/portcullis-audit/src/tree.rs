//! The Merkle tree of RFC 6962: inclusion and consistency proofs, and their verification.
//!
//! Whole subtrees are kept, so that a proof costs a few lookups. Must not know what a leaf says, nor
//! where hashes lie.

use crate::hash::{Hash, empty_root, node_hash};

/// A tree over leaf hashes. Level 0 holds the leaves, level `n` the roots of full subtrees of 2ⁿ.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    levels: Vec<Vec<Hash>>,
}

/// Why a proof doesn't hold.
#[derive(Debug, Clone, Copy, Eq, PartialEq, thiserror::Error)]
pub enum ProofError {
    /// The position or sizes name nothing.
    #[error("the proof names a position outside the log")]
    OutOfRange,
    /// It has too few or too many hashes.
    #[error("the proof has the wrong number of hashes")]
    WrongLength,
    /// It leads to another root.
    #[error("the proof leads to another root")]
    WrongRoot,
}

impl Tree {
    /// Adds a leaf hash at the end.
    pub fn append(&mut self, leaf: Hash) {
        let mut node = leaf;
        for level in 0.. {
            if self.levels.len() <= level {
                self.levels.push(Vec::new());
            }
            let Some(nodes) = self.levels.get_mut(level) else { return };
            nodes.push(node);
            if !nodes.len().is_multiple_of(2) {
                return;
            }
            let Some(left) = nodes.len().checked_sub(2).and_then(|at| nodes.get(at)) else {
                return;
            };
            node = node_hash(left, &node);
        }
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.root_at(self.size()).unwrap_or_else(empty_root)
    }
}

impl Nodes for Tree {
    fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let nodes = self.levels.get(usize::try_from(level).ok()?)?;
        nodes.get(usize::try_from(index).ok()?).copied()
    }
}

/// Roots of full subtrees, however they are kept, and what can be shown with them.
pub trait Nodes {
    /// How many leaves there are.
    fn size(&self) -> u64;

    /// The root over the 2^`level` leaves from `index` × 2^`level` on, where all of them are there.
    fn node(&self, level: u32, index: u64) -> Option<Hash>;

    /// The root over the first `size` leaves.
    fn root_at(&self, size: u64) -> Option<Hash> {
        if size == 0 { Some(empty_root()) } else { self.range(0, size) }
    }

    /// The hashes that lead from a leaf to the root over the first `size` (RFC 6962 §2.1.1).
    fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        if index >= size || size > self.size() {
            return None;
        }
        let (mut low, mut high, mut proof) = (0, size, Vec::new());
        while high - low > 1 {
            let middle = low + split(high - low);
            if index < middle {
                proof.push(self.range(middle, high)?);
                high = middle;
            } else {
                proof.push(self.range(low, middle)?);
                low = middle;
            }
        }
        proof.reverse();
        Some(proof)
    }

    /// The hashes that show the first `old` leaves unchanged within `new` (RFC 6962 §2.1.2).
    fn consistency(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        if old == 0 || old > new || new > self.size() {
            return None;
        }
        let (mut low, mut high, mut proof) = (0, new, Vec::new());
        while old != high {
            let middle = low + split(high - low);
            if old <= middle {
                proof.push(self.range(middle, high)?);
                high = middle;
            } else {
                proof.push(self.range(low, middle)?);
                low = middle;
            }
        }
        // The old tree's own root is known to the verifier; any other subtree is not.
        if low != 0 {
            proof.push(self.range(low, high)?);
        }
        proof.reverse();
        Some(proof)
    }

    /// The root over leaves `low..high`, where `low` is a multiple of the power of two below.
    #[doc(hidden)]
    fn range(&self, low: u64, high: u64) -> Option<Hash> {
        let width = high.checked_sub(low).filter(|width| *width > 0)?;
        if width.is_power_of_two() && low.is_multiple_of(width) {
            return self.node(width.trailing_zeros(), low / width);
        }
        let middle = low + split(width);
        Some(node_hash(&self.range(low, middle)?, &self.range(middle, high)?))
    }
}

/// The largest power of two smaller than `width`, which is at least 2.
fn split(width: u64) -> u64 {
    1 << (u64::BITS - 1 - (width - 1).leading_zeros())
}

/// Whether a leaf is at a position of the log with this size and root (RFC 9162 §2.1.3.2).
///
/// # Errors
/// [`ProofError`] says in which way it is not shown.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutOfRange);
    }
    let (mut at, mut last, mut node) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::WrongLength);
        }
        if at % 2 == 1 || at == last {
            node = node_hash(sibling, &node);
            while at.is_multiple_of(2) && at != 0 {
                (at, last) = (at / 2, last / 2);
            }
        } else {
            node = node_hash(&node, sibling);
        }
        (at, last) = (at / 2, last / 2);
    }
    match (last, node == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::WrongRoot),
        _ => Err(ProofError::WrongLength),
    }
}

/// Whether a log with the old size and root is a beginning of the new one (RFC 9162 §2.1.4.2).
///
/// # Errors
/// [`ProofError`] says in which way it is not shown.
pub fn verify_consistency(
    (old, old_root): (u64, &Hash),
    (new, new_root): (u64, &Hash),
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old == 0 || old > new {
        return Err(ProofError::OutOfRange);
    }
    if old == new {
        return match (proof.is_empty(), old_root == new_root) {
            (true, true) => Ok(()),
            (true, false) => Err(ProofError::WrongRoot),
            (false, _) => Err(ProofError::WrongLength),
        };
    }
    let (mut at, mut last) = (old - 1, new - 1);
    while at % 2 == 1 {
        (at, last) = (at / 2, last / 2);
    }
    let mut hashes = proof.iter();
    let first = if old.is_power_of_two() { Some(old_root) } else { hashes.next() };
    let first = *first.ok_or(ProofError::WrongLength)?;
    let (mut of_old, mut of_new) = (first, first);
    for sibling in hashes {
        if last == 0 {
            return Err(ProofError::WrongLength);
        }
        if at % 2 == 1 || at == last {
            of_old = node_hash(sibling, &of_old);
            of_new = node_hash(sibling, &of_new);
            while at.is_multiple_of(2) && at != 0 {
                (at, last) = (at / 2, last / 2);
            }
        } else {
            of_new = node_hash(&of_new, sibling);
        }
        (at, last) = (at / 2, last / 2);
    }
    match (last, of_old == *old_root && of_new == *new_root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::WrongRoot),
        _ => Err(ProofError::WrongLength),
    }
}
