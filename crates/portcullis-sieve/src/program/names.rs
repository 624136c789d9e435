//! Looks names up.
//!
//! Nearly every member of an answer asks here, and most are told no: so a miss is one load. Must
//! not know what the names mean.

use crate::program::Traits;

/// Most names of a program: as many as a set of bits in each open object.
pub(crate) const NAMES_MAX: usize = 128;
const SLOTS: usize = 512;
const FREE: u8 = u8::MAX;

/// The names that a program looks for.
#[derive(Debug)]
pub(crate) struct Names {
    slots: Box<[u8; SLOTS]>,
    list: Vec<(Box<[u8]>, Traits)>,
}

impl Default for Names {
    fn default() -> Self {
        Self { slots: Box::new([FREE; SLOTS]), list: Vec::new() }
    }
}

impl Names {
    /// The number of that name, new if need be; none: there are too many.
    pub(crate) fn add(&mut self, name: &str) -> Option<u8> {
        if let Some((known, _)) = self.find(name.as_bytes()) {
            return Some(known);
        }
        let new = u8::try_from(self.list.len()).ok()?;
        if self.list.len() >= NAMES_MAX {
            return None;
        }
        self.list.push((name.as_bytes().into(), Traits::default()));
        let mut at = slot(name.as_bytes());
        // There are four times as many slots as names: a free one comes soon.
        while self.slots.get(at).is_some_and(|slot| *slot != FREE) {
            at = (at + 1) % SLOTS;
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = new;
        }
        Some(new)
    }

    pub(crate) fn mark(&mut self, name: u8, mark: impl FnOnce(&mut Traits)) {
        if let Some((_, traits)) = self.list.get_mut(usize::from(name)) {
            mark(traits);
        }
    }

    /// Whether any name is that of a link.
    pub(crate) fn have_links(&self) -> bool {
        self.list.iter().any(|(_, traits)| traits.link)
    }

    /// The number of a name and what is known of it.
    #[inline]
    pub(crate) fn find(&self, name: &[u8]) -> Option<(u8, Traits)> {
        let mut at = slot(name);
        loop {
            let found = *self.slots.get(at)?;
            if found == FREE {
                return None;
            }
            let (known, traits) = self.list.get(usize::from(found))?;
            if **known == *name {
                return Some((found, *traits));
            }
            at = (at + 1) % SLOTS;
        }
    }
}

/// Length, first and last letter tell the names of one API apart well enough.
#[inline]
fn slot(name: &[u8]) -> usize {
    let first = usize::from(name.first().copied().unwrap_or_default());
    let last = usize::from(name.last().copied().unwrap_or_default());
    (name.len().wrapping_mul(67) ^ first.wrapping_mul(5) ^ last.wrapping_mul(29)) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_added_is_found_and_no_other() {
        let mut names = Names::default();
        for at in 0..NAMES_MAX {
            assert_eq!(names.add(&format!("n{at:03}x")), u8::try_from(at).ok());
        }
        assert_eq!(names.add("n000x"), Some(0));
        assert_eq!(names.add("one more"), None);
        for at in 0..NAMES_MAX {
            let found = names.find(format!("n{at:03}x").as_bytes());
            assert_eq!(found.map(|(name, _)| usize::from(name)), Some(at));
        }
        for name in ["", "n", "n0000", "n128x"] {
            assert_eq!(names.find(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn what_is_marked_comes_along() {
        let mut names = Names::default();
        let name = names.add("").unwrap();
        names.mark(name, |traits| traits.drop = true);
        assert_eq!(names.find(b""), Some((0, Traits { drop: true, ..Traits::default() })));
    }
}
