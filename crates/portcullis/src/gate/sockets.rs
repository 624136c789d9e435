//! Sockets that the gate listens on, beside those of the data plane.
//!
//! Must not know what is served on them.

use std::net::{SocketAddr, TcpListener};

use anyhow::Context;

/// The socket of the admin API.
pub(crate) fn admin(at: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(at).with_context(|| {
        format!(
            "the admin API can't listen on {at}; stop what listens there or change `admin.listen`"
        )
    })
}
