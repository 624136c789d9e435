//! Our own codec's side of the pool: idle connections, and the memory that calls share.
//!
//! A call writes its head into a buffer of the thread and out of it at once; what comes in is read
//! into one block of the thread, of which each answer takes its slice. So both stay warm, and an idle
//! connection costs a socket. Must not know what a call is.

use std::cell::RefCell;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::Method;
use http_body::Body;
use portcullis_h1::{Asked, RequestBody, RequestHead};
use tokio::io::AsyncReadExt;

use super::dial::{Crew, Dial, Idle};
use super::exchange::{Call, Exchange, Message};
use super::line::Waiting;
use super::link::{Link, Shows};
use super::site::{Place, Placed, Sites};
use super::socket::Reads;
use super::{Answering, Failure};
use crate::leak::Leak;
use crate::outgoing::Outgoing;
use crate::settings::Settings;
use crate::upload::Sent;

/// The block answers are read into. What holds a slice of it holds all of it.
const BLOCK: usize = 32 * 1024;
/// Least of it that is worth a read.
const BLOCK_LEAST: usize = 8 * 1024;
/// Judged bodies up to this go out in one write with their head.
const SMALL: usize = 16 * 1024;
/// Buffers of sent heads kept, and the largest that is.
const SPARE: usize = 64;
const SPARE_BYTES: usize = 4 * 1024;

/// One thread's connections and memory.
pub(crate) struct Own {
    pub(super) sites: Sites<Idle<Link>>,
    pub(super) settings: Arc<Settings>,
    pub(super) leak: Leak,
    block: RefCell<BytesMut>,
    spare: RefCell<Vec<Vec<u8>>>,
}

impl Idle<Link> {
    /// One that is in step.
    pub(super) fn quiet(&self, dial: &Dial) -> Option<Link> {
        loop {
            let link = self.take()?;
            match link.shows() {
                Shows::Nothing => return Some(link),
                Shows::End => {}
                Shows::Bytes => dial.metrics.upstream_out_of_step.inc(),
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
            block: RefCell::default(),
            spare: RefCell::default(),
        })
    }

    /// Reads what is there, into a slice of the thread's block. 0: the connection ended.
    pub(super) fn fill(
        &self,
        read: &mut Reads,
        into: &mut BytesMut,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut block = self.block.borrow_mut();
        // From its start again, if nobody holds a slice any more: those lines are warm.
        if !block.try_reclaim(BLOCK) && block.capacity() < BLOCK_LEAST {
            *block = BytesMut::with_capacity(BLOCK);
        }
        let count = ready!(pin!(read.read_buf(&mut *block)).poll(cx))?;
        if into.is_empty() {
            *into = block.split();
        } else {
            into.extend_from_slice(&block);
            block.clear();
        }
        Poll::Ready(Ok(count))
    }

    fn buffer(&self) -> Vec<u8> {
        self.spare.borrow_mut().pop().unwrap_or_else(|| Vec::with_capacity(1024))
    }

    /// Takes back what a head was written into.
    pub(super) fn take_back(&self, mut buffer: Vec<u8>) {
        let mut spare = self.spare.borrow_mut();
        if spare.len() < SPARE && buffer.capacity() <= SPARE_BYTES {
            buffer.clear();
            spare.push(buffer);
        }
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
    let mut head = own.buffer();
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
