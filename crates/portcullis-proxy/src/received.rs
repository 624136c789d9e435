//! The body of a call as it comes, by whichever protocol.
//!
//! Must not know what is done with it.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::body::{BrokenOff, Polled};

/// The body of a call.
pub(crate) enum Received {
    /// There is none.
    Nothing,
    /// Of HTTP/1.1.
    Http1(Carried),
    /// Of HTTP/2.
    Http2(Incoming),
}

/// Which call of a connection it is.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub(crate) struct Turn(pub(crate) u64);

/// The body of one call of a connection. Behind a pointer to whatever carries it: most calls have no
/// body, and those that do are asked for a piece at a time.
pub(crate) struct Carried {
    pub(crate) by: Rc<dyn Carries>,
    pub(crate) turn: Turn,
}

impl Drop for Carried {
    fn drop(&mut self) {
        self.by.let_go(self.turn);
    }
}

/// Carries the bodies of calls, one after the other. Of those that are over nothing more comes.
pub(crate) trait Carries {
    /// Nobody reads it any more.
    fn let_go(&self, of: Turn);

    /// The next piece; none: there are no more.
    fn piece(&self, of: Turn, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>>;

    /// How many bytes are to come; none: nobody knows.
    fn left(&self, of: Turn) -> Option<u64>;
}

impl Body for Received {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        match self.get_mut() {
            Self::Nothing => Poll::Ready(None),
            Self::Http1(Carried { by, turn }) => {
                by.piece(*turn, cx).map(|piece| piece.map(|p| p.map(Frame::data)))
            }
            Self::Http2(body) => {
                Pin::new(body).poll_frame(cx).map(|frame| frame.map(|f| f.map_err(|_| BrokenOff)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Http1(Carried { by, turn }) => by.left(*turn) == Some(0),
            Self::Http2(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Nothing => SizeHint::with_exact(0),
            Self::Http1(Carried { by, turn }) => {
                by.left(*turn).map_or_else(SizeHint::default, SizeHint::with_exact)
            }
            Self::Http2(body) => body.size_hint(),
        }
    }
}
