//! How many calls of one thread an upstream may have, by how long its answers take.
//!
//! While they take about as long as at their best, it may have more; once they take much longer, it may
//! have fewer, before they pile up. What counts is the median of a window, so that a few slow calls mean
//! nothing. Must not know what a call is, nor look at a clock.

use crate::upstreams::Adaptive;

/// Answers without which a window goes on.
const ENOUGH: u32 = 16;
/// Windows after which the best one is looked for anew.
const WINDOWS: u32 = 60;
/// Microseconds that are never much longer.
const SLACK_US: u32 = 1_000;
/// Windows with half of the room, by which the best is looked for: the first one has answers of calls
/// that were sent before it.
const TRIAL: u32 = 2;

/// What one thread gives one upstream.
pub(super) struct Pace {
    least: u32,
    most: u32,
    slower_percent: u32,
    every_ms: u64,
    /// Calls that it may have, outside of a trial.
    room: u32,
    seen: Seen,
    /// Most calls under way, as of an answer in this window.
    busiest: u32,
    /// The last tick.
    now_ms: u64,
    /// How long this window has gone on.
    passed_ms: u64,
    /// The least median of this round of windows, and of the one before.
    best: [u32; 2],
    windows: u32,
    /// Windows left of a trial.
    trial: u32,
}

impl Pace {
    /// One that may have as many as it may at all.
    pub(super) fn new(adaptive: &Adaptive, most: u32, threads: usize) -> Self {
        let least = adaptive.least.div_ceil(threads.max(1)).max(1);
        Self {
            least: u32::try_from(least).unwrap_or(u32::MAX).min(most),
            most,
            slower_percent: adaptive.slower_percent,
            every_ms: u64::try_from(adaptive.every.as_millis()).unwrap_or(u64::MAX),
            room: most,
            seen: Seen::default(),
            busiest: 0,
            now_ms: 0,
            passed_ms: 0,
            best: [u32::MAX; 2],
            windows: 0,
            trial: 0,
        }
    }

    /// An answer came after so long, while so many calls were under way.
    pub(super) fn took(&mut self, us: u32, under_way: u32) {
        self.seen.add(us);
        self.busiest = self.busiest.max(under_way);
    }

    /// Goes on in time; how many calls it may have, where a window ended. A moment before the last one
    /// takes no time.
    pub(super) fn tick(&mut self, now_ms: u64) -> Option<u32> {
        let passed = now_ms.saturating_sub(std::mem::replace(&mut self.now_ms, now_ms));
        self.passed_ms = self.passed_ms.saturating_add(passed);
        if self.passed_ms < self.every_ms || self.seen.count < ENOUGH {
            return None;
        }
        self.passed_ms = 0;
        let median = self.seen.take_median();
        let busiest = std::mem::take(&mut self.busiest);
        self.ended(median, busiest);
        Some(if self.trial > 0 { (self.room / 2).max(self.least) } else { self.room })
    }

    fn ended(&mut self, median: u32, busiest: u32) {
        if self.trial > 1 {
            self.trial -= 1;
            return;
        }
        let [now, before] = self.best;
        self.best = [now.min(median), before];
        if self.trial == 1 {
            self.trial = 0;
            return;
        }
        // What is not used need not be another.
        let used = busiest >= self.room / 2;
        if used {
            self.room = self.fitting(median);
        }
        self.windows += 1;
        if self.windows == WINDOWS {
            self.windows = 0;
            self.best = [u32::MAX, now.min(median)];
            self.trial = if used { TRIAL } else { 0 };
        }
    }

    fn fitting(&self, median: u32) -> u32 {
        let best = self.best.into_iter().fold(median, u32::min);
        let slower = u64::from(best) * u64::from(self.slower_percent) / 100;
        let good = u64::from(best) + slower.max(u64::from(SLACK_US));
        let room = u64::from(self.room);
        let fitting = if u64::from(median) > good {
            (room * good / u64::from(median)).max(room / 2)
        } else {
            room + (room / 8).max(1)
        };
        u32::try_from(fitting).unwrap_or(u32::MAX).clamp(self.least, self.most)
    }
}

/// Buckets for each doubling.
const PARTS: usize = 8;
const BUCKETS: usize = 30 * PARTS;

/// How often which time was seen, each to an eighth.
struct Seen {
    counts: [u32; BUCKETS],
    count: u32,
}

impl Default for Seen {
    fn default() -> Self {
        Self { counts: [0; BUCKETS], count: 0 }
    }
}

impl Seen {
    fn add(&mut self, us: u32) {
        if let Some(count) = self.counts.get_mut(bucket(us)) {
            *count = count.saturating_add(1);
            self.count = self.count.saturating_add(1);
        }
    }

    /// The time that half of them took at the most, less an eighth; forgets them.
    fn take_median(&mut self) -> u32 {
        let Self { counts, count } = std::mem::take(self);
        let mut below = 0;
        let median = counts.iter().position(|count_here| {
            below += u64::from(*count_here);
            below * 2 >= u64::from(count)
        });
        median.map_or(0, time)
    }
}

fn bucket(us: u32) -> usize {
    let doublings = us.checked_ilog2().unwrap_or(0).saturating_sub(2);
    let part = us >> doublings.saturating_sub(1);
    match doublings {
        0 => us as usize,
        1.. => doublings as usize * PARTS + part as usize % PARTS,
    }
}

/// The least time of a bucket.
fn time(bucket: usize) -> u32 {
    let (doublings, part) = (bucket / PARTS, u32::try_from(bucket % PARTS).unwrap_or(0));
    match doublings {
        0 => part,
        1.. => (part + 8) << (doublings - 1),
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
