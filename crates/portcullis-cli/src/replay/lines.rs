//! The lines of a file, plain or gzipped, one after the other in one buffer.
//!
//! However long the file is, memory is bounded by its longest line, and that by a bound. Must not
//! know what a line holds.

use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;
use memchr::memchr;

/// Bytes read at once.
const CHUNK: usize = 256 * 1024;
/// A longer line is named, not read: a query is at most 16 KiB, and a body a megabyte.
const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How a gzip member begins (RFC 1952 §2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Lines, as they come.
pub(crate) struct Lines<'r> {
    from: Box<dyn Read + 'r>,
    buffer: Vec<u8>,
    /// Where the line under way begins.
    start: usize,
    /// Up to where no end of line was found.
    scanned: usize,
    /// Up to where the buffer is filled.
    end: usize,
    ended: bool,
    skipping: bool,
}

/// One line without its end.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Line<'a> {
    /// Its bytes.
    Bytes(&'a [u8]),
    /// It is longer than the bound.
    TooLong,
}

impl Line<'_> {
    /// Whether there is nothing on it.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self, Self::Bytes(bytes) if bytes.trim_ascii().is_empty())
    }
}

impl<'r> Lines<'r> {
    /// Reads as far as it takes to tell whether the file is gzipped.
    pub(crate) fn new(mut from: impl Read + 'r) -> io::Result<Self> {
        let mut head = Vec::with_capacity(GZIP.len());
        from.by_ref().take(GZIP.len() as u64).read_to_end(&mut head)?;
        let gzipped = head == GZIP;
        let whole = Cursor::new(head).chain(from);
        let from: Box<dyn Read + 'r> =
            if gzipped { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) };
        let buffer = vec![0; CHUNK];
        Ok(Self { from, buffer, start: 0, scanned: 0, end: 0, ended: false, skipping: false })
    }

    /// The next line; none at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            let fresh = self.buffer.get(self.scanned..self.end).unwrap_or_default();
            if let Some(at) = memchr(b'\n', fresh) {
                let (from, to) = (self.start, self.scanned + at);
                self.start = to + 1;
                self.scanned = self.start;
                return Ok(Some(self.line(from, to)));
            }
            self.scanned = self.end;
            if self.ended {
                let (from, to) = (self.start, self.end);
                self.start = to;
                let left = from < to || self.skipping;
                return Ok(left.then(|| self.line(from, to)));
            }
            self.fill()?;
        }
    }

    fn line(&mut self, from: usize, to: usize) -> Line<'_> {
        if std::mem::take(&mut self.skipping) {
            return Line::TooLong;
        }
        let bytes = self.buffer.get(from..to).unwrap_or_default();
        Line::Bytes(bytes.strip_suffix(b"\r").unwrap_or(bytes))
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        (self.start, self.scanned) = (0, self.end);
        if self.end >= LINE_BYTES_MAX {
            self.skipping = true;
            (self.scanned, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        let got = loop {
            match self.from.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.end += got;
        self.ended = got == 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn read(bytes: &[u8]) -> Vec<String> {
        let mut lines = Lines::new(bytes).unwrap();
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push(match line {
                Line::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                Line::TooLong => "(too long)".to_owned(),
            });
        }
        all
    }

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut to = GzEncoder::new(Vec::new(), Compression::fast());
        to.write_all(bytes).unwrap();
        to.finish().unwrap()
    }

    #[test]
    fn lines_come_as_they_stand_whatever_ends_them() {
        for (text, expected) in [
            ("", vec![]),
            ("a", vec!["a"]),
            ("a\n", vec!["a"]),
            ("a\r\n\nb", vec!["a", "", "b"]),
            ("\n", vec![""]),
        ] {
            assert_eq!(read(text.as_bytes()), expected, "{text:?}");
            assert_eq!(read(&gzipped(text.as_bytes())), expected, "{text:?} gzipped");
        }
    }

    #[test]
    fn several_gzip_members_are_one_file() {
        let both = [gzipped(b"a\nb"), gzipped(b"c\nd\n")].concat();
        assert_eq!(read(&both), ["a", "bc", "d"]);
    }

    #[test]
    fn a_line_over_the_bound_is_named_and_the_next_one_read() {
        let long = "x".repeat(LINE_BYTES_MAX + 1);
        assert_eq!(read(format!("a\n{long}\nb\n").as_bytes()), ["a", "(too long)", "b"]);
        assert_eq!(read(format!("a\n{long}").as_bytes()), ["a", "(too long)"]);
        let longest = "x".repeat(CHUNK * 3);
        assert_eq!(read(format!("{longest}\nb").as_bytes()), [longest.as_str(), "b"]);
    }

    #[test]
    fn a_file_cut_in_the_middle_is_an_error() {
        let whole = gzipped("line\n".repeat(1000).as_bytes());
        let mut lines = Lines::new(&whole[..whole.len() / 2]).unwrap();
        let error = loop {
            match lines.next() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("read to the end"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
