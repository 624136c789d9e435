//! What may come on a stream in each of its states (§5.1), their numbers (§5.1.1, §5.1.2) and what
//! is left of priorities (§5.3).

use crate::fields::{get, nowhere, silent, upload};
use crate::opening::{NOTHING, PROTOCOL, SERVED};
use crate::table::{CODE, Case, End, PROTOCOL_ERROR, REFUSED_STREAM, STREAM_CLOSED, answer};
use crate::wire::{
    CONTINUATION, Client, DATA, END_HEADERS, END_STREAM, HEADERS, WHOLE, WITH_PRIORITY, frame,
    priority, reset, window,
};

/// On a stream whose request is whole, any more of it is an error.
const CLOSED: &[End] = &[End::Reset(1, STREAM_CLOSED), End::Away(STREAM_CLOSED)];
const ITSELF: &[End] = &[End::Reset(1, PROTOCOL_ERROR), End::Away(PROTOCOL_ERROR)];
const ONE_TOO_MANY: &[End] = &[End::Reset(201, REFUSED_STREAM), End::Reset(201, PROTOCOL_ERROR)];

/// A call that is whole and not answered.
fn half_closed(client: &mut Client) {
    client.send(frame(HEADERS, WHOLE, 1, silent()));
    assert!(client.settle());
}

/// A call that was answered.
fn ended(client: &mut Client) {
    client.send(frame(HEADERS, WHOLE, 1, get()));
    assert_eq!(answer(client, 1), Some(200));
}

/// A call that the client gave up.
fn given_up(client: &mut Client) {
    client.send(frame(HEADERS, END_HEADERS, 1, upload()));
    client.send(reset(1, 8));
    assert!(client.settle());
}

pub const CASES: &[Case] = &[
    Case::new("5.1", "DATA on an idle stream ends the connection", PROTOCOL, |client| {
        client.send(frame(DATA, END_STREAM, 1, "x"));
    }),
    Case::new("5.1", "RST_STREAM on an idle stream ends the connection", PROTOCOL, |client| {
        client.send(reset(1, 8));
    }),
    Case::new("5.1", "WINDOW_UPDATE on an idle stream ends the connection", PROTOCOL, |client| {
        client.send(window(1, 100));
    }),
    Case::new("5.1", "PRIORITY on an idle stream is taken", NOTHING, |client| {
        client.send(priority(1, 0, 255));
    }),
    Case::new("5.1", "PRIORITY does not use up the streams before", SERVED, |client| {
        client.send(priority(9, 0, 255));
        client.send(frame(HEADERS, WHOLE, 1, get()));
    }),
    Case::new("5.1", "WINDOW_UPDATE on an open stream is taken", SERVED, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(window(1, 100));
        client.send(frame(DATA, END_STREAM, 1, "x"));
    }),
    Case::new("5.1", "PRIORITY on an open stream is taken", SERVED, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(priority(1, 0, 3));
        client.send(frame(DATA, END_STREAM, 1, "x"));
    }),
    Case::new("5.1", "DATA on a half-closed stream is an error", CLOSED, |client| {
        half_closed(client);
        client.send(frame(DATA, END_STREAM, 1, "x"));
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("5.1", "HEADERS on a half-closed stream are an error", CLOSED, |client| {
        half_closed(client);
        client.send(frame(HEADERS, WHOLE, 1, get()));
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new(
        "5.1",
        "HEADERS without an end on a half-closed stream are an error",
        CLOSED,
        |client| {
            half_closed(client);
            client.send(frame(HEADERS, END_HEADERS, 1, get()));
        },
    )
    .departs(End::Reset(1, PROTOCOL_ERROR), CODE),
    Case::new("5.1", "CONTINUATION on a half-closed stream is an error", PROTOCOL, |client| {
        half_closed(client);
        client.send(frame(CONTINUATION, END_HEADERS, 1, ""));
    }),
    Case::new("5.1", "WINDOW_UPDATE on a half-closed stream is taken", NOTHING, |client| {
        half_closed(client);
        client.send(window(1, 100));
    }),
    Case::new("5.1", "PRIORITY on a half-closed stream is taken", NOTHING, |client| {
        half_closed(client);
        client.send(priority(1, 0, 3));
    }),
    Case::new("5.1", "RST_STREAM on a half-closed stream is taken", NOTHING, |client| {
        half_closed(client);
        client.send(reset(1, 8));
    }),
    Case::new("5.1", "DATA after a reset is an error or ignored", AFTER_RESET, |client| {
        given_up(client);
        client.send(frame(DATA, END_STREAM, 1, "x"));
    }),
    Case::new("5.1", "HEADERS after a reset are an error", AFTER_RESET, |client| {
        given_up(client);
        client.send(frame(HEADERS, WHOLE, 1, get()));
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("5.1", "CONTINUATION after a reset is an error", PROTOCOL, |client| {
        given_up(client);
        client.send(frame(CONTINUATION, END_HEADERS, 1, ""));
    }),
    Case::new("5.1", "WINDOW_UPDATE after a reset is taken", NOTHING, |client| {
        given_up(client);
        client.send(window(1, 100));
    }),
    Case::new("5.1", "PRIORITY after a reset is taken", NOTHING, |client| {
        given_up(client);
        client.send(priority(1, 0, 3));
    }),
    Case::new("5.1", "DATA after the end is an error", AFTER_END, |client| {
        ended(client);
        client.send(frame(DATA, END_STREAM, 1, "x"));
    }),
    Case::new("5.1", "HEADERS after the end are an error", AFTER_END, |client| {
        ended(client);
        client.send(frame(HEADERS, WHOLE, 1, get()));
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("5.1", "CONTINUATION after the end is an error", PROTOCOL, |client| {
        ended(client);
        client.send(frame(CONTINUATION, END_HEADERS, 1, ""));
    }),
    Case::new("5.1", "WINDOW_UPDATE after the end is taken", SERVED, |client| {
        ended(client);
        client.send(window(1, 100));
    }),
    Case::new("5.1", "RST_STREAM after the end is taken", SERVED, |client| {
        ended(client);
        client.send(reset(1, 8));
    }),
    Case::new("5.1", "PRIORITY after the end is taken", SERVED, |client| {
        ended(client);
        client.send(priority(1, 0, 3));
    }),
    Case::new("5.1.1", "a stream of an even number ends the connection", PROTOCOL, |client| {
        client.send(frame(HEADERS, WHOLE, 2, get()));
    }),
    Case::new("5.1.1", "a stream of a lower number ends the connection", PROTOCOL, |client| {
        client.send(frame(HEADERS, WHOLE, 5, get()));
        assert_eq!(answer(client, 5), Some(200));
        client.send(frame(HEADERS, WHOLE, 3, get()));
    }),
    Case::new("5.1.1", "streams of lower numbers are closed by a higher one", PROTOCOL, |client| {
        client.send(frame(HEADERS, WHOLE, 5, silent()));
        client.send(frame(DATA, END_STREAM, 7, "x"));
    }),
    Case::new("5.1.1", "a number may be left out", NOTHING, |client| {
        for stream in [1, 3, 77, 99_999] {
            client.send(frame(HEADERS, WHOLE, stream, get()));
            assert_eq!(answer(client, stream), Some(200));
        }
    }),
    Case::new("5.1.1", "HEADERS on stream 0 end the connection", PROTOCOL, |client| {
        client.send(frame(HEADERS, WHOLE, 0, get()));
    }),
    Case::new("5.1.2", "a hundred calls at once are served", NOTHING, |client| {
        let streams = (0..100).map(|at| 2 * at + 1);
        for stream in streams.clone() {
            client.send(frame(HEADERS, END_HEADERS, stream, upload()));
        }
        for stream in streams {
            client.send(frame(DATA, END_STREAM, stream, "x"));
            assert_eq!(answer(client, stream), Some(200));
        }
    }),
    Case::new("5.1.2", "a call beyond a hundred at once is refused", ONE_TOO_MANY, |client| {
        for at in 0..=100 {
            client.send(frame(HEADERS, END_HEADERS, 2 * at + 1, upload()));
        }
        assert!(client.settle());
        for at in 0..100 {
            client.send(reset(2 * at + 1, 8));
        }
    }),
    Case::new("5.1.2", "calls that were answered do not count", NOTHING, |client| {
        for at in 0..150 {
            client.send(frame(HEADERS, WHOLE, 2 * at + 1, nowhere()));
            assert_eq!(answer(client, 2 * at + 1), Some(403));
            client.send(window(0, 1000));
        }
    }),
    Case::new("5.3.1", "HEADERS that depend on themselves are an error", ITSELF, |client| {
        let block = [&1_u32.to_be_bytes()[..], &[15], &get()].concat();
        client.send(frame(HEADERS, WHOLE | WITH_PRIORITY, 1, block));
    }),
    Case::new("5.3.1", "PRIORITY that depends on itself is an error", ITSELF, |client| {
        client.send(priority(1, 1, 15));
    }),
    Case::new("5.3.2", "a call may say its priority", SERVED, |client| {
        let block = [&0x8000_0000_u32.to_be_bytes()[..], &[255], &get()].concat();
        client.send(frame(HEADERS, WHOLE | WITH_PRIORITY, 1, block));
    }),
    Case::new("5.3.2", "a call may depend on a stream that is not", SERVED, |client| {
        let block = [&77_u32.to_be_bytes()[..], &[0], &get()].concat();
        client.send(frame(HEADERS, WHOLE | WITH_PRIORITY, 1, block));
    }),
    Case::new("5.3.2", "streams may depend on each other in a circle", SERVED, |client| {
        client.send([priority(3, 5, 1), priority(5, 3, 1), priority(1, 3, 1)].concat());
        client.send(frame(HEADERS, WHOLE, 1, get()));
    }),
];

/// What was under way when the reset was sent may be ignored.
const AFTER_RESET: &[End] = &[End::Reset(1, STREAM_CLOSED), End::Away(STREAM_CLOSED), End::Nothing];
const AFTER_END: &[End] = &[End::Reset(1, STREAM_CLOSED), End::Away(STREAM_CLOSED)];
