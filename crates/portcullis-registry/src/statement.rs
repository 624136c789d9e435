//! The statement of reasons: what a partner is told when access is taken away, as a checked value.
//!
//! An operator gives a [`StatementDraft`]; [`StatementDraft::complete`] fills in what the template of
//! the reason and the measure itself say, and names everything that is missing at once. The
//! [`Statement`] is kept by its digest beside the log. Must not know who sends it, or how.

mod check;
mod complete;
mod facts;
mod moment;
mod parts;
mod rejected;
mod shown;
mod wording;

use std::fmt;

use portcullis_types::{ClassName, Closes, Percent, ReasonCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use complete::About;
pub use facts::fact_of_signal;
pub(crate) use facts::fact_of_watch;
pub use moment::Moment;
pub use parts::{
    Automation, DataDuties, Extent, Ground, GroundKind, Origin, Redress, RequiredAction, Withheld,
    WithheldField,
};
pub use rejected::StatementRejected;
pub(crate) use wording::is_specific;

use crate::words::SubjectId;

/// Most facts of one statement.
pub const STATEMENT_FACTS_MAX: usize = 20;
/// Most bytes of a statement as it is kept.
pub const STATEMENT_BYTES_MAX: usize = 256 << 10;

/// What a person or the gate gives; everything else of a statement is filled in.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StatementDraft {
    /// Language of the texts (BCP 47); `en` unless said otherwise.
    pub lang: Option<String>,
    /// What was found.
    pub facts: Vec<Fact>,
    /// What the step goes back to; own initiative unless said otherwise.
    pub origin: Option<Origin>,
    /// What was found or decided by machine; nothing unless said otherwise.
    pub automation: Option<Automation>,
    /// What it rests on; that of the reason's template unless said otherwise.
    pub ground: Option<Ground>,
    /// When it ends: looked at and lifted then.
    pub ends_at: Option<Moment>,
    /// Why it has neither an end nor a review date.
    pub indefinite_because: Option<String>,
    /// Parts that the partner does not read yet.
    pub withheld: Vec<Withheld>,
    /// What the partner has to do.
    pub required_actions: Vec<RequiredAction>,
    /// What becomes of data the partner has.
    pub data_duties: Option<DataDuties>,
    /// How the partner can object; that of the template unless said otherwise.
    pub redress: Option<Redress>,
    /// A text for the partner's own customers, which it may show.
    pub impact_note: Option<String>,
    /// Digest of the statement that this one replaces.
    pub supersedes: Option<String>,
}

/// A whole statement of reasons.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Version of this form; 1.
    pub v: u32,
    /// Language of the texts (BCP 47).
    pub lang: String,
    /// When it was given.
    pub issued_at: Moment,
    /// Whom it concerns.
    #[schemars(with = "serde_json::Value")]
    pub subject: SubjectId,
    /// The reason code.
    #[schemars(with = "String")]
    pub reason: ReasonCode,
    /// What happened and what the partner can do, in words.
    pub tell: String,
    /// What is taken away.
    pub measure: Measure,
    /// What was found; at least one.
    pub facts: Vec<Fact>,
    /// What the step goes back to.
    pub origin: Origin,
    /// What was found or decided by machine.
    pub automation: Automation,
    /// What it rests on, and why that applies.
    pub ground: Ground,
    /// Parts that the partner does not read yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    /// What the partner has to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_actions: Vec<RequiredAction>,
    /// What becomes of data the partner has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_duties: Option<DataDuties>,
    /// How the partner can object.
    pub redress: Redress,
    /// A text for the partner's own customers, which it may show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_note: Option<String>,
    /// Digest of the statement that this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<String>,
    /// The case it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
}

/// What is taken away, from when to when.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// How the subject stood.
    pub from: String,
    /// How it stands now, such as `suspended`; of a key, `revoked` or `compromised` too.
    pub to: String,
    /// What is closed.
    #[schemars(with = "serde_json::Value")]
    pub closes: Closes,
    /// Continuity classes that are closed too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub even: Vec<ClassName>,
    /// What is left of rates and budgets, in a hundred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u8>")]
    pub factor: Option<Percent>,
    /// From when on.
    pub effective_at: Moment,
    /// When it is looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_by: Option<Moment>,
    /// When it ends: looked at and lifted then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Moment>,
    /// Why it has neither an end nor a review date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indefinite_because: Option<String>,
}

/// One thing that was found.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What happened, in a sentence with names and figures.
    pub statement: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// What was measured, such as `distinct places`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// What was found of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What is allowed of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Lower-case hex SHA-256 of what shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_sha256: Option<String>,
    /// What shows it, as text: kept by its digest, and taken out of the statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// From when to when; both the same for a moment.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// Its begin.
    pub from: Moment,
    /// Its end.
    pub until: Moment,
}

/// A part of a statement that is missing or says nothing.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct Gap {
    /// The member, such as `facts[0].period`.
    pub at: String,
    /// What is wrong with it and what to write.
    pub why: String,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.at, self.why)
    }
}

/// The JSON Schema of what is written of a statement, for editors.
#[must_use]
pub fn statement_schema() -> serde_json::Value {
    schemars::schema_for!(StatementDraft).to_value()
}

#[cfg(test)]
mod tests;
