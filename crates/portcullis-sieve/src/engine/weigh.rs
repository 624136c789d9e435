//! Weighs an item by what is known of it: whether it stays, goes, or is not decided yet.
//!
//! Must not know what follows from it.

use super::Run;
use super::judge::{Open, slots_of};
use crate::items::{Fate, Item, Slot, holds};
use crate::plan::{Effect, Undecided};
use crate::program::ItemCode;
use crate::sink::Sink;

/// What is known of an item that is weighed.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Known {
    /// As much as came of it.
    SoFar,
    /// The same, and who would let it leave waits for no more.
    Enough,
    /// All.
    All,
}

impl<S: Sink> Run<'_, S> {
    pub(super) fn weigh(&mut self, ix: usize, known: Known) -> Option<Fate> {
        let item = self.core.open.get(ix)?;
        let code = self.program.items.get(usize::from(item.code))?;
        if !item.passed {
            if self.drops(item, code, known == Known::All)? {
                return Some(Fate::Drop);
            }
            self.core.open.get_mut(ix)?.passed = true;
        }
        let item = self.core.open.get(ix)?;
        if known != Known::All && (item.waits || self.lacks(item, code, known)) {
            return None;
        }
        let (slots, texts) = (self.core.slots.as_slice(), self.core.texts.as_str());
        for (duty, offset) in &code.duties {
            let duty = self.program.duties.get(usize::from(*duty))?;
            if !duty.ask {
                continue;
            }
            let slots = slots_of(slots, item, *offset, duty);
            let shown = Item { tag: duty.tag, entry: self.core.entry, slots, texts };
            match self.items.keep(&shown) {
                Fate::Keep => {}
                fate => return Some(fate),
            }
        }
        Some(Fate::Keep)
    }

    /// Whether a check says drop; none: one that would have to be known is not known yet. Once all of them
    /// say no, nothing that comes later changes that.
    fn drops(&self, item: &Open, code: &ItemCode, ended: bool) -> Option<bool> {
        let (slots, texts) = (self.core.slots.as_slice(), self.core.texts.as_str());
        let mut open = false;
        for (duty, offset) in &code.duties {
            let duty = self.program.duties.get(usize::from(*duty))?;
            let slots = slots_of(slots, item, *offset, duty);
            for check in &duty.checks {
                match holds(&check.test, slots, texts, self.core.now, ended) {
                    Some(true) if check.then == Effect::Drop => return Some(true),
                    Some(_) => {}
                    None => open = true,
                }
            }
        }
        (!open).then_some(false)
    }

    /// Whether somebody is asked who wants to see more of it.
    fn lacks(&self, item: &Open, code: &ItemCode, known: Known) -> bool {
        code.duties.iter().any(|(duty, offset)| {
            let duty = self.program.duties.get(usize::from(*duty));
            duty.filter(|duty| duty.ask).is_some_and(|duty| {
                let waits = known == Known::SoFar || duty.undecided != Undecided::Keep;
                waits && slots_of(&self.core.slots, item, *offset, duty).contains(&Slot::Unknown)
            })
        })
    }
}
