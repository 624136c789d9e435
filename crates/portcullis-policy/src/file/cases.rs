//! The shape of the tests of a tier.
//!
//! Must not know how a call is judged.

use portcullis_yaml::{At, Entries};
use schemars::JsonSchema;
use serde::Deserialize;

/// A call and what becomes of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseFile {
    /// What it shows, as a sentence.
    pub(crate) name: At<String>,
    /// Method and target, such as `GET /v21.0/200300014810/posts?limit=50`.
    pub(crate) call: At<String>,
    /// The body of the call.
    pub(crate) body: Option<String>,
    /// The media type of the body; a form where not given.
    pub(crate) content_type: Option<String>,
    /// What the partner declared.
    pub(crate) facts: Option<CaseFactsFile>,
    /// Accounts that authorised the partner.
    #[serde(default)]
    pub(crate) grants: Vec<String>,
    /// What is used of limits already: of the call's own targets, where the limit counts each alone.
    #[serde(default)]
    pub(crate) used: Entries<At<u64>>,
    /// Since when the partner and its key are there. Left out: for as long as anyone.
    pub(crate) since: Option<At<String>>,
    /// When, such as `2024-03-01T10:00:00Z`.
    pub(crate) at: Option<At<String>>,
    /// What the platform answers.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) answer: Option<serde_json::Value>,
    /// `allow`, `allow RULE`, `deny CODE`, `deny RULE` or `limit LIMIT`.
    pub(crate) expect: At<String>,
    /// What the partner gets of the answer.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) filtered: Option<serde_json::Value>,
}

/// What a partner declared.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseFactsFile {
    /// When the declaration lapses.
    pub(crate) review_by: Option<At<String>>,
    /// Figures by name.
    #[serde(default)]
    pub(crate) figures: Entries<u64>,
    /// Lists by name.
    #[serde(default)]
    pub(crate) lists: Entries<Vec<String>>,
}
