//! Strings and names, which a chunk may end inside of.
//!
//! Must not know duties.

use super::tokens::State;
use super::{Ends, Run};
use crate::sink::Sink;
use crate::{Fault, NAME_MAX, scan, text};

/// In [`super::Core::escape`]: right after the backslash.
const AFTER_SLASH: u8 = 5;

impl<S: Sink> Run<'_, S> {
    #[inline]
    fn rest(&self) -> &'_ [u8] {
        self.chunk.get(self.pos..).unwrap_or_default()
    }

    /// A name that has escapes or goes on in the next chunk.
    #[cold]
    pub(super) fn in_key(&mut self) -> Result<(), Fault> {
        let start = self.pos;
        let ended = self.string_end()?;
        let end = if ended { self.pos - 1 } else { self.pos };
        self.core.name.extend_from_slice(self.chunk.get(start..end).unwrap_or_default());
        if self.core.name.len() > NAME_MAX {
            return Err(Fault::NameTooLong);
        }
        if !ended {
            return Ok(());
        }
        let name = std::mem::take(&mut self.core.name);
        if name.contains(&b'\\') {
            // A name that stands for no text can't be told from another.
            let plain = text::unescaped(&name).ok_or_else(|| self.syntax())?;
            self.named(plain.as_bytes())?;
        } else {
            self.named(&name)?;
        }
        self.core.name = name;
        self.core.state = State::Colon;
        Ok(())
    }

    #[inline(always)]
    pub(super) fn in_string(&mut self) -> Result<(), Fault> {
        let len = scan::plain(self.rest());
        self.pos += len;
        if self.core.escape == 0 && self.peek() == Some(b'"') {
            self.pos += 1;
            return self.scalar_end(self.pos - 1);
        }
        // An escape that is open does not begin where the plain run ended.
        self.pos -= len;
        if self.string_end()? {
            return self.scalar_end(self.pos - 1);
        }
        self.core.state = State::InString;
        self.pause()
    }

    /// The chunk ends inside a scalar.
    pub(super) fn pause(&mut self) -> Result<(), Fault> {
        if self.core.ends != Ends::NONE { self.text_piece(self.chunk.len()) } else { Ok(()) }
    }

    /// Reads on to the end of a string or chunk; whether it was the string's.
    fn string_end(&mut self) -> Result<bool, Fault> {
        loop {
            while self.core.escape > 0 {
                let Some(byte) = self.peek() else { return Ok(false) };
                self.core.escape = match (self.core.escape, byte) {
                    (AFTER_SLASH, b'u') => 4,
                    (AFTER_SLASH, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 0,
                    (1..=4, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.core.escape - 1,
                    _ => return Err(self.syntax()),
                };
                self.pos += 1;
            }
            self.pos += scan::plain(self.rest());
            match self.peek() {
                None => return Ok(false),
                Some(b'"') => {
                    self.pos += 1;
                    return Ok(true);
                }
                Some(b'\\') => {
                    self.pos += 1;
                    self.core.escape = AFTER_SLASH;
                }
                Some(_) => return Err(self.syntax()),
            }
        }
    }
}
