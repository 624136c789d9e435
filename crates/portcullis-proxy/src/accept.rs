//! Connections: told apart by their first bytes, served, and ended.
//!
//! Must not know calls, nor what stands before HTTP on a listener.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use http::HeaderValue;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::conn::Conn;
use crate::guard::Watch;
use crate::thread::Thread;
use crate::tls::ClientCertificate;
use crate::{Listener, entry, http1, http2, parked};

/// How an HTTP/2 connection begins (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// What is buffered of one connection at most.
pub(crate) const BUFFER_MAX: usize = 64 * 1024;

/// Counts a connection for as long as it lives.
struct Counted(Rc<Thread>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.connections.give(1);
        self.0.share.went();
        self.0.metrics.connections.open.dec();
        // Each listener waits for itself, and any of them may have somebody waiting.
        self.0.freed.notify_waiters();
    }
}

/// Serves a connection that came in at that listener, if there is room.
pub(crate) fn take(
    thread: &Rc<Thread>,
    listener: &Rc<Listener>,
    stream: TcpStream,
    peer: SocketAddr,
) {
    if !thread.connections.take(1) {
        return;
    }
    thread.share.came();
    thread.metrics.connections.open.inc();
    let counted = Counted(Rc::clone(thread));
    let ip = peer.ip().to_canonical();
    // Without it small answers would wait for the last one's acknowledgement.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    // Two tasks, so that plain connections don't take the memory of the others.
    if listener.is_plain() {
        let Some(place) = thread.addresses.take(ip) else {
            return thread.metrics.turned_away("address");
        };
        // Boxed: it is handed from one future to the next, and each has room for it.
        let stream = Box::new(stream);
        tokio::task::spawn_local(async move {
            // Boxed: given back once it is known what is spoken.
            if let Some((conn, stream)) = Box::pin(open(&counted.0, stream, ip)).await {
                speak(&conn, stream).await;
            }
            drop(place);
        });
    } else {
        let listener = Rc::clone(listener);
        tokio::task::spawn_local(async move {
            entry::pass(&counted.0, &listener, stream, ip).await;
        });
    }
}

/// Looks what is spoken on a connection whose bytes come in order, from a peer at that address; none:
/// nothing in time.
pub(crate) async fn open<T>(thread: &Rc<Thread>, mut stream: T, ip: IpAddr) -> Option<(Rc<Conn>, T)>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let watch = watch(thread);
    let first = watch.alarm.guard(first_bytes(&mut stream)).await??;
    let http2 = first == PREFACE || first.starts_with(PREFACE);
    let conn = conn(thread, watch, Peer { ip, http2, certificate: None });
    conn.first.set(first);
    Some((conn, stream))
}

/// Who connected, and how.
pub(crate) struct Peer {
    pub(crate) ip: IpAddr,
    pub(crate) http2: bool,
    pub(crate) certificate: Option<ClientCertificate>,
}

/// The first head is due from now on.
pub(crate) fn watch(thread: &Thread) -> Rc<Watch> {
    Watch::new(thread.ticker.alarm(), Rc::clone(&thread.times))
}

/// A connection with that peer.
pub(crate) fn conn(thread: &Rc<Thread>, watch: Rc<Watch>, peer: Peer) -> Rc<Conn> {
    let Peer { ip, http2, certificate } = peer;
    let trusted = thread.settings.trusted.iter().any(|net| net.contains(&ip));
    let forwarded_for = HeaderValue::try_from(ip.to_string())
        .unwrap_or_else(|_| HeaderValue::from_static("unknown"));
    watch.http2.set(http2);
    Rc::new(Conn {
        thread: Rc::clone(thread),
        watch,
        peer: ip,
        trusted,
        forwarded_for,
        http2,
        certificate,
        host: RefCell::default(),
        tunnel: Cell::default(),
        first: Cell::default(),
    })
}

/// Speaks HTTP with a peer, to the connection's end.
pub(crate) async fn speak<T>(conn: &Rc<Conn>, stream: T)
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
{
    // Boxed, so that others don't take as much memory.
    if conn.http2 {
        Box::pin(http2::serve(conn, stream)).await;
    } else {
        http1::serve(conn, stream).await;
    }
}

/// Reads until the protocol is clear; none: the peer left.
async fn first_bytes<T: AsyncRead + Unpin>(stream: &mut T) -> Option<Vec<u8>> {
    let mut first = Vec::new();
    loop {
        if poll_fn(|cx| parked::read(stream, &mut first, cx)).await == 0 {
            return None;
        }
        let common = first.len().min(PREFACE.len());
        if first.len() >= PREFACE.len() || first.get(..common) != PREFACE.get(..common) {
            return Some(first);
        }
    }
}
