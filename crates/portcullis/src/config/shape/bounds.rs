//! The shape of the bounds and waits in `portcullis.yaml`.
//!
//! Must not read any other file.

use portcullis_types::Span;
use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// Bounds; each has a default.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    /// Most connections at once.
    pub connections: Option<At<usize>>,
    /// Most connections of one address, or one /64 of IPv6; trusted proxies and this machine have no
    /// such bound.
    pub connections_per_address: Option<At<usize>>,
    /// Most calls at once.
    pub calls: Option<At<usize>>,
    /// Bytes of memory, from 85 in a hundred of which on calls are refused rather than using more; what
    /// the kernel holds the gate to unless said otherwise.
    pub memory_bytes: Option<At<usize>>,
    /// Longest head of a request, in bytes.
    pub head_bytes: Option<At<usize>>,
    /// Longest body the gate judges, in bytes.
    pub judged_body_bytes: Option<At<usize>>,
    /// Longest body that streams unread, in bytes.
    pub opaque_body_bytes: Option<At<usize>>,
    /// Most bytes of all answers to one batch together.
    pub checked_answer_bytes: Option<At<usize>>,
}

/// Longest waits; each has a default.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Timeouts {
    /// For the whole head of a request.
    #[schemars(with = "Option<String>")]
    pub head: Option<At<Span>>,
    /// For the whole judged body.
    #[schemars(with = "Option<String>")]
    pub body: Option<At<Span>>,
    /// Between two calls on a connection.
    #[schemars(with = "Option<String>")]
    pub idle: Option<At<Span>>,
    /// To connect to the platform.
    #[schemars(with = "Option<String>")]
    pub connect: Option<At<Span>>,
    /// For the platform's first byte.
    #[schemars(with = "Option<String>")]
    pub first_byte: Option<At<Span>>,
    /// Between two pieces of an answer.
    #[schemars(with = "Option<String>")]
    pub answer_idle: Option<At<Span>>,
    /// From sending a call on to the end of its answer; of a stream or a WebSocket, to its beginning.
    #[schemars(with = "Option<String>")]
    pub total: Option<At<Span>>,
    /// How long a stream or a WebSocket may go on; as long as something is said on it unless this
    /// stands.
    #[schemars(with = "Option<String>")]
    pub stream: Option<At<Span>>,
    /// For calls under way when the gate stops.
    #[schemars(with = "Option<String>")]
    pub drain: Option<At<Span>>,
}
