//! The tests written in a tier's file, read and checked. Another crate runs them.
//!
//! Must not know how a call is judged.

use std::collections::BTreeMap;

use portcullis_types::{Facts, Wall};

/// A call and what becomes of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it shows, as a sentence.
    pub name: String,
    /// The file it stands in, and the line.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The body of the call.
    pub body: Option<String>,
    /// The media type of the body.
    pub content_type: Option<String>,
    /// What the partner declared.
    pub facts: Facts,
    /// Accounts that authorised the partner.
    pub grants: Vec<String>,
    /// What is used of limits already, by their names.
    pub used: BTreeMap<String, u64>,
    /// Since when the partner and its key are there; none: for as long as anyone.
    pub since: Option<Wall>,
    /// When; none: whenever.
    pub at: Option<Wall>,
    /// What the platform answers.
    pub answer: Option<serde_json::Value>,
    /// What becomes of the call.
    pub expect: Expect,
    /// What the partner gets of the answer.
    pub filtered: Option<serde_json::Value>,
}

/// What becomes of a call.
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum Expect {
    /// It is sent on; by this rule for its first ask, where one is named.
    Allow(Option<String>),
    /// It is refused: the code of the refusal, or the name of a deny rule or of the rule that was
    /// missed.
    Deny(String),
    /// It is refused because this limit or rate is reached.
    Limit(String),
}
