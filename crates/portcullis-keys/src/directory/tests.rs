//! The directory against a map, under readers, and on the scales.

use std::collections::hash_map::{Entry as Known, HashMap};
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;

use super::*;

/// Spreads a number as a keyed digest would be.
fn digest(number: u64) -> Digest {
    let mix = |value: u64| {
        let value = (value ^ (value >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (value ^ (value >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ (value >> 32)
    };
    Digest::from_words([mix(number), mix(number ^ u64::MAX)])
}

#[test]
fn faults_of_the_feeder_are_named_and_change_nothing() {
    let keys = KeyDirectory::new();
    keys.insert(&digest(1), KeyIx(0)).unwrap();
    assert_eq!(keys.insert(&digest(1), KeyIx(0)), Ok(()), "twice the same is once");
    assert_eq!(
        keys.insert(&digest(1), KeyIx(1)),
        Err(DirectoryError::DigestTaken { known: KeyIx(0), new: KeyIx(1) })
    );
    assert_eq!(keys.insert(&digest(2), KeyIx(0)), Err(DirectoryError::IndexTaken(KeyIx(0))));
    for wild in [GAP_MAX + 2, u32::MAX] {
        assert_eq!(
            keys.insert(&digest(2), KeyIx(wild)),
            Err(DirectoryError::IndexTooFar(KeyIx(wild)))
        );
    }
    assert_eq!((keys.len(), keys.get(&digest(1)), keys.get(&digest(2))), (1, Some(KeyIx(0)), None));
}

#[test]
fn a_key_takes_at_most_28_bytes() {
    let keys = KeyDirectory::new();
    for ix in 0..300_000 {
        keys.insert(&digest(u64::from(ix)), KeyIx(ix)).unwrap();
        if ix >= 60_000 {
            let each = keys.bytes() as f64 / keys.len() as f64;
            assert!(each <= 28.0, "{each} bytes a key at {ix}");
        }
    }
}

#[test]
fn asking_for_unknown_keys_leaves_no_trace() {
    let keys = KeyDirectory::new();
    keys.insert(&digest(0), KeyIx(0)).unwrap();
    let before = keys.bytes();
    assert!((1..100_001).all(|number| keys.get(&digest(number)).is_none()));
    assert_eq!((keys.bytes(), keys.len()), (before, 1));
}

#[test]
fn readers_see_every_key_that_was_added_before_they_ask() {
    let keys = KeyDirectory::new();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    let known = keys.len() as u32;
                    for ix in (0..known).rev().take(64).chain((0..known).step_by(997)) {
                        assert_eq!(keys.get(&digest(u64::from(ix))), Some(KeyIx(ix)));
                    }
                    assert_eq!(keys.get(&digest(u64::MAX)), None);
                }
            });
        }
        for ix in 0..60_000 {
            if ix == 30_000 {
                keys.make_room(60_000);
            }
            keys.insert(&digest(u64::from(ix)), KeyIx(ix)).unwrap();
        }
        done.store(true, Ordering::Release);
    });
    assert_eq!(keys.len(), 60_000);
}

proptest! {
    #[test]
    fn it_answers_as_a_map_does(steps in proptest::collection::vec((0u64..150, 0u32..3), 0..300)) {
        let keys = KeyDirectory::new();
        let mut model: HashMap<u64, KeyIx> = HashMap::new();
        let mut next = 0;
        for (number, gap) in steps {
            // Digests that share their low words collide in the table and must be told apart.
            let digest = Digest::from_words([number % 7, number]);
            match model.entry(number) {
                Known::Occupied(known) => {
                    prop_assert_eq!(keys.get(&digest), Some(*known.get()));
                    prop_assert!(keys.insert(&digest, KeyIx(next)).is_err());
                }
                Known::Vacant(free) => {
                    prop_assert_eq!(keys.get(&digest), None);
                    let ix = KeyIx(next + gap);
                    prop_assert_eq!(keys.insert(&digest, ix), Ok(()));
                    free.insert(ix);
                    next = ix.0 + 1;
                }
            }
        }
        prop_assert_eq!(keys.len(), model.len());
        for (number, ix) in model {
            prop_assert_eq!(keys.get(&Digest::from_words([number % 7, number])), Some(ix));
        }
    }
}
