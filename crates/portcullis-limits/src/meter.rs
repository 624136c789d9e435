//! Rates made ready to count with; shared by every subject that is on the same tier.
//!
//! Must not know subjects or moments.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota;
use portcullis_types::{RateId, Span};

/// Longest a full burst takes to come back, about 36 years: below it no sum of the algorithm can
/// overflow. A rate beyond it gets a smaller burst, hence never admits more than it says.
const REFILL_NANOSECONDS_MAX: u64 = 1 << 60;

/// A rate as a tier states it.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct RateSpec {
    /// Its name within the tier.
    pub id: RateId,
    /// Most units in a window; 0: none at all.
    pub max: u64,
    /// The window.
    pub window: Span,
    /// Most units at once; 0: none at all.
    pub burst: u64,
}

/// The rates of one kind of subject in one tier.
#[derive(Debug)]
pub struct Meter {
    rates: Box<[Rate]>,
}

/// A rate and what follows from it.
#[derive(Debug)]
pub(crate) struct Rate {
    pub(crate) spec: RateSpec,
    /// None: the rate admits nothing.
    pub(crate) pace: Option<Pace>,
}

/// A quota in the units the algorithm counts in.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) struct Pace {
    pub(crate) quota: Quota,
    /// Nanoseconds until one unit is given back.
    pub(crate) unit_nanoseconds: u64,
    /// Most units at once.
    pub(crate) burst: NonZeroU32,
}

impl Meter {
    /// Makes rates ready.
    #[must_use]
    pub fn new(specs: Vec<RateSpec>) -> Self {
        let ready = |spec: RateSpec| Rate { pace: Pace::of(&spec), spec };
        Self { rates: specs.into_iter().map(ready).collect() }
    }

    /// The rates as they were stated, in order.
    pub fn specs(&self) -> impl ExactSizeIterator<Item = &RateSpec> {
        self.rates.iter().map(|rate| &rate.spec)
    }

    /// Whether there is nothing to count.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rates.is_empty()
    }

    pub(crate) fn rates(&self) -> &[Rate] {
        &self.rates
    }
}

impl Pace {
    /// None where the rate admits nothing.
    fn of(spec: &RateSpec) -> Option<Self> {
        if spec.max == 0 || spec.burst == 0 {
            return None;
        }
        let window = u128::from(spec.window.milliseconds()) * 1_000_000;
        // Rounded up, so that the rate is never faster than it says. A window of zero length can't
        // be counted in: it admits nothing, like every rule that can't be evaluated.
        let unit = u64::try_from(window.div_ceil(u128::from(spec.max))).ok()?;
        let unit_nanoseconds = unit.min(REFILL_NANOSECONDS_MAX);
        let burst = spec.burst.min(REFILL_NANOSECONDS_MAX.checked_div(unit_nanoseconds)?);
        let burst = NonZeroU32::new(u32::try_from(burst).unwrap_or(u32::MAX))?;
        let quota = Quota::with_period(Duration::from_nanos(unit_nanoseconds))?.allow_burst(burst);
        Some(Self { quota, unit_nanoseconds, burst })
    }

    /// Nanoseconds of the algorithm's account that `units` take up.
    pub(crate) fn weight(&self, units: u32) -> u64 {
        self.unit_nanoseconds.saturating_mul(u64::from(units))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(max: u64, window: &str, burst: u64, expected: Option<(u64, u32)>) {
        let spec =
            RateSpec { id: RateId::new("r").unwrap(), max, window: window.parse().unwrap(), burst };
        let pace = Pace::of(&spec).map(|pace| (pace.unit_nanoseconds, pace.burst.get()));
        assert_eq!(pace, expected);
    }

    #[test]
    fn zero_is_none_and_nothing_is_faster_than_it_says() {
        check(200, "1h", 50, Some((18_000_000_000, 50)));
        check(0, "1h", 50, None);
        check(200, "1h", 0, None);
        check(200, "0s", 50, None);
        check(3, "1s", 3, Some((333_333_334, 3)));
        check(u64::MAX, "1ms", u64::MAX, Some((1, u32::MAX)));
        check(1, "36500d", 9, Some((REFILL_NANOSECONDS_MAX, 1)));
        check(1, "365d", 1000, Some((31_536_000_000_000_000, 36)));
    }
}
