//! Known vectors of the formats, laws of the proofs, and bytes of no sense.

use portcullis_types::Wall;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{NAME, key};
use crate::encoding::{from_hex, to_hex};
use crate::*;

/// Inputs and roots that implementations of RFC 6962 are commonly tested with.
const INPUTS: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

#[test]
fn roots_are_those_of_rfc_6962() {
    let (mut tree, mut peaks) = (Tree::default(), Peaks::default());
    assert_eq!(
        tree.root().to_hex(),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    for (input, root) in INPUTS.iter().zip(ROOTS) {
        let leaf: Vec<u8> = input
            .as_bytes()
            .chunks(2)
            .map(|pair| from_hex::<1>(std::str::from_utf8(pair).unwrap()).unwrap()[0])
            .collect();
        tree.append(leaf_hash(&leaf));
        peaks.append(leaf_hash(&leaf));
        assert_eq!((tree.root().to_hex(), to_hex(&peaks.root().0)), (root.into(), root.into()));
    }
}

#[test]
fn a_public_key_and_a_note_of_another_implementation_are_believed() {
    // The example of golang.org/x/mod/sumdb/note.
    let key: LogVerifier =
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse().unwrap();
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    let word = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
    assert!(key.accepts(text.as_bytes(), word));
    assert!(!key.accepts(b"another text", word));
}

#[test]
fn a_log_key_reads_hex_and_base64_and_never_shows_itself() {
    let hex = "0b".repeat(32);
    let key = LogKey::from_text(NAME, &format!(" {hex}\n")).unwrap();
    let base64 = "CwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCws=";
    assert_eq!(LogKey::from_text(NAME, base64).unwrap().public(), key.public());
    assert!(!format!("{key:?}").contains("0b0b"));
    assert_eq!(key.public().to_string().parse::<LogVerifier>().unwrap(), *key.public());
    let error = LogKey::from_text(NAME, "secret-but-short").unwrap_err();
    insta::assert_snapshot!(error, @"the log key must be 32 bytes as 64 hex digits or as base64; `openssl rand -hex 32` makes one");
    assert!(LogKey::from_seed("two words", &[0; 32]).is_err());
    assert!("x+00000000+AAAA".parse::<LogVerifier>().is_err());
}

#[test]
fn a_leaf_has_one_spelling_and_a_bound() {
    let leaf = Leaf {
        rev: 7,
        at: Wall(0),
        actor: json!({"b": 1, "a": "é"}),
        approved: None,
        event: json!({"z": [1, 2]}),
    };
    let bytes = encode(&leaf).unwrap();
    insta::assert_snapshot!(std::str::from_utf8(&bytes).unwrap(), @r#"{"actor":{"a":"é","b":1},"event":{"z":[1,2]},"rev":7,"ts":"1970-01-01T00:00:00.000Z","v":1}"#);
    assert_eq!(decode::<Value, Value>(&bytes, None).unwrap(), leaf);
    let spaced = String::from_utf8(bytes).unwrap().replace("\"rev\":7", "\"rev\": 7");
    assert_eq!(decode::<Value, Value>(spaced.as_bytes(), None), Err(LeafError::NotCanonical));
    let long = Leaf { event: json!("x".repeat(LEAF_BYTES_MAX)), ..leaf };
    assert!(matches!(encode(&long), Err(LeafError::TooLarge { .. })));
}

fn tree_of(size: u64) -> Tree {
    let mut tree = Tree::default();
    (0..size).for_each(|n| tree.append(leaf_hash(&n.to_be_bytes())));
    tree
}

#[test]
fn every_proof_of_a_small_log_holds_and_no_altered_one_does() {
    let tree = tree_of(33);
    for size in 1..=33 {
        let root = tree.root_at(size).unwrap();
        for index in 0..size {
            let leaf = leaf_hash(&index.to_be_bytes());
            let proof = tree.inclusion(index, size).unwrap();
            assert_eq!(verify_inclusion(&leaf, index, size, &proof, &root), Ok(()));
            assert!(verify_inclusion(&leaf_hash(b"x"), index, size, &proof, &root).is_err());
            for at in 0..proof.len() {
                let mut bad = proof.clone();
                bad[at].0[0] ^= 1;
                assert!(verify_inclusion(&leaf, index, size, &bad, &root).is_err());
                bad.remove(at);
                assert!(verify_inclusion(&leaf, index, size, &bad, &root).is_err());
            }
        }
        for old in 1..=size {
            let proof = tree.consistency(old, size).unwrap();
            let before = tree.root_at(old).unwrap();
            assert_eq!(verify_consistency((old, &before), (size, &root), &proof), Ok(()));
            let other = leaf_hash(b"x");
            assert!(verify_consistency((old, &other), (size, &root), &proof).is_err());
            assert!(verify_consistency((old, &before), (size, &other), &proof).is_err());
        }
    }
    assert_eq!(
        (tree.inclusion(33, 33), tree.consistency(0, 3), tree.root_at(34)),
        (None, None, None)
    );
}

proptest! {
    #[test]
    fn proofs_hold_at_any_size(size in 1u64..600, a in 0u64..600, b in 1u64..600) {
        let (index, old) = (a % size, 1 + b % size);
        let tree = tree_of(size);
        let root = tree.root();
        let proof = tree.inclusion(index, size).unwrap();
        prop_assert_eq!(verify_inclusion(&leaf_hash(&index.to_be_bytes()), index, size, &proof, &root), Ok(()));
        let proof = tree.consistency(old, size).unwrap();
        let before = tree.root_at(old).unwrap();
        prop_assert_eq!(verify_consistency((old, &before), (size, &root), &proof), Ok(()));
        let mut peaks = Peaks::default();
        (0..size).for_each(|n| peaks.append(leaf_hash(&n.to_be_bytes())));
        prop_assert_eq!(peaks.root(), root);
    }

    #[test]
    fn no_bytes_stop_the_readers(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in "\\PC{0,200}") {
        let _ = decode::<Value, Value>(&bytes, None);
        let _ = Checkpoint::claimed(&String::from_utf8_lossy(&bytes));
        let _ = Checkpoint::open(&text, &[key(1).public()]);
        let _ = text.parse::<LogVerifier>();
        let _ = wall_of(&text);
        let _ = LogCheck::default().event(0, &bytes, leaf_hash(&bytes).0.as_slice());
    }
}
