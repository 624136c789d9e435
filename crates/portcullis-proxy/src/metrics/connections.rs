//! Connections of partners: those there are, and those that were closed.
//!
//! Must not know what is asked on them.

use prometheus::{IntCounter, IntCounterVec, IntGauge};

use super::Make;

/// Connections of partners.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    pub(crate) open: IntGauge,
    pub(crate) parked: IntGauge,
    pub(crate) handed_over: IntCounter,
    pub(crate) accept_errors: IntCounter,
    pub(super) turned_away: IntCounterVec,
    pub(super) handshakes: IntCounterVec,
    pub(super) closed: IntCounterVec,
}

impl Connections {
    pub(super) fn new(all: &Make<'_>) -> Self {
        Self {
            open: all.gauge("portcullis_open_connections", "Connections of partners."),
            parked: all.gauge(
                "portcullis_parked_connections",
                "Connections of partners between two calls, kept without buffers.",
            ),
            handed_over: all.counter(
                "portcullis_connections_handed_over_total",
                "Fresh connections that a thread with more than its part handed to another.",
            ),
            accept_errors: all.counter(
                "portcullis_accept_errors_total",
                "Times no connection could be accepted, such as for want of file descriptors.",
            ),
            turned_away: all.family(
                "portcullis_connections_turned_away_total",
                "Connections closed at once: their address had as many as it may, or no proxy announced them.",
                &["why"],
            ),
            handshakes: all.family(
                "portcullis_tls_handshakes_total",
                "TLS handshakes with partners, by how they ended: full, resumed or failed.",
                &["outcome"],
            ),
            closed: all.family(
                "portcullis_connections_cut_total",
                "Connections the gate closed for being too slow, by what they were slow at, or a flood.",
                &["at"],
            ),
        }
    }
}
