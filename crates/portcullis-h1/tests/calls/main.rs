//! The reading of calls against hyper's server: the same bytes, cut in the same places, into both.
//!
//! What ours takes hyper reads alike: the same methods, targets, fields and bodies, in the same order.
//! Ours may refuse more; it never takes what hyper refuses. `H1_CASES` says how many connections
//! (20,000 unless said otherwise), `H1_SEED` where to begin.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

#[path = "../oracle/dice.rs"]
mod dice;
mod grammar;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use portcullis_h1::{CallBounds, CallFault, CallReader, Decoder};

use crate::dice::Dice;

/// A call that came whole.
#[derive(Debug, Clone, PartialEq)]
struct Came {
    line: String,
    fields: HeaderMap,
    body: Vec<u8>,
}

/// Whole calls, and why no more were read.
#[derive(Debug, Default)]
struct Ours {
    calls: Vec<Came>,
    refused: Option<String>,
}

fn ours(pieces: &[Vec<u8>]) -> Ours {
    let bounds = CallBounds { bytes: 32 * 1024, fields: 100 };
    let (mut reader, mut buffer, mut out) =
        (CallReader::default(), BytesMut::new(), Ours::default());
    let mut body: Option<(Came, Decoder, bool)> = None;
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            if let Some((call, decoder, keep_alive)) = &mut body {
                match decoder.next(&mut buffer) {
                    Ok(Some(data)) => call.body.extend_from_slice(&data),
                    Ok(None) if decoder.is_end() => {
                        out.calls.push(call.clone());
                        if !*keep_alive {
                            return out;
                        }
                        body = None;
                    }
                    Ok(None) => break,
                    Err(fault) => return Ours { refused: Some(fault.to_string()), ..out },
                }
                continue;
            }
            match reader.read(&mut buffer, bounds, &mut HeaderMap::new()) {
                Ok(Some(call)) => {
                    let line = format!(
                        "{} {} {:?}",
                        call.parts.method, call.parts.uri, call.parts.version
                    );
                    let came = Came { line, fields: call.parts.headers, body: Vec::new() };
                    body = Some((came, Decoder::of_call(call.body), call.keep_alive));
                }
                Ok(None) => break,
                Err(CallFault::TooLarge) => {
                    return Ours { refused: Some("too large".into()), ..out };
                }
                Err(CallFault::Unreadable(why)) => {
                    return Ours { refused: Some(why.to_owned()), ..out };
                }
            }
        }
    }
    out
}

fn theirs(pieces: &[Vec<u8>]) -> Vec<Came> {
    let came = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&came);
    let service = service_fn(move |request: Request<Incoming>| {
        let seen = Rc::clone(&seen);
        async move {
            let (parts, body) = request.into_parts();
            let line = format!("{} {} {:?}", parts.method, parts.uri, parts.version);
            if let Ok(body) = body.collect().await {
                let body = body.to_bytes().to_vec();
                seen.borrow_mut().push(Came { line, fields: parts.headers, body });
            }
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    });
    let turns = pieces.len() * 4 + 16;
    let io = Memory(pieces.iter().cloned().collect());
    let mut connection = http1::Builder::new().serve_connection(io, service);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..turns {
        if Pin::new(&mut connection).poll(&mut cx).is_ready() {
            break;
        }
    }
    drop(connection);
    Rc::try_unwrap(came).unwrap().into_inner()
}

/// A caller that sends its pieces and then waits.
struct Memory(VecDeque<Vec<u8>>);

impl Read for Memory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(piece) = self.0.front_mut() else { return Poll::Pending };
        let count = piece.len().min(buf.remaining());
        buf.put_slice(&piece[..count]);
        piece.drain(..count);
        if piece.is_empty() {
            self.0.pop_front();
        }
        Poll::Ready(Ok(()))
    }
}

impl Write for Memory {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.replace('_', "").parse().unwrap())
}

#[test]
fn what_ours_takes_hyper_reads_alike() {
    let (cases, seed) = (number("H1_CASES", 20_000), number("H1_SEED", 1));
    let mut refused: BTreeMap<String, u64> = BTreeMap::new();
    let (mut taken, mut bodies) = (0_u64, 0_u64);
    for at in 0..cases {
        let pieces = grammar::connection(&mut Dice::new(seed.wrapping_add(at)));
        let (ours, theirs) = (ours(&pieces), theirs(&pieces));
        let alike = theirs.get(..ours.calls.len()) == Some(&*ours.calls);
        // What ours neither took nor refused, hyper waits for as well.
        let waits = ours.refused.is_some() || theirs.len() == ours.calls.len();
        assert!(
            alike && waits,
            "seed {}: {:#?}\nours {ours:#?}\nhyper {theirs:#?}",
            seed.wrapping_add(at),
            pieces.iter().map(|piece| piece.escape_ascii().to_string()).collect::<Vec<_>>(),
        );
        taken += ours.calls.len() as u64;
        bodies += ours.calls.iter().filter(|call| !call.body.is_empty()).count() as u64;
        if let Some(why) = ours.refused.filter(|_| theirs.len() > ours.calls.len()) {
            *refused.entry(why).or_default() += 1;
        }
    }
    println!("{cases} connections: {taken} calls taken, {bodies} of them with a body");
    for (why, count) in refused {
        println!("{count:8} refused by ours only: {why}");
    }
    // A generator that makes nothing whole would compare nothing.
    assert!(taken * 4 > cases && bodies * 10 > cases, "{taken} taken, {bodies} with a body");
}
