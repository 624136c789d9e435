//! The body of an answer: whole, or dripping in slow mode.
//!
//! Must not know what it carries.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// What hyper sends.
pub(crate) enum Outgoing {
    /// At once, with its length.
    Whole(Bytes),
    /// Piece by piece with a pause before each, of unknown length.
    Drip { pieces: VecDeque<Bytes>, pause: Duration, waiting: Option<Pin<Box<Sleep>>> },
}

impl Outgoing {
    /// Cuts the bytes into pieces of `size`.
    pub(crate) fn drip(bytes: &Bytes, size: usize, pause: Duration) -> Self {
        let pieces = bytes.chunks(size.max(1)).map(Bytes::copy_from_slice).collect();
        Self::Drip { pieces, pause, waiting: None }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Drip { pieces, .. } if pieces.is_empty() => Poll::Ready(None),
            Self::Drip { pieces, pause, waiting } => {
                let nap = waiting.get_or_insert_with(|| Box::pin(sleep(*pause)));
                if !pause.is_zero() && nap.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                *waiting = None;
                Poll::Ready(pieces.pop_front().map(|piece| Ok(Frame::data(piece))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Drip { pieces, .. } => pieces.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Drip { .. } => SizeHint::default(),
        }
    }
}
