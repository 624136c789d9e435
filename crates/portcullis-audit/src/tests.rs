//! A small log that is touched everywhere; in `formats` the known vectors and laws.

mod case_bundle;
mod formats;
mod kept;
mod rotation;
mod sealed;
mod tiles;
mod witness;

use portcullis_types::Wall;
use serde_json::{Value, json};

use crate::*;

pub(crate) const NAME: &str = "gate.example/log";

pub(crate) fn key(seed: u8) -> LogKey {
    LogKey::from_seed(NAME, &[seed; 32]).unwrap()
}

/// A log as a store would keep it.
#[derive(Clone)]
struct Kept {
    events: Vec<(Vec<u8>, Vec<u8>)>,
    checkpoints: Vec<(u64, String)>,
}

/// Six events: opened, three plain ones (two of them in one transaction), the key rotated, one more.
fn small_log() -> Kept {
    let (first, second) = (key(1), key(2));
    let rotated = json!({"type": "secret.rotated", "what": "log_key", "fingerprint": "x",
        "log_key": second.public().to_string()});
    let opened =
        json!({"type": "log.opened", "origin": NAME, "log_key": first.public().to_string()});
    let plain =
        |n: u64| json!({"type": "partner.added", "partner": format!("p{n}"), "name": "é\n"});
    let steps: Vec<(Vec<Value>, Vec<&LogKey>)> = vec![
        (vec![opened], vec![&first]),
        (vec![plain(1)], vec![&first]),
        (vec![plain(2), plain(3)], vec![&first]),
        (vec![rotated], vec![&second, &first]),
        (vec![plain(4)], vec![&second]),
    ];
    written(steps)
}

/// A log of these events, each step under a checkpoint by its keys.
fn written(steps: Vec<(Vec<Value>, Vec<&LogKey>)>) -> Kept {
    let mut kept = Kept { events: Vec::new(), checkpoints: Vec::new() };
    let mut peaks = Peaks::default();
    for (events, keys) in steps {
        for event in events {
            let actor = json!({"kind": "token", "id": "ops"});
            let leaf = Leaf {
                rev: peaks.size(),
                at: Wall(1_700_000_000_000),
                actor,
                approved: None,
                event,
            };
            let bytes = encode(&leaf).unwrap();
            peaks.append(leaf_hash(&bytes));
            kept.events.push((bytes.clone(), leaf_hash(&bytes).0.to_vec()));
        }
        let root = peaks.root();
        let checkpoint = Checkpoint { origin: NAME.to_owned(), size: peaks.size(), root };
        kept.checkpoints.push((peaks.size(), sign(&checkpoint, &keys)));
    }
    kept
}

fn check(kept: &Kept, beside: Option<&str>) -> Verification {
    check_by(kept, beside, key(2).public())
}

fn check_by(kept: &Kept, beside: Option<&str>, trusted: &LogVerifier) -> Verification {
    let mut log = match LogCheck::new(beside) {
        Ok(log) => log,
        Err(fault) => return LogCheck::default().fail(fault),
    };
    let mut checkpoints = kept.checkpoints.iter().peekable();
    for (rev, (leaf, hash)) in (0..).zip(&kept.events) {
        if let Err(fault) = log.event(rev, leaf, hash) {
            return log.fail(fault);
        }
        while let Some((size, note)) = checkpoints.next_if(|(size, _)| *size == rev + 1) {
            if let Err(fault) = log.checkpoint(*size, note, true) {
                return log.fail(fault);
            }
        }
    }
    for (size, note) in checkpoints {
        if let Err(fault) = log.checkpoint(*size, note, true) {
            return log.fail(fault);
        }
    }
    log.finish(Some(trusted))
}

fn last_note(kept: &Kept) -> String {
    kept.checkpoints.last().unwrap().1.clone()
}

#[test]
fn an_untouched_log_is_clean_and_says_who_signed_it() {
    let kept = small_log();
    let found = check(&kept, Some(&last_note(&kept)));
    assert_eq!(found.fault, None);
    assert_eq!((found.events, found.checkpoints, found.trusted_key), (6, 5, true));
    assert_eq!(found.signed_by, Some(key(2).public().to_string()));
    assert!(check(&kept, None).is_clean(), "a copy without the file beside it is whole as well");
    let older = &kept.checkpoints[2].1;
    assert!(check(&kept, Some(older)).is_clean(), "the file beside may be older");
}

#[test]
fn every_single_flipped_byte_is_found_and_its_revision_named() {
    let kept = small_log();
    let mut flips = 0;
    for rev in 0..kept.events.len() {
        for at in 0..kept.events[rev].0.len() {
            for bit in [0x01, 0x20, 0x80] {
                let mut touched = kept.clone();
                touched.events[rev].0[at] ^= bit;
                let fault = check(&touched, None).fault.expect("a flip in a leaf");
                assert_eq!(fault.revision, Some(rev as u64), "byte {at}: {fault}");
                flips += 1;
            }
        }
        for at in 0..32 {
            let mut touched = kept.clone();
            touched.events[rev].1[at] ^= 4;
            let fault = check(&touched, None).fault.expect("a flip in a hash");
            assert_eq!(fault.revision, Some(rev as u64), "{fault}");
        }
    }
    assert!(flips > 3000);
}

#[test]
fn every_flipped_byte_of_a_checkpoint_is_found() {
    let kept = small_log();
    for which in 0..kept.checkpoints.len() {
        let note = kept.checkpoints[which].1.clone().into_bytes();
        for at in 0..note.len() {
            let mut bytes = note.clone();
            bytes[at] ^= 1;
            let mut touched = kept.clone();
            touched.checkpoints[which].1 = String::from_utf8_lossy(&bytes).into_owned();
            let found = check(&touched, None);
            assert!(!found.is_clean(), "checkpoint {which} byte {at}");
        }
    }
}

#[test]
fn an_event_changed_together_with_its_hash_is_found_by_the_signed_root() {
    let kept = small_log();
    for rev in [1usize, 3, 5] {
        let mut touched = kept.clone();
        let text = String::from_utf8(touched.events[rev].0.clone()).unwrap();
        let leaf = text.replace("partner.added", "partner.edited").into_bytes();
        touched.events[rev] = (leaf.clone(), leaf_hash(&leaf).0.to_vec());
        let fault = check(&touched, None).fault.unwrap();
        // Events 2 and 3 share a checkpoint: the first of them is named, and the range is said.
        let named = if rev == 3 { 2 } else { rev as u64 };
        assert_eq!(fault.revision, Some(named), "{fault}");
    }
}

#[test]
fn what_was_cut_off_is_missed() {
    let kept = small_log();
    let note = last_note(&kept);
    let mut without_event = kept.clone();
    without_event.events.pop();
    insta::assert_snapshot!(check(&without_event, None), @"damaged at revision 5: the log was cut: a checkpoint is signed for 6 events and 5 are there");
    let mut without_both = without_event.clone();
    without_both.checkpoints.pop();
    insta::assert_snapshot!(check(&without_both, Some(&note)), @"damaged at revision 5: the log was cut: a checkpoint is signed for 6 events and 5 are there");
    let mut without_checkpoint = kept.clone();
    without_checkpoint.checkpoints.pop();
    insta::assert_snapshot!(check(&without_checkpoint, None), @"damaged at revision 5: the event is under no signed checkpoint");
    let mut hole = kept;
    hole.events.remove(2);
    assert_eq!(check(&hole, None).fault.unwrap().revision, Some(2));
}

#[test]
fn a_log_of_somebody_else_is_not_ours() {
    let kept = small_log();
    let mut log = LogCheck::new(None).unwrap();
    let (leaf, hash) = &kept.events[0];
    log.event(0, leaf, hash).unwrap();
    log.checkpoint(1, &kept.checkpoints[0].1, true).unwrap();
    let found = log.finish(Some(key(9).public()));
    assert!(found.fault.unwrap().why.contains("the trusted key is"));
    let elsewhere = Checkpoint { origin: NAME.to_owned(), size: 6, root: leaf_hash(b"x") };
    let beside = sign(&elsewhere, &[&key(2)]);
    assert_eq!(check(&kept, Some(&beside)).fault.unwrap().revision, Some(5));
    let forged = sign(&elsewhere, &[&key(9)]);
    assert!(check(&kept, Some(&forged)).fault.unwrap().why.contains("does not belong to it"));
    assert!(check(&kept, Some("")).fault.unwrap().why.contains("not a signed checkpoint"));
}

#[test]
fn a_rotation_needs_both_signatures() {
    let kept = small_log();
    let claimed = Checkpoint::claimed(&kept.checkpoints[3].1).unwrap();
    let (new, old) = (key(2), key(1));
    for keys in [vec![&new], vec![&old], vec![&old, &new], vec![&new, &old, &old]] {
        let mut touched = kept.clone();
        touched.checkpoints[3].1 = sign(&claimed, &keys);
        assert_eq!(check(&touched, None).fault.unwrap().revision, Some(4));
    }
}
