//! Fields in their compressed forms (RFC 7541), and what ends a connection (RFC 9113 §4.3).

use crate::fields::{block, get, integer, literal, text};
use crate::opening::{NOTHING, SERVED};
use crate::support::{KEY, PROFILE};
use crate::table::{CODE, COMPRESSION_ERROR, Case, End, PROTOCOL_ERROR, answer};
use crate::wire::{CONTINUATION, Client, END_HEADERS, END_STREAM, HEADERS, WHOLE, frame};

const BROKEN: &[End] = &[End::Away(COMPRESSION_ERROR)];
const FORBIDDEN: &[End] = &[End::Answer(1, 403)];

/// A call that says these bytes besides.
fn call(client: &mut Client, more: impl AsRef<[u8]>) {
    client.send(frame(HEADERS, WHOLE, 1, [&get()[..], more.as_ref()].concat()));
}

/// A call that says these bytes before.
fn after(client: &mut Client, before: impl AsRef<[u8]>) {
    client.send(frame(HEADERS, WHOLE, 1, [before.as_ref(), &get()[..]].concat()));
}

/// The pseudo-header fields by the static table, the path by these bytes, then the key.
fn path_as(client: &mut Client, path: Vec<u8>) {
    let head = [&[0x82, 0x86, 0x01][..], &text("gate.test")].concat();
    let key = literal(0, "x-api-key", KEY);
    client.send(frame(HEADERS, WHOLE, 1, [head, path, key].concat()));
}

pub const CASES: &[Case] = &[
    Case::new("7541 2.3.1", "fields of the static table are known", FORBIDDEN, |client| {
        path_as(client, vec![0x84]);
    }),
    Case::new("7541 2.3.2", "what entered the dynamic table is known", NOTHING, |client| {
        path_as(client, [vec![0x44], text(PROFILE)].concat());
        assert_eq!(answer(client, 1), Some(200));
        by_newest(client, 3);
        assert_eq!(answer(client, 3), Some(200));
    }),
    Case::new("7541 2.3.2", "the newest entry comes first", SERVED, |client| {
        let entries = [literal(0x40, "x-a", "1"), literal(0x40, "x-b", "2"), vec![0xbe, 0xbf]];
        call(client, entries.concat());
    }),
    Case::new("7541 2.3.3", "a field beyond the tables ends the connection", BROKEN, |client| {
        call(client, integer(0x80, 7, 70));
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("7541 2.3.3", "a name beyond the tables ends the connection", BROKEN, |client| {
        call(client, [integer(0, 4, 70), text("ok")].concat());
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new(
        "7541 2.3.3",
        "the first entry of an empty table ends the connection",
        BROKEN,
        |client| {
            call(client, [0xbe]);
        },
    )
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("7541 4.2", "the table may be made smaller", SERVED, |client| after(client, [0x20])),
    Case::new("7541 4.2", "the table may be made smaller and larger again", SERVED, |client| {
        after(client, [vec![0x20], integer(0x20, 5, 4096)].concat());
    }),
    Case::new("7541 4.2", "a new size after a field ends the connection", BROKEN, |client| {
        call(client, [0x20])
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("7541 4.2", "a new size amid fields ends the connection", BROKEN, |client| {
        call(client, [vec![0x20], literal(0, "x-test", "ok")].concat());
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("7541 4.3", "a smaller table forgets", BROKEN, |client| {
        client.send(frame(HEADERS, WHOLE, 1, [get(), literal(0x40, "x-a", "1")].concat()));
        assert_eq!(answer(client, 1), Some(200));
        client.send(frame(HEADERS, WHOLE, 3, [vec![0x20], get(), vec![0xbe]].concat()));
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("7541 4.4", "an entry larger than the table empties it", BROKEN, |client| {
        let large = literal(0x40, "x-large", &"x".repeat(4096));
        call(client, [literal(0x40, "x-a", "1"), large, vec![0xbe]].concat());
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("7541 4.4", "the oldest entry makes room", NOTHING, |client| {
        let entries: Vec<u8> =
            (0..20).flat_map(|at| literal(0x40, &format!("x-{at}"), &"x".repeat(400))).collect();
        client.send(frame(HEADERS, WHOLE, 1, [get(), entries].concat()));
        assert_eq!(answer(client, 1), Some(200));
        client.send(frame(HEADERS, WHOLE, 3, [get(), integer(0x80, 7, 62 + 8)].concat()));
        assert_eq!(answer(client, 3), Some(200));
    }),
    Case::new("7541 5.1", "an integer may take several bytes", SERVED, |client| {
        call(client, literal(0, "x-test", &"x".repeat(1337)));
    }),
    Case::new("7541 5.1", "an integer may be longer than it need be", SERVED, |client| {
        call(
            client,
            [&[0][..], &text("x-test"), &[0x7f, 0x80, 0x00], "x".repeat(127).as_bytes()].concat(),
        );
    }),
    Case::new("7541 5.1", "an integer beyond all bounds ends the connection", BROKEN, |client| {
        call(client, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("7541 5.1", "an integer that never ends ends the connection", BROKEN, |client| {
        call(client, [vec![0xff], vec![0x80; 40], vec![0]].concat());
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("7541 5.1", "an integer that is cut off ends the connection", BROKEN, |client| {
        call(client, [0xff, 0x80])
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("7541 5.2", "a string may be in Huffman's code", FORBIDDEN, |client| {
        // "/" is 011000, and ones fill the byte.
        path_as(client, vec![0x04, 0x81, 0b0110_0011]);
    }),
    Case::new("7541 5.2", "a string may be empty", SERVED, |client| {
        call(client, literal(0, "x-test", ""))
    }),
    Case::new("7541 5.2", "a string longer than its block ends the connection", BROKEN, |client| {
        call(client, [&[0][..], &text("x-test"), &integer(0, 7, 200), b"short"].concat());
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("7541 5.2", "padding of eight bits ends the connection", BROKEN, |client| {
        path_as(client, vec![0x04, 0x82, 0b0110_0011, 0xff]);
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("7541 5.2", "padding by other than ones ends the connection", BROKEN, |client| {
        path_as(client, vec![0x04, 0x81, 0b0110_0000]);
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new(
        "7541 5.2",
        "the sign for the end within a string ends the connection",
        BROKEN,
        |client| {
            path_as(client, vec![0x04, 0x84, 0xff, 0xff, 0xff, 0xff]);
        },
    )
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("7541 6.1", "the field of number 0 ends the connection", BROKEN, |client| {
        call(client, [0x80])
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("7541 6.2.1", "a literal may enter the table, by a known name", SERVED, |client| {
        path_as(client, [vec![0x44], text(PROFILE)].concat());
    }),
    Case::new("7541 6.2.1", "a literal may enter the table, by a new name", SERVED, |client| {
        call(client, literal(0x40, "x-test", "ok"));
    }),
    Case::new(
        "7541 6.2.2",
        "a literal may stay out of the table, by a known name",
        SERVED,
        |client| {
            path_as(client, [vec![0x04], text(PROFILE)].concat());
        },
    ),
    Case::new(
        "7541 6.2.2",
        "a literal may stay out of the table, by a new name",
        SERVED,
        |client| {
            call(client, literal(0, "x-test", "ok"));
        },
    ),
    Case::new(
        "7541 6.2.3",
        "a literal may keep out of tables for ever, by a known name",
        SERVED,
        |client| {
            path_as(client, [vec![0x14], text(PROFILE)].concat());
        },
    ),
    Case::new(
        "7541 6.2.3",
        "a literal may keep out of tables for ever, by a new name",
        SERVED,
        |client| {
            call(client, literal(0x10, "x-test", "ok"));
        },
    ),
    Case::new("7541 6.3", "a table of 4,096 bytes is what there is", SERVED, |client| {
        after(client, integer(0x20, 5, 4096));
    }),
    Case::new("7541 6.3", "a larger table ends the connection", BROKEN, |client| {
        after(client, integer(0x20, 5, 4097));
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("7541 6.3", "a size beyond all bounds ends the connection", BROKEN, |client| {
        after(client, [0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("4.3", "a block that can't be read ends the connection", BROKEN, |client| {
        client.send(frame(HEADERS, WHOLE, 1, [0xff; 40]));
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new(
        "4.3",
        "a block that can't be read ends the connection in its later frames",
        BROKEN,
        |client| {
            client.send(frame(HEADERS, END_STREAM, 1, get()));
            client.send(frame(CONTINUATION, END_HEADERS, 1, [0x80]));
        },
    )
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("4.3", "trailers that can't be read end the connection", BROKEN, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, crate::fields::upload()));
        client.send(frame(HEADERS, WHOLE, 1, [0x80]));
    })
    .departs(End::Away(PROTOCOL_ERROR), CODE),
    Case::new("4.3", "a refused block keeps the table in step", NOTHING, |client| {
        // The first is malformed, and yet its entry stands for the second.
        let first = [block(&[(":method", "GET"), ("te", "all")]), literal(0x40, ":path", PROFILE)];
        client.send(frame(HEADERS, WHOLE, 1, first.concat()));
        client.until(|frame| frame.kind == crate::wire::RST_STREAM).unwrap();
        client.seen.clear();
        by_newest(client, 3);
        assert_eq!(answer(client, 3), Some(200));
    }),
];

/// A call whose path is the newest entry of the table.
fn by_newest(client: &mut Client, stream: u32) {
    let block =
        [&[0x82, 0x86, 0x01][..], &text("gate.test"), &[0xbe], &literal(0, "x-api-key", KEY)];
    client.send(frame(HEADERS, WHOLE, stream, block.concat()));
}
