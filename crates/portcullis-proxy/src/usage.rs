//! What a call counts as in the usage of its key.
//!
//! Must not know hours or who keeps them.

use std::fmt;
use std::sync::Arc;

use portcullis_judge::{UsageCells, UsageOf, UsageSink, UsageVerdict};
use portcullis_types::Wall;

use crate::counts::Count;
use crate::ticket::CLIENT_GONE;

/// Takes what threads count of each key's calls.
#[derive(Clone)]
pub struct UsageOutlet(pub Arc<dyn UsageSink>);

/// Looks at whoever takes what was counted, before the last counts are given up.
const PATIENCE: usize = 10_000;

/// Counts one call, if its key is known. A batch counts as its entries.
pub(crate) fn count(cells: &mut UsageCells, count: &Count<'_>) {
    let Some((trace, key)) = count.trace.and_then(|trace| Some((trace, trace.key?))) else {
        return;
    };
    if count.parted {
        return;
    }
    // A client that left is not one that was refused.
    let refusal = count.refusal.filter(|code| *code != CLIENT_GONE);
    let verdict = match (refusal, trace.observed()) {
        (Some(code), _) => UsageVerdict::Refused(code),
        (None, Some(observed)) => UsageVerdict::Observed(observed.row().code),
        (None, None) => UsageVerdict::Permit,
    };
    // The rule of a permit has not refused what went wrong later.
    let refused = trace.refused || refusal.is_none();
    let rule = trace.rule.as_ref().filter(|_| refused);
    let of = UsageOf { key, class: trace.class_ix, client: trace.client };
    cells.count(trace.policy_revision, of, verdict, rule);
}

/// Hands over the last counts; readers hold the book for a moment only.
pub(crate) fn settle(cells: &mut UsageCells, now: Wall) {
    for _ in 0..PATIENCE {
        cells.flush(now);
        if cells.is_empty() {
            return;
        }
        std::thread::yield_now();
    }
}

impl fmt::Debug for UsageOutlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UsageOutlet")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use portcullis_judge::{Notes, Trace, UsageCount, UsageSink};
    use portcullis_types::{KeyIx, Refusal, Revision};

    use super::*;

    #[derive(Default)]
    struct Sink(Mutex<Vec<UsageCount>>);
    impl UsageSink for Sink {
        fn add(&self, _: Wall, _: Option<Revision>, counts: &[UsageCount]) -> bool {
            self.0.lock().unwrap().extend_from_slice(counts);
            true
        }
    }

    #[track_caller]
    fn check(trace: &Trace, refusal: Option<&'static str>, expected: &str) {
        let sink = Arc::new(Sink::default());
        let mut cells = UsageCells::new(Arc::clone(&sink) as Arc<dyn UsageSink>);
        let of = |parted| Count {
            trace: Some(trace),
            refusal,
            status: 200,
            total_ns: 0,
            upstream_ns: None,
            judge_ns: None,
            parted,
        };
        count(&mut cells, &of(true));
        count(&mut cells, &of(false));
        settle(&mut cells, Wall(0));
        let counted = sink.0.lock().unwrap();
        let told = counted.iter().map(|one| {
            assert_eq!(one.calls, 1);
            format!("{:?} {}", one.verdict, one.rule.as_deref().unwrap_or("none"))
        });
        assert_eq!(told.collect::<Vec<_>>().join(", "), expected);
    }

    #[test]
    fn a_call_counts_as_what_the_judge_or_the_platform_made_of_it() {
        let permit = Trace {
            key: Some(KeyIx(1)),
            rule: Some("tier/allow".into()),
            policy_revision: Some(Revision(1)),
            ..Trace::default()
        };
        let refused = Trace { refused: true, rule: Some("tier/deny".into()), ..permit.clone() };
        let notes = Notes { observed: Some(Refusal::BatchNotAgreed), ..Notes::default() };
        let observed = Trace { notes: Some(Box::new(notes)), ..refused.clone() };
        let unknown = Trace { key: None, ..refused.clone() };
        check(&permit, None, "Permit none");
        check(&permit, Some(CLIENT_GONE), "Permit none");
        check(&permit, Some("upstream_slow"), "Refused(\"upstream_slow\") none");
        check(&refused, Some("rule_denied"), "Refused(\"rule_denied\") tier/deny");
        check(&observed, None, "Observed(\"batch_not_agreed\") tier/deny");
        check(&unknown, Some("key_unknown"), "");
    }
}
