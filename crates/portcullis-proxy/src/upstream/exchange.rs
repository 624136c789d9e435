//! One call on one connection of our own codec, up to the head of its answer.
//!
//! A call is sent again only where that can't do anything twice: when not a byte of it went out, or,
//! for a read without a body, when its connection turns out closed before a byte of the answer: to the
//! same upstream where it had waited, else to another. Must not know what a call is.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response, StatusCode};
use portcullis_h1::{AnswerBody, Asked, Decoder, Head, HeadReader, RequestBody};

use super::dial::Idle;
use super::link::Link;
use super::own::Own;
use super::place::Place;
use super::socket::{Reads, Socket, Writes};
use super::writer::{Write, Writer};
use super::{ATTEMPTS, Failure};
use crate::hygiene;
use crate::trace::Way;
use crate::upload::Upload;

/// What is sent.
pub(super) struct Message {
    /// The head, and the body where that is small.
    pub(super) head: Vec<u8>,
    /// How much of head and body went out.
    pub(super) sent: usize,
    pub(super) body: Bytes,
    pub(super) upload: Option<(Box<Upload>, RequestBody)>,
}

/// A call before it has an upstream.
pub(super) struct Call {
    pub(super) message: Message,
    pub(super) asked: Asked,
    /// Whether it may be sent twice.
    pub(super) repeatable: bool,
    /// Memory for the fields of the answer.
    pub(super) fields: HeaderMap,
    pub(super) attribute: u64,
}

/// A call under way, and then the body of its answer: one box for all of it.
pub(crate) struct Exchange {
    pub(super) own: Rc<Own>,
    pub(super) place: Place<Idle<Link>>,
    message: Message,
    /// What its upstream depends on.
    attribute: u64,
    /// Whether it may be sent twice.
    repeatable: bool,
    asked: Asked,
    pub(super) at: At,
    attempts: usize,
    /// Times that it was sent.
    sent: u8,
    connect_us: u32,
    /// That of the connection it is on.
    pub(super) generation: u32,
    pub(super) buffer: BytesMut,
    reader: HeadReader,
    fields: HeaderMap,
    pub(super) decoder: Decoder,
    /// Whether the platform keeps the connection.
    pub(super) keeps: bool,
    /// Whether much of the body comes at once.
    pub(super) large: bool,
}

type Connecting = Pin<Box<dyn Future<Output = (Result<Socket, Failure>, u32)>>>;

pub(super) enum At {
    /// Waiting for a connection.
    Connecting(Connecting),
    /// Waiting for the answer, or more of it.
    Open { read: Reads, write: Write, waited: bool },
    /// The connection was given away, or closed, or is not there yet.
    Nowhere,
}

/// A connection that took nothing of the message.
struct Gone;

impl Exchange {
    pub(super) fn new(own: Rc<Own>, place: Place<Idle<Link>>, call: Call) -> Self {
        let Call { message, asked, repeatable, fields, attribute } = call;
        Self {
            own,
            place,
            message,
            attribute,
            repeatable,
            asked,
            at: At::Nowhere,
            attempts: 0,
            sent: 0,
            connect_us: 0,
            generation: 0,
            buffer: BytesMut::new(),
            reader: HeadReader::default(),
            fields,
            decoder: Decoder::new(AnswerBody::None),
            keeps: false,
            large: false,
        }
    }

    /// Sends on a connection that waits, or begins to open one.
    pub(super) fn begin(&mut self) {
        while let Some(link) = self.place.connections.quiet(&self.place.dial) {
            if self.send(link, true).is_ok() {
                return;
            }
        }
        self.connect();
    }

    #[cold]
    fn connect(&mut self) {
        self.attempts += 1;
        let opening = self.place.open();
        self.at = At::Connecting(Box::pin(async move { opening.dial.connect_timed().await }));
    }

    /// Sends it to another upstream, as long as it may be tried.
    #[cold]
    fn elsewhere(&mut self, failure: Failure) -> Result<(), Failure> {
        let may = self.attempts < ATTEMPTS;
        let other = may.then(|| self.own.sites.another(self.attribute, &self.place)).flatten();
        self.place = other.ok_or(failure)?;
        self.place.dial.metrics.upstreams.repeats.inc();
        self.begin();
        Ok(())
    }

    /// Which way it went.
    #[inline]
    pub(super) fn way(&self) -> Way {
        Way {
            upstream: Some(Rc::clone(&self.place.dial.text)),
            sent: self.sent,
            opened: u8::try_from(self.attempts).unwrap_or(u8::MAX),
            connect_us: self.connect_us,
            queue_us: 0,
        }
    }

    /// The platform took too long.
    pub(super) fn slow(&self, us: Option<u32>) {
        self.own.sites.bad(&self.place);
        self.place.took(|| us);
    }

    /// Writes what goes at once; a task writes the rest.
    fn send(&mut self, link: Link, waited: bool) -> Result<(), Gone> {
        let Link { read, write, generation } = link;
        self.generation = generation;
        let message = &mut self.message;
        match write.try_write(&message.head, &message.body) {
            Ok(count) => message.sent = count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => message.sent = 0,
            Err(_) => return Err(Gone),
        }
        self.sent = self.sent.saturating_add(1);
        let all = message.sent == message.head.len() + message.body.len() && write.is_flushed();
        let write =
            if all && message.upload.is_none() { Write::Done(write) } else { self.write_on(write) };
        self.at = At::Open { read, write, waited };
        Ok(())
    }

    #[cold]
    fn write_on(&mut self, write: Writes) -> Write {
        self.repeatable = false;
        let message = std::mem::replace(&mut self.message, Message::none());
        let (stalled, patience) = (self.place.dial.ticker.alarm(), self.own.settings.timeouts.send);
        Write::start(Writer::new(write, message, stalled, patience))
    }

    /// Waits for the head of the answer; what follows it can be read from then on.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<()>, Failure>> {
        loop {
            match &mut self.at {
                At::Connecting(connecting) => {
                    let (stream, took_us) = ready!(connecting.as_mut().poll(cx));
                    self.connect_us = took_us;
                    match stream {
                        Ok(stream) => self.connected(stream)?,
                        Err(failure) => self.elsewhere(failure)?,
                    }
                }
                At::Open { read, write, waited } => {
                    if write.poll(cx).is_err() {
                        return Poll::Ready(Err(Failure::Malformed));
                    }
                    let waited = *waited;
                    match ready!(self.own.block.fill(read, &mut self.buffer, cx)) {
                        Ok(1..) => {
                            if let Some(head) = self.head()? {
                                return Poll::Ready(Ok(self.answer(head)));
                            }
                        }
                        Ok(0) | Err(_) => self.ended(waited)?,
                    }
                }
                // Polled after its end.
                At::Nowhere => return Poll::Ready(Err(Failure::Malformed)),
            }
        }
    }

    #[cold]
    fn connected(&mut self, stream: Socket) -> Result<(), Failure> {
        if self.send(Link::new(stream, self.place.dial.generation()), false).is_err() {
            if self.attempts >= ATTEMPTS {
                return Err(Failure::Unreachable);
            }
            self.connect();
        }
        Ok(())
    }

    /// The connection ended before the head was there.
    #[cold]
    fn ended(&mut self, waited: bool) -> Result<(), Failure> {
        let silent = self.buffer.is_empty() && !self.reader.has_begun();
        if !waited {
            self.own.sites.bad(&self.place);
        }
        if !(silent && self.repeatable) {
            return Err(Failure::Malformed);
        }
        if !waited {
            return self.elsewhere(Failure::Malformed);
        }
        if !self.own.sites.may_repeat(&self.place.dial) {
            return Err(Failure::Malformed);
        }
        self.place.dial.metrics.upstreams.repeats.inc();
        self.connect();
        Ok(())
    }

    fn head(&mut self) -> Result<Option<Head>, Failure> {
        let leak = &self.own.leak;
        self.reader
            .read(&mut self.buffer, self.asked, &mut self.fields, |name, value| {
                hygiene::comes_back(name, value, leak)
            })
            .map_err(|_| Failure::Malformed)
    }

    fn answer(&mut self, head: Head) -> Response<()> {
        self.own.sites.answered(&self.place, head.status);
        self.own.block.give(std::mem::take(&mut self.message.head));
        self.decoder = Decoder::new(head.body);
        self.keeps = head.keep_alive;
        if head.status != StatusCode::SWITCHING_PROTOCOLS {
            self.settle_if_whole();
        }
        let mut response = Response::new(());
        *response.status_mut() = head.status;
        *response.version_mut() = head.version;
        *response.headers_mut() = std::mem::take(&mut self.fields);
        response
    }
}

impl Message {
    const fn none() -> Self {
        Self { head: Vec::new(), sent: 0, body: Bytes::new(), upload: None }
    }
}
