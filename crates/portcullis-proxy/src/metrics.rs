//! What the data plane counts, for Prometheus.
//!
//! Labels are bounded: operations of the catalogue, codes of the refusal table, classes of status,
//! rules of the tiers.
//! Never a path, a key or a partner. Must not know what a policy is.

use portcullis_types::all_rows;
use prometheus::core::Collector;
use prometheus::{
    Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

/// Every metric of the data plane.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    pub(crate) requests: IntCounterVec,
    pub(crate) refusals: IntCounterVec,
    pub(crate) observed: IntCounterVec,
    pub(crate) shadowed: IntCounterVec,
    pub(crate) signals: IntCounterVec,
    pub(crate) duration: Histogram,
    pub(crate) upstream_duration: Histogram,
    pub(crate) judge_duration: Histogram,
    closed: IntCounterVec,
    handshakes: IntCounterVec,
    turned_away: IntCounterVec,
    pub(crate) upstream_connects: IntCounter,
    pub(crate) upstream_failures: IntCounter,
    pub(crate) upstream_out_of_step: IntCounter,
    pub(crate) upstream_repeats: IntCounter,
    pub(crate) upstream_repeats_spared: IntCounter,
    pub(crate) upstream_up: IntGaugeVec,
    pub(crate) upstream_room: IntGaugeVec,
    pub(crate) open_connections: IntGauge,
    pub(crate) parked_connections: IntGauge,
    pub(crate) handed_over: IntCounter,
    pub(crate) in_flight: IntGauge,
    pub(crate) waiting: IntGauge,
    pub(crate) memory_short: IntGauge,
    pub(crate) accept_errors: IntCounter,
    pub(crate) answers_cut: IntCounter,
    pub(crate) panics: IntCounter,
    pub(crate) records_dropped: IntCounter,
    pub(crate) ledger_answers: IntCounter,
    pub(crate) ledger_merged: IntCounter,
    pub(crate) ledger_lost: IntCounter,
    pub(crate) ledger_refused: IntCounter,
    pub(crate) ledger_records: IntCounter,
    pub(crate) spans_told: IntCounter,
    pub(crate) spans_dropped: IntCounter,
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
            observed: all.family(
                "portcullis_observed_refusals_total",
                "Calls that a partner under observation was spared a refusal for, by its code.",
                &["reason"],
            ),
            shadowed: all.family(
                "portcullis_shadowed_total",
                "Times that a rule in shadow would have said no or taken something out, by rule.",
                &["rule"],
            ),
            signals: all.family(
                "portcullis_signals_total",
                "Times that a watch hit, by watch.",
                &["rule"],
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
                "Connections the gate closed for being too slow, by what they were slow at, or a flood.",
                &["at"],
            ),
            handshakes: all.family(
                "portcullis_tls_handshakes_total",
                "TLS handshakes with partners, by how they ended: full, resumed or failed.",
                &["outcome"],
            ),
            turned_away: all.family(
                "portcullis_connections_turned_away_total",
                "Connections closed at once: their address had as many as it may, or no proxy announced them.",
                &["why"],
            ),
            upstream_connects: all.counter(
                "portcullis_upstream_connections_total",
                "Connections opened to the platform.",
            ),
            upstream_failures: all.counter(
                "portcullis_upstream_failures_total",
                "Calls that the platform did not answer, or not with well-formed HTTP in time.",
            ),
            upstream_out_of_step: all.counter(
                "portcullis_upstream_out_of_step_total",
                "Connections to the platform closed since bytes came that no call had asked for.",
            ),
            upstream_repeats: all.counter(
                "portcullis_upstream_repeats_total",
                "Calls sent again: not a byte of them went out, or the connection of a read was closed.",
            ),
            upstream_repeats_spared: all.counter(
                "portcullis_upstream_repeats_spared_total",
                "Calls not sent again since too many were.",
            ),
            upstream_up: all.gauges(
                "portcullis_upstream_up",
                "Whether an upstream takes calls, by its address.",
                &["upstream"],
            ),
            upstream_room: all.gauges(
                "portcullis_upstream_calls_max",
                "Calls that an upstream may have at once, by its address.",
                &["upstream"],
            ),
            open_connections: all.gauge("portcullis_open_connections", "Connections of partners."),
            parked_connections: all.gauge(
                "portcullis_parked_connections",
                "Connections of partners between two calls, kept without buffers.",
            ),
            handed_over: all.counter(
                "portcullis_connections_handed_over_total",
                "Fresh connections that a thread with more than its part handed to another.",
            ),
            in_flight: all.gauge("portcullis_requests_in_flight", "Calls being served."),
            waiting: all.gauge(
                "portcullis_requests_waiting",
                "Calls that wait until an upstream can take them.",
            ),
            memory_short: all.gauge(
                "portcullis_memory_short",
                "Whether memory is short, so that the gate takes on less.",
            ),
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
            ledger_answers: all
                .counter("portcullis_ledger_answers_total", "Answers that the ledger was told of."),
            ledger_merged: all.counter(
                "portcullis_ledger_merged_total",
                "Answers told to the ledger as one of several, since a ring was full.",
            ),
            ledger_lost: all.counter(
                "portcullis_ledger_lost_total",
                "Answers that fell to no count any more, so full were the rings.",
            ),
            ledger_refused: all.counter(
                "portcullis_ledger_refused_total",
                "Answers that did not begin since they could not have been written down.",
            ),
            ledger_records: all.counter(
                "portcullis_ledger_records_total",
                "Digested records that the ledger was told of.",
            ),
            spans_told: all
                .counter("portcullis_spans_exported_total", "Spans that the collector took."),
            spans_dropped: all.counter(
                "portcullis_spans_dropped_total",
                "Spans lost to a full queue, or that the collector did not take.",
            ),
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

    pub(crate) fn handshake(&self, outcome: &'static str) {
        self.handshakes.with_label_values(&[outcome]).inc();
    }

    pub(crate) fn turned_away(&self, why: &'static str) {
        self.turned_away.with_label_values(&[why]).inc();
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
    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.shown(IntGaugeVec::new(Opts::new(name, help), labels).unwrap())
    }

    #[expect(clippy::unwrap_used, reason = "the names are constants of this file and legal")]
    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Histogram {
        let opts = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.shown(Histogram::with_opts(opts).unwrap())
    }
}
