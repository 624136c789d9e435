//! What can be typed about cases and about the way back in stages.
//!
//! Must not know how a command is carried out.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::DryRun;

/// Work on cases.
#[derive(Debug, Clone, Subcommand)]
pub enum CaseCommand {
    /// Open a case
    Open {
        /// Its id [default: the next number]
        id: Option<String>,
        /// What people call it; it stands in the log, so no names of persons
        #[arg(long, default_value = "")]
        title: String,
        /// Whom it is about, such as partner:acme; may be repeated
        #[arg(long, value_name = "KIND:ID")]
        subject: Vec<String>,
        /// The event of a signal that belongs to it; may be repeated
        #[arg(long, value_name = "REVISION")]
        signal: Vec<u64>,
        /// Whose it is [default: yours]
        #[arg(long, value_name = "PERSON")]
        owner: Option<String>,
        /// When it is looked at again: `2026-12-01` or `7d` [default: in 14 days]
        #[arg(long, value_name = "WHEN")]
        review_by: Option<String>,
        /// Until when nothing that it is about is erased, even once it is closed
        #[arg(long, value_name = "WHEN")]
        preserve_until: Option<String>,
    },
    /// List cases, the newest first
    List {
        /// Those that are closed, too
        #[arg(long)]
        closed: bool,
        /// Only those about this subject, such as partner:acme
        #[arg(long, value_name = "KIND:ID")]
        subject: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: u64,
    },
    /// Show a case with what happened in it
    Show {
        /// Its id
        id: String,
    },
    /// Write something down
    Note {
        /// Its id
        id: String,
        /// The text; `-` reads standard input
        text: String,
    },
    /// Add evidence, and read it
    #[command(subcommand)]
    Evidence(EvidenceCommand),
    /// Name more subjects and signals
    Link {
        /// Its id
        id: String,
        /// Such as partner:acme; may be repeated
        #[arg(long, value_name = "KIND:ID")]
        subject: Vec<String>,
        /// The event of a signal; may be repeated
        #[arg(long, value_name = "REVISION")]
        signal: Vec<u64>,
    },
    /// Give it to somebody
    Assign {
        /// Its id
        id: String,
        /// The person's id
        owner: String,
    },
    /// Set when it is looked at again
    Review {
        /// Its id
        id: String,
        /// When: `2026-12-01` or `7d`
        when: String,
    },
    /// Keep all that it is about from being erased, even once it is closed
    Preserve {
        /// Its id
        id: String,
        /// Until when: `2030-12-01` or `365d`; never sooner than before
        #[arg(long, value_name = "WHEN")]
        until: String,
    },
    /// Close it
    Close {
        /// Its id
        id: String,
        /// Why, for who reads the log later
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// Plan how access comes back in stages; nothing opens before the first
    Restore {
        /// Its id
        id: String,
        /// The plan, YAML or JSON
        #[arg(long, value_name = "FILE")]
        plan: PathBuf,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Take the next stage of the plan, once what must be so is so
    Stage {
        /// Its id
        id: String,
        /// Which stage [default: the next]
        stage: Option<u8>,
        /// What the partner is told.
        #[command(flatten)]
        reason: Told,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Give back all, once the last stage is over
    Finish {
        /// Its id
        id: String,
        /// What the partner is told.
        #[command(flatten)]
        reason: Told,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Take down what a partner attested by another way than its own API
    Attest {
        /// Its id
        id: String,
        /// For which client
        #[arg(long, value_name = "CLIENT")]
        client: String,
        /// What was attested; `-` reads standard input
        text: String,
    },
    /// Write a bundle that anybody can verify without a server
    Export {
        /// Its id
        id: String,
        /// With the bodies of evidence; each is recorded as read
        #[arg(long)]
        with_evidence: bool,
        /// Write here instead of to standard output; an existing file is not overwritten
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Why a stage is taken. Both the code and the text reach the partner.
#[derive(Debug, Clone, Args)]
pub struct Told {
    /// The reason code, such as `investigation-closed`
    #[arg(long, value_name = "CODE")]
    pub reason: String,
    /// What the partner is told: what happened, what it can do
    #[arg(long, value_name = "TEXT")]
    pub tell: String,
}

/// Evidence of a case.
#[derive(Debug, Clone, Subcommand)]
pub enum EvidenceCommand {
    /// Add a file; its body is kept with it, up to 1 MiB
    Add {
        /// The case's id
        id: String,
        /// The file
        file: PathBuf,
        /// What people call it [default: the file's name]
        #[arg(long)]
        name: Option<String>,
        /// Keep the digest only; the body stays where it is
        #[arg(long)]
        digest_only: bool,
    },
    /// Read a piece of evidence; who does, and what for, is recorded
    Read {
        /// The case's id
        id: String,
        /// The beginning of its digest, as `case show` has it
        digest: String,
        /// What it is read for
        #[arg(long, value_name = "TEXT")]
        purpose: String,
        /// Write here instead of to standard output; an existing file is not overwritten
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}
