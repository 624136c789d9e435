//! What the program asks of a gate that serves.
//!
//! Must not open or end anything.

use std::net::SocketAddr;
use std::sync::Arc;

use portcullis_registry::{Actor, Command, Done, Evidence as _, GrantsBatch, Office as _};

use super::Gate;
use super::keymaker::Minter;

impl Gate {
    /// Where partners call.
    pub(crate) fn public(&self) -> SocketAddr {
        self.public
    }

    /// Every address that partners call, as a sentence names them.
    pub(crate) fn reached_at(&self) -> &str {
        &self.reached_at
    }

    /// Looks at all files again, whether they seem to have changed or not.
    pub(crate) fn look(&self) {
        if let Some(watching) = &self.watching {
            watching.look();
        }
    }

    /// Where operators call.
    pub(crate) fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Carries out a command of somebody on this machine.
    pub(crate) fn submit(&self, actor: Actor, command: Command) -> anyhow::Result<Done> {
        Ok(self.runtime.block_on(self.store.submit(actor, command))?)
    }

    /// Takes in what accounts granted.
    pub(crate) fn grant(&self, actor: Actor, batch: GrantsBatch) -> anyhow::Result<()> {
        self.runtime.block_on(self.store.office.change_grants(actor, batch))?;
        Ok(())
    }

    /// Makes keys for this gate.
    pub(crate) fn minter(&self) -> Minter {
        Minter { judge: Arc::clone(&self.judge), env: self.key_env.clone() }
    }

    /// Verifies the log: whether it is clean, and a line about it.
    pub(crate) fn verify(&self) -> anyhow::Result<(bool, String)> {
        let found = self.runtime.block_on(self.store.office.verify(Vec::new()))?;
        Ok((found.is_clean(), found.to_string()))
    }
}
