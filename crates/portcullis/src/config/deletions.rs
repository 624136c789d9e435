//! What partners have to delete by when, as it is written, into what holds.
//!
//! Must not tell anybody.

use std::ops::RangeInclusive;

use portcullis_registry::{DeletionRules, SignalAction};
use portcullis_types::Span;
use portcullis_yaml::At;

use super::settle::Settling;
use super::shape;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

impl Settling<'_> {
    pub(super) fn deletions(&mut self, written: &shape::Deletions) -> DeletionRules {
        let mut rules = DeletionRules::default();
        let shape::Deadlines { deleted, protected, expired, account_closed } = &written.deadlines;
        // In the order of the causes.
        let each = [deleted, protected, expired, account_closed];
        for (deadline, at) in rules.deadlines.iter_mut().zip(each) {
            let range = Span::from_seconds(HOUR)..=Span::from_seconds(90 * DAY);
            *deadline = self.within(at.as_ref(), *deadline, range);
        }
        let range = Span::from_seconds(DAY)..=Span::from_seconds(400 * DAY);
        rules.keep = self.within(written.keep.as_ref(), rules.keep, range);
        if let Some(actions) = &written.overdue {
            rules.overdue = actions.iter().filter_map(|at| self.action(at)).collect();
        }
        rules
    }

    fn within(
        &mut self,
        at: Option<&At<Span>>,
        otherwise: Span,
        range: RangeInclusive<Span>,
    ) -> Span {
        let Some(at) = at else { return otherwise };
        if !range.contains(&at.value) {
            let message = format!("{} is outside {} to {}", at.value, range.start(), range.end());
            self.fault("PC0120", at, message, &format!("write for example `{otherwise}`"));
        }
        at.value
    }

    /// Nobody's access is taken by a clock alone: a person decides that in the case.
    fn action(&mut self, at: &At<String>) -> Option<SignalAction> {
        match at.value.as_str() {
            "flag" => Some(SignalAction::Flag),
            "open_case" => Some(SignalAction::OpenCase),
            other => {
                let message = format!("`{other}` does not follow a deadline of a deletion");
                self.fault("PC0121", at, message, "write `flag` or `open_case`");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use portcullis_registry::DeletionCause;
    use portcullis_yaml::{Faults, Source};

    use super::*;

    fn settled(text: &str) -> (DeletionRules, String) {
        let source = Source::new("portcullis.yaml", text);
        let read = portcullis_yaml::read_partly::<shape::Deletions>(&source);
        let mut settling = Settling { source: &source, faults: read.faults, base: PathBuf::new() };
        let rules = settling.deletions(&read.value.unwrap());
        (rules, Faults(settling.faults).to_string())
    }

    #[test]
    fn each_cause_has_the_deadline_that_is_written_or_the_usual_one() {
        let (rules, faults) = settled(
            "deadlines: {protected: 2d, account_closed: 7d}\noverdue: [flag, open_case]\nkeep: 60d\n",
        );
        assert_eq!(faults, Faults(Vec::new()).to_string());
        let each = DeletionCause::ALL.map(|cause| rules.deadline(cause).to_string());
        assert_eq!(each, ["1d", "2d", "1d", "7d"]);
        assert_eq!(rules.overdue, [SignalAction::Flag, SignalAction::OpenCase]);
        assert_eq!(rules.keep.to_string(), "60d");
        assert_eq!(settled("{}").0, DeletionRules::default());
        assert!(settled("overdue: []").0.overdue.is_empty());
    }

    #[test]
    fn what_no_deadline_may_be_is_told_with_what_to_write() {
        let text = "deadlines: {deleted: 59m, expired: 91d}\noverdue: [hold]\nkeep: 1h\n";
        insta::assert_snapshot!(settled(text).1);
    }
}
