//! Sees to it that a set of rules is in force when the gate starts.
//!
//! Must not decide what a set may say.

use std::sync::Arc;

use portcullis_registry::{Actor, ActorKind, Command, Office};
use portcullis_types::Revision;

use super::board::Board;
use super::{drift, set};
use crate::config::Config;
use crate::talk;

/// Sees to it that a set is in force: the logged one, or, in a new log, the one on disk.
pub(super) fn in_force(
    config: &Config,
    runtime: &tokio::runtime::Runtime,
    office: &Arc<dyn Office>,
    board: &Arc<Board>,
) -> anyhow::Result<()> {
    let disk = set::read(&config.routes, &config.policies);
    let snapshot = office.snapshot();
    if let Some(policy) = snapshot.policy() {
        if let Some(fault) = board.notes().policy_fault {
            return Err(unreadable(policy.revision, &fault));
        }
        drift::tell(&disk, &policy.files, board);
        return Ok(());
    }
    let compiled = disk.and_then(|files| set::compile(&files, Revision(0)).map(|_| files));
    let files = compiled.map_err(|faults| {
        anyhow::anyhow!(
            "no set is in force yet, and the one on disk has faults\n{}",
            portcullis_yaml::Faults(faults)
        )
    })?;
    let actor = Actor { kind: ActorKind::Gate, id: "first start".to_owned() };
    let done = runtime.block_on(office.submit(actor, Command::PublishPolicy { files }))?;
    talk::info(&done.what);
    Ok(())
}

/// Why a gate does not start with a set that it can't read.
pub(super) fn unreadable(revision: Revision, fault: &str) -> anyhow::Error {
    anyhow::anyhow!(
        "the set of revision {} in the log does not compile with this program, so nothing can be judged; start the version that wrote it, `portcullis apply` a set that both can read, then start this one again\n{fault}",
        revision.0
    )
}
