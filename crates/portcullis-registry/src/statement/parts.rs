//! The parts of a statement beside its facts: where it comes from, what it rests on, what follows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Moment;

/// What the step goes back to.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The platform looked by itself.
    OwnInitiative,
    /// Somebody told the platform.
    ThirdPartyNotice,
    /// A key was reported as exposed.
    LeakReport,
    /// An authority ordered it.
    RegulatorOrder,
    /// A rule of the gate.
    Automated,
}

/// How far a machine did something.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// Not at all.
    #[default]
    None,
    /// In part.
    Partial,
    /// Wholly.
    Full,
}

/// What was found or decided by machine.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Automation {
    /// Of finding it.
    pub detection: Extent,
    /// Of deciding it.
    pub decision: Extent,
    /// The rule that did, for the people of the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// What kind of ground.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroundKind {
    /// The agreement.
    Contract,
    /// A law or an order under it.
    Law,
    /// The security of the platform, the partner or its customers.
    Security,
}

/// What a measure rests on.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ground {
    /// What kind.
    pub kind: GroundKind,
    /// The clause, as the agreement or law names it.
    pub clause: String,
    /// Of which version; the one in force unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Why it applies.
    pub explanation: String,
}

/// A part that can be withheld.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WithheldField {
    /// What was found.
    Facts,
    /// What the step goes back to.
    Origin,
    /// What was found or decided by machine.
    Automation,
    /// Why the ground applies.
    Explanation,
}

/// A part that the partner does not read yet. It takes a second person; the event names that one.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withheld {
    /// Which.
    pub field: WithheldField,
    /// Why it has to be.
    pub ground: String,
    /// Until when; the partner reads it from then on.
    pub until: Moment,
}

/// Something the partner has to do.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequiredAction {
    /// What.
    pub action: String,
    /// By when.
    pub due: Moment,
}

/// What becomes of data the partner has.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataDuties {
    /// Which data.
    pub scope: String,
    /// Deleted by then.
    pub delete_by: Moment,
    /// And that confirmed by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attest_by: Option<Moment>,
}

/// How the partner can object.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redress {
    /// Where an answer or an objection goes.
    pub complaint: String,
    /// Until when; at least six months from the statement on.
    pub until: Moment,
    /// A body outside the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_of_court: Option<String>,
    /// Whom to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
}
