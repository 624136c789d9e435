//! What the operator says about one address that partners connect to.
//!
//! Must not know sockets of connections.

use std::net::SocketAddr;

use crate::tls::TlsFront;

/// An address that partners connect to.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// TLS in front; none: plain HTTP.
    pub tls: Option<TlsFront>,
}

impl Listener {
    /// One for plain HTTP.
    #[must_use]
    pub const fn plain(address: SocketAddr) -> Self {
        Self { address, tls: None }
    }
}
