//! What a leaf seals: put back whole, found by nobody without it, and never another.

use portcullis_types::Wall;
use serde_json::{Value, json};

use crate::*;

const PLACES: &[&str] = &["/actor/id", "/approver/id", "/event/case", "/event/why"];

fn plain(case: Option<&str>) -> (Leaf<Value, Value>, Vec<u8>) {
    let mut event = json!({"type": "standing.held", "tell": "We look into \"v\":2."});
    if let Some(case) = case {
        event["case"] = case.into();
    }
    let actor = json!({"kind": "person", "id": "ana@platform.example"});
    let approved = Some(Approved { by: json!({"kind": "person", "id": "ben"}), proposal: 3 });
    let leaf = Leaf { rev: 7, at: Wall(0), actor, approved, event };
    let bytes = encode(&leaf).unwrap();
    (leaf, bytes)
}

#[test]
fn what_is_sealed_is_in_no_leaf_and_comes_back_whole() {
    let (leaf, bytes) = plain(Some("hyp3r-2026"));
    let one = seal(&bytes, PLACES, &[7; 32]).unwrap().unwrap();
    let digest = sealed(&one.leaf).unwrap();
    let shown = String::from_utf8(one.leaf.clone()).unwrap().replace(digest, "DIGEST");
    insta::assert_snapshot!(shown, @r#"{"actor":{"kind":"person"},"approver":{"kind":"person"},"event":{"tell":"We look into \"v\":2.","type":"standing.held"},"proposal":3,"rev":7,"sealed":"DIGEST","ts":"1970-01-01T00:00:00.000Z","v":2}"#);
    insta::assert_snapshot!(std::str::from_utf8(&one.opening).unwrap(), @r#"{"members":{"/actor/id":"ana@platform.example","/approver/id":"ben","/event/case":"hyp3r-2026"},"salt":"0707070707070707070707070707070707070707070707070707070707070707"}"#);
    assert_eq!(decode(&one.leaf, Some(&one.opening)), Ok(leaf.clone()));
    assert_eq!(read(&one.leaf, Some(&one.opening)), Ok(leaf));
    let other = seal(&bytes, PLACES, &[8; 32]).unwrap().unwrap();
    assert_ne!(Some(digest), sealed(&other.leaf), "nobody finds a member by trying");
    let missing = read::<Value, Value>(&one.leaf, None).unwrap_err().to_string();
    insta::assert_snapshot!(missing.replace(digest, "DIGEST"), @"what the leaf seals under the digest `DIGEST` is missing or was changed");
    assert!(read::<Value, Value>(&one.leaf, Some(&other.opening)).is_err(), "that of another leaf");
    assert!(opens(&one.leaf, &one.opening) && !opens(&one.leaf, &other.opening));
}

#[test]
fn a_leaf_with_nothing_to_seal_stays_as_it_is() {
    let (leaf, bytes) = plain(None);
    assert_eq!(seal(&bytes, &["/event/case"], &[7; 32]), Ok(None));
    assert_eq!((sealed(&bytes), decode(&bytes, None)), (None, Ok(leaf)));
    assert!(!opens(&bytes, b""));
}

#[test]
fn a_sealed_leaf_has_one_spelling_and_a_bound_too() {
    let (_, bytes) = plain(Some("c1"));
    let Sealed { leaf, opening } = seal(&bytes, PLACES, &[7; 32]).unwrap().unwrap();
    let digest = sealed(&leaf).unwrap();
    let text = std::str::from_utf8(&leaf).unwrap();
    for changed in [
        text.replace("\"rev\":7", "\"rev\": 7"),
        text.replace(
            "{\"kind\":\"person\"},\"approver\"",
            "{\"id\":\"x\",\"kind\":\"person\"},\"approver\"",
        ),
        text.replace("\"v\":2", "\"v\":1"),
        text.replace(digest, &digest.to_uppercase()),
        text.replace(&format!("\"sealed\":\"{digest}\","), ""),
        text.replace("\"approver\":{\"kind\":\"person\"},", ""),
        text.replace(
            "{\"kind\":\"person\"},\"event\"",
            "{\"kind\":\"person\",\"kind\":\"person\"},\"event\"",
        ),
    ] {
        assert_ne!(changed, text);
        assert!(decode::<Value, Value>(changed.as_bytes(), Some(&opening)).is_err(), "{changed}");
    }
    let (mut long, _) = plain(Some("c1"));
    long.event["tell"] = "x".repeat(LEAF_BYTES_MAX - 250).into();
    let long = encode(&long).unwrap();
    let short = &["/event/case"];
    assert!(
        matches!(seal(&long, short, &[7; 32]), Err(LeafError::TooLarge { .. })),
        "{}",
        long.len()
    );
}
