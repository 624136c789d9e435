//! When a message is tried again, and when it is given up.
//!
//! Must not read a clock or draw chance: both come in.

use portcullis_types::Wall;

/// How long a message is tried, in milliseconds: three days.
pub const GIVE_UP: u64 = 3 * 86_400_000;
/// The first wait.
const FIRST: u64 = 5_000;
/// The longest wait: twelve hours.
const LONGEST: u64 = 12 * 3_600_000;

/// When a message made at a moment is tried again after so many failures; none: it is given up.
///
/// Each wait is three times the one before, up to twelve hours, less a fifth by chance (any number
/// will do), so that messages that failed together do not come back together.
#[must_use]
pub fn next_try(made: Wall, failures: u32, now: Wall, chance: u64) -> Option<Wall> {
    let wait = FIRST.saturating_mul(3u64.saturating_pow(failures.saturating_sub(1))).min(LONGEST);
    let wait = wait - chance % (wait / 5);
    let last = made.0.saturating_add(GIVE_UP);
    // The last try is at the very end, so that three days are three days.
    (now.0 < last).then(|| Wall(now.0.saturating_add(wait).min(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end_after_three_days() {
        let (mut now, mut failures, mut waits) = (Wall(1_000_000), 0, Vec::new());
        let made = now;
        loop {
            failures += 1;
            let Some(next) = next_try(made, failures, now, 0) else { break };
            waits.push((next.0 - now.0) / 1000);
            now = next;
        }
        assert_eq!(waits.iter().sum::<u64>(), GIVE_UP / 1000);
        assert_eq!(
            waits,
            [
                5, 15, 45, 135, 405, 1215, 3645, 10_935, 32_805, 43_200, 43_200, 43_200, 43_200,
                37_195
            ]
        );
    }

    #[test]
    fn chance_shortens_a_wait_by_less_than_a_fifth() {
        for chance in [0, 1, 999, u64::MAX] {
            let next = next_try(Wall(0), 1, Wall(0), chance).unwrap();
            assert!((4_001..=5_000).contains(&next.0), "{chance}: {}", next.0);
        }
        assert_eq!(next_try(Wall(0), u32::MAX, Wall(0), 0), Some(Wall(LONGEST)));
        assert_eq!(next_try(Wall(0), 1, Wall(u64::MAX), 0), None);
    }
}
