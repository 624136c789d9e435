//! Listening sockets: one per thread and listener, so that the kernel shares connections out.
//!
//! Must not know what is served.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

use crate::{Listener, ProxyError};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// A socket of a listener, which has that number.
pub(crate) type Bound = (usize, Listener, TcpListener);

/// For each listener where it listens, and for each thread a socket of every listener.
///
/// # Errors
/// [`ProxyError::PortTaken`] when somebody else listens there, [`ProxyError::Listen`] for anything else.
pub(crate) fn listen(
    listeners: &[Listener],
    threads: usize,
) -> Result<(Vec<SocketAddr>, Vec<Vec<Bound>>), ProxyError> {
    let mut addrs = Vec::with_capacity(listeners.len());
    let mut sockets: Vec<Vec<Bound>> = (0..threads.max(1)).map(|_| Vec::new()).collect();
    for (number, listener) in listeners.iter().enumerate() {
        if !listener.handed_over.is_empty() {
            let shared = share(number, listener, &mut sockets);
            addrs.push(shared.map_err(|error| refused(listener.address, error))?);
            continue;
        }
        let (addr, first) = take(listener.address)?;
        addrs.push(addr);
        let mut first = Some(first);
        for of_thread in &mut sockets {
            let socket = first.take().map_or_else(|| bind(addr, true), Ok);
            let socket = socket.map_err(|error| refused(addr, error))?;
            socket.listen(BACKLOG).map_err(|error| refused(addr, error))?;
            of_thread.push((number, listener.clone(), socket.into()));
        }
    }
    Ok((addrs, sockets))
}

/// Gives each socket that was handed over to a thread, and each thread one of them; where they listen.
///
/// Threads may wait on the same socket: the kernel has whoever is free take the next connection.
fn share(number: usize, listener: &Listener, threads: &mut [Vec<Bound>]) -> io::Result<SocketAddr> {
    let given = &listener.handed_over;
    let turns = given.len().max(threads.len());
    let pairs = (0..turns).filter_map(|turn| {
        let thread = turn.checked_rem(threads.len())?;
        Some((thread, given.get(turn.checked_rem(given.len())?)?))
    });
    for (thread, socket) in pairs.collect::<Vec<_>>() {
        let socket = socket.try_clone()?;
        socket.set_nonblocking(true)?;
        if let Some(of_thread) = threads.get_mut(thread) {
            let listener = Listener { handed_over: Vec::new(), ..listener.clone() };
            of_thread.push((number, listener, socket));
        }
    }
    given.first().map_or(Ok(listener.address), |socket| socket.local_addr())
}

/// The sockets of each listener once more, for whoever serves them after us.
pub(crate) fn kept(
    listeners: &[Listener],
    threads: &[Vec<Bound>],
) -> Result<Vec<Vec<TcpListener>>, ProxyError> {
    let of = |(at, listener): (usize, &Listener)| {
        let each: io::Result<_> = match &*listener.handed_over {
            // Each thread has one of every listener, in their order.
            [] => threads.iter().filter_map(|of| Some(of.get(at)?.2.try_clone())).collect(),
            given => given.iter().map(|socket| socket.try_clone()).collect(),
        };
        each.map_err(|error| refused(listener.address, error))
    };
    listeners.iter().enumerate().map(of).collect()
}

/// The first socket at an address where nobody listens, and where that is.
///
/// With `SO_REUSEPORT` another process of the same user could share the port unseen, and take half of
/// the calls. Without it, binding tells. A port that the system chooses is nobody's, and is not let go
/// of again.
fn take(addr: SocketAddr) -> Result<(SocketAddr, Socket), ProxyError> {
    if addr.port() != 0 {
        bind(addr, false).map_err(|error| refused(addr, error))?;
    }
    let socket = bind(addr, true).map_err(|error| refused(addr, error))?;
    Ok((local(&socket, addr)?, socket))
}

fn bind(addr: SocketAddr, share: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // Connections of a process that just ended must not keep the next one from starting.
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(share)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    if !share {
        // Only one may listen, whoever else has the port bound.
        socket.listen(1)?;
    }
    Ok(socket)
}

fn local(socket: &Socket, addr: SocketAddr) -> Result<SocketAddr, ProxyError> {
    let found = socket.local_addr().map_err(|error| refused(addr, error))?;
    Ok(found.as_socket().unwrap_or(addr))
}

fn refused(addr: SocketAddr, error: io::Error) -> ProxyError {
    match error.kind() {
        io::ErrorKind::AddrInUse => ProxyError::PortTaken { addr },
        _ => ProxyError::Listen { addr, error },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn sockets_that_were_handed_over_are_shared_out() {
        let given = |count: usize| -> Vec<Arc<TcpListener>> {
            let any = SocketAddr::from(([127, 0, 0, 1], 0));
            (0..count).map(|_| Arc::new(TcpListener::bind(any).unwrap())).collect()
        };
        for (sockets, threads) in [(1, 1), (1, 3), (2, 3), (3, 2)] {
            let handed_over = given(sockets);
            let at: Vec<_> = handed_over.iter().map(|one| one.local_addr().unwrap()).collect();
            let nowhere = Listener::plain(SocketAddr::from(([192, 0, 2, 1], 1)));
            let listener = Listener { handed_over, ..nowhere };
            let (addrs, found) = listen(&[listener], threads).unwrap();
            assert_eq!(addrs, at[..1]);
            assert_eq!(found.len(), threads);
            assert!(found.iter().all(|of_thread| !of_thread.is_empty()), "each thread has one");
            let listened = found.iter().flatten().map(|(_, _, one)| one.local_addr().unwrap());
            let listened: std::collections::BTreeSet<_> = listened.collect();
            assert_eq!(listened, at.into_iter().collect(), "each is listened at");
        }
    }

    fn one(addr: SocketAddr) -> Result<(Vec<SocketAddr>, Vec<Vec<Bound>>), ProxyError> {
        listen(&[Listener::plain(addr)], 2)
    }

    #[test]
    fn a_taken_port_is_told_even_if_the_other_would_share_it() {
        // Where no other test is given the port once it is let go of.
        let any = SocketAddr::from(([127, 0, 0, 2], 0));
        let (addrs, sockets) = one(any).unwrap();
        assert_eq!(sockets.len(), 2);
        for of_thread in &sockets {
            assert_eq!(of_thread[0].2.local_addr().unwrap(), addrs[0]);
        }
        let error = one(addrs[0]).unwrap_err();
        assert!(matches!(error, ProxyError::PortTaken { .. }), "{error}");
        drop(sockets);
        assert!(one(addrs[0]).is_ok());
    }

    #[test]
    fn an_address_of_another_machine_is_told() {
        let error = one(SocketAddr::from(([192, 0, 2, 1], 0))).unwrap_err();
        assert!(matches!(error, ProxyError::Listen { .. }), "{error}");
    }
}
