//! The witness: what it signs, and everything that it does not.

use super::{NAME, key};
use crate::*;

const SEED: &str = "4242424242424242424242424242424242424242424242424242424242424242";

fn witness() -> Witness {
    let key_of = WitnessKey::from_text("witness.example/w1", SEED).unwrap();
    Witness::new(key_of, vec![key(1).public().clone()])
}

/// A log of so many events; from the given place on it tells another story.
fn tree(size: u64, forked: u64) -> Tree {
    let mut tree = Tree::default();
    for at in 0..size {
        let story = if at < forked { "a" } else { "b" };
        tree.append(leaf_hash(format!("{story}{at}").as_bytes()));
    }
    tree
}

fn checkpoint(tree: &Tree) -> Checkpoint {
    Checkpoint { origin: NAME.to_owned(), size: tree.size(), root: tree.root() }
}

fn request(tree: &Tree, old: u64) -> AddCheckpoint {
    let proof = tree.consistency(old, tree.size()).unwrap_or_default();
    AddCheckpoint { old, proof, note: sign(&checkpoint(tree), &[&key(1)]) }
}

/// What the witness says to a request, whose last signed checkpoint is of this log.
fn answer(request: &AddCheckpoint, last: Option<&Tree>) -> Result<u64, String> {
    let read: AddCheckpoint =
        request.to_string().parse().map_err(|e: WitnessError| e.to_string())?;
    assert_eq!(&read, request);
    let last = last.map(checkpoint);
    let now = witness().opened(&read.note);
    let now = now.and_then(|now| Witness::grew(&read, &now, last.as_ref()).map(|()| now));
    now.map(|now| now.size).map_err(|error| error.to_string())
}

#[test]
fn a_log_that_only_grew_is_signed_from_any_size_to_any_other() {
    for old in 0..20 {
        for new in old.max(1)..20 {
            let last = (old > 0).then(|| tree(old, u64::MAX));
            assert_eq!(answer(&request(&tree(new, u64::MAX), old), last.as_ref()), Ok(new));
        }
    }
}

#[test]
fn a_log_with_two_histories_is_signed_from_no_size_to_any_other() {
    for old in 1..20 {
        for new in old..20 {
            for forked in 0..old {
                let refused = answer(&request(&tree(new, forked), old), Some(&tree(old, u64::MAX)));
                assert!(refused.is_err(), "from {old} to {new}, forked at {forked}");
            }
        }
    }
}

#[test]
fn each_refusal_says_what_is_wrong() {
    let (five, nine) = (tree(5, u64::MAX), tree(9, u64::MAX));
    let good = request(&nine, 5);
    let with = |change: fn(&mut AddCheckpoint)| {
        let mut request = good.clone();
        change(&mut request);
        request
    };
    let other_key = sign(&checkpoint(&nine), &[&key(2)]);
    let rows = [
        ("sent twice", good.clone(), Some(&nine)),
        ("an old size of its own", with(|r| r.old = 4), Some(&five)),
        ("an old size where there was none", good.clone(), None),
        ("no old size where there was one", request(&nine, 0), Some(&five)),
        ("backwards", with(|r| r.old = 10), Some(&five)),
        ("without the proof", with(|r| r.proof.clear()), Some(&five)),
        ("a hash too many", with(|r| r.proof.push(Hash([0; 32]))), Some(&five)),
        ("a hash of something else", with(|r| r.proof[0] = Hash([0; 32])), Some(&five)),
        ("a proof from nothing", AddCheckpoint { old: 0, ..good.clone() }, None),
        ("forked at the same size", request(&tree(5, 2), 5), Some(&five)),
        ("another key", AddCheckpoint { note: other_key, ..good.clone() }, Some(&five)),
        ("another log", with(|r| r.note = r.note.replace("gate", "gaol")), Some(&five)),
        ("no note", with(|r| r.note = "hello\n".to_owned()), Some(&five)),
        ("too many hashes", with(|r| r.proof = vec![Hash([0; 32]); 64]), Some(&five)),
    ];
    let said = rows.map(|(name, request, last)| match answer(&request, last) {
        Ok(size) => format!("{name}: signed {size}"),
        Err(why) => format!("{name}: {why}"),
    });
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn only_one_spelling_of_a_request_is_read() {
    let good = request(&tree(9, u64::MAX), 5).to_string();
    assert!(good.parse::<AddCheckpoint>().is_ok());
    for bad in [
        good.replace("old 5", "old 05"),
        good.replace("old 5", "old +5"),
        good.replace("old 5", "old  5"),
        good.replace("old 5", "old 5\r"),
        good.replace("old 5", "OLD 5"),
        good.replace("old 5\n", "old 5\n\n"),
        good.replacen("\n\n", "\n", 1),
        String::new(),
    ] {
        let read = bad.parse::<AddCheckpoint>();
        let opened = read.and_then(|read| witness().opened(&read.note));
        assert!(opened.is_err(), "{bad}");
    }
}

#[test]
fn a_cosigned_checkpoint_is_believed_by_log_and_witness_key_and_by_no_other() {
    let (nine, witness) = (tree(9, u64::MAX), witness());
    let mut note = sign(&checkpoint(&nine), &[&key(1)]);
    let public = witness.key().public();
    assert_eq!(public.signed(&note), Ok(None));
    let line = witness.sign(&checkpoint(&nine), 1_711_886_400);
    assert_eq!(public.line_of(&checkpoint(&nine), &line), Some(line.as_str()));
    assert_eq!(public.line_of(&checkpoint(&tree(8, 0)), &line), None);
    note.push_str(&line);
    assert_eq!(public.signed(&note), Ok(Some(1_711_886_400)));
    assert_eq!(Checkpoint::signed_by(&note, key(1).public()).unwrap(), checkpoint(&nine));
    assert_eq!(witness.opened(&note).unwrap(), checkpoint(&nine));
    let text = public.to_string();
    assert_eq!(text.parse::<WitnessVerifier>().as_ref(), Ok(public));
    assert!(text.parse::<LogVerifier>().is_err(), "a witness's key is no log's");
    assert!(key(1).public().to_string().parse::<WitnessVerifier>().is_err());
    for at in note.find("witness").unwrap()..note.len() {
        let mut bytes = note.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(flipped) = String::from_utf8(bytes) else { continue };
        assert!(!matches!(public.signed(&flipped), Ok(Some(_))), "byte {at}");
    }
}

#[test]
fn the_cosignature_of_the_specification_has_its_parts_where_they_belong() {
    let word = "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";
    let example = crate::encoding::from_base64(word).unwrap();
    let line = witness().sign(&checkpoint(&tree(9, u64::MAX)), 1_679_315_147);
    let ours = crate::encoding::from_base64(line.trim_end().rsplit(' ').next().unwrap()).unwrap();
    assert_eq!(ours.len(), example.len());
    assert_eq!(ours[4..12], example[4..12], "the time, which the specification also names");
}

#[test]
fn a_witness_key_never_prints_its_secret() {
    assert!(!format!("{:?}", witness().key()).contains("4242"));
}
