//! Field blocks over several frames (§4.3, §6.10) and errors of a connection (§5.4, §5.5, §7).

use crate::fields::{get, get_with, literal, request, silent, upload};
use crate::opening::{NOTHING, PROTOCOL, SERVED};
use crate::support::PROFILE;
use crate::table::{CODE, Case, End, PROTOCOL_ERROR, answer};
use crate::wire::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, FRAME_MAX, GOAWAY, HEADERS, PADDED, PING,
    PUSH_PROMISE, WHOLE, WITH_PRIORITY, frame, goaway, ping, priority, reset, settings, window,
};

/// A call's block without its last bytes, and these.
fn halves() -> (Vec<u8>, Vec<u8>) {
    let mut first = get();
    let second = first.split_off(20);
    (first, second)
}

/// The beginning of a call, whose end is awaited.
fn begun() -> Vec<u8> {
    frame(HEADERS, END_STREAM, 1, halves().0)
}

pub const CASES: &[Case] = &[
    Case::new("4.3", "a block may be in two frames", SERVED, |client| {
        client.send(begun());
        client.send(frame(CONTINUATION, END_HEADERS, 1, halves().1));
    }),
    Case::new("4.3", "a block may be cut at each of its bytes", NOTHING, |client| {
        let block = get();
        for at in 0..=block.len() {
            let stream = u32::try_from(2 * at + 1).unwrap();
            client.send(frame(HEADERS, END_STREAM, stream, &block[..at]));
            client.send(frame(CONTINUATION, END_HEADERS, stream, &block[at..]));
            assert_eq!(answer(client, stream), Some(200), "cut at {at}");
        }
    }),
    Case::new("4.3", "PRIORITY amid a block ends the connection", PROTOCOL, |client| {
        client.send(begun());
        client.send(priority(1, 0, 15));
    }),
    Case::new(
        "4.3",
        "HEADERS of another stream amid a block end the connection",
        PROTOCOL,
        |client| {
            client.send(begun());
            client.send(frame(HEADERS, WHOLE, 3, get()));
        },
    ),
    Case::new("4.3", "HEADERS of the stream amid a block end the connection", PROTOCOL, |client| {
        client.send(begun());
        client.send(frame(HEADERS, WHOLE, 1, halves().1));
    }),
    Case::new("4.3", "a block without a request in it is none", EMPTY, |client| {
        client.send(frame(HEADERS, WHOLE, 1, ""));
    }),
    Case::new("4.3", "a field that ends amid a block ends the connection", CUT, |client| {
        client.send(frame(HEADERS, WHOLE, 1, halves().0));
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("5.4.1", "the gate names the last stream it served", PROTOCOL, |client| {
        client.send(frame(HEADERS, WHOLE, 5, get()));
        assert_eq!(answer(client, 5), Some(200));
        client.send(frame(PING, 0, 1, [0; 8]));
        let away = client.until(|frame| frame.kind == GOAWAY).unwrap();
        assert_eq!(away.number(0), 5);
    }),
    Case::new("5.4.1", "an error of the connection ends calls under way", PROTOCOL, |client| {
        client.send(frame(HEADERS, WHOLE, 1, silent()));
        assert!(client.settle());
        client.send(frame(DATA, 0, 0, "x"));
    }),
    Case::new("5.4.2", "an error of a stream leaves the others", OTHER, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(frame(HEADERS, WHOLE, 3, get_with(&[("te", "all")])));
        client.send(frame(DATA, END_STREAM, 1, "x"));
        assert_eq!(answer(client, 1), Some(200));
    }),
    Case::new("5.4.2", "a reset is not answered by a reset", NOTHING, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(reset(1, 8));
        client.send(reset(1, 8));
    }),
    Case::new(
        "5.5",
        "an unknown kind of frame amid a block ends the connection",
        PROTOCOL,
        |client| {
            client.send(begun());
            client.send(frame(0x16, 0, 1, "x"));
        },
    ),
    Case::new("5.5", "an unknown setting is ignored", NOTHING, |client| {
        client.send(settings(&[(0xff, 7), (0, 1), (0xa_a0a, 0)]));
    }),
    Case::new(
        "5.5",
        "an unknown kind of frame on a stream that ended is discarded",
        SERVED,
        |client| {
            client.send(frame(HEADERS, WHOLE, 1, get()));
            assert_eq!(answer(client, 1), Some(200));
            client.send(frame(0x16, 0xff, 1, "x"));
        },
    ),
    Case::new("6.10", "a block may be in many frames", SERVED, |client| {
        let mut frames = begun();
        let (rest, last) = (halves().1, frame(CONTINUATION, END_HEADERS, 1, ""));
        for part in rest.chunks(rest.len().div_ceil(4)) {
            frames.extend(frame(CONTINUATION, 0, 1, part));
        }
        client.send([frames, last].concat());
    }),
    Case::new("6.10", "a frame of a block may be empty", SERVED, |client| {
        client.send(frame(HEADERS, END_STREAM, 1, ""));
        client.send(frame(CONTINUATION, 0, 1, ""));
        client.send(frame(CONTINUATION, END_HEADERS, 1, get()));
    }),
    Case::new("6.10", "a block may be larger than a frame", SERVED, |client| {
        let block = [get(), literal(0, "x-long", &"x".repeat(FRAME_MAX))].concat();
        client.send(frame(HEADERS, END_STREAM, 1, &block[..FRAME_MAX]));
        client.send(frame(CONTINUATION, END_HEADERS, 1, &block[FRAME_MAX..]));
    }),
    Case::new("6.10", "padding and priority stand before the first part", SERVED, |client| {
        let (first, second) = halves();
        let head = [&[3, 0, 0, 0, 0, 15][..], &first, &[0; 3]].concat();
        client.send(frame(HEADERS, END_STREAM | PADDED | WITH_PRIORITY, 1, head));
        client.send(frame(CONTINUATION, END_HEADERS, 1, second));
    }),
    Case::new("6.10", "END_STREAM on CONTINUATION means nothing", SERVED, |client| {
        let (first, second) = (upload()[..20].to_vec(), upload()[20..].to_vec());
        client.send(frame(HEADERS, 0, 1, first));
        client.send(frame(CONTINUATION, END_HEADERS | END_STREAM, 1, second));
        client.send(frame(DATA, END_STREAM, 1, "x"));
    }),
    Case::new("6.10", "CONTINUATION of stream 0 ends the connection", PROTOCOL, |client| {
        client.send(begun());
        client.send(frame(CONTINUATION, END_HEADERS, 0, halves().1));
    }),
    Case::new("6.10", "CONTINUATION of another stream ends the connection", PROTOCOL, |client| {
        client.send(begun());
        client.send(frame(CONTINUATION, END_HEADERS, 3, halves().1));
    }),
    Case::new("6.10", "CONTINUATION of nothing ends the connection", PROTOCOL, |client| {
        client.send(frame(CONTINUATION, END_HEADERS, 1, get()));
    }),
    Case::new(
        "6.10",
        "CONTINUATION of a block that ended ends the connection",
        PROTOCOL,
        |client| {
            client.send(frame(HEADERS, END_HEADERS, 1, upload()));
            client.send(frame(CONTINUATION, END_HEADERS, 1, ""));
        },
    ),
    Case::new(
        "6.10",
        "CONTINUATION after the last of a block ends the connection",
        PROTOCOL,
        |client| {
            client.send(begun());
            client.send(frame(CONTINUATION, END_HEADERS, 1, halves().1));
            client.send(frame(CONTINUATION, END_HEADERS, 1, ""));
        },
    ),
    Case::new("6.10", "CONTINUATION after DATA ends the connection", PROTOCOL, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(frame(DATA, 0, 1, "x"));
        client.send(frame(CONTINUATION, END_HEADERS, 1, ""));
    }),
    Case::new("6.10", "DATA amid a block ends the connection", PROTOCOL, |client| {
        client.send(begun());
        client.send(frame(DATA, END_STREAM, 1, "x"));
    }),
    Case::new("6.10", "RST_STREAM amid a block ends the connection", PROTOCOL, |client| {
        client.send(begun());
        client.send(reset(1, 8));
    }),
    Case::new("6.10", "SETTINGS amid a block end the connection", PROTOCOL, |client| {
        client.send(begun());
        client.send(settings(&[]));
    }),
    Case::new("6.10", "PING amid a block ends the connection", PROTOCOL, |client| {
        client.send(begun());
        client.send(ping(b"hallo ho"));
    }),
    Case::new("6.10", "WINDOW_UPDATE amid a block ends the connection", PROTOCOL, |client| {
        client.send(begun());
        client.send(window(0, 1));
    }),
    Case::new("6.10", "GOAWAY amid a block ends the connection", PROTOCOL, |client| {
        client.send(begun());
        client.send(goaway(0, 0));
    }),
    Case::new("7", "RST_STREAM with an unknown code is a reset", NOTHING, |client| {
        client.send(frame(HEADERS, WHOLE, 1, silent()));
        client.send(reset(1, 0xfeed));
    }),
    Case::new("8.4", "PUSH_PROMISE from a client ends the connection", PROTOCOL, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        let promise = [&2_u32.to_be_bytes()[..], &request("GET", PROFILE, &[])].concat();
        client.send(frame(PUSH_PROMISE, END_HEADERS, 1, promise));
    }),
    Case::new("6.6", "PUSH_PROMISE on stream 0 ends the connection", PROTOCOL, |client| {
        let promise = [&2_u32.to_be_bytes()[..], &request("GET", PROFILE, &[])].concat();
        client.send(frame(PUSH_PROMISE, END_HEADERS, 0, promise));
    }),
];

const EMPTY: &[End] = &[End::Reset(1, PROTOCOL_ERROR), End::Away(PROTOCOL_ERROR)];
const CUT: &[End] = &[End::Away(crate::table::COMPRESSION_ERROR)];
const OTHER: &[End] = &[End::Reset(3, PROTOCOL_ERROR)];
