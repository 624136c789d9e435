//! Decides items: what is read of them, what is held until then, what is taken back.
//!
//! Must not know how output is written.

use super::weigh::Known;
use super::{Core, Ends, Frame, Run};
use crate::Fault;
use crate::items::{Fate, Item, Slot};
use crate::plan::Undecided;
use crate::program::{Duty, ItemCode, Read};
use crate::sink::Sink;

/// An item whose object is open.
pub(super) struct Open {
    pub(super) code: u16,
    pub(super) depth: usize,
    /// Where it begins in what is held.
    pub(super) start: usize,
    /// Whether something stood before it in its object or list.
    pub(super) follows: bool,
    pub(super) undecided: bool,
    /// It is left out, with or without its own doing.
    gone: bool,
    /// Its embedded answer is still to come.
    pub(super) waits: bool,
    /// No check drops it, whatever comes.
    pub(super) passed: bool,
    /// How much was noted of items before it.
    noted: usize,
    /// It left before all of it was known that somebody wants to see.
    pub(super) late: bool,
    pub(super) slots_from: usize,
    texts_from: usize,
}

impl<'r, S: Sink> Run<'r, S> {
    pub(super) fn code(&self, ix: usize) -> Option<&'r ItemCode> {
        let item = self.core.open.get(ix)?;
        self.program.items.get(usize::from(item.code))
    }

    /// An item begins at the brace at hand.
    pub(super) fn begin_item(&mut self, code: u16) -> Result<(), Fault> {
        let Some(known) = self.program.items.get(usize::from(code)) else {
            return self.keep();
        };
        if known.judged && !known.entry && self.is_clear() {
            self.ahead = Some(self.settled());
        } else {
            self.flush(self.settled())?;
        }
        // Known only now: what it stands in may just have been given up.
        let gone = self.core.mute != 0;
        let undecided = !gone && (known.judged || known.entry);
        let noted = if undecided { self.items.noted() } else { 0 };
        let ix = self.core.open.len();
        self.core.open.push(Open {
            code,
            depth: self.depth(),
            start: self.core.held.len(),
            follows: self.core.frames.last().is_some_and(|frame| frame.emitted),
            undecided,
            gone,
            waits: known.entry,
            passed: false,
            noted,
            late: false,
            slots_from: self.core.slots.len(),
            texts_from: self.core.texts.len(),
        });
        let slots = self.core.slots.len() + usize::from(known.reads);
        self.core.slots.resize(slots, Slot::Unknown);
        self.core.ends.add(Ends::ITEM);
        self.core.undecided += usize::from(undecided);
        self.keep()?;
        if undecided { self.judge(ix, false) } else { Ok(()) }
    }

    /// Its object ended.
    pub(super) fn end_item(&mut self, frame: Frame) -> Result<(), Fault> {
        let Some(ix) = self.core.open.len().checked_sub(1) else { return Ok(()) };
        // The platform's own refusal, alone in the answer, is no item.
        let is_error = frame.error && frame.count == 1 && self.core.frames.is_empty();
        self.overflow()?;
        if self.core.open.last().is_some_and(|item| item.undecided) {
            if is_error { self.decide(ix, Fate::Keep)? } else { self.judge(ix, true)? }
        }
        if self.core.undecided > 0 {
            // Counted only if what it stands in was not given up before.
            self.flush(self.pos)?;
        }
        let Some(item) = self.core.open.pop() else { return Ok(()) };
        if item.late && !item.gone && !is_error {
            self.show_again(&item);
        }
        self.core.slots.truncate(item.slots_from);
        self.core.texts.truncate(item.texts_from);
        Ok(())
    }

    /// Shows an item that left before all of it was known to whoever would see the rest.
    fn show_again(&mut self, item: &Open) {
        let code = self.program.items.get(usize::from(item.code));
        for (duty, offset) in code.into_iter().flat_map(|code| &code.duties) {
            let duty = self.program.duties.get(usize::from(*duty));
            let Some(duty) = duty.filter(|duty| duty.undecided == Undecided::Keep) else {
                continue;
            };
            let slots = slots_of(&self.core.slots, item, *offset, duty);
            let (entry, texts) = (self.core.entry, self.core.texts.as_str());
            self.items.late(&Item { tag: duty.tag, entry, slots, texts }, item.noted);
        }
    }

    /// A value that begins or has just ended is what is read of an open item.
    ///
    /// The item is as many levels above as the read has names: through a list nothing is read.
    pub(super) fn set(&mut self, read: Read, value: Slot) -> Result<(), Fault> {
        let Some(depth) = self.depth().checked_sub(read.steps) else { return Ok(()) };
        let Some(ix) = self.core.open.iter().rposition(|item| item.depth == depth) else {
            return Ok(());
        };
        let mut duties = self.code(ix).into_iter().flat_map(|code| &code.duties);
        let Some((_, offset)) = duties.find(|(duty, _)| *duty == read.duty) else { return Ok(()) };
        self.overflow()?;
        let Some(item) = self.core.open.get(ix) else { return Ok(()) };
        let undecided = item.undecided;
        let from = item.slots_from + usize::from(*offset);
        let at = from + usize::from(read.read);
        if let Slot::Text(text) = &value {
            // What is read of an item inside another one stays when the inner one goes.
            let inner = self.core.open.iter_mut().skip(ix + 1);
            inner.for_each(|item| item.texts_from = item.texts_from.max(text.end));
        }
        if let Some(slot) = self.core.slots.get_mut(at).filter(|slot| **slot == Slot::Unknown) {
            *slot = value;
        }
        if undecided && self.is_news(read.duty, from) { self.judge(ix, false) } else { Ok(()) }
    }

    /// Whether what is known for a duty may decide an item: what it does not check does so only once all is
    /// there.
    fn is_news(&self, duty: u16, from: usize) -> bool {
        let Some(duty) = self.program.duties.get(usize::from(duty)) else { return false };
        let slots = self.core.slots.get(from..from + usize::from(duty.reads)).unwrap_or_default();
        !duty.checks.is_empty() || !slots.contains(&Slot::Unknown)
    }

    /// Decides an item if what is known of it suffices; `ended`: nothing more will be known.
    pub(super) fn judge(&mut self, ix: usize, ended: bool) -> Result<(), Fault> {
        let fate = self.weigh(ix, if ended { Known::All } else { Known::SoFar });
        if fate != Some(Fate::Drop) {
            self.strip(ix, ended)?;
        }
        let still = self.core.open.get(ix).is_some_and(|item| item.undecided);
        match fate {
            Some(fate) if still => self.decide(ix, fate),
            _ => Ok(()),
        }
    }

    pub(super) fn decide(&mut self, ix: usize, fate: Fate) -> Result<(), Fault> {
        if fate == Fate::Cut {
            return Err(Fault::Cut);
        }
        let to = self.settled();
        let fits = self.core.held.len() + self.pending(to) <= self.core.held_max;
        let in_chunk = self.core.held.is_empty() && self.core.undecided == 1;
        if !fits || (fate == Fate::Keep && !in_chunk) {
            // Written first, so that the bound holds wherever the chunk ends.
            self.flush(to)?;
        }
        let Some(item) = self.core.open.get_mut(ix).filter(|item| item.undecided) else {
            return Ok(());
        };
        if fate == Fate::Keep {
            item.undecided = false;
            self.core.undecided -= 1;
            self.ahead = None;
            return self.commit();
        }
        self.write_ahead()?;
        self.drop_item(ix)
    }

    /// Whether nothing waits for a decision, in this chunk or from those before. What is embedded is held
    /// by what it stands in, and counted only as long as that is not given up.
    fn is_clear(&self) -> bool {
        let Core { undecided, held, carry, entry, mute, .. } = &*self.core;
        let waits = *undecided > 0 || !held.is_empty() || !carry.is_empty();
        !waits && *mute == 0 && entry.is_none()
    }

    pub(super) fn drop_item(&mut self, ix: usize) -> Result<(), Fault> {
        let Some(item) = self.core.open.get(ix) else { return Ok(()) };
        if item.depth == 1 {
            return Err(Fault::Withheld);
        }
        let (start, depth, follows) = (item.start, item.depth, item.follows);
        self.items.forget(item.noted);
        for (duty, _) in self.code(ix).map_or(&[][..], |code| &code.duties) {
            let duty = self.program.duties.get(usize::from(*duty));
            // Who only looks has dropped nothing.
            if let Some(duty) = duty.filter(|duty| !duty.looks) {
                self.core.tallies.add(duty.tag, 1);
            }
        }
        self.core.thinned = true;
        self.cut_back(start, depth, follows);
        Ok(())
    }

    /// Takes back what is held from there on, and leaves out the rest of the value at that depth.
    pub(super) fn cut_back(&mut self, start: usize, depth: usize, follows: bool) {
        self.core.held.truncate(start);
        self.core.carry.clear();
        self.core.changed = true;
        self.core.mute = if self.core.mute == 0 { depth } else { self.core.mute.min(depth) };
        self.core
            .strips
            .retain(|strip| strip.start < start && strip.end.is_none_or(|e| e <= start));
        for item in self.core.open.iter_mut().filter(|item| item.depth >= depth) {
            self.core.undecided -= usize::from(item.undecided);
            item.undecided = false;
            item.gone = true;
        }
        let holder = depth.checked_sub(2).and_then(|at| self.core.frames.get_mut(at));
        if let Some(frame) = holder {
            frame.emitted = follows;
        }
    }

    /// The innermost entry that can still be replaced as a whole: where it begins, how deep it is,
    /// and whether something stands before it.
    pub(super) fn entry(&self) -> Option<(usize, usize, bool)> {
        let is_entry = |item: &&Open| {
            let code = self.program.items.get(usize::from(item.code));
            item.undecided && code.is_some_and(|code| code.entry)
        };
        let item = self.core.open.iter().rev().find(is_entry)?;
        Some((item.start, item.depth, item.follows))
    }

    /// The embedded answer of the innermost entry was good to its end.
    pub(super) fn entry_is_good(&mut self) -> Result<(), Fault> {
        let Some(ix) = self.core.open.iter().rposition(|item| item.waits) else { return Ok(()) };
        if let Some(item) = self.core.open.get_mut(ix) {
            item.waits = false;
            if item.undecided {
                return self.judge(ix, false);
            }
        }
        Ok(())
    }
}

/// The reads of one duty on an item.
pub(super) fn slots_of<'s>(slots: &'s [Slot], item: &Open, offset: u16, duty: &Duty) -> &'s [Slot] {
    let from = item.slots_from + usize::from(offset);
    slots.get(from..from + usize::from(duty.reads)).unwrap_or_default()
}
