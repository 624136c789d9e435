//! What is counted against budgets, kept in a file beside the log, so that a restart forgets no more
//! than the last second.
//!
//! Must not know what is counted.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use portcullis_judge::Judge;

use super::kept::{Keeper, Kept};
use crate::talk;

/// How often budgets are saved.
const EVERY: Duration = Duration::from_secs(1);

/// Takes up what was saved beside the store.
pub(super) fn restore(judge: &Judge, store: &Path) {
    file(store).restore("subjects", |saved| judge.restore(saved));
}

/// Saves every second, and once more at the end.
pub(super) fn keep(judge: &Arc<Judge>, store: &Path) -> anyhow::Result<Keeper> {
    let judge = Arc::clone(judge);
    let mut told = 0;
    file(store).keep(EVERY, move || {
        let lost = judge.budgets_lost();
        if lost > told {
            told = lost;
            talk::error(&format!("saved budgets of {lost} subjects were damaged and start anew"));
        }
        Some(judge.save())
    })
}

fn file(store: &Path) -> Kept {
    Kept::beside(store, "budgets")
}
