//! Follows the frames of an HTTP/2 connection, and ends one whose frames are a flood or of a wrong
//! size (RFC 9113 §4.2, §10.5).
//!
//! Frames that carry no call cost both sides work and are bounded by no window: a connection has an
//! allowance of them, which grows with time and with what it is answered. h2 counts those that the
//! peer's own errors cause, empty data and headers without end; the others it takes as they come.
//! What ends a connection is put in the place of the frame, so that h2 says why and closes. Must not
//! know calls, nor what is in a frame.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Watch;
use crate::conn::Conn;
use crate::ticker::Ticker;

/// What a connection may send at once, in the cost of frames.
const ALLOWANCE: u64 = 2_000;
/// How much it grows in a second.
const PER_SECOND: u64 = 200;
/// Bytes of answers that it grows by one for: a client tells how much of them it took.
const ANSWERED: u64 = 64;
/// What it grows by with a call: however short the answer, a client may say that it took it, for the
/// stream and for the connection.
const CALL_EARNS: u64 = 2;
/// A reset makes the gate begin a call in vain.
const RESET_COST: u64 = 4;
const PREFACE_BYTES: usize = 24;
const HEAD_BYTES: usize = 9;
/// A frame of a length that none may have.
const TOO_LONG: [u8; HEAD_BYTES] = [0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0];

/// Why the frames of a connection end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Flood,
    Size,
}

/// Where in the frames a connection is, and what is left of its allowance.
#[derive(Debug)]
struct Reader {
    /// Bytes up to the next frame's head.
    skip: usize,
    head: [u8; HEAD_BYTES],
    have: usize,
    spare: u64,
    written: u64,
    at_ms: u64,
    flooded: bool,
}

impl Reader {
    fn new(now_ms: u64) -> Self {
        let (skip, head) = (PREFACE_BYTES, [0; HEAD_BYTES]);
        Self { skip, head, have: 0, spare: ALLOWANCE, written: 0, at_ms: now_ms, flooded: false }
    }

    /// Follows the frames in these bytes; some: from that place on they are not to be read.
    fn follow(&mut self, bytes: &[u8], now_ms: u64) -> Option<(usize, Fault)> {
        self.earn(now_ms.saturating_sub(self.at_ms).saturating_mul(PER_SECOND) / 1000);
        self.at_ms = now_ms;
        let mut at = 0;
        loop {
            let skipped = self.skip.min(bytes.len() - at);
            at += skipped;
            self.skip -= skipped;
            if self.flooded && self.skip == 0 {
                return Some((at, Fault::Flood));
            }
            let begins = at.checked_sub(self.have);
            for byte in bytes.get(at..).unwrap_or_default() {
                let Some(place) = self.head.get_mut(self.have) else { break };
                *place = *byte;
                self.have += 1;
                at += 1;
            }
            if self.skip > 0 || self.have < HEAD_BYTES {
                return None;
            }
            self.have = 0;
            // Where the head began in bytes before, h2 refuses the size by another code.
            if let (false, Some(begins)) = (self.weigh(), begins) {
                return Some((begins, Fault::Size));
            }
        }
    }

    /// Judges a frame by its head: whether it may be so long.
    fn weigh(&mut self) -> bool {
        let [a, b, c, kind, flags, ..] = self.head;
        let length = u32::from_be_bytes([0, a, b, c]);
        self.skip = usize::try_from(length).unwrap_or(usize::MAX);
        let first_flag = flags & 1 == 1;
        let (fits, cost) = match kind {
            // DATA, empty and not the last.
            0 => (true, u64::from(length == 0 && !first_flag)),
            // HEADERS and CONTINUATION: h2 bounds calls and their heads.
            1 => {
                self.earn(CALL_EARNS);
                (true, 0)
            }
            9 => (true, 0),
            // PRIORITY, RST_STREAM, WINDOW_UPDATE.
            2 => (length == 5, 1),
            3 => (length == 4, RESET_COST),
            8 => (length == 4, 1),
            // SETTINGS, and what acknowledges them.
            4 => (if first_flag { length == 0 } else { length.is_multiple_of(6) }, 1),
            // PUSH_PROMISE, PING, GOAWAY.
            5 => (length >= 4, 1),
            6 => (length == 8, 1),
            7 => (length >= 8, 1),
            _ => (true, 1),
        };
        // The frame that goes beyond is the last to be read: where it began may be read already.
        self.flooded = cost > self.spare;
        self.spare = self.spare.saturating_sub(cost);
        fits
    }

    fn wrote(&mut self, count: usize) {
        self.written += u64::try_from(count).unwrap_or(0);
        self.earn(self.written / ANSWERED);
        self.written %= ANSWERED;
    }

    fn earn(&mut self, more: u64) {
        self.spare = self.spare.saturating_add(more).min(ALLOWANCE);
    }
}

/// A connection whose frames are followed.
pub(crate) struct Frames<T> {
    io: T,
    reader: Reader,
    ticker: Rc<Ticker>,
    /// What h2 answers a flood with ENHANCE_YOUR_CALM for: more parts of a head than one may have.
    too_many: usize,
    /// What is still to be read in the place of frames.
    instead: Vec<u8>,
    ended: bool,
    watch: Rc<Watch>,
    flooded: Rc<Cell<bool>>,
}

impl<T> Frames<T> {
    /// On that connection, of which `first` was read already.
    pub(crate) fn new(io: T, first: &mut Vec<u8>, conn: &Conn) -> Self {
        let ticker = Rc::clone(&conn.thread.ticker);
        let mut frames = Self {
            io,
            reader: Reader::new(ticker.now_ms()),
            ticker,
            too_many: conn.thread.settings.limits.head_bytes / 8192 + 8,
            instead: Vec::new(),
            ended: false,
            watch: Rc::clone(&conn.watch),
            flooded: Rc::default(),
        };
        if let Some(passed) = frames.follow(first) {
            first.truncate(passed);
            first.append(&mut frames.instead);
        }
        frames
    }

    /// Whether the connection turns out to be a flood, told as it goes on.
    pub(crate) fn flooded(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.flooded)
    }

    /// How many of these bytes may be read, if not all.
    fn follow(&mut self, bytes: &[u8]) -> Option<usize> {
        let (passed, fault) = self.reader.follow(bytes, self.ticker.now_ms())?;
        self.ended = true;
        // It goes on sending, and shall still hear why.
        self.watch.unread.set(true);
        self.instead = match fault {
            Fault::Size => TOO_LONG.to_vec(),
            Fault::Flood => {
                self.flooded.set(true);
                let part = |kind| [0, 0, 0, kind, 0, 0, 0, 0, 1];
                let parts = std::iter::repeat_n(part(9), self.too_many);
                std::iter::once(part(1)).chain(parts).flatten().collect()
            }
        };
        Some(passed)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Frames<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let frames = self.get_mut();
        if frames.instead.is_empty() {
            let before = buf.filled().len();
            ready!(Pin::new(&mut frames.io).poll_read(cx, buf))?;
            // What comes after the end nobody reads as frames; the guard discards it.
            let new = buf.filled().get(before..).unwrap_or_default();
            match if frames.ended { None } else { frames.follow(new) } {
                Some(passed) => buf.set_filled(before + passed),
                None => return Poll::Ready(Ok(())),
            }
        }
        let count = frames.instead.len().min(buf.remaining());
        buf.put_slice(frames.instead.get(..count).unwrap_or_default());
        frames.instead.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Frames<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let frames = self.get_mut();
        let count = ready!(Pin::new(&mut frames.io).poll_write(cx, buf))?;
        frames.reader.wrote(count);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let frames = self.get_mut();
        let count = ready!(Pin::new(&mut frames.io).poll_write_vectored(cx, bufs))?;
        frames.reader.wrote(count);
        Poll::Ready(Ok(count))
    }
}

#[cfg(test)]
#[path = "frames_tests.rs"]
mod tests;
