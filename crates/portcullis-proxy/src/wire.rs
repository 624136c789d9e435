//! One connection of HTTP/1.1 towards a caller: what is read of it and what waits to be written.
//!
//! The calls of a connection come one after another, so that a body and whoever answers share it. It
//! also keeps the times that a caller has. Must not know what a call is, nor how it is answered.

mod carrying;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use bytes::BytesMut;
use http::HeaderMap;
use portcullis_h1::{Call, CallBounds, CallFault, CallReader, Decoder};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::conn::Conn;
use crate::linger::{LINGER, Linger};
use crate::out::Out;
use crate::received::{Carried, Turn};

/// One connection.
pub(crate) struct Wire<T> {
    conn: Rc<Conn>,
    bounds: CallBounds,
    /// Whether the call under way is the last.
    pub(crate) last: Cell<bool>,
    /// Whether it ends where no call is under way.
    pub(crate) leaves: Cell<bool>,
    inner: RefCell<Inner<T>>,
}

struct Inner<T> {
    /// None once it was taken away.
    io: Option<T>,
    /// Read, and not looked at yet.
    read: BytesMut,
    reader: CallReader,
    /// The last call that came.
    turn: Turn,
    /// The body of the call under way; none: it has none, or there is no call.
    body: Option<Decoder>,
    /// Whether somebody reads it.
    is_read: bool,
    /// Who waits for the caller to leave, until the body is read.
    watcher: Option<Waker>,
    leave: Leave,
    out: Out,
    /// Whether what was read is in memory of its own.
    kept: bool,
}

/// Leave for a caller to send a body.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
enum Leave {
    /// It waits for it.
    Owed,
    /// It is on its way.
    Going,
    /// It has it, or never waited.
    Given,
}

/// What comes next on a connection.
pub(crate) enum Next {
    /// A call; the fields are in the memory that was given.
    Call(Box<Call>),
    /// A head that is refused; nothing more is read.
    Refused(CallFault),
    /// Nothing.
    Over,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Wire<T> {
    /// A connection of which `first` was read already.
    pub(crate) fn new(conn: &Rc<Conn>, io: T, first: &[u8]) -> Self {
        let limits = &conn.thread.settings.limits;
        Self {
            bounds: CallBounds { bytes: limits.head_bytes, fields: limits.headers },
            last: Cell::new(false),
            leaves: Cell::new(false),
            inner: RefCell::new(Inner {
                io: Some(io),
                read: BytesMut::from(first),
                reader: CallReader::default(),
                turn: Turn::default(),
                body: None,
                is_read: false,
                watcher: None,
                leave: Leave::Given,
                out: Out::default(),
                kept: true,
            }),
            conn: Rc::clone(conn),
        }
    }

    /// The connection itself, between two calls or once it speaks no HTTP any more; none: bytes came
    /// that nobody waited for.
    pub(crate) fn into_io(self: Rc<Self>) -> Option<T> {
        let mut inner = self.inner.borrow_mut();
        let quiet = inner.read.is_empty() && !inner.owes() && !inner.reader.has_begun();
        inner.io.take().filter(|_| quiet)
    }

    /// Waits for the next call.
    pub(crate) fn next(&self, fields: &mut HeaderMap, cx: &mut Context<'_>) -> Poll<Next> {
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        let watch = &self.conn.watch;
        loop {
            if !inner.read.is_empty() {
                match inner.reader.read(&mut inner.read, self.bounds, fields) {
                    Ok(Some(call)) => {
                        watch.alarm.off();
                        let body = Decoder::of_call(call.body);
                        inner.turn.0 += 1;
                        inner.leave = if call.expects { Leave::Owed } else { Leave::Given };
                        inner.body = (!body.is_end()).then_some(body);
                        return Poll::Ready(Next::Call(Box::new(call)));
                    }
                    Ok(None) => inner.keeps_little(),
                    Err(fault) => return Poll::Ready(Next::Refused(fault)),
                }
                watch.head_began();
            } else if self.leaves.get() {
                return Poll::Ready(Next::Over);
            }
            if ready!(inner.fill(&self.conn, cx)) == 0 {
                return Poll::Ready(Next::Over);
            }
        }
    }

    /// Ready once the caller left, while its call is under way. What it sends meanwhile is kept for the
    /// next one.
    pub(crate) fn gone(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.inner.borrow_mut();
        if inner.owes() {
            // Whoever reads the body sees its end.
            inner.watcher = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if !inner.read.is_empty() {
            return Poll::Pending;
        }
        if ready!(inner.fill(&self.conn, cx)) == 0 {
            return Poll::Ready(());
        }
        inner.keeps_little();
        Poll::Pending
    }

    /// Ready once nobody reads the body of the call any more.
    pub(crate) fn was_read(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.inner.borrow_mut();
        if !inner.owes() || !inner.is_read {
            return Poll::Ready(());
        }
        inner.watcher = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Whether all of the call is read, will be, or is here and can be passed over.
    pub(crate) fn has_all(&self) -> bool {
        let mut inner = self.inner.borrow_mut();
        if inner.is_read {
            return true;
        }
        let Inner { read, body, leave, .. } = &mut *inner;
        let Some(decoder) = body else { return true };
        if *leave != Leave::Given {
            return false;
        }
        while let Ok(Some(_)) = decoder.next(read) {}
        if !decoder.is_end() {
            return false;
        }
        *body = None;
        true
    }

    /// Whether the caller owes a part of its call.
    pub(crate) fn owes(&self) -> bool {
        self.inner.borrow().owes()
    }

    /// The body of the last call that came.
    pub(crate) fn body(self: &Rc<Self>) -> Carried
    where
        T: 'static,
    {
        let mut inner = self.inner.borrow_mut();
        inner.is_read = true;
        Carried { by: Rc::<Self>::clone(self), turn: inner.turn }
    }

    /// What waits to be written.
    pub(crate) fn write<R>(&self, write: impl FnOnce(&mut Out) -> R) -> R {
        write(&mut self.inner.borrow_mut().out)
    }

    /// Writes all that waits.
    pub(crate) fn flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.inner.borrow_mut();
        let Inner { io: Some(io), out, .. } = &mut *inner else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        out.flush(io, &self.conn.watch, cx)
    }

    /// Ends the connection; `unread`: bytes may still come.
    pub(crate) async fn end(&self, unread: bool) {
        let Some(mut io) = self.inner.borrow_mut().io.take() else { return };
        if poll_fn(|cx| Pin::new(&mut io).poll_shutdown(cx)).await.is_ok() && unread {
            self.conn.watch.lingers(LINGER);
            let mut linger = Linger::new();
            let _ = poll_fn(|cx| linger.poll(&mut io, cx)).await;
        }
    }
}

impl<T: AsyncRead + Unpin> Inner<T> {
    /// Reads what is there; 0: nothing more comes.
    fn fill(&mut self, conn: &Conn, cx: &mut Context<'_>) -> Poll<usize> {
        let Self { io: Some(io), read, kept, .. } = self else { return Poll::Ready(0) };
        *kept &= !read.is_empty();
        conn.thread.block.fill(io, read, cx).map(|count| count.unwrap_or(0))
    }
}

impl<T> Inner<T> {
    fn owes(&self) -> bool {
        self.body.is_some()
    }

    /// Little that may be held for long moves to memory of its own: as a slice it would keep a block.
    fn keeps_little(&mut self) {
        if !self.kept {
            self.read = BytesMut::from(&*self.read);
            self.kept = true;
        }
    }
}
