//! What can be typed about changes that wait for their day.
//!
//! Must not know how a command is carried out.

use clap::Subcommand;

use super::DryRun;

/// Changes that wait for their day.
#[derive(Debug, Clone, Subcommand)]
pub enum ChangeCommand {
    /// List what was announced and has not come yet
    List,
    /// Show a change with the very command, and to whom it was announced
    Show {
        /// Its number
        id: u64,
    },
    /// Call one off; those to whom it was announced are told
    Cancel {
        /// Its number
        id: u64,
        /// Why, for who reads the log; the partners are not told
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// What each of them is told [default: that it does not come]
        #[arg(long, value_name = "TEXT")]
        tell: Option<String>,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
}
