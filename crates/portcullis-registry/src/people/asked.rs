//! What can be asked about people and proposals, and what can have happened to them.
//!
//! Must not know who is allowed to ask.

use portcullis_types::{PersonId, Revision, Wall};
use serde::{Deserialize, Serialize};

use crate::commands::Command;
use crate::events::Event;
use crate::people::{PeopleRule, Roles};

/// A wish about people, or about what waits for a second one.
#[expect(missing_docs, reason = "the members say what they hold; their rules stand in `plan`")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum PeopleCommand {
    /// Declares a person.
    Add { id: PersonId, name: String, roles: Roles, logins: Vec<String> },
    /// Changes a person; `None` leaves a member as it is.
    Edit { id: PersonId, name: Option<String>, roles: Option<Roles>, logins: Option<Vec<String>> },
    /// Takes everything from a person.
    Remove { id: PersonId },
    /// Takes everything from a person, its name and logins out of the store too.
    Erase { id: PersonId },
    /// Sets how many persons a decision takes. Only the gate asks for it, at its start.
    SetRule(PeopleRule),
    /// Lets what somebody else proposed happen.
    Approve { proposal: Revision, digest: String },
    /// Says no to a proposal, or takes one's own back.
    Refuse { proposal: Revision, why: String },
    /// Lets what somebody else did alone in an emergency stand.
    RatifyEmergency { emergency: Revision },
    /// By the clock: nobody approved.
    Expire { proposal: Revision },
    /// By the clock: nobody ratified.
    ReportEmergency { emergency: Revision },
}

/// A fact about people, or about what waited for a second one. Who did it stands in the leaf.
#[expect(missing_docs, reason = "the members are those of the command that led to the event")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum PeopleEvent {
    /// A person was declared. Its name and logins are in the salted content `personal` names; older
    /// events name them here.
    #[serde(rename = "person.added")]
    Added {
        person: PersonId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        roles: Roles,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        logins: Option<Vec<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        personal: Option<String>,
    },
    /// A person was changed: the whole new record.
    #[serde(rename = "person.edited")]
    Edited {
        person: PersonId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        roles: Roles,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        logins: Option<Vec<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        personal: Option<String>,
    },
    /// What was personal of a person is no more: the contents of these digests are gone.
    #[serde(rename = "person.erased")]
    Erased { person: PersonId, personal: Vec<String> },
    /// A person may do nothing any more.
    #[serde(rename = "person.removed")]
    Removed { person: PersonId },
    /// How many persons a decision takes from here on.
    #[serde(rename = "people.rule_set")]
    RuleSet { two_persons: bool, alone: u64 },
    /// A command waits for a second person; the blob is the command.
    #[serde(rename = "proposal.made")]
    ProposalMade { blob: String, what: String, expires: Wall, about: Vec<String> },
    /// A second person approved; what follows in the same write is the proposed command's.
    #[serde(rename = "proposal.approved")]
    ProposalApproved { proposal: Revision, digest: String },
    /// Somebody said no, or the proposer took it back.
    #[serde(rename = "proposal.refused")]
    ProposalRefused { proposal: Revision, why: String },
    /// Nobody approved in time.
    #[serde(rename = "proposal.expired")]
    ProposalExpired { proposal: Revision },
    /// Alarm: somebody did alone what takes two; what follows in the same write is it.
    #[serde(rename = "emergency.declared")]
    EmergencyDeclared { what: String, why: String, digest: String, ratify_by: Wall },
    /// Another person let it stand.
    #[serde(rename = "emergency.ratified")]
    EmergencyRatified { emergency: Revision },
    /// Alarm: nobody did in time.
    #[serde(rename = "emergency.overdue")]
    EmergencyOverdue { emergency: Revision },
}

impl PeopleEvent {
    /// The dotted name, as in the JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Added { .. } => "person.added",
            Self::Edited { .. } => "person.edited",
            Self::Removed { .. } => "person.removed",
            Self::Erased { .. } => "person.erased",
            Self::RuleSet { .. } => "people.rule_set",
            Self::ProposalMade { .. } => "proposal.made",
            Self::ProposalApproved { .. } => "proposal.approved",
            Self::ProposalRefused { .. } => "proposal.refused",
            Self::ProposalExpired { .. } => "proposal.expired",
            Self::EmergencyDeclared { .. } => "emergency.declared",
            Self::EmergencyRatified { .. } => "emergency.ratified",
            Self::EmergencyOverdue { .. } => "emergency.overdue",
        }
    }
}

impl From<PeopleEvent> for Event {
    fn from(event: PeopleEvent) -> Self {
        Self::People(event)
    }
}

impl From<PeopleCommand> for Command {
    fn from(command: PeopleCommand) -> Self {
        Self::People(command)
    }
}
