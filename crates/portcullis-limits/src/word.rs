//! One rate of one subject in one word, as a state store of governor.
//!
//! The word holds governor's theoretical arrival time as nanoseconds on the clock of the calls. Must
//! not know which rate or whose it is.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::RateLimiter;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{NotKeyed, StateStore};
use portcullis_types::Mono;

use crate::meter::Pace;

/// What a word says once its rate was carried to another one.
const MOVED: u64 = u64::MAX;
/// Further ahead than any rate reaches (see `REFILL_NANOSECONDS_MAX`), yet safe to add to.
const FAR_NANOSECONDS: u64 = 1 << 62;

/// The account of one rate. 0: nothing was used yet.
#[derive(Debug, Default)]
pub(crate) struct Word(AtomicU64);

/// Why a word refuses.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum No {
    /// It would admit the same after so many nanoseconds.
    After(u64),
    /// It never will.
    Never,
    /// It does not count any more; look for the one it was carried to.
    Moved,
}

impl Word {
    pub(crate) const fn new(at: u64) -> Self {
        Self(AtomicU64::new(at))
    }

    /// Debits, or says why not; then nothing changed.
    pub(crate) fn take(&self, pace: Option<&Pace>, cost: NonZeroU32, now: Mono) -> Result<(), No> {
        self.ask(pace, cost, now, true)
    }

    /// Says what [`Word::take`] would say, and debits nothing.
    pub(crate) fn peek(&self, pace: Option<&Pace>, cost: NonZeroU32, now: Mono) -> Result<(), No> {
        self.ask(pace, cost, now, false)
    }

    fn ask(&self, pace: Option<&Pace>, cost: NonZeroU32, now: Mono, write: bool) -> Result<(), No> {
        let Some(pace) = pace else { return Err(No::Never) };
        // Also keeps governor's product of cost and unit within bounds.
        if cost > pace.burst {
            return Err(No::Never);
        }
        let account = Account { word: &self.0, now: now.0, write };
        let limiter =
            RateLimiter::<_, _, _, NoOpMiddleware<Nanos>>::new(pace.quota, account, MomentOfCall);
        match limiter.check_n(cost) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) if self.0.load(Ordering::Acquire) == MOVED => Err(No::Moved),
            Ok(Err(not_until)) => {
                let wait = not_until.wait_time_from(MomentOfCall.now());
                Err(No::After(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX)))
            }
            Err(_) => Err(No::Never),
        }
    }

    /// Takes a debit back. Debits of others in between stay.
    pub(crate) fn give_back(&self, weight: u64) {
        let less = |at: u64| (at != MOVED).then(|| at.saturating_sub(weight));
        // A word that moved in between keeps the debit: too strict by one call rather than too lax.
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
    }

    /// Nanoseconds until nothing is used any more.
    pub(crate) fn used(&self, now: Mono) -> u64 {
        self.0.load(Ordering::Acquire).saturating_sub(now.0).min(FAR_NANOSECONDS)
    }

    /// Ends this word and gives what it held; none if it had ended before.
    pub(crate) fn retire(&self) -> Option<u64> {
        Some(self.0.swap(MOVED, Ordering::AcqRel)).filter(|at| *at != MOVED)
    }
}

/// The clock of governor: every call happens at its own zero, and the account is kept relative to
/// it. So no clock is read, and a call years ago can be judged again.
struct MomentOfCall;

impl Clock for MomentOfCall {
    type Instant = Nanos;
    fn now(&self) -> Nanos {
        Nanos::new(0)
    }
}

struct Account<'a> {
    word: &'a AtomicU64,
    now: u64,
    write: bool,
}

impl StateStore for Account<'_> {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _key: &NotKeyed, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut before = self.word.load(Ordering::Acquire);
        loop {
            // A time that has passed is zero, that is the moment itself: nothing is in use.
            let ahead = before.saturating_sub(self.now).min(FAR_NANOSECONDS);
            let (outcome, next) = f(Some(Nanos::new(ahead)))?;
            if !self.write {
                return Ok(outcome);
            }
            let after = self.now.saturating_add(next.as_u64()).min(MOVED - 1);
            match self.word.compare_exchange_weak(
                before,
                after,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Ok(outcome),
                Err(other) => before = other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::Reference as _;

    use super::*;

    #[test]
    fn a_word_that_moved_stays_so_and_is_never_fresh() {
        let word = Word::new(7);
        assert_eq!(word.retire(), Some(7));
        word.give_back(5);
        assert_eq!(word.retire(), None);
    }

    #[test]
    fn governor_measures_from_the_moment_of_the_call() {
        let later = Nanos::new(5);
        assert_eq!(later.duration_since(MomentOfCall.now()), later);
    }
}
