//! What can be typed after `grant`, and about facts and modes.
//!
//! Must not know how a command is carried out.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{DryRun, ToldArgs};

/// Accounts that let a partner act for them.
#[derive(Debug, Clone, Subcommand)]
pub enum GrantCommand {
    /// Feed grants from a file: one JSON object a line, or CSV with a head line
    Import {
        /// The file; `-` is standard input
        file: PathBuf,
        /// The file names all grants there are: withdraw those it does not name
        #[arg(long)]
        whole: bool,
        /// With --whole: the file may name less than half of the grants there are
        #[arg(long, requires = "whole")]
        thin: bool,
        /// Only if no grant was changed since this version
        #[arg(long, value_name = "VERSION")]
        if_version: Option<u64>,
    },
    /// Give a grant to accounts, or change its term
    Add {
        /// The accounts' ids at the platform
        #[arg(required = true)]
        account: Vec<String>,
        /// Whose grant, and for which client.
        #[command(flatten)]
        to: GrantTo,
        /// Since when: a date or a time
        #[arg(long, value_name = "WHEN")]
        from: Option<String>,
        /// Until when: a date, a time, or a length from now such as `30d`
        #[arg(long, value_name = "WHEN")]
        until: Option<String>,
    },
    /// Withdraw the grants of accounts: refused from the next call on
    Withdraw {
        /// The accounts' ids at the platform
        #[arg(required = true)]
        account: Vec<String>,
        /// Whose grant; without a client all that the accounts granted the partner.
        #[command(flatten)]
        to: GrantTo,
    },
    /// List grants in order of account, partner, client
    List {
        /// Only those of this account
        #[arg(long)]
        account: Option<String>,
        /// Only those to this partner
        #[arg(long)]
        partner: Option<String>,
        /// Only those for this client
        #[arg(long)]
        client: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 1000, value_name = "N")]
        limit: u64,
    },
    /// Write all grants as JSON lines, as `import` reads them
    Export {
        /// Write here instead of to standard output; an existing file is not overwritten
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Who may act for the account.
#[derive(Debug, Clone, Args)]
pub struct GrantTo {
    /// The partner that may act
    #[arg(long)]
    pub partner: String,
    /// The client of the partner it may act for
    #[arg(long)]
    pub client: Option<String>,
}

/// What is declared, and whose.
#[derive(Debug, Clone, Args)]
pub struct FactsArgs {
    /// Its id
    pub id: String,
    /// Declare: a YAML or JSON file with all facts, or single ones such as `use=newsroom`,
    /// `locations=77,78`, `locations+=79`, `locations-=77`, `figures.calls_per_hour=50`,
    /// `review_by=90d`; nothing after the `=` removes one
    #[arg(long, num_args = 1.., value_name = "FILE|FACT", conflicts_with = "show")]
    pub set: Vec<String>,
    /// Show what is declared; the same as without options
    #[arg(long)]
    pub show: bool,
    /// Only say what would happen.
    #[command(flatten)]
    pub dry: DryRun,
    /// What the partner is told where this leaves it less.
    #[command(flatten)]
    pub told: ToldArgs,
}

/// Which partners, and why.
#[derive(Debug, Clone, Args)]
pub struct ModeArgs {
    /// Their ids
    #[arg(required = true)]
    pub id: Vec<String>,
    /// Why, for who reads the log; the partner is not told
    #[arg(long, value_name = "TEXT")]
    pub why: String,
    /// Whether it is done.
    #[command(flatten)]
    pub dry: DryRun,
    /// What each of them is told that is enforced from here on.
    #[command(flatten)]
    pub told: Box<ToldArgs>,
}
