//! What becomes of an item that is not decided by the time that no more of it can be held.
//!
//! Must not know how output is written.

use super::Run;
use super::weigh::Known;
use crate::Fault;
use crate::items::Fate;
use crate::sink::Sink;

impl<S: Sink> Run<'_, S> {
    /// Gives up what can't be held any more, by what was known of it until now: before more is known,
    /// so that it makes no difference where chunks end, and nobody is asked about an item twice.
    pub(super) fn overflow(&mut self) -> Result<(), Fault> {
        let to = self.settled();
        if self.core.undecided > 0 && self.core.held.len() + self.pending(to) > self.core.held_max {
            self.flush(to)?;
        }
        Ok(())
    }

    /// What is held is full: the first item that is undecided is given up.
    pub(super) fn give_up(&mut self) -> Result<(), Fault> {
        let first = self.core.open.iter().position(|item| item.undecided);
        let Some(ix) = first else { return Err(Fault::Undecided) };
        let code = self.code(ix);
        if code.is_some_and(|code| code.keeps) {
            match self.weigh(ix, Known::Enough) {
                Some(Fate::Keep) => return self.leave_early(ix),
                Some(Fate::Cut) => return Err(Fault::Cut),
                Some(Fate::Drop) | None => {}
            }
        }
        if code.is_some_and(|code| code.cuts) {
            return Err(Fault::Undecided);
        }
        if code.is_some_and(|code| code.judged) {
            return match self.drop_item(ix) {
                Err(Fault::Withheld) => Err(Fault::Undecided),
                other => other,
            };
        }
        // An entry: its beginning was judged as it came, so it may leave.
        if let Some(item) = self.core.open.get_mut(ix) {
            item.undecided = false;
            self.core.undecided -= 1;
        }
        self.commit()
    }

    /// An item leaves of which somebody would see more.
    fn leave_early(&mut self, ix: usize) -> Result<(), Fault> {
        if let Some(item) = self.core.open.get_mut(ix) {
            item.undecided = false;
            item.late = true;
            self.core.undecided -= 1;
        }
        self.commit()
    }
}
