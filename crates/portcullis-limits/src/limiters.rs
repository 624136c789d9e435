//! The rates of one subject, and how they pass on when the policy changes.
//!
//! Must not know whose they are.

use std::sync::Arc;

use portcullis_types::Mono;

use crate::meter::{Meter, Pace, RateSpec};
use crate::word::Word;

/// One word per rate of a meter.
#[derive(Debug)]
pub struct Limiters {
    meter: Arc<Meter>,
    words: Box<[Word]>,
}

impl Limiters {
    /// Nothing is used yet.
    #[must_use]
    pub fn new(meter: Arc<Meter>) -> Self {
        let words = meter.rates().iter().map(|_| Word::default()).collect();
        Self { meter, words }
    }

    /// The rates these count.
    #[must_use]
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Passes on to the rates of another meter and ends these: a rate of the same name and quota
    /// keeps its account, one of the same name and another quota starts with the units that are in
    /// use, one of a new name starts empty.
    ///
    /// Calls that still hold the old ones are told [`crate::Denied::Moved`], so that no debit is
    /// lost. One carries at a time; the caller sees to that.
    #[must_use]
    pub fn carry(&self, meter: Arc<Meter>, now: Mono) -> Self {
        let held: Vec<Option<u64>> = self.words.iter().map(Word::retire).collect();
        let old = || self.meter.rates().iter().zip(&held);
        let words = meter.rates().iter().map(|new| {
            let same = old().find(|(old, _)| old.spec.id == new.spec.id);
            let Some((old, held)) = same else { return Word::default() };
            match (old.pace, new.pace, *held) {
                // What had ended before was in full use, for all that is known.
                (_, Some(pace), None) => Word::new(now.0 + pace.weight(pace.burst.get())),
                (_, _, Some(at)) if same_quota(&old.spec, &new.spec) => Word::new(at),
                (Some(from), Some(to), Some(at)) => Word::new(convert(at, &from, &to, now)),
                // Where one of both admits nothing, there is nothing to pass on.
                (None, Some(_), Some(_)) | (_, None, _) => Word::default(),
            }
        });
        let words = words.collect();
        Self { meter, words }
    }

    pub(crate) fn word(&self, rate: usize) -> Option<&Word> {
        self.words.get(rate)
    }
}

fn same_quota(one: &RateSpec, other: &RateSpec) -> bool {
    (one.max, one.window, one.burst) == (other.max, other.window, other.burst)
}

/// The same number of units in the account of another pace, rounded up.
fn convert(at: u64, from: &Pace, to: &Pace, now: Mono) -> u64 {
    let used = u128::from(at.saturating_sub(now.0)) * u128::from(to.unit_nanoseconds);
    let used = used.div_ceil(u128::from(from.unit_nanoseconds.max(1)));
    // More than twice the new burst would only refuse for longer than the new rate ever says.
    let most = to.weight(to.burst.get()).saturating_mul(2);
    now.0.saturating_add(u64::try_from(used).unwrap_or(u64::MAX).min(most))
}
