//! A clock that stands still until a test turns it.
//!
//! Must not know the system clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use portcullis_types::{Clock, Mono, Now, Wall};

/// Stands still until [`advance`](Self::advance) turns it, so that no test waits or races.
#[derive(Debug)]
pub struct StoppedClock {
    wall_ms: AtomicU64,
    mono_ns: AtomicU64,
}

impl StoppedClock {
    /// A clock that shows `wall`; its monotonic side starts at one hour, so that tests can look
    /// at moments before the start.
    #[must_use]
    pub fn at(wall: Wall) -> Self {
        Self { wall_ms: AtomicU64::new(wall.0), mono_ns: AtomicU64::new(3_600_000_000_000) }
    }

    /// Turns both sides forward.
    pub fn advance(&self, by: Duration) {
        let (ms, ns) = (by.as_millis(), by.as_nanos());
        self.wall_ms.fetch_add(u64::try_from(ms).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.mono_ns.fetch_add(u64::try_from(ns).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Sets the wall side alone, also backwards, as an administrator or a time server does.
    pub fn set_wall(&self, wall: Wall) {
        self.wall_ms.store(wall.0, Ordering::Relaxed);
    }
}

impl Clock for StoppedClock {
    fn now(&self) -> Now {
        Now {
            wall: Wall(self.wall_ms.load(Ordering::Relaxed)),
            mono: Mono(self.mono_ns.load(Ordering::Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_only_when_turned_and_the_wall_side_can_jump_alone() {
        let clock = StoppedClock::at(Wall(1_000));
        let start = clock.now();
        assert_eq!(clock.now(), start);
        clock.advance(Duration::from_millis(1_500));
        assert_eq!(clock.now().wall, Wall(2_500));
        assert_eq!(clock.now().mono.0 - start.mono.0, 1_500_000_000);
        clock.set_wall(Wall(7));
        assert_eq!(clock.now().wall, Wall(7));
        assert_eq!(clock.now().mono.0 - start.mono.0, 1_500_000_000);
    }
}
