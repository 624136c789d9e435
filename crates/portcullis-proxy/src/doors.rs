//! Where a thread's connections come from: its sockets, and threads that have more than their part.
//!
//! Must not know how a connection is served.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use crate::Listener;
use crate::accept::take;
use crate::listen::Bound;
use crate::shares::Handed;
use crate::thread::Thread;

/// Pause after a failed accept: for want of descriptors it would fail again at once.
const PAUSE: Duration = Duration::from_millis(50);

/// Where a thread's connections come from.
pub(crate) struct Doors {
    entrances: Rc<[Entrance]>,
    handed: Rc<RefCell<UnboundedReceiver<Handed>>>,
}

/// A socket that one thread listens on.
struct Entrance {
    socket: TcpListener,
    /// The number of its listener.
    number: usize,
    listener: Rc<Listener>,
}

impl Doors {
    /// Within the thread's runtime.
    pub(crate) fn new(sockets: Vec<Bound>, handed: UnboundedReceiver<Handed>) -> io::Result<Self> {
        let entrance = |(number, listener, socket)| -> io::Result<Entrance> {
            let (socket, listener) = (TcpListener::from_std(socket)?, Rc::new(listener));
            Ok(Entrance { socket, number, listener })
        };
        let entrances: Vec<Entrance> =
            sockets.into_iter().map(entrance).collect::<Result<_, _>>()?;
        Ok(Self { entrances: entrances.into(), handed: Rc::new(RefCell::new(handed)) })
    }

    /// Takes connections until the tasks are dropped.
    pub(crate) fn open(&self, thread: &Rc<Thread>) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for at in 0..self.entrances.len() {
            tasks.spawn_local(accept(Rc::clone(thread), Rc::clone(&self.entrances), at));
        }
        let (thread, entrances) = (Rc::clone(thread), Rc::clone(&self.entrances));
        tasks.spawn_local(receive(thread, entrances, Rc::clone(&self.handed)));
        tasks
    }

    /// Takes what had been connected when the gate began to drain, and nobody after that. Who waits at
    /// sockets that are `theirs`, another process serves.
    pub(crate) async fn close(self, thread: &Rc<Thread>, theirs: bool) {
        // From here on the other threads keep what they have.
        self.handed.borrow_mut().close();
        while let Ok(handed) = self.handed.borrow_mut().try_recv() {
            let_in(thread, &self.entrances, handed);
        }
        for entrance in &*self.entrances {
            if !theirs && !entrance.listener.shared {
                sweep(thread, entrance).await;
            }
        }
    }
}

async fn accept(thread: Rc<Thread>, entrances: Rc<[Entrance]>, at: usize) {
    let Some(entrance) = entrances.get(at) else { return };
    loop {
        while thread.connections.is_full() {
            thread.freed.notified().await;
        }
        match entrance.socket.accept().await {
            Ok((stream, peer)) if thread.share.is_beyond() => hand(&thread, entrance, stream, peer),
            Ok((stream, peer)) => take(&thread, &entrance.listener, stream, peer),
            // The peer gave up before it was accepted, which is no fault of ours.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(_) => {
                thread.metrics.connections.accept_errors.inc();
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn sweep(thread: &Rc<Thread>, entrance: &Entrance) {
    poll_fn(|cx| {
        while let Poll::Ready(Ok((stream, peer))) = entrance.socket.poll_accept(cx) {
            if thread.connections.is_full() {
                break;
            }
            take(thread, &entrance.listener, stream, peer);
        }
        Poll::Ready(())
    })
    .await;
}

/// Hands a fresh connection to the thread that has least.
fn hand(thread: &Rc<Thread>, entrance: &Entrance, stream: TcpStream, peer: SocketAddr) {
    // What can't be taken off this thread's runtime can't be served on another.
    let Ok(stream) = stream.into_std() else { return };
    match thread.share.hand(Handed { stream, peer, listener: entrance.number }) {
        Ok(()) => thread.metrics.connections.handed_over.inc(),
        Err(Handed { stream, peer, .. }) => {
            if let Ok(stream) = TcpStream::from_std(stream) {
                take(thread, &entrance.listener, stream, peer);
            }
        }
    }
}

/// Takes what other threads hand over; what there is no room for waits, as it would at a socket.
async fn receive(
    thread: Rc<Thread>,
    entrances: Rc<[Entrance]>,
    inbox: Rc<RefCell<UnboundedReceiver<Handed>>>,
) {
    loop {
        while thread.connections.is_full() {
            thread.freed.notified().await;
        }
        let next = poll_fn(|cx| inbox.borrow_mut().poll_recv(cx)).await;
        let Some(handed) = next else { return };
        let_in(&thread, &entrances, handed);
    }
}

fn let_in(thread: &Rc<Thread>, entrances: &[Entrance], handed: Handed) {
    let Handed { stream, peer, listener } = handed;
    // Whoever handed it over counted it here; so does whoever serves it.
    thread.share.went();
    // Each thread has an entrance of each listener.
    let entrance = entrances.iter().find(|entrance| entrance.number == listener);
    if let (Some(entrance), Ok(stream)) = (entrance, TcpStream::from_std(stream)) {
        take(thread, &entrance.listener, stream, peer);
    }
}
