//! Listening sockets: one per thread and listener, so that the kernel shares connections out.
//!
//! Must not know what is served.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

use crate::{Listener, ProxyError};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// A socket of a listener.
pub(crate) type Bound = (Listener, TcpListener);

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
    for listener in listeners {
        let addr = free(listener.address)?;
        addrs.push(addr);
        for of_thread in &mut sockets {
            let socket = bind(addr, true).map_err(|error| refused(addr, error))?;
            socket.listen(BACKLOG).map_err(|error| refused(addr, error))?;
            of_thread.push((listener.clone(), socket.into()));
        }
    }
    Ok((addrs, sockets))
}

/// The address, once it is known that nobody listens there.
///
/// With `SO_REUSEPORT` another process of the same user could share the port unseen, and take half of
/// the calls. Without it, binding tells.
fn free(addr: SocketAddr) -> Result<SocketAddr, ProxyError> {
    let probe = bind(addr, false).map_err(|error| refused(addr, error))?;
    local(&probe, addr)
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
    use super::*;

    fn one(addr: SocketAddr) -> Result<(Vec<SocketAddr>, Vec<Vec<Bound>>), ProxyError> {
        listen(&[Listener::plain(addr)], 2)
    }

    #[test]
    fn a_taken_port_is_told_even_if_the_other_would_share_it() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (addrs, sockets) = one(any).unwrap();
        assert_eq!(sockets.len(), 2);
        for of_thread in &sockets {
            assert_eq!(of_thread[0].1.local_addr().unwrap(), addrs[0]);
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
