//! How late it is, for whoever drops what was kept long enough: what is dropped never comes back, so that it
//! must not go by a clock that is wrong.
//!
//! Must not know what is dropped.

use portcullis_types::{Mono, Now, Wall};

use super::folder::DAY;

/// How long after what was written last a gate is begun again without a doubt.
const AWAY_MAX: u64 = 2 * DAY;
/// How long it is waited else, in nanoseconds, for somebody to set the clock: ten minutes.
const DOUBT: u64 = 600_000_000_000;

/// What is believed of the wall clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Believed {
    begun: Now,
    from: Mono,
}

impl Believed {
    /// Of a gate that begins now, and of which something was written last at `newest`.
    pub(super) fn new(begun: Now, newest: Option<Wall>) -> Self {
        let doubt = newest.is_some_and(|newest| begun.wall.0 > newest.0 + AWAY_MAX);
        Self { begun, from: Mono(begun.mono.0 + if doubt { DOUBT } else { 0 }) }
    }

    /// Whether the clock may be ahead, until somebody has had the time to set it.
    pub(super) fn is_in_doubt(&self, now: Now) -> bool {
        now.mono < self.from
    }

    /// Whether what is old may go.
    pub(super) fn may_drop(&self, now: Now) -> bool {
        !self.is_in_doubt(now) && !now.has_parted(self.begun)
    }

    /// The moment that it is: by a clock that jumped, what it would be if it had not.
    pub(super) fn wall(&self, now: Now) -> Wall {
        if now.has_parted(self.begun) { now.counted(self.begun) } else { now.wall }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGUN: u64 = 20_000 * DAY;
    const HOUR: u64 = DAY / 24;

    /// Some minutes after the beginning, by a wall clock that is as many milliseconds ahead.
    fn at(minutes: u64, ahead: u64) -> Now {
        let passed = minutes * 60_000;
        Now { wall: Wall(BEGUN + passed + ahead), mono: Mono(passed * 1_000_000) }
    }

    #[test]
    fn a_clock_that_jumps_drops_nothing_from_that_moment_on_and_tells_no_other_time() {
        let believed = Believed::new(at(0, 0), None);
        for (ahead, may_drop) in [(0, true), (HOUR, true), (HOUR + 1, false), (40 * DAY, false)] {
            let now = at(1, ahead);
            assert_eq!(believed.may_drop(now), may_drop, "{ahead}");
            assert_eq!(believed.wall(now), if may_drop { now.wall } else { at(1, 0).wall });
        }
        let back = Now { wall: Wall(BEGUN - 40 * DAY), ..at(1, 0) };
        assert!(!believed.may_drop(back));
        assert_eq!(believed.wall(back), at(1, 0).wall);
        assert!(believed.may_drop(at(2, 0)), "set right, it is believed again");
    }

    #[test]
    fn a_gate_that_was_away_for_days_waits_since_its_clock_may_be_ahead() {
        for (away, minutes, may_drop) in [
            (0, 0, true),
            (AWAY_MAX, 0, true),
            (AWAY_MAX + 1, 0, false),
            (AWAY_MAX + 1, 9, false),
            (AWAY_MAX + 1, 10, true),
        ] {
            let believed = Believed::new(at(0, 0), Some(Wall(BEGUN - away)));
            assert_eq!(believed.may_drop(at(minutes, 0)), may_drop, "{away} {minutes}");
        }
        let ahead = Believed::new(at(0, 0), Some(Wall(BEGUN + DAY)));
        assert!(ahead.may_drop(at(0, 0)), "by a clock that is behind nothing goes too soon");
    }
}
