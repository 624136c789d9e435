//! What is kept of a long log so that any tile and any proof costs a few rows of it.
//!
//! The roots over each full run of 256 leaves, 64 bytes each with what stands above them: 2.5 MB for
//! ten million events. The leaves of the two or three runs that a proof touches are handed in.

use std::collections::BTreeMap;

use crate::hash::{Hash, Peaks};
use crate::tiles::TILE_WIDTH;
use crate::tree::{Nodes, Tree};

const RUN: u64 = TILE_WIDTH as u64;
/// Levels of the tree within a run.
const WITHIN: u32 = RUN.trailing_zeros();

/// Roots over full runs, and all above them.
#[derive(Debug, Clone, Default)]
pub struct Spine {
    runs: Tree,
}

impl Spine {
    /// How many leaves the full runs cover.
    #[must_use]
    pub fn covered(&self) -> u64 {
        self.runs.size() * RUN
    }

    /// Takes the hashes of the next full run; any other number of hashes is left out.
    pub fn append(&mut self, run: &[Hash]) {
        if run.len() as u64 == RUN {
            self.runs.append(root(run));
        }
    }

    /// The runs whose leaves are needed to show something about these leaves in a log of this size:
    /// first leaf and number of leaves of each.
    #[must_use]
    pub fn wanted(leaves: &[u64], size: u64) -> Vec<(u64, usize)> {
        let last = (!size.is_multiple_of(RUN)).then_some(size);
        let within = leaves.iter().copied().filter(|leaf| *leaf < size);
        let mut firsts: Vec<u64> = within.chain(last).map(|leaf| leaf / RUN * RUN).collect();
        firsts.sort_unstable();
        firsts.dedup();
        let count = |first: u64| usize::try_from((size - first).min(RUN)).unwrap_or_default();
        firsts.into_iter().map(|first| (first, count(first))).collect()
    }
}

/// A spine with the leaves of some runs: a tree for whatever touches only these.
#[derive(Debug, Clone)]
pub struct Spread<'a> {
    spine: &'a Spine,
    size: u64,
    runs: BTreeMap<u64, Vec<Hash>>,
}

impl<'a> Spread<'a> {
    /// A log of this size without any run's leaves.
    #[must_use]
    pub fn new(spine: &'a Spine, size: u64) -> Self {
        Self { spine, size, runs: BTreeMap::new() }
    }

    /// Adds the leaf hashes of a run, by its first leaf.
    pub fn add(&mut self, first: u64, leaves: Vec<Hash>) {
        self.runs.insert(first / RUN, leaves);
    }
}

#[cfg(test)]
impl Spread<'_> {
    pub(crate) fn runs(&self) -> usize {
        self.runs.len()
    }
}

impl Nodes for Spread<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        if let Some(above) = level.checked_sub(WITHIN) {
            return self.spine.runs.node(above, index);
        }
        let leaves = self.runs.get(&(index >> (WITHIN - level)))?;
        let from = usize::try_from((index << level) % RUN).ok()?;
        Some(root(leaves.get(from..from + (1 << level))?))
    }
}

fn root(leaves: &[Hash]) -> Hash {
    let mut peaks = Peaks::default();
    leaves.iter().for_each(|leaf| peaks.append(*leaf));
    peaks.root()
}
