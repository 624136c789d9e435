//! What can be typed after `ledger`.
//!
//! Must not know how a command is carried out.

use std::path::PathBuf;

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
    /// Say how many of the people in a file somebody received something of, by region, partner and class
    Affected(AffectedArgs),
    /// Check an answer that is evidence of a case, without a server; exits with 1 when anything differs
    Check(EvidenceCheckArgs),
    /// Compare every file with the root that the log has of it; exits with 1 when one is not as it was
    Verify,
    /// Have the log take up sets of files that it lost, as after it was put back from an older copy
    Adopt(AdoptArgs),
    /// Show how far the ledger is written, and which days can still be told
    Status,
    /// Show which partner was told to delete what by when, and what it attested
    Deletions(DeletionsArgs),
}

/// Of which time.
#[derive(Debug, Clone, Args)]
pub struct AskedTime {
    /// From when on: a date, a time, or how long ago such as 7d
    #[arg(long, value_name = "WHEN")]
    pub since: String,
    /// Until when [default: now]
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
}

/// Whose records, and why it is asked.
#[derive(Debug, Clone, Args)]
pub struct WhoArgs {
    /// The account, as the platform writes it
    #[arg(long, value_name = "ACCOUNT")]
    pub owner: String,
    /// The time.
    #[command(flatten)]
    pub time: AskedTime,
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
    /// As evidence.
    #[command(flatten)]
    pub taken: AsEvidence,
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
    /// The time.
    #[command(flatten)]
    pub time: AskedTime,
    /// Write comma-separated values
    #[arg(long)]
    pub csv: bool,
    /// As evidence.
    #[command(flatten)]
    pub taken: AsEvidence,
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
    /// As evidence.
    #[command(flatten)]
    pub taken: AsEvidence,
}

/// Of whom, and why it is asked.
#[derive(Debug, Clone, Args)]
pub struct AffectedArgs {
    /// A file with an account on each line, or `account,region`; regions are not kept
    #[arg(long, value_name = "FILE")]
    pub people: PathBuf,
    /// Only those of this region, as the file names it
    #[arg(long, value_name = "NAME")]
    pub region: Option<String>,
    /// Only by what this partner received
    #[arg(long, value_name = "ID")]
    pub partner: Option<String>,
    /// Only by what it received for this client
    #[arg(long, value_name = "ID")]
    pub client: Option<String>,
    /// The time.
    #[command(flatten)]
    pub time: AskedTime,
    /// What it is asked for; it stands in the log, the accounts under a seal, by their digest where they are many
    #[arg(long, value_name = "TEXT")]
    pub purpose: String,
    /// The case it is asked for
    #[arg(long, value_name = "ID")]
    pub case: Option<String>,
    /// Name those who are affected
    #[arg(long)]
    pub list: bool,
    /// Write comma-separated values
    #[arg(long)]
    pub csv: bool,
    /// As evidence.
    #[command(flatten)]
    pub taken: AsEvidence,
}

/// The answer as evidence.
#[derive(Debug, Clone, Default, Args)]
pub struct AsEvidence {
    /// Add the answer to this case as evidence, from what is anchored in the log alone
    #[arg(long, value_name = "CASE", requires = "save")]
    pub evidence: Option<String>,
    /// Write the evidence here: the gate has its digest alone; an existing file is not overwritten
    #[arg(long, value_name = "FILE", requires = "evidence")]
    pub save: Option<PathBuf>,
}

/// Which sets, and why they are believed.
#[derive(Debug, Clone, Args)]
pub struct AdoptArgs {
    /// Sets that the log does not have, as `ledger status` names them
    #[arg(value_name = "SET", required_unless_present = "all")]
    pub sets: Vec<String>,
    /// All that the log does not have
    #[arg(long, conflicts_with = "sets")]
    pub all: bool,
    /// Why they are what the gate wrote; it stands in the log with your name and each file's root
    #[arg(long, value_name = "TEXT")]
    pub why: String,
}

/// What is checked, and by what.
#[derive(Debug, Clone, Args)]
#[command(group(clap::ArgGroup::new("log").required(true).args(["db", "export"])))]
pub struct EvidenceCheckArgs {
    /// The file that `--save` wrote
    #[arg(value_name = "EVIDENCE")]
    pub file: PathBuf,
    /// The database file with the log, or a copy of it
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// The exported log
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// The ledger's folder, or a copy of it
    #[arg(long, value_name = "DIR")]
    pub ledger: PathBuf,
    /// The public key that must have signed the root, `name+id+key`; without it a log forged as a whole,
    /// keys included, would pass
    #[arg(long, visible_alias = "key", value_name = "VKEY")]
    pub log_key: Option<String>,
}
