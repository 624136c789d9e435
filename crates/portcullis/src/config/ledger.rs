//! The ledger: where it is written and how long it is kept.
//!
//! Must not open anything.

use std::path::PathBuf;

use portcullis_types::Span;
use portcullis_yaml::At;

use super::settle::Settling;
use super::shape;

const DAY: u64 = 86_400;
const KEEP: Span = Span::from_seconds(90 * DAY);
const DIGESTS: Span = Span::from_seconds(30 * DAY);
/// The longest that can be written, in days.
const DAYS_MAX: u64 = 36_500;
const ROLL_MIN: Span = Span::from_seconds(1);
const ROLL: Span = Span::from_seconds(3600);

/// Where and for how long.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) struct Ledger {
    pub dir: PathBuf,
    /// How long files stay.
    pub keep: Span,
    /// How long keys of days do.
    pub digests: Span,
    /// How much time goes into one file.
    pub roll: Span,
}

impl Settling<'_> {
    /// None: no ledger is written.
    pub(super) fn ledger(&mut self, written: &shape::Ledger, beside: PathBuf) -> Option<Ledger> {
        let keep = self.days(written.keep.as_ref(), KEEP);
        let digests = self.days(written.digests.as_ref(), DIGESTS.min(keep));
        if let Some(at) = written.digests.as_ref().filter(|at| at.value > keep) {
            let message = format!("digests for {}, in files that are kept for {keep}", at.value);
            let help =
                "write the length of `keep` or less: what is not there any more has no digests";
            self.fault("PC0063", at, message, help);
        }
        let roll = self.roll(written.roll.as_ref());
        let dir = written.dir.as_ref().map(|at| self.base.join(&at.value));
        let enabled = written.enabled.as_ref().is_none_or(|at| at.value);
        enabled.then(|| Ledger { dir: dir.unwrap_or(beside), keep, digests, roll })
    }

    fn days(&mut self, at: Option<&At<Span>>, default: Span) -> Span {
        let Some(at) = at else { return default };
        let range = Span::from_seconds(DAY)..=Span::from_seconds(DAYS_MAX * DAY);
        if !range.contains(&at.value) {
            let message = format!("{} is outside 1d to {DAYS_MAX}d", at.value);
            let help = "a day has one key, so nothing of the ledger is kept for less than one";
            self.fault("PC0061", at, message, help);
        }
        at.value
    }

    fn roll(&mut self, at: Option<&At<Span>>) -> Span {
        let Some(at) = at else { return ROLL };
        if !(ROLL_MIN..=ROLL).contains(&at.value) {
            let message = format!("{} is outside {ROLL_MIN} to {ROLL}", at.value);
            self.fault("PC0062", at, message, "leave the line out, and each hour has its files");
        }
        at.value
    }
}

#[cfg(test)]
mod tests {
    use portcullis_yaml::{Faults, Source};

    use super::*;

    fn settled(text: &str) -> (Option<Ledger>, String) {
        let source = Source::new("portcullis.yaml", text);
        let read = portcullis_yaml::read_partly::<shape::Ledger>(&source);
        let base = PathBuf::from("gate");
        let mut settling = Settling { source: &source, faults: read.faults, base };
        let ledger = settling.ledger(&read.value.unwrap(), PathBuf::from("gate/data/gate.ledger"));
        (ledger, Faults(settling.faults).to_string())
    }

    #[test]
    fn a_ledger_is_written_beside_the_store_unless_it_is_said_otherwise() {
        let ledger = settled("{}").0.unwrap();
        assert_eq!(ledger.dir, PathBuf::from("gate/data/gate.ledger"));
        let told = [ledger.keep, ledger.digests, ledger.roll].map(|span| span.to_string());
        assert_eq!(told, ["90d", "30d", "1h"]);
        let ledger = settled("dir: left\nkeep: 7d\nroll: 5m\n").0.unwrap();
        assert_eq!(ledger.dir, PathBuf::from("gate/left"));
        let told = [ledger.keep, ledger.digests, ledger.roll].map(|span| span.to_string());
        assert_eq!(told, ["7d", "7d", "5m"], "no digest outlives its file");
        assert_eq!(settled("enabled: false\n").0, None);
    }

    #[test]
    fn what_of_a_ledger_can_not_be_is_told_with_what_to_write() {
        insta::assert_snapshot!(settled("keep: 23h\ndigests: 36501d\nroll: 2h\n").1);
        insta::assert_snapshot!(settled("keep: 10d\ndigests: 11d\n").1);
        insta::assert_snapshot!(settled("keep: 3 months\nlevel: digests\n").1);
    }
}
