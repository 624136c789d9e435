//! What can be typed after `audit`.
//!
//! Must not know how a command is carried out.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Read and verify the log.
#[derive(Debug, Clone, Subcommand)]
pub enum AuditCommand {
    /// List changes, the newest last
    List {
        /// The first revision to show [default: the newest ones]
        #[arg(long, value_name = "REVISION")]
        from: Option<u64>,
        /// At most this many
        #[arg(long, default_value_t = 50, value_name = "N")]
        count: u64,
    },
    /// Show one change with everything that was recorded
    Show {
        /// Its revision
        revision: u64,
    },
    /// Find changes by what they say, the newest last
    Query(QueryArgs),
    /// Show how things stood then: what a partner was allowed on that day
    At(AtArgs),
    /// Verify every event against the signed root of the log
    Verify(VerifyArgs),
    /// Write the whole log as JSON lines, its signed root last
    Export {
        /// Write here instead of to standard output; an existing file is not overwritten
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Write the log as a tree of static files (C2SP tlog-tiles), or add to one what is new
    Tiles(TilesArgs),
    /// Show that a change is in the log, or that the log only grew since a checkpoint
    Prove(ProveArgs),
    /// Write one file that shows a change to be in the log, for whoever has no access to it
    Receipt {
        /// The change's revision
        revision: u64,
        /// Write here instead of to standard output; an existing file is not overwritten
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Verify a receipt without a server
    VerifyReceipt(VerifyReceiptArgs),
}

/// What a receipt is held against.
#[derive(Debug, Clone, Args)]
pub struct VerifyReceiptArgs {
    /// The receipt
    pub file: PathBuf,
    /// The public key of the log as you know it from elsewhere, `name+id+key`
    #[arg(long, visible_alias = "key", value_name = "VKEY")]
    pub log_key: String,
    /// The public key of a witness that must have signed, too, as you know it from elsewhere; repeat
    /// for more
    #[arg(long, value_name = "VKEY")]
    pub witness: Vec<String>,
    /// How many of the witnesses must have signed [default: all of them]
    #[arg(long, value_name = "N", requires = "witness")]
    pub quorum: Option<usize>,
}

/// What changes must say; all that is named must hold.
#[derive(Debug, Clone, Default, Args)]
pub struct QueryArgs {
    /// The id of a partner, client or key; of a partner also what happened to its clients and keys
    #[arg(long, value_name = "ID")]
    pub subject: Option<String>,
    /// The kind, such as `standing.held`, or how kinds begin, such as `standing.`
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// Who acted or approved
    #[arg(long, value_name = "ID")]
    pub actor: Option<String>,
    /// Not before: a date, a time, or how long ago, such as 2026-12-01 or 24h
    #[arg(long, value_name = "MOMENT")]
    pub since: Option<String>,
    /// Not after
    #[arg(long, value_name = "MOMENT")]
    pub until: Option<String>,
    /// The case that it names
    #[arg(long, value_name = "CASE")]
    pub case: Option<String>,
    /// What stands anywhere in it, in capitals or not
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
    /// At most this many, the newest
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub count: usize,
}

/// When, and of whom.
#[derive(Debug, Clone, Default, Args)]
pub struct AtArgs {
    /// The last change to take in
    #[arg(required_unless_present = "date", conflicts_with = "date")]
    pub revision: Option<u64>,
    /// Or the moment: a date or a time, such as 2026-12-01T09:00:00Z
    #[arg(long, value_name = "MOMENT")]
    pub date: Option<String>,
    /// Only this partner, with its clients and keys
    #[arg(long, value_name = "ID")]
    pub partner: Option<String>,
    /// Only this client, with its keys
    #[arg(long, value_name = "ID", conflicts_with = "partner")]
    pub client: Option<String>,
    /// Only this key
    #[arg(long, value_name = "ID", conflicts_with_all = ["partner", "client"])]
    pub key: Option<String>,
    /// Read this database file, without a server
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
}

/// What is verified, and by what.
#[derive(Debug, Clone, Default, Args)]
pub struct VerifyArgs {
    /// Verify this bundle of a case, without a server
    #[arg(value_name = "BUNDLE", conflicts_with_all = ["db", "export", "against"], requires = "log_key")]
    pub bundle: Option<PathBuf>,
    /// Verify this database file, without a server
    #[arg(long, value_name = "FILE", conflicts_with = "export")]
    pub db: Option<PathBuf>,
    /// Verify this exported log, without a server
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// The public key that must have signed the root, `name+id+key`, with --db and --export;
    /// without it a log forged as a whole, keys included, would pass
    #[arg(long, visible_alias = "key", value_name = "VKEY")]
    pub log_key: Option<String>,
    /// A checkpoint or receipt that was kept elsewhere: the log must still agree with it, even if
    /// somebody with the genuine key wrote it anew; repeat for more
    #[arg(long, value_name = "FILE")]
    pub against: Vec<PathBuf>,
}

/// Where tiles come from and go to.
#[derive(Debug, Clone, Args)]
pub struct TilesArgs {
    /// The directory; what is published there already is compared and kept
    pub dir: PathBuf,
    /// Read this database file, without a server
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// Leave the entries out, which tell of cases: hashes and checkpoint only
    #[arg(long)]
    pub no_entries: bool,
}

/// What is to be shown.
#[derive(Debug, Clone, Args)]
pub struct ProveArgs {
    /// A change, by its revision
    #[arg(required_unless_present = "since", conflicts_with = "since")]
    pub revision: Option<u64>,
    /// A checkpoint or receipt that was kept: the log of then is the beginning of the log of now
    #[arg(long, value_name = "FILE")]
    pub since: Option<PathBuf>,
    /// The public key of the log as you know it from elsewhere, `name+id+key`
    #[arg(long, value_name = "VKEY")]
    pub log_key: Option<String>,
}
