//! The shape of policy files, as serde and the editor's schema know it.
//!
//! Must not know which values make sense together: `compile` does.

use portcullis_types::Span;
use portcullis_yaml::{At, Entries};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A policy file: a tier or a set of scopes, told by its top key.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "only the schema is made from it")]
pub(crate) enum PolicyFile {
    /// A tier.
    Tier(TierFile),
    /// Scopes.
    Scopes(ScopesFile),
}

/// Scopes: named sets of classes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScopesFile {
    /// Version of this file format: 1.
    pub(crate) version: At<u32>,
    /// Scopes by name, such as `media:read`.
    pub(crate) scopes: Entries<ScopeFile>,
}

/// A named set of classes that a key may touch.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScopeFile {
    /// What it is for, in words.
    pub(crate) about: At<String>,
    /// Classes of the route files.
    pub(crate) classes: At<Vec<At<String>>>,
}

/// A tier: what a kind of partner may do.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TierFile {
    /// Version of this file format: 1.
    pub(crate) version: At<u32>,
    /// Its name, such as `partner-standard`.
    pub(crate) tier: At<String>,
    /// Whom it is for, in words.
    pub(crate) about: At<String>,
    /// Scopes it grants. A partner, client or key may hold fewer, never more.
    pub(crate) scopes: At<Vec<At<String>>>,
    /// Rates; a call must fit all that concern it. `[]`: no limit, said on purpose.
    pub(crate) rates: At<Vec<RateFile>>,
    /// What a call costs by its dearest class; 1 where not listed.
    #[serde(default)]
    pub(crate) costs: Entries<At<u64>>,
}

/// Calls per window.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateFile {
    /// Its name, shown to the partner when it is reached.
    pub(crate) id: At<String>,
    /// Who shares it: all keys of the `partner`, all keys of a `client`, or each `key` alone.
    pub(crate) per: Per,
    /// Most units in a window. 0: none at all.
    pub(crate) max: At<u64>,
    /// The window, from `1s` to `31d`.
    #[schemars(with = "String")]
    pub(crate) window: At<Span>,
    /// Most units at once; `max` where not given.
    pub(crate) burst: Option<At<u64>>,
    /// Only calls that ask for one of these classes. None: all calls.
    pub(crate) classes: Option<At<Vec<At<String>>>>,
}

/// Who shares a rate.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// All keys of the partner together.
    Partner,
    /// All keys of a client together; a key of no client counts for the partner itself.
    Client,
    /// Each key alone.
    Key,
}
