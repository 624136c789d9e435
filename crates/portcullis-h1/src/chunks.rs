//! What stands between chunks: sizes, extensions, line ends and trailers, byte by byte.
//!
//! Extensions and trailers are bounded, checked and dropped. Must not touch the data itself.

use crate::{Fault, TRAILERS_MAX, lines, token};

/// Most digits of a size: beyond it nothing fits into a number.
const DIGITS_MAX: u8 = 15;
const TRAILER_LINES_MAX: usize = 32;

/// Where in a chunked body the reading stands.
#[derive(Debug)]
pub(crate) struct Chunks {
    at: At,
    /// The size being read, then the data left of the chunk.
    left: u64,
    digits: u8,
    extensions: usize,
    /// Most bytes of extensions.
    extensions_max: usize,
    trailers: usize,
    lines: usize,
}

#[derive(Debug, Clone, Copy, Eq, PartialEq)]
enum At {
    Size,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// At the start of a trailer's line, or of the last one.
    Line,
    Name,
    Value,
    ValueLf,
    LastLf,
    End,
}

impl Chunks {
    pub(crate) const fn new(extensions_max: usize) -> Self {
        Self {
            at: At::Size,
            left: 0,
            digits: 0,
            extensions: 0,
            extensions_max,
            trailers: 0,
            lines: 0,
        }
    }

    /// Bytes of data that come next.
    pub(crate) const fn data(&self) -> u64 {
        if matches!(self.at, At::Data) { self.left } else { 0 }
    }

    /// So many bytes of data were taken.
    pub(crate) const fn took(&mut self, count: u64) {
        self.left = self.left.saturating_sub(count);
        if self.left == 0 && matches!(self.at, At::Data) {
            self.at = At::DataCr;
        }
    }

    pub(crate) const fn is_end(&self) -> bool {
        matches!(self.at, At::End)
    }

    /// Reads up to the next data or the end; gives how many bytes that took.
    pub(crate) fn between(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        let mut used = 0;
        for byte in bytes {
            if matches!(self.at, At::Data | At::End) {
                break;
            }
            self.at = self.step(*byte)?;
            used += 1;
        }
        Ok(used)
    }

    fn step(&mut self, byte: u8) -> Result<At, Fault> {
        match (self.at, byte) {
            (At::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.digit(byte),
            (At::Size, b'\r') if self.digits > 0 => Ok(At::SizeLf),
            (At::Size, b';') if self.digits > 0 => self.extension(),
            (At::Size, _) => Err(Fault::ChunkSize),
            (At::Extension, b'\r') => Ok(At::SizeLf),
            (At::Extension, _) if lines::is_text(&byte) => self.extension(),
            (At::Extension, _) => Err(Fault::ChunkExtension),
            (At::SizeLf, b'\n') if self.left == 0 => Ok(At::Line),
            (At::SizeLf, b'\n') => Ok(At::Data),
            (At::SizeLf, _) => Err(Fault::ChunkSize),
            (At::DataCr, b'\r') => Ok(At::DataLf),
            (At::DataLf, b'\n') => {
                self.digits = 0;
                Ok(At::Size)
            }
            (At::DataCr | At::DataLf, _) => Err(Fault::ChunkEnd),
            (At::Line, b'\r') => Ok(At::LastLf),
            (At::LastLf, b'\n') => Ok(At::End),
            (At::Line | At::Name | At::Value | At::ValueLf | At::LastLf, _) => self.trailer(byte),
            // Not reached: data and end are not read here.
            (At::Data | At::End, _) => Err(Fault::ChunkEnd),
        }
    }

    fn digit(&mut self, byte: u8) -> Result<At, Fault> {
        self.digits += 1;
        if self.digits > DIGITS_MAX {
            return Err(Fault::ChunkSize);
        }
        let digit = char::from(byte).to_digit(16).ok_or(Fault::ChunkSize)?;
        self.left = self.left * 16 + u64::from(digit);
        Ok(At::Size)
    }

    fn extension(&mut self) -> Result<At, Fault> {
        self.extensions += 1;
        if self.extensions > self.extensions_max {
            return Err(Fault::ChunkExtension);
        }
        Ok(At::Extension)
    }

    fn trailer(&mut self, byte: u8) -> Result<At, Fault> {
        self.trailers += 1;
        if self.at == At::Line {
            self.lines += 1;
        }
        if self.trailers > TRAILERS_MAX || self.lines > TRAILER_LINES_MAX {
            return Err(Fault::Trailers);
        }
        match (self.at, byte) {
            (At::Line | At::Name, _) if token::is_token(byte) => Ok(At::Name),
            (At::Name, b':') => Ok(At::Value),
            (At::Value, b'\r') => Ok(At::ValueLf),
            (At::Value, _) if lines::is_text(&byte) => Ok(At::Value),
            (At::ValueLf, b'\n') => Ok(At::Line),
            _ => Err(Fault::Trailers),
        }
    }
}
