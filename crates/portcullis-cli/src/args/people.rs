//! What can be typed about people and about what waits for a second one.
//!
//! Must not know how a command is carried out.

use clap::Subcommand;

use super::DryRun;

/// Declare the people who run the gate.
#[derive(Debug, Clone, Subcommand)]
pub enum PersonCommand {
    /// List everybody, with roles
    List,
    /// Declare a person
    Add {
        /// The person's id; it stands in the log
        id: String,
        /// What others call it [default: the id]
        #[arg(long)]
        name: Option<String>,
        /// What it may do: viewer, policy-author, investigator, approver, auditor, admin; may be
        /// repeated
        #[arg(long, value_name = "ROLE")]
        role: Vec<String>,
        /// A login at the issuer, as a refused sign-in names it; may be repeated
        #[arg(long, value_name = "DIGEST")]
        login: Vec<String>,
    },
    /// Change a person; what is not named stays
    Edit {
        /// The person's id
        id: String,
        /// What others call it
        #[arg(long)]
        name: Option<String>,
        /// All it may do from here on; may be repeated
        #[arg(long, value_name = "ROLE", conflicts_with = "no_role")]
        role: Vec<String>,
        /// It may do nothing from here on
        #[arg(long)]
        no_role: bool,
        /// All its logins at the issuer from here on; may be repeated
        #[arg(long, value_name = "DIGEST")]
        login: Vec<String>,
    },
    /// Take everything from a person
    Remove {
        /// The person's id
        id: String,
    },
    /// Take everything from a person, and erase its name and logins from the store
    Erase {
        /// The person's id, also of one who was removed
        id: String,
    },
}

/// What waits for a second person.
#[derive(Debug, Clone, Subcommand)]
pub enum ProposalCommand {
    /// List what waits, and what was done alone in an emergency
    List,
    /// Show a proposal with the very command
    Show {
        /// Its number
        id: u64,
    },
    /// Let what somebody else proposed happen, at once and once
    Approve {
        /// Its number
        id: u64,
        /// The beginning of the digest that was looked at [default: that of now]
        #[arg(long)]
        digest: Option<String>,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Refuse a proposal, or take one's own back
    Refuse {
        /// Its number
        id: u64,
        /// Why, for who reads the log later
        #[arg(long, default_value = "")]
        why: String,
    },
    /// Let what somebody else did alone in an emergency stand
    Ratify {
        /// The emergency's number
        id: u64,
    },
}
