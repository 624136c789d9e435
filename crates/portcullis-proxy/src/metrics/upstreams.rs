//! The platform's upstreams: connections, failures, calls sent again.
//!
//! Must not know whose calls they are.

use prometheus::{Histogram, IntCounter, IntGaugeVec};

use super::{Make, SECONDS};

/// What the platform's upstreams did.
#[derive(Debug, Clone)]
pub(crate) struct Upstreams {
    pub(crate) duration: Histogram,
    pub(crate) connects: IntCounter,
    pub(crate) failures: IntCounter,
    pub(crate) out_of_step: IntCounter,
    pub(crate) repeats: IntCounter,
    pub(crate) repeats_spared: IntCounter,
    pub(crate) up: IntGaugeVec,
    pub(crate) room: IntGaugeVec,
}

impl Upstreams {
    pub(super) fn new(all: &Make<'_>) -> Self {
        Self {
            duration: all.histogram(
                "portcullis_upstream_duration_seconds",
                "From sending a call on to the head of the platform's answer.",
                &SECONDS,
            ),
            connects: all.counter(
                "portcullis_upstream_connections_total",
                "Connections opened to the platform.",
            ),
            failures: all.counter(
                "portcullis_upstream_failures_total",
                "Calls that the platform did not answer, or not with well-formed HTTP in time.",
            ),
            out_of_step: all.counter(
                "portcullis_upstream_out_of_step_total",
                "Connections to the platform closed since bytes came that no call had asked for.",
            ),
            repeats: all.counter(
                "portcullis_upstream_repeats_total",
                "Calls sent again: not a byte of them went out, or the connection of a read was closed.",
            ),
            repeats_spared: all.counter(
                "portcullis_upstream_repeats_spared_total",
                "Calls not sent again since too many were.",
            ),
            up: all.gauges(
                "portcullis_upstream_up",
                "Whether an upstream takes calls, by its address.",
                &["upstream"],
            ),
            room: all.gauges(
                "portcullis_upstream_calls_max",
                "Calls that an upstream may have at once, by its address.",
                &["upstream"],
            ),
        }
    }
}
