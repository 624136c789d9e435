//! How long things are kept, as it is written, into what holds.
//!
//! Must not erase anything.

use portcullis_registry::{RecordKind, Retention};
use portcullis_types::Span;

use super::settle::Settling;
use super::shape;

/// The longest that can be written, in days: what is to stay for longer is left out.
const DAYS_MAX: u64 = 36_500;
const DAY: u64 = 86_400;

impl Settling<'_> {
    pub(super) fn retention(&mut self, written: &shape::Retention) -> Retention {
        let kinds = [
            (RecordKind::Evidence, &written.evidence),
            (RecordKind::Notes, &written.notes),
            (RecordKind::Statements, &written.statements),
            (RecordKind::Answers, &written.answers),
            (RecordKind::Deliveries, &written.deliveries),
        ];
        let mut retention = Retention::default();
        for (kind, at) in kinds {
            let Some(at) = at else { continue };
            let least = kind.days_min();
            let range = Span::from_seconds(least * DAY)..=Span::from_seconds(DAYS_MAX * DAY);
            if !range.contains(&at.value) {
                let message = format!("{} is outside {least}d to {DAYS_MAX}d for {kind}", at.value);
                let help = "leave the line out and they are kept for ever";
                self.fault("PC0060", at, message, help);
            }
            retention = retention.with(kind, Some(at.value));
        }
        retention
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use portcullis_yaml::{Faults, Source};

    use super::*;

    fn settled(text: &str) -> (Retention, String) {
        let source = Source::new("portcullis.yaml", text);
        let read = portcullis_yaml::read_partly::<shape::Retention>(&source);
        let mut settling = Settling { source: &source, faults: read.faults, base: PathBuf::new() };
        let retention = settling.retention(&read.value.unwrap());
        (retention, Faults(settling.faults).to_string())
    }

    #[test]
    fn each_kind_is_kept_as_long_as_is_written_and_else_for_ever() {
        let (retention, faults) = settled("evidence: 30d\nstatements: 1095d\ndeliveries: 168h\n");
        assert_eq!(faults, Faults(Vec::new()).to_string());
        let kept = RecordKind::ALL.map(|kind| retention.of(kind).map(|keep| keep.to_string()));
        let kept: Vec<_> = kept.iter().map(|keep| keep.as_deref().unwrap_or("for ever")).collect();
        assert_eq!(kept, ["30d", "for ever", "1095d", "for ever", "7d"]);
        assert_eq!(settled("{}").0, Retention::default());
    }

    #[test]
    fn what_is_kept_too_short_or_in_no_length_is_told_with_what_to_write() {
        let text = "evidence: 29d\nnotes: 36501d\nstatements: 179d\nanswers: 0s\ndeliveries: 6d\n";
        insta::assert_snapshot!(settled(text).1);
        insta::assert_snapshot!(settled("statements: 3 years\nlogs: 30d\n").1);
    }
}
