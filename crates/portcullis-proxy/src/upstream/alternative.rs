//! hyper's client as the codec, for comparison and for whoever trusts it more than ours.
//!
//! It costs a task for each connection and two channels for each call. Must not know what a call is.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;

use super::dial::{Crew, Dial, Idle};
use super::line::Waiting;
use super::multiplex;
use super::place::Place;
use super::site::{Placed, Sites};
use super::{ATTEMPTS, Answering, Arriving, Failure};
use crate::body::{BrokenOff, Polled};
use crate::leak::Leak;
use crate::outgoing::Outgoing;
use crate::trace::Way;
use crate::upload::{Sent, UploadState};
use crate::{answer, hygiene};

/// Longest head of an answer, and longest piece of its body.
const BUFFER_MAX: usize = 64 * 1024;

/// One thread's connections.
pub(crate) struct Alternative {
    pub(super) sites: Sites<Idle<SendRequest<Sent>>>,
    leak: Leak,
}

/// A place at an upstream.
pub(super) type At = Place<Idle<SendRequest<Sent>>>;

/// A call that waits.
pub(crate) struct Queued {
    own: Rc<Alternative>,
    unsent: Unsent,
    pub(super) waiting: Waiting<At>,
}

impl Queued {
    pub(super) fn send(self, place: At) -> Answering {
        sent(self.own, place, self.unsent)
    }
}

/// An answer's body, and the connection it comes on.
pub(crate) struct Leased {
    body: Incoming,
    /// What follows the body, where it came while that was looked for.
    trailers: Option<HeaderMap>,
    lease: Lease,
}

/// What an answer that is not read to its end yet keeps.
enum Lease {
    Nothing,
    /// The connection, for itself.
    Whole(Whole),
    /// A part of one.
    Part {
        kept: multiplex::Part,
    },
}

struct Whole {
    sender: SendRequest<Sent>,
    place: At,
    /// The upload on it, which must be done before another call may follow.
    upload: Option<Rc<UploadState>>,
}

impl Alternative {
    pub(super) fn new(crew: &Crew) -> Rc<Self> {
        let leak = Leak::new(crew.settings.credential.expose());
        Rc::new(Self { sites: Sites::new(crew, Idle::new), leak })
    }

    fn arrived(
        &self,
        answer: Response<Incoming>,
        place: At,
        sender: SendRequest<Sent>,
        upload: Option<Rc<UploadState>>,
    ) -> Result<Response<Arriving>, Failure> {
        self.sites.answered(&place, answer.status());
        leased(answer, &self.leak, Lease::Whole(Whole { sender, place, upload }))
    }
}

/// Takes an answer in that is well-formed, less what may not come back.
fn leased(
    answer: Response<Incoming>,
    leak: &Leak,
    lease: Lease,
) -> Result<Response<Arriving>, Failure> {
    let (mut parts, body) = answer.into_parts();
    answer::check(&parts)?;
    hygiene::keep(&mut parts.headers, |name, value| {
        hygiene::comes_back(name, value.as_bytes(), leak)
    });
    Ok(Response::from_parts(parts, Arriving::Hyper(Leased { body, trailers: None, lease })))
}

/// The same for one on a connection that it shares.
pub(super) fn part(
    answer: Response<Incoming>,
    leak: &Leak,
    part: multiplex::Part,
) -> Result<Response<Arriving>, Failure> {
    leased(answer, leak, Lease::Part { kept: part })
}

/// The idle connection that was used last and can take a call at once.
///
/// One that is not ready has yet to see the end of its last answer, which takes one more turn of its
/// task; the one before it is.
fn ready(place: &At) -> Option<SendRequest<Sent>> {
    place.connections.take_ready(SendRequest::is_closed, SendRequest::is_ready)
}

async fn opened(dial: &Dial) -> Result<SendRequest<Sent>, Failure> {
    let stream = dial.connect().await?.joined();
    let mut builder = http1::Builder::new();
    // Gathered into one buffer: for a small message one plain write costs less than a vectored one
    // (4 % of a call at 1 KiB, both sides taken together; 3 % more at 256 KiB).
    builder.max_buf_size(BUFFER_MAX).max_header_size(BUFFER_MAX).writev(false);
    let (mut sender, connection) =
        builder.handshake(TokioIo::new(stream)).await.map_err(|_| Failure::Unreachable)?;
    tokio::task::spawn_local(async move {
        // Whoever waits for an answer on it is told there.
        let _ = connection.await;
    });
    sender.ready().await.map_err(|_| Failure::Unreachable)?;
    Ok(sender)
}

/// Sends a call.
pub(super) fn call(own: &Rc<Alternative>, call: Outgoing<'_>) -> Result<Answering, Failure> {
    let placed = own.sites.place(call.who, call.attribute)?;
    let (own, unsent) = (Rc::clone(own), unsent(call));
    Ok(match placed {
        Placed::At(place) => sent(own, place, unsent),
        Placed::Waiting(waiting) => {
            Answering::Waiting(Box::new(super::Queued::Hyper(Queued { own, unsent, waiting })))
        }
    })
}

fn sent(own: Rc<Alternative>, place: At, unsent: Unsent) -> Answering {
    let Some(mut sender) = ready(&place) else {
        return Answering::Hyper(Box::pin(connect(own, place, unsent)));
    };
    let Unsent { request, upload, attribute } = unsent;
    let sent = sender.try_send_request(request);
    Answering::Hyper(Box::pin(async move {
        match sent.await {
            Ok(answer) => own.arrived(answer, place, sender, upload),
            // Handed back: not a byte of it was sent, so that even a write may be tried again.
            Err(mut error) => match error.take_message() {
                Some(request) => {
                    let unsent = Unsent { request, upload, attribute };
                    Box::pin(connect(own, place, unsent)).await
                }
                None => Err(Failure::Malformed),
            },
        }
    }))
}

/// A call before it is sent.
pub(super) struct Unsent {
    pub(super) request: Request<Sent>,
    upload: Option<Rc<UploadState>>,
    pub(super) attribute: u64,
}

/// The call as hyper takes it.
pub(super) fn unsent(call: Outgoing<'_>) -> Unsent {
    let attribute = call.attribute;
    let request = request(call);
    let upload = match request.body() {
        Sent::Upload(upload) => Some(Rc::clone(&upload.state)),
        Sent::Empty | Sent::WebSocket | Sent::Full(_) => None,
    };
    Unsent { request, upload, attribute }
}

async fn connect(
    own: Rc<Alternative>,
    mut place: At,
    unsent: Unsent,
) -> Result<Response<Arriving>, Failure> {
    let Unsent { mut request, upload, attribute } = unsent;
    for _ in 0..ATTEMPTS {
        let opening = place.open();
        let opened = opened(&opening.dial).await;
        drop(opening);
        match opened {
            Ok(mut sender) => match sender.try_send_request(request).await {
                Ok(answer) => return own.arrived(answer, place, sender, upload),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => {
                        own.sites.bad(&place);
                        return Err(Failure::Malformed);
                    }
                },
            },
            Err(failure) => place = own.sites.another(attribute, &place).ok_or(failure)?,
        }
    }
    Err(Failure::Unreachable)
}

fn request(call: Outgoing<'_>) -> Request<Sent> {
    let mut headers = HeaderMap::with_capacity(call.headers.len() + 8);
    call.fields(|name, value| {
        // Beyond the bound of a map, which no call comes near, a field is left out.
        let _ = headers.try_append(name, value.clone());
    });
    let takes_body = matches!(call.method, Method::POST | Method::PUT | Method::PATCH);
    if takes_body && matches!(call.body, Sent::Empty) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    let mut request = Request::new(call.body);
    *request.method_mut() = call.method;
    *request.uri_mut() = Uri::from(call.target);
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = headers;
    request
}

impl Leased {
    /// Which way its call went.
    pub(super) fn way(&self) -> Way {
        let upstream = match &self.lease {
            Lease::Whole(whole) => Some(&whole.place.dial.text),
            Lease::Part { kept } => Some(kept.upstream()),
            Lease::Nothing => None,
        };
        Way { upstream: upstream.map(Rc::clone), sent: 1, ..Way::default() }
    }

    pub(super) fn took(&self, us: impl FnOnce() -> Option<u32>) {
        match &self.lease {
            Lease::Whole(whole) => whole.place.took(us),
            Lease::Part { kept } => kept.took(us),
            Lease::Nothing => {}
        }
    }

    pub(super) fn first(&mut self) -> Result<Option<Bytes>, BrokenOff> {
        let frame = Pin::new(&mut self.body).poll_frame(&mut Context::from_waker(Waker::noop()));
        match frame {
            Poll::Ready(Some(Err(_))) => Err(BrokenOff),
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => Ok(Some(data)),
                Err(frame) => {
                    self.trailers = frame.into_trailers().ok();
                    Ok(None)
                }
            },
            Poll::Ready(None) | Poll::Pending => Ok(None),
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Polled {
        if let Some(trailers) = self.trailers.take() {
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        Pin::new(&mut self.body).poll_frame(cx).map_err(|_| BrokenOff)
    }

    pub(super) fn is_end(&self) -> bool {
        self.trailers.is_none() && self.body.is_end_stream()
    }

    pub(super) fn size(&self) -> SizeHint {
        self.body.size_hint()
    }

    /// The answer was read to its end: the connection may serve the next call.
    pub(super) fn settle(&mut self) {
        let lease = std::mem::replace(&mut self.lease, Lease::Nothing);
        let Lease::Whole(Whole { sender, place, upload }) = lease else { return };
        if upload.is_none_or(|upload| upload.done.get()) && !sender.is_closed() {
            place.connections.put(sender);
        }
    }
}
