//! Connections: accepted, told apart by their first bytes, served, and ended.
//!
//! Must not know calls.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tower::Service;

use crate::body::Answer;
use crate::guard::{Bounds, Guard, Times, Watch};
use crate::stack::stack;
use crate::thread::Thread;
use crate::ticket::Conn;

/// How an HTTP/2 connection begins (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Pause after a failed accept: for want of descriptors it would fail again at once.
const PAUSE: Duration = Duration::from_millis(50);
/// What hyper buffers of one connection.
const BUFFER_MAX: usize = 64 * 1024;

/// Accepts connections until the task is dropped.
pub(crate) async fn accept(thread: Rc<Thread>, listener: Rc<TcpListener>) {
    loop {
        while thread.connections.is_full() {
            thread.freed.notified().await;
        }
        match listener.accept().await {
            Ok((stream, peer)) => take(&thread, stream, peer),
            // The peer gave up before it was accepted, which is no fault of ours.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(_) => {
                thread.metrics.accept_errors.inc();
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Takes what had been connected when the gate began to drain.
pub(crate) async fn sweep(thread: &Rc<Thread>, listener: &TcpListener) {
    std::future::poll_fn(|cx| {
        while let Poll::Ready(Ok((stream, peer))) = listener.poll_accept(cx) {
            if thread.connections.is_full() {
                break;
            }
            take(thread, stream, peer);
        }
        Poll::Ready(())
    })
    .await;
}

/// Counts a connection for as long as it lives.
struct Counted(Rc<Thread>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.connections.give(1);
        self.0.metrics.open_connections.dec();
        self.0.freed.notify_one();
    }
}

fn take(thread: &Rc<Thread>, stream: TcpStream, peer: SocketAddr) {
    if !thread.connections.take(1) {
        return;
    }
    thread.metrics.open_connections.inc();
    let counted = Counted(Rc::clone(thread));
    tokio::task::spawn_local(async move {
        let thread = Rc::clone(&counted.0);
        serve(&thread, stream, peer.ip()).await;
        drop(counted);
    });
}

async fn serve(thread: &Rc<Thread>, mut stream: TcpStream, peer: IpAddr) {
    // Without it small answers would wait for the last one's acknowledgement.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let set = &thread.settings.timeouts;
    let waits = set.first_byte.max(set.answer_idle).max(set.body).max(set.body_idle);
    let times = Times { head: set.head, idle: set.idle, send: set.send, stream: waits + set.send };
    let watch = Watch::new(thread.ticker.alarm(), times);
    let Some(Some(first)) = watch.alarm.guard(first_bytes(&mut stream)).await else {
        return;
    };
    let peer = peer.to_canonical();
    let trusted = thread.settings.trusted.iter().any(|net| net.contains(&peer));
    let forwarded_for = HeaderValue::try_from(peer.to_string())
        .unwrap_or_else(|_| HeaderValue::from_static("unknown"));
    let http2 = first == PREFACE || first.starts_with(PREFACE);
    watch.http2.set(http2);
    let conn = Rc::new(Conn {
        thread: Rc::clone(thread),
        watch: Rc::clone(&watch),
        peer,
        trusted,
        forwarded_for,
        http2,
        host: RefCell::default(),
    });
    if http2 {
        serve_http2(&conn, stream, first).await;
    } else {
        serve_http1(&conn, stream, first).await;
    }
}

/// Reads until the protocol is clear; none: the peer left.
async fn first_bytes(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut first = Vec::with_capacity(1024);
    loop {
        if stream.read_buf(&mut first).await.ok()? == 0 {
            return None;
        }
        let common = first.len().min(PREFACE.len());
        if first.len() >= PREFACE.len() || first.get(..common) != PREFACE.get(..common) {
            return Some(first);
        }
    }
}

async fn serve_http1(conn: &Rc<Conn>, stream: TcpStream, first: Vec<u8>) {
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
    builder.keep_alive(!told);
    let mut http = pin!(builder.serve_connection(TokioIo::new(guard), service(conn)));
    let slow = std::future::poll_fn(|cx| {
        loop {
            if http.as_mut().poll(cx).is_ready() {
                return Poll::Ready(false);
            }
            if told || !thread.draining.get() {
                break;
            }
            told = true;
            // After a poll, so that a call that came in already is served.
            http.as_mut().graceful_shutdown();
        }
        watch.alarm.poll(cx).map(|()| true)
    })
    .await;
    if slow {
        thread.metrics.cut_slow(watch.phase());
    }
}

async fn serve_http2(conn: &Rc<Conn>, stream: TcpStream, first: Vec<u8>) {
    let (thread, watch) = (&conn.thread, &conn.watch);
    let io = TokioIo::new(Guard::http2(stream, first, Rc::clone(watch)));
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
        .keep_alive_timeout(Duration::from_secs(10));
    let mut http = pin!(builder.serve_connection(io, service(conn)));
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
}

/// hyper's own adapter rather than tower's: that one waits for readiness, which the stack always has,
/// and moves each call's future twice more.
fn service(
    conn: &Rc<Conn>,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Response<Answer>,
    Error = Infallible,
    Future: 'static,
> + use<> {
    let stack = stack(conn);
    hyper::service::service_fn(move |request| stack.clone().call(request))
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
