//! Counts of what an answer held.
//!
//! Must not know budgets.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher};

use crate::DISTINCT_MAX;

/// What was counted for one duty.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub struct Tally {
    /// The duty's.
    pub tag: u32,
    /// Items that left.
    pub rows: u64,
    /// Items that were dropped.
    pub dropped: u64,
    /// For each read that is counted, how many different values left, at most
    /// [`crate::DISTINCT_MAX`].
    pub distinct: Vec<u64>,
    /// Whether there were more different values than are counted.
    pub more: bool,
}

/// Tallies while they are taken. There are as many as the program has tags.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    all: Vec<Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    tally: Tally,
    /// Hashes rather than values: a record of how many, never of whom.
    seen: Vec<BTreeSet<u64>>,
}

impl Tallies {
    fn entry(&mut self, tag: u32) -> Option<&mut Entry> {
        if !self.all.iter().any(|entry| entry.tally.tag == tag) {
            self.all.push(Entry { tally: Tally { tag, ..Tally::default() }, ..Entry::default() });
        }
        self.all.iter_mut().find(|entry| entry.tally.tag == tag)
    }

    pub(crate) fn dropped(&mut self, tag: u32) {
        if let Some(entry) = self.entry(tag) {
            entry.tally.dropped += 1;
        }
    }

    /// Counts a row with the values of the reads that are counted.
    pub(crate) fn row<'a>(&mut self, tag: u32, values: impl Iterator<Item = Option<&'a str>>) {
        let Some(entry) = self.entry(tag) else { return };
        entry.tally.rows += 1;
        for (at, value) in values.enumerate() {
            if entry.seen.len() <= at {
                entry.seen.push(BTreeSet::new());
            }
            if let (Some(value), Some(seen)) = (value, entry.seen.get_mut(at)) {
                entry.tally.more |= !add(seen, hash(value));
            }
        }
    }

    /// Adds what an embedded answer counted.
    pub(crate) fn merge(&mut self, other: Self) {
        for new in other.all {
            let Some(entry) = self.entry(new.tally.tag) else { continue };
            entry.tally.rows += new.tally.rows;
            entry.tally.dropped += new.tally.dropped;
            entry.tally.more |= new.tally.more;
            for (at, hashes) in new.seen.into_iter().enumerate() {
                if entry.seen.len() <= at {
                    entry.seen.push(BTreeSet::new());
                }
                if let Some(seen) = entry.seen.get_mut(at) {
                    for hash in hashes {
                        entry.tally.more |= !add(seen, hash);
                    }
                }
            }
        }
    }

    /// Bytes that the sets take, roughly: a tree of hashes is at least half full.
    pub(crate) fn memory(&self) -> usize {
        let hashes: usize = self.all.iter().flat_map(|e| &e.seen).map(BTreeSet::len).sum();
        self.all.capacity() * size_of::<Entry>() + hashes * 2 * size_of::<u64>()
    }

    /// The tallies, by tag.
    pub(crate) fn report(&self) -> Vec<Tally> {
        let count = |set: &BTreeSet<u64>| u64::try_from(set.len()).unwrap_or(u64::MAX);
        let one = |entry: &Entry| Tally {
            distinct: entry.seen.iter().map(count).collect(),
            ..entry.tally.clone()
        };
        let mut all: Vec<Tally> = self.all.iter().map(one).collect();
        all.sort_by_key(|tally| tally.tag);
        all
    }
}

/// Whether there was room.
fn add(seen: &mut BTreeSet<u64>, hash: u64) -> bool {
    if seen.len() >= DISTINCT_MAX && !seen.contains(&hash) {
        return false;
    }
    seen.insert(hash);
    true
}

fn hash(value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(value.as_bytes());
    hasher.finish()
}
