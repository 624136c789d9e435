//! Members that go only if their item turns out so, such as the signed URL of a story.
//!
//! They are written into what is held, and cut out of it again. Must not know what is asked.

use super::judge::slots_of;
use super::{Ends, Run};
use crate::Fault;
use crate::items::holds;
use crate::program::Node;
use crate::scan::is_space;
use crate::sink::Sink;

/// A member that goes if its item's check says so.
pub(super) struct Strip {
    item: usize,
    node: u16,
    pub(super) start: usize,
    /// None: it is being read.
    pub(super) end: Option<usize>,
    depth: usize,
    follows: bool,
}

impl Strip {
    pub(super) fn shift(&mut self, len: usize) {
        self.start = self.start.saturating_sub(len);
        self.end = self.end.map(|end| end.saturating_sub(len));
    }
}

impl<S: Sink> Run<'_, S> {
    /// A member begins that a check may strip; whether it goes for certain.
    pub(super) fn begin_strip(&mut self, node: &Node) -> Result<bool, Fault> {
        if self.core.mute != 0 {
            return Ok(false);
        }
        if node.strips.is_empty() {
            return Ok(false);
        }
        let parent = self.depth() - 1;
        let Some(ix) = self.core.open.iter().rposition(|item| item.depth == parent) else {
            return Ok(false);
        };
        let goes = self.goes(ix, node, false);
        if goes.is_none() {
            self.flush(self.settled())?;
            if self.core.mute == 0 {
                let follows = self.core.frames.last().is_some_and(|frame| frame.emitted);
                let (node, depth) = (self.core.next.node, self.depth());
                let start = self.core.held.len();
                self.core.strips.push(Strip { item: ix, node, start, end: None, depth, follows });
                self.core.ends.add(Ends::STRIP);
            }
        }
        Ok(goes == Some(true))
    }

    /// Such a member ended.
    pub(super) fn end_strip(&mut self) -> Result<(), Fault> {
        let depth = self.depth();
        self.flush(self.pos)?;
        let end = self.core.held.len();
        for strip in &mut self.core.strips {
            if strip.depth == depth && strip.end.is_none() {
                strip.end = Some(end);
            }
        }
        Ok(())
    }

    /// Whether a member of that item goes; none: that is not known yet.
    fn goes(&self, ix: usize, node: &Node, ended: bool) -> Option<bool> {
        let mut open = false;
        for (duty, check) in &node.strips {
            match self.check(ix, *duty, *check, ended) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => open = true,
            }
        }
        (!open).then_some(false)
    }

    fn check(&self, ix: usize, duty: u16, check: u16, ended: bool) -> Option<bool> {
        let item = self.core.open.get(ix)?;
        let code = self.code(ix)?;
        // No such duty on this item: the member is another's.
        let Some((_, offset)) = code.duties.iter().find(|(known, _)| *known == duty) else {
            return Some(false);
        };
        let duty = self.program.duties.get(usize::from(duty))?;
        let test = &duty.checks.get(usize::from(check))?.test;
        let slots = slots_of(&self.core.slots, item, *offset, duty);
        holds(test, slots, &self.core.texts, self.core.now, ended)
    }

    /// Takes out of what is held the members that are now known to go.
    pub(super) fn strip(&mut self, ix: usize, ended: bool) -> Result<(), Fault> {
        let mine = |strip: &Strip| strip.item == ix;
        if !self.core.strips.iter().any(mine) {
            return Ok(());
        }
        self.flush(self.settled())?;
        let mut at = self.core.strips.len();
        while let Some(last) = at.checked_sub(1) {
            at = last;
            let Some(strip) = self.core.strips.get(at).filter(|strip| mine(strip)) else {
                continue;
            };
            let node = self.program.node(strip.node);
            match self.goes(ix, node, ended) {
                None => {}
                Some(goes) => {
                    let strip = self.core.strips.remove(at);
                    if goes {
                        self.strip_one(&strip);
                    }
                }
            }
        }
        Ok(())
    }

    fn strip_one(&mut self, strip: &Strip) {
        self.core.thinned = true;
        self.core.changed = true;
        let Some(end) = strip.end else {
            return self.cut_back(strip.start, strip.depth, strip.follows);
        };
        let start = strip.start;
        if start > end || end > self.core.held.len() {
            return;
        }
        self.core.held.drain(start..end);
        let comma = if strip.follows { None } else { self.drop_comma(start, strip.depth) };
        // What began with the comma that went now begins its object or list.
        let moved = |at: usize| match comma {
            Some(comma) if at == comma + (end - start) => (comma, true),
            Some(_) => (at.saturating_sub(end - start + 1), false),
            None => (at.saturating_sub(end - start), false),
        };
        for later in self.core.strips.iter_mut().filter(|later| later.start >= end) {
            let (start, is_first) = moved(later.start);
            later.end = later.end.map(|end| moved(end).0);
            later.start = start;
            later.follows &= !is_first;
        }
        for item in self.core.open.iter_mut().filter(|item| item.start >= end) {
            let (start, is_first) = moved(item.start);
            item.start = start;
            item.follows &= !is_first;
        }
    }

    /// The first member of an object went from there: what comes after it loses its comma, which
    /// was there.
    fn drop_comma(&mut self, start: usize, depth: usize) -> Option<usize> {
        let rest = self.core.held.get(start..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| is_space(**byte)).count();
        match rest.get(blank) {
            Some(b',') => {
                self.core.held.remove(start + blank);
                return Some(start + blank);
            }
            Some(_) => {}
            None => {
                let holder = depth.checked_sub(2);
                if let Some(frame) = holder.and_then(|at| self.core.frames.get_mut(at)) {
                    frame.emitted = false;
                }
            }
        }
        None
    }
}
