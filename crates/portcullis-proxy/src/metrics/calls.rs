//! Calls: how many, what became of them, and how long they took.
//!
//! Must not know who serves them.

use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge};

use super::{Make, SECONDS};

/// To judge takes a hundredth of what a call does.
const JUDGE_SECONDS: [f64; 8] = [5e-7, 1e-6, 2e-6, 5e-6, 1e-5, 5e-5, 5e-4, 5e-3];

/// What became of calls, and how long it took.
#[derive(Debug, Clone)]
pub(crate) struct Calls {
    pub(crate) requests: IntCounterVec,
    pub(crate) refusals: IntCounterVec,
    pub(crate) observed: IntCounterVec,
    pub(crate) shadowed: IntCounterVec,
    pub(crate) signals: IntCounterVec,
    pub(crate) duration: Histogram,
    pub(crate) judge_duration: Histogram,
    pub(crate) in_flight: IntGauge,
    pub(crate) waiting: IntGauge,
    pub(crate) answers_cut: IntCounter,
    pub(crate) panics: IntCounter,
}

impl Calls {
    pub(super) fn new(all: &Make<'_>) -> Self {
        Self {
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
            judge_duration: all.histogram(
                "portcullis_policy_duration_seconds",
                "To judge a call.",
                &JUDGE_SECONDS,
            ),
            in_flight: all.gauge("portcullis_requests_in_flight", "Calls being served."),
            waiting: all.gauge(
                "portcullis_requests_waiting",
                "Calls that wait until an upstream can take them.",
            ),
            answers_cut: all.counter(
                "portcullis_answers_cut_total",
                "Answers cut since the key was taken away while they streamed.",
            ),
            panics: all
                .counter("portcullis_panics_total", "Calls on which the gate itself failed."),
        }
    }
}
