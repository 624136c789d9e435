//! What the operator decides about the data plane: addresses, bounds and times.
//!
//! Every bound has a default that is safe on the open internet. Must not know files or environment.

use std::net::SocketAddr;
use std::time::Duration;

use http::HeaderName;
use ipnet::IpNet;

use crate::{Listener, PlatformCredential, Pressure, PublicUrl, Upstream, Upstreams};

/// Everything the data plane is told at its start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where partners connect to.
    pub listeners: Vec<Listener>,
    /// Threads that serve calls, at least 1; one per core is right.
    pub threads: usize,
    /// The platform's own address: what calls name as their host, and links of answers lead to.
    pub upstream: Upstream,
    /// Where calls go, unless there.
    pub upstreams: Upstreams,
    /// What speaks HTTP to it.
    pub codec: Codec,
    /// What partners type; none: taken from each call's `Host`.
    pub public_url: Option<PublicUrl>,
    /// The shape of refusals.
    pub family: Family,
    /// The header that may carry the key, beside `Authorization: Bearer`.
    pub key_header: HeaderName,
    /// What the gate itself shows to the platform.
    pub credential: PlatformCredential,
    /// Peers whose `X-Forwarded-*` and `X-Request-Id` are believed.
    pub trusted: Vec<IpNet>,
    /// Begins the `type` of every problem; the refusal's code follows.
    pub problem_types: String,
    /// Whether the upstream is told who calls, by `X-Forwarded-*`.
    pub forwarded: bool,
    /// Whether permitted answers say where the tightest rate stands; a refusal by rate always does.
    pub rate_fields: bool,
    /// Whether access records say what was asked: method, path and query, without any credential.
    pub record_requests: bool,
    /// How many of the last calls are remembered to be explained, over all threads; 0: none.
    pub recall_calls: usize,
    /// Bounds on sizes and counts.
    pub limits: Limits,
    /// Whether memory is short, told while the gate runs.
    pub pressure: Pressure,
    /// Bounds on time.
    pub timeouts: Timeouts,
}

impl Settings {
    /// Defaults for all but the two addresses and the credential.
    #[must_use]
    pub fn new(listen: SocketAddr, upstream: Upstream, credential: PlatformCredential) -> Self {
        Self {
            listeners: vec![Listener::plain(listen)],
            threads: 1,
            upstream,
            upstreams: Upstreams::default(),
            codec: Codec::default(),
            public_url: None,
            family: Family::Graph,
            key_header: HeaderName::from_static("x-api-key"),
            credential,
            trusted: Vec::new(),
            problem_types: "urn:portcullis:problem:".into(),
            forwarded: true,
            rate_fields: true,
            record_requests: false,
            recall_calls: 10_000,
            limits: Limits::default(),
            pressure: Pressure::default(),
            timeouts: Timeouts::default(),
        }
    }
}

/// What speaks HTTP to the platform.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub enum Codec {
    /// The gate's own: strict, and without a task or a channel between a call and its connection.
    #[default]
    Own,
    /// hyper's client.
    Hyper,
    /// HTTP/2, by hyper's client: agreed on by TLS, or known to be spoken where there is none.
    Http2,
}

/// The shape of refusals, by the family of the platform's API.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Family {
    /// RFC 9457 members and the Graph `error` object in one body.
    Graph,
    /// RFC 9457 members only.
    Problem,
}

/// Bounds on sizes and counts. Those on counts are over all threads.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open connections; beyond it the gate stops accepting until one ends.
    pub connections: usize,
    /// Connections of one address, or of one /64 of IPv6, that is neither a trusted proxy nor this
    /// machine; one beyond it is closed at once.
    pub connections_per_address: usize,
    /// Calls being served; beyond it: 503.
    pub in_flight: usize,
    /// Bytes of a request head; beyond it: 431.
    pub head_bytes: usize,
    /// Header lines of a request, at most 100; beyond it: 431.
    pub headers: usize,
    /// Bytes of a body that is judged; beyond it: 413.
    pub judged_body_bytes: u64,
    /// Bytes of a body that streams through; beyond it the call is broken off.
    pub streamed_body_bytes: u64,
    /// Bytes of all answers to one batch; an entry whose answer is beyond it: 502.
    pub buffered_answer_bytes: u64,
    /// Bytes of all bodies and answers held at once; beyond it: 503.
    pub buffered_total_bytes: u64,
    /// Upstream connections kept for reuse.
    pub idle_upstream: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            connections_per_address: 1_024,
            in_flight: 4096,
            head_bytes: 32 * 1024,
            headers: 100,
            judged_body_bytes: 1024 * 1024,
            streamed_body_bytes: 1024 * 1024 * 1024,
            buffered_answer_bytes: 8 * 1024 * 1024,
            buffered_total_bytes: 256 * 1024 * 1024,
            idle_upstream: 512,
        }
    }
}

/// Bounds on time. Kept to about a tenth of a second or an eighth of the shortest, which is enough for what they guard.
#[derive(Debug, Clone)]
pub struct Timeouts {
    /// From the first byte of a head (or the start of a connection) to its end.
    pub head: Duration,
    /// For a judged body, plus one second for each 16 KiB received.
    pub body: Duration,
    /// Between two pieces of a streamed body.
    pub body_idle: Duration,
    /// Between two calls on a connection.
    pub idle: Duration,
    /// After so long between two calls, a connection of HTTP/1.1 keeps no buffers.
    pub park: Duration,
    /// For a peer to take at least 32 KiB of what is being sent.
    pub send: Duration,
    /// To connect to the upstream.
    pub connect: Duration,
    /// From the whole request sent to the head of the answer.
    pub first_byte: Duration,
    /// Between two pieces of an answer.
    pub answer_idle: Duration,
    /// From sending a call on to the end of its answer; of a stream or a WebSocket, to its beginning.
    pub total: Duration,
    /// How long a stream or a WebSocket may go on; none: as long as something is said on it.
    pub stream: Option<Duration>,
    /// A connection between two calls takes one more for so long when the gate drains: it may be on
    /// its way.
    pub last_call: Duration,
    /// An unused upstream connection is kept this long.
    pub upstream_idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(4),
            body_idle: Duration::from_secs(20),
            idle: Duration::from_secs(60),
            park: Duration::from_secs(1),
            send: Duration::from_secs(30),
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(30),
            answer_idle: Duration::from_secs(30),
            total: Duration::from_secs(3600),
            stream: None,
            last_call: Duration::from_secs(1),
            upstream_idle: Duration::from_secs(30),
        }
    }
}

impl Timeouts {
    /// How coarse the timers may be.
    pub(crate) fn tick(&self) -> Duration {
        let all = [
            self.head,
            self.body,
            self.body_idle,
            self.idle,
            self.park,
            self.send,
            self.connect,
            self.first_byte,
            self.answer_idle,
            self.total,
            self.upstream_idle,
        ];
        let shortest = all.into_iter().min().unwrap_or(self.head);
        (shortest / 8).clamp(Duration::from_millis(5), Duration::from_millis(100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_are_as_coarse_as_the_shortest_time_allows() {
        assert_eq!(Timeouts::default().tick(), Duration::from_millis(100));
        let short = Timeouts { head: Duration::from_millis(160), ..Timeouts::default() };
        assert_eq!(short.tick(), Duration::from_millis(20));
    }
}
