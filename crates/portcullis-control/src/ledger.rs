//! What the admin API needs of whoever keeps the ledger: answers to its questions.
//!
//! The binary fills it in. Must not know files, keys or how a question is answered.

use std::fmt;

use portcullis_registry::Anchor;
use portcullis_types::{ClientId, PartnerId, Wall};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Most people of one question; more are asked about in parts, whose sums are those of all.
pub const LEDGER_PEOPLE_MAX: usize = 100_000;

/// Answers questions about what left.
pub trait LedgerDesk: fmt::Debug + Send + Sync {
    /// How far it is written, and what can still be told. Blocks for a moment.
    fn status(&self) -> Value;

    /// Answers one question. Blocks, perhaps for seconds; only so many are answered at once.
    ///
    /// # Errors
    /// [`LedgerFault`], and nothing was told.
    fn ask(&self, question: &LedgerQuestion) -> Result<Value, LedgerFault>;

    /// Answers one question from what is anchored alone, with what it was read from. Blocks as well.
    ///
    /// # Errors
    /// [`LedgerFault`], and nothing was told.
    fn evidence(&self, question: &LedgerQuestion) -> Result<LedgerTaken, LedgerFault>;

    /// What the log has to have of a set of files that it does not have, by the set's name: its files and
    /// their roots, and what it says of itself. Nothing is changed by it. Blocks as well.
    ///
    /// # Errors
    /// [`LedgerFault`]: there is no such set, the log has it, or it is not as it was written.
    fn unanchored(&self, set: &str) -> Result<Anchor, LedgerFault>;
}

/// An answer that can be given again from the same files.
#[derive(Debug, Clone, Default)]
pub struct LedgerTaken {
    /// The question, the answer, the sets of files with their roots, and what is not in it.
    pub members: Map<String, Value>,
    /// From how many sets it was read.
    pub sets: u64,
}

/// A question about what left. Times are from the first moment up to before the last.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "question", rename_all = "snake_case", deny_unknown_fields)]
pub enum LedgerQuestion {
    /// Who received what of an account.
    Who {
        /// The account, as the platform writes it.
        owner: String,
        /// From when on.
        since: Wall,
        /// Until when.
        until: Wall,
    },
    /// What a partner received.
    What {
        /// The partner.
        partner: PartnerId,
        /// Only for this client.
        client: Option<ClientId>,
        /// From when on.
        since: Wall,
        /// Until when.
        until: Wall,
    },
    /// How much left between a breach and its end.
    Between {
        /// The first breach.
        from: Wall,
        /// When it was stopped.
        to: Wall,
        /// Only to this partner.
        partner: Option<PartnerId>,
    },
    /// How many of these people somebody received something of.
    Affected {
        /// Only this partner.
        partner: Option<PartnerId>,
        /// Only for this client.
        client: Option<ClientId>,
        /// Who they are.
        people: Vec<LedgerPerson>,
        /// From when on.
        since: Wall,
        /// Until when.
        until: Wall,
        /// Whether the answer names those who are.
        list: bool,
    },
    /// Whether every file is what it was.
    Verify,
}

/// Somebody a question names.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerPerson {
    /// The account, as the platform writes it.
    pub id: String,
    /// Where the platform says that they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

impl LedgerQuestion {
    /// The word for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Who { .. } => "who",
            Self::What { .. } => "what",
            Self::Between { .. } => "between",
            Self::Affected { .. } => "affected",
            Self::Verify => "verify",
        }
    }

    /// From when on, and before when.
    #[must_use]
    pub fn time(&self) -> (Wall, Wall) {
        match self {
            Self::Who { since, until, .. }
            | Self::What { since, until, .. }
            | Self::Affected { since, until, .. } => (*since, *until),
            Self::Between { from, to, .. } => (*from, *to),
            Self::Verify => (Wall(0), Wall(u64::MAX)),
        }
    }
}

/// Why a question was not answered.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum LedgerFault {
    /// Others are being answered.
    #[error("{0} questions are being answered, and no more at once; ask again in a few seconds")]
    Busy(usize),
    /// A file can't be read, or isn't what it was.
    #[error("{0}; `portcullis ledger verify` says which files are whole")]
    Unreadable(String),
    /// It was no file of a set that can't be read; says itself what to do.
    #[error("{0}")]
    Failed(String),
    /// No hour of that time is anchored yet.
    #[error(
        "nothing that left in that time is anchored in the log yet, and only what is can be checked later; it is a little after the end of each hour: ask again then"
    )]
    NotAnchored,
    /// The log has the set.
    #[error("the log has the set")]
    InLog,
    /// There is no such set.
    #[error("{0}; `portcullis ledger status` names the sets that the log does not have")]
    NoSuchSet(String),
    /// A set is not as it was written, so that the log must not vouch for it.
    #[error("the set is not as it was written: {0}")]
    NotWhole(String),
}
