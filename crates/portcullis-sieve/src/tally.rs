//! Counts of the items that were dropped.
//!
//! Must not know why.

/// How many items a duty dropped.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct Tally {
    /// The duty's.
    pub tag: u32,
    /// Items that were dropped; more than none.
    pub dropped: u64,
}

/// Tallies while they are taken, by tag: of duties that dropped any.
#[derive(Debug, Default)]
pub(crate) struct Tallies(Vec<Tally>);

impl Tallies {
    pub(crate) fn add(&mut self, tag: u32, dropped: u64) {
        let place = self.0.binary_search_by_key(&tag, |tally| tally.tag);
        match place.map(|at| self.0.get_mut(at)) {
            Ok(known) => known.into_iter().for_each(|tally| tally.dropped += dropped),
            Err(at) => self.0.insert(at, Tally { tag, dropped }),
        }
    }

    /// Adds what an embedded answer counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|tally| self.add(tally.tag, tally.dropped));
    }

    pub(crate) fn memory(&self) -> usize {
        self.0.capacity() * size_of::<Tally>()
    }

    pub(crate) fn report(&self) -> &[Tally] {
        &self.0
    }
}
