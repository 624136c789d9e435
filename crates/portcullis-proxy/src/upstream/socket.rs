//! A connection to an upstream, whatever it runs over: TCP, TLS on it, or a socket of this machine.
//!
//! Each is a variant rather than an object, so that the plain one costs what it did alone. Must not
//! know HTTP.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, Join, ReadBuf};
use tokio::net::{TcpStream, UnixStream, tcp, unix};
use tokio_rustls::client::TlsStream;

type Tls = TlsStream<TcpStream>;

/// A connection to an upstream.
pub(super) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(Box<Tls>),
}

/// Its reading side.
pub(crate) enum Reads {
    Tcp(tcp::OwnedReadHalf),
    Unix(unix::OwnedReadHalf),
    Tls(Rc<RefCell<Tls>>),
}

/// Its writing side.
pub(crate) enum Writes {
    Tcp(tcp::OwnedWriteHalf),
    Unix(unix::OwnedWriteHalf),
    Tls(Rc<RefCell<Tls>>),
}

impl Socket {
    /// Both sides as one stream.
    pub(super) fn joined(self) -> Join<Reads, Writes> {
        let (reads, writes) = self.into_split();
        tokio::io::join(reads, writes)
    }

    /// Both sides, each for itself.
    pub(super) fn into_split(self) -> (Reads, Writes) {
        match self {
            Self::Tcp(stream) => {
                let (read, write) = stream.into_split();
                (Reads::Tcp(read), Writes::Tcp(write))
            }
            Self::Unix(stream) => {
                let (read, write) = stream.into_split();
                (Reads::Unix(read), Writes::Unix(write))
            }
            Self::Tls(stream) => {
                let both = Rc::new(RefCell::new(*stream));
                (Reads::Tls(Rc::clone(&both)), Writes::Tls(both))
            }
        }
    }
}

/// Does to TLS what needs no waiting.
fn at_once<T>(
    tls: &RefCell<Tls>,
    work: impl FnOnce(Pin<&mut Tls>, &mut Context<'_>) -> Poll<io::Result<T>>,
) -> io::Result<T> {
    let mut cx = Context::from_waker(Waker::noop());
    match work(Pin::new(&mut *tls.borrow_mut()), &mut cx) {
        Poll::Ready(done) => done,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl Reads {
    /// Reads what is there.
    pub(super) fn try_read(&self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(read) => read.try_read(into),
            Self::Unix(read) => read.try_read(into),
            Self::Tls(tls) => at_once(tls, |tls, cx| {
                let mut into = ReadBuf::new(into);
                tls.poll_read(cx, &mut into).map_ok(|()| into.filled().len())
            }),
        }
    }

    /// Where it leads.
    pub(super) fn peer_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(read) => read.peer_addr(),
            Self::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
            Self::Tls(tls) => tls.borrow().get_ref().0.peer_addr(),
        }
    }
}

impl Writes {
    /// Writes what goes at once.
    #[inline]
    pub(super) fn try_write(&self, head: &[u8], body: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(write) if body.is_empty() => write.try_write(head),
            Self::Tcp(write) => write.try_write_vectored(&[IoSlice::new(head), IoSlice::new(body)]),
            Self::Unix(write) => {
                write.try_write_vectored(&[IoSlice::new(head), IoSlice::new(body)])
            }
            Self::Tls(tls) => at_once(tls, |tls, cx| {
                tls.poll_write_vectored(cx, &[IoSlice::new(head), IoSlice::new(body)])
            }),
        }
    }

    /// Whether all that was written went out.
    #[inline]
    pub(super) fn is_flushed(&self) -> bool {
        match self {
            Self::Tcp(_) | Self::Unix(_) => true,
            Self::Tls(tls) => at_once(tls, |tls, cx| tls.poll_flush(cx)).is_ok(),
        }
    }
}

impl AsyncRead for Reads {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(read) => Pin::new(read).poll_read(cx, into),
            Self::Unix(read) => Pin::new(read).poll_read(cx, into),
            Self::Tls(tls) => Pin::new(&mut *tls.borrow_mut()).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Writes {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(write) => Pin::new(write).poll_write(cx, bytes),
            Self::Unix(write) => Pin::new(write).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(&mut *tls.borrow_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(write) => Pin::new(write).poll_write_vectored(cx, pieces),
            Self::Unix(write) => Pin::new(write).poll_write_vectored(cx, pieces),
            Self::Tls(tls) => Pin::new(&mut *tls.borrow_mut()).poll_write_vectored(cx, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(_) | Self::Unix(_) => Poll::Ready(Ok(())),
            Self::Tls(tls) => Pin::new(&mut *tls.borrow_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(write) => Pin::new(write).poll_shutdown(cx),
            Self::Unix(write) => Pin::new(write).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(&mut *tls.borrow_mut()).poll_shutdown(cx),
        }
    }
}
