//! A log against what was kept of it elsewhere.

use portcullis_types::Wall;
use serde_json::json;

use super::{NAME, key};
use crate::*;

/// A log of `names`, one event and one checkpoint each after the first, signed by the genuine key.
fn log_of(names: &[&str]) -> (Vec<Vec<u8>>, Vec<String>, Tree) {
    let (mut tree, mut leaves, mut notes) = (Tree::default(), Vec::new(), Vec::new());
    let ours = key(1);
    let opened =
        json!({"type": "log.opened", "origin": NAME, "log_key": ours.public().to_string()});
    let named = names.iter().map(|name| json!({"type": "partner.added", "name": name}));
    for event in std::iter::once(opened).chain(named) {
        let actor = json!({"kind": "token", "id": "ops"});
        let leaf =
            Leaf { rev: tree.size(), at: Wall(1_700_000_000_000), actor, approved: None, event };
        let leaf = encode(&leaf).unwrap();
        tree.append(leaf_hash(&leaf));
        leaves.push(leaf);
        let (size, root) = (tree.size(), tree.root());
        notes.push(sign(&Checkpoint { origin: NAME.to_owned(), size, root }, &[&ours]));
    }
    (leaves, notes, tree)
}

fn check(names: &[&str], kept: &[String]) -> Verification {
    let (leaves, notes, _) = log_of(names);
    let kept = kept.iter().map(|text| Kept::read(text).unwrap()).collect();
    let mut log = LogCheck::default().against(kept);
    for ((rev, leaf), note) in (0..).zip(&leaves).zip(&notes) {
        let taken = log.event(rev, leaf, &leaf_hash(leaf).0);
        if let Err(fault) = taken.and_then(|()| log.checkpoint(rev + 1, note, true)) {
            return log.fail(fault);
        }
    }
    log.finish(Some(key(1).public()))
}

fn receipt(names: &[&str], index: u64, size: usize) -> String {
    let (leaves, notes, tree) = log_of(names);
    let hashes = tree.inclusion(index, size as u64).unwrap();
    let leaf = leaves.get(usize::try_from(index).unwrap()).cloned();
    Receipt { index, leaf, hashes, note: notes[size - 1].clone() }.to_string()
}

#[test]
fn a_log_that_went_on_agrees_with_what_was_kept() {
    let (_, notes, _) = log_of(&["a", "b"]);
    let kept = [notes[1].clone(), notes[2].clone(), receipt(&["a", "b"], 1, 3)];
    let found = check(&["a", "b", "c", "d"], &kept);
    assert_eq!((found.kept, found.trusted_key), (3, true));
    insta::assert_snapshot!(found, @"5 events and 5 signed checkpoints are as they were written, and agree with 3 things kept elsewhere");
    assert_eq!(
        check(&["a"], &[notes[0].clone()]).to_string().rsplit(", ").next(),
        Some("and agree with what was kept elsewhere")
    );
}

#[test]
fn a_history_rewritten_with_the_genuine_key_is_found_by_what_was_kept() {
    let (_, notes, _) = log_of(&["a", "b"]);
    assert!(check(&["A", "b", "c"], &[]).is_clean(), "the log alone can't tell");
    insta::assert_snapshot!(check(&["A", "b", "c"], &[notes[2].clone()]), @"damaged: the log was rewritten: its own key once signed another root for its first 3 events, XJj4UTt18jyKCFvS902dXms1QWNCkQRjEM+H+aDyb2Q= where it is tZY5s21z/YOA2GVZVWgAnTDCSaiDTjc97EjY9GT4+Z4= now");
    insta::assert_snapshot!(check(&["A", "b", "c"], &[receipt(&["a", "b"], 1, 3)]), @"damaged at revision 1: the log was rewritten: the receipt that was kept is about another event here");
    insta::assert_snapshot!(check(&["a", "B", "c"], &[receipt(&["a", "b"], 1, 3)]), @"damaged: the log was rewritten: its own key once signed another root for its first 3 events, XJj4UTt18jyKCFvS902dXms1QWNCkQRjEM+H+aDyb2Q= where it is zG+JH+CTTXlGknz7HnioiS/Z8iGtqLNUJQHUWy7H4wE= now");
    insta::assert_snapshot!(check(&["a"], &[notes[2].clone()]), @"damaged at revision 2: the log was cut: the checkpoint that was kept covers 3 events and 2 are there");
    let found = check(&["a", "B"], &[notes[1].clone()]);
    assert!(found.is_clean(), "an older checkpoint knows nothing of what came after it");
}

#[test]
fn what_somebody_else_signed_is_nothing_to_compare_with() {
    let (_, notes, _) = log_of(&["a"]);
    let claimed = Checkpoint::claimed(&notes[1]).unwrap();
    insta::assert_snapshot!(check(&["a"], &[sign(&claimed, &[&key(9)])]), @"damaged: the checkpoint of size 2 that was kept is not one of this log: it is not signed by gate.example/log+5bdbd508");
    let foreign = LogKey::from_seed("other.example/log", &[1; 32]).unwrap();
    let foreign = sign(
        &Checkpoint { origin: "other.example/log".to_owned(), ..claimed.clone() },
        &[&foreign],
    );
    insta::assert_snapshot!(check(&["a"], &[foreign]), @"damaged: the checkpoint of size 2 that was kept is not one of this log: it is of the log `other.example/log`");
    insta::assert_snapshot!(Kept::read("{}").unwrap_err(), @"it is neither a checkpoint nor a receipt of a log: `/log/checkpoint` of a gate gives the one, `portcullis audit receipt` the other");
    let bent = receipt(&["a", "b"], 1, 3).replace("index 1", "index 2");
    insta::assert_snapshot!(Kept::read(&bent).unwrap_err(), @"the receipt shows nothing: the event does not belong to its checkpoint: the proof has the wrong number of hashes");
    assert!(Kept::read(&sign(&Checkpoint { size: 0, ..claimed }, &[&key(1)])).is_err());
}
