//! Bodies in either direction: what is sent on, and what the partner gets.
//!
//! Both pull: nothing is read from one side before the other took the last piece. Must not know
//! how a call was judged.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use portcullis_types::{KeyIx, Refusal};

use crate::guard::Watch;
use crate::pool::Lease;
use crate::ticker::Alarm;
use crate::ticket::Ticket;

/// A body that breaks off. It is never ended as if it were whole.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body broke off")
    }
}

impl Error for BrokenOff {}

type Polled = Poll<Option<Result<Frame<Bytes>, BrokenOff>>>;

/// What is sent on.
pub(crate) enum Sent {
    /// No body.
    Empty,
    /// Bytes that were judged; none once they are taken.
    Full(Option<Bytes>),
    /// A body that the gate does not read.
    Upload(Upload),
}

/// A body on its way from the partner to the platform.
pub(crate) struct Upload {
    pub(crate) body: Incoming,
    /// Bytes it may still have.
    pub(crate) left: u64,
    pub(crate) alarm: Alarm,
    pub(crate) idle: std::time::Duration,
    pub(crate) state: Rc<UploadState>,
    pub(crate) watch: Rc<Watch>,
}

/// What became of an upload, for the call it belongs to.
#[derive(Default)]
pub(crate) struct UploadState {
    pub(crate) bytes: Cell<u64>,
    pub(crate) done: Cell<bool>,
    pub(crate) fault: Cell<Option<UploadFault>>,
}

/// Why an upload broke off, where that was the partner's side.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum UploadFault {
    TooLarge(u64),
    TooSlow,
    BrokenOff,
}

impl From<UploadFault> for Refusal {
    fn from(fault: UploadFault) -> Self {
        match fault {
            UploadFault::TooLarge(max) => Self::BodyTooLarge { max },
            UploadFault::TooSlow => Self::BodyTooSlow,
            UploadFault::BrokenOff => {
                Self::Unreadable { why: "the body broke off or is malformed" }
            }
        }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Upload(upload) => upload.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Full(bytes) => bytes.is_none(),
            Self::Upload(upload) => upload.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Self::Upload(upload) => upload.body.size_hint(),
        }
    }
}

impl Upload {
    fn poll(&mut self, cx: &mut Context<'_>) -> Polled {
        loop {
            let frame = match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => frame,
                Poll::Ready(Some(Err(_))) => return self.fail(UploadFault::BrokenOff),
                Poll::Ready(None) => {
                    self.state.done.set(true);
                    return Poll::Ready(None);
                }
                Poll::Pending => {
                    if !self.alarm.is_set() {
                        self.alarm.set(self.idle);
                    }
                    return match self.alarm.poll(cx) {
                        Poll::Ready(()) => self.fail(UploadFault::TooSlow),
                        Poll::Pending => Poll::Pending,
                    };
                }
            };
            self.alarm.off();
            self.watch.waits();
            // Trailers are dropped: nobody judged them.
            let Ok(data) = frame.into_data() else { continue };
            let length = data.len() as u64;
            let sum = self.state.bytes.get() + length;
            self.state.bytes.set(sum);
            if length > self.left {
                return self.fail(UploadFault::TooLarge(sum - length + self.left));
            }
            self.left -= length;
            if self.body.is_end_stream() {
                self.state.done.set(true);
            }
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
    }

    fn fail(&self, fault: UploadFault) -> Polled {
        self.state.fault.set(Some(fault));
        Poll::Ready(Some(Err(BrokenOff)))
    }
}

/// What the partner gets.
pub(crate) struct Answer {
    kind: Kind,
    /// None for an answer of the last resort.
    ticket: Option<Ticket>,
}

pub(crate) enum Kind {
    /// Bytes the gate holds; none once they are taken.
    Full(Option<Bytes>),
    /// The platform's bytes, as they come.
    Flow(Flow),
}

/// An answer on its way from the platform to the partner.
pub(crate) struct Flow {
    pub(crate) body: Incoming,
    /// A piece that was read with the head.
    pub(crate) first: Option<Bytes>,
    pub(crate) lease: Option<Lease>,
    pub(crate) alarm: Alarm,
    /// Who reads it; none: it answers a write, which is never cut.
    pub(crate) reader: Option<KeyIx>,
    /// The count of cuts when the call was judged.
    pub(crate) cuts: u64,
}

impl Answer {
    pub(crate) fn new(kind: Kind, mut ticket: Ticket) -> Self {
        ticket.whole = !matches!(kind, Kind::Flow(_));
        Self { kind, ticket: Some(ticket) }
    }

    /// An answer that is not counted any more.
    pub(crate) fn last_resort(bytes: Bytes) -> Self {
        Self { kind: Kind::Full(Some(bytes)), ticket: None }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let Self { kind, ticket } = self.get_mut();
        match kind {
            Kind::Full(bytes) => {
                let bytes = bytes.take();
                if let (Some(ticket), Some(bytes)) = (ticket, &bytes) {
                    ticket.bytes_out = bytes.len() as u64;
                }
                Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
            Kind::Flow(flow) => match ticket {
                Some(ticket) => flow.poll(cx, ticket),
                None => Poll::Ready(Some(Err(BrokenOff))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Full(bytes) => bytes.is_none(),
            Kind::Flow(flow) => flow.is_end(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Kind::Flow(flow) => flow.size(),
        }
    }
}

impl Flow {
    fn poll(&mut self, cx: &mut Context<'_>, ticket: &mut Ticket) -> Polled {
        if !self.may_go_on(ticket) {
            return Poll::Ready(Some(Err(BrokenOff)));
        }
        if let Some(first) = self.first.take() {
            return self.hand_over(first, ticket);
        }
        loop {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.alarm.off();
                    // Trailers are dropped: what they name could not be cleaned any more.
                    let Ok(data) = frame.into_data() else { continue };
                    return self.hand_over(data, ticket);
                }
                Poll::Ready(None) => {
                    self.finish_if_whole(ticket);
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Err(_))) => {
                    ticket.conn.thread.metrics.upstream_failures.inc();
                    return Poll::Ready(Some(Err(BrokenOff)));
                }
                Poll::Pending => return self.wait(cx, ticket),
            }
        }
    }

    fn hand_over(&mut self, data: Bytes, ticket: &mut Ticket) -> Polled {
        ticket.bytes_out += data.len() as u64;
        ticket.conn.watch.handed_over();
        self.finish_if_whole(ticket);
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn wait(&self, cx: &mut Context<'_>, ticket: &Ticket) -> Polled {
        if !self.alarm.is_set() {
            self.alarm.set(ticket.conn.thread.settings.timeouts.answer_idle);
            self.alarm.is_flow();
            ticket.conn.watch.waits();
        }
        match self.alarm.poll(cx) {
            Poll::Ready(()) => {
                ticket.conn.thread.metrics.upstream_failures.inc();
                Poll::Ready(Some(Err(BrokenOff)))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    /// Judges the key again if any key lost its access since the last piece.
    fn may_go_on(&mut self, ticket: &Ticket) -> bool {
        let thread = &ticket.conn.thread;
        let cuts = thread.cuts.get();
        if self.cuts == cuts {
            return true;
        }
        self.cuts = cuts;
        let allowed = self.reader.is_none_or(|key| thread.bench.still_allowed(key, thread.now()));
        if !allowed {
            thread.metrics.answers_cut.inc();
        }
        allowed
    }

    fn is_end(&self) -> bool {
        self.first.is_none() && self.body.is_end_stream()
    }

    fn size(&self) -> SizeHint {
        let mut size = self.body.size_hint();
        let first = self.first.as_ref().map_or(0, |first| first.len() as u64);
        if let Some(rest) = size.exact() {
            size.set_exact(rest + first);
        } else {
            size.set_lower(size.lower() + first);
        }
        size
    }

    fn finish_if_whole(&mut self, ticket: &mut Ticket) {
        if self.is_end() {
            ticket.whole = true;
            if let Some(lease) = self.lease.take() {
                lease.give_back();
            }
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // An answer without a body is never polled.
        if let (Kind::Flow(flow), Some(ticket)) = (&mut self.kind, &mut self.ticket) {
            flow.finish_if_whole(ticket);
        }
    }
}
