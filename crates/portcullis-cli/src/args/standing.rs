//! What can be typed to change how a partner or client stands.
//!
//! Must not know which steps there are: the gate has the table.

use clap::{Args, Subcommand, ValueEnum};

use super::{Reason, StatementArgs};

/// Steps of a standing.
#[derive(Debug, Clone, Subcommand)]
pub enum StandingVerb {
    /// Put on hold: refused from the next call on, all of it or a part
    Hold {
        /// Its id
        id: String,
        /// What the partner is told.
        #[command(flatten)]
        reason: Reason,
        /// What is closed
        #[arg(long, value_enum, default_value_t)]
        shape: Shape,
        /// The classes whose reads `--shape reads-of` closes, by commas
        #[arg(long, value_name = "CLASS", value_delimiter = ',')]
        class: Vec<String>,
        /// Continuity classes that are closed too, by commas; all others stay open
        #[arg(long, value_name = "CLASS", value_delimiter = ',')]
        even: Vec<String>,
        /// What stays closed if nobody else confirms the hold in time, by commas
        #[arg(long, value_name = "CLASS", value_delimiter = ',')]
        fallback: Vec<String>,
        /// When it is looked at again: `2026-12-01` or `7d` [default: in 14 days]
        #[arg(long, value_name = "WHEN")]
        review_by: Option<String>,
        /// What was found.
        #[command(flatten)]
        statement: StatementArgs,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Lift a hold, and whatever else its standing closes
    Restore {
        /// Its id
        id: String,
        /// What the partner is told.
        #[command(flatten)]
        reason: Reason,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Warn: nothing is closed
    Warn {
        /// Its id
        id: String,
        /// What the partner is told.
        #[command(flatten)]
        reason: Reason,
        /// By when it is to be acknowledged: `2026-12-01` or `7d` [default: in 14 days]
        #[arg(long, value_name = "WHEN")]
        acknowledge_by: Option<String>,
        /// What was found.
        #[command(flatten)]
        statement: StatementArgs,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Take down that a warning was acknowledged
    Acknowledge {
        /// Its id
        id: String,
        /// How, for who reads the log later
        #[arg(long, value_name = "TEXT", default_value = "")]
        why: String,
    },
    /// Close classes, or cut rates and budgets
    Restrict {
        /// Its id
        id: String,
        /// What the partner is told.
        #[command(flatten)]
        reason: Reason,
        /// The classes that are closed, by commas
        #[arg(long, value_name = "CLASS", value_delimiter = ',')]
        class: Vec<String>,
        /// What is left of rates and budgets, in per cent
        #[arg(long, value_name = "PERCENT")]
        factor: Option<u8>,
        /// What was found.
        #[command(flatten)]
        statement: StatementArgs,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Confirm somebody else's hold, so that it does not fall back
    Ratify {
        /// Its id
        id: String,
        /// Why, for who reads the log later
        #[arg(long, value_name = "TEXT", default_value = "")]
        why: String,
    },
    /// Put off when a hold is looked at again
    Extend {
        /// Its id
        id: String,
        /// What the partner is told.
        #[command(flatten)]
        reason: Reason,
        /// Until when: `2026-12-01` or `7d`, 14 days from now at most
        #[arg(long, value_name = "WHEN")]
        review_by: String,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Tell that access ends; what is closed stays as it is meanwhile
    Terminate {
        /// Its id
        id: String,
        /// What the partner is told.
        #[command(flatten)]
        reason: Reason,
        /// When access may end: `2026-12-31` or `60d` [default: in 30 days, the least]
        #[arg(long, value_name = "WHEN")]
        notice_until: Option<String>,
        /// What was found.
        #[command(flatten)]
        statement: StatementArgs,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
    /// End access, once its notice is over
    End {
        /// Its id
        id: String,
        /// What the partner is told.
        #[command(flatten)]
        reason: Reason,
        /// What was found.
        #[command(flatten)]
        statement: StatementArgs,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Give access back in stages
    Probation {
        /// Its id
        id: String,
        /// What the partner is told.
        #[command(flatten)]
        reason: Reason,
        /// Which stage, from 1 on
        #[arg(long, value_name = "N")]
        stage: u8,
        /// The classes that are still closed, by commas
        #[arg(long, value_name = "CLASS", value_delimiter = ',')]
        class: Vec<String>,
        /// What there is of rates and budgets meanwhile, in per cent
        #[arg(long, value_name = "PERCENT")]
        factor: Option<u8>,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
}

/// Whom to put on hold, and why.
#[derive(Debug, Clone, Args)]
pub struct HoldAllArgs {
    /// Which partners: tier=TIER, use=USE or category=CATEGORY of a client; all that are named must
    /// fit
    #[arg(long, value_name = "WHAT=WHICH", required = true)]
    pub all_of: Vec<String>,
    /// The digest of the list that was shown; without it only the list is shown
    #[arg(long, value_name = "DIGEST", conflicts_with = "yes")]
    pub list: Option<String>,
    /// Show the list and do it at once
    #[arg(long)]
    pub yes: bool,
    /// What the partners are told.
    #[command(flatten)]
    pub reason: Reason,
    /// What is closed
    #[arg(long, value_enum, default_value_t)]
    pub shape: Shape,
    /// The classes whose reads `--shape reads-of` closes, by commas
    #[arg(long, value_name = "CLASS", value_delimiter = ',')]
    pub class: Vec<String>,
    /// When it is looked at again: `2026-12-01` or `7d` [default: in 14 days]
    #[arg(long, value_name = "WHEN")]
    pub review_by: Option<String>,
    /// What was found, which holds for all of them.
    #[command(flatten)]
    pub statement: StatementArgs,
    /// Only show the list.
    #[command(flatten)]
    pub dry: DryRun,
}

/// What a hold closes.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, ValueEnum)]
pub enum Shape {
    /// Everything
    #[default]
    All,
    /// Every read
    Reads,
    /// Reads of the classes that `--class` names
    ReadsOf,
    /// Every write
    Writes,
}

/// Whether something is done or only shown.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct DryRun {
    /// Only say what would happen
    #[arg(long)]
    pub dry_run: bool,
}
