//! What may pass the guard, as a table, at every split of the bytes.

use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::ticker::Ticker;

const BOUNDS: Bounds = Bounds { bytes: 2048, headers: 100 };

/// How many bytes pass before the first fault, read in pieces of one size.
fn passes(bytes: &[u8], piece: usize) -> (usize, Option<Fault>) {
    let mut walker = Walker::new(BOUNDS);
    let (mut held, mut passed) = (Vec::new(), 0);
    for part in bytes.chunks(piece) {
        held.extend_from_slice(part);
        let (count, fault) = walker.walk(&held);
        held.drain(..count);
        passed += count;
        if fault.is_some() {
            return (passed, fault);
        }
    }
    (passed, None)
}

#[track_caller]
fn check(bytes: &str, expected: Result<(), &str>) {
    for piece in [1, 2, 3, 7, 64, bytes.len()] {
        let (passed, fault) = passes(bytes.as_bytes(), piece);
        match (expected, fault) {
            (Ok(()), None) => assert_eq!(passed, bytes.len(), "{bytes:?} in pieces of {piece}"),
            (Err(want), Some(Fault::Unreadable(why))) => {
                assert!(why.contains(want), "{bytes:?}: {why}")
            }
            (Err("too large"), Some(Fault::TooLarge)) => {}
            other => panic!("{bytes:?} in pieces of {piece}: {other:?}"),
        }
    }
}

/// A POST with these header lines and this after them.
#[track_caller]
fn framed(lines: &str, after: &str, expected: Result<(), &str>) {
    check(&format!("POST /x HTTP/1.1\r\nHost: a\r\n{lines}\r\n{after}"), expected);
}

#[test]
fn plain_requests_pass_one_after_another() {
    check("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Ok(()));
    check("GET /?fields=a{b.limit(3)} HTTP/1.1\r\nHost: a:80\r\nX:\r\nY: \t v \r\n\r\n", Ok(()));
    check("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Ok(()));
    check("GET http://a/x?y HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n", Ok(()));
    check("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", Ok(()));
    check("GET / HTTP/1.0\r\n\r\n", Ok(()));
    framed("Content-Length: 3\r\n", "abcGET / HTTP/1.1\r\nHost: a\r\n\r\n", Ok(()));
    framed(
        "Transfer-Encoding: Chunked\r\n",
        "3\r\nabc\r\n00A\r\n0123456789\r\n0\r\nT: v\r\n\r\n",
        Ok(()),
    );
}

#[test]
fn a_length_is_given_once_and_plainly() {
    for value in [
        "+5",
        "-5",
        "0x5",
        "5,5",
        "5, 5",
        "5 5",
        "",
        " ",
        "5\t5",
        "1e1",
        "5;",
        "٥",
        "1234567890123456789",
    ] {
        framed(&format!("Content-Length: {value}\r\n"), "", Err("not one plain number"));
    }
    framed("Content-Length: 5\r\nContent-Length: 5\r\n", "", Err("more than one Content-Length"));
    framed("Content-Length: 5\r\ncontent-length: 6\r\n", "", Err("more than one Content-Length"));
    framed("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "", Err("given twice"));
    framed("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", "", Err("given twice"));
    for value in [
        "gzip",
        "gzip, chunked",
        "chunked, chunked",
        "xchunked",
        "chunked;q=1",
        "identity",
        "",
        "\"chunked\"",
    ] {
        framed(&format!("Transfer-Encoding: {value}\r\n"), "", Err("not `chunked` alone"));
    }
    framed(
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "",
        Err("more than one Transfer"),
    );
    check("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", Err("not part of HTTP/1.0"));
    check("POST / HTTP/1.0\r\n\r\n", Err("needs a Content-Length"));
}

#[test]
fn a_head_has_one_shape() {
    let why = [
        ("GET / HTTP/1.1\nHost: a\r\n\r\n", "carriage return"),
        ("GET / HTTP/1.1\r\nHost: a\n\n", "carriage return"),
        ("GET / HTTP/1.1\r\nHost: a\r\n X: folded\r\n\r\n", "folded"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX : v\r\n\r\n", "header name"),
        ("GET / HTTP/1.1\r\nHost: a\r\n: v\r\n\r\n", "header name"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", "no colon"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", "control character"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", "control character"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n", "header name"),
        ("GET / HTTP/1.1\r\n\r\n", "no Host"),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", "not a host name"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "more than one Host"),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "not a host name"),
        ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "not a host name"),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "not a host name"),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "request line"),
        ("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", "version"),
        ("GET /\r\nHost: a\r\n\r\n", "request line"),
        ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", "version"),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", "version"),
        ("GET / http/1.1\r\nHost: a\r\n\r\n", "version"),
        ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", "request line"),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "empty lines"),
        ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "carriage return"),
        ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "fragment"),
        ("GET /a\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", "percent-encoded"),
        ("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", "percent-encoded"),
        ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", "neither a path"),
        ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "neither a path"),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT"),
        ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "TRACE"),
        ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: tls/1.0\r\n\r\n", "switch protocols"),
        ("POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", "switch protocols"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\n",
            "after a body",
        ),
    ];
    for (bytes, want) in why {
        check(bytes, Err(want));
    }
}

#[test]
fn chunks_have_one_shape() {
    let te = "Transfer-Encoding: chunked\r\n";
    for (after, want) in [
        ("0x3\r\nabc\r\n", "hexadecimal"),
        ("+3\r\nabc\r\n", "hexadecimal"),
        (" 3\r\nabc\r\n", "hexadecimal"),
        ("3;a=b\r\nabc\r\n", "hexadecimal"),
        ("\r\nabc\r\n", "hexadecimal"),
        ("3\nabc\r\n", "carriage return"),
        ("3\r\nabcd\r\n", "longer than its size"),
        ("3\r\nabc\n", "carriage return"),
        ("1000000000000000\r\n", "hexadecimal"),
        ("00000000000000000000003\r\nabc\r\n", "too long"),
        ("0\r\nX : y\r\n\r\n", "header name"),
        ("0\r\nX: y\n\r\n", "carriage return"),
    ] {
        framed(te, after, Err(want));
    }
}

#[test]
fn a_head_is_bounded() {
    let many = "X: y\r\n".repeat(100);
    check(&format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), Err("too large"));
    check(&format!("GET /{} HTTP/1.1\r\n", "a".repeat(3000)), Err("too large"));
    check(&"a".repeat(3000), Err("too large"));
}

#[test]
fn what_passes_is_a_target_that_the_uri_parser_takes() {
    for byte in 0x21..0x7fu8 {
        for target in [format!("/a{}b", char::from(byte)), format!("/?a{}b", char::from(byte))] {
            let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
            if passes(request.as_bytes(), 999).1.is_none() {
                let read = target.parse::<http::Uri>().expect("the guard let it pass");
                assert_eq!(read.to_string(), target);
            }
        }
    }
}

fn watched() -> Rc<Watch> {
    let second = Duration::from_secs(1);
    let times = Times { head: second, idle: second, park: second, send: second, stream: second };
    Watch::new(Ticker::new(Duration::from_millis(10)).alarm(), times)
}

/// What the connection waits for, with its alarm on, once an answer that had stalled is taken.
async fn after_a_stall(rest: usize, ended: bool) -> Option<&'static str> {
    let watch = watched();
    let (io, mut peer) = tokio::io::duplex(16);
    let mut guard = Guard::http1(io, Vec::new(), Rc::clone(&watch), BOUNDS);
    watch.begin();
    guard.write_all(&[0; 16]).await.unwrap();
    let stalls = async { guard.write_all(&vec![0; rest]).await };
    let takes = async {
        if ended {
            watch.finish();
        }
        let mut sink = vec![0; 16 + rest];
        peer.read_exact(&mut sink).await
    };
    assert!(tokio::try_join!(stalls, takes).is_ok());
    guard.flush().await.unwrap();
    watch.alarm.is_set().then(|| watch.phase())
}

#[tokio::test]
async fn once_an_answer_is_taken_the_connection_is_idle() {
    for rest in [1, SEND_LEAST, 3 * SEND_LEAST] {
        assert_eq!(after_a_stall(rest, true).await, Some("idle"), "{rest}");
    }
    assert_eq!(after_a_stall(1, false).await, Some("send"), "more of it may come");
}

async fn read_all(first: &[u8], rest: &[u8]) -> (Vec<u8>, Option<Fault>, bool) {
    let watch = watched();
    let mut guard = Guard::http1(rest, first.to_vec(), Rc::clone(&watch), BOUNDS);
    let mut out = Vec::new();
    let ended = std::future::poll_fn(|cx| {
        loop {
            let mut piece = [0; 64];
            let mut buf = ReadBuf::new(&mut piece);
            match Pin::new(&mut guard).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => out.extend(buf.filled()),
                Poll::Ready(Err(_)) => return Poll::Ready(false),
                Poll::Ready(Ok(())) | Poll::Pending => return Poll::Ready(true),
            }
        }
    });
    let ended = ended.await;
    (out, watch.fault.get(), ended)
}

#[tokio::test]
async fn a_refused_head_is_replaced_by_the_sentinel_and_the_end() {
    let good = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n".as_slice();
    let bad =
        b"GET /2 HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nGET /3 HTTP/1.1\r\n".as_slice();
    let all = [good, bad].concat();
    let expected = [good, SENTINEL].concat();
    for split in 0..all.len() {
        let (out, fault, ended) = read_all(&all[..split], &all[split..]).await;
        assert_eq!(
            String::from_utf8_lossy(&out),
            String::from_utf8_lossy(&expected),
            "split at {split}"
        );
        assert!(fault.is_some() && ended);
    }
    let chunks =
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n".as_slice();
    for split in 0..chunks.len() {
        let (out, _, ended) = read_all(&chunks[..split], &chunks[split..]).await;
        assert!(!ended && chunks.starts_with(&out), "split at {split}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_splits_never_matter(
        bytes in proptest::collection::vec(prop_oneof![
            4 => Just(b'\r'), 4 => Just(b'\n'), 2 => Just(b':'), 2 => Just(b' '), 6 => any::<u8>()
        ], 0..200),
        piece in 1usize..50,
    ) {
        let mut request = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n".to_vec();
        request.extend(bytes);
        let (whole, pieces) = (passes(&request, request.len()), passes(&request, piece));
        prop_assert_eq!(whole.1, pieces.1);
        prop_assert!(whole.0 <= request.len());
    }
}
