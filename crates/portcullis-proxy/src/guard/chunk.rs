//! Follows a chunked body so that the next head is found where it really begins.
//!
//! Chunk extensions are refused: nobody uses them, and parsers differ on where they end. Must not
//! keep the body.

use memchr::memchr;

use super::head::{Fault, no_controls, split_field};

/// Longest chunk-size line and longest trailer line.
const LINE_MAX: usize = 8 * 1024;
const TRAILERS_MAX: usize = 32;

/// Where in a chunked body the reading stands.
#[derive(Debug)]
pub(crate) struct Chunks {
    at: At,
    /// The line that is not complete yet.
    line: Vec<u8>,
    trailers: usize,
}

#[derive(Debug, Clone, Copy, Eq, PartialEq)]
enum At {
    Size,
    Data(u64),
    DataEnd,
    Trailer,
}

impl Chunks {
    pub(crate) const fn new() -> Self {
        Self { at: At::Size, line: Vec::new(), trailers: 0 }
    }

    /// Reads on; gives how many bytes belong to the body and whether it ended with them.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Result<(usize, bool), Fault> {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Ok((used, false));
            }
            if let At::Data(left) = self.at {
                let have = u64::try_from(rest.len()).unwrap_or(u64::MAX).min(left);
                used += usize::try_from(have).unwrap_or(rest.len());
                self.at = if have == left { At::DataEnd } else { At::Data(left - have) };
                continue;
            }
            let Some(end) = memchr(b'\n', rest) else {
                self.keep(rest)?;
                return Ok((bytes.len(), false));
            };
            self.keep(rest.get(..end).unwrap_or_default())?;
            used += end + 1;
            if self.line()? {
                return Ok((used, true));
            }
        }
    }

    fn keep(&mut self, part: &[u8]) -> Result<(), Fault> {
        let longest = match self.at {
            At::Trailer => LINE_MAX,
            At::Size | At::Data(_) | At::DataEnd => 18,
        };
        if self.line.len() + part.len() > longest {
            return Err(Fault::Unreadable("a line between chunks is too long"));
        }
        self.line.extend_from_slice(part);
        Ok(())
    }

    /// Takes the complete line; whether the body ended with it.
    fn line(&mut self) -> Result<bool, Fault> {
        let taken = std::mem::take(&mut self.line);
        let line = taken
            .strip_suffix(b"\r")
            .ok_or(Fault::Unreadable("a line between chunks ends without a carriage return"))?;
        match self.at {
            At::Size => {
                self.at = match size(line)? {
                    0 => At::Trailer,
                    size => At::Data(size),
                };
            }
            At::DataEnd if line.is_empty() => self.at = At::Size,
            At::DataEnd => return Err(Fault::Unreadable("a chunk is longer than its size says")),
            At::Trailer if line.is_empty() => return Ok(true),
            At::Trailer => {
                self.trailers += 1;
                if self.trailers > TRAILERS_MAX {
                    return Err(Fault::TooLarge);
                }
                split_field(line)?;
                no_controls(line)?;
            }
            At::Data(_) => {}
        }
        // Kept for the next line, so that a body of many chunks allocates once.
        let mut taken = taken;
        taken.clear();
        self.line = taken;
        Ok(false)
    }
}

fn size(line: &[u8]) -> Result<u64, Fault> {
    let wrong = Fault::Unreadable("a chunk size is not a plain hexadecimal number");
    if line.is_empty() || line.len() > 15 {
        return Err(wrong);
    }
    line.iter().try_fold(0u64, |sum, byte| {
        let digit = char::from(*byte).to_digit(16).ok_or(wrong)?;
        Ok(sum * 16 + u64::from(digit))
    })
}
