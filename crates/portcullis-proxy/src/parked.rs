//! Connections of HTTP/1.1 between two calls, kept outside the HTTP library: a socket and little else.
//!
//! Must not know calls.

use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::conn::Conn;
use crate::thread::Thread;

/// What is read at once of a call that begins.
const PIECE: usize = 4096;

/// Counts a connection while it is parked.
struct Parked<'a>(&'a Rc<Thread>);

impl<'a> Parked<'a> {
    fn new(thread: &'a Rc<Thread>) -> Self {
        thread.metrics.connections.parked.inc();
        Self(thread)
    }
}

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        self.0.metrics.connections.parked.dec();
    }
}

/// Waits for the first bytes of the next call, and leaves them with the connection; or it is over.
pub(crate) async fn wait<T>(conn: &Rc<Conn>, stream: &mut T) -> bool
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let (thread, watch) = (&conn.thread, &conn.watch);
    let _parked = Parked::new(thread);
    let mut leaving = false;
    let came = poll_fn(|cx| {
        let mut first = Vec::new();
        if let Poll::Ready(count) = read(stream, &mut first, cx) {
            conn.first.set(first);
            return Poll::Ready(Some(count));
        }
        if thread.draining.get() && !leaving {
            // A call may be on its way already: it is the last, and answered.
            leaving = true;
            watch.alarm.set(thread.settings.timeouts.last_call);
        }
        watch.alarm.poll(cx).map(|()| None)
    });
    match came.await {
        Some(0) => {}
        Some(_) => {
            watch.wakes();
            return true;
        }
        None if leaving => {
            // None came: it ends as it should, which takes a last word where it is encrypted.
            watch.alarm.set(thread.settings.timeouts.last_call);
            let _ = watch.alarm.guard(stream.shutdown()).await;
        }
        None => thread.metrics.cut_slow(watch.phase()),
    }
    false
}

/// Reads what there is, by way of the stack, so that whoever waits holds no buffer; nothing: the peer
/// left.
pub(crate) fn read<T>(stream: &mut T, into: &mut Vec<u8>, cx: &mut Context<'_>) -> Poll<usize>
where
    T: AsyncRead + Unpin,
{
    let mut piece = [const { MaybeUninit::uninit() }; PIECE];
    let mut piece = ReadBuf::uninit(&mut piece);
    let read = ready!(Pin::new(stream).poll_read(cx, &mut piece));
    into.extend_from_slice(piece.filled());
    Poll::Ready(read.map_or(0, |()| piece.filled().len()))
}
