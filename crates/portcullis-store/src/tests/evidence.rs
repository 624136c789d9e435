//! Tiles, receipts and proofs of a stored log.

use portcullis_audit::{
    Checkpoint, Kept, Nodes as _, Tile, TileKind, Tree, leaf_hash, unbundle, unhash,
    verify_consistency,
};
use portcullis_registry::{Office, OfficeError};
use portcullis_types::Revision;

use super::*;

/// The tree over all that is stored, from the leaves.
async fn grown(office: &OfficeHandle) -> (Tree, Vec<Vec<u8>>) {
    let (mut tree, mut leaves) = (Tree::default(), Vec::new());
    loop {
        let part = office.events(Revision(tree.size()), 1000).await.unwrap();
        if part.is_empty() {
            return (tree, leaves);
        }
        for event in part {
            tree.append(leaf_hash(event.leaf.as_bytes()));
            leaves.push(event.leaf.into_bytes());
        }
    }
}

async fn office_with(path: &Path, keys: u64) -> OfficeHandle {
    let office = office(path).await;
    ask(&office, add_partner("acme")).await.unwrap();
    for n in 0..keys {
        ask(&office, issue_key("acme", n)).await.unwrap();
    }
    office
}

#[tokio::test]
async fn all_tiles_of_a_log_are_there_and_no_other_one() {
    let (_dir, path) = place();
    let office = office_with(&path, 300).await;
    for more in 0..3 {
        let (tree, leaves) = grown(&office).await;
        let size = tree.size();
        assert_eq!(size, 302 + more, "opened, a partner, its keys");
        for tile in Tile::all(size) {
            let content = office.tile(tile).await.unwrap().unwrap();
            match tile.kind {
                TileKind::Entries => {
                    let first = usize::try_from(tile.first()).unwrap();
                    let range = first..first + usize::from(tile.width);
                    assert_eq!(unbundle(&content).unwrap(), leaves[range]);
                }
                TileKind::Hashes(_) => {
                    assert_eq!(content, tile.hashes(&tree).unwrap(), "{tile}");
                    assert_eq!(unhash(&content).unwrap().len(), usize::from(tile.width));
                }
            }
        }
        for beyond in ["tile/0/001", "tile/0/002.p/1", "tile/1/000.p/2", "tile/2/000.p/1"] {
            assert_eq!(office.tile(beyond.parse().unwrap()).await.unwrap(), None, "{beyond}");
        }
        ask(&office, issue_key("acme", 1000 + more)).await.unwrap();
    }
    office.close().await;
}

#[tokio::test]
async fn each_event_has_a_receipt_and_each_checkpoint_is_the_beginning_of_the_next() {
    let (_dir, path) = place();
    let office = office_with(&path, 258).await;
    let (tree, leaves) = grown(&office).await;
    let newest = Checkpoint::claimed(&office.checkpoint().await.unwrap()).unwrap();
    for (rev, leaf) in (0..).zip(&leaves) {
        let receipt = office.receipt(Revision(rev)).await.unwrap();
        assert_eq!((receipt.index, receipt.leaf.as_ref()), (rev, Some(leaf)));
        assert_eq!(receipt.verify(log_key(1).public()), Ok(newest.clone()));
    }
    for (size, note) in office.checkpoints(1, 1000).await.unwrap() {
        let older = Checkpoint::claimed(&note).unwrap();
        let proof = office.consistency(size, tree.size()).await.unwrap().unwrap();
        let shown = verify_consistency((size, &older.root), (newest.size, &newest.root), &proof);
        assert_eq!(shown, Ok(()), "{size}");
    }
    assert_eq!(office.consistency(100, 200).await.unwrap(), tree.consistency(100, 200));
    for (from, to) in [(0, 9), (9, 8), (9, tree.size() + 1), (u64::MAX, u64::MAX)] {
        assert_eq!(office.consistency(from, to).await.unwrap(), None, "{from} to {to}");
    }
    let beyond = office.receipt(Revision(tree.size())).await.unwrap_err();
    assert!(matches!(beyond, OfficeError::NoSuchEvent { .. }));
    insta::assert_snapshot!(beyond, @"there is no event 260 yet; the newest is 259");
}

#[tokio::test]
async fn nothing_is_shown_from_rows_that_were_touched() {
    let (_dir, path) = place();
    office_with(&path, 20).await.close().await;
    let mut writer = crate::database::writer(&path).await.unwrap();
    let sql = "UPDATE events SET hash = zeroblob(32) WHERE rev = 7";
    sqlx::query(sql).execute(&mut writer).await.unwrap();
    crate::database::close(writer).await;
    // As a gate that was running while somebody else changed the file.
    let opened = open(&path).await;
    assert!(opened.is_err());
    let reader = OfficeHandle::reading(&path, log_key(1).public().clone());
    insta::assert_snapshot!(reader.receipt(Revision(3)).await.unwrap_err(), @"the store can't be read: its first 22 events do not lead to the root that is signed for them; `portcullis audit verify` says which one was changed");
    assert!(reader.tile("tile/0/000.p/9".parse().unwrap()).await.is_err());
    assert!(!reader.verify(Vec::new()).await.unwrap().is_clean());
}

#[tokio::test]
async fn a_store_is_compared_with_what_was_kept_of_it() {
    let (dir, path) = place();
    let office = office_with(&path, 3).await;
    let receipt = office.receipt(Revision(2)).await.unwrap().to_string();
    let checkpoint = office.checkpoint().await.unwrap();
    ask(&office, hold(key(1))).await.unwrap();
    let kept = || vec![Kept::read(&receipt).unwrap(), Kept::read(&checkpoint).unwrap()];
    let found = office.verify(kept()).await.unwrap();
    assert!(found.is_clean() && found.kept == 2, "{found}");
    office.close().await;
    // Somebody with the genuine key begins again and leaves out what must not be known.
    let other = dir.path().join("other/portcullis.db");
    let forged = super::office(&other).await;
    for n in 0..4 {
        ask(&forged, add_partner(&format!("p{n}"))).await.unwrap();
    }
    forged.close().await;
    let log_key = log_key(1);
    let clean = Store::inspect_against(&other, Some(log_key.public()), Vec::new()).await.unwrap();
    assert!(clean.is_clean(), "{clean}");
    for (at, kept) in kept().into_iter().enumerate() {
        let found = Store::inspect_against(&other, Some(log_key.public()), vec![kept]).await;
        let said = found.unwrap().fault.unwrap().why;
        assert!(said.starts_with("the log was rewritten"), "{at}: {said}");
    }
}
