//! Weighs an item by what is known of it: whether it stays, goes, or is not decided yet.
//!
//! Must not know what follows from it.

use super::Run;
use super::judge::slots_of;
use crate::items::{Fate, Item, Slot, holds};
use crate::plan::{Effect, Undecided};
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
        let ended = known == Known::All;
        let item = self.core.open.get(ix)?;
        let code = self.program.items.get(usize::from(item.code))?;
        let (slots, texts) = (self.core.slots.as_slice(), self.core.texts.as_str());
        let mut open = item.waits && !ended;
        let mut asks = false;
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
            asks |= duty.ask;
            let waits = known == Known::SoFar || duty.undecided != Undecided::Keep;
            open |= duty.ask && !ended && waits && slots.contains(&Slot::Unknown);
        }
        if open {
            return None;
        }
        if asks {
            for (duty, offset) in &code.duties {
                let duty = self.program.duties.get(usize::from(*duty))?;
                let slots = slots_of(slots, item, *offset, duty);
                let shown = Item { tag: duty.tag, entry: self.core.entry, slots, texts };
                match if duty.ask { self.items.keep(&shown) } else { Fate::Keep } {
                    Fate::Keep => {}
                    fate => return Some(fate),
                }
            }
        }
        Some(Fate::Keep)
    }
}
