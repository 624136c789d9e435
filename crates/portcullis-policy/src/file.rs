//! The shape of policy files, as serde and the editor's schema know it.
//!
//! Must not know which values make sense together: `compile` does.

mod answers;
mod cases;
mod either;
mod rules;

use portcullis_types::Span;
use portcullis_yaml::{At, Entries};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use answers::{DropItemsFile, FilterFile, WatchFile};
pub(crate) use cases::{CaseFactsFile, CaseFile};
pub(crate) use either::{Either, Expects};
pub(crate) use rules::{
    AllowFile, ClassesFile, CountWord, DenyFile, LimitFile, MaxFile, TargetFields, TargetFile,
    TargetWord, WhenFile,
};

/// A policy file: a tier, scopes, or sets of fields, told by its top key.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "only the schema is made from it")]
pub(crate) enum PolicyFile {
    /// A tier.
    Tier(Box<TierFile>),
    /// Scopes.
    Scopes(ScopesFile),
    /// Sets of fields.
    FieldSets(FieldSetsFile),
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

/// Sets of fields, named so that rules need not list them again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldSetsFile {
    /// Version of this file format: 1.
    pub(crate) version: At<u32>,
    /// Sets by name, each a list of fields and of other sets. A set has no name that a field has.
    pub(crate) field_sets: Entries<At<Vec<At<String>>>>,
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
    /// Partners that declared this use get this tier.
    #[serde(rename = "use")]
    pub(crate) purpose: Option<At<String>>,
    /// The tier it narrows: whatever that one denies, limits, filters and watches holds here too,
    /// and nothing may be allowed that it does not allow.
    pub(crate) inherits: Option<At<String>>,
    /// Gives nothing itself and is only there to be inherited: its denials, limits, filters, watches
    /// and rates hold for its children, which allow what they name.
    pub(crate) frame: Option<At<bool>>,
    /// Scopes it grants without further condition. A partner, client or key may hold fewer, never
    /// more.
    pub(crate) scopes: Option<At<Vec<At<String>>>>,
    /// Rates; a call must fit all that concern it. `[]`: no limit, said on purpose.
    pub(crate) rates: At<Vec<RateFile>>,
    /// How many entries a declared list may have, by its name; `grants`: how many accounts may have
    /// authorised the partner. Beyond it, what depends on the list is refused.
    #[serde(default)]
    pub(crate) lists: Entries<At<u64>>,
    /// What a call costs by its dearest class; 1 where not listed.
    #[serde(default)]
    pub(crate) costs: Entries<At<u64>>,
    /// Whether several calls may come in one batch. Left out: no.
    pub(crate) batch: Option<At<bool>>,
    /// `required`: every call must be for one declared client of the partner, which its key or the
    /// grant of the account it acts for tells. Left out: calls of which that can't be told pass, and
    /// are counted.
    pub(crate) clients: Option<At<ClientsWord>>,
    /// Budgets in rolling windows, which rules debit.
    #[serde(default)]
    pub(crate) limits: Vec<LimitFile>,
    /// What is granted; the first rule that fits an ask grants it.
    #[serde(default)]
    pub(crate) allow: Vec<AllowFile>,
    /// What is denied, whatever is allowed.
    #[serde(default)]
    pub(crate) deny: Vec<DenyFile>,
    /// What is taken out of answers.
    #[serde(default)]
    pub(crate) filter: Vec<FilterFile>,
    /// What is watched.
    #[serde(default)]
    pub(crate) watch: Vec<WatchFile>,
    /// Calls and what becomes of them, tried by `portcullis test`.
    #[serde(default)]
    pub(crate) tests: Vec<CaseFile>,
}

/// For which clients calls may be.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClientsWord {
    /// Declared ones only.
    Required,
}

/// Calls per window.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateFile {
    /// Its name, shown to the partner when it is reached.
    pub(crate) id: At<String>,
    /// Who shares it: all keys of the `partner`, all keys of a `client`, or each `key` alone.
    pub(crate) per: Per,
    /// Most units in a window. 0: none at all. `{ figure: NAME }`: as the partner declared; 0 where
    /// it declared none.
    pub(crate) max: At<MaxFile>,
    /// The window, from `1s` to `31d`.
    #[schemars(with = "String")]
    pub(crate) window: At<Span>,
    /// Counts exactly over the window as it rolls, so that all of it may come at once.
    pub(crate) rolling: Option<bool>,
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
