//! Names and contents of tiles, and proofs from a spine with a few runs.

use proptest::prelude::*;

use super::NAME;
use crate::*;

fn tree_of(size: u64) -> Tree {
    let mut tree = Tree::default();
    (0..size).for_each(|n| tree.append(leaf_hash(&n.to_be_bytes())));
    tree
}

fn spine_of(tree: &Tree) -> Spine {
    let mut spine = Spine::default();
    while spine.covered() + 256 <= tree.size() {
        let run = spine.covered()..spine.covered() + 256;
        spine.append(&run.filter_map(|at| tree.node(0, at)).collect::<Vec<_>>());
    }
    spine
}

fn spread<'a>(spine: &'a Spine, tree: &Tree, leaves: &[u64], size: u64) -> Spread<'a> {
    let mut spread = Spread::new(spine, size);
    for (first, count) in Spine::wanted(leaves, size) {
        let run = first..first + count as u64;
        spread.add(first, run.filter_map(|at| tree.node(0, at)).collect());
    }
    spread
}

#[test]
fn a_tile_has_one_path_and_a_path_one_tile() {
    #[track_caller]
    fn check(path: &str, kind: TileKind, index: u64, width: u16) {
        let tile = Tile { kind, index, width };
        assert_eq!((tile.to_string().as_str(), path.parse()), (path, Ok(tile)));
    }
    check("tile/0/000", TileKind::Hashes(0), 0, 256);
    check("tile/0/999.p/1", TileKind::Hashes(0), 999, 1);
    check("tile/0/x001/000", TileKind::Hashes(0), 1000, 256);
    check("tile/3/x001/x234/067", TileKind::Hashes(3), 1_234_067, 256);
    check("tile/entries/x001/x234/067.p/255", TileKind::Entries, 1_234_067, 255);
    for bad in [
        "",
        "tile",
        "tile/0",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/00/000",
        "tile/-1/000",
        "tile/256/000",
        "tile/data/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/x000/000",
        "/tile/0/000",
        "tile/0/../000",
        "tile/0/000/",
        "tile/0/+00",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert!(bad.parse::<Tile>().is_err(), "{bad}");
    }
    let error = "tile/0/0".parse::<Tile>().unwrap_err();
    insta::assert_snapshot!(error, @"`tile/0/0` is no path of a tile: it has the form `tile/LEVEL/NUMBER` or `tile/entries/NUMBER`, and ends with `.p/WIDTH` where it is not full");
}

#[test]
fn a_log_of_seventy_thousand_has_the_tiles_of_the_standards_own_example() {
    let of = |kind| move |tile: &Tile| tile.kind == kind;
    let tiles: Vec<Tile> = Tile::all(70_000).collect();
    let leaves: Vec<_> = tiles.iter().copied().filter(of(TileKind::Hashes(0))).collect();
    assert_eq!(leaves.iter().filter(|tile| tile.is_full()).count(), 273);
    assert_eq!(leaves.last().unwrap().to_string(), "tile/0/273.p/112");
    let above: Vec<_> =
        tiles.iter().filter(|tile| matches!(tile.kind, TileKind::Hashes(1..))).collect();
    let above: Vec<_> = above.iter().map(ToString::to_string).collect();
    assert_eq!(above, ["tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]);
    assert_eq!(tiles.iter().filter(|tile| of(TileKind::Entries)(tile)).count(), 274);
    assert_eq!(Tile::all(0).count(), 0);
    let small: Vec<_> = Tile::all(256).map(|tile| tile.to_string()).collect();
    assert_eq!(small, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
}

#[test]
fn entries_stand_in_a_tile_with_their_lengths() {
    let entries: [&[u8]; 3] = [b"one", b"", b"three"];
    let content = bundle(entries).unwrap();
    assert_eq!(content, b"\x00\x03one\x00\x00\x00\x05three");
    assert_eq!(unbundle(&content).unwrap(), entries);
    for cut in 1..content.len() {
        let whole = matches!(cut, 5 | 7);
        assert_eq!(unbundle(&content[..cut]).is_some(), whole, "{cut}");
    }
    assert_eq!(bundle([vec![0; 65_536].as_slice()]), None);
    assert_eq!(unhash(&[0; 33]), None);
}

#[test]
fn a_receipt_reads_as_it_is_written_and_shows_its_event_and_no_other() {
    let key = super::key(1);
    let mut tree = tree_of(300);
    tree.append(leaf_hash(b"it"));
    let checkpoint = Checkpoint { origin: NAME.to_owned(), size: 301, root: tree.root() };
    let receipt = Receipt {
        index: 300,
        leaf: Some(b"it".to_vec()),
        hashes: tree.inclusion(300, 301).unwrap(),
        note: sign(&checkpoint, &[&key]),
    };
    let text = receipt.to_string();
    let again: Receipt = text.parse().unwrap();
    assert_eq!((&again, again.verify(key.public())), (&receipt, Ok(checkpoint)));
    let said = again.verify(super::key(2).public()).unwrap_err();
    insta::assert_snapshot!(said, @"its checkpoint can't be believed: it is not signed by gate.example/log+dd1fb409");
    let other = Receipt { leaf: Some(b"at".to_vec()), ..receipt.clone() };
    insta::assert_snapshot!(other.verify(key.public()).unwrap_err(), @"the event does not belong to its checkpoint: the proof leads to another root");
    let bare = Receipt { leaf: None, ..receipt };
    assert_eq!(bare.verify(key.public()), Err(ReceiptError::NoLeaf));
    assert_eq!(bare.to_string().parse(), Ok(bare));
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let shown = String::from_utf8_lossy(&bytes).parse::<Receipt>();
        let shown = shown.and_then(|receipt| receipt.verify(key.public()));
        assert!(shown.is_err(), "byte {at}");
    }
}

#[test]
fn a_checkpoint_is_believed_by_one_key_whoever_else_signed_it() {
    let (ours, other) = (super::key(1), LogKey::from_seed("witness.example", &[7; 32]).unwrap());
    let checkpoint = Checkpoint { origin: NAME.to_owned(), size: 9, root: leaf_hash(b"x") };
    let note = sign(&checkpoint, &[&other, &ours]);
    assert_eq!(Checkpoint::signed_by(&note, ours.public()), Ok(checkpoint.clone()));
    assert!(Checkpoint::signed_by(&note, super::key(2).public()).is_err());
    assert!(matches!(Checkpoint::signed_by(&note, other.public()), Err(NoteError::Origin(_))));
    // A second line of the same key that is false spoils the note.
    let elsewhere = sign(&Checkpoint { size: 8, ..checkpoint }, &[&ours]);
    let line = elsewhere.lines().last().unwrap();
    let spoilt = format!("{note}{line}\n");
    assert!(matches!(
        Checkpoint::signed_by(&spoilt, ours.public()),
        Err(NoteError::Unsigned { .. })
    ));
    assert_eq!(Checkpoint::signed_by(note.trim_end(), ours.public()), Err(NoteError::Unreadable));
}

proptest! {
    #[test]
    fn tiles_hold_what_the_tree_holds_and_nothing_is_left_out(old in 0u64..1200, more in 0u64..1200) {
        let size = old + more;
        let tree = tree_of(size);
        let spine = spine_of(&tree);
        let mut tiler = Tiler::default();
        let mut made: Vec<_> = (0..size).flat_map(|n| tiler.append(&n.to_be_bytes())).collect();
        made.extend(tiler.rest());
        prop_assert_eq!(made.len(), Tile::all(size).count());
        let before: Vec<Tile> = Tile::all(old).collect();
        let both: std::collections::HashSet<_> = before.iter().copied().chain(Tile::between(old, size)).collect();
        for tile in Tile::all(size) {
            prop_assert!(tile.is_in(size) && both.contains(&tile), "{tile}");
            let next = Tile { index: tile.index + 1, ..tile };
            prop_assert!(tile.is_full() || !next.is_in(size));
            let made = made.iter().find(|(at, _)| *at == tile);
            let TileKind::Hashes(level) = tile.kind else {
                let entries: Vec<[u8; 8]> = (tile.first()..).take(tile.width.into()).map(u64::to_be_bytes).collect();
                prop_assert_eq!(made.map(|(_, content)| unbundle(content).unwrap()), Some(entries.iter().map(|e| e.as_slice()).collect()));
                continue;
            };
            let whole = tile.hashes(&tree).unwrap();
            prop_assert_eq!(made.map(|(_, content)| content), Some(&whole));
            prop_assert_eq!(whole.len(), 32 * usize::from(tile.width));
            if level > 0 {
                prop_assert_eq!(tile.hashes(&Spread::new(&spine, size)), Some(whole));
            }
        }
    }

    #[test]
    fn a_spine_with_a_few_runs_shows_what_the_whole_tree_shows(size in 1u64..1500, a in 0u64..1500, b in 0u64..1500) {
        let (index, old) = (a % size, 1 + b % size);
        let tree = tree_of(size);
        let spine = spine_of(&tree);
        let inclusion = spread(&spine, &tree, &[index], size);
        prop_assert_eq!(inclusion.inclusion(index, size), tree.inclusion(index, size));
        prop_assert_eq!(inclusion.root_at(size), tree.root_at(size));
        let consistency = spread(&spine, &tree, &[old], size);
        prop_assert_eq!(consistency.consistency(old, size), tree.consistency(old, size));
        prop_assert!(consistency.runs() <= 2);
    }

    #[test]
    fn no_text_stops_the_readers(text in "\\PC{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = text.parse::<Tile>();
        let _ = format!("tile/0/{text}").parse::<Tile>();
        let _ = format!("c2sp.org/tlog-proof@v1\n{text}").parse::<Receipt>();
        let _ = Kept::read(&text);
        let _ = (unbundle(&bytes), unhash(&bytes));
    }
}
