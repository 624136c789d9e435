//! One direction of a WebSocket: what was read, what may go on, and how it ends.
//!
//! Must not know who sits at either end, or what is judged.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::{Fault, Frames, Step};

/// What is held of one direction.
const HELD: usize = 128 * 1024;
/// What is read at once.
const READ: usize = 16 * 1024;

/// One direction.
pub(super) struct Side {
    pub(super) frames: Frames,
    /// Bytes that were read and not looked at.
    pub(super) read: BytesMut,
    /// Bytes that may go on.
    pub(super) out: BytesMut,
    /// Whether it said that nothing follows.
    pub(super) closed: bool,
    /// Whether it ended.
    pub(super) ended: bool,
    pub(super) bytes: u64,
}

/// Why it ends.
pub(super) enum End {
    /// Both sides said so, or the one that is left went.
    Done,
    /// One side went without a word.
    Gone,
    /// What the partner is told, and under which code.
    Told(u16, String),
}

impl Side {
    pub(super) fn new(frames: Frames, read: BytesMut) -> Self {
        Self { frames, read, out: BytesMut::new(), closed: false, ended: false, bytes: 0 }
    }

    /// Writes what may go on; whether any of it went.
    pub(super) fn write(
        &mut self,
        mut to: impl AsyncWrite + Unpin,
        cx: &mut Context<'_>,
    ) -> Result<bool, End> {
        let mut went = false;
        while !self.out.is_empty() {
            match Pin::new(&mut to).poll_write(cx, &self.out) {
                Poll::Ready(Ok(count @ 1..)) => self.out.advance(count),
                Poll::Ready(_) => return Err(End::Gone),
                Poll::Pending => return Ok(went),
            }
            went = true;
        }
        if went && let Poll::Ready(Err(_)) = Pin::new(&mut to).poll_flush(cx) {
            return Err(End::Gone);
        }
        Ok(went)
    }

    /// Reads more, where there is room.
    pub(super) fn read(&mut self, mut from: impl AsyncRead + Unpin, cx: &mut Context<'_>) -> bool {
        if self.ended || self.closed || self.read.len() + self.out.len() >= HELD {
            return false;
        }
        let mut piece = [0; READ];
        let mut into = ReadBuf::new(&mut piece);
        match Pin::new(&mut from).poll_read(cx, &mut into) {
            Poll::Ready(Ok(())) if !into.filled().is_empty() => {
                self.read.extend_from_slice(into.filled());
                self.bytes += into.filled().len() as u64;
                true
            }
            Poll::Ready(_) => {
                self.ended = true;
                true
            }
            Poll::Pending => false,
        }
    }

    /// Passes on what may go.
    pub(super) fn pass(
        &mut self,
        mut message: impl FnMut() -> Result<(), End>,
    ) -> Result<(), Fail> {
        while !self.closed && self.out.len() < HELD / 2 {
            let before = self.out.len();
            match self.frames.step(&mut self.read, &mut self.out)? {
                Step::More => break,
                Step::Passed => {}
                Step::Close => self.closed = true,
                Step::Message => {
                    if let Err(end) = message() {
                        self.out.truncate(before);
                        return Err(Fail::End(end));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Why frames are not passed on.
pub(super) enum Fail {
    Fault(Fault),
    End(End),
}

impl From<Fault> for Fail {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
