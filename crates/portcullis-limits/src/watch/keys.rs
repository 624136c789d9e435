//! Keys of one partner that share out one list.
//!
//! Seen are targets that were asked at least twice, since a target asked once is of one key whatever the
//! plan. A list shared out shows in two things together: each target always comes by the same key, and
//! the keys have parts of nearly the same size. Keys of customers' projects have the first without the
//! second, keys of a load balancer the second without the first.
//!
//! Must not know what a key may do.

use std::collections::{HashMap, VecDeque};

use super::detector::Hit;
use super::spec::Measure;
use crate::budget::{ByTarget, TargetKey};

/// Targets looked at; later ones are not seen until earlier ones leave the window.
pub(crate) const TARGETS_MAX: usize = 16_384;
/// Fewer keys share nothing out.
const KEYS_MIN: usize = 3;
/// Looked at again after so many asks.
const EVERY: u32 = 64;
/// Parts of nearly the same size: the standard deviation is at most so much of the mean.
const UNEVEN_PERCENT: u64 = 30;

/// Who asked for what.
#[derive(Debug, Default)]
pub(crate) struct KeyUnion {
    seen: ByTarget<Seen>,
    order: VecDeque<(u64, TargetKey)>,
    asks: u32,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    key: u64,
    again: bool,
    several: bool,
}

impl KeyUnion {
    pub(crate) fn asked(
        &mut self,
        measure: &Measure,
        target: TargetKey,
        key: u64,
        now: u64,
    ) -> Option<Hit> {
        let window = measure.per.milliseconds();
        while let Some((at, old)) = self.order.front().copied() {
            if at.saturating_add(window) > now {
                break;
            }
            self.order.pop_front();
            self.seen.remove(&old);
        }
        if let Some(seen) = self.seen.get_mut(&target) {
            seen.again = true;
            seen.several |= seen.key != key;
        } else if self.seen.len() < TARGETS_MAX {
            self.seen.insert(target, Seen { key, again: false, several: false });
            self.order.push_back((now, target));
        }
        self.asks = (self.asks + 1) % EVERY;
        if self.asks != 0 || (self.seen.len() as u64) < measure.min {
            return None;
        }
        self.look(measure)
    }

    fn look(&self, measure: &Measure) -> Option<Hit> {
        let mut parts: HashMap<u64, u64> = HashMap::new();
        let (mut again, mut one) = (0_u64, 0_u64);
        for seen in self.seen.values().filter(|seen| seen.again) {
            again += 1;
            if !seen.several {
                one += 1;
                *parts.entry(seen.key).or_default() += 1;
            }
        }
        let percent = (one * 100).checked_div(again)?;
        let shared_out = again >= measure.min
            && percent > measure.over
            && parts.len() >= KEYS_MIN
            && uneven_percent(&parts) <= UNEVEN_PERCENT;
        shared_out.then(|| {
            let keys = parts.len() as u64;
            let targets = ("targets asked again", again);
            Hit::new(
                measure.signal,
                &[targets, ("keys", keys), ("percent of one key only", percent)],
            )
        })
    }
}

/// The standard deviation in percent of the mean.
fn uneven_percent(parts: &HashMap<u64, u64>) -> u64 {
    let keys = parts.len().max(1) as f64;
    let mean = parts.values().sum::<u64>() as f64 / keys;
    let squares = parts.values().map(|part| (*part as f64 - mean).powi(2)).sum::<f64>();
    ((squares / keys).sqrt() / mean.max(1.0) * 100.0) as u64
}
