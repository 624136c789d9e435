//! One call on one connection of our own codec, up to the head of its answer.
//!
//! A call is sent again only where that can't do anything twice: when not a byte of it went out, or
//! when a connection that had waited turns out closed before a byte of the answer and the call is a
//! read without a body. Must not know what a call is.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response};
use portcullis_h1::{AnswerBody, Asked, Decoder, Head, HeadReader, RequestBody};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::link::Link;
use super::own::Own;
use super::writer::{Write, Writer};
use super::{ATTEMPTS, Failure};
use crate::hygiene;
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

/// A call under way, and then the body of its answer: one box for all of it.
pub(crate) struct Exchange {
    pub(super) own: Rc<Own>,
    message: Message,
    /// Whether it may be sent twice.
    repeatable: bool,
    asked: Asked,
    pub(super) at: At,
    attempts: usize,
    pub(super) buffer: BytesMut,
    reader: HeadReader,
    fields: HeaderMap,
    pub(super) decoder: Decoder,
    /// Whether the platform keeps the connection.
    pub(super) keeps: bool,
    /// Whether much of the body comes at once.
    pub(super) large: bool,
}

type Connecting = Pin<Box<dyn Future<Output = Result<TcpStream, Failure>>>>;

pub(super) enum At {
    /// Waiting for a connection.
    Connecting(Connecting),
    /// Waiting for the answer, or more of it.
    Open { read: OwnedReadHalf, write: Write, waited: bool },
    /// The connection was given away, or closed, or is not there yet.
    Nowhere,
}

/// A connection that took nothing of the message.
struct Gone;

impl Exchange {
    pub(super) fn new(
        own: Rc<Own>,
        message: Message,
        asked: Asked,
        repeatable: bool,
        fields: HeaderMap,
    ) -> Self {
        Self {
            own,
            message,
            repeatable,
            asked,
            at: At::Nowhere,
            attempts: 0,
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
        while let Some(link) = self.own.quiet() {
            if self.send(link, true).is_ok() {
                return;
            }
        }
        self.connect();
    }

    #[cold]
    fn connect(&mut self) {
        self.attempts += 1;
        let own = Rc::clone(&self.own);
        self.at = At::Connecting(Box::pin(async move { own.dial.connect().await }));
    }

    /// Writes what goes at once; a task writes the rest.
    fn send(&mut self, link: Link, waited: bool) -> Result<(), Gone> {
        let Link { read, write } = link;
        let message = &mut self.message;
        let wrote = if message.body.is_empty() {
            write.try_write(&message.head)
        } else {
            let both = [io::IoSlice::new(&message.head), io::IoSlice::new(&message.body)];
            write.try_write_vectored(&both)
        };
        match wrote {
            Ok(count) => message.sent = count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => message.sent = 0,
            Err(_) => return Err(Gone),
        }
        let all = message.sent == message.head.len() + message.body.len();
        let write =
            if all && message.upload.is_none() { Write::Done(write) } else { self.write_on(write) };
        self.at = At::Open { read, write, waited };
        Ok(())
    }

    #[cold]
    fn write_on(&mut self, write: OwnedWriteHalf) -> Write {
        self.repeatable = false;
        let message = std::mem::replace(&mut self.message, Message::none());
        Write::start(Writer::new(write, message, &self.own))
    }

    /// Waits for the head of the answer; what follows it can be read from then on.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<()>, Failure>> {
        loop {
            match &mut self.at {
                At::Connecting(connecting) => {
                    let stream = ready!(connecting.as_mut().poll(cx))?;
                    self.connected(stream)?;
                }
                At::Open { read, write, waited } => {
                    if write.poll(cx).is_err() {
                        return Poll::Ready(Err(Failure::Malformed));
                    }
                    let waited = *waited;
                    match ready!(self.own.fill(read, &mut self.buffer, cx)) {
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
    fn connected(&mut self, stream: TcpStream) -> Result<(), Failure> {
        self.own.dial.metrics.upstream_connects.inc();
        if self.send(Link::new(stream), false).is_err() {
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
        if !(waited && silent && self.repeatable) {
            return Err(Failure::Malformed);
        }
        self.own.dial.metrics.upstream_repeats.inc();
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
        self.own.take_back(std::mem::take(&mut self.message.head));
        self.decoder = Decoder::new(head.body);
        self.keeps = head.keep_alive;
        self.settle_if_whole();
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
