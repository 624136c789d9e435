//! What a call has debited, until it is known what became of it.
//!
//! Must not know how it was debited.

use std::fmt;
use std::sync::Arc;

use portcullis_limits::budget::{Budgets, Receipt};
use smallvec::SmallVec;

/// What a call has debited. Dropping it leaves it debited: a call that was sent on counts, whatever
/// came back. Only what stood for what the answer would name is given back then, since that is debited
/// as it is found: keep it until the answer is there.
#[derive(Default)]
#[must_use = "release it when the call was not sent on"]
pub struct Settlement {
    /// Boxed, since most calls debit no limit and every permit is moved about.
    taken: Option<Box<Taken>>,
}

/// Where, what, and whether it is only held until the answer is there.
pub(super) type Taken = SmallVec<[(Arc<Budgets>, Receipt, bool); 2]>;

impl Settlement {
    pub(super) fn of(taken: Taken) -> Self {
        Self { taken: Some(Box::new(taken)) }
    }

    /// Gives it all back: the call was never sent on.
    pub fn release(mut self) {
        self.give_back(true);
    }

    fn give_back(&mut self, all: bool) {
        let Some(mut taken) = self.taken.take() else { return };
        for (budgets, receipt, held) in taken.iter_mut() {
            if *held || all {
                budgets.release(std::mem::take(receipt));
            }
        }
    }
}

impl Drop for Settlement {
    fn drop(&mut self) {
        self.give_back(false);
    }
}

impl fmt::Debug for Settlement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settlement").field("debits", &self.taken.is_some()).finish()
    }
}
