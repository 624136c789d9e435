//! The same answer through hyper's client, over a connection in memory.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::rt::{Read, ReadBufCursor, Write};

use crate::{Answer, Case, End, Outcome};

/// Turns after which nothing more can happen: each reads at most one piece.
const SPARE_TURNS: usize = 8;

pub(crate) fn read(case: &Case) -> Outcome {
    let mut cx = Context::from_waker(Waker::noop());
    let io =
        Memory { pieces: case.pieces.iter().cloned().collect(), ends: case.ends, asked: false };
    let mut builder = http1::Builder::new();
    builder.max_buf_size(64 * 1024).max_header_size(64 * 1024);
    let Poll::Ready(Ok((mut sender, mut connection))) =
        Box::pin(builder.handshake::<_, Empty<Bytes>>(io)).as_mut().poll(&mut cx)
    else {
        panic!("a handshake waits for nothing");
    };
    let method = if case.head_request { "HEAD" } else { "GET" };
    let request = Request::builder().method(method).uri("/").header("host", "a");
    let mut answer = Box::pin(sender.send_request(request.body(Empty::new()).unwrap()));
    let turns = case.pieces.len() * 2 + SPARE_TURNS;
    let mut arrived = None;
    for _ in 0..turns {
        // Its error is told to whoever waits for the answer.
        let _ = Pin::new(&mut connection).poll(&mut cx);
        match answer.as_mut().poll(&mut cx) {
            Poll::Ready(Ok(answer)) => {
                arrived = Some(answer);
                break;
            }
            Poll::Ready(Err(_)) => return Outcome::Refused(None),
            Poll::Pending => {}
        }
    }
    drop(answer);
    let Some(answer) = arrived else { return Outcome::Waiting };
    let (answer, end) = drain(answer, turns, || {
        let _ = Pin::new(&mut connection).poll(&mut Context::from_waker(Waker::noop()));
    });
    for _ in 0..SPARE_TURNS {
        let _ = Pin::new(&mut connection).poll(&mut cx);
    }
    let reusable = sender.is_ready();
    let (mut parts, body) = answer.into_parts();
    if parts.status == 101 {
        // No answer to a call that asked for no switch.
        return Outcome::Refused(None);
    }
    // Ours ends these.
    parts.headers.remove("connection");
    parts.headers.remove("transfer-encoding");
    Outcome::Answer(Box::new(Answer {
        status: parts.status,
        version: parts.version,
        fields: parts.headers,
        body,
        end,
        reusable,
    }))
}

fn drain(
    answer: Response<Incoming>,
    turns: usize,
    mut turn: impl FnMut(),
) -> (Response<Vec<u8>>, End) {
    let mut cx = Context::from_waker(Waker::noop());
    let (parts, mut incoming) = answer.into_parts();
    let mut body = Vec::new();
    let mut idle = 0;
    let end = loop {
        turn();
        match Pin::new(&mut incoming).poll_frame(&mut cx) {
            Poll::Ready(None) => break End::Whole,
            Poll::Ready(Some(Err(_))) => break End::Broken(None),
            Poll::Ready(Some(Ok(frame))) => {
                idle = 0;
                if let Ok(data) = frame.into_data() {
                    body.extend_from_slice(&data);
                }
            }
            Poll::Pending => {
                idle += 1;
                if idle > turns {
                    break End::Waiting;
                }
            }
        }
    };
    (Response::from_parts(parts, body), end)
}

/// A platform that sends its pieces once it was asked.
struct Memory {
    pieces: VecDeque<Vec<u8>>,
    ends: bool,
    asked: bool,
}

impl Read for Memory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.asked {
            return Poll::Pending;
        }
        let Some(piece) = self.pieces.front_mut() else {
            return if self.ends { Poll::Ready(Ok(())) } else { Poll::Pending };
        };
        let count = piece.len().min(buf.remaining());
        buf.put_slice(&piece[..count]);
        piece.drain(..count);
        if piece.is_empty() {
            self.pieces.pop_front();
        }
        Poll::Ready(Ok(()))
    }
}

impl Write for Memory {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.asked = true;
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
