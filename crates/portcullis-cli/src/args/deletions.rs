//! What can be typed after `ledger deletions`.
//!
//! Must not know how a command is carried out.

use clap::Args;

/// Which lists of deletions.
#[derive(Debug, Clone, Args)]
pub struct DeletionsArgs {
    /// Only this list, with what of it stays at the partner
    #[arg(conflicts_with_all = ["partner", "since", "overdue"])]
    pub list: Option<String>,
    /// Only those of this partner
    #[arg(long, value_name = "ID")]
    pub partner: Option<String>,
    /// Only those told since then: a date, a time, or how long ago such as 7d
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Only those that are due and not attested
    #[arg(long)]
    pub overdue: bool,
    /// At most this many
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub limit: u64,
}
