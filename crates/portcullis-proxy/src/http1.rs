//! HTTP/1.1 towards callers: one connection, call after call.
//!
//! Must not know how the connection came about, nor what a call is.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, ready};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::accept::BUFFER_MAX;
use crate::guard::{Bounds, Guard};
use crate::parked;
use crate::stack::service;
use crate::ticket::Conn;

/// Serves a connection to its end; `first` was read from it already.
pub(crate) async fn serve<T>(conn: &Rc<Conn>, mut stream: T, mut first: Vec<u8>)
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
{
    loop {
        // Boxed: between two calls a connection gives all of it back.
        let Some(quiet) = Box::pin(calls(conn, stream, first)).await else { return };
        stream = quiet;
        let Some(woken) = parked::wait(conn, &mut stream).await else { return };
        first = woken;
    }
}

/// How a connection's calls end for now.
enum End {
    Over,
    Slow,
    /// None came for a while.
    Quiet,
}

/// Answers calls; gives the connection back when none come for a while, and none at its end.
async fn calls<T>(conn: &Rc<Conn>, stream: T, first: Vec<u8>) -> Option<T>
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let (thread, watch) = (&conn.thread, &conn.watch);
    let limits = &thread.settings.limits;
    // hyper keeps up to 100 headers on the stack; a bound of its own would put them on the heap.
    let bounds = Bounds { bytes: limits.head_bytes, headers: limits.headers.min(100) };
    let guard = Guard::http1(stream, first, Rc::clone(watch), bounds);
    let mut builder = http1::Builder::new();
    // As towards the platform: small messages go out in one plain write.
    builder
        .writev(false)
        .header_read_timeout(None)
        .max_buf_size(BUFFER_MAX.max(limits.head_bytes + 16 * 1024));
    // Whoever connected before the gate began to drain gets one answer.
    let mut told = thread.draining.get();
    let (mut leaving, mut over) = (false, false);
    builder.keep_alive(!told);
    let mut http = builder.serve_connection(TokioIo::new(guard), service(conn));
    let end = std::future::poll_fn(|cx| {
        loop {
            if Pin::new(&mut http).poll(cx).is_ready() {
                return Poll::Ready(End::Over);
            }
            if told || !thread.draining.get() {
                break;
            }
            if watch.is_idle() && !over {
                // A call may be on its way already: it is the last, and answered.
                if !leaving {
                    leaving = true;
                    watch.alarm.set(thread.settings.timeouts.last_call);
                }
                if watch.alarm.poll(cx).is_pending() {
                    return Poll::Pending;
                }
                // None came: it ends as it should, which takes a last word where it is encrypted.
                over = true;
                watch.alarm.set(thread.settings.timeouts.last_call);
            }
            told = true;
            // After a poll, so that a call that came in already is served.
            Pin::new(&mut http).graceful_shutdown();
        }
        ready!(watch.alarm.poll(cx));
        let quiet = !told && watch.is_idle() && watch.parks().is_some();
        Poll::Ready(if quiet { End::Quiet } else { End::Slow })
    })
    .await;
    if matches!(end, End::Slow) && !over {
        thread.metrics.cut_slow(watch.phase());
    }
    let tunnel = conn.switch.tunnel.take();
    if tunnel.is_none() && !matches!(end, End::Quiet) {
        return None;
    }
    let parts = http.into_parts();
    let early = !parts.read_buf.is_empty();
    let stream = parts.io.into_inner().into_inner().filter(|_| !early)?;
    let Some(tunnel) = tunnel else { return Some(stream) };
    // Boxed: rare, and large beside a connection that waits.
    Box::pin(tunnel.run(stream)).await;
    None
}
