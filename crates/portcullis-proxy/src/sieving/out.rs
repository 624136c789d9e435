//! An answer that is sieved, as the partner takes it.
//!
//! Must not know how it is read.

use std::task::{Context, Poll};

use http_body::Frame;

use super::Sieving;
use crate::body::{Access, BrokenOff, Polled};
use crate::ticket::Ticket;

/// An answer on its way through the sieve, whose beginning was held back.
pub(crate) struct Sieved {
    pub(crate) sieving: Sieving,
    pub(crate) access: Access,
    /// It breaks off at the next look.
    pub(crate) breaking: bool,
}

impl Sieved {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, ticket: &mut Ticket) -> Polled {
        if self.breaking || !self.access.may_go_on(ticket) {
            return Poll::Ready(Some(Err(BrokenOff)));
        }
        match self.sieving.poll_next(cx) {
            Poll::Ready(Ok(Some(piece))) => {
                ticket.bytes_out += piece.len() as u64;
                ticket.conn.watch.handed_over();
                ticket.whole = self.sieving.is_out();
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Poll::Ready(Ok(None)) => {
                ticket.whole = true;
                Poll::Ready(None)
            }
            Poll::Ready(Err(_)) => {
                ticket.conn.thread.metrics.upstreams.failures.inc();
                self.breaking = true;
                // What was handed over goes out first.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Pending => {
                ticket.conn.watch.waits();
                Poll::Pending
            }
        }
    }
}
