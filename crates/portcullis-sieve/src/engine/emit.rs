//! Writes output: at once, or held while an item is undecided.
//!
//! What flows unchanged is written as one span of the chunk, as late as can be. Must not know why
//! anything is left out.

use super::Run;
use crate::Fault;
use crate::scan::is_space;
use crate::sink::Sink;

/// How much white space between two chunks is kept as it came.
const BLANK_MAX: usize = 1024;

impl<S: Sink> Run<'_, S> {
    /// The member or element that is about to come stays.
    #[inline(always)]
    pub(super) fn keep(&mut self) -> Result<(), Fault> {
        let Some(head) = self.head.take() else { return Ok(()) };
        let Some(frame) = self.core.frames.last_mut() else { return Ok(()) };
        let is_first = !frame.emitted;
        frame.emitted = true;
        if is_first || !self.core.carry.is_empty() {
            return self.keep_head(head, is_first);
        }
        Ok(())
    }

    /// A head that is the first in its object, or that the last chunk began.
    fn keep_head(&mut self, head: usize, is_first: bool) -> Result<(), Fault> {
        if self.core.mute != 0 {
            self.core.carry.clear();
            return Ok(());
        }
        let begin = match self.core.carry.first() {
            Some(byte) => *byte,
            None => self.chunk.get(head).copied().unwrap_or_default(),
        };
        // All before it was left out, so its comma goes, too.
        let comma = usize::from(is_first && begin == b',');
        if !self.core.carry.is_empty() {
            return self.put_carry(comma);
        }
        if comma == 1 {
            self.flush(head)?;
            self.from = self.from.max(head + 1);
        }
        Ok(())
    }

    /// The member or element that is about to come goes, with its comma and name.
    pub(super) fn drop_head(&mut self) -> Result<(), Fault> {
        if let Some(head) = self.head.take() {
            self.flush(head)?;
        }
        self.core.carry.clear();
        Ok(())
    }

    pub(super) fn put_carry(&mut self, skip: usize) -> Result<(), Fault> {
        let mut carry = std::mem::take(&mut self.core.carry);
        if !carry.is_empty() {
            self.put(carry.get(skip..).unwrap_or_default())?;
            carry.clear();
            self.core.carry = carry;
        }
        Ok(())
    }

    /// Up to where the fate of what was read is known.
    pub(super) fn settled(&self) -> usize {
        self.head.unwrap_or(self.pos)
    }

    /// Bytes read and not written yet, up to there.
    pub(super) fn pending(&self, to: usize) -> usize {
        let from = self.ahead.map_or(self.from, |ahead| ahead.max(self.from));
        if self.core.mute == 0 { to.saturating_sub(from) } else { 0 }
    }

    /// Writes what flows unchanged up to there.
    pub(super) fn flush(&mut self, to: usize) -> Result<(), Fault> {
        self.write_ahead()?;
        let from = std::mem::replace(&mut self.from, to);
        while self.core.mute == 0 && from < to {
            if self.core.undecided == 0 {
                return self.pass(from, to);
            }
            let piece = self.chunk.get(from..to).unwrap_or_default();
            if self.hold(piece)? {
                break;
            }
        }
        Ok(())
    }

    /// Writes what stands before the item that is undecided.
    pub(super) fn write_ahead(&mut self) -> Result<(), Fault> {
        let Some(to) = self.ahead.take() else { return Ok(()) };
        let from = std::mem::replace(&mut self.from, to);
        if from < to { self.pass(from, to) } else { Ok(()) }
    }

    /// Writes a part of the chunk that nothing holds back.
    fn pass(&mut self, from: usize, to: usize) -> Result<(), Fault> {
        let piece = self.chunk.get(from..to).unwrap_or_default();
        self.core.watch.pass(&self.gate.secrets, piece)?;
        self.core.written += piece.len() as u64;
        self.sink.span(self.chunk, from..to);
        Ok(())
    }

    /// Writes bytes that are not in the chunk.
    pub(super) fn put(&mut self, text: &[u8]) -> Result<(), Fault> {
        self.write_ahead()?;
        while self.core.mute == 0 {
            if self.core.undecided == 0 {
                return self.release(text);
            }
            if self.hold(text)? {
                break;
            }
        }
        Ok(())
    }

    /// Writes in the place of the value at hand, unless that was left out meanwhile.
    pub(super) fn put_instead(&mut self, text: &[u8]) -> Result<(), Fault> {
        let depth = self.depth();
        if self.core.mute != depth {
            return Ok(());
        }
        self.core.mute = 0;
        self.put(text)?;
        self.leave_out(depth);
        Ok(())
    }

    /// Whether there was room; if not, an item was given up and the piece is to be tried again.
    fn hold(&mut self, piece: &[u8]) -> Result<bool, Fault> {
        if self.core.held.len() + piece.len() > self.core.held_max {
            self.give_up()?;
            return Ok(false);
        }
        let held = &mut self.core.held;
        let needed = held.len() + piece.len();
        if needed > held.capacity() {
            // Doubled, but never beyond the bound.
            let room = needed.max(2 * held.capacity()).min(self.core.held_max);
            held.reserve_exact(room - held.len());
        }
        held.extend_from_slice(piece);
        Ok(true)
    }

    /// Writes bytes that nothing holds back.
    fn release(&mut self, text: &[u8]) -> Result<(), Fault> {
        self.core.watch.pass(&self.gate.secrets, text)?;
        self.core.written += text.len() as u64;
        self.sink.text(text);
        Ok(())
    }

    /// Writes what is held up to the first item that is still undecided.
    pub(super) fn commit(&mut self) -> Result<(), Fault> {
        let first = self.core.open.iter().find(|item| item.undecided).map(|item| item.start);
        let len = first.unwrap_or(self.core.held.len());
        if len == 0 {
            return Ok(());
        }
        let mut held = std::mem::take(&mut self.core.held);
        self.release(held.get(..len).unwrap_or_default())?;
        held.drain(..len);
        self.core.held = held;
        for item in &mut self.core.open {
            item.start = item.start.saturating_sub(len);
        }
        for strip in &mut self.core.strips {
            strip.shift(len);
        }
        Ok(())
    }

    /// Puts everything away that the next chunk needs.
    pub(super) fn leave(&mut self) -> Result<(), Fault> {
        self.core.has_head = self.head.is_some();
        let end = self.chunk.len();
        let Some(head) = self.head else { return self.flush(end) };
        self.flush(head)?;
        if self.core.mute != 0 {
            self.core.carry.clear();
            return Ok(());
        }
        add_head(&mut self.core.carry, self.chunk.get(head..).unwrap_or_default());
        Ok(())
    }
}

/// Adds to a head; a long one loses its blanks, which mean nothing and could fill the memory.
fn add_head(carry: &mut Vec<u8>, part: &[u8]) {
    if carry.len() + part.len() <= BLANK_MAX {
        carry.extend_from_slice(part);
        return;
    }
    let old = std::mem::take(carry);
    let (mut quoted, mut slash) = (false, false);
    for byte in old.iter().chain(part) {
        if quoted || !is_space(*byte) {
            carry.push(*byte);
        }
        quoted ^= *byte == b'"' && !slash;
        slash = *byte == b'\\' && !slash;
    }
}
