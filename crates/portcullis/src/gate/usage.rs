//! Calls by hour, kept in a file beside the log, so that a crash forgets no more than the last minute.
//!
//! Must not know what is counted.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use portcullis_registry::UsageBook;

use super::kept::{Keeper, Kept};

/// How often it is saved.
const EVERY: Duration = Duration::from_secs(60);

/// Takes up what was saved beside the store.
pub(super) fn restore(book: &UsageBook, store: &Path) {
    file(store).restore("hours", |saved| book.restore(saved));
}

/// Saves every minute, and once more at the end.
pub(super) fn keep(book: Arc<UsageBook>, store: &Path) -> anyhow::Result<Keeper> {
    file(store).keep(EVERY, move || book.since().map(|_| book.save()))
}

fn file(store: &Path) -> Kept {
    Kept::beside(store, "usage")
}
