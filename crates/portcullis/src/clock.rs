//! The one place that reads the system's clocks.
//!
//! Everything below takes the moment as a value, so that a decision can be replayed.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use portcullis_types::{Clock, Mono, Now, Wall};

/// The system's clocks: wall time, and a monotonic count from the start of the process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Starts counting.
    #[expect(clippy::disallowed_methods, reason = "this is where time enters the program")]
    pub(crate) fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time enters the program")]
    fn now(&self) -> Now {
        // A clock before 1970 reads as 1970: keys then look unexpired, never the other way round.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let milliseconds = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
        let nanoseconds = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Now { wall: Wall(milliseconds), mono: Mono(nanoseconds) }
    }
}
