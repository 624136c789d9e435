//! What a call ran into: a rate, a budget or a rule of its agreement.
//!
//! Must not know how it is told.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;

use crate::{RateId, Span};

/// A rate that was reached.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct RateHit {
    /// Which rate of the tier.
    pub rate: RateId,
    /// Most units in the window.
    pub max: u64,
    /// The window.
    pub window: Span,
    /// Whole seconds until the call would pass, at least 1 (RFC 9110 §10.2.3); none: it never will.
    pub retry_after_seconds: Option<NonZeroU64>,
}

/// A rule that said no.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Denial {
    /// The rule that decided, such as `publishing/no-foreign-stories`.
    pub rule: Arc<str>,
    /// Every rule that said no, that one among them.
    pub rules: Vec<Arc<str>>,
    /// What its author wrote for the partner.
    pub tell: Option<Arc<str>>,
}

/// What a budget counts.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash)]
pub enum Counts {
    /// Different targets.
    Targets,
    /// Rows asked for.
    Rows,
    /// Calls.
    Calls,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Targets => "different targets",
            Self::Rows => "rows",
            Self::Calls => "calls",
        })
    }
}

/// A budget that was reached.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct BudgetHit {
    /// Which limit of the tier.
    pub limit: RateId,
    /// What it counts.
    pub counts: Counts,
    /// Whether it counts for each target alone.
    pub each_target: bool,
    /// Most in the window, as it stands for this partner.
    pub max: u64,
    /// The rolling window.
    pub window: Span,
    /// Whole seconds until the call would pass, at least 1; none: it never will as it is asked.
    pub retry_after_seconds: Option<NonZeroU64>,
}
