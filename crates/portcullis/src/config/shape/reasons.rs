//! The shape of what `portcullis.yaml` says about reasons.
//!
//! Must not read any other file.

use portcullis_registry::{FactsWanted, GroundKind};
use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// A reason for which access can be taken away; one that every gate has gets another template.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonAt {
    /// The code that operators write and partners read, such as `price-scraping`.
    pub code: At<String>,
    /// What it stands for.
    pub about: String,
    /// What facts must say: `measured` (what, how much, how much is allowed, and what shows it) or
    /// `stated`.
    pub facts: FactsWanted,
    /// What it rests on: `contract`, `law` or `security`.
    pub ground: GroundKind,
    /// The clause it rests on.
    pub clause: String,
    /// Why that clause applies.
    pub because: String,
}
