//! What happens to each value: kept, left out, replaced, read.
//!
//! Must not know grammar, nor how items are decided.

use std::borrow::Cow;

use super::tokens::State;
use super::{Ends, Next, Run};
use crate::items::Slot;
use crate::program::{Dropped, Node};
use crate::sink::Sink;
use crate::{Fault, LINK_MAX, NAME_MAX, READ_MAX, text};

impl<S: Sink> Run<'_, S> {
    /// A member's name was read, escapes undone.
    #[inline(always)]
    pub(super) fn named(&mut self, name: &[u8]) -> Result<(), Fault> {
        if name.len() > NAME_MAX {
            return Err(Fault::NameTooLong);
        }
        let is_root = self.core.frames.len() == 1;
        let Some(frame) = self.core.frames.last_mut() else { return Err(self.syntax()) };
        let node = self.program.node(frame.node);
        frame.count = frame.count.saturating_add(1);
        if is_root {
            frame.error = frame.count == 1 && name == b"error";
        }
        let mut next = Next { node: node.any, ..Next::default() };
        if let Some((number, traits)) = self.program.names.find(name) {
            let edge = node.edges.iter().find(|(name, _)| *name == number);
            next.drop = traits.drop;
            next.paging = traits.paging;
            next.link = traits.link && frame.paging;
            if edge.is_some() || next.drop || next.paging || next.link {
                let bit = 1 << number;
                if frame.seen & bit != 0 {
                    return Err(Fault::NameTwice);
                }
                frame.seen |= bit;
            }
            if let Some((_, below)) = edge {
                next.node = *below;
            }
        }
        self.core.next = next;
        Ok(())
    }

    /// A value begins with this byte, which is not read yet.
    #[inline(always)]
    pub(super) fn begin(&mut self, byte: u8) -> Result<(), Fault> {
        let next = self.core.next;
        let node = self.program.node(next.node);
        self.core.ends = Ends::NONE;
        if node.plain && !next.drop && !next.link {
            return self.keep();
        }
        self.begin_special(byte, node)
    }

    fn begin_special(&mut self, byte: u8, node: &Node) -> Result<(), Fault> {
        let depth = self.depth();
        let next = self.core.next;
        let is_list = byte == b'[';
        let is_scalar = !is_list && byte != b'{';
        if !is_scalar && !self.core.open.is_empty() {
            let unread = if is_list { &node.beneath } else { &node.reads };
            for read in unread {
                self.set(*read, Slot::Unreadable)?;
            }
        }
        let stripped = self.begin_strip(node)?;
        if self.core.mute == 0 && (stripped || next.drop || node.drop.is_some()) {
            self.drop_head()?;
            let is_thinned = stripped || next.drop || node.drop == Some(Dropped::Thinned);
            self.core.thinned |= is_thinned && self.core.mute == 0;
            self.leave_out(depth);
        }
        match node.item {
            Some(code) if byte == b'{' => self.begin_item(code)?,
            _ => self.keep()?,
        }
        if next.link || node.replace.is_some() || node.embed.is_some() {
            self.begin_instead(byte, node)?;
        }
        if is_scalar && !node.reads.is_empty() && !self.core.open.is_empty() {
            self.core.ends.add(Ends::READ);
        }
        if self.core.ends != Ends::NONE {
            self.core.text.clear();
            self.core.text_is_long = false;
            self.text_from = if byte == b'"' { self.pos + 1 } else { self.pos };
        }
        Ok(())
    }

    /// Something else is written in the place of a value.
    fn begin_instead(&mut self, byte: u8, node: &Node) -> Result<(), Fault> {
        // First, since it may turn out that what the value stands in is given up.
        self.flush(self.pos)?;
        let (depth, link) = (self.depth(), self.core.next.link);
        if self.core.mute != 0 {
            return Ok(());
        }
        if let Some(text) = &node.replace {
            self.put(text)?;
            self.core.thinned = true;
            self.leave_out(depth);
        } else if byte == b'"' && link {
            self.leave_out(depth);
            self.core.ends.add(Ends::LINK);
        } else if byte == b'"' && node.embed.is_some() {
            self.leave_out(depth);
            self.core.ends.add(Ends::EMBED);
            return self.begin_embed(node);
        } else if node.embed.is_some() && !matches!(byte, b'[' | b'n') {
            return Err(Fault::NotEmbedded);
        }
        Ok(())
    }

    /// From here to the end of the value at that depth nothing is written, unless it is so already.
    pub(super) fn leave_out(&mut self, depth: usize) {
        if self.core.mute == 0 {
            self.core.mute = depth;
            self.core.changed = true;
        }
    }

    /// Takes the value that a duty reads, as far as this chunk has it.
    pub(super) fn text_piece(&mut self, end: usize) -> Result<(), Fault> {
        let chunk = self.chunk;
        let piece = chunk.get(self.text_from..end).unwrap_or_default();
        if self.core.ends.has(Ends::EMBED) {
            return self.feed(piece);
        }
        let max = if self.core.ends.has(Ends::LINK) { LINK_MAX } else { READ_MAX };
        if self.core.text.len() + piece.len() > max {
            self.core.text_is_long = true;
        } else if !self.core.text_is_long {
            self.core.text.extend_from_slice(piece);
        }
        Ok(())
    }

    /// A scalar has ended; `end` is where its text ends, without the quote.
    #[inline(always)]
    pub(super) fn scalar_end(&mut self, end: usize) -> Result<(), Fault> {
        if self.core.ends != Ends::NONE {
            self.special_end(end)?;
        }
        self.value_end()
    }

    fn special_end(&mut self, end: usize) -> Result<(), Fault> {
        let ends = self.core.ends;
        let is_string = end < self.pos;
        let instead = ends.has(Ends::LINK) || ends.has(Ends::EMBED);
        if !instead && ends.has(Ends::READ) && self.core.text.is_empty() {
            // Most values lie in one chunk.
            let piece = self.chunk.get(self.text_from..end).unwrap_or_default();
            return self.read(piece, is_string);
        }
        if instead || ends.has(Ends::READ) {
            self.text_piece(end)?;
        }
        if ends.has(Ends::LINK) {
            self.end_link()?;
        } else if ends.has(Ends::EMBED) {
            self.end_embed()?;
        }
        if !ends.has(Ends::READ) {
            return Ok(());
        }
        let text = std::mem::take(&mut self.core.text);
        let read = self.read(&text, is_string);
        self.core.text = text;
        read
    }

    /// Takes down what was read.
    fn read(&mut self, raw: &[u8], is_string: bool) -> Result<(), Fault> {
        let slot = self.slot(raw, is_string);
        let node = self.program.node(self.core.next.node);
        node.reads.iter().try_for_each(|read| self.set(*read, slot.clone()))
    }

    /// The value that was read.
    fn slot(&mut self, raw: &[u8], is_string: bool) -> Slot {
        let too_long = self.core.text_is_long || raw.len() > READ_MAX;
        let plain = if is_string && raw.contains(&b'\\') {
            text::unescaped(raw).map(Cow::Owned)
        } else {
            std::str::from_utf8(raw).ok().map(Cow::Borrowed)
        };
        match plain {
            _ if too_long || self.core.ends.has(Ends::EMBED) => Slot::Unreadable,
            None => Slot::Unreadable,
            Some(null) if !is_string && null == "null" => Slot::Null,
            Some(plain) => {
                let start = self.core.texts.len();
                self.core.texts.push_str(&plain);
                Slot::Text(start..self.core.texts.len())
            }
        }
    }

    fn end_link(&mut self) -> Result<(), Fault> {
        if self.core.text_is_long {
            return Err(Fault::LinkTooLong);
        }
        let link = text::unescaped(&self.core.text).ok_or(Fault::LinkUnreadable)?;
        let holder = self.core.frames.last().map_or(0, |frame| frame.node);
        let params = &self.program.node(holder).params;
        let key = self.core.link_key.as_ref();
        self.core.keyed |= key.is_some();
        let link = self.gate.link(&link, params, key).ok_or(Fault::LinkUnreadable)?;
        let mut quoted = vec![b'"'];
        text::escape(link.as_bytes(), &mut quoted);
        quoted.push(b'"');
        self.put_instead(&quoted)
    }

    /// A value has ended, and what is left out with it.
    #[inline(always)]
    pub(super) fn value_end(&mut self) -> Result<(), Fault> {
        let depth = self.depth();
        if self.core.mute == depth {
            self.core.mute = 0;
            self.from = self.pos;
        }
        if self.core.ends.has(Ends::STRIP) {
            self.end_strip()?;
        }
        self.core.state = if depth == 1 { State::Done } else { State::After };
        Ok(())
    }

    /// An object or list ends with the byte at hand.
    pub(super) fn close(&mut self) -> Result<(), Fault> {
        // A head is left only where nothing came: the blank of an empty object or list.
        if self.head.take().is_some() {
            self.put_carry(0)?;
        }
        self.pos += 1;
        let Some(frame) = self.core.frames.pop() else { return Err(self.syntax()) };
        self.core.ends = frame.ends;
        if frame.ends.has(Ends::ITEM) {
            self.end_item(frame)?;
        }
        self.value_end()
    }
}
