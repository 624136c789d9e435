//! The grammar of JSON, one state at a time, so that a chunk may end anywhere.
//!
//! What every member passes through is inlined into the loop by force: that is worth a tenth of
//! the time. Must not know duties.

use super::{Frame, Next, Run};
use crate::Fault;
use crate::scan;
use crate::sink::Sink;

/// What comes next.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(super) enum State {
    Value,
    /// A value or the end of the list.
    Element,
    Key,
    /// A name or the end of the object.
    FirstKey,
    InKey,
    Colon,
    After,
    InString,
    InNumber(Num),
    InWord(&'static [u8]),
    Done,
}

/// Where in a number the reading is.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(super) enum Num {
    Minus,
    Zero,
    Int,
    Dot,
    Frac,
    E,
    Sign,
    Exp,
}

impl Num {
    #[inline]
    fn next(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Minus, b'0') => Some(Self::Zero),
            (Self::Minus, b'1'..=b'9') | (Self::Int, b'0'..=b'9') => Some(Self::Int),
            (Self::Zero | Self::Int, b'.') => Some(Self::Dot),
            (Self::Dot | Self::Frac, b'0'..=b'9') => Some(Self::Frac),
            (Self::Zero | Self::Int | Self::Frac, b'e' | b'E') => Some(Self::E),
            (Self::E, b'+' | b'-') => Some(Self::Sign),
            (Self::E | Self::Sign | Self::Exp, b'0'..=b'9') => Some(Self::Exp),
            _ => None,
        }
    }

    pub(super) fn is_whole(self) -> bool {
        matches!(self, Self::Zero | Self::Int | Self::Frac | Self::Exp)
    }
}

impl<S: Sink> Run<'_, S> {
    pub(super) fn go(&mut self) -> Result<(), Fault> {
        while self.pos < self.chunk.len() {
            match self.core.state {
                State::Key | State::FirstKey => self.key()?,
                State::Value | State::Element => self.value()?,
                State::After => self.after()?,
                State::InString => self.in_string()?,
                State::InKey => self.in_key()?,
                State::Colon => self.colon()?,
                State::InNumber(num) => self.in_number(num)?,
                State::InWord(word) => self.in_word(word)?,
                State::Done => {
                    if self.space().is_some() {
                        return Err(Fault::Trailing { at: self.core.read + self.pos as u64 });
                    }
                }
            }
        }
        Ok(())
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.chunk.get(self.pos).copied()
    }

    /// The next byte that is no white space.
    #[inline]
    fn space(&mut self) -> Option<u8> {
        loop {
            let byte = self.peek()?;
            if !scan::is_space(byte) {
                return Some(byte);
            }
            self.pos += 1;
        }
    }

    #[inline]
    fn key(&mut self) -> Result<(), Fault> {
        let Some(byte) = self.space() else { return Ok(()) };
        match byte {
            b'"' => self.pos += 1,
            b'}' if self.core.state == State::FirstKey => return self.close(),
            _ => return Err(self.syntax()),
        }
        let chunk = self.chunk;
        let rest = chunk.get(self.pos..).unwrap_or_default();
        let len = scan::plain(rest);
        if let Some((name, [b'"', ..])) = rest.split_at_checked(len) {
            self.pos += len + 1;
            self.named(name)?;
            self.core.state = State::Colon;
            return self.colon();
        }
        self.core.name.clear();
        self.core.state = State::InKey;
        self.in_key()
    }

    #[inline]
    pub(super) fn colon(&mut self) -> Result<(), Fault> {
        let Some(byte) = self.space() else { return Ok(()) };
        if byte != b':' {
            return Err(self.syntax());
        }
        self.pos += 1;
        self.core.state = State::Value;
        Ok(())
    }

    #[inline]
    fn value(&mut self) -> Result<(), Fault> {
        let Some(byte) = self.space() else { return Ok(()) };
        if byte == b']' && self.core.state == State::Element {
            return self.close();
        }
        self.begin(byte)?;
        match byte {
            b'"' => {
                self.pos += 1;
                self.core.state = State::InString;
                self.in_string()
            }
            b'{' | b'[' => self.open(byte == b'{'),
            b'-' => self.number(Num::Minus),
            b'0' => self.number(Num::Zero),
            b'1'..=b'9' => self.number(Num::Int),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => Err(self.syntax()),
        }
    }

    fn open(&mut self, object: bool) -> Result<(), Fault> {
        self.pos += 1;
        let next = self.core.next;
        let ends = std::mem::take(&mut self.core.ends);
        let paging = next.paging;
        self.push_frame(Frame {
            node: next.node,
            object,
            paging,
            emitted: false,
            error: false,
            ends,
            count: 0,
            seen: 0,
        })?;
        self.head = Some(self.pos);
        if object {
            self.core.state = State::FirstKey;
        } else {
            self.core.state = State::Element;
            let node = self.program.node(next.node).in_list;
            self.core.next = Next { node, paging, ..Next::default() };
        }
        Ok(())
    }

    #[inline]
    fn after(&mut self) -> Result<(), Fault> {
        let Some(byte) = self.space() else { return Ok(()) };
        let Some(frame) = self.core.frames.last_mut() else { return Err(self.syntax()) };
        match (byte, frame.object) {
            (b',', true) => self.core.state = State::Key,
            (b',', false) => {
                self.core.state = State::Value;
                frame.count = frame.count.saturating_add(1);
                let node = self.program.node(frame.node).in_list;
                self.core.next = Next { node, paging: frame.paging, ..Next::default() };
            }
            (b'}', true) | (b']', false) => return self.close(),
            _ => return Err(self.syntax()),
        }
        self.head = Some(self.pos);
        self.pos += 1;
        Ok(())
    }

    fn number(&mut self, first: Num) -> Result<(), Fault> {
        self.pos += 1;
        self.in_number(first)
    }

    fn in_number(&mut self, num: Num) -> Result<(), Fault> {
        let mut num = num;
        while let Some(byte) = self.peek() {
            let Some(next) = num.next(byte) else {
                // What follows is judged by the next state; a digit or point here is no number.
                let is_broken = matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
                if is_broken || !num.is_whole() {
                    return Err(self.syntax());
                }
                return self.scalar_end(self.pos);
            };
            num = next;
            self.pos += 1;
        }
        self.core.state = State::InNumber(num);
        self.pause()
    }

    fn word(&mut self, word: &'static [u8]) -> Result<(), Fault> {
        self.in_word(word)
    }

    fn in_word(&mut self, word: &'static [u8]) -> Result<(), Fault> {
        let mut word = word;
        while let Some((letter, rest)) = word.split_first() {
            let Some(byte) = self.peek() else { break };
            if byte != *letter {
                return Err(self.syntax());
            }
            self.pos += 1;
            word = rest;
        }
        if word.is_empty() {
            return self.scalar_end(self.pos);
        }
        self.core.state = State::InWord(word);
        self.pause()
    }
}
