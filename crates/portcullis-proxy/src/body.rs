//! What the partner gets: bytes the gate holds, or the platform's as they come.
//!
//! It is pulled: nothing is read from the platform before the partner took the last piece. Must not know
//! how a call was judged.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use portcullis_judge::Touched;
use portcullis_types::{KeyIx, Refusal};

use crate::arrival::Share;
pub(crate) use crate::flow::Flow;
use crate::sieving::Sieved;
use crate::thread::Thread;
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

pub(crate) type Polled = Poll<Option<Result<Frame<Bytes>, BrokenOff>>>;

/// What the partner gets.
pub(crate) struct Answer {
    kind: Kind,
    /// None for an answer of the last resort.
    ticket: Option<Box<Ticket>>,
}

pub(crate) enum Kind {
    /// Bytes the gate holds; none once they are taken.
    Full(Option<Bytes>),
    /// A read answer that was held back until it was whole; it goes out in pieces.
    Kept(Box<Kept>),
    /// The platform's bytes, as they come.
    Flow(Box<Flow>),
    /// What the sieve leaves of the platform's bytes.
    Sieved(Box<Sieved>),
}

/// Polls what streams. A panic ends this answer: all calls of a connection of HTTP/2 share the task.
fn guarded(ticket: &mut Ticket, poll: impl FnOnce(&mut Ticket) -> Polled) -> Polled {
    catch_unwind(AssertUnwindSafe(|| poll(ticket))).unwrap_or_else(|_| {
        ticket.conn.thread.metrics.calls.panics.inc();
        Poll::Ready(Some(Err(BrokenOff)))
    })
}

/// Longest piece of what is held back: a key that loses its access gets no more than this after it.
pub(crate) const PIECE: usize = 32 * 1024;

/// An answer that the gate holds whole and hands over piece by piece.
pub(crate) struct Kept {
    pub(crate) bytes: Bytes,
    pub(crate) access: Access,
    /// Its share of what may be held at once, until it is out.
    pub(crate) _share: Share,
}

/// Who reads an answer, and whether it may go on.
pub(crate) struct Access {
    /// Who reads what; none: it answers a write, which is never cut.
    pub(crate) reader: Option<Reader>,
    /// The count of cuts when the key was last looked at.
    pub(crate) cuts: u64,
}

/// Who reads what.
pub(crate) struct Reader {
    pub(crate) key: KeyIx,
    pub(crate) read: Touched,
}

impl Answer {
    pub(crate) fn new(kind: Kind, mut ticket: Box<Ticket>) -> Self {
        // What came whole with the head ended with it; the rest is timed when it is out.
        ticket.whole = matches!(kind, Kind::Full(_));
        ticket.end = ticket.end.filter(|_| ticket.whole);
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
        match (kind, ticket) {
            (Kind::Full(bytes), ticket) => {
                let bytes = bytes.take();
                if let (Some(ticket), Some(bytes)) = (ticket, &bytes) {
                    ticket.bytes_out = bytes.len() as u64;
                }
                Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
            (_, None) => Poll::Ready(Some(Err(BrokenOff))),
            (Kind::Kept(kept), Some(ticket)) => guarded(ticket, |ticket| kept.poll(ticket)),
            (Kind::Flow(flow), Some(ticket)) => guarded(ticket, |ticket| flow.poll(cx, ticket)),
            (Kind::Sieved(body), Some(ticket)) => guarded(ticket, |ticket| body.poll(cx, ticket)),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Full(bytes) => bytes.is_none(),
            Kind::Kept(kept) => kept.bytes.is_empty(),
            Kind::Flow(flow) => flow.is_end(),
            Kind::Sieved(sieved) => sieved.sieving.is_out(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Kind::Kept(kept) => SizeHint::with_exact(kept.bytes.len() as u64),
            Kind::Flow(flow) => flow.size(),
            Kind::Sieved(sieved) => {
                sieved.sieving.length().map_or_else(SizeHint::default, SizeHint::with_exact)
            }
        }
    }
}

impl Access {
    /// Judges the key again if any key lost its access since the last piece.
    pub(crate) fn may_go_on(&mut self, ticket: &Ticket) -> bool {
        self.lost(&ticket.conn.thread).is_none()
    }

    /// The same; gives why it may not go on.
    pub(crate) fn lost(&mut self, thread: &Thread) -> Option<Refusal> {
        let cuts = thread.cuts.get();
        if self.cuts == cuts {
            return None;
        }
        self.cuts = cuts;
        let reader = self.reader.as_ref()?;
        let standing = thread.bench.standing(reader.key, &reader.read, thread.now());
        standing.err().inspect(|_| thread.metrics.calls.answers_cut.inc())
    }
}

impl Kept {
    fn poll(&mut self, ticket: &mut Ticket) -> Polled {
        if self.bytes.is_empty() {
            return Poll::Ready(None);
        }
        if !self.access.may_go_on(ticket) {
            return Poll::Ready(Some(Err(BrokenOff)));
        }
        let piece = self.bytes.split_to(self.bytes.len().min(PIECE));
        ticket.bytes_out += piece.len() as u64;
        ticket.whole = self.bytes.is_empty();
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // An answer without a body is never polled.
        match (&mut self.kind, &mut self.ticket) {
            (Kind::Flow(flow), Some(ticket)) => flow.finish_if_whole(ticket),
            (Kind::Sieved(sieved), Some(ticket)) => {
                ticket.whole |= sieved.sieving.is_out();
                ticket.items_dropped = sieved.sieving.noted().put(ticket.trace.as_mut());
                if let Some(leaving) = &mut ticket.leaving {
                    leaving.saw(sieved.sieving.recorded());
                }
            }
            _ => {}
        }
    }
}
