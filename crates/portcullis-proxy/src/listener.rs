//! What the operator says about one address that partners connect to.
//!
//! Must not know sockets of connections.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use ipnet::IpNet;

use crate::tls::TlsFront;

/// An address that partners connect to.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// TLS in front; none: plain HTTP.
    pub tls: Option<TlsFront>,
    /// Who may connect, if anybody: proxies that announce each client by the PROXY protocol.
    pub proxy_protocol: Vec<IpNet>,
    /// Sockets that listen already, such as those of a service manager; none: ones of our own.
    pub handed_over: Vec<Arc<TcpListener>>,
    /// Whether somebody else holds those sockets for good, and serves who still waits there at the end.
    pub shared: bool,
}

impl Listener {
    /// One for plain HTTP.
    #[must_use]
    pub const fn plain(address: SocketAddr) -> Self {
        Self {
            address,
            tls: None,
            proxy_protocol: Vec::new(),
            handed_over: Vec::new(),
            shared: false,
        }
    }

    /// Whether HTTP begins with the first byte.
    pub(crate) const fn is_plain(&self) -> bool {
        self.tls.is_none() && self.proxy_protocol.is_empty()
    }
}
