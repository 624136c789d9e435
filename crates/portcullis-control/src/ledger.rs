//! What the admin API needs of whoever keeps the ledger: answers to its questions.
//!
//! The binary fills it in. Must not know files, keys or how a question is answered.

use std::fmt;

use portcullis_types::{ClientId, PartnerId, Wall};
use serde_json::Value;

/// Answers questions about what left.
pub trait LedgerDesk: fmt::Debug + Send + Sync {
    /// How far it is written, and what can still be told. Blocks for a moment.
    fn status(&self) -> Value;

    /// Answers one question. Blocks, perhaps for seconds; only so many are answered at once.
    ///
    /// # Errors
    /// [`LedgerFault`], and nothing was told.
    fn ask(&self, question: &LedgerQuestion) -> Result<Value, LedgerFault>;
}

/// A question about what left. Times are from the first moment up to before the last.
#[derive(Debug, Clone, Eq, PartialEq)]
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
    /// Whether every file is what it was.
    Verify,
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
}
