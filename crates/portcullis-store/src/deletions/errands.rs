//! What is due by the clock alone: days of what vanishes, and ids that were kept long enough.
//!
//! Must not know who received what.

use std::sync::PoisonError;

use portcullis_types::{Now, Span, Wall};

use super::desk::{Duties, SETTLE, Vanishes, said};

/// Days that are caught up with after a pause.
const DAYS_MAX: u32 = 30;
const DAY: u64 = 86_400_000;
/// What vanished when nobody says any more how long it stays.
const USUAL: Span = Span::from_seconds(24 * 3600);

impl Duties {
    /// Makes the lists of days that are over: what vanishes is due without a word of the platform's.
    pub(super) async fn days(&self, now: Wall) -> Result<(), String> {
        let vanishes = self.vanishes();
        // What was on its way at midnight is in the ledger a little later.
        let over = now.0.saturating_sub(SETTLE.milliseconds()) / DAY;
        let Some(last) = over.checked_sub(1).and_then(|day| u32::try_from(day).ok()) else {
            return Ok(());
        };
        // A clock that was ahead took days for over that were not.
        let done = self.book.last_day(last).await.map_err(said)?;
        let from = done.map_or(last, |done| done.saturating_add(1));
        for day in from.max(last.saturating_sub(DAYS_MAX))..=last {
            if let Some(vanishes) = &vanishes {
                let received = self.holders.received(vanishes.classes.clone(), day).await;
                for (partner, count) in received.map_err(|error| error.to_string())? {
                    self.book.day(&partner, day, count, now).await.map_err(said)?;
                }
            }
            self.book.day_done(day).await.map_err(said)?;
        }
        Ok(())
    }

    fn vanishes(&self) -> Option<Vanishes> {
        self.vanishing.as_ref().and_then(|vanishing| vanishing())
    }

    /// By when what came on a day has to be gone.
    pub(super) fn gone_by(&self, day: u32) -> Wall {
        let after = self.vanishes().map_or(USUAL, |vanishes| vanishes.after);
        Wall((u64::from(day) + 1) * DAY + after.milliseconds())
    }

    /// Forgets ids that were kept long enough, now and then and by a clock that can be trusted.
    pub(super) async fn forget(&self, now: Now) -> Result<(), String> {
        let are_due = self.looks.lock().unwrap_or_else(PoisonError::into_inner).are_due(now);
        let Some(before) = now.wall.0.checked_sub(self.keep.milliseconds()).filter(|_| are_due)
        else {
            return Ok(());
        };
        let forgotten = self.book.forget(Wall(before), now.wall).await.map(drop).map_err(said);
        if forgotten.is_err() {
            // It is said as long as it lasts.
            self.looks.lock().unwrap_or_else(PoisonError::into_inner).are_due_again();
        }
        forgotten
    }
}
