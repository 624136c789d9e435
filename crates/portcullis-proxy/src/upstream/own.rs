//! Our own codec's side of the pool: idle connections, and the memory that calls share.
//!
//! A call writes its head into a buffer of the thread and out of it at once, and each answer takes its
//! slice of the block that all are read into. Must not know what a call is.

use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use http_body::Body;
use portcullis_h1::{Asked, RequestBody, RequestHead};

use super::dial::{Crew, Dial, Idle};
use super::exchange::{Call, Exchange, Message};
use super::line::Waiting;
use super::link::{Link, Shows};
use super::place::Place;
use super::site::{Placed, Sites};
use super::{Answering, Failure};
use crate::block::Block;
use crate::leak::Leak;
use crate::outgoing::Outgoing;
use crate::settings::Settings;
use crate::upload::Sent;

/// Judged bodies up to this go out in one write with their head.
const SMALL: usize = 16 * 1024;
/// One thread's connections and memory.
pub(crate) struct Own {
    pub(super) sites: Sites<Idle<Link>>,
    pub(super) settings: Arc<Settings>,
    pub(super) leak: Leak,
    pub(super) block: Block,
}

impl Idle<Link> {
    /// One that is in step.
    pub(super) fn quiet(&self, dial: &Dial) -> Option<Link> {
        loop {
            let link = self.take()?;
            match link.shows() {
                Shows::Nothing => return Some(link),
                Shows::End => {}
                Shows::Bytes => dial.metrics.upstreams.out_of_step.inc(),
            }
        }
    }

    /// Takes one back, unless the name of its upstream leads elsewhere by now.
    #[inline]
    pub(super) fn keep(&self, mut link: Link, dial: &Dial) {
        let generation = dial.generation();
        if link.generation == generation || dial.leads_to(link.read.peer_addr()) {
            link.generation = generation;
            self.put(link);
        }
    }
}

impl Own {
    pub(super) fn new(crew: &Crew) -> Rc<Self> {
        let settings = Arc::clone(&crew.settings);
        Rc::new(Self {
            sites: Sites::new(crew, Idle::new),
            leak: Leak::new(settings.credential.expose()),
            settings,
            block: Block::default(),
        })
    }
}

/// A place at an upstream.
pub(super) type At = Place<Idle<Link>>;

/// A call that waits.
pub(crate) struct Queued {
    own: Rc<Own>,
    call: Call,
    pub(super) waiting: Waiting<At>,
}

impl Queued {
    pub(super) fn send(self, place: At) -> Answering {
        sent(self.own, place, self.call)
    }
}

/// Writes a call and sends as much of it as goes at once.
pub(super) fn call(own: &Rc<Own>, call: Outgoing<'_>) -> Result<Answering, Failure> {
    match own.sites.place(call.who, call.attribute)? {
        Placed::At(place) => Ok(sent(Rc::clone(own), place, written(own, call))),
        Placed::Waiting(waiting) => {
            let queued = Queued { own: Rc::clone(own), call: written(own, call), waiting };
            Ok(Answering::Waiting(Box::new(super::Queued::Own(queued))))
        }
    }
}

#[inline]
fn sent(own: Rc<Own>, place: At, call: Call) -> Answering {
    let mut exchange = Box::new(Exchange::new(own, place, call));
    exchange.begin();
    Answering::Own(Some(exchange))
}

fn written(own: &Own, call: Outgoing<'_>) -> Call {
    let mut head = own.block.buffer();
    let mut writing = RequestHead::begin(&mut head, &call.method, &call.target);
    call.fields(|name, value| writing.field(name, value));
    let mut asked = if call.method == Method::HEAD { Asked::Head } else { Asked::Other };
    let (framing, mut body, upload) = match call.body {
        Sent::Empty if takes_body(&call.method) => (RequestBody::Length(0), Bytes::new(), None),
        Sent::Empty => (RequestBody::None, Bytes::new(), None),
        Sent::WebSocket => {
            writing.websocket();
            asked = Asked::WebSocket;
            (RequestBody::None, Bytes::new(), None)
        }
        Sent::Full(bytes) => {
            let bytes = bytes.unwrap_or_default();
            (RequestBody::Length(bytes.len() as u64), bytes, None)
        }
        Sent::Upload(upload) => {
            let framing = upload.body.size_hint().exact();
            let framing = framing.map_or(RequestBody::Chunked, RequestBody::Length);
            (framing, Bytes::new(), Some((upload, framing)))
        }
    };
    writing.end(framing);
    if body.len() <= SMALL {
        head.extend_from_slice(&body);
        body = Bytes::new();
    }
    // The memory of the request's fields serves those of the answer.
    let mut fields = call.headers;
    fields.clear();
    let is_read = matches!(call.method, Method::GET | Method::HEAD);
    let message = Message { head, sent: 0, body, upload };
    let repeatable = is_read && framing == RequestBody::None;
    Call { message, asked, repeatable, fields, attribute: call.attribute }
}

/// Methods whose requests say that they have no body.
fn takes_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}
