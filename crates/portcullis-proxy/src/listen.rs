//! Listening sockets: one per thread on the same port, so that the kernel shares connections out.
//!
//! Must not know what is served.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

use crate::ProxyError;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// As many listeners as threads, all on one port.
///
/// # Errors
/// [`ProxyError::PortTaken`] when somebody else listens there, [`ProxyError::Listen`] for anything else.
pub(crate) fn listeners(addr: SocketAddr, count: usize) -> Result<Vec<TcpListener>, ProxyError> {
    // With SO_REUSEPORT another process of the same user could share the port unseen, and take half
    // of the calls. Without it, binding tells.
    let free = bind(addr, false).map_err(|error| refused(addr, error))?;
    let addr = local(&free, addr)?;
    drop(free);
    let mut listeners = Vec::with_capacity(count);
    for _ in 0..count.max(1) {
        let socket = bind(addr, true).map_err(|error| refused(addr, error))?;
        socket.listen(BACKLOG).map_err(|error| refused(addr, error))?;
        listeners.push(socket.into());
    }
    Ok(listeners)
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

    #[test]
    fn a_taken_port_is_told_even_if_the_other_would_share_it() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let first = listeners(any, 2).unwrap();
        let addr = first[0].local_addr().unwrap();
        assert_eq!(first[1].local_addr().unwrap(), addr);
        let error = listeners(addr, 1).unwrap_err();
        assert!(matches!(error, ProxyError::PortTaken { .. }), "{error}");
        drop(first);
        assert!(listeners(addr, 1).is_ok());
    }

    #[test]
    fn an_address_of_another_machine_is_told() {
        let error = listeners(SocketAddr::from(([192, 0, 2, 1], 0)), 1).unwrap_err();
        assert!(matches!(error, ProxyError::Listen { .. }), "{error}");
    }
}
