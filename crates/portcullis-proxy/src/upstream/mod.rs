//! Connections to the platform, of one thread, and the calls on them.
//!
//! The one that was used last is used next, so that the others can grow old and go. A connection is
//! used again only when the last answer on it was read to its end; anything odd ends it. Codecs
//! stand behind one `tower::Service`: our own; hyper's, which is slower and the oracle of its tests; and
//! hyper's for HTTP/2. Must not know what a call is.

mod alternative;
mod dial;
mod exchange;
mod health;
mod keeper;
mod known;
mod line;
mod link;
mod multiplex;
mod own;
mod pace;
mod place;
mod repeats;
mod site;
mod socket;
mod stream;
mod turns;
mod wire;
mod writer;

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use http_body::{Body, SizeHint};
use portcullis_types::Refusal;
use tower::Service;

use self::alternative::Alternative;
pub(crate) use self::dial::Crew;
use self::exchange::Exchange;
pub(crate) use self::keeper::keep;
pub(crate) use self::known::Known;
use self::multiplex::Multiplex;
use self::own::Own;
pub(crate) use self::wire::Wire;
use crate::body::{BrokenOff, Polled};
use crate::outgoing::Outgoing;
use crate::settings::Codec;
use crate::trace::Way;

/// Connections closed before they took a call, until the platform is taken to be gone.
const ATTEMPTS: usize = 3;

/// The connections of one thread.
#[derive(Clone)]
pub(crate) enum Pool {
    Own(Rc<Own>),
    Hyper(Rc<Alternative>),
    Shared(Rc<Multiplex>),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Failure {
    /// No connection.
    Unreachable,
    /// None was made for so long that none was tried.
    Closed,
    /// It takes as many calls as it may.
    Busy,
    /// The answer broke off or is not well-formed.
    Malformed,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreachable => Self::UpstreamUnreachable,
            Failure::Closed | Failure::Busy => Self::UpstreamBusy,
            Failure::Malformed => Self::UpstreamMalformed,
        }
    }
}

impl Pool {
    pub(crate) fn new(crew: &Crew) -> Self {
        match crew.settings.codec {
            Codec::Own => Self::Own(Own::new(crew)),
            Codec::Hyper => Self::Hyper(Alternative::new(crew)),
            Codec::Http2 => Self::Shared(Multiplex::new(crew)),
        }
    }

    /// Calls that wait.
    pub(crate) fn waiting(&self) -> usize {
        match self {
            Self::Own(own) => own.sites.waiting(),
            Self::Hyper(hyper) => hyper.sites.waiting(),
            Self::Shared(shared) => shared.sites.waiting(),
        }
    }

    /// Closes connections that were not used for long, and lets in who waits and can be taken.
    pub(crate) fn tick(&self) {
        match self {
            Self::Own(own) => {
                own.sites.iter().for_each(|site| site.connections.forget_old());
                own.sites.tick();
            }
            Self::Hyper(hyper) => {
                hyper.sites.iter().for_each(|site| site.connections.forget_old());
                hyper.sites.tick();
            }
            Self::Shared(shared) => {
                shared.sites.iter().for_each(|site| site.connections.tidy(&site.dial));
                shared.sites.tick();
            }
        }
    }
}

/// Sends calls to the platform. What can be done at once is done in the call itself.
impl Service<Outgoing<'_>> for &Pool {
    type Response = Response<Arriving>;
    type Error = Failure;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Outgoing<'_>) -> Answering {
        match self {
            Pool::Own(own) => own::call(own, call),
            Pool::Hyper(hyper) => alternative::call(hyper, call),
            Pool::Shared(shared) => multiplex::call(shared, call),
        }
        .unwrap_or_else(Answering::None)
    }
}

/// A place that a call waited for. Dropped, it is given to the next one.
pub(crate) struct Turn(TurnAt);

enum TurnAt {
    Own(own::At),
    Hyper(alternative::At),
    Shared(multiplex::At),
}

/// An answer to come.
pub(crate) enum Answering {
    /// None once the answer is there.
    Own(Option<Box<Exchange>>),
    Hyper(Pin<Box<dyn Future<Output = Result<Response<Arriving>, Failure>>>>),
    /// It waits until an upstream can take it.
    Waiting(Box<Queued>),
    /// It was not sent.
    None(Failure),
}

/// A call that waits until an upstream can take it.
pub(crate) enum Queued {
    Own(own::Queued),
    Hyper(alternative::Queued),
    Shared(multiplex::Queued),
}

impl Future for Answering {
    type Output = Result<Response<Arriving>, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Own(exchange) => {
                let polled = exchange.as_mut().map(|exchange| exchange.poll(cx));
                // Where it fails it stays, to tell which way it went.
                let answer = ready!(polled.unwrap_or(Poll::Ready(Err(Failure::Malformed))))?;
                let exchange = exchange.take().ok_or(Failure::Malformed)?;
                Poll::Ready(Ok(answer.map(|()| Arriving::Own(exchange))))
            }
            Self::Hyper(answer) => answer.as_mut().poll(cx),
            Self::Waiting(_) => Poll::Pending,
            Self::None(failure) => Poll::Ready(Err(*failure)),
        }
    }
}

impl Answering {
    /// Whether it waits until an upstream can take it.
    #[inline]
    pub(crate) const fn waits(&self) -> bool {
        matches!(self, Self::Waiting(_))
    }

    /// Waits for its turn; what to send it with then.
    ///
    /// # Errors
    /// No upstream can take it.
    pub(crate) fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Result<Turn, Failure>> {
        let Self::Waiting(queued) = self else { return Poll::Ready(Err(Failure::Busy)) };
        let turn = match &mut **queued {
            Queued::Own(own) => own.waiting.poll(cx).map_ok(TurnAt::Own),
            Queued::Hyper(hyper) => hyper.waiting.poll(cx).map_ok(TurnAt::Hyper),
            Queued::Shared(shared) => shared.waiting.poll(cx).map_ok(TurnAt::Shared),
        };
        turn.map_ok(Turn)
    }

    /// Sends it.
    pub(crate) fn send(&mut self, turn: Turn) {
        let Self::Waiting(queued) = std::mem::replace(self, Self::None(Failure::Busy)) else {
            return;
        };
        match (*queued, turn.0) {
            (Queued::Own(own), TurnAt::Own(place)) => *self = own.send(place),
            (Queued::Hyper(hyper), TurnAt::Hyper(place)) => *self = hyper.send(place),
            (Queued::Shared(shared), TurnAt::Shared(place)) => *self = shared.send(place),
            (Queued::Own(_) | Queued::Hyper(_) | Queued::Shared(_), _) => {}
        }
    }

    /// Which way it went, as far as is known without an answer.
    pub(crate) fn way(&self) -> Way {
        let Self::Own(Some(exchange)) = self else { return Way::default() };
        exchange.way()
    }

    /// The platform took too long: so many microseconds, where that tells anything.
    pub(crate) fn slow(&self, us: Option<u32>) {
        if let Self::Own(Some(exchange)) = self {
            exchange.slow(us);
        }
    }
}

/// The body of an answer, and the connection it comes on. Dropped before its end, it closes that.
pub(crate) enum Arriving {
    Own(Box<Exchange>),
    Hyper(alternative::Leased),
}

impl Arriving {
    /// Which way its call went.
    #[inline]
    pub(crate) fn way(&self) -> Way {
        match self {
            Self::Own(exchange) => exchange.way(),
            Self::Hyper(leased) => leased.way(),
        }
    }

    /// Its head came so many microseconds after the call was sent, where that tells anything.
    pub(crate) fn took(&self, us: impl FnOnce() -> Option<u32>) {
        match self {
            Self::Own(exchange) => exchange.place.took(us),
            Self::Hyper(leased) => leased.took(us),
        }
    }

    /// The piece that is there already; none: nothing is.
    pub(crate) fn first(&mut self) -> Result<Option<Bytes>, BrokenOff> {
        match self {
            Self::Own(stream) => stream.first(),
            Self::Hyper(leased) => leased.first(),
        }
    }

    /// Where the body was read to its end, gives the connection to the next call.
    pub(crate) fn settle(&mut self) {
        if let Self::Hyper(leased) = self {
            leased.settle();
        }
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        match self.get_mut() {
            Self::Own(stream) => stream.poll_body(cx),
            Self::Hyper(leased) => leased.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(stream) => stream.is_end(),
            Self::Hyper(leased) => leased.is_end(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(stream) => stream.size(),
            Self::Hyper(leased) => leased.size(),
        }
    }
}
