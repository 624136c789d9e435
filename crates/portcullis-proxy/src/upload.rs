//! What is sent on to the platform: nothing, bytes that were judged, or an upload as it comes.
//!
//! Must not know how a call was judged.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use portcullis_types::Refusal;

use crate::body::{BrokenOff, Polled};
use crate::guard::Watch;
use crate::received::Received;
use crate::ticker::Alarm;

/// What is sent on.
pub(crate) enum Sent {
    /// No body.
    Empty,
    /// Bytes that were judged; none once they are taken.
    Full(Option<Bytes>),
    /// No body, and a wish for a WebSocket.
    WebSocket,
    /// A body that the gate does not read.
    Upload(Box<Upload>),
}

/// A body on its way from the partner to the platform.
pub(crate) struct Upload {
    pub(crate) body: Received,
    /// Bytes it may still have.
    pub(crate) left: u64,
    pub(crate) alarm: Alarm,
    pub(crate) idle: Duration,
    pub(crate) state: Rc<UploadState>,
    pub(crate) watch: Rc<Watch>,
}

/// What became of an upload, for the call it belongs to.
#[derive(Default)]
pub(crate) struct UploadState {
    pub(crate) bytes: Cell<u64>,
    pub(crate) done: Cell<bool>,
    pub(crate) fault: Cell<Option<UploadFault>>,
}

/// Why an upload broke off, where that was the partner's side.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum UploadFault {
    TooLarge(u64),
    TooSlow,
    BrokenOff,
}

impl From<UploadFault> for Refusal {
    fn from(fault: UploadFault) -> Self {
        match fault {
            UploadFault::TooLarge(max) => Self::BodyTooLarge { max },
            UploadFault::TooSlow => Self::BodyTooSlow,
            UploadFault::BrokenOff => {
                Self::Unreadable { why: "the body broke off or is malformed" }
            }
        }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        match self.get_mut() {
            Self::Empty | Self::WebSocket => Poll::Ready(None),
            Self::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Upload(upload) => upload.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty | Self::WebSocket => true,
            Self::Full(bytes) => bytes.is_none(),
            Self::Upload(upload) => upload.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty | Self::WebSocket => SizeHint::with_exact(0),
            Self::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Self::Upload(upload) => upload.body.size_hint(),
        }
    }
}

impl Upload {
    /// The next piece.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Polled {
        loop {
            let frame = match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => frame,
                Poll::Ready(Some(Err(_))) => return self.fail(UploadFault::BrokenOff),
                Poll::Ready(None) => {
                    self.state.done.set(true);
                    return Poll::Ready(None);
                }
                Poll::Pending => {
                    if !self.alarm.is_set() {
                        self.alarm.set(self.idle);
                    }
                    return match self.alarm.poll(cx) {
                        Poll::Ready(()) => self.fail(UploadFault::TooSlow),
                        Poll::Pending => Poll::Pending,
                    };
                }
            };
            self.alarm.off();
            self.watch.waits();
            // Trailers are dropped: nobody judged them.
            let Ok(data) = frame.into_data() else { continue };
            let length = data.len() as u64;
            let sum = self.state.bytes.get() + length;
            self.state.bytes.set(sum);
            if length > self.left {
                return self.fail(UploadFault::TooLarge(sum - length + self.left));
            }
            self.left -= length;
            if self.body.is_end_stream() {
                self.state.done.set(true);
            }
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
    }

    fn fail(&self, fault: UploadFault) -> Polled {
        self.state.fault.set(Some(fault));
        Poll::Ready(Some(Err(BrokenOff)))
    }
}
