//! The one place that reads the system's clocks.
//!
//! Everything below takes the moment as a value, so that a decision can be replayed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use portcullis_types::{Clock, Mono, Now, Wall};

/// The system's clocks: wall time, and a monotonic count from the start of the process.
///
/// A call needs both several times, so the wall clock is read anew only ten times a second; between
/// that it goes on with the monotonic one. A step of the wall clock shows within that time.
#[derive(Debug, Clone)]
pub(crate) struct SystemClock {
    started: Instant,
    read: Arc<Reading>,
    #[cfg(test)]
    ahead: Arc<AtomicU64>,
}

/// The last look at the wall clock.
#[derive(Debug, Default)]
struct Reading {
    /// Milliseconds since 1970 when the monotonic count was 0, by that look.
    base: AtomicU64,
    /// The monotonic count in milliseconds at which to look again.
    due: AtomicU64,
}

/// Milliseconds between two looks at the wall clock.
const EVERY: u64 = 100;

impl SystemClock {
    /// Starts counting.
    #[expect(clippy::disallowed_methods, reason = "this is where time enters the program")]
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            read: Arc::default(),
            #[cfg(test)]
            ahead: ahead(),
        }
    }

    /// Looks at the wall clock.
    #[expect(clippy::disallowed_methods, reason = "this is where time enters the program")]
    #[cold]
    fn look(&self, elapsed: u64) {
        // A clock before 1970 reads as 1970: keys then look unexpired, never the other way round.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
        self.read.base.store(wall.saturating_sub(elapsed), Ordering::Relaxed);
        self.read.due.store(elapsed + EVERY, Ordering::Release);
    }
}

impl SystemClock {
    /// Nanoseconds since 1970 when the monotonic count was 0, for whoever compares its moments with those of
    /// other machines. Each look is at two clocks, a little apart: what belongs together is told by one.
    #[expect(clippy::disallowed_methods, reason = "this is where time enters the program")]
    pub(crate) fn start_unix_ns(&self) -> u128 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        since_epoch.as_nanos().saturating_sub(self.started.elapsed().as_nanos())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let elapsed = self.started.elapsed();
        let nanoseconds = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        let milliseconds = nanoseconds / 1_000_000;
        if milliseconds >= self.read.due.load(Ordering::Acquire) {
            self.look(milliseconds);
        }
        let base = self.read.base.load(Ordering::Relaxed);
        #[cfg(test)]
        let base = base + self.ahead.load(Ordering::Relaxed);
        Now { wall: Wall(base + milliseconds), mono: Mono(nanoseconds) }
    }
}

#[cfg(test)]
thread_local! {
    static AHEAD: Arc<AtomicU64> = Arc::default();
}

/// By how many milliseconds the wall clocks that this thread starts are ahead of the system's: a test that
/// starts a gate turns those of that gate, and of no other. No program that ships has it.
#[cfg(test)]
pub(crate) fn ahead() -> Arc<AtomicU64> {
    AHEAD.with(Arc::clone)
}
