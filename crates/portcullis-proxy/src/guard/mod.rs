//! Stands before the HTTP/1 parser and lets only bytes through that can be read in one way.
//!
//! hyper drops a Content-Length beside a Transfer-Encoding in silence and repairs some spellings, so
//! what the client meant is lost before the gate could refuse it. The guard reads each head as bytes,
//! holds it back until it is whole, and follows the body to where the next head begins. A head it
//! refuses is replaced by [`SENTINEL`], after which nothing comes: hyper then keeps the order of
//! answers, and the gate answers with a refusal like any other. Must not know calls or policies.

mod chunk;
mod frames;
mod head;
#[cfg(test)]
mod tests;
mod token;
mod walker;
mod watch;

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(crate) use self::frames::Frames;
pub(crate) use self::head::{Bounds, Fault};
use self::walker::Walker;
pub(crate) use self::watch::{Times, Watch};

/// The path of the request that stands in for a refused head.
pub(crate) const SENTINEL_PATH: &str = "/portcullis-guard";
const SENTINEL: &[u8] =
    b"GET /portcullis-guard HTTP/1.1\r\nhost: guard.invalid\r\nconnection: close\r\n\r\n";
/// A peer that takes fewer bytes within the send time is cut off.
const SEND_LEAST: usize = 32 * 1024;
/// What is still read, and how long, from a peer that was refused while it sent.
const LINGER_BYTES: usize = 1024 * 1024;
const LINGER: Duration = Duration::from_secs(2);

/// A connection's bytes, watched.
pub(crate) struct Guard<T> {
    io: T,
    watch: Rc<Watch>,
    /// None for HTTP/2, whose frames leave nothing to read in two ways.
    walker: Option<Walker>,
    /// Bytes read and not yet let through.
    held: Vec<u8>,
    /// How many of them may go.
    ready: usize,
    ended: bool,
    /// The body that is under way can't be read in one way.
    broken: bool,
    /// Bytes that may still be read, once the answer side is shut.
    linger: Option<usize>,
    /// Bytes taken by the peer since writing first stalled.
    stalled: Option<usize>,
}

impl<T> Guard<T> {
    /// For HTTP/1; `first` was read already.
    pub(crate) fn http1(io: T, first: Vec<u8>, watch: Rc<Watch>, bounds: Bounds) -> Self {
        let mut guard = Self::http2(io, first, watch);
        guard.walker = Some(Walker::new(bounds));
        guard.ready = 0;
        guard.recheck();
        guard
    }

    /// For HTTP/2: only watches time.
    pub(crate) fn http2(io: T, first: Vec<u8>, watch: Rc<Watch>) -> Self {
        let ready = first.len();
        Self {
            io,
            watch,
            walker: None,
            held: first,
            ready,
            ended: false,
            broken: false,
            linger: None,
            stalled: None,
        }
    }

    /// The connection itself, between two calls or once it speaks no HTTP any more; none: bytes came that
    /// nobody waited for.
    pub(crate) fn into_inner(self) -> Option<T> {
        let between = self.walker.as_ref().is_none_or(Walker::between);
        let quiet = between && self.held.is_empty() && !self.ended && !self.broken;
        quiet.then_some(self.io)
    }

    /// Looks at what is held: lets a whole head through, or puts the sentinel in its place.
    fn recheck(&mut self) {
        let Some(walker) = &mut self.walker else { return };
        let (passed, fault) = walker.walk(&self.held);
        self.ready = passed;
        self.watch.unread.set(walker.owes());
        if let Some(fault) = fault {
            self.stop(fault);
        }
    }

    /// Lets nothing more through: the sentinel instead of a head, an error instead of a body.
    fn stop(&mut self, fault: Fault) {
        self.watch.unread.set(true);
        self.held.truncate(self.ready);
        if self.walker.as_ref().is_some_and(Walker::owes) {
            self.broken = true;
            return;
        }
        self.held.extend_from_slice(SENTINEL);
        self.ready = self.held.len();
        self.ended = true;
        self.watch.fault.set(Some(fault));
    }

    fn deliver(&mut self, buf: &mut ReadBuf<'_>) {
        let count = self.ready.min(buf.remaining());
        buf.put_slice(self.held.get(..count).unwrap_or_default());
        self.held.drain(..count);
        self.ready -= count;
        if self.held.is_empty() {
            // An idle connection shall not keep the memory of its first head.
            self.held = Vec::new();
        }
    }

    /// Looks at bytes that were just read into `buf` from `before` on.
    fn inspect(&mut self, buf: &mut ReadBuf<'_>, before: usize) -> bool {
        let Some(walker) = &mut self.walker else { return true };
        let new = buf.filled().get(before..).unwrap_or_default();
        if !self.held.is_empty() {
            self.held.extend_from_slice(new);
            buf.set_filled(before);
            self.recheck();
            return false;
        }
        let (passed, fault) = walker.walk(new);
        if passed == new.len() && fault.is_none() {
            self.watch.unread.set(walker.owes());
            return true;
        }
        self.held.extend_from_slice(new.get(passed..).unwrap_or_default());
        buf.set_filled(before + passed);
        self.watch.expect("head", self.watch.times.head);
        if let Some(fault) = fault {
            self.stop(fault);
        }
        passed > 0
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Guard<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        loop {
            if guard.ready > 0 {
                guard.deliver(buf);
                guard.busy();
                return Poll::Ready(Ok(()));
            }
            if guard.broken {
                // The head went through: the body breaks off, and the call with it.
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
            if guard.ended {
                // Not the end of the stream: hyper takes that for a peer that is gone, and would
                // drop the refusal. It closes by itself after the sentinel.
                return Poll::Pending;
            }
            let before = buf.filled().len();
            let read = Pin::new(&mut guard.io).poll_read(cx, buf);
            ready!(read)?;
            if buf.filled().len() == before {
                return Poll::Ready(Ok(()));
            }
            if guard.inspect(buf, before) {
                guard.busy();
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<T> Guard<T> {
    /// A whole head or part of a body went through: the peer owes nothing at once.
    fn busy(&mut self) {
        if self.walker.is_some() && self.held.is_empty() && self.stalled.is_none() {
            self.watch.alarm.off();
        }
    }

    fn sent(&mut self, wrote: &Poll<io::Result<usize>>) {
        match (wrote, self.stalled) {
            (Poll::Pending, None) => {
                self.stalled = Some(0);
                self.watch.expect("send", self.watch.times.send);
            }
            (Poll::Ready(Ok(count)), Some(sum)) if sum + count >= SEND_LEAST => {
                self.stalled = None;
                self.watch.took();
            }
            (Poll::Ready(Ok(count)), Some(sum)) => self.stalled = Some(sum + count),
            _ => {}
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let guard = self.get_mut();
        let wrote = Pin::new(&mut guard.io).poll_write(cx, buf);
        guard.sent(&wrote);
        wrote
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        // All of an answer is out: what the peer owes next is a call, in its own time.
        if guard.stalled.is_some() && guard.walker.is_some() && guard.watch.in_flight.get() == 0 {
            guard.stalled = None;
            guard.watch.took();
        }
        Pin::new(&mut guard.io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        if guard.linger.is_none() {
            ready!(Pin::new(&mut guard.io).poll_shutdown(cx))?;
            guard.linger = Some(LINGER_BYTES);
            guard.watch.expect("linger", LINGER);
        }
        guard.linger(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let guard = self.get_mut();
        let wrote = Pin::new(&mut guard.io).poll_write_vectored(cx, bufs);
        guard.sent(&wrote);
        wrote
    }
}

impl<T: AsyncRead + Unpin> Guard<T> {
    /// Reads what the peer was still sending when it was refused, for a while.
    ///
    /// To close with bytes unread would send a reset, and a reset discards the answer that the peer
    /// has not read yet. Whoever sends longer than that gets it.
    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut sink = [0; 4096];
        while self.watch.unread.get() {
            let mut buf = ReadBuf::new(&mut sink);
            ready!(Pin::new(&mut self.io).poll_read(cx, &mut buf))?;
            let count = buf.filled().len();
            let left = self.linger.unwrap_or(0).saturating_sub(count);
            self.linger = Some(left);
            if count == 0 || left == 0 {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}
