//! How long partners have, and what follows where they let it pass.
//!
//! Must not know where it is configured.

use portcullis_types::{Span, Wall};

use super::DeletionCause;
use crate::signals::SignalAction;

/// The rules of this gate. They are no part of the log: what was told keeps its deadline.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct DeletionRules {
    /// How long a partner has from when it is told, by [`DeletionCause::ALL`].
    pub deadlines: [Span; DeletionCause::ALL.len()],
    /// What follows a deadline that passed: the signal's actions. Empty: it is recorded, no more.
    pub overdue: Vec<SignalAction>,
    /// How long ids are kept after all was attested.
    pub keep: Span,
}

const HOUR: u64 = 3600;

impl Default for DeletionRules {
    fn default() -> Self {
        let hours = |hours: u64| Span::from_seconds(hours * HOUR);
        Self {
            deadlines: [hours(24), hours(24), hours(24), hours(72)],
            overdue: vec![SignalAction::Flag],
            keep: hours(30 * 24),
        }
    }
}

impl DeletionRules {
    /// How long a partner has.
    #[must_use]
    pub fn deadline(&self, cause: DeletionCause) -> Span {
        // A table of another length does not compile; should a row ever be missing, none is waited for.
        self.deadlines.get(cause as usize).copied().unwrap_or(Span::from_seconds(0))
    }

    /// Until when a partner has that is told now.
    #[must_use]
    pub fn due_by(&self, cause: DeletionCause, now: Wall) -> Wall {
        Wall(now.0.saturating_add(self.deadline(cause).milliseconds()))
    }
}
