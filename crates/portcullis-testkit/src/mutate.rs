//! Outside bytes by the million: a corpus of files, mutated by a seed, for a check that must bear all.
//!
//! `FUZZ_CASES` says how many, `FUZZ_SEED` where to begin: a failure tells both and its bytes. Runs
//! and machines agree on what a number means. Must not know what reads the bytes.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

/// What a corpus is mutated by.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % sides.max(1)
    }

    fn one<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let at = self.roll(list.len());
        list.get(at)
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>, corpus: &[Vec<u8>], parts: &[&str]) {
        let at = self.roll(bytes.len() + 1);
        let end = (at + self.roll(24)).min(bytes.len());
        match self.roll(8) {
            0 => {
                let bit = 1 << self.roll(8);
                bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= bit);
            }
            1 => {
                let new = u8::try_from(self.roll(256)).unwrap_or(0);
                bytes.get_mut(at).into_iter().for_each(|byte| *byte = new);
            }
            2 => drop(bytes.drain(at..end)),
            3 => {
                let copy = bytes.get(at..end).unwrap_or_default().to_vec();
                let to = self.roll(bytes.len() + 1);
                drop(bytes.splice(to..to, copy));
            }
            4 => bytes.truncate(at),
            5 => {
                let other = self.one(corpus).cloned().unwrap_or_default();
                let from = self.roll(other.len() + 1);
                let until = (from + self.roll(80)).min(other.len());
                let piece = other.get(from..until).unwrap_or_default().to_vec();
                drop(bytes.splice(at..end, piece));
            }
            _ => {
                let part = self.one(parts).copied().unwrap_or_default();
                drop(bytes.splice(at..at, part.bytes()));
            }
        }
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect(name))
}

/// Tries each file of a crate's `tests/corpus/NAME` as it is, then mutations of them.
///
/// `parts` are put in between: what the reader knows, and what it must not fall for.
///
/// # Panics
/// When the check does, having told what it was given.
pub fn fuzz(manifest_dir: &str, name: &str, parts: &[&str], check: impl FnMut(&[u8])) {
    mutated(manifest_dir, name, parts, number("FUZZ_CASES", 4_000), check);
}

/// The same for a check that goes over sockets: a twentieth of the cases.
///
/// # Panics
/// As [`fuzz`] does.
pub fn fuzz_slowly(manifest_dir: &str, name: &str, parts: &[&str], check: impl FnMut(&[u8])) {
    mutated(manifest_dir, name, parts, number("FUZZ_CASES", 20_000) / 20, check);
}

fn mutated(
    manifest_dir: &str,
    name: &str,
    parts: &[&str],
    cases: u64,
    mut check: impl FnMut(&[u8]),
) {
    let folder = Path::new(manifest_dir).join("tests/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    let corpus: Vec<Vec<u8>> =
        files.iter().map(|path| fs::read(path).expect("a file of the corpus")).collect();
    let seed = number("FUZZ_SEED", 0x9E37_79B9);
    let mut dice = Dice(seed | 1);
    let mut tried = |bytes: &[u8]| {
        let outcome = catch_unwind(AssertUnwindSafe(|| check(bytes)));
        if let Err(panic) = outcome {
            let shown = String::from_utf8_lossy(bytes).escape_debug().to_string();
            resume_unwind(Box::new(format!("{name}, seed {seed}: {panic:?}\n{shown}")));
        }
    };
    corpus.iter().for_each(|bytes| tried(bytes));
    for _ in 0..cases {
        let mut bytes = dice.one(&corpus).cloned().unwrap_or_default();
        for _ in 0..=dice.roll(4) {
            dice.mutate(&mut bytes, &corpus, parts);
        }
        tried(&bytes);
    }
}
