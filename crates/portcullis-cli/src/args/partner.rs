//! What can be typed after `partner` and `client`.
//!
//! Must not know how a command is carried out.

use clap::{Args, Subcommand};

use super::{DryRun, FactsArgs, HoldAllArgs, ModeArgs, StandingVerb, ToldArgs};

/// Declare partners, look at them, put them on hold.
#[derive(Debug, Clone, Subcommand)]
pub enum PartnerCommand {
    /// Declare a partner
    Add {
        /// Its id, such as `acme-travel`
        id: String,
        /// Its name [default: the id]
        #[arg(long)]
        name: Option<String>,
        /// The tier it is on [default: the one for its use]
        #[arg(long)]
        tier: Option<String>,
        /// What its access is for, from the closed list of uses
        #[arg(long, value_name = "USE")]
        r#use: String,
        /// What it declared, and its scopes.
        #[command(flatten)]
        fields: PartnerFields,
    },
    /// Change a partner; what is not named stays as it is
    Edit {
        /// Its id
        id: String,
        /// Its name
        #[arg(long)]
        name: Option<String>,
        /// The tier it is on
        #[arg(long)]
        tier: Option<String>,
        /// Put it on the tier for its use
        #[arg(long, conflicts_with = "tier")]
        tier_by_use: bool,
        /// What its access is for, from the closed list of uses
        #[arg(long, value_name = "USE")]
        r#use: Option<String>,
        /// Lift the narrowing: all scopes of the tier
        #[arg(long, conflicts_with = "scope")]
        all_scopes: bool,
        /// What it declared, and its scopes.
        #[command(flatten)]
        fields: PartnerFields,
        /// Only say what would happen.
        #[command(flatten)]
        dry: DryRun,
        /// What it is told where this leaves it less.
        #[command(flatten)]
        told: Box<ToldArgs>,
    },
    /// List partners
    List {
        /// Only those on this tier
        #[arg(long)]
        tier: Option<String>,
        /// Only those that are suspended
        #[arg(long)]
        suspended: bool,
        /// Only those that are observed
        #[arg(long)]
        observed: bool,
        /// At most this many
        #[arg(long, default_value_t = 1000, value_name = "N")]
        limit: u64,
    },
    /// Show one partner
    Show {
        /// Its id
        id: String,
    },
    /// Show or declare its facts: lists, figures, use, group, review date
    Facts(FactsArgs),
    /// Judge and record calls of partners, but enforce keys and holds alone
    Observe(ModeArgs),
    /// Enforce on partners what the policies say
    Enforce(ModeArgs),
    /// Put all on hold that a selector finds; their list is shown first
    HoldAll(Box<HoldAllArgs>),
    /// Change how it stands.
    #[command(flatten)]
    Standing(StandingVerb),
}

/// What a partner declared, and to which scopes it is narrowed.
#[derive(Debug, Clone, Default, Args)]
pub struct PartnerFields {
    /// What the access is for, in the partner's own words
    #[arg(long, value_name = "TEXT")]
    pub declared_use: Option<String>,
    /// The id of a declared place; repeat for more
    #[arg(long, value_name = "PLACE")]
    pub location: Vec<String>,
    /// A declared hashtag; repeat for more
    #[arg(long, value_name = "NAME")]
    pub hashtag: Vec<String>,
    /// The username of a declared brand; repeat for more
    #[arg(long, value_name = "USERNAME")]
    pub brand: Vec<String>,
    /// When the declaration lapses unless it is looked at again: `2027-01-31` or `90d`
    #[arg(long, value_name = "WHEN")]
    pub review_by: Option<String>,
    /// Narrow to this scope; repeat for more
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
}

/// Declare clients of partners.
#[derive(Debug, Clone, Subcommand)]
pub enum ClientCommand {
    /// Declare a client
    Add {
        /// Its id
        id: String,
        /// The partner whose client it is
        #[arg(long)]
        partner: String,
        /// Its name [default: the id]
        #[arg(long)]
        name: Option<String>,
        /// What it uses the data for, in the partner's own words
        #[arg(long, value_name = "TEXT")]
        purpose: Option<String>,
        /// What kind of customer it is: brand, agency, media, creator, research, nonprofit,
        /// government or own
        #[arg(long, value_name = "KIND")]
        category: Option<String>,
        /// Narrow to this scope; repeat for more
        #[arg(long, value_name = "SCOPE")]
        scope: Vec<String>,
    },
    /// Show one client
    Show {
        /// Its id
        id: String,
    },
    /// List clients
    List {
        /// Only those of this partner
        #[arg(long)]
        partner: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 1000, value_name = "N")]
        limit: u64,
    },
    /// Tell which calls can be told apart by client, and which can't
    Coverage {
        /// Only those of this partner
        #[arg(long)]
        partner: Option<String>,
        /// Since when: a date, a time, or how long ago such as 7d, at most 31 days [default: 7d]
        #[arg(long, value_name = "WHEN")]
        since: Option<String>,
    },
    /// Show or declare its facts, beside those of its partner
    Facts(FactsArgs),
    /// Change how it stands.
    #[command(flatten)]
    Standing(StandingVerb),
}
