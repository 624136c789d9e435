//! Requests in frames: what a call must and must not say (§8).

use crate::fields::{block, get, get_with, literal, request, upload, upload_with};
use crate::opening::{NOTHING, SERVED};
use crate::support::{KEY, NOWHERE, PROFILE, UPLOAD};
use crate::table::{CODE, Case, End, NO_ERROR, PROTOCOL_ERROR, answer};
use crate::wire::{
    Client, DATA, END_HEADERS, END_STREAM, HEADERS, RST_STREAM, WHOLE, frame, window,
};

/// A malformed request is an error of its stream, and an answer may say so before (§8.1.1).
const MALFORMED: &[End] =
    &[End::Reset(1, PROTOCOL_ERROR), End::Away(PROTOCOL_ERROR), End::Answer(1, 400)];
const REFUSED: &[End] = &[End::Answer(1, 400)];
const FORBIDDEN: &[End] = &[End::Answer(1, 403)];

fn call(client: &mut Client, block: Vec<u8>) {
    client.send(frame(HEADERS, WHOLE, 1, block));
}

/// A call that also says this.
fn saying(client: &mut Client, name: &str, value: &str) {
    call(client, get_with(&[(name, value)]));
}

/// A call with these pseudo-header fields.
fn with(client: &mut Client, pseudo: &[(&str, &str)]) {
    call(client, [block(pseudo), block(&[("x-api-key", KEY)])].concat());
}

/// An upload of a length that comes in these pieces.
fn sized(client: &mut Client, length: &str, pieces: &[&str]) {
    client.send(frame(HEADERS, END_HEADERS, 1, upload_with(&[("content-length", length)])));
    for (at, piece) in pieces.iter().enumerate() {
        let last = if at + 1 == pieces.len() { END_STREAM } else { 0 };
        client.send(frame(DATA, last, 1, piece));
    }
}

/// An upload with these trailers.
fn trailed(client: &mut Client, flags: u8, trailers: Vec<u8>) {
    client.send(frame(HEADERS, END_HEADERS, 1, upload()));
    client.send(frame(DATA, 0, 1, "test"));
    client.send(frame(HEADERS, flags, 1, trailers));
}

const M: (&str, &str) = (":method", "GET");
const S: (&str, &str) = (":scheme", "http");
const A: (&str, &str) = (":authority", "gate.test");
const P: (&str, &str) = (":path", PROFILE);

pub const CASES: &[Case] = &[
    Case::new("8.1", "GET is answered", SERVED, |client| call(client, get())),
    Case::new("8.1", "HEAD is answered without a body", SERVED, |client| {
        call(client, request("HEAD", PROFILE, &[]));
        assert_eq!(answer(client, 1), Some(200));
        assert!(client.seen.iter().all(|frame| !frame.is(DATA, 1) || frame.payload.is_empty()));
    }),
    Case::new("8.1", "POST with a body is answered", SERVED, |client| {
        sized(client, "4", &["test"])
    }),
    Case::new("8.1", "a refusal is an answer", FORBIDDEN, |client| {
        call(client, request("GET", NOWHERE, &[]));
    }),
    Case::new("8.1", "POST with trailers is answered", SERVED, |client| {
        trailed(client, WHOLE, block(&[("x-check", "sum")]));
    }),
    Case::new("8.1", "trailers that do not end the stream are malformed", MALFORMED, |client| {
        trailed(client, END_HEADERS, block(&[("x-check", "sum")]));
    }),
    Case::new("8.1", "DATA after trailers is an error", AFTER_TRAILERS, |client| {
        trailed(client, WHOLE, block(&[("x-check", "sum")]));
        client.send(frame(DATA, END_STREAM, 1, "more"));
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new(
        "8.1",
        "an answer before the whole request resets it without an error",
        REFUSED,
        |client| {
            client.send(frame(HEADERS, END_HEADERS, 1, upload_with(&[("expect", "more")])));
            assert_eq!(answer(client, 1), Some(400));
            let reset = client.until(|frame| frame.is(RST_STREAM, 1)).unwrap();
            assert_eq!(reset.number(0), NO_ERROR);
        },
    ),
    Case::new("8.1.1", "a length that the body falls short of is malformed", MALFORMED, |client| {
        sized(client, "5", &["test"]);
    }),
    Case::new("8.1.1", "a length that the body goes beyond is malformed", MALFORMED, |client| {
        sized(client, "3", &["test"]);
    }),
    Case::new(
        "8.1.1",
        "a length that several pieces fall short of is malformed",
        MALFORMED,
        |client| {
            sized(client, "5", &["te", "st"]);
        },
    ),
    Case::new(
        "8.1.1",
        "a length that several pieces go beyond is malformed",
        MALFORMED,
        |client| {
            sized(client, "3", &["te", "st"]);
        },
    ),
    Case::new("8.1.1", "a length that trailers cut short is malformed", MALFORMED, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload_with(&[("content-length", "5")])));
        client.send(frame(DATA, 0, 1, "test"));
        client.send(frame(HEADERS, WHOLE, 1, block(&[("x-check", "sum")])));
    }),
    Case::new("8.1.1", "a length without a body is malformed", MALFORMED, |client| {
        call(client, upload_with(&[("content-length", "5")]));
    }),
    Case::new("8.1.1", "two lengths are malformed", MALFORMED, |client| {
        let two = [("content-length", "4"), ("content-length", "5")];
        client.send(frame(HEADERS, END_HEADERS, 1, upload_with(&two)));
        client.send(frame(DATA, END_STREAM, 1, "test"));
    }),
    Case::new("8.1.1", "a length that is no number is malformed", MALFORMED, |client| {
        sized(client, "+4", &["test"])
    }),
    Case::new("8.1.1", "a length beyond all numbers is malformed", MALFORMED, |client| {
        sized(client, "99999999999999999999", &["test"]);
    }),
    Case::new("8.1.1", "a length that padding alone fills is malformed", MALFORMED, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload_with(&[("content-length", "4")])));
        client.send(frame(DATA, END_STREAM | crate::wire::PADDED, 1, b"\x04\0\0\0\0"));
    }),
    Case::new("8.1.1", "a length of nothing may go without a body", SERVED, |client| {
        call(client, upload_with(&[("content-length", "0")]));
    }),
    Case::new("8.2.1", "a name in capitals is malformed", MALFORMED, |client| {
        saying(client, "X-Test", "ok")
    }),
    Case::new("8.2.1", "one capital in a name is malformed", MALFORMED, |client| {
        saying(client, "x-tEst", "ok")
    }),
    Case::new("8.2.1", "an empty name is malformed", MALFORMED, |client| saying(client, "", "ok")),
    Case::new("8.2.1", "a blank in a name is malformed", MALFORMED, |client| {
        saying(client, "x test", "ok")
    }),
    Case::new("8.2.1", "a colon in a name is malformed", MALFORMED, |client| {
        saying(client, "x:test", "ok")
    }),
    Case::new("8.2.1", "a letter beyond ASCII in a name is malformed", MALFORMED, |client| {
        saying(client, "x-t\u{e4}st", "ok")
    }),
    Case::new("8.2.1", "a line end in a name is malformed", MALFORMED, |client| {
        saying(client, "x-a\r\nx-b", "ok")
    }),
    Case::new("8.2.1", "a NUL in a value is malformed", MALFORMED, |client| {
        saying(client, "x-test", "o\0k")
    }),
    Case::new("8.2.1", "a line feed in a value is malformed", MALFORMED, |client| {
        saying(client, "x-test", "o\nk")
    }),
    Case::new("8.2.1", "a carriage return in a value is malformed", MALFORMED, |client| {
        saying(client, "x-test", "o\rk")
    }),
    Case::new("8.2.1", "a smuggled line in a value is malformed", MALFORMED, |client| {
        saying(client, "x-test", "ok\r\nx-evil: yes");
    }),
    Case::new("8.2.1", "a blank before a value is malformed", MALFORMED, |client| {
        saying(client, "x-test", " ok")
    }),
    Case::new("8.2.1", "a tab after a value is malformed", MALFORMED, |client| {
        saying(client, "x-test", "ok\t")
    }),
    Case::new("8.2.1", "blanks within a value are fine", SERVED, |client| {
        saying(client, "x-test", "o k")
    }),
    Case::new("8.2.1", "an empty value is fine", SERVED, |client| saying(client, "x-test", "")),
    Case::new("8.2.2", "connection is malformed", MALFORMED, |client| {
        saying(client, "connection", "close")
    }),
    Case::new("8.2.2", "keep-alive is malformed", MALFORMED, |client| {
        saying(client, "keep-alive", "timeout=5")
    }),
    Case::new("8.2.2", "proxy-connection is malformed", MALFORMED, |client| {
        saying(client, "proxy-connection", "close")
    }),
    Case::new("8.2.2", "transfer-encoding is malformed", MALFORMED, |client| {
        saying(client, "transfer-encoding", "chunked");
    }),
    Case::new("8.2.2", "upgrade is malformed", MALFORMED, |client| {
        saying(client, "upgrade", "websocket")
    }),
    Case::new("8.2.2", "te other than trailers is malformed", MALFORMED, |client| {
        saying(client, "te", "trailers, deflate")
    }),
    Case::new("8.2.2", "te of trailers is fine", SERVED, |client| saying(client, "te", "trailers")),
    Case::new("8.2.2", "connection among trailers is malformed", MALFORMED, |client| {
        trailed(client, WHOLE, block(&[("connection", "close")]));
    }),
    Case::new("8.2.3", "a cookie may come in crumbs", SERVED, |client| {
        call(client, get_with(&[("cookie", "a=b"), ("cookie", "c=d")]));
    }),
    Case::new("8.3", "an unknown pseudo-header field is malformed", MALFORMED, |client| {
        with(client, &[M, S, A, P, (":test", "ok")]);
    }),
    Case::new("8.3", "an answer's pseudo-header field is malformed", MALFORMED, |client| {
        with(client, &[M, S, A, P, (":status", "200")]);
    }),
    Case::new("8.3", "a pseudo-header field among trailers is malformed", MALFORMED, |client| {
        trailed(client, WHOLE, block(&[(":method", "GET")]));
    })
    .departs(End::Answer(1, 200), "the library drops it, so that it goes nowhere"),
    Case::new("8.3", "a pseudo-header field after others is malformed", MALFORMED, |client| {
        call(client, [block(&[M, S, A]), literal(0, "x-api-key", KEY), block(&[P])].concat());
    }),
    Case::new("8.3.1", "a call without a method is malformed", MALFORMED, |client| {
        with(client, &[S, A, P])
    }),
    Case::new("8.3.1", "a call without a scheme is malformed", MALFORMED, |client| {
        with(client, &[M, A, P])
    }),
    Case::new("8.3.1", "a call without a path is malformed", MALFORMED, |client| {
        with(client, &[M, S, A])
    }),
    Case::new("8.3.1", "a call with an empty path is malformed", MALFORMED, |client| {
        with(client, &[M, S, A, (":path", "")])
    }),
    Case::new("8.3.1", "a path without its slash is malformed", MALFORMED, |client| {
        with(client, &[M, S, A, (":path", "v21.0/17841000000000001")]);
    }),
    Case::new("8.3.1", "a whole address for a path is malformed", MALFORMED, |client| {
        with(client, &[M, S, A, (":path", "http://gate.test/v21.0/17841000000000001")]);
    }),
    Case::new("8.3.1", "a fragment in a path is malformed", MALFORMED, |client| {
        with(client, &[M, S, A, (":path", "/v21.0/17841000000000001#a")]);
    })
    .departs(End::Answer(1, 200), "the library drops it before the call is judged and sent on"),
    Case::new("8.3.1", "a blank in a path is malformed", MALFORMED, |client| {
        with(client, &[M, S, A, (":path", "/v21.0/1784 HTTP/1.1")]);
    }),
    Case::new("8.3.1", "a line end in a path is malformed", MALFORMED, |client| {
        with(client, &[M, S, A, (":path", "/v21.0/1784\r\nx-evil: yes")]);
    }),
    Case::new("8.3.1", "two methods are malformed", MALFORMED, |client| {
        with(client, &[M, M, S, A, P])
    }),
    Case::new("8.3.1", "two schemes are malformed", MALFORMED, |client| {
        with(client, &[M, S, S, A, P])
    }),
    Case::new("8.3.1", "two paths are malformed", MALFORMED, |client| {
        with(client, &[M, S, A, P, P])
    }),
    Case::new("8.3.1", "two authorities are malformed", MALFORMED, |client| {
        with(client, &[M, S, A, A, P])
    }),
    Case::new("8.3.1", "an authority and another host are refused", REFUSED, |client| {
        saying(client, "host", "other.test")
    }),
    Case::new("8.3.1", "an authority with a user in it is malformed", MALFORMED, |client| {
        with(client, &[M, S, (":authority", "me@gate.test"), P]);
    }),
    Case::new("8.3.1", "an empty authority is malformed", MALFORMED, |client| {
        with(client, &[M, S, (":authority", ""), P])
    }),
    Case::new("8.3.1", "a blank in an authority is malformed", MALFORMED, |client| {
        with(client, &[M, S, (":authority", "gate .test"), P])
    }),
    Case::new("8.3.1", "a host instead of an authority is fine", SERVED, |client| {
        call(
            client,
            [block(&[M, S, P]), block(&[("host", "gate.test"), ("x-api-key", KEY)])].concat(),
        );
    }),
    Case::new("8.3.1", "a method with a blank in it is malformed", MALFORMED, |client| {
        with(client, &[(":method", "GE T"), S, A, P])
    }),
    Case::new("8.3.1", "an empty method is malformed", MALFORMED, |client| {
        with(client, &[(":method", ""), S, A, P])
    }),
    Case::new("8.3.1", "a scheme that can be none is malformed", MALFORMED, |client| {
        with(client, &[M, (":scheme", "ht tp"), A, P])
    }),
    Case::new("8.5", "CONNECT is refused", NO_TUNNEL, |client| {
        with(client, &[(":method", "CONNECT"), (":authority", "inner.test:22")]);
    }),
    Case::new("8.5", "CONNECT with a path is malformed", MALFORMED, |client| {
        with(client, &[(":method", "CONNECT"), A, P])
    }),
    Case::new("8.5", "CONNECT with a scheme is malformed", MALFORMED, |client| {
        with(client, &[(":method", "CONNECT"), A, S])
    }),
    Case::new("8.5", "CONNECT to another protocol is malformed", MALFORMED, |client| {
        with(client, &[(":method", "CONNECT"), (":protocol", "websocket"), S, A, P]);
    }),
    Case::new(
        "8.6",
        "a call to be switched to another protocol is malformed",
        MALFORMED,
        |client| {
            call(client, get_with(&[("upgrade", "h2c"), ("connection", "upgrade")]));
        },
    ),
    Case::new("8.7", "what was reset may be called again", NOTHING, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, request("POST", UPLOAD, &[])));
        client.send(frame(RST_STREAM, 0, 1, [0, 0, 0, 8]));
        client.send(frame(HEADERS, WHOLE, 3, get()));
        assert_eq!(answer(client, 3), Some(200));
    }),
    Case::new("8.8", "an answer goes on while the client only listens", SERVED, |client| {
        call(client, get());
        client.send(window(0, 5000));
    }),
];

const AFTER_TRAILERS: &[End] =
    &[End::Reset(1, crate::table::STREAM_CLOSED), End::Away(crate::table::STREAM_CLOSED)];
const NO_TUNNEL: &[End] =
    &[End::Answer(1, 403), End::Answer(1, 405), End::Answer(1, 400), End::Answer(1, 404)];
