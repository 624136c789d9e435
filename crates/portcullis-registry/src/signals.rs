//! Signals: watches that hit, what follows them, and how many holds they may lead to.
//!
//! Figures only: no target and no account is ever named. Must not know how a signal is measured.

use std::sync::Arc;

use portcullis_types::{ClassName, KeyId, PartnerId, PartnerIx, Revision, Span, Wall};
use serde::{Deserialize, Serialize};

use crate::pages::Pages;
use crate::snapshot::Snapshot;

/// The window in which holds by signals are counted, in milliseconds: 24 hours.
pub const SIGNAL_HOLDS_WINDOW: u64 = 86_400_000;
/// How long the alarm about too many holds is silent, in milliseconds: an hour.
pub(crate) const ALARM_EVERY: u64 = 3_600_000;

/// What follows a hit. None of them ends a key.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalAction {
    /// It is recorded.
    Flag,
    /// A case is to be opened.
    OpenCase,
    /// The partner is to be restricted.
    Restrict,
    /// The partner is to be put on hold.
    Hold,
}

/// Why a hold that a rule wants was not made.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotHeld {
    /// The partner is only observed.
    Observed,
    /// It is on hold already.
    HeldAlready,
    /// Signals have put as many partners on hold as they may within 24 hours.
    Capped,
}

/// A watch that hit.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct SignalSeen {
    /// Whose calls.
    pub partner: PartnerId,
    /// The key it was seen with, where it was one.
    pub key: Option<KeyId>,
    /// The other partner, where two are compared.
    pub with: Option<PartnerId>,
    /// The watch, with its tier, such as `newsroom/places-in-order`.
    pub rule: String,
    /// Which signal.
    pub signal: String,
    /// What was measured, in words and figures.
    pub evidence: String,
    /// What is allowed of it, in words and figures.
    pub limit: String,
    /// How far back it was counted.
    pub window: Span,
    /// The classes it watches, where it names some: what a restriction closes, and what stays closed
    /// of a hold that nobody confirms.
    pub classes: Vec<ClassName>,
    /// What the rule wants; nothing where it is in shadow.
    pub then: Vec<SignalAction>,
    /// What the partner is told where it is held.
    pub tell: Option<String>,
}

/// How many partners signals may put on hold within 24 hours.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct SignalBounds {
    /// So many, or a tenth of all partners, whichever is more; 0: none.
    pub holds_per_day: u64,
    /// Holds that bite and are not in the state yet, since the store can't be written.
    pub uncounted: u64,
}

impl SignalBounds {
    /// The most there may be among so many partners.
    #[must_use]
    pub fn cap(&self, partners: usize) -> u64 {
        if self.holds_per_day == 0 { 0 } else { self.holds_per_day.max(partners as u64 / 10) }
    }
}

/// Where a signal stands in the log.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct SignalMark {
    /// Its event.
    pub revision: Revision,
    /// Whose calls.
    pub partner: PartnerIx,
    rule: u32,
}

/// What the state keeps of signals: where they stand, and whom they put on hold of late.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    marks: Pages<SignalMark>,
    rules: Arc<Vec<Arc<str>>>,
    holds: Arc<Vec<(Wall, PartnerIx)>>,
    capped: Option<Wall>,
}

impl Snapshot {
    /// What is known of signals.
    #[must_use]
    pub fn signals(&self) -> &Signals {
        &self.signals
    }
}

impl Signals {
    /// How many were ever raised.
    #[must_use]
    pub fn count(&self) -> usize {
        self.marks.len()
    }

    /// The newest first, from just before an event on; all without one.
    pub fn newest(&self, before: Option<Revision>) -> impl Iterator<Item = SignalMark> {
        let size = before.map_or(self.marks.len(), |before| {
            self.marks.partition_point(|mark| mark.revision < before)
        });
        (0..size).rev().filter_map(|at| self.marks.get(at).copied())
    }

    /// The rule of a signal.
    #[must_use]
    pub fn rule(&self, mark: SignalMark) -> Option<&str> {
        self.rules.get(mark.rule as usize).map(|rule| &**rule)
    }

    /// How many partners signals put on hold within the last 24 hours, lifted or not.
    #[must_use]
    pub fn held(&self, now: Wall) -> u64 {
        self.held_but(now, None)
    }

    /// The same without one partner: to hold it again widens nothing.
    pub(crate) fn held_but(&self, now: Wall, one: Option<PartnerIx>) -> u64 {
        let recent = self.holds.iter().filter(|(at, _)| within(*at, now));
        let mut partners: Vec<u32> = recent.map(|(_, partner)| partner.0).collect();
        partners.sort_unstable();
        partners.dedup();
        partners.into_iter().filter(|partner| Some(PartnerIx(*partner)) != one).count() as u64
    }

    /// When a hold was last left out, since there were too many.
    #[must_use]
    pub fn capped(&self) -> Option<Wall> {
        self.capped
    }

    pub(crate) fn push(&mut self, revision: Revision, partner: PartnerIx, rule: &str) {
        let known = self.rules.iter().position(|known| &**known == rule);
        let at = known.unwrap_or_else(|| {
            Arc::make_mut(&mut self.rules).push(Arc::from(rule));
            self.rules.len() - 1
        });
        let rule = u32::try_from(at).unwrap_or(u32::MAX);
        self.marks.push(SignalMark { revision, partner, rule });
    }

    pub(crate) fn hold(&mut self, at: Wall, partner: PartnerIx) {
        let holds = Arc::make_mut(&mut self.holds);
        holds.retain(|(earlier, _)| within(*earlier, at));
        holds.push((at, partner));
    }

    pub(crate) fn cap(&mut self, at: Wall) {
        self.capped = Some(at);
    }
}

fn within(at: Wall, now: Wall) -> bool {
    at.0.saturating_add(SIGNAL_HOLDS_WINDOW) > now.0
}

impl SignalAction {
    /// The name as it stands in policies and events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::OpenCase => "open_case",
            Self::Restrict => "restrict",
            Self::Hold => "hold",
        }
    }
}

impl NotHeld {
    /// The name as it stands in events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::HeldAlready => "held_already",
            Self::Capped => "capped",
        }
    }
}
