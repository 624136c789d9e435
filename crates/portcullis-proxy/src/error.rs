//! Why the data plane could not start.
//!
//! Must not know what a call is.

use std::io;
use std::net::SocketAddr;

/// Why [`crate::Proxy::start`] did not start.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// Another process listens there.
    #[error(
        "the address {addr} is taken by another process; stop it or set another `listen` address"
    )]
    PortTaken {
        /// The address.
        addr: SocketAddr,
    },
    /// The address is not one of this machine, or needs a right the process lacks.
    #[error("cannot listen on {addr}: {error}; check that the address is one of this machine")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// A thread or its runtime could not be made.
    #[error(
        "cannot start data-plane thread {thread}: {error}; raise the limit on threads and open files"
    )]
    Thread {
        /// Which, from 0.
        thread: usize,
        /// What the system said.
        error: io::Error,
    },
}

/// Why a text of the configuration is not what it should be.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum SettingError {
    /// Not `http://host:port`.
    #[error(
        "`{0}` is not an upstream address; write `http://host:port` or `https://host:port`, without a path, or `unix:/path/of/a.sock`"
    )]
    Upstream(String),
    /// Not a public base URL.
    #[error(
        "`{0}` is not a public base; write what partners type, such as `https://api.example.com` or `https://example.com/graph`"
    )]
    PublicUrl(String),
    /// A secret that can't stand in a header.
    #[error(
        "the platform credential is empty or holds characters that no header can carry; check its file for stray bytes"
    )]
    Credential,
}
