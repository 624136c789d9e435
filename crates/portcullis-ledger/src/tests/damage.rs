//! A wrong byte in an hour's files is found, and its piece named.

use super::made::rows;
use super::shelf::hour;
use crate::{PIECE_BYTES, Pieces, PiecesFault};

#[test]
fn a_wrong_byte_anywhere_in_an_hour_is_found_and_its_file_and_piece_named() {
    let rows: Vec<_> = rows(7, 6000).into_iter().map(|made| made.row).collect();
    let mut pieces_seen = 0;
    for table in hour("1", &rows, (5000, 5000)) {
        let mut file = table.to_vec();
        let kept = Pieces::of(&file[..]).unwrap();
        let root = kept.root();
        pieces_seen += kept.count();
        // Every part of the file: some hundred places, and the first and last bytes.
        let step = (file.len() / 100).max(1);
        for at in (0..file.len()).step_by(step).chain([file.len() - 1]) {
            file[at] ^= 0x10;
            let found = Pieces::of(&file[..]).unwrap();
            let piece = (at / PIECE_BYTES) as u64;
            let named = [PiecesFault::Piece { piece, from: piece * PIECE_BYTES as u64 }];
            assert_eq!(
                Pieces::faults(Some(&kept), &found, &root, kept.bytes()),
                named,
                "byte {at}"
            );
            file[at] ^= 0x10;
        }
    }
    assert!(pieces_seen > 4, "some file has several pieces");
}
