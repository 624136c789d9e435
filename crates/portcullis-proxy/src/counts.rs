//! The counts of one thread, added to everybody's at each tick.
//!
//! Handles are looked up once per operation and policy, never per call. Must not know Prometheus'
//! text format.

use std::sync::Arc;

use portcullis_judge::{Notes, Trace, UsageCells};
use portcullis_types::{OperationIx, Revision, Wall, all_rows};
use prometheus::local::{LocalHistogram, LocalIntCounter};

use crate::{Metrics, usage};

/// What one call adds to the counts.
pub(crate) struct Count<'a> {
    pub(crate) trace: Option<&'a Trace>,
    /// The code of the refusal; none: a permit.
    pub(crate) refusal: Option<&'static str>,
    pub(crate) status: u16,
    pub(crate) total_ns: u64,
    pub(crate) upstream_ns: Option<u64>,
    pub(crate) judge_ns: Option<u64>,
    /// Whether it came as several calls, each counted in its key's usage instead.
    pub(crate) parted: bool,
}

/// The counts of one thread.
pub(crate) struct Counts {
    all: Arc<Metrics>,
    duration: LocalHistogram,
    upstream_duration: LocalHistogram,
    judge_duration: LocalHistogram,
    policy: Option<Revision>,
    state: Option<Revision>,
    /// By operation, then verdict and class of status. Index 0: no operation.
    requests: Vec<[Option<LocalIntCounter>; 12]>,
    refusals: Vec<(&'static str, LocalIntCounter)>,
    /// By key; none: nobody wants to know.
    usage: Option<UsageCells>,
}

impl Counts {
    pub(crate) fn new(all: Arc<Metrics>, usage: Option<UsageCells>) -> Self {
        let refusals = all_rows()
            .iter()
            .map(|row| (row.code, all.calls.refusals.with_label_values(&[row.code]).local()))
            .collect();
        Self {
            duration: all.calls.duration.local(),
            upstream_duration: all.upstreams.duration.local(),
            judge_duration: all.calls.judge_duration.local(),
            policy: None,
            state: None,
            requests: Vec::new(),
            refusals,
            usage,
            all,
        }
    }

    /// Counts a call that is fully answered.
    pub(crate) fn add(&mut self, count: &Count<'_>) {
        self.duration.observe(seconds(count.total_ns));
        if let Some(ns) = count.upstream_ns {
            self.upstream_duration.observe(seconds(ns));
        }
        if let Some(ns) = count.judge_ns {
            self.judge_duration.observe(seconds(ns));
        }
        if let Some(code) = count.refusal
            && let Some((_, counter)) = self.refusals.iter().find(|(known, _)| *known == code)
        {
            counter.inc();
        }
        if let Some(notes) = count.trace.and_then(|trace| trace.notes.as_ref()) {
            self.notes(notes);
        }
        if let Some(cells) = &mut self.usage {
            usage::count(cells, count);
        }
        self.request(count);
    }

    /// Counts what few calls have to tell; rare, so it goes straight to everybody's.
    #[cold]
    fn notes(&self, notes: &Notes) {
        if let Some(refusal) = &notes.observed {
            self.all.calls.observed.with_label_values(&[refusal.row().code]).inc();
        }
        for rule in &notes.shadowed {
            self.all.calls.shadowed.with_label_values(&[&**rule]).inc();
        }
        for hit in &notes.signals {
            self.all.calls.signals.with_label_values(&[&*hit.rule]).inc();
        }
    }

    fn request(&mut self, count: &Count<'_>) {
        let policy = count.trace.and_then(|trace| trace.policy_revision);
        if policy.is_some() && policy != self.policy {
            // Another policy may give the same index to another operation.
            self.flush();
            self.requests.clear();
            self.policy = policy;
        }
        self.state = count.trace.and_then(|trace| trace.state_revision).or(self.state);
        let operation = count.trace.and_then(|trace| trace.operation);
        let row = operation.map_or(0, |OperationIx(ix)| usize::from(ix) + 1);
        if self.requests.len() <= row {
            self.requests.resize_with(row + 1, Default::default);
        }
        let refused = count.refusal.is_some();
        let class = usize::from(count.status / 100).min(5);
        let all = &self.all;
        let name = || count.trace.and_then(|t| t.operation_name.as_deref()).unwrap_or("none");
        let cell = self
            .requests
            .get_mut(row)
            .and_then(|row| row.get_mut(class + usize::from(refused) * 6));
        if let Some(cell) = cell {
            cell.get_or_insert_with(|| {
                let verdict = if refused { "refusal" } else { "permit" };
                let class =
                    ["other", "1xx", "2xx", "3xx", "4xx", "5xx"].get(class).unwrap_or(&"other");
                all.calls.requests.with_label_values(&[name(), verdict, class]).local()
            })
            .inc();
        }
    }

    /// Hands everything over that was counted here.
    pub(crate) fn hand_over(&mut self, now: Wall) {
        self.flush();
        if let Some(cells) = &mut self.usage {
            cells.tick(now);
        }
    }

    /// Hands over what nobody took yet.
    pub(crate) fn settle(&mut self, now: Wall) {
        if let Some(cells) = &mut self.usage {
            usage::settle(cells, now);
        }
    }

    /// Adds what was counted here to what everybody sees.
    fn flush(&mut self) {
        self.duration.flush();
        self.upstream_duration.flush();
        self.judge_duration.flush();
        self.refusals.iter().for_each(|(_, counter)| counter.flush());
        self.requests.iter().flatten().flatten().for_each(LocalIntCounter::flush);
        let number = |revision: Revision| i64::try_from(revision.0).unwrap_or(i64::MAX);
        if let Some(policy) = self.policy {
            self.all.policy_revision.set(number(policy));
        }
        if let Some(state) = self.state {
            self.all.state_revision.set(number(state));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a duration of 100 days still fits")]
fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_counted_once_under_its_operation() {
        let metrics = Arc::new(Metrics::new());
        let mut counts = Counts::new(Arc::clone(&metrics), None);
        let trace = |revision, name: &str| Trace {
            operation: Some(OperationIx(3)),
            operation_name: Some(name.into()),
            policy_revision: Some(Revision(revision)),
            ..Trace::default()
        };
        let add = |counts: &mut Counts, trace: Option<&Trace>, refusal, status| {
            let (total_ns, upstream_ns, judge_ns, parted) = (1000, None, None, false);
            counts.add(&Count { trace, refusal, status, total_ns, upstream_ns, judge_ns, parted });
        };
        add(&mut counts, Some(&trace(1, "getNode")), None, 200);
        add(&mut counts, Some(&trace(2, "listUserMedia")), None, 200);
        add(&mut counts, Some(&trace(2, "listUserMedia")), Some("rate_reached"), 429);
        add(&mut counts, None, Some("key_unknown"), 401);
        counts.flush();
        let text = metrics.render();
        for line in [
            r#"portcullis_requests_total{code_class="2xx",operation="getNode",verdict="permit"} 1"#,
            r#"portcullis_requests_total{code_class="2xx",operation="listUserMedia",verdict="permit"} 1"#,
            r#"portcullis_requests_total{code_class="4xx",operation="listUserMedia",verdict="refusal"} 1"#,
            r#"portcullis_requests_total{code_class="4xx",operation="none",verdict="refusal"} 1"#,
            r#"portcullis_refusals_total{reason="key_unknown"} 1"#,
            r#"portcullis_refusals_total{reason="internal"} 0"#,
            "portcullis_request_duration_seconds_count 4",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
