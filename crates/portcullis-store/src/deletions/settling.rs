//! Answers that were on their way when a post came: what it names is looked out for until none is.
//!
//! Must not know how what leaves is seen.

use std::sync::PoisonError;

use portcullis_registry::LedgerName;
use portcullis_types::Wall;

use super::desk::{Duties, SETTLE, said};

/// Most names that are looked out for anew when a gate starts.
const NAMES: usize = 50_000;

impl Duties {
    /// Looks out for what came to the process before this one a short while ago.
    pub(super) async fn look_out(&self) {
        let now = self.clock.now().wall;
        // What can't be read now is looked at once more in any case.
        let names = self.book.looked_out(NAMES).await.unwrap_or_default().into_iter();
        let until = names.map(|(name, came)| (name, Wall(came.0 + SETTLE.milliseconds())));
        self.holders.look_out(until.filter(|(_, until)| *until > now).collect());
    }

    /// Takes down what some partner received.
    pub(super) fn saw(&self, names: Vec<LedgerName>) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
    }

    /// Has posts looked at again whose record or account some partner received since.
    pub(super) async fn again(&self, now: Wall) -> Result<(), String> {
        let names = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        if names.is_empty() {
            return Ok(());
        }
        let done = self.book.again(&names, now).await.map_err(said);
        if done.is_err() {
            self.saw(names);
        }
        done
    }
}
