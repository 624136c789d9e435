//! Stands between a connection of HTTP/2 and the library, and keeps the times that a peer has.
//!
//! HTTP/1.1 is read by `wire`. Must not know calls or policies.

mod frames;
mod watch;

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(crate) use self::frames::Frames;
pub(crate) use self::watch::{Times, Watch};
use crate::linger::{LINGER, Linger};
use crate::stall::Stall;

/// A connection's bytes, watched.
pub(crate) struct Guard<T> {
    io: T,
    watch: Rc<Watch>,
    /// Bytes that were read before.
    first: Vec<u8>,
    /// Bytes that may still be read, once the answer side is shut.
    linger: Option<Linger>,
    stall: Stall,
}

impl<T> Guard<T> {
    /// Of a connection of which `first` was read already.
    pub(crate) fn new(io: T, first: Vec<u8>, watch: Rc<Watch>) -> Self {
        Self { io, watch, first, linger: None, stall: Stall::default() }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Guard<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        if guard.first.is_empty() {
            return Pin::new(&mut guard.io).poll_read(cx, buf);
        }
        let count = guard.first.len().min(buf.remaining());
        buf.put_slice(guard.first.get(..count).unwrap_or_default());
        guard.first.drain(..count);
        Poll::Ready(Ok(()))
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
        guard.stall.wrote(&wrote, &guard.watch);
        wrote
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        let linger = match &mut guard.linger {
            Some(linger) => linger,
            none => {
                ready!(Pin::new(&mut guard.io).poll_shutdown(cx))?;
                guard.watch.lingers(LINGER);
                none.insert(Linger::new())
            }
        };
        if guard.watch.unread.get() { linger.poll(&mut guard.io, cx) } else { Poll::Ready(Ok(())) }
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
        guard.stall.wrote(&wrote, &guard.watch);
        wrote
    }
}
