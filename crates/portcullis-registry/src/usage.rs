//! How often keys called, by hour: what was permitted, what was refused and by which rule.
//!
//! Threads count in [`UsageCells`] of their own and hand them over at each tick; the [`UsageBook`] keeps
//! 31 days of them. Measurements, not state: no target and no account is in them. Must not know files
//! or a clock.

mod book;
mod cells;
mod rows;
mod saved;

use std::sync::Arc;

use portcullis_types::{ClassIx, ClientIx, KeyIx, Revision, Wall};

pub use book::{UsageBook, UsageRow};
pub use cells::UsageCells;
pub use saved::UsageUnreadable;

/// What became of a call.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash)]
pub enum UsageVerdict {
    /// It was permitted.
    Permit,
    /// It was permitted since its partner is observed, and would have been refused with this code.
    Observed(&'static str),
    /// It was refused with this code.
    Refused(&'static str),
}

/// For which client a call was, where its key is bound to none.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Hash)]
pub enum CallClient {
    /// The key's own, if it is bound to one; else it can't be told.
    #[default]
    OfKey,
    /// The one that the account it acts for is granted for.
    Granted(ClientIx),
    /// It acts for an account that is granted for no declared client.
    Undeclared,
    /// More than one could be meant.
    Several,
}

/// Whose call it was, and of what.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash)]
pub struct UsageOf {
    /// The key.
    pub key: KeyIx,
    /// The class, by the set of policies in force; none where the call did not get that far.
    pub class: Option<ClassIx>,
    /// For which client.
    pub client: CallClient,
}

impl From<(KeyIx, Option<ClassIx>)> for UsageOf {
    fn from((key, class): (KeyIx, Option<ClassIx>)) -> Self {
        Self { key, class, client: CallClient::OfKey }
    }
}

/// Calls of one key that came to the same.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct UsageCount {
    /// Whose, and of what.
    pub of: UsageOf,
    /// What became of them.
    pub verdict: UsageVerdict,
    /// The rule that refused them; none for permits.
    pub rule: Option<Arc<str>>,
    /// How many.
    pub calls: u64,
}

/// Takes what threads counted.
pub trait UsageSink: Send + Sync {
    /// Takes counts made under one set of policies. Never waits: when it is busy it takes nothing and
    /// says no, and gets the same counts again with the next tick.
    fn add(&self, now: Wall, policy: Option<Revision>, counts: &[UsageCount]) -> bool;
}
