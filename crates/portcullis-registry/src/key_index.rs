//! From the id of a key, and from its digest, to its position: append-only indexes that all snapshots share.
//!
//! As with other names, an older snapshot ignores positions beyond its own length. Neither index keeps
//! an id of its own: that is 28 bytes and 6 to 12 bytes a key. Must not know what is said of a key.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use portcullis_keys::{Digest, DirectoryError, KeyDirectory, Places};
use portcullis_types::{KeyId, KeyIx};

use crate::key_record::{KeyRecord, PackedId};
use crate::pages::Pages;

/// Finds keys. Clones are the same index.
#[derive(Clone, Default)]
pub(crate) struct KeyIndex {
    digests: Arc<KeyDirectory>,
    ids: Arc<Places>,
    hasher: RandomState,
}

/// Of all clones together, so it says nothing about one.
impl fmt::Debug for KeyIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyIndex").finish_non_exhaustive()
    }
}

impl KeyIndex {
    /// The key of an id, among these.
    pub(crate) fn by_id(&self, id: &KeyId, keys: &Pages<KeyRecord>) -> Option<KeyIx> {
        self.find(&PackedId::new(id), keys)
    }

    /// The key of a digest, whichever snapshot has it.
    pub(crate) fn by_digest(&self, digest: &[u8; 16]) -> Option<KeyIx> {
        self.digests.get(&Digest::new(*digest))
    }

    /// Adds a key to the end of a list, if its id is new there; yields whether it was.
    pub(crate) fn push(&self, keys: &mut Pages<KeyRecord>, at: KeyIx, key: KeyRecord) -> bool {
        if self.find(&key.id, keys).is_some() {
            return false;
        }
        self.ids.add(at.0, self.hash(&key.id), |at| self.hash_at(keys, at));
        keys.push(key);
        true
    }

    /// Lets a key be found by its digest, too.
    ///
    /// # Errors
    /// The digest is another key's.
    pub(crate) fn learn(&self, at: KeyIx, digest: &[u8; 16]) -> Result<(), DirectoryError> {
        self.digests.insert(&Digest::new(*digest), at)
    }

    /// Makes room for so many keys in all at once.
    pub(crate) fn make_room(&self, keys: &Pages<KeyRecord>, count: usize) {
        self.ids.make_room(count, |at| self.hash_at(keys, at));
        self.digests.make_room(count);
    }

    /// Bytes it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.digests.bytes() + self.ids.bytes()
    }

    fn find(&self, id: &PackedId, keys: &Pages<KeyRecord>) -> Option<KeyIx> {
        let is = |at: u32| keys.get(at as usize).is_some_and(|key| key.id == *id);
        self.ids.find(self.hash(id), is).map(KeyIx)
    }

    fn hash(&self, id: &PackedId) -> u64 {
        self.hasher.hash_one(id)
    }

    fn hash_at(&self, keys: &Pages<KeyRecord>, at: u32) -> u64 {
        keys.get(at as usize).map_or(0, |key| self.hash(&key.id))
    }
}
