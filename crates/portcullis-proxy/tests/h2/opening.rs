//! How a connection begins and what its frames are made of (§3.4, §4.1, §4.2).

use crate::fields::{get, get_with, request, upload};
use crate::support::PROFILE;
use crate::table::{Case, End, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, PROTOCOL_ERROR, answer};
use crate::wire::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, FRAME_MAX, HEADERS, PING, PREFACE, PRIORITY,
    PUSH_PROMISE, RST_STREAM, SETTINGS, WHOLE, WINDOW_UPDATE, frame, ping, settings,
};

pub const NOTHING: &[End] = &[End::Nothing];
pub const SERVED: &[End] = &[End::Answer(1, 200)];
pub const PROTOCOL: &[End] = &[End::Away(PROTOCOL_ERROR)];
pub const SIZE: &[End] = &[End::Away(FRAME_SIZE_ERROR)];
const NOT_HTTP2: &[End] = &[End::Away(PROTOCOL_ERROR), End::Closed];

pub const CASES: &[Case] = &[
    Case::new("3.4", "the gate begins with its settings", NOTHING, |client| {
        client.send(PREFACE);
        client.send(settings(&[]));
        assert_eq!(client.frame().unwrap().kind, SETTINGS);
        let acknowledged = |frame: &crate::wire::Frame| frame.is(SETTINGS, 0) && frame.has(ACK);
        assert!(acknowledged(&client.until(acknowledged).unwrap()));
    })
    .bare(),
    Case::new("3.4", "a preface byte by byte is a preface", NOTHING, |client| {
        for byte in PREFACE {
            client.send([*byte]);
        }
        client.send(settings(&[]));
    })
    .bare(),
    Case::new("3.4", "calls may come before the gate's settings are read", SERVED, |client| {
        let call = frame(HEADERS, WHOLE, 1, get());
        client.send([PREFACE, &settings(&[(1, 0)]), &call].concat());
    })
    .bare(),
    Case::new("3.4", "a preface with a slip in it is none", NOT_HTTP2, |client| {
        client.send("PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n");
        assert!(!client.rest().starts_with(b"HTTP/1.1 2"));
    })
    .bare(),
    Case::new("3.4", "a preface of another version is none", NOT_HTTP2, |client| {
        client.send("PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n");
        assert!(!client.rest().starts_with(b"HTTP/1.1 2"));
    })
    .bare(),
    Case::new("3.4", "frames without a preface are nothing", NOT_HTTP2, |client| {
        client.send([&settings(&[])[..], &ping(b"who goes"), b"\r\n\r\n"].concat());
        client.rest();
    })
    .bare(),
    Case::new("3.4", "a preface without settings is half of one", PROTOCOL, |client| {
        client.send([PREFACE, &frame(HEADERS, WHOLE, 1, get())].concat());
    })
    .bare()
    .departs(End::Nothing, "the gate takes frames before the client's settings, whose defaults stand"),
    Case::new("3.1", "an upgrade to h2c is not taken", NOT_HTTP2, |client| {
        client.send(format!(
            "GET {PROFILE} HTTP/1.1\r\nHost: gate.test\r\nConnection: Upgrade, HTTP2-Settings, close\r\n\
             Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
        ));
        assert!(!client.rest().starts_with(b"HTTP/1.1 101"));
    })
    .bare(),
    Case::new("4.1", "a frame of an unknown kind is discarded", NOTHING, |client| {
        client.send(frame(0x16, 0, 0, "whatever"));
    }),
    Case::new("4.1", "a frame of an unknown kind on a stream is discarded", NOTHING, |client| {
        client.send(frame(0xfa, 0xff, 7, [0; 300]));
    }),
    Case::new("4.1", "flags without a meaning are ignored", NOTHING, |client| {
        client.send(frame(PING, 0x16, 0, [7; 8]));
        client.until(|frame| frame.kind == PING && frame.flags == ACK && frame.payload == [7; 8]);
    }),
    Case::new("4.1", "flags without a meaning on a call are ignored", SERVED, |client| {
        client.send(frame(HEADERS, WHOLE | 0xd2 & !0x88, 1, get()));
    }),
    Case::new("4.1", "the reserved bit is ignored", NOTHING, |client| {
        client.send(frame(PING, 0, 0x8000_0000, [8; 8]));
    }),
    Case::new("4.1", "the reserved bit of a stream is ignored", SERVED, |client| {
        client.send(frame(HEADERS, WHOLE, 0x8000_0001, get()));
    }),
    Case::new("4.1", "a frame byte by byte is a frame", SERVED, |client| {
        for byte in frame(HEADERS, WHOLE, 1, get()) {
            client.send([byte]);
        }
    }),
    Case::new("4.2", "DATA of the largest size is taken", SERVED, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(frame(DATA, END_STREAM, 1, [0; FRAME_MAX]));
    }),
    Case::new("4.2", "HEADERS of the largest size are taken", SERVED, |client| {
        let room = FRAME_MAX - get_with(&[("x-long", "")]).len() - 2;
        let block = get_with(&[("x-long", &"x".repeat(room))]);
        assert_eq!(block.len(), FRAME_MAX);
        client.send(frame(HEADERS, WHOLE, 1, block));
    }),
    Case::new("4.2", "a larger DATA frame ends the connection", SIZE, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(frame(DATA, END_STREAM, 1, [0; FRAME_MAX + 1]));
    }),
    Case::new("4.2", "a larger HEADERS frame ends the connection", SIZE, |client| {
        client.send(frame(HEADERS, WHOLE, 1, [0; FRAME_MAX + 1]));
    }),
    Case::new("4.2", "a larger CONTINUATION ends the connection", SIZE, |client| {
        client.send(frame(HEADERS, END_STREAM, 1, get()));
        client.send(frame(CONTINUATION, END_HEADERS, 1, [0; FRAME_MAX + 1]));
    }),
    Case::new("4.2", "a larger frame of an unknown kind ends the connection", SIZE, |client| {
        client.send(frame(0x16, 0, 0, [0; FRAME_MAX + 1]));
    }),
    Case::new("4.2", "the largest length there is ends the connection", SIZE, |client| {
        client.send([0xff, 0xff, 0xff, DATA, 0, 0, 0, 0, 1]);
    }),
    Case::new("4.2", "PING of seven bytes ends the connection", SIZE, |client| {
        client.send(frame(PING, 0, 0, [0; 7]));
    }),
    Case::new("4.2", "PING of nine bytes ends the connection", SIZE, |client| {
        client.send(frame(PING, 0, 0, [0; 9]));
    }),
    Case::new("4.2", "the answer keeps to the size the client asked for", SERVED, |client| {
        client.send(frame(HEADERS, WHOLE, 1, request("GET", PROFILE, &[])));
        assert_eq!(answer(client, 1), Some(200));
        assert!(client.seen.iter().all(|frame| frame.payload.len() <= FRAME_MAX));
    }),
    Case::new("4.2", "RST_STREAM of three bytes ends the connection", SIZE, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(frame(RST_STREAM, 0, 1, [0; 3]));
    }),
    Case::new("4.2", "PRIORITY of four bytes is an error", PRIORITY_SIZE, |client| {
        client.send(frame(PRIORITY, 0, 1, [0; 4]));
    }),
    Case::new("4.2", "WINDOW_UPDATE of three bytes ends the connection", SIZE, |client| {
        client.send(frame(WINDOW_UPDATE, 0, 0, [0; 3]));
    }),
    Case::new("4.2", "SETTINGS of five bytes end the connection", SIZE, |client| {
        client.send(frame(SETTINGS, 0, 0, [0; 5]));
    }),
    Case::new("4.2", "GOAWAY of seven bytes ends the connection", SIZE, |client| {
        client.send(frame(crate::wire::GOAWAY, 0, 0, [0; 7]));
    }),
    Case::new("4.2", "PUSH_PROMISE of three bytes ends the connection", PUSH_SIZE, |client| {
        client.send(frame(PUSH_PROMISE, END_HEADERS, 1, [0; 3]));
    }),
];

const PRIORITY_SIZE: &[End] = &[End::Reset(1, FRAME_SIZE_ERROR), End::Away(FRAME_SIZE_ERROR)];
/// It is wrong in two ways, and any code will do.
const PUSH_SIZE: &[End] = &[End::Away(FRAME_SIZE_ERROR), End::Away(PROTOCOL_ERROR)];
/// A stream may get no more than its window, by an error of the stream or of all.
pub const FLOW: &[End] = &[End::Reset(1, FLOW_CONTROL_ERROR), End::Away(FLOW_CONTROL_ERROR)];
