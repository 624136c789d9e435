//! How a case is put, tried and judged.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::fields::{get, status};
use crate::wire::{Client, DATA, END_STREAM, GOAWAY, HEADERS, RST_STREAM, WHOLE, frame, window};

pub const NO_ERROR: u32 = 0;
pub const PROTOCOL_ERROR: u32 = 1;
pub const FLOW_CONTROL_ERROR: u32 = 3;
pub const STREAM_CLOSED: u32 = 5;
pub const FRAME_SIZE_ERROR: u32 = 6;
pub const REFUSED_STREAM: u32 = 7;
pub const COMPRESSION_ERROR: u32 = 9;
pub const ENHANCE_YOUR_CALM: u32 = 11;

/// Why another code than the section's may stand.
pub const CODE: &str = "the library says PROTOCOL_ERROR; the connection ends all the same";

/// The stream that shows whether the connection still serves.
const LAST: u32 = 100_001;

/// How a case may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nothing came of it, and the connection serves on.
    Nothing,
    /// The stream is answered with that status, and the connection serves on.
    Answer(u32, u16),
    /// The stream is reset with that code, and the connection serves on.
    Reset(u32, u32),
    /// The connection ends with that code.
    Away(u32),
    /// The connection ends without a word.
    Closed,
}

/// One case of the table.
pub struct Case {
    /// Of RFC 9113, or of RFC 7541 where it says so.
    pub section: &'static str,
    pub name: &'static str,
    /// Each of them is right by the section.
    pub ends: &'static [End],
    /// How it does end, where that is none of them, and why it may.
    pub departs: Option<(End, &'static str)>,
    pub bare: bool,
    pub run: fn(&mut Client),
}

impl Case {
    /// One on a connection that was just set up.
    pub const fn new(
        section: &'static str,
        name: &'static str,
        ends: &'static [End],
        run: fn(&mut Client),
    ) -> Self {
        Self { section, name, ends, departs: None, bare: false, run }
    }

    /// One on a connection on which nothing was said.
    pub const fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    /// One that ends otherwise than the section says.
    pub const fn departs(mut self, end: End, why: &'static str) -> Self {
        self.departs = Some((end, why));
        self
    }

    /// Whether it may end so.
    fn allows(&self, end: End) -> bool {
        match self.departs {
            Some((departs, _)) => departs == end,
            None => self.ends.contains(&end),
        }
    }

    /// How it ended.
    fn try_on(&self, client: &mut Client) -> End {
        if !self.bare {
            client.shake_hands();
        }
        (self.run)(client);
        let open = client.settle();
        if let Some(end) = self.ended(client) {
            return end;
        }
        if !open {
            return End::Closed;
        }
        let answered = |end: &End| match end {
            End::Answer(stream, _) => Some(*stream),
            _ => None,
        };
        let Some(stream) = self.ends.iter().find_map(answered) else { return End::Nothing };
        End::Answer(stream, answer(client, stream).expect("an answer"))
    }

    /// What the frames so far say of it.
    fn ended(&self, client: &mut Client) -> Option<End> {
        let away = client.seen.iter().find(|frame| frame.kind == GOAWAY);
        if let Some(away) = away {
            let end = End::Away(away.number(4));
            assert!(client.until(|_| false).is_none());
            return Some(end);
        }
        // What was answered in full may be reset after, since nobody reads the rest of the request.
        let reset =
            |frame: &&crate::wire::Frame| frame.kind == RST_STREAM && frame.number(0) != NO_ERROR;
        let reset = client.seen.iter().find(reset)?;
        Some(End::Reset(reset.stream, reset.number(0)))
    }
}

/// The status of a stream's answer once that is whole; none: it does not become whole.
pub fn answer(client: &mut Client, stream: u32) -> Option<u16> {
    let ends = |frame: &crate::wire::Frame| {
        let last = matches!(frame.kind, DATA | HEADERS) && frame.has(END_STREAM);
        frame.stream == stream && (last || frame.kind == RST_STREAM) || frame.kind == GOAWAY
    };
    if !client.seen.iter().any(ends) {
        client.until(ends)?;
    }
    let head = client.seen.iter().find(|frame| frame.is(HEADERS, stream))?;
    let whole = client
        .seen
        .iter()
        .any(|frame| frame.stream == stream && ends(frame) && frame.kind != RST_STREAM);
    whole.then(|| status(&head.payload))
}

/// Whether a connection that should serve on does.
fn serves(client: &mut Client) -> bool {
    client.send(frame(HEADERS, WHOLE, LAST, get()));
    // Whatever the case set it to.
    client.send(window(LAST, 60_000));
    answer(client, LAST) == Some(200)
}

/// Tries each case on a connection of its own.
pub fn check(cases: &[&Case], connect: impl Fn() -> Client) {
    let mut faults = String::new();
    for case in cases {
        let tried = catch_unwind(AssertUnwindSafe(|| {
            let mut client = connect();
            let end = case.try_on(&mut client);
            let over = matches!(end, End::Away(_) | End::Closed);
            assert!(over || serves(&mut client), "the connection does not serve on after {end:?}");
            end
        }));
        match tried {
            Ok(end) if case.allows(end) => {}
            Ok(end) => {
                writeln!(faults, "§{} {}: {end:?}, not {:?}", case.section, case.name, case.ends)
                    .unwrap();
            }
            Err(_) => {
                writeln!(faults, "§{} {}: see above", case.section, case.name).unwrap();
            }
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}
