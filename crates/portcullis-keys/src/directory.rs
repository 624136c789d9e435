//! From the digest of a key to its index: append-only, shared by all snapshots, read without locks.
//!
//! Keys are only ever added; what holds for a key is the snapshot's matter. Entries lie in chunks
//! that never move, by index; a table of 4-byte slots finds them by digest and is replaced by one of
//! twice the size when it is full by more than 70 %. Both together take at most 48 bytes a key.
//! Must not know partners, states or the store.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use portcullis_types::KeyIx;

use crate::Digest;

/// The first chunk holds this many entries and each further one twice as many as the one before.
const CHUNK_FIRST: u64 = 1024;
/// Enough chunks for every 32-bit index.
const CHUNKS: usize = 23;
const SLOTS_FIRST: usize = 2048;
/// Furthest a new index may lie beyond the last: a wild one must not claim gigabytes.
const GAP_MAX: u32 = 1 << 20;

/// A digest, as two words. Written before any slot points at it.
#[derive(Default)]
struct Entry([AtomicU64; 2]);

/// Open addressing with linear probing: 0 is empty, otherwise an index plus one. Digests are keyed,
/// so nobody outside can aim at one place of the table.
struct Slots(Box<[AtomicU32]>);

/// Digest → index, for every key there ever was.
pub struct KeyDirectory {
    chunks: [OnceLock<Box<[Entry]>>; CHUNKS],
    slots: ArcSwap<Slots>,
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
            chunks: [const { OnceLock::new() }; CHUNKS],
            slots: ArcSwap::from_pointee(Slots::new(SLOTS_FIRST)),
            writer: Mutex::default(),
            length: AtomicU32::new(0),
        }
    }

    /// The index of a key, if its digest is known. Takes no lock.
    #[must_use]
    pub fn get(&self, digest: &Digest) -> Option<KeyIx> {
        self.find(&self.slots.load(), digest)
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
        let entries: usize = self.chunks.iter().filter_map(OnceLock::get).map(|c| c.len()).sum();
        entries * size_of::<Entry>() + self.slots.load().0.len() * size_of::<AtomicU32>()
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
        let length = self.length.load(Ordering::Relaxed) + 1;
        let mut slots = self.slots.load_full();
        if u64::from(length) * 10 > slots.0.len() as u64 * 7 {
            slots = self.grown(&slots).into();
            slots.place(digest, ix);
            self.slots.store(slots);
        } else {
            slots.place(digest, ix);
        }
        self.length.store(length, Ordering::Release);
        Ok(())
    }

    fn write(&self, digest: &Digest, ix: KeyIx) {
        let (chunk, at) = place_of(ix);
        let Some(cell) = self.chunks.get(chunk) else { return };
        let entries = cell.get_or_init(|| {
            std::iter::repeat_with(Entry::default).take((CHUNK_FIRST << chunk) as usize).collect()
        });
        if let Some(entry) = entries.get(at) {
            for (to, from) in entry.0.iter().zip(digest.words()) {
                to.store(from, Ordering::Relaxed);
            }
        }
    }

    fn read(&self, ix: KeyIx) -> Option<Digest> {
        let (chunk, at) = place_of(ix);
        let entry = self.chunks.get(chunk)?.get()?.get(at)?;
        let [low, high] = &entry.0;
        Some(Digest::from_words([low.load(Ordering::Relaxed), high.load(Ordering::Relaxed)]))
    }

    fn find(&self, slots: &Slots, digest: &Digest) -> Option<KeyIx> {
        for slot in slots.from(digest) {
            // Acquire: whoever sees the slot sees the entry written before it.
            match slot.load(Ordering::Acquire).checked_sub(1).map(KeyIx) {
                None => return None,
                Some(ix) if self.read(ix).is_some_and(|known| known.ct_eq(digest)) => {
                    return Some(ix);
                }
                Some(_) => {}
            }
        }
        None
    }

    fn grown(&self, old: &Slots) -> Slots {
        let new = Slots::new(old.0.len() * 2);
        for slot in &old.0 {
            let ix = slot.load(Ordering::Relaxed).checked_sub(1).map(KeyIx);
            if let Some((ix, digest)) = ix.and_then(|ix| Some((ix, self.read(ix)?))) {
                new.place(&digest, ix);
            }
        }
        new
    }
}

impl std::fmt::Debug for KeyDirectory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyDirectory({} keys)", self.len())
    }
}

impl Slots {
    fn new(count: usize) -> Self {
        Self(std::iter::repeat_with(|| AtomicU32::new(0)).take(count).collect())
    }

    /// Every slot once, from where the digest belongs. The count is a power of two.
    fn from(&self, digest: &Digest) -> impl Iterator<Item = &AtomicU32> {
        let start = digest.words()[0] as usize & (self.0.len() - 1);
        let (before, after) = self.0.split_at_checked(start).unwrap_or((&self.0, &[]));
        after.iter().chain(before)
    }

    fn place(&self, digest: &Digest, ix: KeyIx) {
        // There is always an empty slot, since the table grows before it is full.
        if let Some(slot) = self.from(digest).find(|slot| slot.load(Ordering::Relaxed) == 0) {
            slot.store(ix.0 + 1, Ordering::Release);
        }
    }
}

/// Chunk and position in it. Chunk `k` holds the indices from `(2^k - 1) × CHUNK_FIRST` on.
fn place_of(ix: KeyIx) -> (usize, usize) {
    let shifted = u64::from(ix.0) + CHUNK_FIRST;
    let chunk = shifted.ilog2() - CHUNK_FIRST.ilog2();
    (chunk as usize, (shifted - (CHUNK_FIRST << chunk)) as usize)
}

#[cfg(test)]
mod tests;
