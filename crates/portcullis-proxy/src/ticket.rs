//! A call from its head to the end of its answer: what is counted and recorded, once, at the end.
//!
//! Dropping the ticket is the end, however it came about. Must not decide anything.

use std::rc::Rc;

use http::HeaderValue;
use portcullis_judge::{SignalHit, Trace};
use portcullis_types::{LedgerAnswer, Now, Refusal};

use crate::conn::Conn;
use crate::counts::Count;
use crate::ledger::{Leaving, Left, Told};
use crate::recall::{Outcome, Place, Spent};
use crate::records::{More, Record};
use crate::trace::{Onward, Traced, Way, micros};
use crate::upgrade::Wish;

/// The verdict on record for a call whose client left before there was one.
pub(crate) const CLIENT_GONE: &str = "client_gone";

/// One call.
pub(crate) struct Ticket {
    /// Whether it is within the bound of calls served at once.
    pub(crate) counted: bool,
    pub(crate) conn: Rc<Conn>,
    pub(crate) id: HeaderValue,
    pub(crate) start: Now,
    pub(crate) trace: Option<Trace>,
    /// The code of the refusal; none: a permit.
    pub(crate) refusal: Option<&'static str>,
    pub(crate) status: u16,
    /// Whether its caller reads a status of gRPC.
    pub(crate) grpc: bool,
    pub(crate) whole: bool,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) judge_ns: Option<u64>,
    pub(crate) upstream_ns: Option<u64>,
    /// How long its body took, where that was waited for.
    pub(crate) body_ns: u64,
    /// Which way it went.
    pub(crate) way: Way,
    /// Its place in a trace; none: the gate tells of none.
    pub(crate) traced: Option<Box<Traced>>,
    /// Entries of a batch, and those that were refused.
    pub(crate) entries: u32,
    pub(crate) entries_refused: u32,
    /// Items that were dropped from the answer.
    pub(crate) items_dropped: u64,
    /// The WebSocket it wishes for.
    pub(crate) wish: Option<Box<Wish>>,
    /// Where what it asks is remembered.
    pub(crate) place: Option<Place>,
    /// What else goes on record.
    pub(crate) more: Option<Box<More>>,
    /// What the ledger is told of its answer.
    pub(crate) leaving: Option<Leaving>,
    /// The same of the entries of a batch, each of which is one answer.
    pub(crate) left: Vec<Told>,
    /// When it ended, where that is known before the ticket is dropped.
    pub(crate) end: Option<Now>,
}

impl Ticket {
    pub(crate) fn new(conn: Rc<Conn>, id: HeaderValue, start: Now) -> Box<Self> {
        conn.watch.begin();
        Box::new(Self {
            counted: conn.thread.in_flight.take(1),
            conn,
            id,
            start,
            trace: None,
            // Until it is known otherwise: a ticket that is dropped early is that of a client who left.
            refusal: Some(CLIENT_GONE),
            status: 499,
            grpc: false,
            whole: false,
            bytes_in: 0,
            bytes_out: 0,
            judge_ns: None,
            upstream_ns: None,
            body_ns: 0,
            way: Way::default(),
            traced: None,
            entries: 0,
            entries_refused: 0,
            items_dropped: 0,
            wish: None,
            place: None,
            more: None,
            leaving: None,
            left: Vec::new(),
            end: None,
        })
    }

    /// Notes watches that hit.
    pub(crate) fn note(&mut self, hits: Vec<SignalHit>) {
        if let Some(trace) = self.trace.as_mut().filter(|_| !hits.is_empty()) {
            trace.notes.get_or_insert_default().signals.extend(hits);
        }
    }

    /// A call of the platform begins; its place in the call's trace.
    pub(crate) fn leave(&mut self) -> Option<Onward> {
        let traced = self.traced.as_mut()?;
        let thread = &self.conn.thread;
        traced.leave(thread.tracer.as_ref()?, thread.now())
    }

    /// The head of the answer to its only call of the platform is there.
    pub(crate) fn answered(&mut self, when: (Now, Now), came: Result<u16, &Refusal>) {
        if let Some(traced) = &mut self.traced {
            traced.answered(0, when, &self.way, came);
        }
    }

    /// Tells its span, where that is told.
    #[cold]
    fn tell(&mut self, traced: Traced, end: Now) {
        if let (Some(trace), Some(tracer)) = (traced.told_in(), &self.conn.thread.tracer) {
            tracer.end(traced, self, end.mono);
            self.more.get_or_insert_default().trace = Some(trace.to_string().into());
        }
    }

    /// Tells the ledger what left, where the answer was none of the gate's own.
    fn tell_ledger(&mut self) {
        let Some(book) = &self.conn.thread.ledger else { return };
        let leaving = self.leaving.take();
        let Some(trace) = self.trace.as_ref().filter(|_| self.refusal.is_none()) else { return };
        let (bytes, whole) = (self.bytes_out, self.whole);
        if bytes > 0 {
            let left = std::mem::take(&mut self.left).into_iter();
            left.for_each(|(answer, room)| book.left((LedgerAnswer { whole, ..answer }, room)));
        }
        let id = self.id.to_str().unwrap_or_default();
        let left = Left { at: self.start.wall, id, trace, status: self.status, bytes, whole };
        if let Some(told) = leaving.and_then(|leaving| leaving.ended(&left)) {
            book.left(told);
        }
    }

    /// Puts what was noted with what goes on record.
    fn gather(&mut self) {
        if let Some(certificate) = &self.conn.certificate {
            self.more.get_or_insert_default().certificate = Some(certificate.fingerprint().into());
        }
        if let Some(notes) = self.trace.as_mut().and_then(|trace| trace.notes.take()) {
            self.more.get_or_insert_default().take(*notes);
        }
    }

    fn remember(&mut self, total_ns: u64) {
        let Some(((recall, place), (trace, key))) = (self.conn.thread.recall.as_ref())
            .zip(self.place)
            .zip(self.trace.as_ref().and_then(|trace| Some((trace, trace.key?))))
        else {
            return;
        };
        // What was never sent was not answered either.
        let answer_us = self.upstream_ns.filter(|_| self.way.sent > 0).map(micros);
        let outcome = Outcome {
            at: self.start.wall,
            trace,
            verdict: self.refusal.unwrap_or("permit"),
            status: self.status,
            whole: self.whole,
            more: self.more.as_deref(),
            entries: (self.entries, self.entries_refused),
            items_dropped: self.items_dropped,
            spent: Spent {
                way: std::mem::take(&mut self.way),
                total_us: micros(total_ns),
                body_us: micros(self.body_ns),
                judge_ns: u32::try_from(self.judge_ns.unwrap_or(0)).unwrap_or(u32::MAX),
                answer_us,
            },
        };
        recall.outcome(place, key, outcome);
    }

    fn record(&mut self, total_ns: u64) {
        let Some(ring) = &self.conn.thread.ring else { return };
        let trace = self.trace.take().unwrap_or_default();
        let more = self.more.take();
        ring.push(Record {
            ts: self.start.wall,
            request_id: self.id.to_str().unwrap_or_default().into(),
            partner: trace.partner,
            key_id: trace.key_id,
            operation: trace.operation_name,
            class: trace.class,
            verdict: self.refusal.unwrap_or("permit"),
            rule: trace.rule,
            status: self.status,
            whole: self.whole,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            total_us: total_ns / 1000,
            upstream_us: self.upstream_ns.unwrap_or(0) / 1000,
            judge_us: self.judge_ns.unwrap_or(0) / 1000,
            policy_revision: trace.policy_revision.map(|revision| revision.0),
            state_revision: trace.state_revision.map(|revision| revision.0),
            peer: self.conn.peer,
            entries: self.entries,
            entries_refused: self.entries_refused,
            items_dropped: self.items_dropped,
            more,
        });
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let thread = Rc::clone(&self.conn.thread);
        if self.refusal == Some(CLIENT_GONE) && std::thread::panicking() {
            self.refusal = Some("internal");
            self.status = 500;
        }
        let end = self.end.unwrap_or_else(|| thread.now());
        let total_ns = since(end, self.start);
        let count = Count {
            trace: self.trace.as_ref(),
            refusal: self.refusal,
            status: self.status,
            total_ns,
            upstream_ns: self.upstream_ns,
            judge_ns: self.judge_ns,
            parted: self.entries > 0,
        };
        // A panic while counting must not become a second one while unwinding.
        if let Ok(mut counts) = thread.counts.try_borrow_mut() {
            counts.add(&count);
        }
        if let Some(traced) = self.traced.take() {
            self.tell(*traced, end);
        }
        self.tell_ledger();
        self.gather();
        self.remember(total_ns);
        self.record(total_ns);
        if self.counted {
            thread.in_flight.give(1);
        }
        self.conn.watch.finish();
    }
}

/// Nanoseconds between two moments.
pub(crate) fn since(now: Now, start: Now) -> u64 {
    now.mono.0.saturating_sub(start.mono.0)
}
