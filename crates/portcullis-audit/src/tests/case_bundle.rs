//! A bundle holds as it was sealed, and every change of it is found.

use sha2::Digest as _;

use super::*;

/// A log of a dozen events, three of which belong to the case, and the bundle of them.
fn bundle() -> (CaseBundle, LogKey) {
    let key = super::key(7);
    let body = "What was found.";
    let sha256 = Hash(sha2::Sha256::digest(body).into()).to_hex();
    let leaf = |rev: u64, event: &str| format!(r#"{{"event":{event},"rev":{rev},"v":1}}"#);
    let head = BundleHead { bundle: 1, case: "c-1".to_owned(), origin: NAME.to_owned() };
    let named = format!(r#"{{"note":"{sha256}","type":"case.noted"}}"#);
    let at = [2u64, 5, 9];
    let mut leaves: Vec<String> = (0..12).map(|rev| leaf(rev, r#"{"type":"other"}"#)).collect();
    leaves[5] = leaf(5, &named);
    let event =
        |rev: u64| BundleEvent { event: rev, leaf: leaves[usize::try_from(rev).unwrap()].clone() };
    let events: Vec<_> = at.into_iter().map(event).collect();
    let content = BundleContent {
        content: "note".to_owned(),
        sha256: sha256.clone(),
        text: Some(body.to_owned()),
        base64: None,
    };
    let contents = vec![content];
    let digest = CaseBundle::digest(&head, &events, &contents);
    let seal = leaf(12, &format!(r#"{{"case":"c-1","digest":"{digest}","type":"case.exported"}}"#));
    leaves.push(seal.clone());
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf.as_bytes())).collect();
    let mut tree = Tree::default();
    hashes.iter().for_each(|hash| tree.append(*hash));
    let checkpoint =
        Checkpoint { origin: head.origin.clone(), size: tree.size(), root: tree.root() };
    let proof = |rev: u64| {
        let hashes = tree.inclusion(rev, tree.size()).unwrap();
        BundleProof { proof: rev, hashes: hashes.iter().map(Hash::to_base64).collect() }
    };
    let proofs = at.into_iter().chain([12]).map(proof).collect();
    let seal = BundleEvent { event: 12, leaf: seal };
    let checkpoint = sign(&checkpoint, &[&key]);
    (CaseBundle { head, events, contents, seal, proofs, checkpoint }, key)
}

fn verified(text: &str, key: &LogKey) -> Result<BundleCovers, BundleFault> {
    text.parse::<CaseBundle>()?.verify(key.public())
}

#[test]
fn a_bundle_says_what_it_covers() {
    let (bundle, key) = bundle();
    let covers = verified(&bundle.to_string(), &key).unwrap();
    assert_eq!((covers.events, covers.from, covers.seal), (3, 2, 12));
    assert_eq!(covers.contents, [("note".to_owned(), 1, 0)]);
    let other = super::key(8);
    assert!(matches!(verified(&bundle.to_string(), &other), Err(BundleFault::Checkpoint(_))));
}

#[test]
fn a_byte_that_was_flipped_anywhere_is_found() {
    let (bundle, key) = bundle();
    let text = bundle.to_string();
    let mut seen = std::collections::BTreeSet::new();
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(changed) = String::from_utf8(bytes) else { continue };
        let fault = verified(&changed, &key).expect_err(&format!("byte {at}"));
        seen.insert(fault.to_string().split([':', '`']).next().unwrap().trim().to_owned());
    }
    insta::assert_snapshot!(seen.into_iter().collect::<Vec<_>>().join("\n"), @r"
        event 12 does not seal a bundle of this case
        event 12 was changed, or its proof was
        event 2 was changed, or its proof was
        event 5 was changed, or its proof was
        event 9 was changed, or its proof was
        line 1 of the bundle was changed
        line 10 of the bundle was changed
        line 11 of the bundle was changed
        line 2 of the bundle was changed
        line 3 of the bundle was changed
        line 4 of the bundle was changed
        line 5 of the bundle was changed
        line 6 of the bundle was changed
        line 7 of the bundle was changed
        line 8 of the bundle was changed
        line 9 of the bundle was changed
        note
        the bundle is not the one that event 12 sealed
        the checkpoint can't be believed
        the proofs are not those of the events, one each and in order
        ");
}

#[test]
fn what_was_added_left_out_or_moved_is_found() {
    let (bundle, key) = bundle();
    let lines: Vec<String> = bundle.to_string().split_inclusive('\n').map(str::to_owned).collect();
    let mut told = Vec::new();
    for at in 0..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(at);
        let mut twice = lines.clone();
        twice.insert(at, lines[at].clone());
        for (what, lines) in [("without", fewer), ("twice", twice)] {
            let fault = verified(&lines.concat(), &key).unwrap_err();
            told.push(format!("{what} line {}: {fault}", at + 1));
        }
    }
    let mut stray = bundle.clone();
    stray.contents[0].sha256 = Hash(sha2::Sha256::digest("x").into()).to_hex();
    stray.contents[0].text = Some("x".to_owned());
    told.push(format!("another content: {}", verified(&stray.to_string(), &key).unwrap_err()));
    insta::assert_snapshot!(told.join("\n"));
}
