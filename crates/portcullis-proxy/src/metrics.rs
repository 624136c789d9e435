//! What the data plane counts, for Prometheus.
//!
//! Labels are bounded: operations of the catalogue, codes of the refusal table, classes of status.
//! Never a path, a key or a partner. Each thread counts in cells of its own, which are added up at
//! every tick. Must not know what a policy is.

use portcullis_judge::Trace;
use portcullis_types::{OperationIx, Revision, all_rows};
use prometheus::core::Collector;
use prometheus::local::{LocalHistogram, LocalIntCounter};
use prometheus::{
    Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};

/// Every metric of the data plane.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    refusals: IntCounterVec,
    duration: Histogram,
    upstream_duration: Histogram,
    judge_duration: Histogram,
    closed: IntCounterVec,
    pub(crate) upstream_connects: IntCounter,
    pub(crate) upstream_failures: IntCounter,
    pub(crate) open_connections: IntGauge,
    pub(crate) in_flight: IntGauge,
    pub(crate) accept_errors: IntCounter,
    pub(crate) answers_cut: IntCounter,
    pub(crate) panics: IntCounter,
    pub(crate) records_dropped: IntCounter,
    /// The policy in force, as last seen by a call.
    pub(crate) policy_revision: IntGauge,
    /// The state in force, as last seen by a call.
    pub(crate) state_revision: IntGauge,
}

/// From a tenth of a millisecond to the longest time a call may take.
const SECONDS: [f64; 14] =
    [1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.5, 1.0, 5.0, 30.0];
/// A decision is a hundred times shorter.
const JUDGE_SECONDS: [f64; 8] = [5e-7, 1e-6, 2e-6, 5e-6, 1e-5, 5e-5, 5e-4, 5e-3];

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All at zero.
    #[must_use]
    pub fn new() -> Self {
        let registry = Registry::new();
        let all = Make(&registry);
        let metrics = Self {
            requests: all.family(
                "portcullis_requests_total",
                "Calls answered, by operation, verdict and class of status.",
                &["operation", "verdict", "code_class"],
            ),
            refusals: all.family(
                "portcullis_refusals_total",
                "Calls refused, by the code of the refusal.",
                &["reason"],
            ),
            duration: all.histogram(
                "portcullis_request_duration_seconds",
                "From a call's head to the end of its answer.",
                &SECONDS,
            ),
            upstream_duration: all.histogram(
                "portcullis_upstream_duration_seconds",
                "From sending a call on to the head of the platform's answer.",
                &SECONDS,
            ),
            judge_duration: all.histogram(
                "portcullis_policy_duration_seconds",
                "To judge a call.",
                &JUDGE_SECONDS,
            ),
            closed: all.family(
                "portcullis_connections_cut_total",
                "Connections the gate closed for being too slow, by what they were slow at.",
                &["at"],
            ),
            upstream_connects: all.counter(
                "portcullis_upstream_connections_total",
                "Connections opened to the platform.",
            ),
            upstream_failures: all.counter(
                "portcullis_upstream_failures_total",
                "Calls that the platform did not answer, or not with well-formed HTTP in time.",
            ),
            open_connections: all.gauge("portcullis_open_connections", "Connections of partners."),
            in_flight: all.gauge("portcullis_requests_in_flight", "Calls being served."),
            accept_errors: all.counter(
                "portcullis_accept_errors_total",
                "Times no connection could be accepted, such as for want of file descriptors.",
            ),
            answers_cut: all.counter(
                "portcullis_answers_cut_total",
                "Answers cut since the key was taken away while they streamed.",
            ),
            panics: all
                .counter("portcullis_panics_total", "Calls on which the gate itself failed."),
            records_dropped: all
                .counter("portcullis_records_dropped_total", "Access records lost to a full ring."),
            policy_revision: all.gauge(
                "portcullis_policy_revision",
                "The policy in force, as last seen by a call.",
            ),
            state_revision: all.gauge(
                "portcullis_snapshot_revision",
                "The state in force, as last seen by a call.",
            ),
            registry: registry.clone(),
        };
        for row in all_rows() {
            metrics.refusals.with_label_values(&[row.code]);
        }
        metrics
    }

    /// For metrics of other parts of the gate, to be shown on the same page.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// All of them, in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = Vec::new();
        // Writing to memory fails only for a family without metrics, which the registry never gives.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    pub(crate) fn cut_slow(&self, at: &'static str) {
        self.closed.with_label_values(&[at]).inc();
    }
}

/// Makes and registers metrics.
struct Make<'a>(&'a Registry);

impl Make<'_> {
    /// A name given twice would be a fault of this file; the second is then counted and not shown.
    fn shown<C: Collector + Clone + 'static>(&self, metric: C) -> C {
        let _ = self.0.register(Box::new(metric.clone()));
        metric
    }

    #[expect(clippy::unwrap_used, reason = "the names are constants of this file and legal")]
    fn family(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.shown(IntCounterVec::new(Opts::new(name, help), labels).unwrap())
    }

    #[expect(clippy::unwrap_used, reason = "the names are constants of this file and legal")]
    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.shown(IntCounter::new(name, help).unwrap())
    }

    #[expect(clippy::unwrap_used, reason = "the names are constants of this file and legal")]
    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.shown(IntGauge::new(name, help).unwrap())
    }

    #[expect(clippy::unwrap_used, reason = "the names are constants of this file and legal")]
    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Histogram {
        let opts = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.shown(Histogram::with_opts(opts).unwrap())
    }
}

/// What one call adds to the counts.
pub(crate) struct Count<'a> {
    pub(crate) trace: Option<&'a Trace>,
    /// The code of the refusal; none: a permit.
    pub(crate) refusal: Option<&'static str>,
    pub(crate) status: u16,
    pub(crate) total_ns: u64,
    pub(crate) upstream_ns: Option<u64>,
    pub(crate) judge_ns: Option<u64>,
}

/// The counts of one thread.
pub(crate) struct Counts {
    all: std::sync::Arc<Metrics>,
    duration: LocalHistogram,
    upstream_duration: LocalHistogram,
    judge_duration: LocalHistogram,
    policy: Option<Revision>,
    state: Option<Revision>,
    /// By operation, then verdict and class of status. Index 0: no operation.
    requests: Vec<[Option<LocalIntCounter>; 12]>,
    refusals: Vec<(&'static str, LocalIntCounter)>,
}

impl Counts {
    pub(crate) fn new(all: std::sync::Arc<Metrics>) -> Self {
        let refusals = all_rows()
            .iter()
            .map(|row| (row.code, all.refusals.with_label_values(&[row.code]).local()))
            .collect();
        Self {
            duration: all.duration.local(),
            upstream_duration: all.upstream_duration.local(),
            judge_duration: all.judge_duration.local(),
            policy: None,
            state: None,
            requests: Vec::new(),
            refusals,
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
        self.request(count);
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
                all.requests.with_label_values(&[name(), verdict, class]).local()
            })
            .inc();
        }
    }

    /// Adds what was counted here to what everybody sees.
    pub(crate) fn flush(&mut self) {
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
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_call_is_counted_once_under_its_operation() {
        let metrics = Arc::new(Metrics::new());
        let mut counts = Counts::new(Arc::clone(&metrics));
        let trace = |revision, name: &str| Trace {
            operation: Some(OperationIx(3)),
            operation_name: Some(name.into()),
            policy_revision: Some(Revision(revision)),
            ..Trace::default()
        };
        let add = |counts: &mut Counts, trace: Option<&Trace>, refusal, status| {
            let (total_ns, upstream_ns, judge_ns) = (1000, None, None);
            counts.add(&Count { trace, refusal, status, total_ns, upstream_ns, judge_ns });
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
