//! The root of a file: the RFC 9162 tree over pieces of 64 KiB of its bytes.
//!
//! The root is what the log anchors. The hashes of the pieces are kept beside the file: with them a wrong
//! byte is found in its piece, and one piece can be shown to belong to the root without the others.
//! Must not know files, and not what is in them.

use std::io::{self, Read, Write};

use portcullis_audit::{Hash, Nodes as _, Peaks, Tree, leaf_hash};

/// Bytes of a piece; the last one is shorter.
pub const PIECE_BYTES: usize = 64 << 10;

/// The hashes of a file's pieces, in their order.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub struct Pieces {
    bytes: u64,
    hashes: Vec<Hash>,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, Eq, PartialEq, thiserror::Error)]
pub enum PiecesFault {
    /// Bytes of one piece.
    #[error("piece {piece} (from byte {from}) is not as it was written")]
    Piece {
        /// Its number, from 0.
        piece: u64,
        /// Where it begins in the file.
        from: u64,
    },
    /// The file has another length.
    #[error("it has {found} bytes and was written with {expected}")]
    Length {
        /// As it was written.
        expected: u64,
        /// As it is.
        found: u64,
    },
    /// Nothing tells which of its pieces are others.
    #[error(
        "it is not what was anchored; the hashes beside it are gone or not those that were written, so that nobody can tell which piece"
    )]
    Root,
    /// The file is as it was, and the hashes beside it are not.
    #[error(
        "it is what was anchored; the hashes beside it are gone or not those that were written"
    )]
    Beside,
}

impl Pieces {
    /// Of what can be read.
    ///
    /// # Errors
    /// Where it can't.
    pub fn of(mut from: impl Read) -> io::Result<Self> {
        let mut hasher = Pieced::new(io::sink());
        io::copy(&mut from, &mut hasher)?;
        Ok(hasher.finish().1)
    }

    /// Bytes of the file.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many pieces there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.hashes.len()
    }

    /// Whether a piece, by its number, has these bytes.
    pub(crate) fn has(&self, piece: u64, bytes: &[u8]) -> bool {
        let at = usize::try_from(piece).ok();
        at.and_then(|at| self.hashes.get(at)) == Some(&leaf_hash(bytes))
    }

    /// What is anchored.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = Peaks::default();
        self.hashes.iter().for_each(|hash| peaks.append(*hash));
        peaks.root()
    }

    /// The hashes that lead from a piece to the root, for [`portcullis_audit::verify_inclusion`].
    #[must_use]
    pub fn inclusion(&self, piece: u64) -> Option<Vec<Hash>> {
        let mut tree = Tree::default();
        self.hashes.iter().for_each(|hash| tree.append(*hash));
        tree.inclusion(piece, tree.size())
    }

    /// As they are kept beside the file: its length in eight bytes, then 32 bytes for each piece.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let hashes = self.hashes.iter().flat_map(|hash| hash.0);
        self.bytes.to_le_bytes().into_iter().chain(hashes).collect()
    }

    /// Reads what [`Pieces::to_bytes`] writes; none: it is something else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        let (hashes, rest) = rest.as_chunks::<32>();
        let bytes = u64::from_le_bytes(*length);
        let right = rest.is_empty() && hashes.len() as u64 == bytes.div_ceil(PIECE_BYTES as u64);
        right.then(|| Self { bytes, hashes: hashes.iter().copied().map(Hash).collect() })
    }

    /// Everything by which `found`, read from the file now, differs from what was anchored: a root, of so
    /// many bytes. Without `kept` hashes, or where those were touched too, that is no more than whether the
    /// root is another.
    #[must_use]
    pub fn faults(kept: Option<&Self>, found: &Self, root: &Hash, bytes: u64) -> Vec<PiecesFault> {
        // The root tells nothing of the length that is kept with the hashes.
        let kept_right = kept.filter(|kept| kept.root() == *root && kept.bytes == bytes);
        if found.root() == *root {
            // The file itself is as it was, whatever lies beside it.
            return if kept_right.is_some() { Vec::new() } else { vec![PiecesFault::Beside] };
        }
        let Some(kept) = kept_right else { return vec![PiecesFault::Root] };
        let mut faults = Vec::new();
        if kept.bytes != found.bytes {
            faults.push(PiecesFault::Length { expected: kept.bytes, found: found.bytes });
        }
        let pairs = (0_u64..).zip(kept.hashes.iter().zip(&found.hashes));
        let wrong = pairs.filter(|(_, (kept, found))| kept != found);
        let piece = |piece| PiecesFault::Piece { piece, from: piece * PIECE_BYTES as u64 };
        faults.extend(wrong.map(|(number, _)| piece(number)));
        faults
    }
}

/// Hashes pieces while they are written on.
#[derive(Debug)]
pub struct Pieced<W> {
    to: W,
    piece: Vec<u8>,
    pieces: Pieces,
}

impl<W> Pieced<W> {
    /// Writes on to `to`.
    pub fn new(to: W) -> Self {
        Self { to, piece: Vec::with_capacity(PIECE_BYTES), pieces: Pieces::default() }
    }

    /// Gives back what was written to, with the pieces.
    pub fn finish(mut self) -> (W, Pieces) {
        if !self.piece.is_empty() {
            self.pieces.hashes.push(leaf_hash(&self.piece));
        }
        (self.to, self.pieces)
    }
}

impl<W: Write> Write for Pieced<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        let mut rest = bytes.split_at_checked(written).map_or(bytes, |(written, _)| written);
        self.pieces.bytes += rest.len() as u64;
        while !rest.is_empty() {
            let room = PIECE_BYTES - self.piece.len();
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            self.piece.extend_from_slice(now);
            if self.piece.len() == PIECE_BYTES {
                self.pieces.hashes.push(leaf_hash(&self.piece));
                self.piece.clear();
            }
            rest = later;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use portcullis_audit::verify_inclusion;

    use super::*;

    fn file(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|at| (at * 31 + at / 251) as u8).collect()
    }

    #[test]
    fn a_wrong_byte_is_found_in_its_piece() {
        let mut file = file(3 * PIECE_BYTES + 7);
        let kept = Pieces::of(&file[..]).unwrap();
        let (root, bytes) = (kept.root(), kept.bytes());
        assert_eq!((kept.count(), bytes), (4, file.len() as u64));
        assert_eq!(Pieces::from_bytes(&kept.to_bytes()), Some(kept.clone()));
        for at in [0, PIECE_BYTES - 1, PIECE_BYTES, 2 * PIECE_BYTES + 5, file.len() - 1] {
            file[at] ^= 1;
            let found = Pieces::of(&file[..]).unwrap();
            let piece = (at / PIECE_BYTES) as u64;
            let fault = PiecesFault::Piece { piece, from: piece * PIECE_BYTES as u64 };
            assert_eq!(Pieces::faults(Some(&kept), &found, &root, bytes), [fault]);
            assert_eq!(Pieces::faults(None, &found, &root, bytes), [PiecesFault::Root]);
            file[at] ^= 1;
        }
        let found = Pieces::of(&file[..]).unwrap();
        assert_eq!(Pieces::faults(Some(&kept), &found, &root, bytes), []);
        let short = Pieces::of(&file[..2 * PIECE_BYTES]).unwrap();
        let length = PiecesFault::Length { expected: kept.bytes(), found: short.bytes() };
        assert_eq!(Pieces::faults(Some(&kept), &short, &root, bytes), [length]);
    }

    #[test]
    fn wrong_hashes_beside_a_file_are_told_apart_from_a_wrong_file() {
        let file = file(2 * PIECE_BYTES - 9);
        let found = Pieces::of(&file[..]).unwrap();
        let (root, bytes) = (found.root(), found.bytes());
        // A hash, and the length, which is in no hash.
        for (at, by) in [(20, 1), (0, 5)] {
            let mut touched = found.to_bytes();
            touched[at] ^= by;
            let touched = Pieces::from_bytes(&touched).unwrap();
            let faults = Pieces::faults(Some(&touched), &found, &root, bytes);
            assert_eq!(faults, [PiecesFault::Beside], "byte {at}");
        }
        assert_eq!(Pieces::faults(None, &found, &root, bytes), [PiecesFault::Beside]);
        assert_eq!(Pieces::from_bytes(&found.to_bytes()[..71]), None);
    }

    #[test]
    fn one_piece_is_shown_to_belong_to_the_root_without_the_others() {
        let file = file(5 * PIECE_BYTES + 1);
        let pieces = Pieces::of(&file[..]).unwrap();
        let proof = pieces.inclusion(3).unwrap();
        let leaf = leaf_hash(&file[3 * PIECE_BYTES..4 * PIECE_BYTES]);
        verify_inclusion(&leaf, 3, 6, &proof, &pieces.root()).unwrap();
        assert_eq!(pieces.inclusion(6), None);
    }
}
