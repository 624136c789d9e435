//! Writes what of a call did not go out at once: a large body, or an upload as it comes.
//!
//! A task of its own, since a platform may answer before it has read all, and a partner may send on
//! while it takes nothing of the answer. Must not know what a call is.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use portcullis_h1::{RequestBody, write_chunk};
use tokio::io::AsyncWrite;
use tokio::task::JoinHandle;

use super::exchange::Message;
use super::socket::Writes;
use crate::body::BrokenOff;
use crate::ticker::Alarm;
use crate::upload::Upload;

/// Pieces up to this are gathered with what stands around them.
const GATHERED: usize = 4 * 1024;

/// The writing side of a connection in use.
pub(super) enum Write {
    /// All was sent.
    Done(Writes),
    /// A task writes.
    Task(Task),
    /// The platform takes no more.
    Shut,
}

/// A task that writes. Dropping it ends it.
pub(super) struct Task(Option<JoinHandle<Wrote>>);

/// How the writing ended.
pub(super) enum Wrote {
    All(Writes),
    /// The platform takes no more. It may answer all the same.
    Refused,
    /// The upload broke off.
    Broke,
}

impl Write {
    /// Begins to write on.
    pub(super) fn start(writer: Writer) -> Self {
        Self::Task(Task(Some(tokio::task::spawn_local(writer))))
    }

    /// Looks whether the writing ended.
    ///
    /// # Errors
    /// The upload broke off: nothing that is answered now answers the whole call.
    #[inline]
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Result<(), BrokenOff> {
        let Self::Task(Task(Some(task))) = self else { return Ok(()) };
        let Poll::Ready(wrote) = Pin::new(task).poll(cx) else { return Ok(()) };
        *self = match wrote {
            Ok(Wrote::All(half)) => Self::Done(half),
            Ok(Wrote::Refused) => Self::Shut,
            Ok(Wrote::Broke) | Err(_) => return Err(BrokenOff),
        };
        Ok(())
    }
}

impl Task {
    /// Lets it end in its own time.
    pub(super) fn let_go(mut self) {
        self.0 = None;
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

/// Writes until all is written.
pub(super) struct Writer {
    /// None once it is done.
    write: Option<Writes>,
    pending: Pending,
    upload: Option<(Box<Upload>, RequestBody)>,
    stalled: Alarm,
    patience: Duration,
}

/// What is to be written, in this order.
#[derive(Default)]
struct Pending {
    out: Vec<u8>,
    /// How much of it went.
    sent: usize,
    piece: Bytes,
    tail: &'static [u8],
}

impl Writer {
    pub(super) fn new(write: Writes, message: Message, stalled: Alarm, patience: Duration) -> Self {
        let Message { head, sent, body, upload } = message;
        let mut pending = Pending { out: head, piece: body, ..Pending::default() };
        pending.advance(sent);
        Self { write: Some(write), pending, upload, stalled, patience }
    }

    /// Writes all that is there.
    fn flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(write) = &mut self.write else { return Poll::Ready(Ok(())) };
        while !self.pending.is_empty() {
            let Poll::Ready(count) = self.pending.write(Pin::new(write), cx) else {
                if !self.stalled.is_set() {
                    self.stalled.set(self.patience);
                }
                return self.stalled.poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()));
            };
            self.stalled.off();
            match count? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.pending.advance(count),
            }
        }
        // TLS may hold back what it took.
        if Pin::new(write).poll_flush(cx)?.is_pending() {
            if !self.stalled.is_set() {
                self.stalled.set(self.patience);
            }
            return self.stalled.poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()));
        }
        self.stalled.off();
        Poll::Ready(Ok(()))
    }

    /// Takes the next piece of the upload; whether it fits what was announced.
    fn put(&mut self, piece: Bytes) -> bool {
        match &mut self.upload {
            // One of no bytes would end the body.
            Some((_, RequestBody::Chunked)) if piece.is_empty() => true,
            Some((_, RequestBody::Chunked)) => {
                self.pending.chunk(piece);
                true
            }
            Some((_, RequestBody::Length(left))) => {
                let rest = left.checked_sub(piece.len() as u64);
                *left = rest.unwrap_or(0);
                self.pending.piece = piece;
                rest.is_some()
            }
            Some((_, RequestBody::None)) | None => piece.is_empty(),
        }
    }
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.sent >= self.out.len() && self.piece.is_empty() && self.tail.is_empty()
    }

    fn write(&self, write: Pin<&mut Writes>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let out = self.out.get(self.sent..).unwrap_or_default();
        if self.piece.is_empty() && self.tail.is_empty() {
            return write.poll_write(cx, out);
        }
        let all = [IoSlice::new(out), IoSlice::new(&self.piece), IoSlice::new(self.tail)];
        write.poll_write_vectored(cx, &all)
    }

    fn advance(&mut self, count: usize) {
        let of_out = count.min(self.out.len().saturating_sub(self.sent));
        self.sent += of_out;
        if self.sent >= self.out.len() {
            self.out.clear();
            self.sent = 0;
        }
        let of_piece = (count - of_out).min(self.piece.len());
        self.piece.advance(of_piece);
        let of_tail = count - of_out - of_piece;
        self.tail = self.tail.get(of_tail..).unwrap_or_default();
    }

    fn chunk(&mut self, piece: Bytes) {
        write_chunk(&mut self.out, piece.len());
        if piece.len() > GATHERED {
            self.piece = piece;
            self.tail = b"\r\n";
        } else {
            self.out.extend_from_slice(&piece);
            self.out.extend_from_slice(b"\r\n");
        }
    }
}

impl Future for Writer {
    type Output = Wrote;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Wrote> {
        let writer = self.get_mut();
        loop {
            if ready!(writer.flush(cx)).is_err() {
                return Poll::Ready(Wrote::Refused);
            }
            let Some((upload, framing)) = &mut writer.upload else {
                return Poll::Ready(writer.write.take().map_or(Wrote::Refused, Wrote::All));
            };
            match ready!(upload.poll(cx)) {
                Some(Ok(frame)) => {
                    if !writer.put(frame.into_data().unwrap_or_default()) {
                        return Poll::Ready(Wrote::Broke);
                    }
                }
                Some(Err(BrokenOff)) => return Poll::Ready(Wrote::Broke),
                None => {
                    match *framing {
                        RequestBody::Chunked => write_chunk(&mut writer.pending.out, 0),
                        RequestBody::Length(1..) => return Poll::Ready(Wrote::Broke),
                        RequestBody::Length(0) | RequestBody::None => {}
                    }
                    writer.upload = None;
                }
            }
        }
    }
}
