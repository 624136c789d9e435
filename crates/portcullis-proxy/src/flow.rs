//! The platform's answer as it comes, on its way to the partner.
//!
//! Must not know how a call was judged.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use portcullis_types::Refusal;

use crate::body::{Access, BrokenOff, Polled};
use crate::events::{self, Events};
use crate::grpc;
use crate::leak::Tail;
use crate::ticker::Alarm;
use crate::ticket::Ticket;
use crate::upstream::Arriving;

/// Whether an answer breaks off.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub(crate) enum Breaking {
    #[default]
    No,
    /// Once what was handed over went out.
    Soon,
    /// At the next look.
    Now,
}

/// An answer on its way from the platform to the partner.
pub(crate) struct Flow {
    pub(crate) body: Arriving,
    /// A piece that was read with the head.
    pub(crate) first: Option<Bytes>,
    pub(crate) alarm: Alarm,
    /// How long the platform may say nothing.
    pub(crate) silent: Duration,
    pub(crate) access: Access,
    /// The end of what has gone out.
    pub(crate) tail: Tail,
    /// Where its events end, where it is made of any.
    pub(crate) events: Option<Events>,
    pub(crate) breaking: Breaking,
}

impl Flow {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, ticket: &mut Ticket) -> Polled {
        if let Some(refusal) = self.access.lost(&ticket.conn.thread) {
            return self.close(&refusal, ticket);
        }
        match self.breaking {
            Breaking::No => {}
            Breaking::Soon => return self.leave(cx),
            Breaking::Now => return Poll::Ready(Some(Err(BrokenOff))),
        }
        // It was looked through when it was read.
        if let Some(first) = self.first.take() {
            return self.hand_over(first, ticket);
        }
        loop {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    if self.alarm.is_over() {
                        return self.break_off(cx, ticket);
                    }
                    self.alarm.off();
                    let data = match frame.into_data() {
                        Ok(data) => data,
                        Err(frame) => match self.trailers(frame, ticket) {
                            Some(trailers) => return Poll::Ready(Some(Ok(trailers))),
                            None => continue,
                        },
                    };
                    if ticket.conn.thread.leak.is_in(&mut self.tail, &data) {
                        return self.break_off(cx, ticket);
                    }
                    return self.hand_over(data, ticket);
                }
                Poll::Ready(None) => {
                    self.finish_if_whole(ticket);
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Err(_))) => return self.break_off(cx, ticket),
                Poll::Pending => return self.wait(cx, ticket),
            }
        }
    }

    /// Breaks off at the next look: what was handed over goes out first, so that the partner sees an
    /// answer that stops, and not a connection that ends for no reason.
    fn break_off(&mut self, cx: &Context<'_>, ticket: &Ticket) -> Polled {
        ticket.conn.thread.metrics.upstreams.failures.inc();
        self.leave(cx)
    }

    /// Those of the platform's trailers that a partner gets.
    #[cold]
    fn trailers(&mut self, frame: Frame<Bytes>, ticket: &mut Ticket) -> Option<Frame<Bytes>> {
        let trailers = grpc::trailers(&frame.into_trailers().ok()?, &ticket.conn.thread.leak)?;
        self.finish_if_whole(ticket);
        Some(Frame::trailers(trailers))
    }

    fn leave(&mut self, cx: &Context<'_>) -> Polled {
        self.breaking = Breaking::Now;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Breaks off, and says why before it does where that can be told from the platform's own events.
    #[cold]
    fn close(&mut self, refusal: &Refusal, ticket: &mut Ticket) -> Polled {
        if self.breaking == Breaking::No && ticket.grpc {
            // Its reader takes no answer for whole that ends so.
            self.breaking = Breaking::Now;
            return Poll::Ready(Some(Ok(Frame::trailers(grpc::status(refusal)))));
        }
        let between = self.events.take().is_some_and(|events| events.is_between());
        if !between || self.breaking != Breaking::No {
            return Poll::Ready(Some(Err(BrokenOff)));
        }
        self.breaking = Breaking::Soon;
        let id = ticket.id.to_str().unwrap_or_default();
        let last = events::last(refusal, id, ticket.conn.thread.style());
        ticket.bytes_out += last.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(last))))
    }

    fn hand_over(&mut self, data: Bytes, ticket: &mut Ticket) -> Polled {
        ticket.bytes_out += data.len() as u64;
        if let Some(events) = &mut self.events {
            events.saw(&data);
        }
        ticket.conn.watch.handed_over();
        self.finish_if_whole(ticket);
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn wait(&self, cx: &mut Context<'_>, ticket: &Ticket) -> Polled {
        if !self.alarm.is_set() {
            self.alarm.set(self.silent);
            self.alarm.is_flow();
            ticket.conn.watch.waits_for(self.silent);
        }
        match self.alarm.poll(cx) {
            Poll::Ready(()) => {
                ticket.conn.thread.metrics.upstreams.failures.inc();
                Poll::Ready(Some(Err(BrokenOff)))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    pub(crate) fn is_end(&self) -> bool {
        self.first.is_none() && self.body.is_end_stream()
    }

    pub(crate) fn size(&self) -> SizeHint {
        let mut size = self.body.size_hint();
        let first = self.first.as_ref().map_or(0, |first| first.len() as u64);
        if let Some(rest) = size.exact() {
            size.set_exact(rest + first);
        } else {
            size.set_lower(size.lower() + first);
        }
        size
    }

    pub(crate) fn finish_if_whole(&mut self, ticket: &mut Ticket) {
        if self.is_end() {
            ticket.whole = true;
            self.body.settle();
        }
    }
}
