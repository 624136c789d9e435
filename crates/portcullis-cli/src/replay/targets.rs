//! Which different targets a partner asked for, and which of them it got.
//!
//! A path that was seen before asks for nothing new, so what it asks for is worked out once. Must
//! not know who judges.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use portcullis_types::ClassIx;

/// One target asked for under a class. Targets are told apart by 64 bits of a hash: of a million,
/// two are taken for one with odds of one in 37 million.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) struct Thing {
    /// Under which class it was asked for; none where the call could not be read.
    pub(crate) class: Option<ClassIx>,
    /// What stands for it.
    pub(crate) mark: u64,
    /// Whether it is a node, rather than words or a point to search by.
    pub(crate) node: bool,
}

/// What one request asks for.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) things: Vec<Thing>,
    /// Rows by the page sizes asked for.
    pub(crate) rows: u64,
}

/// How many, and how many of them were got.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub(crate) struct Share {
    pub(crate) asked: u64,
    pub(crate) taken: u64,
}

/// Different targets of one partner.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    paths: HashMap<u64, Path, BuildHasherDefault<AsIs>>,
    /// The things of all paths, one stretch each.
    things: Vec<u32>,
    /// By mark alone, whatever the class.
    nodes: HashMap<u64, bool, BuildHasherDefault<AsIs>>,
    by_class: HashMap<u64, u32, BuildHasherDefault<AsIs>>,
    known: Vec<(Thing, bool)>,
    /// Over all classes, nodes only.
    pub(crate) all: Share,
}

#[derive(Debug, Clone, Copy)]
struct Path {
    from: u32,
    count: u32,
    rows: u32,
    taken: bool,
}

/// Paths kept for one partner; further ones are worked out each time they come.
const PATHS_MAX: usize = 4 << 20;

impl Targets {
    /// Notes one request; `wanted` works out what it asks for where it is new. Yields its rows.
    pub(crate) fn note(
        &mut self,
        path: u64,
        permitted: bool,
        wanted: impl FnOnce() -> Wanted,
    ) -> u64 {
        let known = self.paths.get_mut(&path);
        let Path { from, count, rows, .. } = match known {
            Some(known) if known.taken || !permitted => return u64::from(known.rows),
            Some(known) => {
                known.taken = true;
                *known
            }
            None => self.learn(path, permitted, wanted),
        };
        if permitted {
            for at in from..from + count {
                let at = self.things.get(at as usize).copied();
                self.take(at.unwrap_or(u32::MAX));
            }
        }
        if self.paths.len() > PATHS_MAX {
            self.paths.remove(&path);
            self.things.truncate(from as usize);
        }
        u64::from(rows)
    }

    /// Whether a path was seen before.
    pub(crate) fn knows(&self, path: u64) -> bool {
        self.paths.contains_key(&path)
    }

    fn learn(&mut self, path: u64, taken: bool, wanted: impl FnOnce() -> Wanted) -> Path {
        let what = wanted();
        let from = self.things.len() as u32;
        for thing in &what.things {
            let at = self.ask(thing);
            self.things.push(at);
        }
        let rows = u32::try_from(what.rows).unwrap_or(u32::MAX);
        let known = Path { from, count: what.things.len() as u32, rows, taken };
        self.paths.insert(path, known);
        known
    }

    fn ask(&mut self, thing: &Thing) -> u32 {
        if thing.node {
            let asked = &mut self.all.asked;
            self.nodes.entry(thing.mark).or_insert_with(|| {
                *asked += 1;
                false
            });
        }
        let class = thing.class.map_or(u64::MAX, |class| class.at() as u64);
        let next = self.known.len() as u32;
        let at = *self.by_class.entry(mix(thing.mark, class)).or_insert(next);
        if at == next {
            self.known.push((*thing, false));
        }
        at
    }

    fn take(&mut self, at: u32) {
        let Some((thing, taken)) = self.known.get_mut(at as usize) else { return };
        *taken = true;
        if thing.node && self.nodes.insert(thing.mark, true) == Some(false) {
            self.all.taken += 1;
        }
    }

    /// Shares by class, the most asked for first.
    pub(crate) fn by_class(&self) -> Vec<(Option<ClassIx>, Share)> {
        let mut shares: Vec<(Option<ClassIx>, Share)> = Vec::new();
        for (thing, taken) in &self.known {
            let at = shares.iter().position(|(class, _)| *class == thing.class);
            let at = at.unwrap_or_else(|| {
                shares.push((thing.class, Share::default()));
                shares.len() - 1
            });
            if let Some((_, share)) = shares.get_mut(at) {
                share.asked += 1;
                share.taken += u64::from(*taken);
            }
        }
        shares.sort_by_key(|(_, share)| std::cmp::Reverse(share.asked));
        shares
    }
}

/// Folds a text into 64 bits: a chunk of 8 bytes at a time, each spread by a multiplication whose
/// halves are folded together.
pub(crate) fn mark(seed: u64, text: &[u8]) -> u64 {
    let (chunks, rest) = text.as_chunks::<8>();
    let start = mix(seed, text.len() as u64);
    let folded = chunks.iter().fold(start, |sum, chunk| mix(sum, u64::from_be_bytes(*chunk)));
    let rest = rest.iter().fold(1, |word, byte| word << 8 | u64::from(*byte));
    mix(folded, rest)
}

fn mix(sum: u64, word: u64) -> u64 {
    let wide = u128::from(sum ^ 0x9e37_79b9_7f4a_7c15) * u128::from(word ^ 0xd1b5_4a32_d192_ed03);
    (wide as u64) ^ ((wide >> 64) as u64)
}

/// Marks are hashes already.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = mark(self.0, bytes);
    }
    fn write_u64(&mut self, mark: u64) {
        self.0 = mark;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn thing(class: u16, name: &str) -> Thing {
        Thing { class: Some(ClassIx(class)), mark: mark(0, name.as_bytes()), node: true }
    }

    fn note(targets: &mut Targets, path: &str, permitted: bool, things: &[Thing]) {
        let wanted = || Wanted { things: things.to_vec(), rows: 25 };
        targets.note(mark(0, path.as_bytes()), permitted, wanted);
    }

    #[test]
    fn a_target_counts_once_and_is_taken_once_it_was_given() {
        let mut targets = Targets::default();
        note(&mut targets, "/a", false, &[thing(0, "a")]);
        note(&mut targets, "/a", false, &[thing(0, "a")]);
        note(&mut targets, "/a?page=2", true, &[thing(0, "a")]);
        note(&mut targets, "/a?page=3", false, &[thing(0, "a"), thing(1, "a"), thing(0, "b")]);
        assert_eq!(targets.all, Share { asked: 2, taken: 1 });
        let shares = [
            (Some(ClassIx(0)), Share { asked: 2, taken: 1 }),
            (Some(ClassIx(1)), Share { asked: 1, taken: 0 }),
        ];
        assert_eq!(targets.by_class(), shares);
    }

    #[test]
    fn a_path_is_worked_out_once_whatever_becomes_of_it() {
        let mut targets = Targets::default();
        let mut worked = 0;
        for permitted in [false, true, false, true] {
            let rows = targets.note(7, permitted, || {
                worked += 1;
                Wanted { things: vec![thing(0, "a")], rows: 50 }
            });
            assert_eq!(rows, 50);
        }
        assert_eq!((worked, targets.all), (1, Share { asked: 1, taken: 1 }));
    }

    #[test]
    fn marks_of_near_texts_differ() {
        let ids = (0..200_000_u64).map(|id| (17_841_400_000_000_000 + id).to_string());
        let marks: HashSet<u64> = ids.map(|id| mark(0, id.as_bytes())).collect();
        assert_eq!(marks.len(), 200_000);
        assert_ne!(mark(0, b""), mark(0, b"\0"));
        assert_ne!(mark(0, b"ab"), mark(1, b"ab"));
    }
}
