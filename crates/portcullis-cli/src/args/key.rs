//! What can be typed after `key`.
//!
//! Must not know how a command is carried out.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{DryRun, Reason, StatementArgs};

/// Issue, import, hold, restore and revoke keys.
#[derive(Debug, Clone, Subcommand)]
pub enum KeyCommand {
    /// Issue a key; it is shown once
    Issue {
        /// The partner it is for
        #[arg(long)]
        partner: String,
        /// The client of that partner it is bound to
        #[arg(long)]
        client: Option<String>,
        /// Narrow to this scope; repeat for more
        #[arg(long, value_name = "SCOPE")]
        scope: Vec<String>,
        /// When it ends: `2027-01-31` or `90d`
        #[arg(long, value_name = "WHEN")]
        expires: Option<String>,
        /// When it begins to work: `2026-12-01`, `7d`, or `activated`: once it is activated
        /// [default: at once]
        #[arg(long, value_name = "WHEN")]
        start: Option<String>,
        /// Where it is accepted from.
        #[command(flatten)]
        places: Places,
        /// What proves the caller in a key's place.
        #[command(flatten)]
        proof: Proof,
        /// A word to tell it by
        #[arg(long, default_value = "")]
        label: String,
        /// The environment in the key's text, such as `live` or `test`
        #[arg(long)]
        env: Option<String>,
    },
    /// Import the keys of another gateway, all or none: lines of `key partner [active|revoked]`
    Import(ImportArgs),
    /// List keys
    List {
        /// Only those of this partner
        #[arg(long)]
        partner: Option<String>,
        /// Only those in this state: pending, active, rotating, suspended, narrowed, expired, revoked or
        /// compromised
        #[arg(long)]
        state: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 1000, value_name = "N")]
        limit: u64,
    },
    /// Show one key by its id
    Show {
        /// Its id, as `key list` shows it; not the key itself
        id: String,
    },
    /// Tell whether a text has the form of a key and an intact checksum, without a server
    Inspect {
        /// The key; `-` or nothing: read it from standard input, so that no shell remembers it
        key: Option<String>,
    },
    /// Put a key on hold: it is refused from the next call on, until it is restored
    Hold {
        /// Its id
        id: String,
        /// What the partner is told.
        #[command(flatten)]
        reason: Reason,
        /// When the hold is looked at again: `2026-12-01` or `7d`
        #[arg(long, value_name = "WHEN")]
        review_by: Option<String>,
        /// What was found.
        #[command(flatten)]
        statement: StatementArgs,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Lift a hold on a key
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
    /// Let a pending key work from here
    Activate {
        /// Its id
        id: String,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Issue a key in place of another, which works on for a while; the new one is shown once
    Rotate {
        /// The old key's id
        id: String,
        /// How long both work: `7d`, 14 days at most, or until when [default: 7d]
        #[arg(long, value_name = "WHEN")]
        overlap: Option<String>,
        /// The environment in the new key's text, such as `live` or `test`
        #[arg(long)]
        env: Option<String>,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
    /// Have a key accepted from some places only, or from anywhere again
    Bind {
        /// Its id
        id: String,
        /// Where it is accepted from.
        #[command(flatten)]
        places: Places,
        /// Accept it from anywhere
        #[arg(long, conflicts_with = "Places", required_unless_present = "Places")]
        anywhere: bool,
        /// What the partner is told
        #[arg(long, value_name = "TEXT")]
        tell: String,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
    /// End a key at once that somebody else may have; there is no way back
    Compromised {
        /// Its id
        id: String,
        /// What the partner is told.
        #[command(flatten)]
        reason: Reason,
        /// Issue a new key in its place, which is shown once
        #[arg(long)]
        reissue: bool,
        /// The environment in the new key's text, such as `live` or `test`
        #[arg(long, requires = "reissue")]
        env: Option<String>,
        /// What was found.
        #[command(flatten)]
        statement: StatementArgs,
        /// Whether it is done.
        #[command(flatten)]
        dry: DryRun,
    },
    /// End a key for ever; there is no way back
    Revoke {
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
}

/// Where a key is accepted from.
#[derive(Debug, Clone, Args)]
pub struct Places {
    /// Accept it from this network only, such as `203.0.113.0/24`; repeat for more
    #[arg(long, value_name = "NETWORK")]
    pub network: Vec<String>,
    /// Accept it with a client certificate of this holder only: `sha256:` and the digest of its
    /// public key, `dns:NAME` or `uri:URI`; repeat for more
    #[arg(long, value_name = "HOLDER")]
    pub certificate: Vec<String>,
}

/// What proves a caller in a key's place.
#[derive(Debug, Clone, Args)]
pub struct Proof {
    /// Issue no key: tokens of this issuer prove the caller, as `iss` names it
    #[arg(long, value_name = "ISSUER", requires = "subject", conflicts_with = "by_certificate")]
    pub token_of: Option<String>,
    /// Whom the issuer calls so in its tokens: a program, not a person
    #[arg(long, value_name = "SUBJECT", requires = "token_of")]
    pub subject: Option<String>,
    /// Issue no key: a client certificate proves the caller, of this holder: `sha256:` and the digest
    /// of its public key, `dns:NAME` or `uri:URI`
    #[arg(long, value_name = "HOLDER")]
    pub by_certificate: Option<String>,
}

/// What to import.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// The file; `-` reads standard input
    pub file: PathBuf,
    /// Declare partners that are not known yet
    #[arg(long, requires = "tier", requires = "use")]
    pub create_partners: bool,
    /// The tier of the partners that are declared
    #[arg(long, requires = "create_partners")]
    pub tier: Option<String>,
    /// The use of the partners that are declared
    #[arg(long, value_name = "USE", requires = "create_partners")]
    pub r#use: Option<String>,
}
