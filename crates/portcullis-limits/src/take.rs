//! Debiting one call from every rate that applies to it: all of them, or none.
//!
//! Must not know why a rate applies.

use std::num::{NonZeroU32, NonZeroU64};

use portcullis_types::{Mono, RateHit, RateId, Span};

use crate::Limiters;
use crate::meter::Rate;
use crate::word::{No, Word};

const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

/// A rate that applies to a call.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The rates of the subject.
    pub limiters: &'a Limiters,
    /// Which of them, by its place in the meter.
    pub rate: usize,
}

/// Why nothing was debited.
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum Denied {
    /// A rate was reached; of several the one with the longest wait.
    Reached {
        /// Which claim.
        claim: usize,
        /// What the caller is told.
        hit: RateHit,
    },
    /// The rates were carried to others while this call looked at them; look them up again.
    Moved,
}

/// How much of a rate is left after a call, for the `RateLimit` header.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Reading {
    /// Which claim.
    pub claim: usize,
    /// The rate's name.
    pub rate: RateId,
    /// Most units in the window.
    pub max: u64,
    /// The window.
    pub window: Span,
    /// Most units at once.
    pub burst: u64,
    /// Units that would pass now.
    pub remaining: u64,
    /// Whole seconds until all of the burst is back, rounded up.
    pub reset_seconds: u64,
}

/// Debits `cost` units (at least one) from every claim, or from none.
///
/// Gives the reading of the tightest rate, none if no rate applies.
///
/// # Errors
/// [`Denied`]; then nothing was debited.
pub fn take(claims: &[Claim<'_>], cost: u32, now: Mono) -> Result<Option<Reading>, Denied> {
    let cost = NonZeroU32::new(cost).unwrap_or(NonZeroU32::MIN);
    // Looked at before any is debited, so that a call which one rate refuses does not make another
    // rate look full to its neighbours for a moment. A single debit is all or nothing by itself.
    if claims.len() > 1 {
        refuse_longest(claims, cost, now)?;
    }
    for (at, claim) in claims.iter().enumerate() {
        if let Err(no) = claim
            .parts()
            .map_or(Err(No::Never), |(rate, word)| word.take(rate.pace.as_ref(), cost, now))
        {
            give_back(claims.get(..at).unwrap_or_default(), cost);
            refuse_longest(claims, cost, now)?;
            // Another call gave back in between; this one was refused all the same.
            return Err(denied(claims, at, no));
        }
    }
    Ok(look(claims, now))
}

impl<'a> Claim<'a> {
    /// The rate and its account; none, hence refused, for a claim on a rate that is not there.
    fn parts(&self) -> Option<(&'a Rate, &'a Word)> {
        self.limiters.meter().rates().get(self.rate).zip(self.limiters.word(self.rate))
    }
}

fn refuse_longest(claims: &[Claim<'_>], cost: NonZeroU32, now: Mono) -> Result<(), Denied> {
    let refusals = claims.iter().enumerate().filter_map(|(at, claim)| {
        let no = match claim.parts() {
            Some((rate, word)) => word.peek(rate.pace.as_ref(), cost, now).err()?,
            None => No::Never,
        };
        Some((at, no))
    });
    let mut longest: Option<(usize, No)> = None;
    for (at, no) in refusals {
        if longest.is_none_or(|(_, other)| weight(no) > weight(other)) {
            longest = Some((at, no));
        }
    }
    longest.map_or(Ok(()), |(at, no)| Err(denied(claims, at, no)))
}

/// Orders refusals: one that never ends is longer than any wait, and one that must be asked again
/// comes before all.
fn weight(no: No) -> (u8, u64) {
    match no {
        No::After(wait) => (0, wait),
        No::Never => (1, 0),
        No::Moved => (2, 0),
    }
}

fn denied(claims: &[Claim<'_>], at: usize, no: No) -> Denied {
    let wait = match no {
        No::Moved => return Denied::Moved,
        No::Never => None,
        No::After(wait) => {
            Some(NonZeroU64::new(wait.div_ceil(NANOSECONDS_PER_SECOND)).unwrap_or(NonZeroU64::MIN))
        }
    };
    let Some((rate, _)) = claims.get(at).and_then(Claim::parts) else {
        // A claim on a rate that is not there: whoever made it holds another meter.
        return Denied::Moved;
    };
    let hit = RateHit {
        rate: rate.spec.id.clone(),
        max: rate.spec.max,
        window: rate.spec.window,
        retry_after_seconds: wait,
    };
    Denied::Reached { claim: at, hit }
}

fn give_back(claims: &[Claim<'_>], cost: NonZeroU32) {
    for (rate, word) in claims.iter().filter_map(Claim::parts) {
        if let Some(pace) = rate.pace {
            word.give_back(pace.weight(cost.get()));
        }
    }
}

/// The reading of the tightest rate, none if no rate applies; debits nothing.
#[must_use]
pub fn look(claims: &[Claim<'_>], now: Mono) -> Option<Reading> {
    let mut least: Option<(usize, &Rate, u64, u64)> = None;
    for (at, claim) in claims.iter().enumerate() {
        let Some((rate, word)) = claim.parts() else { continue };
        let Some(pace) = rate.pace else { continue };
        let used = word.used(now);
        let remaining =
            u64::from(pace.burst.get()).saturating_sub(used.div_ceil(pace.unit_nanoseconds.max(1)));
        if least.is_none_or(|(.., left, wait)| (remaining, wait) < (left, used)) {
            least = Some((at, rate, remaining, used));
        }
    }
    least.map(|(claim, rate, remaining, used)| Reading {
        claim,
        rate: rate.spec.id.clone(),
        max: rate.spec.max,
        window: rate.spec.window,
        burst: rate.spec.burst,
        remaining,
        reset_seconds: used.div_ceil(NANOSECONDS_PER_SECOND),
    })
}

#[cfg(test)]
mod tests;
