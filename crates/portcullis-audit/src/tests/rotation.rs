//! Keys of a log that follow one another, with a time in which two sign.

use serde_json::json;

use super::{NAME, check_by, key, last_note, written};
use crate::*;

/// A log of key 1, then key 2, then key 3; each step after the first says who signs it.
fn rotated(signers: &[(bool, &[u8])]) -> super::Kept {
    let keys = [1, 2, 3].map(key);
    let named = |at: usize| keys[at - 1].public().to_string();
    let mut newest = 1;
    let mut steps = vec![(
        vec![json!({"type": "log.opened", "origin": NAME, "log_key": named(1)})],
        vec![&keys[0]],
    )];
    for (rotates, by) in signers {
        let event = if *rotates {
            newest += 1;
            json!({"type": "secret.rotated", "what": "log_key", "fingerprint": "x", "log_key": named(newest)})
        } else {
            json!({"type": "partner.added", "partner": "p", "name": "P"})
        };
        steps.push((vec![event], by.iter().map(|key| &keys[usize::from(*key) - 1]).collect()));
    }
    written(steps)
}

#[test]
fn two_keys_sign_for_a_time_and_whoever_knows_either_believes_the_log() {
    let on = |signers: &[(bool, &[u8])], trusted: u8| {
        check_by(&rotated(signers), None, key(trusted).public()).to_string()
    };
    let overlap: &[(bool, &[u8])] = &[(true, &[2, 1]), (false, &[2, 1]), (false, &[2, 1])];
    for trusted in [1, 2] {
        assert_eq!(
            on(overlap, trusted),
            "4 events and 4 signed checkpoints are as they were written"
        );
    }
    assert!(on(overlap, 3).contains("the trusted key is"));
    let over = [overlap, &[(false, &[2])]].concat();
    assert!(on(&over, 2).starts_with("5 events"));
    assert!(on(&over, 1).contains("the trusted key is"), "the old key signs no more");
    let again = [overlap, &[(true, &[3, 2]), (false, &[3, 2])]].concat();
    assert!(on(&again, 3).starts_with("6 events") && on(&again, 2).starts_with("6 events"));
    assert!(on(&again, 1).contains("the trusted key is"), "two keys are the most");
    for (what, steps) in [
        ("a rotation by the new key alone", vec![(true, &[2][..])]),
        ("a rotation by the old key alone", vec![(true, &[1][..])]),
        ("the old key alone, later", vec![(true, &[2, 1][..]), (false, &[1][..])]),
        ("both in the other order", vec![(true, &[2, 1][..]), (false, &[1, 2][..])]),
        ("a key that never was", vec![(true, &[2, 1][..]), (false, &[2, 3][..])]),
        (
            "the key before the last",
            vec![(true, &[2, 1][..]), (true, &[3, 2][..]), (false, &[3, 1][..])],
        ),
        ("a rotation by new and first", vec![(true, &[2, 1][..]), (true, &[3, 1][..])]),
    ] {
        let last = steps.len() as u64;
        let fault = check_by(&rotated(&steps), None, key(2).public()).fault;
        assert_eq!(fault.expect(what).revision, Some(last), "{what}");
    }
}

#[test]
fn a_copy_beside_from_the_time_of_two_keys_belongs_to_the_log() {
    let overlap = rotated(&[(true, &[2, 1]), (false, &[2, 1])]);
    let grown = rotated(&[(true, &[2, 1]), (false, &[2, 1]), (false, &[2])]);
    let beside = last_note(&overlap);
    assert!(check_by(&grown, Some(&beside), key(2).public()).is_clean());
    for known in [1, 2] {
        assert!(Checkpoint::signed_by(&beside, key(known).public()).is_ok());
    }
}
