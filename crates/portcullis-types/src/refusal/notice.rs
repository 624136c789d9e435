//! What the partner is told about a standing, and what that takes away.
//!
//! Must not know whom it concerns, or which classes stay open whatever is closed.

use std::sync::Arc;

use crate::{ClassName, Closes, Effect, Percent, ReasonCode, Revision, StandingName, Wall};

/// What the partner is told about its standing, or about the end of a key, and what that closes.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Notice {
    /// How the subject stands.
    pub state: StandingName,
    /// What is closed.
    pub closes: Closes,
    /// Continuity classes that are closed although such classes stay open.
    pub even: Arc<[ClassName]>,
    /// What is left of rates and budgets; none: all of them.
    pub factor: Option<Percent>,
    /// Since when.
    pub since: Wall,
    /// The reason code.
    pub reason: ReasonCode,
    /// The text written for the partner.
    pub tell: Arc<str>,
    /// The event that says so, where it is durable already.
    pub revision: Option<Revision>,
    /// When the hold is looked at again, where a date was set.
    pub review_by: Option<Wall>,
}

impl Notice {
    /// Of a hold on everything.
    #[must_use]
    pub fn hold(since: Wall, reason: ReasonCode, tell: Arc<str>) -> Self {
        Self {
            state: StandingName::Suspended,
            closes: Closes::All,
            even: Arc::from([]),
            factor: None,
            since,
            reason,
            tell,
            revision: None,
            review_by: None,
        }
    }

    /// Whether a class is closed to such a call. A continuity class stays open in every shape unless
    /// it is named, or access has ended.
    #[must_use]
    pub fn bars(&self, class: &str, effect: Effect, continuity: bool) -> bool {
        let open = continuity
            && self.state != StandingName::Terminated
            && !self.even.iter().any(|closed| closed.as_str() == class);
        !open && self.closes.bars(class, effect)
    }

    /// Whether it takes nothing away.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closes.is_nothing() && self.factor.is_none()
    }

    /// Whether everything that `other` takes away is taken away by this too. In doubt it says no.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let ended = self.state == StandingName::Terminated;
        let even = other.even.iter().all(|class| self.even.contains(class));
        let factor = match (self.factor, other.factor) {
            (_, None) => true,
            (Some(own), Some(other)) => own <= other,
            (None, Some(_)) => self.closes == Closes::All,
        };
        self.closes.covers(&other.closes)
            && (ended || (even && factor && other.state != StandingName::Terminated))
    }
}
