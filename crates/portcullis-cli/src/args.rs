//! What can be typed. The doc comments are the help texts.
//!
//! Must not know how a command is carried out.

mod answer;
mod audit;
mod case;
mod change;
mod deletions;
mod grant;
mod hook;
mod key;
mod ledger;
mod offline;
mod partner;
mod people;
mod standing;
mod statement;
mod told;

use std::path::PathBuf;

use clap::{Args, Subcommand};

pub use answer::{AnswerCommand, NoticeCommand, ReplyArgs, ReplyOutcome};
pub(crate) use audit::VerifyReceiptArgs;
pub use audit::{AtArgs, AuditCommand, ProveArgs, QueryArgs, TilesArgs, VerifyArgs};
pub use case::{CaseCommand, EvidenceCommand, Told};
pub use change::ChangeCommand;
pub use deletions::DeletionsArgs;
pub use grant::{FactsArgs, GrantCommand, GrantTo, ModeArgs};
pub use hook::HookCommand;
pub(crate) use key::Proof;
pub use key::{ImportArgs, KeyCommand, Places};
pub use ledger::{
    AdoptArgs, AffectedArgs, AsEvidence, BetweenArgs, EvidenceCheckArgs, LedgerCommand, WhatArgs,
    WhoArgs,
};
pub use offline::{CheckArgs, DiffArgs, ExplainArgs, ReplayArgs, TestArgs};
pub use partner::{ClientCommand, PartnerCommand, PartnerFields};
pub use people::{PersonCommand, ProposalCommand};
pub use standing::{DryRun, HoldAllArgs, Shape, StandingVerb};
pub use statement::{StatementArgs, StatementCommand};
pub use told::ToldArgs;

use crate::out::Format;

/// Options of every command.
#[derive(Debug, Clone, Default, Args)]
pub struct Common {
    /// Where the admin API listens [env: PORTCULLIS_ADMIN] [default: the deployment's, else
    /// http://127.0.0.1:9901]
    #[arg(long, global = true, value_name = "URL", help_heading = "Connection")]
    pub admin: Option<String>,
    /// The file with the admin token [env: PORTCULLIS_ADMIN_TOKEN holds the token itself]
    /// [default: the deployment's, else secrets/admin-token]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Connection")]
    pub token_file: Option<PathBuf>,
    /// The deployment's portcullis.yaml [default: the one in the current directory]
    #[arg(short = 'c', long, global = true, value_name = "FILE", help_heading = "Connection")]
    pub config: Option<PathBuf>,
    /// Act alone where it takes two persons, for this reason; an alarm, and another person must
    /// ratify it
    #[arg(long, global = true, value_name = "WHY", help_heading = "People")]
    pub break_glass: Option<String>,
    /// Only if what it is about was not changed since this revision; where it is about no one thing,
    /// only if nothing was
    #[arg(long, global = true, value_name = "REVISION", help_heading = "People")]
    pub if_revision: Option<u64>,
    /// How results are written to standard output
    #[arg(short, long, global = true, value_enum, default_value_t, help_heading = "Output")]
    pub output: Format,
}

/// The commands of a client of the gate, and the offline tools.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Compile route and policy files as the server does and show all faults at once
    Check(CheckArgs),
    /// Judge recorded calls by their own clock, and report who is stopped, when and why
    Replay(ReplayArgs),
    /// Run the calls that are written in policies, each with what must become of it
    Test(TestArgs),
    /// Show why a call passes or is refused: every step with its values
    Explain(Box<ExplainArgs>),
    /// Say who gains and who loses by a change; exits with 6 when some lose, 7 when some gain
    Diff(DiffArgs),
    /// Work on route catalogues
    #[command(subcommand)]
    Catalogue(CatalogueCommand),
    /// Put the route and policy files of a directory in force, all at once
    Apply(ApplyArgs),
    /// Declare partners, look at them, put them on hold
    #[command(subcommand)]
    Partner(PartnerCommand),
    /// Declare clients of partners
    #[command(subcommand)]
    Client(ClientCommand),
    /// Issue, import, hold, restore and revoke keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Feed, give, withdraw and list grants: accounts that let a partner act for them
    #[command(subcommand)]
    Grant(GrantCommand),
    /// Tell partners of changes of their access, at addresses of theirs
    #[command(subcommand)]
    Hook(HookCommand),
    /// Read answers and appeals of partners, and reply
    #[command(subcommand)]
    Answer(AnswerCommand),
    /// See what partners were told, and whether it reached them
    #[command(subcommand)]
    Notice(NoticeCommand),
    /// Show how often a partner called, by day and class, and what refused it
    Usage(UsageArgs),
    /// Look at signals: watches of policies that hit
    #[command(subcommand)]
    Signal(SignalCommand),
    /// Read statements of reasons: what partners were told, and why
    #[command(subcommand)]
    Statement(StatementCommand),
    /// Work on cases: notes, evidence, and the way back in stages
    #[command(subcommand)]
    Case(CaseCommand),
    /// Read and verify the log of all changes
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Ask what left the gate, for whom, and what has to be deleted
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Declare the people who run the gate, and what each may do
    #[command(subcommand)]
    Person(PersonCommand),
    /// Look at what waits for a second person; approve or refuse it
    #[command(subcommand)]
    Proposal(ProposalCommand),
    /// Look at changes that wait for their day; call one off
    #[command(subcommand)]
    Change(ChangeCommand),
    /// Sign in: takes a token from the terminal or from standard input, and keeps it for you alone
    Login,
    /// Forget the token that `login` kept
    Logout,
    /// Show who is signed in, and what that person may do
    Whoami,
    /// Show whether the gate is ready and what is in force
    Status,
    /// Show the version of this program
    Version,
}

/// Work on route catalogues.
#[derive(Debug, Clone, Subcommand)]
pub enum CatalogueCommand {
    /// Write a route file from an OpenAPI document; every operation starts closed
    Import {
        /// The OpenAPI document, YAML or JSON
        openapi: PathBuf,
        /// Write here instead of to standard output; an existing file is not overwritten
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// List every class, what is of it, and how much the ledger writes down of it
    Classes {
        /// The directory with `routes/` and `policies/` [default: .]
        dir: Option<PathBuf>,
    },
}

/// What to put in force.
#[derive(Debug, Clone, Default, Args)]
pub struct ApplyArgs {
    /// The deployment's directory, with `routes/` and `policies/` [default: the one of --config,
    /// else .]
    pub dir: Option<PathBuf>,
    /// Let the server compile and compare the files, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// What those are told whom the set leaves less.
    #[command(flatten)]
    pub told: ToldArgs,
}

/// Why access is taken away or given back. Both the code and the text reach the partner.
#[derive(Debug, Clone, Args)]
pub struct Reason {
    /// The reason code, such as `bulk-location`
    #[arg(long, value_name = "CODE")]
    pub reason: String,
    /// What the partner is told: what happened, what it can do
    #[arg(long, value_name = "TEXT")]
    pub tell: String,
    /// The case this belongs to
    #[arg(long, value_name = "ID")]
    pub case: Option<String>,
}

/// Whose usage, and when.
#[derive(Debug, Clone, Args)]
pub struct UsageArgs {
    /// The partner's id
    pub partner: String,
    /// Only of this key
    #[arg(long)]
    pub key: Option<String>,
    /// From when on: a date, a time, or how long ago [default: 7d, or 24h with --hourly]
    #[arg(long, value_name = "WHEN")]
    pub from: Option<String>,
    /// Until when [default: now]
    #[arg(long, value_name = "WHEN")]
    pub to: Option<String>,
    /// By hour instead of by day
    #[arg(long)]
    pub hourly: bool,
}

/// Look at signals.
#[derive(Debug, Clone, Subcommand)]
pub enum SignalCommand {
    /// List signals, the newest first
    List {
        /// Only those of this partner
        #[arg(long)]
        partner: Option<String>,
        /// Only those of this watch, such as `newsroom/places-in-order`
        #[arg(long, value_name = "TIER/WATCH")]
        rule: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: u64,
    },
}
