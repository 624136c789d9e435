//! What others are given of a data plane that runs: where it listens, and how it is told something.
//!
//! Must not start or end anything.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use super::Running;
use crate::reach::{Cutter, Exchanger, Looker, Reach, Recaller};

impl Running {
    /// Where the first listener is.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        self.addrs.first().copied().unwrap_or(nowhere)
    }

    /// Where it listens, in the order of the listeners.
    #[must_use]
    pub fn addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    fn reaches(&self) -> Vec<Reach> {
        self.workers.iter().map(|worker| worker.reach.clone()).collect()
    }

    /// For whoever takes access away.
    #[must_use]
    pub fn cutter(&self) -> Cutter {
        Cutter(self.reaches())
    }

    /// For whoever looks at what is under way.
    #[must_use]
    pub fn looker(&self) -> Looker {
        Looker(self.reaches())
    }

    /// For whoever exchanges the upstreams.
    #[must_use]
    pub fn exchanger(&self) -> Exchanger {
        Exchanger { reaches: self.reaches(), settings: Arc::clone(&self.settings) }
    }

    /// For whoever looks for a call.
    #[must_use]
    pub fn recaller(&self) -> Recaller {
        Recaller(self.reaches())
    }

    /// The sockets of each listener, in their order, for another process.
    #[must_use]
    pub fn sockets(&self) -> &[Vec<TcpListener>] {
        &self.kept
    }
}
