//! The bodies of calls, taken from the connection piece by piece.
//!
//! Must not know who reads them.

use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use portcullis_h1::{CONTINUE, Decoder};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Inner, Leave, Wire};
use crate::body::BrokenOff;
use crate::conn::Conn;
use crate::received::{Carries, Turn};

impl<T: AsyncRead + AsyncWrite + Unpin> Inner<T> {
    /// Tells a caller that waits for it to send its body. Should that fail, reading will.
    fn gives_leave(&mut self, conn: &Conn, cx: &mut Context<'_>) -> Poll<()> {
        if self.leave == Leave::Given {
            return Poll::Ready(());
        }
        if self.leave == Leave::Owed {
            self.out.text().extend_from_slice(CONTINUE);
            self.leave = Leave::Going;
        }
        let Self { io: Some(io), out, leave, .. } = self else { return Poll::Ready(()) };
        let _ = ready!(out.flush(io, &conn.watch, cx));
        *leave = Leave::Given;
        Poll::Ready(())
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Carries for Wire<T> {
    fn piece(&self, of: Turn, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        let mut inner = self.inner.borrow_mut();
        if inner.turn != of {
            return Poll::Ready(None);
        }
        let broken = Poll::Ready(Some(Err(BrokenOff)));
        loop {
            let Inner { read, body, watcher, .. } = &mut *inner;
            let Some(decoder) = body else { return Poll::Ready(None) };
            let Ok(piece) = decoder.next(read) else { return broken };
            if decoder.is_end() {
                *body = None;
                // From now on the connection's own task looks whether the caller is there.
                watcher.take().into_iter().for_each(Waker::wake);
            }
            if let Some(piece) = piece {
                self.conn.watch.read_on();
                return Poll::Ready(Some(Ok(piece)));
            }
            if inner.owes() {
                ready!(inner.gives_leave(&self.conn, cx));
                if ready!(inner.fill(&self.conn, cx)) == 0 {
                    return broken;
                }
            }
        }
    }

    fn let_go(&self, of: Turn) {
        let mut inner = self.inner.borrow_mut();
        if inner.turn == of {
            inner.is_read = false;
            inner.watcher.take().into_iter().for_each(Waker::wake);
        }
    }

    fn left(&self, of: Turn) -> Option<u64> {
        let inner = self.inner.borrow();
        inner.body.as_ref().filter(|_| inner.turn == of).map_or(Some(0), Decoder::left)
    }
}
