//! The body of an answer on our own codec.
//!
//! Nothing is read before the last piece was taken. Whole, it gives the connection to the next call;
//! dropped before, it closes it. Must not know what a call is.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::io::AsyncReadExt;

use super::exchange::{At, Exchange};
use super::link::Link;
use super::writer::Write;
use crate::body::{BrokenOff, Polled};

/// Most that is read at once of a large body, into memory of its own.
const LARGE: usize = 64 * 1024;
/// Bodies with more to come than this, or of which so much came at once, are large.
const LARGE_FROM: usize = 32 * 1024;

impl Exchange {
    /// The piece that came with the head.
    pub(super) fn first(&mut self) -> Result<Option<Bytes>, BrokenOff> {
        let piece = self.decoder.next(&mut self.buffer);
        if piece.is_err() {
            self.at = At::Nowhere;
        }
        self.settle_if_whole();
        piece.map_err(|_| BrokenOff)
    }

    pub(super) fn poll_body(&mut self, cx: &mut Context<'_>) -> Polled {
        loop {
            match self.first() {
                Ok(Some(piece)) => return Poll::Ready(Some(Ok(Frame::data(piece)))),
                Ok(None) if self.decoder.is_end() => return Poll::Ready(None),
                Ok(None) => {}
                Err(broken) => return Poll::Ready(Some(Err(broken))),
            }
            match ready!(self.fill(cx)) {
                Ok(1..) => {}
                Ok(0) if self.decoder.closed().is_ok() => {
                    self.settle_if_whole();
                    return Poll::Ready(None);
                }
                Ok(0) | Err(_) => {
                    self.at = At::Nowhere;
                    return Poll::Ready(Some(Err(BrokenOff)));
                }
            }
        }
    }

    pub(super) const fn is_end(&self) -> bool {
        self.decoder.is_end()
    }

    pub(super) fn size(&self) -> SizeHint {
        self.decoder.left().map_or_else(SizeHint::default, SizeHint::with_exact)
    }

    fn fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let At::Open { read, write, .. } = &mut self.at else { return Poll::Ready(Ok(0)) };
        if write.poll(cx).is_err() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let left = self.decoder.left().map(|left| usize::try_from(left).unwrap_or(usize::MAX));
        if !self.large && left.is_none_or(|left| left <= LARGE_FROM) {
            let count = ready!(self.own.block.fill(read, &mut self.buffer, cx))?;
            self.large = count >= LARGE_FROM;
            return Poll::Ready(Ok(count));
        }
        // A little more than is left, so that the system tells at once when there is no more.
        self.buffer.reserve(left.map_or(LARGE, |left| left.saturating_add(64).min(LARGE)));
        pin!(read.read_buf(&mut self.buffer)).poll(cx)
    }

    /// Gives the connection away, where the body was read to its end.
    pub(super) fn settle_if_whole(&mut self) {
        if !self.decoder.is_end() {
            return;
        }
        let at = std::mem::replace(&mut self.at, At::Nowhere);
        let At::Open { read, write, .. } = at else { return };
        if !self.buffer.is_empty() {
            // What nobody asked for would be taken for the next answer.
            self.place.dial.metrics.upstreams.out_of_step.inc();
            return;
        }
        match write {
            Write::Done(write) if self.keeps => {
                let link = Link { read, write, generation: self.generation };
                self.place.connections.keep(link, &self.place.dial);
            }
            // The answer came early; the platform may still want the rest.
            Write::Task(task) => task.let_go(),
            Write::Done(_) | Write::Shut => {}
        }
    }
}
