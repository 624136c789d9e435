//! From the digest of a key to its index: append-only, shared by all snapshots, read without locks.
//!
//! Keys are only ever added; what holds for a key is the snapshot's matter. Entries lie on a shelf, by
//! index, and never move; a table of 4-byte slots finds them by digest. Both together take at most 28
//! bytes a key.
//! Must not know partners, states or the store.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use portcullis_types::KeyIx;

use crate::{Digest, Places, Shelf};

/// Furthest a new index may lie beyond the last: a wild one must not claim gigabytes.
const GAP_MAX: u32 = 1 << 20;

/// A digest, as two words. Written before any slot points at it.
#[derive(Default)]
struct Entry([AtomicU64; 2]);

/// Digest → index, for every key there ever was.
pub struct KeyDirectory {
    /// Pages of 32 KiB: what finds them then stays in a cache of ten million keys' table.
    entries: Shelf<Entry, 2048>,
    places: Places,
    writer: Mutex<Writer>,
    length: AtomicU32,
}

/// What only the one who writes needs.
#[derive(Default)]
struct Writer {
    /// The least index that has not been given.
    next: u32,
}

/// Why a key was not added. Each is a fault in whoever feeds the directory.
#[derive(Debug, Clone, Copy, Eq, PartialEq, thiserror::Error)]
pub enum DirectoryError {
    /// The digest is known under another index.
    #[error("the digest of key {new} is already known as key {known}; a key can be added once", new = .new.0, known = .known.0)]
    DigestTaken {
        /// What it is known as.
        known: KeyIx,
        /// What it was to be.
        new: KeyIx,
    },
    /// The index was given to another digest.
    #[error("key {ix} is already known by another digest; keys are added in order of their index", ix = .0.0)]
    IndexTaken(KeyIx),
    /// The index lies too far ahead.
    #[error("key {ix} lies too far beyond the last known key; keys are added in order of their index", ix = .0.0)]
    IndexTooFar(KeyIx),
}

impl Default for KeyDirectory {
    fn default() -> Self {
        Self::new()
    }
}

impl KeyDirectory {
    /// An empty directory.
    #[must_use]
    pub fn new() -> Self {
        Self {
            entries: Shelf::default(),
            places: Places::default(),
            writer: Mutex::default(),
            length: AtomicU32::new(0),
        }
    }

    /// Makes room for so many keys in all at once, where there is less.
    pub fn make_room(&self, keys: usize) {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.places.make_room(keys, |at| self.hash_of(at));
    }

    /// The index of a key, if its digest is known. Takes no lock.
    #[must_use]
    pub fn get(&self, digest: &Digest) -> Option<KeyIx> {
        let is = |at| self.read(KeyIx(at)).is_some_and(|known| known.ct_eq(digest));
        self.places.find(hash(digest), is).map(KeyIx)
    }

    /// How many keys it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length.load(Ordering::Acquire) as usize
    }

    /// Whether it knows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes it holds, apart from itself.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.entries.bytes() + self.places.bytes()
    }

    /// Adds a key. Adding the same key again changes nothing.
    ///
    /// # Errors
    /// [`DirectoryError`] when digest or index is taken, or the index is wild; nothing changes.
    pub fn insert(&self, digest: &Digest, ix: KeyIx) -> Result<(), DirectoryError> {
        // A panic while writing leaves an entry that no slot points at, which harms nobody.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match self.get(digest) {
            Some(known) if known == ix => return Ok(()),
            Some(known) => return Err(DirectoryError::DigestTaken { known, new: ix }),
            None => {}
        }
        if ix.0 < writer.next {
            return Err(DirectoryError::IndexTaken(ix));
        }
        // The last number stands for "empty slot" once one is added to it.
        if ix.0 - writer.next > GAP_MAX || ix.0 == u32::MAX {
            return Err(DirectoryError::IndexTooFar(ix));
        }
        self.write(digest, ix);
        writer.next = ix.0 + 1;
        self.places.add(ix.0, hash(digest), |at| self.hash_of(at));
        self.length.fetch_add(1, Ordering::Release);
        Ok(())
    }

    fn write(&self, digest: &Digest, ix: KeyIx) {
        if let Some(entry) = self.entries.get_or_make(ix.0) {
            for (to, from) in entry.0.iter().zip(digest.words()) {
                to.store(from, Ordering::Relaxed);
            }
        }
    }

    fn read(&self, ix: KeyIx) -> Option<Digest> {
        let [low, high] = &self.entries.get(ix.0)?.0;
        Some(Digest::from_words([low.load(Ordering::Relaxed), high.load(Ordering::Relaxed)]))
    }

    fn hash_of(&self, at: u32) -> u64 {
        self.read(KeyIx(at)).map_or(0, |digest| hash(&digest))
    }
}

/// Digests are keyed, so nobody outside can aim at one place of the table.
fn hash(digest: &Digest) -> u64 {
    let [low, high] = digest.words();
    low ^ high << 32
}

impl std::fmt::Debug for KeyDirectory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyDirectory({} keys)", self.len())
    }
}

#[cfg(test)]
mod tests;
