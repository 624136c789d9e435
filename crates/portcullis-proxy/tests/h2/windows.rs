//! Flow control, of what the gate sends and of what it is sent (§5.2, §6.9).

use crate::AT_ONCE;
use crate::fields::{get, large, silent, upload};
use crate::opening::{FLOW, NOTHING, PROTOCOL, SERVED, SIZE};
use crate::table::{Case, End, FLOW_CONTROL_ERROR, PROTOCOL_ERROR, answer};
use crate::wire::{
    Client, DATA, END_HEADERS, END_STREAM, FRAME_MAX, HEADERS, WHOLE, WINDOW_MAX, WINDOW_UPDATE,
    frame, reset, settings, window,
};

const ALL: &[End] = &[End::Away(FLOW_CONTROL_ERROR)];
/// A call beyond those that the platform takes at once.
const WAITS: u32 = 2 * AT_ONCE + 1;
const WAITING: &[End] = &[End::Reset(WAITS, FLOW_CONTROL_ERROR), End::Away(FLOW_CONTROL_ERROR)];
const ZERO: &[End] = &[End::Reset(1, PROTOCOL_ERROR), End::Away(PROTOCOL_ERROR)];

/// What came of the answer on a stream by now.
fn got(client: &Client, stream: u32) -> usize {
    let data = client.seen.iter().filter(|frame| frame.is(DATA, stream));
    data.map(|frame| frame.payload.len()).sum()
}

/// A call into a window of that size, whose answer got stuck after so much.
fn stuck(client: &mut Client, size: u32) {
    client.send(settings(&[(4, size)]));
    client.send(frame(HEADERS, WHOLE, 1, large()));
    client.until(|frame| frame.is(HEADERS, 1)).unwrap();
    while got(client, 1) < size as usize {
        client.frame().unwrap();
    }
    assert!(client.settle());
    assert_eq!(got(client, 1), size as usize);
}

pub const CASES: &[Case] = &[
    Case::new("5.2.1", "the gate's window is given back as it reads", SERVED, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        let mut room = 65_535_usize;
        for _ in 0..40 {
            while room < FRAME_MAX {
                let more = client.until(|frame| frame.is(WINDOW_UPDATE, 1)).unwrap();
                room += more.number(0) as usize;
            }
            client.send(frame(DATA, 0, 1, [0; FRAME_MAX]));
            room -= FRAME_MAX;
        }
        client.send(frame(DATA, END_STREAM, 1, ""));
    }),
    Case::new(
        "5.2.1",
        "one call that isn't read leaves the others their window",
        SERVED,
        |client| {
            stuck(client, 0);
            client.send(settings(&[(4, 65_535)]));
            client.send(frame(HEADERS, WHOLE, 3, get()));
            assert_eq!(answer(client, 3), Some(200));
        },
    ),
    Case::new("6.9", "WINDOW_UPDATE of the connection is taken", NOTHING, |client| {
        client.send(window(0, 1));
    }),
    Case::new("6.9", "WINDOW_UPDATE by nothing of the connection ends it", PROTOCOL, |client| {
        client.send(window(0, 0));
    }),
    Case::new("6.9", "WINDOW_UPDATE by nothing of a stream is an error", ZERO, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(window(1, 0));
    }),
    Case::new("6.9", "the reserved bit of WINDOW_UPDATE is ignored", NOTHING, |client| {
        client.send(window(0, 0x8000_0001));
    }),
    Case::new(
        "6.9",
        "WINDOW_UPDATE by a reserved bit alone ends the connection",
        PROTOCOL,
        |client| {
            client.send(window(0, 0x8000_0000));
        },
    ),
    Case::new("6.9", "WINDOW_UPDATE of five bytes ends the connection", SIZE, |client| {
        client.send(frame(WINDOW_UPDATE, 0, 0, [0, 0, 0, 1, 0]));
    }),
    Case::new(
        "6.9",
        "WINDOW_UPDATE of a stream of three bytes ends the connection",
        SIZE,
        |client| {
            client.send(frame(HEADERS, END_HEADERS, 1, upload()));
            client.send(frame(WINDOW_UPDATE, 0, 1, [0, 0, 1]));
        },
    ),
    Case::new("6.9.1", "the gate sends what the stream's window holds", SERVED, |client| {
        stuck(client, 1);
        client.send(window(1, 4999));
    }),
    Case::new("6.9.1", "the gate sends nothing into no window", SERVED, |client| {
        stuck(client, 0);
        client.send(window(1, 5000));
    }),
    Case::new("6.9.1", "a window may grow byte by byte", SERVED, |client| {
        stuck(client, 4990);
        for at in 1..=10 {
            client.send(window(1, 1));
            client.until(|frame| frame.is(DATA, 1)).unwrap();
            assert_eq!(got(client, 1), 4990 + at);
        }
    }),
    Case::new("6.9.1", "the gate sends what the connection's window holds", NOTHING, |client| {
        client.send(settings(&[(4, 1 << 20)]));
        let streams: Vec<u32> = (0..20).map(|at| 2 * at + 1).collect();
        for stream in &streams {
            client.send(frame(HEADERS, WHOLE, *stream, large()));
        }
        let sum =
            |client: &Client| streams.iter().map(|stream| got(client, *stream)).sum::<usize>();
        while sum(client) < 65_535 {
            client.frame().unwrap();
        }
        assert!(client.settle());
        assert_eq!(sum(client), 65_535);
        client.send(window(0, 1 << 20));
        for stream in &streams {
            assert_eq!(answer(client, *stream), Some(200));
        }
    }),
    Case::new("6.9.1", "a connection's window beyond 2^31-1 ends it", ALL, |client| {
        client.send(window(0, WINDOW_MAX));
    }),
    Case::new("6.9.1", "a connection's window beyond 2^31-1 in steps ends it", ALL, |client| {
        client.send(window(0, WINDOW_MAX - 65_535));
        client.send(window(0, 1));
    }),
    Case::new("6.9.1", "a connection's window may be 2^31-1", NOTHING, |client| {
        client.send(window(0, WINDOW_MAX - 65_535));
    }),
    Case::new("6.9.1", "a stream's window beyond 2^31-1 is an error", FLOW, |client| {
        client.send(frame(HEADERS, WHOLE, 1, silent()));
        client.send(window(1, WINDOW_MAX));
    }),
    Case::new("6.9.1", "a stream's window beyond 2^31-1 in steps is an error", FLOW, |client| {
        client.send(frame(HEADERS, WHOLE, 1, silent()));
        client.send(window(1, WINDOW_MAX - 65_535));
        client.send(window(1, 1));
    }),
    Case::new("6.9.1", "a stream's window may be 2^31-1", NOTHING, |client| {
        client.send(frame(HEADERS, WHOLE, 1, silent()));
        client.send(window(1, WINDOW_MAX - 65_535));
    }),
    Case::new("6.9.1", "more than the gate's window is an error", WAITING, |client| {
        // With as many calls as the platform takes this one waits. Nobody reads its body meanwhile, so
        // that nothing of the window is given back, however slowly it comes.
        let taken = || (1..WAITS).step_by(2);
        taken().for_each(|stream| client.send(frame(HEADERS, WHOLE, stream, silent())));
        client.send(frame(HEADERS, END_HEADERS, WAITS, upload()));
        for _ in 0..8 {
            client.send(frame(DATA, 0, WAITS, [0; FRAME_MAX]));
        }
        taken().for_each(|stream| client.send(reset(stream, 8)));
    }),
    Case::new("6.9.2", "a window grows with the settings", SERVED, |client| {
        stuck(client, 0);
        client.send(settings(&[(4, 1)]));
        client.until(|frame| frame.is(DATA, 1)).unwrap();
        assert_eq!(got(client, 1), 1);
        client.send(settings(&[(4, 5000)]));
    }),
    Case::new("6.9.2", "a window may become negative by the settings", SERVED, |client| {
        stuck(client, 100);
        client.send(settings(&[(4, 0)]));
        client.send(window(1, 100));
        assert!(client.settle());
        assert_eq!(got(client, 1), 100, "it is at nought now");
        client.send(window(1, 1));
        client.until(|frame| frame.is(DATA, 1)).unwrap();
        assert_eq!(got(client, 1), 101);
        client.send(window(1, 4899));
    }),
    Case::new("6.9.2", "the settings leave the connection's window alone", SERVED, |client| {
        client.send(settings(&[(4, 1 << 30)]));
        client.send(frame(HEADERS, WHOLE, 1, get()));
    }),
    Case::new(
        "6.9.2",
        "settings that lift a window beyond 2^31-1 end the connection",
        ALL,
        |client| {
            client.send(frame(HEADERS, WHOLE, 1, silent()));
            client.send(window(1, 1));
            client.send(settings(&[(4, WINDOW_MAX)]));
        },
    ),
    Case::new("6.9.3", "a smaller window than the client's data is no matter", SERVED, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(settings(&[(4, 0)]));
        client.send(frame(DATA, END_STREAM, 1, [0; 5000]));
        client.send(settings(&[(4, 65_535)]));
    }),
];
