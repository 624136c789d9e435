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
    /// Whether there is nothing to weigh yet: not all came that is to be shown.
    pub(super) fn lacks(&self, ix: usize) -> bool {
        let Some((item, code)) = self.core.open.get(ix).zip(self.code(ix)) else { return false };
        let slots = self.core.slots.get(item.slots_from..).unwrap_or_default();
        let mut own = slots.iter().take(usize::from(code.reads));
        code.shown && own.any(|slot| *slot == Slot::Unknown)
    }

    pub(super) fn weigh(&mut self, ix: usize, known: Known) -> Option<Fate> {
        let item = self.core.open.get(ix)?;
        let code = self.program.items.get(usize::from(item.code))?;
        // Where nobody does more than look, all that came is shown at the end.
        if !(code.shown && known == Known::All) && self.checked(item, code, known)? == Fate::Drop {
            return Some(Fate::Drop);
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

    /// What the checks say, before anybody is asked; none: that is not known yet.
    fn checked(&self, item: &Open, code: &ItemCode, known: Known) -> Option<Fate> {
        let ended = known == Known::All;
        let (slots, texts) = (self.core.slots.as_slice(), self.core.texts.as_str());
        let mut open = item.waits && !ended;
        for (duty, offset) in &code.duties {
            let duty = self.program.duties.get(usize::from(*duty))?;
            let slots = slots_of(slots, item, *offset, duty);
            for check in &duty.checks {
                match holds(&check.test, slots, texts, self.core.now, ended) {
                    Some(true) if check.then == Effect::Drop => return Some(Fate::Drop),
                    Some(_) => {}
                    None => open = true,
                }
            }
            let waits = known == Known::SoFar || duty.undecided != Undecided::Keep;
            open |= duty.ask && !ended && waits && slots.contains(&Slot::Unknown);
        }
        (!open).then_some(Fate::Keep)
    }
}
