//! What is told of one call to whoever follows a trace: the gate's own span, and one for each time that it
//! called the platform for it.
//!
//! Holds neither key nor path nor query, and no address of who called. Must not know where it goes.

use portcullis_types::{ClassIx, Mono, OperationIx, PartnerIx, Revision};

use super::context::{SpanId, TraceId};

/// A call, as the gate saw it.
#[derive(Debug, Clone)]
pub struct CallSpan {
    /// The trace it is part of.
    pub trace: TraceId,
    /// Its own id.
    pub id: SpanId,
    /// What it is part of there; none: the trace begins with it.
    pub parent: Option<SpanId>,
    /// Where its caller says that it stands, where that is not believed.
    pub link: Option<(TraceId, SpanId)>,
    /// When its head was read.
    pub start: Mono,
    /// When its answer was out.
    pub end: Mono,
    /// The id that its answer carried.
    pub request_id: Box<str>,
    /// The method it came with; `_OTHER` for one that nobody knows.
    pub method: &'static str,
    /// Whether it came by HTTP/2.
    pub http2: bool,
    /// Whose it was.
    pub partner: Option<PartnerIx>,
    /// Its operation, by the rules of `policy`.
    pub operation: Option<OperationIx>,
    /// The class that decided, by the same rules.
    pub class: Option<ClassIx>,
    /// The policies it was judged by.
    pub policy: Option<Revision>,
    /// `permit`, or the code of the refusal.
    pub verdict: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// Whether the answer went out whole.
    pub whole: bool,
    /// How long it took to judge it, in nanoseconds.
    pub judge_ns: Option<u64>,
    /// The calls of the platform that it led to.
    pub legs: Vec<Leg>,
}

/// A call of the platform.
#[derive(Debug, Clone)]
pub struct Leg {
    /// Its own id, which the platform got.
    pub id: SpanId,
    /// When it was sent on.
    pub sent: Mono,
    /// When the head of its answer was there, or the want of one was.
    pub answered: Option<Mono>,
    /// When it was over, where that was before the call itself was.
    pub end: Option<Mono>,
    /// The operation, where that is another than the call's: it is an entry of a batch.
    pub operation: Option<OperationIx>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// Why there was none: the code of the refusal.
    pub failed: Option<&'static str>,
    /// The upstream it was sent to last.
    pub upstream: Option<Box<str>>,
    /// How often it was sent.
    pub times: u8,
    /// Microseconds that it waited until an upstream could take it, before it was sent.
    pub queue_us: u32,
    /// Microseconds until a connection was open, of those after it was sent on.
    pub connect_us: u32,
}
