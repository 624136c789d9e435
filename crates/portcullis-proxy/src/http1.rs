//! HTTP/1.1 towards callers: one connection, call after call.
//!
//! Must not know how the connection came about, nor what a call is.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, ready};

use http::{HeaderMap, Method, Request};
use portcullis_h1::{Call, CallBody};
use tokio::io::{AsyncRead, AsyncWrite};
use tower::Service;

use crate::conn::Conn;
use crate::parked;
use crate::received::Received;
use crate::reply::{Asked, Reply};
use crate::stack::stack;
use crate::wire::{Next, Wire};

/// Serves a connection to its end.
pub(crate) async fn serve<T>(conn: &Rc<Conn>, mut stream: T)
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
{
    loop {
        // Boxed: between two calls a connection gives all of it back.
        let Some(quiet) = Box::pin(calls(conn, stream)).await else { return };
        stream = quiet;
        if !parked::wait(conn, &mut stream).await {
            return;
        }
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
async fn calls<T>(conn: &Rc<Conn>, stream: T) -> Option<T>
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let (thread, watch) = (&conn.thread, &conn.watch);
    let wire = Rc::new(Wire::new(conn, stream, &conn.first.take()));
    // Whoever connected before the gate began to drain gets one answer.
    let mut told = thread.draining.get();
    let (mut leaving, mut over) = (false, false);
    wire.last.set(told);
    let end = {
        let mut work = pin!(converse(conn, &wire));
        poll_fn(|cx| {
            loop {
                if work.as_mut().poll(cx).is_ready() {
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
                    wire.leaves.set(true);
                }
                told = true;
                // After a poll, so that a call that came in already is served.
                wire.last.set(true);
            }
            ready!(watch.alarm.poll(cx));
            let quiet = !told && watch.is_idle() && watch.parks().is_some();
            Poll::Ready(if quiet { End::Quiet } else { End::Slow })
        })
        .await
    };
    if matches!(end, End::Slow) && !over {
        thread.metrics.cut_slow(watch.phase());
    }
    let tunnel = conn.tunnel.take();
    if tunnel.is_none() && !matches!(end, End::Quiet) {
        return None;
    }
    let stream = wire.into_io()?;
    let Some(tunnel) = tunnel else { return Some(stream) };
    // Boxed: rare, and large beside a connection that waits.
    Box::pin(tunnel.run(stream)).await;
    None
}

/// Answers one call after the other, until there are no more or something else is spoken.
async fn converse<T>(conn: &Rc<Conn>, wire: &Rc<Wire<T>>)
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let mut stack = stack(conn);
    let mut fields = HeaderMap::new();
    loop {
        let mut unread = false;
        let (request, asked) = match poll_fn(|cx| wire.next(&mut fields, cx)).await {
            Next::Call(call) => request(*call, wire),
            Next::Refused(fault) => {
                // Answered by the door that all refusals leave by.
                conn.watch.fault.set(Some(fault));
                wire.last.set(true);
                unread = true;
                (Request::new(Received::Nothing), Asked::PLAIN)
            }
            Next::Over => return wire.end(false).await,
        };
        let answer = {
            let mut answering = stack.call(request);
            poll_fn(|cx| match std::pin::Pin::new(&mut answering).poll(cx) {
                Poll::Ready(Ok(answer)) => Poll::Ready(Some(answer)),
                Poll::Pending => wire.gone(cx).map(|()| None),
            })
            .await
        };
        let Some(answer) = answer else { return };
        let (mut reply, memory) = Reply::begin(wire, &conn.thread, asked, answer);
        fields = memory;
        if poll_fn(|cx| reply.poll(wire, cx)).await.is_err() || reply.switches {
            return;
        }
        wire.write(|out| conn.thread.block.give(out.give_back()));
        if wire.owes() {
            // It is answered already, and still on its way to the platform.
            conn.watch.reads_on();
            poll_fn(|cx| wire.was_read(cx)).await;
            conn.watch.rests();
            unread |= !wire.has_all();
        }
        if unread || !reply.keep_alive || wire.last.get() {
            return wire.end(unread).await;
        }
    }
}

/// A call as the gate takes it.
fn request<T>(call: Call, wire: &Rc<Wire<T>>) -> (Request<Received>, Asked)
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let Call { parts, body, keep_alive, trailers, .. } = call;
    let head = parts.method == Method::HEAD;
    let asked = Asked { version: parts.version, head, trailers, keep_alive };
    let body = match body {
        CallBody::Length(0) => Received::Nothing,
        CallBody::Length(_) | CallBody::Chunked => Received::Http1(wire.body()),
    };
    (Request::from_parts(parts, body), asked)
}
