//! What a key's agreement comes to, as the judge sees it at one moment.
//!
//! The binary fills it in. Must not know the judge, the catalogue or a policy.

use portcullis_types::{KeyIx, Now};
use serde::Serialize;
use utoipa::ToSchema;

/// Tells what an agreement comes to.
pub trait Agreements: Send + Sync {
    /// Each rate and budget that a key's calls fall under.
    fn limits(&self, key: KeyIx, now: Now) -> Vec<AgreedLimit>;

    /// Each operation that a key's agreement covers, and whether it works at the moment.
    fn operations(&self, key: KeyIx, now: Now) -> Vec<AgreedOperation>;
}

/// A rate or a budget, and where it stands.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, ToSchema)]
pub struct AgreedLimit {
    /// Its name, as a refusal tells it.
    pub name: String,
    /// `rate` or `budget`.
    pub kind: &'static str,
    /// `calls`, `targets` (different ones) or `rows`.
    pub counts: &'static str,
    /// Who shares it: all keys of the `partner`, those of the `client`, or the `key` alone.
    pub per: &'static str,
    /// Whether it counts for each target alone; there is no one figure then of what is used.
    pub each_target: bool,
    /// Most in the window, as it stands now.
    pub max: u64,
    /// The rolling window in seconds.
    pub window_seconds: u64,
    /// What is used.
    pub used: Option<u64>,
    /// What is left.
    pub left: Option<u64>,
    /// Whole seconds until nothing is used any more, if nothing else is asked; 0: nothing is.
    pub reset_seconds: Option<u64>,
}

/// An operation that an agreement covers.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, ToSchema)]
pub struct AgreedOperation {
    /// Its name, as a refusal tells it.
    pub operation: String,
    /// Its method.
    pub method: &'static str,
    /// Its path, with the parts that vary in braces.
    pub path: String,
    /// What it is: its class, or those by what it is asked for.
    pub classes: Vec<String>,
    /// Whether it works at the moment, as far as standing goes.
    #[serde(skip)]
    pub open: bool,
}
