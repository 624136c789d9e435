//! From a name to its position: an append-only index that all snapshots share.
//!
//! Names are given once and never reused, so one index serves every revision: an older snapshot
//! simply ignores positions beyond its own length. Adding a name copies nothing. Must not know
//! records.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, PoisonError, RwLock};

/// So many shards that growing one of them at ten million names moves forty thousand.
const SHARDS: usize = 256;

/// Name to position. Clones are the same index.
pub(crate) struct Names<K> {
    shards: Arc<[RwLock<HashMap<K, u32>>]>,
    hasher: RandomState,
}

/// Of all clones together, so it says nothing about one.
impl<K> fmt::Debug for Names<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

impl<K> Clone for Names<K> {
    fn clone(&self) -> Self {
        Self { shards: Arc::clone(&self.shards), hasher: self.hasher.clone() }
    }
}

impl<K> Default for Names<K> {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
        Self { shards, hasher: RandomState::new() }
    }
}

impl<K: Hash + Eq> Names<K> {
    /// The position of a name among the first `len`.
    pub(crate) fn get(&self, name: &K, len: usize) -> Option<u32> {
        let shard = self.shard(name)?.read().unwrap_or_else(PoisonError::into_inner);
        shard.get(name).copied().filter(|at| (*at as usize) < len)
    }

    /// Adds a name; the first position of a name stays.
    pub(crate) fn insert(&self, name: K, at: u32) {
        if let Some(shard) = self.shard(&name) {
            shard.write().unwrap_or_else(PoisonError::into_inner).entry(name).or_insert(at);
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "only the remainder is kept")]
    fn shard(&self, name: &K) -> Option<&RwLock<HashMap<K, u32>>> {
        self.shards.get(self.hasher.hash_one(name) as usize % SHARDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_first_position_and_an_older_reader_does_not_see_it() {
        let names = Names::default();
        names.insert("a", 0);
        names.insert("b", 1);
        names.insert("a", 2);
        assert_eq!(
            (names.get(&"a", 3), names.get(&"b", 2), names.get(&"b", 1)),
            (Some(0), Some(1), None)
        );
    }
}
