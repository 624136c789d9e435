//! What can be asked of a standing and of a key beside a step, and what can have happened.

use portcullis_types::{Binding, KeyId, ReasonCode, StandingName, Wall};
use serde::{Deserialize, Serialize};

use super::{ClockName, Stood};
use crate::commands::Command;
use crate::words::SubjectId;

/// A wish about a standing that is no step.
#[expect(missing_docs, reason = "the members say what they hold")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StandingCommand {
    /// Confirms somebody else's hold.
    Ratify { subject: SubjectId, why: String },
    /// Puts off when a hold is looked at again.
    ExtendReview {
        subject: SubjectId,
        review_by: Wall,
        reason: ReasonCode,
        tell: String,
        case: Option<String>,
    },
    /// Takes down that a warning was acknowledged.
    Acknowledge { subject: SubjectId, why: String },
    /// Says that time is over; only the gate's clock does.
    #[serde(skip)]
    RunOut { subject: SubjectId, clock: ClockName, at: Wall },
}

/// A secret that was made outside; only its digest is known here.
#[expect(missing_docs, reason = "the members are those of an issued key")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSecret {
    pub id: KeyId,
    pub digest: String,
    pub pepper: String,
}

/// A wish about a key that is no hold.
#[expect(missing_docs, reason = "the members say what they hold")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyCommand {
    /// Lets a pending key work from here.
    Activate { key: KeyId },
    /// Issues a key in place of another, which works on until a moment; none: in the usual time.
    Rotate { key: KeyId, new: NewSecret, until: Option<Wall> },
    /// Ends a secret that somebody else may have, and issues a new one in the same step.
    Compromised {
        key: KeyId,
        reason: ReasonCode,
        tell: String,
        case: Option<String>,
        reissue: Option<NewSecret>,
    },
    /// Says where a key is accepted from: all of it.
    Bind { key: KeyId, binding: Binding, tell: String },
}

/// A fact about a standing. `type` in JSON is the dotted name.
#[expect(missing_docs, reason = "the members are those of the command that led to the event")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum StandingEvent {
    /// All is as agreed again.
    #[serde(rename = "standing.restored")]
    Restored(Stood),
    /// A warning was given.
    #[serde(rename = "standing.warned")]
    Warned(Stood),
    /// A part of access is closed or cut.
    #[serde(rename = "standing.restricted")]
    Restricted(Stood),
    /// Access is on hold.
    #[serde(rename = "standing.held")]
    Held(Stood),
    /// The end of access was told.
    #[serde(rename = "standing.terminating")]
    Terminating(Stood),
    /// Access ended.
    #[serde(rename = "standing.terminated")]
    Terminated(Stood),
    /// Access comes back in stages.
    #[serde(rename = "standing.probation")]
    Probation(Stood),
    /// Somebody else confirmed a hold.
    #[serde(rename = "standing.ratified")]
    Ratified { subject: SubjectId, why: String },
    /// A hold is looked at again later.
    #[serde(rename = "standing.extended")]
    Extended {
        subject: SubjectId,
        review_by: Wall,
        reason: ReasonCode,
        tell: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<String>,
    },
    /// A warning was acknowledged.
    #[serde(rename = "standing.acknowledged")]
    Acknowledged { subject: SubjectId, why: String },
    /// Time is over, and the standing stays as it is.
    #[serde(rename = "standing.ran_out")]
    RanOut { subject: SubjectId, clock: ClockName, at: Wall },
}

/// A fact about a key. `type` in JSON is the dotted name.
#[expect(missing_docs, reason = "the members are those of the command that led to the event")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum KeyEvent {
    /// A pending key works from here.
    #[serde(rename = "key.activated")]
    Activated { key: KeyId },
    /// A key has a successor and ends at a moment.
    #[serde(rename = "key.rotated")]
    Rotated { key: KeyId, successor: KeyId, until: Wall },
    /// A key's time is over.
    #[serde(rename = "key.expired")]
    Expired { key: KeyId, at: Wall },
    /// A key ended since somebody else may have it.
    #[serde(rename = "key.compromised")]
    Compromised {
        key: KeyId,
        reason: ReasonCode,
        tell: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        successor: Option<KeyId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        statement: Option<String>,
    },
    /// Where a key is accepted from changed.
    #[serde(rename = "key.bound")]
    Bound { key: KeyId, binding: Binding, tell: String },
}

impl StandingEvent {
    /// The event of a step.
    #[must_use]
    pub(crate) fn step(to: StandingName, stood: Stood) -> Self {
        match to {
            StandingName::Good => Self::Restored(stood),
            StandingName::Warned => Self::Warned(stood),
            StandingName::Restricted => Self::Restricted(stood),
            StandingName::Suspended => Self::Held(stood),
            StandingName::Terminating => Self::Terminating(stood),
            StandingName::Terminated => Self::Terminated(stood),
            StandingName::Probation => Self::Probation(stood),
        }
    }

    /// The step, where it is one.
    #[must_use]
    pub fn stood(&self) -> Option<(StandingName, &Stood)> {
        Some(match self {
            Self::Restored(stood) => (StandingName::Good, stood),
            Self::Warned(stood) => (StandingName::Warned, stood),
            Self::Restricted(stood) => (StandingName::Restricted, stood),
            Self::Held(stood) => (StandingName::Suspended, stood),
            Self::Terminating(stood) => (StandingName::Terminating, stood),
            Self::Terminated(stood) => (StandingName::Terminated, stood),
            Self::Probation(stood) => (StandingName::Probation, stood),
            Self::Ratified { .. }
            | Self::Extended { .. }
            | Self::Acknowledged { .. }
            | Self::RanOut { .. } => return None,
        })
    }

    /// The same, to be added to.
    pub(crate) fn stood_mut(&mut self) -> Option<&mut Stood> {
        match self {
            Self::Restored(stood)
            | Self::Warned(stood)
            | Self::Restricted(stood)
            | Self::Held(stood)
            | Self::Terminating(stood)
            | Self::Terminated(stood)
            | Self::Probation(stood) => Some(stood),
            Self::Ratified { .. }
            | Self::Extended { .. }
            | Self::Acknowledged { .. }
            | Self::RanOut { .. } => None,
        }
    }

    /// Whom it concerns.
    #[must_use]
    pub fn subject(&self) -> &SubjectId {
        match self {
            Self::Restored(stood)
            | Self::Warned(stood)
            | Self::Restricted(stood)
            | Self::Held(stood)
            | Self::Terminating(stood)
            | Self::Terminated(stood)
            | Self::Probation(stood) => &stood.subject,
            Self::Ratified { subject, .. }
            | Self::Extended { subject, .. }
            | Self::Acknowledged { subject, .. }
            | Self::RanOut { subject, .. } => subject,
        }
    }

    /// The dotted name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Restored(_) => "standing.restored",
            Self::Warned(_) => "standing.warned",
            Self::Restricted(_) => "standing.restricted",
            Self::Held(_) => "standing.held",
            Self::Terminating(_) => "standing.terminating",
            Self::Terminated(_) => "standing.terminated",
            Self::Probation(_) => "standing.probation",
            Self::Ratified { .. } => "standing.ratified",
            Self::Extended { .. } => "standing.extended",
            Self::Acknowledged { .. } => "standing.acknowledged",
            Self::RanOut { .. } => "standing.ran_out",
        }
    }
}

impl From<StandingCommand> for Command {
    fn from(command: StandingCommand) -> Self {
        Self::Standing(command)
    }
}

impl From<KeyCommand> for Command {
    fn from(command: KeyCommand) -> Self {
        Self::Credential(command)
    }
}

impl StandingCommand {
    /// Whom it concerns.
    #[must_use]
    pub fn subject(&self) -> &SubjectId {
        match self {
            Self::Ratify { subject, .. }
            | Self::ExtendReview { subject, .. }
            | Self::Acknowledge { subject, .. }
            | Self::RunOut { subject, .. } => subject,
        }
    }
}

impl KeyCommand {
    /// Which key it concerns.
    #[must_use]
    pub fn key(&self) -> &KeyId {
        match self {
            Self::Activate { key }
            | Self::Rotate { key, .. }
            | Self::Compromised { key, .. }
            | Self::Bind { key, .. } => key,
        }
    }
}

impl KeyEvent {
    /// Which key it concerns.
    #[must_use]
    pub fn key(&self) -> &KeyId {
        match self {
            Self::Activated { key }
            | Self::Rotated { key, .. }
            | Self::Expired { key, .. }
            | Self::Compromised { key, .. }
            | Self::Bound { key, .. } => key,
        }
    }

    /// The dotted name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Activated { .. } => "key.activated",
            Self::Rotated { .. } => "key.rotated",
            Self::Expired { .. } => "key.expired",
            Self::Compromised { .. } => "key.compromised",
            Self::Bound { .. } => "key.bound",
        }
    }
}
