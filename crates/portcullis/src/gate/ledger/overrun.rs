//! Answers that were refused because more left than could wait for the journal: said soon, and not again
//! with each write.
//!
//! Must not know how they are counted or written.

use std::time::Duration;

use portcullis_types::Mono;

/// How long nothing more is said.
const PAUSE: Duration = Duration::from_secs(10);

/// What was not said yet.
#[derive(Debug, Default)]
pub(super) struct Overrun {
    refused: u64,
    longest: Duration,
    said: Option<Mono>,
}

impl Overrun {
    /// Adds those that were refused until a write was done, which took so long; gives what is to be said.
    pub(super) fn add(&mut self, refused: u64, took: Duration, now: Mono) -> Option<String> {
        self.refused += refused;
        self.longest = self.longest.max(took);
        let pauses = |said: Mono| u128::from(now.0.saturating_sub(said.0)) < PAUSE.as_nanos();
        if self.refused == 0 {
            self.longest = Duration::ZERO;
            return None;
        }
        if self.said.is_some_and(pauses) {
            return None;
        }
        let Self { refused, longest, .. } = std::mem::take(self);
        self.said = Some(now);
        Some(format!(
            "{refused} answers that have to be digested were refused (`ledger_full`): more left than could wait while the journal was written, which took {:.1} s at the longest; see what else writes to its disk",
            longest.as_secs_f64()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_said_at_once_and_then_summed_up() {
        let mut overrun = Overrun::default();
        let mut add = |refused, took, second: u64| {
            let line =
                overrun.add(refused, Duration::from_millis(took), Mono(second * 1_000_000_000));
            line.map(|line| line.split(' ').next().unwrap().to_owned())
        };
        assert_eq!(add(0, 9000, 1), None, "slow, and nobody was refused");
        assert_eq!(add(7, 3100, 2).as_deref(), Some("7"));
        assert_eq!(add(5, 100, 3), None);
        assert_eq!(add(0, 100, 11), None);
        assert_eq!(add(0, 100, 12).as_deref(), Some("5"), "what came meanwhile");
        assert_eq!(add(0, 100, 30), None);
    }

    #[test]
    fn an_operator_reads_how_many_and_what_to_look_at() {
        let line = Overrun::default().add(32_656, Duration::from_millis(3140), Mono(1));
        insta::assert_snapshot!(line.unwrap(), @"32656 answers that have to be digested were refused (`ledger_full`): more left than could wait while the journal was written, which took 3.1 s at the longest; see what else writes to its disk");
    }
}
