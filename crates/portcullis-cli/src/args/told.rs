//! What can be typed of a change of an agreement: what those are told whom it leaves less.
//!
//! Must not know whom a change leaves less: the gate does.

use clap::Args;

use super::StatementArgs;

/// What those are told whom a change leaves less; needed where it leaves anybody less.
#[derive(Debug, Clone, Default, Args)]
pub struct ToldArgs {
    /// Why, where it leaves anybody less: a reason code, such as `agreement-changed`
    #[arg(long, value_name = "CODE", requires = "tell")]
    pub reason: Option<String>,
    /// What each of them is told: what changes, what it can do
    #[arg(long, value_name = "TEXT", requires = "reason")]
    pub tell: Option<String>,
    /// The case this belongs to
    #[arg(long, value_name = "ID", requires = "reason")]
    pub case: Option<String>,
    /// Announce it now, and carry it out on this day: a date, a time, or a length from now such as 30d
    #[arg(long, value_name = "WHEN", requires = "reason")]
    pub effective: Option<String>,
    /// What was found or agreed.
    #[command(flatten)]
    pub statement: StatementArgs,
}
