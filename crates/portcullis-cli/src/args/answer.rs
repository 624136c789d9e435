//! What can be typed after `answer` and `notice`.
//!
//! Must not know how a command is carried out.

use clap::{Args, Subcommand};

/// Read what partners answer, and reply.
#[derive(Debug, Clone, Subcommand)]
pub enum AnswerCommand {
    /// List answers and appeals of partners, the newest first
    List {
        /// Only those of this partner
        #[arg(long)]
        partner: Option<String>,
        /// Only those that something is left to do about
        #[arg(long)]
        open: bool,
        /// At most this many
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: u64,
    },
    /// Show an answer with what the partner wrote and what was replied
    Show {
        /// Its number
        id: u64,
    },
    /// Reply to an answer, or decide an appeal; the partner reads it
    Reply(ReplyArgs),
}

/// A reply.
#[derive(Debug, Clone, Args)]
pub struct ReplyArgs {
    /// The answer's number
    pub id: u64,
    /// What it comes to
    #[command(flatten)]
    pub outcome: ReplyOutcome,
    /// What the partner is told
    #[arg(long, value_name = "TEXT")]
    pub tell: String,
    /// The case this belongs to
    #[arg(long, value_name = "ID")]
    pub case: Option<String>,
}

/// What a reply comes to.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct ReplyOutcome {
    /// The appeal was right; give back what was taken by the ordinary commands
    #[arg(long)]
    pub uphold: bool,
    /// The step stands
    #[arg(long)]
    pub deny: bool,
    /// Say something that decides nothing
    #[arg(long)]
    pub note: bool,
}

/// See what partners were told.
#[derive(Debug, Clone, Subcommand)]
pub enum NoticeCommand {
    /// List what a partner was told, the newest first
    List {
        /// The partner's id
        partner: String,
        /// At most this many
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: u64,
    },
    /// Show a notice as the partner reads it, and what became of it at hooks
    Show {
        /// The event's number
        revision: u64,
    },
}
