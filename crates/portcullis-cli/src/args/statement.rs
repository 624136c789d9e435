//! What can be typed of a statement of reasons: what was found, and what else its partner is told.
//!
//! Must not know what a statement must say: the gate has the rules.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What was found, for steps that take access away.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Statement of reasons")]
pub struct StatementArgs {
    /// What was found, in a sentence with names and figures; repeat for more
    #[arg(long, value_name = "TEXT")]
    pub fact: Vec<String>,
    /// When: `24h` back from now, `2024-03-30..2024-03-31`, or `now`
    #[arg(long, value_name = "WHEN", requires = "fact")]
    pub period: Option<String>,
    /// What was measured of the first fact, such as `distinct places`
    #[arg(long, value_name = "TEXT", requires = "fact")]
    pub metric: Option<String>,
    /// What was found of it, with its figure
    #[arg(long, value_name = "FIGURE", requires = "fact")]
    pub value: Option<String>,
    /// What is allowed of it
    #[arg(long, value_name = "FIGURE", requires = "fact")]
    pub limit: Option<String>,
    /// What shows it: a text file, or the SHA-256 of what is kept elsewhere
    #[arg(long, value_name = "FILE", requires = "fact")]
    pub evidence: Option<String>,
    /// Take over what a signal counted, or the facts of an earlier step, by its revision
    #[arg(long, value_name = "REVISION")]
    pub facts_from: Vec<u64>,
    /// When the measure ends: `2026-12-01` or `30d`; an event says so, and somebody lifts it
    #[arg(long, value_name = "WHEN")]
    pub ends: Option<String>,
    /// Why nobody knows when it ends or is looked at again
    #[arg(long, value_name = "TEXT")]
    pub indefinite_because: Option<String>,
    /// A text that the partner may show its own customers
    #[arg(long, value_name = "TEXT")]
    pub impact_note: Option<String>,
    /// The whole of it, YAML or JSON, with everything that has no option here
    #[arg(long, value_name = "FILE")]
    pub statement: Option<PathBuf>,
}

/// Read statements of reasons.
#[derive(Debug, Clone, Subcommand)]
pub enum StatementCommand {
    /// Show a statement, as its partner reads it or whole
    Show {
        /// Its digest, as `audit show` and notices tell it
        digest: String,
        /// What is withheld from the partner too
        #[arg(long)]
        whole: bool,
    },
}
