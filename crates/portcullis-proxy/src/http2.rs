//! HTTP/2 towards callers: one connection, many calls at once (RFC 9113), WebSockets among them (RFC 8441).
//!
//! Must not know how the connection came about, nor what a call is.

use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tower::Service;

use crate::accept::BUFFER_MAX;
use crate::conn::Conn;
use crate::guard::{Frames, Guard};
use crate::received::Received;
use crate::stack::stack;

/// Serves a connection to its end.
pub(crate) async fn serve<T>(conn: &Rc<Conn>, stream: T)
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let (thread, watch) = (&conn.thread, &conn.watch);
    let mut first = conn.first.take();
    let frames = Frames::new(stream, &mut first, conn);
    let flooded = frames.flooded();
    let io = TokioIo::new(Guard::new(frames, first, Rc::clone(watch)));
    let mut builder = http2::Builder::new(Local);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(100)
        .initial_stream_window_size(64 * 1024)
        .initial_connection_window_size(1024 * 1024)
        .max_header_list_size(u32::try_from(thread.settings.limits.head_bytes).unwrap_or(32 * 1024))
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(128)
        .max_send_buf_size(BUFFER_MAX)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .enable_connect_protocol();
    let stack = stack(conn);
    // By hyper's own adapter rather than tower's: that one waits for readiness, which the stack always
    // has, and moves each call's future twice more.
    let service = service_fn(move |request: Request<Incoming>| {
        stack.clone().call(request.map(Received::Http2))
    });
    let mut http = pin!(builder.serve_connection(io, service));
    let mut told = false;
    let slow = std::future::poll_fn(|cx| {
        loop {
            if http.as_mut().poll(cx).is_ready() {
                return Poll::Ready(false);
            }
            if told || !thread.draining.get() {
                break;
            }
            told = true;
            http.as_mut().graceful_shutdown();
        }
        watch.alarm.poll(cx).map(|()| true)
    })
    .await;
    if slow {
        thread.metrics.cut_slow(watch.phase());
    }
    if flooded.get() {
        thread.metrics.cut_slow("flood");
    }
}

/// Runs a connection's streams on its own thread.
#[derive(Clone)]
struct Local;

impl<F> hyper::rt::Executor<F> for Local
where
    F: Future + 'static,
{
    fn execute(&self, work: F) {
        tokio::task::spawn_local(async move {
            work.await;
        });
    }
}
