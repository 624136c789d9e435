//! HTTP/2 to the platform, by hyper's client: many calls on few connections.
//!
//! Another connection is opened when those that are there have as many calls as they should; one at a
//! time, since the next call may find it. Must not know what a call is.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use http::header::{HOST, TE};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, Version};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::Notify;

use super::alternative::{self, Unsent};
use super::dial::{Crew, Dial};
use super::line::Waiting;
use super::place::Place;
use super::site::{Connections, Placed, Sites};
use super::{ATTEMPTS, Answering, Arriving, Failure};
use crate::grpc;
use crate::leak::Leak;
use crate::outgoing::Outgoing;
use crate::upload::Sent;

/// Calls on one connection: as many as most platforms let one have.
const CALLS: usize = 100;
/// What may come of an answer before it is taken, and of all answers on a connection.
const WINDOW: u32 = 256 * 1024;
const WINDOW_OF_ALL: u32 = 4 * 1024 * 1024;
/// Longest head of an answer.
const HEAD_MAX: u32 = 64 * 1024;
/// A connection that says nothing is asked whether it is there, and ended where it does not answer.
const ASK_EVERY: Duration = Duration::from_secs(20);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// One thread's connections.
pub(crate) struct Multiplex {
    pub(super) sites: Sites<Shared>,
    leak: Leak,
    base: Option<(Scheme, Authority)>,
}

/// The connections to one upstream.
#[derive(Default)]
pub(super) struct Shared {
    list: RefCell<Vec<Link>>,
    opening: Cell<bool>,
    opened: Notify,
}

/// A connection, and the calls on it.
#[derive(Clone)]
struct Link {
    sender: SendRequest<Sent>,
    calls: Rc<()>,
    /// Where its upstream's name led.
    generation: u32,
}

impl Link {
    /// Calls under way on it.
    fn calls(&self) -> usize {
        Rc::strong_count(&self.calls).saturating_sub(1)
    }
}

impl Connections for Shared {
    fn free(&self) -> usize {
        self.list.borrow().iter().map(|link| CALLS.saturating_sub(link.calls())).sum()
    }
}

impl Shared {
    /// A connection that can take a call: the fullest, so that the others can go.
    fn ready(&self, dial: &Dial) -> Option<Link> {
        self.tidy(dial);
        let list = self.list.borrow();
        let fits = |link: &&Link| link.calls() < CALLS && link.generation == dial.generation();
        list.iter().filter(fits).max_by_key(|link| link.calls()).cloned()
    }

    /// Ends those that no call is on and none should be: all but one, and none that leads to where the
    /// name does not any more.
    pub(super) fn tidy(&self, dial: &Dial) {
        let mut idle = 0;
        self.list.borrow_mut().retain(|link| {
            let is_idle = link.calls() == 0;
            idle += usize::from(is_idle);
            let wanted = !is_idle || (idle <= 1 && link.generation == dial.generation());
            wanted && !link.sender.is_closed()
        });
    }
}

/// A place at an upstream.
pub(super) type At = Place<Shared>;

/// A call that waits.
pub(crate) struct Queued {
    own: Rc<Multiplex>,
    unsent: Unsent,
    pub(super) waiting: Waiting<At>,
}

impl Queued {
    pub(super) fn send(self, place: At) -> Answering {
        Answering::Hyper(Box::pin(send(self.own, place, self.unsent)))
    }
}

impl Multiplex {
    pub(super) fn new(crew: &Crew) -> Rc<Self> {
        let upstream = &crew.settings.upstream;
        let authority = Authority::try_from(upstream.authority().as_bytes()).ok();
        let scheme = if upstream.is_secure() { Scheme::HTTPS } else { Scheme::HTTP };
        Rc::new(Self {
            sites: Sites::new(crew, |_| Shared::default()),
            leak: Leak::new(crew.settings.credential.expose()),
            base: authority.map(|authority| (scheme, authority)),
        })
    }

    /// As HTTP/2 has it: the host stands in the target.
    fn translated(&self, mut request: Request<Sent>) -> Request<Sent> {
        request.headers_mut().remove(HOST);
        if grpc::is(request.headers()) {
            // Its servers ask for it, to know that nobody on the way drops their status.
            request.headers_mut().insert(TE, HeaderValue::from_static("trailers"));
        }
        *request.version_mut() = Version::HTTP_2;
        if let Some((scheme, authority)) = self.base.clone() {
            let mut parts = std::mem::take(request.uri_mut()).into_parts();
            parts.scheme = Some(scheme);
            parts.authority = Some(authority);
            *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
        }
        request
    }

    fn arrived(
        &self,
        answer: Response<Incoming>,
        place: At,
        link: Link,
    ) -> Result<Response<Arriving>, Failure> {
        self.sites.answered(&place, answer.status());
        alternative::part(answer, &self.leak, Part { _link: link, place })
    }
}

/// What an answer keeps of its connection.
pub(super) struct Part {
    _link: Link,
    place: At,
}

impl Part {
    /// Which upstream it is of.
    pub(super) fn upstream(&self) -> &Rc<str> {
        &self.place.dial.text
    }

    /// How long its answer took.
    pub(super) fn took(&self, us: impl FnOnce() -> Option<u32>) {
        self.place.took(us);
    }
}

/// Sends a call.
pub(super) fn call(own: &Rc<Multiplex>, call: Outgoing<'_>) -> Result<Answering, Failure> {
    let placed = own.sites.place(call.who, call.attribute)?;
    let own = Rc::clone(own);
    let mut unsent = alternative::unsent(call);
    unsent.request = own.translated(unsent.request);
    Ok(match placed {
        Placed::At(place) => Answering::Hyper(Box::pin(send(own, place, unsent))),
        Placed::Waiting(waiting) => {
            Answering::Waiting(Box::new(super::Queued::Shared(Queued { own, unsent, waiting })))
        }
    })
}

async fn send(
    own: Rc<Multiplex>,
    mut place: At,
    unsent: Unsent,
) -> Result<Response<Arriving>, Failure> {
    let Unsent { mut request, attribute, .. } = unsent;
    for _ in 0..ATTEMPTS {
        let mut link = match joined(&place).await {
            Ok(link) => link,
            Err(failure) => {
                place = own.sites.another(attribute, &place).ok_or(failure)?;
                continue;
            }
        };
        match link.sender.try_send_request(request).await {
            Ok(answer) => return own.arrived(answer, place, link),
            // Handed back: it was never sent.
            Err(mut error) => match error.take_message() {
                Some(unsent) => request = unsent,
                None => {
                    own.sites.bad(&place);
                    return Err(Failure::Malformed);
                }
            },
        }
    }
    Err(Failure::Unreachable)
}

/// A connection with room: one that is there, or that somebody opens.
async fn joined(place: &At) -> Result<Link, Failure> {
    loop {
        if let Some(link) = place.connections.ready(&place.dial) {
            return Ok(link);
        }
        if place.connections.opening.replace(true) {
            place.connections.opened.notified().await;
            continue;
        }
        let opening = place.open();
        let begun = Begun(&opening.connections);
        let generation = opening.dial.generation();
        let sender = opened(&opening.dial).await?;
        let link = Link { sender, calls: Rc::new(()), generation };
        opening.connections.list.borrow_mut().push(link);
        drop(begun);
    }
}

/// Ends the wait of others, also where the one that opens is dropped.
struct Begun<'s>(&'s Shared);

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.0.opening.set(false);
        self.0.opened.notify_waiters();
    }
}

async fn opened(dial: &Dial) -> Result<SendRequest<Sent>, Failure> {
    let stream = dial.connect().await?.joined();
    let mut builder = http2::Builder::new(Local);
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW_OF_ALL)
        .max_header_list_size(HEAD_MAX)
        .keep_alive_interval(ASK_EVERY)
        .keep_alive_timeout(ANSWER_WITHIN);
    let (mut sender, connection) =
        builder.handshake(TokioIo::new(stream)).await.map_err(|_| Failure::Unreachable)?;
    tokio::task::spawn_local(async move {
        // Whoever waits for an answer on it is told there.
        let _ = connection.await;
    });
    sender.ready().await.map_err(|_| Failure::Unreachable)?;
    Ok(sender)
}

/// Asks an upstream for a path, on a connection of its own; its status.
pub(super) async fn ask(dial: &Dial, path: &str) -> Option<u16> {
    let mut sender = opened(dial).await.ok()?;
    let mut request = Request::new(Sent::Empty);
    let host = dial.host().to_str().ok()?;
    let scheme = if dial.is_secure() { "https" } else { "http" };
    *request.method_mut() = Method::GET;
    *request.uri_mut() = format!("{scheme}://{host}{path}").parse().ok()?;
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = HeaderMap::new();
    let answer = sender.send_request(request).await.ok()?;
    Some(answer.status().as_u16())
}

/// Runs what hyper has to run, on this thread.
#[derive(Clone, Copy)]
struct Local;

impl<F: Future + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, work: F) {
        tokio::task::spawn_local(async move {
            work.await;
        });
    }
}
