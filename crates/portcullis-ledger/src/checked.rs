//! A file that is checked while it is read: no byte gets any further whose piece is not as it was written.
//!
//! What reads Parquet believes what a file says of itself: a number that somebody rewrote ends its thread or
//! asks for more memory than there is. So it is never shown one. Must not know where roots are kept.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::{PIECE_BYTES, Pieces, PiecesFault};

/// A file with what its pieces have to be.
pub struct Checked<R>(Arc<Inner<R>>);

struct Inner<R> {
    name: String,
    from: R,
    pieces: Pieces,
    /// The last piece that was read, by its number: heads of pages are read byte by byte.
    last: Mutex<Option<(u64, Bytes)>>,
}

/// Reads on from a place.
#[derive(Debug)]
pub struct CheckedRead<R> {
    file: Checked<R>,
    at: u64,
}

impl<R: ChunkReader> Checked<R> {
    /// The file `name` with its pieces, which the caller compared with what was anchored.
    ///
    /// # Errors
    /// Where it has another length.
    pub fn new(name: &str, from: R, pieces: Pieces) -> Result<Self, PiecesFault> {
        let (expected, found) = (pieces.bytes(), from.len());
        if expected != found {
            return Err(PiecesFault::Length { expected, found });
        }
        let (name, last) = (name.to_owned(), Mutex::default());
        Ok(Self(Arc::new(Inner { name, from, pieces, last })))
    }

    /// Pieces from that one on, as far as these bytes go, each as it was written.
    fn pieces(&self, first: u64, length: usize) -> Result<Bytes, ParquetError> {
        let Inner { name, from, pieces, .. } = &*self.0;
        let start = first * PIECE_BYTES as u64;
        let bytes = from.get_bytes(start, length)?;
        for (number, piece) in (first..).zip(bytes.chunks(PIECE_BYTES)) {
            if !pieces.has(number, piece) {
                let fault = PiecesFault::Piece { piece: number, from: number * PIECE_BYTES as u64 };
                return Err(ParquetError::General(format!("`{name}`: {fault}")));
            }
        }
        Ok(bytes)
    }

    /// The piece in which a byte stands, and where it stands in it; none: behind the end.
    fn piece_at(&self, at: u64) -> Result<Option<(Bytes, usize)>, ParquetError> {
        let (number, within) = (at / PIECE_BYTES as u64, at % PIECE_BYTES as u64);
        let within = usize::try_from(within).unwrap_or_default();
        let left = self.len().saturating_sub(number * PIECE_BYTES as u64);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE_BYTES);
        if within >= length {
            return Ok(None);
        }
        let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, piece)) = last.as_ref().filter(|(known, _)| *known == number) {
            return Ok(Some((piece.clone(), within)));
        }
        let piece = self.pieces(number, length)?;
        *last = Some((number, piece.clone()));
        Ok(Some((piece, within)))
    }
}

impl<R: ChunkReader> Length for Checked<R> {
    fn len(&self) -> u64 {
        self.0.pieces.bytes()
    }
}

impl<R: ChunkReader> ChunkReader for Checked<R> {
    type T = CheckedRead<R>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(CheckedRead { file: Self(Arc::clone(&self.0)), at: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let end = start.checked_add(length as u64).filter(|end| *end <= self.len());
        let end = end.ok_or_else(|| {
            ParquetError::EOF(format!("`{}` names bytes behind its end", self.0.name))
        })?;
        let (first, within) = (start / PIECE_BYTES as u64, start % PIECE_BYTES as u64);
        let within = usize::try_from(within).unwrap_or_default();
        if within + length <= PIECE_BYTES
            && let Some((piece, within)) = self.piece_at(start)?
        {
            return Ok(piece.slice(within..within + length));
        }
        // Whole pieces, or to the end of the file.
        let whole = end.next_multiple_of(PIECE_BYTES as u64).min(self.len());
        let whole = whole.saturating_sub(first * PIECE_BYTES as u64);
        let bytes = self.pieces(first, usize::try_from(whole).unwrap_or(usize::MAX))?;
        Ok(bytes.slice(within..within + length))
    }
}

impl<R: ChunkReader> Read for CheckedRead<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let piece = self.file.piece_at(self.at).map_err(io::Error::other)?;
        let Some((piece, within)) = piece else { return Ok(0) };
        let read = piece.get(within..).unwrap_or_default().read(into)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl<R> fmt::Debug for Checked<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked").field("name", &self.0.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        (0..3 * PIECE_BYTES + 7).map(|at| (at * 31 + at / 251) as u8).collect()
    }

    #[test]
    fn any_part_of_a_file_is_read_as_it_is_where_it_is_as_it_was_written() {
        let bytes = Bytes::from(file());
        let checked = Checked::new("x", bytes.clone(), Pieces::of(&bytes[..]).unwrap()).unwrap();
        let piece = PIECE_BYTES;
        for (start, length) in [
            (0, 0),
            (0, 10),
            (0, piece),
            (1, piece),
            (piece - 1, 2),
            (piece, 2 * piece + 7),
            (3 * piece, 7),
            (3 * piece + 7, 0),
            (0, bytes.len()),
        ] {
            let read = checked.get_bytes(start as u64, length).unwrap();
            assert_eq!(read, bytes.slice(start..start + length), "{start} {length}");
            let mut read = Vec::new();
            let from = checked.get_read(start as u64).unwrap();
            from.take(length as u64).read_to_end(&mut read).unwrap();
            assert_eq!(read, bytes.slice(start..start + length), "{start} {length}");
        }
        for (start, length) in [(0, bytes.len() + 1), (bytes.len() as u64, 1), (u64::MAX, 5)] {
            assert!(checked.get_bytes(start, length).is_err());
        }
    }

    #[test]
    fn a_piece_that_is_not_as_it_was_written_is_named_and_the_others_can_be_read() {
        let mut bytes = file();
        let pieces = Pieces::of(&bytes[..]).unwrap();
        bytes[PIECE_BYTES + 5] ^= 1;
        let checked = Checked::new("x", Bytes::from(bytes.clone()), pieces.clone()).unwrap();
        checked.get_bytes(0, PIECE_BYTES).unwrap();
        checked.get_bytes(2 * PIECE_BYTES as u64, PIECE_BYTES).unwrap();
        for (start, length) in [(PIECE_BYTES, 1), (0, PIECE_BYTES + 1), (0, bytes.len())] {
            let fault = checked.get_bytes(start as u64, length).unwrap_err().to_string();
            assert!(fault.contains("`x`: piece 1 (from byte 65536)"), "{fault}");
            let mut all = Vec::new();
            let read = checked.get_read(start as u64).unwrap().read_to_end(&mut all);
            assert!(read.is_err() && all.len() <= PIECE_BYTES);
        }
        bytes.push(0);
        assert!(Checked::new("x", Bytes::from(bytes), pieces).is_err());
    }
}
