//! Each kind of frame by its own section (§6.1 to §6.8).

use crate::fields::{get, get_with, request, silent, upload};
use crate::opening::{NOTHING, PROTOCOL, SERVED, SIZE};
use crate::support::PROFILE;
use crate::table::{CODE, Case, End, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, PROTOCOL_ERROR, answer};
use crate::wire::{
    ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PING, PRIORITY, RST_STREAM,
    SETTINGS, WHOLE, WITH_PRIORITY, frame, goaway, ping, priority, reset, settings,
};

const PRIORITY_SIZE: &[End] = &[End::Reset(1, FRAME_SIZE_ERROR), End::Away(FRAME_SIZE_ERROR)];
const TOO_LARGE_A_WINDOW: &[End] = &[End::Away(FLOW_CONTROL_ERROR)];

pub const CASES: &[Case] = &[
    Case::new("6.1", "a body may be in one frame", SERVED, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(frame(DATA, END_STREAM, 1, "test"));
    }),
    Case::new("6.1", "a body may be in several frames", SERVED, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(frame(DATA, 0, 1, "te"));
        client.send(frame(DATA, END_STREAM, 1, "st"));
    }),
    Case::new("6.1", "a body may be padded", SERVED, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(frame(DATA, END_STREAM | PADDED, 1, b"\x06test\0\0\0\0\0\0"));
    }),
    Case::new("6.1", "a frame may be nothing but padding", SERVED, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(frame(DATA, PADDED, 1, [&[255][..], &[0; 255]].concat()));
        client.send(frame(DATA, END_STREAM | PADDED, 1, [0]));
    }),
    Case::new("6.1", "the last frame of a body may be empty", SERVED, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(frame(DATA, 0, 1, "test"));
        client.send(frame(DATA, END_STREAM, 1, ""));
    }),
    Case::new("6.1", "DATA on stream 0 ends the connection", PROTOCOL, |client| {
        client.send(frame(DATA, END_STREAM, 0, "test"));
    }),
    Case::new("6.1", "padding as long as the frame ends the connection", PROTOCOL, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(frame(DATA, END_STREAM | PADDED, 1, b"\x05test"));
    }),
    Case::new("6.1", "padding longer than the frame ends the connection", PROTOCOL, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(frame(DATA, END_STREAM | PADDED, 1, b"\xfftest"));
    }),
    Case::new("6.1", "padding without its length ends the connection", NO_LENGTH, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(frame(DATA, END_STREAM | PADDED, 1, ""));
    }),
    Case::new("6.2", "a call may be one frame", SERVED, |client| {
        client.send(frame(HEADERS, WHOLE, 1, get()));
    }),
    Case::new("6.2", "a call's fields may be padded", SERVED, |client| {
        let block = [&[6][..], &get(), &[0; 6]].concat();
        client.send(frame(HEADERS, WHOLE | PADDED, 1, block));
    }),
    Case::new("6.2", "padding and priority may stand together", SERVED, |client| {
        let block = [&[2, 0, 0, 0, 0, 9][..], &get(), &[0; 2]].concat();
        client.send(frame(HEADERS, WHOLE | PADDED | WITH_PRIORITY, 1, block));
    }),
    Case::new("6.2", "padding beyond the block ends the connection", PROTOCOL, |client| {
        let block = [&[255][..], &[0; 20]].concat();
        client.send(frame(HEADERS, WHOLE | PADDED, 1, block));
    }),
    Case::new("6.2", "padding without its length ends the connection", NO_LENGTH, |client| {
        client.send(frame(HEADERS, WHOLE | PADDED, 1, ""));
    }),
    Case::new("6.2", "priority without its bytes ends the connection", NO_LENGTH, |client| {
        client.send(frame(HEADERS, WHOLE | WITH_PRIORITY, 1, [0; 4]));
    }),
    Case::new("6.2", "HEADERS on stream 0 end the connection", PROTOCOL, |client| {
        client.send(frame(HEADERS, END_HEADERS, 0, upload()));
    }),
    Case::new("6.3", "PRIORITY is taken", NOTHING, |client| {
        client.send(priority(1, 0, 0));
        client.send(priority(3, 0x8000_0001, 255));
    }),
    Case::new("6.3", "PRIORITY on stream 0 ends the connection", PROTOCOL, |client| {
        client.send(priority(0, 0, 15));
    }),
    Case::new("6.3", "PRIORITY of six bytes is an error", PRIORITY_SIZE, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(frame(PRIORITY, 0, 1, [0; 6]));
    }),
    Case::new("6.4", "RST_STREAM ends a stream", NOTHING, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(reset(1, 8));
        assert!(client.settle());
        assert!(client.seen.iter().all(|frame| frame.stream != 1), "it is answered");
    }),
    Case::new("6.4", "RST_STREAM on stream 0 ends the connection", PROTOCOL, |client| {
        client.send(reset(0, 8));
    }),
    Case::new("6.4", "RST_STREAM on an idle stream ends the connection", PROTOCOL, |client| {
        client.send(frame(HEADERS, WHOLE, 1, get()));
        client.send(reset(3, 8));
    }),
    Case::new("6.4", "RST_STREAM of five bytes ends the connection", SIZE, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(frame(RST_STREAM, 0, 1, [0; 5]));
    }),
    Case::new("6.5", "SETTINGS are acknowledged", NOTHING, |client| {
        client.send(settings(&[(3, 100)]));
        assert!(client.until(|frame| frame.kind == SETTINGS && frame.flags == ACK).is_some());
    }),
    Case::new("6.5", "empty SETTINGS are acknowledged", NOTHING, |client| {
        client.send(settings(&[]));
        assert!(client.until(|frame| frame.kind == SETTINGS && frame.payload.is_empty()).is_some());
    }),
    Case::new("6.5", "an acknowledgement with a payload ends the connection", SIZE, |client| {
        client.send(frame(SETTINGS, ACK, 0, [0; 6]));
    }),
    Case::new("6.5", "SETTINGS on a stream end the connection", PROTOCOL, |client| {
        client.send(frame(SETTINGS, 0, 1, ""));
    }),
    Case::new("6.5", "SETTINGS of seven bytes end the connection", SIZE, |client| {
        client.send(frame(SETTINGS, 0, 0, [0, 3, 0, 0, 0, 1, 0]));
    }),
    Case::new("6.5.2", "ENABLE_PUSH of 2 ends the connection", PROTOCOL, |client| {
        client.send(settings(&[(2, 2)]));
    }),
    Case::new("6.5.2", "ENABLE_PUSH may be 0 and 1", NOTHING, |client| {
        client.send([settings(&[(2, 0)]), settings(&[(2, 1)])].concat());
    }),
    Case::new(
        "6.5.2",
        "INITIAL_WINDOW_SIZE of 2^31 ends the connection",
        TOO_LARGE_A_WINDOW,
        |client| {
            client.send(settings(&[(4, 0x8000_0000)]));
        },
    )
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("6.5.2", "MAX_FRAME_SIZE below 16,384 ends the connection", PROTOCOL, |client| {
        client.send(settings(&[(5, 16_383)]));
    }),
    Case::new("6.5.2", "MAX_FRAME_SIZE of 2^24 ends the connection", PROTOCOL, |client| {
        client.send(settings(&[(5, 1 << 24)]));
    }),
    Case::new("6.5.2", "MAX_FRAME_SIZE may be what lies between", NOTHING, |client| {
        client.send([settings(&[(5, 16_384)]), settings(&[(5, (1 << 24) - 1)])].concat());
    }),
    Case::new("6.5.2", "HEADER_TABLE_SIZE may be anything", NOTHING, |client| {
        client.send([settings(&[(1, u32::MAX)]), settings(&[(1, 0)])].concat());
    }),
    Case::new("6.5.2", "MAX_CONCURRENT_STREAMS of 0 concerns pushes only", SERVED, |client| {
        client.send(settings(&[(3, 0)]));
        client.send(frame(HEADERS, WHOLE, 1, get()));
    }),
    Case::new("6.5.2", "MAX_HEADER_LIST_SIZE of 0 is advice", SERVED, |client| {
        client.send(settings(&[(6, 0)]));
        client.send(frame(HEADERS, WHOLE, 1, get()));
    }),
    Case::new(
        "6.5.2",
        "fields beyond what the gate takes are answered with 431",
        TOO_MANY,
        |client| {
            let long = "x".repeat(16 * 1024);
            let block = get_with(&[("x-a", &long), ("x-b", &long), ("x-c", &long)]);
            let parts: Vec<&[u8]> = block.chunks(16_384).collect();
            client.send(frame(HEADERS, END_STREAM, 1, parts[0]));
            for part in &parts[1..parts.len() - 1] {
                client.send(frame(crate::wire::CONTINUATION, 0, 1, part));
            }
            client.send(frame(crate::wire::CONTINUATION, END_HEADERS, 1, parts[parts.len() - 1]));
        },
    ),
    Case::new("6.5.3", "of two values the later one holds", SERVED, |client| {
        client.send(settings(&[(4, 100), (4, 1)]));
        client.send(frame(HEADERS, WHOLE, 1, get()));
        let data = client.until(|frame| frame.is(DATA, 1)).unwrap();
        assert_eq!(data.payload.len(), 1);
        client.send(settings(&[(4, 65_535)]));
    }),
    Case::new("6.5.3", "each of many SETTINGS is acknowledged", NOTHING, |client| {
        client.send(settings(&[(4, 70_000)]).repeat(20));
        for _ in 0..20 {
            assert!(client.until(|frame| frame.kind == SETTINGS && frame.has(ACK)).is_some());
        }
    }),
    Case::new("6.5.3", "an acknowledgement of nothing is no matter", NOTHING_OR_ERROR, |client| {
        client.send(frame(SETTINGS, ACK, 0, ""));
    }),
    Case::new("6.7", "PING is echoed", NOTHING, |client| {
        client.send(ping(b"\0\x01\xffhallo"));
        let echo = client.until(|frame| frame.kind == PING).unwrap();
        assert_eq!((echo.flags, &echo.payload[..]), (ACK, &b"\0\x01\xffhallo"[..]));
    }),
    Case::new("6.7", "PING is echoed amid calls", NOTHING, |client| {
        client.send(frame(HEADERS, WHOLE, 1, silent()));
        client.send(ping(b"12345678"));
        assert!(client.until(|frame| frame.kind == PING && frame.flags == ACK).is_some());
    }),
    Case::new("6.7", "an echo is not echoed", NOTHING, |client| {
        client.send(frame(PING, ACK, 0, b"no reply"));
        assert!(client.settle());
        assert!(client.seen.iter().all(|frame| frame.payload != b"no reply"));
    }),
    Case::new("6.7", "PING on a stream ends the connection", PROTOCOL, |client| {
        client.send(frame(PING, 0, 1, [0; 8]));
    }),
    Case::new("6.7", "an empty PING ends the connection", SIZE, |client| {
        client.send(frame(PING, 0, 0, ""));
    }),
    Case::new("6.8", "GOAWAY of a client lets its calls be answered", GONE, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(goaway(0, 0));
        client.send(frame(DATA, END_STREAM, 1, "x"));
        assert_eq!(answer(client, 1), Some(200));
    }),
    Case::new("6.8", "GOAWAY with an unknown code and words is taken", GONE, |client| {
        client.send(frame(HEADERS, WHOLE, 1, request("GET", PROFILE, &[])));
        assert_eq!(answer(client, 1), Some(200));
        client.send(frame(GOAWAY, 0, 0, b"\0\0\0\0\0\0\xfe\xedwe are off"));
    }),
    Case::new("6.8", "GOAWAY on a stream ends the connection", PROTOCOL, |client| {
        client.send(frame(GOAWAY, 0, 1, [0; 8]));
    }),
];

/// A frame too short for what its flags say: its size is wrong, and so is its padding.
const NO_LENGTH: &[End] = &[End::Away(PROTOCOL_ERROR), End::Away(FRAME_SIZE_ERROR)];
const TOO_MANY: &[End] = &[End::Answer(1, 431)];
const NOTHING_OR_ERROR: &[End] = &[End::Nothing, End::Away(PROTOCOL_ERROR)];
/// The gate is free to go too, and to serve on.
const GONE: &[End] = &[End::Away(crate::table::NO_ERROR), End::Nothing, End::Closed];
