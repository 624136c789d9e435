//! Which calls are traced, where their traces begin, and the way of their spans out.
//!
//! A caller is believed about its trace only where its word on who calls is: a trace that anybody could
//! go on with would let anybody say what is kept, and write into traces of others. A full way drops the
//! span and counts it: no call waits for it. Must not know what speaks to a collector.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use http::{HeaderMap, Method};
use portcullis_types::Mono;
use prometheus::IntCounter;

use super::context::{Context, SpanId, TraceId};
use super::span::CallSpan;
use super::traced::Traced;
use crate::Metrics;
use crate::random::Random;
use crate::ticket::Ticket;

/// Bits of a trace's id that decide whether it is traced.
const LOT: u64 = 1 << 56;

/// Which calls are traced, and where their spans go.
#[derive(Debug, Clone)]
pub struct Traces {
    to: SyncSender<CallSpan>,
    dropped: IntCounter,
    /// Traces whose lot is below it are kept.
    below: u64,
}

/// The spans of all threads, as they come.
#[derive(Debug)]
pub struct Spans {
    from: Receiver<CallSpan>,
    dropped: IntCounter,
    told: IntCounter,
}

impl Traces {
    /// Traces that part of the calls, from 0 to 1, of which no believed caller said whether it is
    /// traced. So many spans wait at the most.
    #[must_use]
    pub fn new(part: f64, room: usize, metrics: &Metrics) -> (Self, Spans) {
        let (to, from) = sync_channel(room.max(1));
        let (dropped, told) = (metrics.spans_dropped.clone(), metrics.spans_told.clone());
        // A part that is no number is none.
        let below = (part.clamp(0.0, 1.0) * LOT as f64) as u64;
        (Self { to, dropped: dropped.clone(), below }, Spans { from, dropped, told })
    }
}

impl Spans {
    /// The next one; none within that time.
    ///
    /// # Errors
    /// There will be none any more.
    pub fn next(&self, within: Duration) -> Result<Option<CallSpan>, Ended> {
        match self.from.recv_timeout(within) {
            Ok(span) => Ok(Some(span)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Ended),
        }
    }

    /// So many spans were taken.
    pub fn told(&self, count: u64) {
        self.told.inc_by(count);
    }

    /// So many were not, and are gone.
    pub fn lost(&self, count: u64) {
        self.dropped.inc_by(count);
    }
}

/// The data plane ended, and with it its spans.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct Ended;

/// What one thread traces with.
pub(crate) struct Tracer {
    traces: Traces,
    random: Random,
}

impl Tracer {
    pub(crate) fn new(traces: Traces) -> Self {
        Self { traces, random: Random::new() }
    }

    /// The place of a call that begins.
    pub(crate) fn begin(&self, trusted: bool, headers: &HeaderMap, method: &Method) -> Box<Traced> {
        let said = Context::of(headers);
        let parent = said.filter(|_| trusted);
        let link = said.filter(|_| !trusted).map(|said| (said.trace, said.span));
        let trace = parent.map_or_else(|| self.trace(), |parent| parent.trace);
        let sampled = parent.map_or_else(|| self.draws(trace), |parent| parent.sampled);
        let context = Context { trace, span: self.span(), sampled };
        let (parent, method) = (parent.map(|parent| parent.span), known(method));
        Box::new(Traced { context, parent, link, method, legs: Vec::new() })
    }

    /// It is over.
    pub(crate) fn end(&self, traced: Traced, ticket: &Ticket, end: Mono) {
        if self.traces.to.try_send(traced.span(ticket, end)).is_err() {
            self.traces.dropped.inc();
        }
    }

    pub(super) fn span(&self) -> SpanId {
        SpanId(self.number().to_be_bytes())
    }

    fn trace(&self) -> TraceId {
        TraceId((u128::from(self.number()) << 64 | u128::from(self.number())).to_be_bytes())
    }

    /// Never zero, which would be no id.
    fn number(&self) -> u64 {
        self.random.below(u64::MAX).unwrap_or(0).max(1)
    }

    /// By the id itself, so that others who draw by it keep the same ones.
    fn draws(&self, TraceId(id): TraceId) -> bool {
        let lot = u128::from_be_bytes(id) % u128::from(LOT);
        lot < u128::from(self.traces.below)
    }
}

/// Methods by a list, as what is told must not be a text that anybody chose.
fn known(method: &Method) -> &'static str {
    const ALL: [&str; 9] =
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];
    ALL.into_iter().find(|name| *name == method.as_str()).unwrap_or("_OTHER")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(part: f64) -> usize {
        let tracer = Tracer::new(Traces::new(part, 1, &Metrics::new()).0);
        let begin = |_: &usize| tracer.begin(false, &HeaderMap::new(), &Method::GET);
        (0..10_000).filter(|at| begin(at).told_in().is_some()).count()
    }

    #[test]
    fn that_part_of_the_calls_is_traced() {
        assert_eq!([drawn(0.0), drawn(1.0), drawn(f64::NAN)], [0, 10_000, 0]);
        let tenth = drawn(0.1);
        assert!((800..1200).contains(&tenth), "{tenth} of 10,000");
    }

    #[test]
    fn every_call_has_ids_of_its_own() {
        let tracer = Tracer::new(Traces::new(1.0, 1, &Metrics::new()).0);
        let mut ids: Vec<_> = (0..10_000).map(|_| (tracer.trace().0, tracer.span().0)).collect();
        ids.sort_unstable();
        ids.dedup_by(|a, b| a.0 == b.0 || a.1 == b.1);
        assert_eq!(ids.len(), 10_000);
    }
}
