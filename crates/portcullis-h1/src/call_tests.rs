//! What may pass as calls, as a table, at every split of the bytes.

use proptest::prelude::*;

use super::*;
use crate::{Decoder, Fault};

const BOUNDS: CallBounds = CallBounds { bytes: 2048, fields: 99 };

/// What was read of a connection, and why no more is.
#[derive(Debug, Default, PartialEq)]
struct Read {
    /// Method, target and fields of each call, and its body as far as it came.
    calls: Vec<(String, Vec<u8>)>,
    head: Option<CallFault>,
    body: Option<Fault>,
    /// Bytes that are no whole head.
    rest: usize,
}

/// Reads calls that come in pieces of one size.
fn read(bytes: &[u8], piece: usize) -> Read {
    let (mut reader, mut buffer, mut out) =
        (CallReader::default(), BytesMut::new(), Read::default());
    let mut body: Option<Decoder> = None;
    for part in bytes.chunks(piece) {
        buffer.extend_from_slice(part);
        loop {
            if let Some(decoder) = &mut body {
                match decoder.next(&mut buffer) {
                    Ok(Some(data)) => out.calls.last_mut().unwrap().1.extend_from_slice(&data),
                    Ok(None) if decoder.is_end() => body = None,
                    Ok(None) => break,
                    Err(fault) => {
                        // What came of it before may not have been handed over.
                        out.calls.last_mut().unwrap().1.clear();
                        return Read { body: Some(fault), ..out };
                    }
                }
                continue;
            }
            match reader.read(&mut buffer, BOUNDS, &mut HeaderMap::new()) {
                Ok(Some(call)) => {
                    let Parts { method, uri, headers, .. } = &call.parts;
                    out.calls.push((format!("{method} {uri} {headers:?}"), Vec::new()));
                    body = Some(Decoder::of_call(call.body));
                }
                Ok(None) => break,
                Err(fault) => return Read { head: Some(fault), ..out },
            }
        }
    }
    out.rest = buffer.len();
    out
}

#[track_caller]
fn check(bytes: &str, expected: Result<(), &str>) {
    for piece in [1, 2, 3, 7, 64, bytes.len()] {
        let read = read(bytes.as_bytes(), piece);
        match (expected, read.head, read.body) {
            (Ok(()), None, None) => assert_eq!(read.rest, 0, "{bytes:?} in pieces of {piece}"),
            (Err(want), Some(CallFault::Unreadable(why)), None) => {
                assert!(why.contains(want), "{bytes:?}: {why}");
            }
            (Err("too large"), Some(CallFault::TooLarge), None) => {}
            (Err(want), None, Some(fault)) => {
                assert!(fault.to_string().contains(want), "{bytes:?}: {fault}");
            }
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
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\r\n\r\n", "control character"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \x0ca\r\n\r\n", "control character"),
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
        ("0x3\r\nabc\r\n", "size"),
        ("+3\r\nabc\r\n", "size"),
        (" 3\r\nabc\r\n", "size"),
        ("3 \r\nabc\r\n", "size"),
        ("3;a=b\r\nabc\r\n", "extension"),
        ("3;\r\nabc\r\n", "extension"),
        ("\r\nabc\r\n", "size"),
        ("3\nabc\r\n", "size"),
        ("3\r\nabcd\r\n", "end where its size says"),
        ("3\r\nabc\n", "end where its size says"),
        ("1000000000000000\r\n", "size"),
        ("00000000000000000000003\r\nabc\r\n", "size"),
        ("0\r\nX : y\r\n\r\n", "trailers"),
        ("0\r\nX: y\n\r\n", "trailers"),
        ("0\r\nX: y\rz\r\n\r\n", "trailers"),
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
            let read = read(request.as_bytes(), 999);
            assert_ne!(read.head, Some(CallFault::Unreadable("the target is not a URL")));
            if let Some((call, _)) = read.calls.first() {
                assert!(call.starts_with(&format!("GET {target} ")), "{call}");
            }
        }
    }
}

#[test]
fn what_the_connection_is_for_is_read_with_the_head() {
    let call = |head: &str| {
        let mut buffer = BytesMut::from(head);
        let call = CallReader::default().read(&mut buffer, BOUNDS, &mut HeaderMap::new());
        let call = call.unwrap().unwrap();
        (call.keep_alive, call.expects, call.trailers)
    };
    for (head, expected) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", (true, false, false)),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: te, CLOSE\r\n\r\n", (false, false, false)),
        ("GET / HTTP/1.0\r\n\r\n", (false, false, false)),
        ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", (true, false, false)),
        ("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", (false, false, false)),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n",
            (true, true, false),
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", (true, false, false)),
        (
            "POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n",
            (false, false, false),
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nTE: gzip, Trailers\r\n\r\n", (true, false, true)),
    ] {
        assert_eq!(call(head), expected, "{head}");
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
        prop_assert_eq!(read(&request, request.len()), read(&request, piece));
    }
}
