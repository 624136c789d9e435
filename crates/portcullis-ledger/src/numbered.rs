//! Numbers for things that come again and again, known by where they lie in memory.
//!
//! Must not know what the things are.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

/// Things that are remembered; beyond, all of them are forgotten.
const MAX: usize = 65_536;

/// A number for each thing.
#[derive(Debug)]
pub(crate) struct Numbered<T: ?Sized> {
    /// With the things themselves, so that no address is used for another one meanwhile. Addresses are ours,
    /// so that nobody from outside chooses what falls together.
    by_address: HashMap<usize, (u32, Arc<T>), FixedState>,
    last: Option<(usize, u32)>,
}

impl<T: ?Sized> Default for Numbered<T> {
    fn default() -> Self {
        Self { by_address: HashMap::default(), last: None }
    }
}

impl<T: ?Sized> Numbered<T> {
    /// The number of a thing; none: it has none here.
    pub(crate) fn get(&mut self, of: &Arc<T>) -> Option<u32> {
        let address = address(of);
        if let Some((_, number)) = self.last.filter(|(last, _)| *last == address) {
            return Some(number);
        }
        let number = self.by_address.get(&address)?.0;
        self.last = Some((address, number));
        Some(number)
    }

    /// Gives a thing a number.
    pub(crate) fn put(&mut self, of: &Arc<T>, number: u32) {
        if self.by_address.len() >= MAX {
            self.clear();
        }
        self.by_address.insert(address(of), (number, Arc::clone(of)));
        self.last = Some((address(of), number));
    }

    /// Forgets all of them.
    pub(crate) fn clear(&mut self) {
        self.by_address.clear();
        self.last = None;
    }
}

fn address<T: ?Sized>(of: &Arc<T>) -> usize {
    Arc::as_ptr(of).addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_keeps_its_number_until_it_is_forgotten_and_an_equal_one_elsewhere_has_another() {
        let mut numbered = Numbered::default();
        let (one, same): (Arc<str>, Arc<str>) = ("one".into(), "one".into());
        assert_eq!(numbered.get(&one), None);
        numbered.put(&one, 7);
        numbered.put(&same, 8);
        assert_eq!((numbered.get(&one), numbered.get(&same)), (Some(7), Some(8)));
        for number in 0..MAX as u32 {
            numbered.put(&Arc::from(format!("{number}")), number);
        }
        assert_eq!(numbered.get(&one), None, "too many others came");
        numbered.clear();
        assert_eq!(numbered.get(&same), None);
    }
}
