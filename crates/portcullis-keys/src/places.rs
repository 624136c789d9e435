//! From a hash to positions in a list: open addressing that grows, read without locks.
//!
//! A slot is 4 bytes: a position plus one, and in the bits that no position needs a part of the hash, so
//! that a foreign slot is passed without a look at what lies there. Must not know what is looked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arc_swap::ArcSwap;

/// Fewest slots.
const FIRST: usize = 2048;

/// Positions by hash. One at a time may add; anybody may look meanwhile.
pub struct Places {
    slots: ArcSwap<Slots>,
}

/// 0 is empty. The count is a power of two, and every position plus one is less.
struct Slots {
    slots: Box<[AtomicU32]>,
    taken: AtomicU32,
}

impl Default for Places {
    fn default() -> Self {
        Self { slots: ArcSwap::from_pointee(Slots::new(FIRST)) }
    }
}

impl Places {
    /// The first position of that hash that is the one. The low half of the hash chooses the slot, the
    /// high half tells those apart that share one: all bits should be as good as random.
    pub fn find(&self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        self.slots.load().of(hash).find(|at| is(*at))
    }

    /// Adds a position. `hash_of` gives the hash of each that is there, for when the table grows.
    pub fn add(&self, at: u32, hash: u64, hash_of: impl Fn(u32) -> u64) {
        let mut slots = self.slots.load();
        let taken = slots.taken.load(Ordering::Relaxed) as usize;
        // Full by more than 70 %, or the position needs more bits than there are for it.
        let wanted = ((taken + 1) * 10 / 7 + 1).max(at as usize + 2);
        if wanted > slots.slots.len() {
            self.grow(wanted, &hash_of);
            slots = self.slots.load();
        }
        slots.place(at, hash);
    }

    /// Makes room for so many positions in all at once, where there is less.
    pub fn make_room(&self, count: usize, hash_of: impl Fn(u32) -> u64) {
        let wanted = count.min(u32::MAX as usize) * 10 / 7 + 2;
        if wanted > self.slots.load().slots.len() {
            self.grow(wanted, &hash_of);
        }
    }

    /// Bytes it holds, apart from itself.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.slots.load().slots)
    }

    fn grow(&self, wanted: usize, hash_of: &dyn Fn(u32) -> u64) {
        let new = Slots::new(wanted.next_power_of_two());
        let old = self.slots.load();
        for slot in &old.slots {
            if let Some(at) = old.position(slot.load(Ordering::Relaxed)) {
                new.place(at, hash_of(at));
            }
        }
        self.slots.store(Arc::new(new));
    }
}

impl Slots {
    fn new(count: usize) -> Self {
        let slots = std::iter::repeat_with(AtomicU32::default).take(count).collect();
        Self { slots, taken: AtomicU32::new(0) }
    }

    /// Positions whose slots fit a hash, from where it belongs up to the first empty slot.
    fn of(&self, hash: u64) -> impl Iterator<Item = u32> {
        let tag = self.tag(hash);
        // Acquire: whoever sees the slot sees what was written before it.
        let values = self.from(hash).map(|slot| slot.load(Ordering::Acquire));
        let fits = move |value: u32| value & !self.mask() == tag;
        values
            .take_while(|value| *value != 0)
            .filter(move |value| fits(*value))
            .filter_map(|value| self.position(value))
    }

    /// Every slot once, from where the hash belongs.
    #[expect(clippy::cast_possible_truncation, reason = "only the remainder is kept")]
    fn from(&self, hash: u64) -> impl Iterator<Item = &AtomicU32> {
        let start = hash as usize & (self.slots.len() - 1);
        let (before, after) = self.slots.split_at_checked(start).unwrap_or((&self.slots, &[]));
        after.iter().chain(before)
    }

    fn place(&self, at: u32, hash: u64) {
        // There is always an empty slot, since the table grows before it is full.
        if let Some(slot) = self.from(hash).find(|slot| slot.load(Ordering::Relaxed) == 0) {
            slot.store(self.tag(hash) | (at + 1), Ordering::Release);
            self.taken.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn position(&self, value: u32) -> Option<u32> {
        (value & self.mask()).checked_sub(1)
    }

    /// The bits of a slot that hold the position.
    #[expect(clippy::cast_possible_truncation, reason = "the widest mask is all 32 bits")]
    fn mask(&self) -> u32 {
        (self.slots.len() - 1) as u32
    }

    fn tag(&self, hash: u64) -> u32 {
        (hash >> 32) as u32 & !self.mask()
    }
}

impl std::fmt::Debug for Places {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Places").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_of_one_slot_are_told_apart_by_the_rest_of_the_hash() {
        let places = Places::default();
        let hash = |at: u32| u64::from(at) << 44 | 5;
        for at in 0..1_000 {
            places.add(at, hash(at), hash);
        }
        for at in 0..1_000 {
            let mut looks = 0;
            let found = places.find(hash(at), |found| {
                looks += 1;
                found == at
            });
            assert_eq!((found, looks), (Some(at), 1));
        }
        assert_eq!(places.find(7 << 60 | 5, |_| panic!("nothing fits")), None);
    }

    #[test]
    fn a_table_grows_for_a_position_that_needs_more_bits() {
        let places = Places::default();
        let hash = |at: u32| u64::from(at).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for at in [3, 70_000, 5_000_000] {
            places.add(at, hash(at), hash);
        }
        for at in [3, 70_000, 5_000_000] {
            assert_eq!(places.find(hash(at), |found| found == at), Some(at));
        }
        assert_eq!(places.bytes(), 4 << 23);
    }
}
