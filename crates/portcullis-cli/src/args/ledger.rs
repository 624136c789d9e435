//! What can be typed after `ledger`.
//!
//! Must not know how a command is carried out.

use clap::Subcommand;

use super::DeletionsArgs;

/// Ask what left the gate, for whom, and what has to be deleted.
#[derive(Debug, Clone, Subcommand)]
pub enum LedgerCommand {
    /// Show which partner was told to delete what by when, and what it attested
    Deletions(DeletionsArgs),
}
