//! What the admin API needs of whoever keeps hooks and sends to them.
//!
//! Must not know how a message is signed or sent.

use std::fmt;

use portcullis_registry::BoxFuture;
use portcullis_types::{PartnerId, Wall};
use zeroize::Zeroizing;

/// Keeps hooks and sends to them; the binary fills it.
pub trait Hooks: fmt::Debug + Send + Sync {
    /// Every hook.
    fn list(&self) -> BoxFuture<'_, Result<Vec<HookSeen>, HookError>>;
    /// Keeps a new one with a secret of its own; it is told of what happens from here on.
    fn add(&self, partner: PartnerId, url: String) -> BoxFuture<'_, Result<HookMade, HookError>>;
    /// Gives one a new secret; messages are signed with the old one too until a moment.
    fn rotate(&self, id: String, until: Wall) -> BoxFuture<'_, Result<HookMade, HookError>>;
    /// Forgets one with its secret and its messages.
    fn remove(&self, id: String) -> BoxFuture<'_, Result<(), HookError>>;
    /// Sends one a message that says nothing, as soon as possible.
    fn test(&self, id: String) -> BoxFuture<'_, Result<(), HookError>>;
    /// The newest messages of one, from just before a number on.
    fn deliveries(
        &self,
        id: String,
        before: Option<i64>,
        count: usize,
    ) -> BoxFuture<'_, Result<Vec<DeliverySeen>, HookError>>;
    /// What became of a message at each hook that it was for.
    fn sent(&self, message: String) -> BoxFuture<'_, Result<Vec<DeliverySeen>, HookError>>;
    /// Sends a message once more, whatever became of it.
    fn replay(&self, id: String, delivery: i64) -> BoxFuture<'_, Result<(), HookError>>;
}

/// A hook, without its address and secret.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct HookSeen {
    /// Its id.
    pub id: String,
    /// Whose.
    pub partner: String,
    /// Scheme, host and port.
    pub origin: String,
    /// When it was added.
    pub added: Wall,
}

/// A hook that was just made.
pub struct HookMade {
    /// Its id.
    pub id: String,
    /// Scheme, host and port.
    pub origin: String,
    /// Its secret; leaves the gate once, in the answer that makes it.
    pub secret: Zeroizing<String>,
}

/// A message and what became of it.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct DeliverySeen {
    /// Its number.
    pub id: i64,
    /// To which hook.
    pub hook: String,
    /// Its id for the hook.
    pub message: String,
    /// What it is about.
    pub kind: String,
    /// When it was made.
    pub made: Wall,
    /// When it is tried next; none: no more.
    pub next: Option<Wall>,
    /// How often it failed.
    pub failures: u32,
    /// When the hook took it.
    pub taken: Option<Wall>,
    /// The last status.
    pub status: Option<u16>,
    /// Why the last try failed.
    pub said: Option<String>,
}

/// Why a hook can't be had.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum HookError {
    /// The address is not one.
    #[error("{0}")]
    Unfit(String),
    /// No such hook, or no such message of it.
    #[error("there is no such hook or message; `portcullis hook list` names the hooks there are")]
    Unknown,
    /// More than there may be.
    #[error("there are {0} hooks already; remove one first")]
    Full(usize),
    /// The file beside the log can't be used.
    #[error("{0}")]
    Store(String),
}
