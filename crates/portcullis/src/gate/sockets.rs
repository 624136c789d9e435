//! Sockets that the gate did not open itself: handed over at its start by a service manager, or by
//! the process before it.
//!
//! As `sd_listen_fds` has it: `LISTEN_FDS`, `LISTEN_PID`, and names in `LISTEN_FDNAMES`. A socket that
//! nobody takes stops the start: who connects there would wait for ever. Must not know what is
//! served on them.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::Context;
use listenfd::ListenFd;

/// What a socket without a name is called, by the same convention.
pub(super) const NAMELESS: &str = "unknown";

/// Sockets that listen already.
#[derive(Debug, Default)]
pub(crate) struct HandedOver {
    each: Vec<Handed>,
}

#[derive(Debug)]
struct Handed {
    name: String,
    at: SocketAddr,
    socket: TcpListener,
    /// Whether somebody else holds it for good.
    shared: bool,
}

impl HandedOver {
    /// Those that the environment tells of. To be called once, before there are other threads.
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut found = ListenFd::from_env();
        let mut handed = Self::default();
        for at in 0..found.len() {
            let name = names.next().filter(|name| !name.is_empty()).unwrap_or(NAMELESS).to_owned();
            let unfit = || {
                format!(
                    "the socket `{name}` that was handed over is not one of TCP; take it out of the unit"
                )
            };
            let socket = found.take_tcp_listener(at).with_context(unfit)?.with_context(unfit)?;
            handed.add(name.clone(), socket, true).with_context(unfit)?;
        }
        Ok(handed)
    }

    /// One more.
    pub(crate) fn add(
        &mut self,
        name: String,
        socket: TcpListener,
        shared: bool,
    ) -> std::io::Result<()> {
        let at = socket.local_addr()?;
        self.each.push(Handed { name, at, socket, shared });
        Ok(())
    }

    /// Those for a listener: of that name where it has one, else at that address; and whether somebody
    /// else holds them for good.
    pub(crate) fn take(
        &mut self,
        at: SocketAddr,
        name: Option<&str>,
    ) -> anyhow::Result<(Vec<Arc<TcpListener>>, bool)> {
        let fits = |one: &mut Handed| name.map_or(one.at == at, |name| one.name == name);
        let taken: Vec<_> = self.each.extract_if(.., fits).collect();
        let shared = taken.iter().any(|one| one.shared);
        let taken: Vec<_> = taken.into_iter().map(|one| Arc::new(one.socket)).collect();
        match name {
            Some(name) if taken.is_empty() => anyhow::bail!(
                "no socket `{name}` was handed over for {at}; start the gate by its socket unit, or leave out `socket:`"
            ),
            _ => Ok((taken, shared)),
        }
    }

    /// The socket of the admin API.
    pub(crate) fn admin(&mut self, at: SocketAddr) -> anyhow::Result<TcpListener> {
        let handed = self.take(at, None)?.0.pop();
        match handed {
            Some(socket) => Ok(socket.try_clone()?),
            None => TcpListener::bind(at).with_context(|| {
                format!(
                    "the admin API can't listen on {at}; stop what listens there or change `admin.listen`"
                )
            }),
        }
    }

    /// Whether every socket found its listener.
    pub(crate) fn none_left(self) -> anyhow::Result<()> {
        let left: Vec<_> =
            self.each.iter().map(|one| format!("`{}` at {}", one.name, one.at)).collect();
        if left.is_empty() {
            return Ok(());
        }
        anyhow::bail!(
            "no listener takes the sockets that were handed over: {}; give a listener that address or, as `socket:`, that name",
            left.join(", ")
        )
    }
}
