//! Limits as a tier states them, checked once, and how much memory they may take.
//!
//! The maximum of a limit is not here: it may scale with what a partner declared, so it comes in with
//! each want. Must not know subjects or moments.

use std::hash::{DefaultHasher, Hash, Hasher};

use portcullis_types::{Counts, RateId, Span};

/// Most limits of one kind of subject in one tier.
pub const LIMITS_MAX: usize = 64;

/// Longest window.
pub const WINDOW_MAX: Span = Span::from_seconds(31 * 86_400);

/// A limit as a tier states it.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Limit {
    /// Its name within the tier.
    pub id: RateId,
    /// What it counts.
    pub counts: Counts,
    /// Whether it counts for each target alone.
    pub each_target: bool,
    /// The rolling window.
    pub window: Span,
}

/// How much memory one account may take, in entries of 32 bytes.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct Bounds {
    /// Distinct targets that are counted exactly; above, a sample of half to all of so many is kept.
    /// With 16,384 the estimate is within 1.1 % two times of three and 5 % off once in 100,000.
    pub exact: usize,
    /// Entries of rows or calls that are kept apart in a limit that counts all targets together.
    pub apart: usize,
    /// Entries in a limit that counts for each target alone.
    pub each: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { exact: 16_384, apart: 16_384, each: 65_536 }
    }
}

/// The limits of one kind of subject in one tier; shared by every subject that is on it.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct BudgetSpecs {
    limits: Box<[Named]>,
    bounds: Bounds,
}

/// A limit and the number by which receipts know it after its place has changed.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) struct Named {
    pub(crate) limit: Limit,
    pub(crate) identity: u64,
}

/// Why limits can't be counted.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum SpecFault {
    /// Too many.
    #[error("{found} limits for one kind of subject: write at most {LIMITS_MAX}")]
    TooMany {
        /// How many there are.
        found: usize,
    },
    /// Two of one name.
    #[error("two limits are named `{id}`: rename one of them")]
    Twice {
        /// The name.
        id: RateId,
    },
    /// A window that can't roll.
    #[error("the window of limit `{id}` is {window}: write more than 0s and at most {WINDOW_MAX}")]
    Window {
        /// The limit.
        id: RateId,
        /// Its window.
        window: Span,
    },
    /// Different targets of each target: never more than one.
    #[error(
        "limit `{id}` counts different targets for each target, which is never more than 1: \
         count rows or calls, or leave out `each: target`"
    )]
    TargetsOfTarget {
        /// The limit.
        id: RateId,
    },
}

impl BudgetSpecs {
    /// Checks limits; memory as [`Bounds::default`].
    ///
    /// # Errors
    /// [`SpecFault`], the first one found.
    pub fn new(limits: Vec<Limit>) -> Result<Self, SpecFault> {
        Self::bounded(limits, Bounds::default())
    }

    /// Checks limits, with memory as given.
    ///
    /// # Errors
    /// [`SpecFault`], the first one found.
    pub fn bounded(limits: Vec<Limit>, bounds: Bounds) -> Result<Self, SpecFault> {
        if limits.len() > LIMITS_MAX {
            return Err(SpecFault::TooMany { found: limits.len() });
        }
        for (at, limit) in limits.iter().enumerate() {
            let id = limit.id.clone();
            if limits.iter().take(at).any(|earlier| earlier.id == limit.id) {
                return Err(SpecFault::Twice { id });
            }
            if limit.window.milliseconds() == 0 || limit.window > WINDOW_MAX {
                return Err(SpecFault::Window { id, window: limit.window });
            }
            if limit.each_target && limit.counts == Counts::Targets {
                return Err(SpecFault::TargetsOfTarget { id });
            }
        }
        let limits = limits.into_iter().map(|limit| Named { identity: identity(&limit), limit });
        Ok(Self { limits: limits.collect(), bounds })
    }

    /// The limits as they were stated, in order: a [`super::Want`] names one by its place.
    pub fn limits(&self) -> impl ExactSizeIterator<Item = &Limit> {
        self.limits.iter().map(|named| &named.limit)
    }

    /// The place of a limit.
    #[must_use]
    pub fn find(&self, id: &RateId) -> Option<usize> {
        self.limits.iter().position(|named| named.limit.id == *id)
    }

    /// Whether there is nothing to count.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }

    pub(crate) fn named(&self) -> &[Named] {
        &self.limits
    }

    pub(crate) const fn bounds(&self) -> Bounds {
        self.bounds
    }
}

/// Only within one process, so that the standard hasher will do.
fn identity(limit: &Limit) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&limit.id, limit.counts, limit.each_target, limit.window).hash(&mut hasher);
    hasher.finish()
}
