//! A call's place in a trace, from its head to the end of its answer.
//!
//! Must not know how a span is told.

use http::HeaderValue;
use portcullis_judge::Trace;
use portcullis_types::{Mono, Now, Refusal};

use super::context::{Context, SpanId, TraceId};
use super::span::{CallSpan, Leg};
use super::tracer::Tracer;
use super::way::Way;
use crate::ticket::Ticket;

/// A call's place in a trace.
pub(crate) struct Traced {
    pub(super) context: Context,
    pub(super) parent: Option<SpanId>,
    pub(super) link: Option<(TraceId, SpanId)>,
    pub(super) method: &'static str,
    pub(super) legs: Vec<Leg>,
}

/// What goes on to the platform with a call.
pub(crate) struct Onward {
    pub(crate) traceparent: HeaderValue,
    /// Whether the state that came with the call is that of its trace.
    pub(crate) keeps_state: bool,
    /// Which of the call's own it is; none: it is not traced.
    pub(crate) leg: Option<usize>,
}

impl Traced {
    /// A call of the platform begins.
    pub(crate) fn leave(&mut self, tracer: &Tracer, now: Now) -> Option<Onward> {
        let mut context = self.context;
        let mut leg = None;
        if context.sampled {
            context.span = tracer.span();
            leg = Some(self.legs.len());
            self.legs.push(Leg::new(context.span, now.mono));
        }
        let (traceparent, keeps_state) = (context.write()?, self.parent.is_some());
        Some(Onward { traceparent, keeps_state, leg })
    }

    /// The head of its answer is there. `sent` is when it was sent, where it had to wait for that.
    pub(crate) fn answered(
        &mut self,
        leg: usize,
        (sent, head): (Now, Now),
        way: &Way,
        came: Result<u16, &Refusal>,
    ) {
        let Some(leg) = self.legs.get_mut(leg) else { return };
        leg.sent = leg.sent.max(sent.mono);
        leg.answered = Some(head.mono);
        leg.status = came.ok();
        leg.failed = came.err().map(|refusal| refusal.row().code);
        leg.upstream = way.upstream.as_deref().map(Into::into);
        (leg.times, leg.queue_us, leg.connect_us) = (way.sent, way.queue_us, way.connect_us);
    }

    /// All of the answer to an entry of a batch is there.
    pub(crate) fn landed(
        &mut self,
        at: usize,
        (sent, now): (Now, Now),
        way: &Way,
        came: Result<u16, &Refusal>,
        trace: &Trace,
    ) {
        self.answered(at, (sent, now), way, came);
        if let Some(leg) = self.legs.get_mut(at) {
            (leg.end, leg.operation) = (Some(now.mono), trace.operation);
        }
    }

    /// The trace that it is told in; none: it is not told.
    pub(crate) fn told_in(&self) -> Option<TraceId> {
        self.context.sampled.then_some(self.context.trace)
    }

    /// What is told of the call.
    pub(super) fn span(self, ticket: &Ticket, end: Mono) -> CallSpan {
        let trace = ticket.trace.as_ref();
        CallSpan {
            trace: self.context.trace,
            id: self.context.span,
            parent: self.parent,
            link: self.link,
            start: ticket.start.mono,
            end,
            request_id: ticket.id.to_str().unwrap_or_default().into(),
            method: self.method,
            http2: ticket.conn.http2,
            partner: trace.and_then(|trace| trace.partner_ix),
            operation: trace.and_then(|trace| trace.operation),
            class: trace.and_then(|trace| trace.class_ix),
            policy: trace.and_then(|trace| trace.policy_revision),
            verdict: ticket.refusal.unwrap_or("permit"),
            status: ticket.status,
            whole: ticket.whole,
            judge_ns: ticket.judge_ns,
            legs: self.legs,
        }
    }
}

impl Leg {
    fn new(id: SpanId, sent: Mono) -> Self {
        Self {
            id,
            sent,
            answered: None,
            end: None,
            operation: None,
            status: None,
            failed: None,
            upstream: None,
            times: 0,
            queue_us: 0,
            connect_us: 0,
        }
    }
}
