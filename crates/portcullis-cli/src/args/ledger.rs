//! What can be typed after `ledger`.
//!
//! Must not know how a command is carried out.

use clap::{Args, Subcommand};

use super::DeletionsArgs;

/// Ask what left the gate, for whom, and what has to be deleted.
#[derive(Debug, Clone, Subcommand)]
pub enum LedgerCommand {
    /// Say who received records of an account, what, when and by which rule; the log says that you asked
    Who(WhoArgs),
    /// Say what a partner received: classes, records, different owners and places, cells of the map
    What(WhatArgs),
    /// Say how much left between a first breach and the moment it was stopped
    Between(BetweenArgs),
    /// Compare every file with the root that the log has of it; exits with 1 when one is not as it was
    Verify,
    /// Show how far the ledger is written, and which days can still be told
    Status,
    /// Show which partner was told to delete what by when, and what it attested
    Deletions(DeletionsArgs),
}

/// Whose records, and why it is asked.
#[derive(Debug, Clone, Args)]
pub struct WhoArgs {
    /// The account, as the platform writes it
    #[arg(long, value_name = "ACCOUNT")]
    pub owner: String,
    /// From when on: a date, a time, or how long ago such as 7d
    #[arg(long, value_name = "WHEN")]
    pub since: String,
    /// Until when [default: now]
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
    /// What it is asked for; it stands in the log, the account only under a seal
    #[arg(long, value_name = "TEXT")]
    pub purpose: String,
    /// The case it is asked for
    #[arg(long, value_name = "ID")]
    pub case: Option<String>,
    /// List each answer that held a record of the account, instead of sums
    #[arg(long)]
    pub answers: bool,
    /// Write comma-separated values
    #[arg(long)]
    pub csv: bool,
}

/// Whose part.
#[derive(Debug, Clone, Args)]
pub struct WhatArgs {
    /// The partner's id
    #[arg(long, value_name = "ID")]
    pub partner: String,
    /// Only for this client of it
    #[arg(long, value_name = "ID")]
    pub client: Option<String>,
    /// From when on: a date, a time, or how long ago such as 7d
    #[arg(long, value_name = "WHEN")]
    pub since: String,
    /// Until when [default: now]
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
    /// Write comma-separated values
    #[arg(long)]
    pub csv: bool,
}

/// Between which moments.
#[derive(Debug, Clone, Args)]
pub struct BetweenArgs {
    /// The first breach: a date, a time, or how long ago
    #[arg(long, value_name = "WHEN")]
    pub breach: String,
    /// When it was stopped [default: now]
    #[arg(long, value_name = "WHEN")]
    pub stop: Option<String>,
    /// Only to this partner
    #[arg(long, value_name = "ID")]
    pub partner: Option<String>,
    /// Write comma-separated values
    #[arg(long)]
    pub csv: bool,
}
