//! What the data plane counts, for Prometheus.
//!
//! Labels are bounded: operations of the catalogue, codes of the refusal table, classes of status,
//! rules of the tiers.
//! Never a path, a key or a partner. Must not know what a policy is.

mod calls;
mod connections;
mod upstreams;

use portcullis_types::all_rows;
use prometheus::core::Collector;
use prometheus::{
    Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

use calls::Calls;
use connections::Connections;
use upstreams::Upstreams;

/// Every metric of the data plane.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    pub(crate) calls: Calls,
    pub(crate) connections: Connections,
    pub(crate) upstreams: Upstreams,
    pub(crate) memory_short: IntGauge,
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
            calls: Calls::new(&all),
            connections: Connections::new(&all),
            upstreams: Upstreams::new(&all),
            memory_short: all.gauge(
                "portcullis_memory_short",
                "Whether memory is short, so that the gate takes on less.",
            ),
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
            metrics.calls.refusals.with_label_values(&[row.code]);
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
        self.connections.handshakes.with_label_values(&[outcome]).inc();
    }

    pub(crate) fn turned_away(&self, why: &'static str) {
        self.connections.turned_away.with_label_values(&[why]).inc();
    }

    pub(crate) fn cut_slow(&self, at: &'static str) {
        self.connections.closed.with_label_values(&[at]).inc();
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
