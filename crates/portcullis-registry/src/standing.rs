//! How a partner or client stands: what can be wished, what became of it, and which clocks run.
//!
//! The steps that are allowed stand in `table`, what the state keeps in `course`. Must not know how a
//! call is judged; what is closed is only named here.

mod asked;
mod course;
mod rejected;
mod table;

use portcullis_types::{ClassName, Closes, Percent, ReasonCode, StandingName, Wall};
use serde::{Deserialize, Serialize};

use crate::words::{Actor, ActorKind, SubjectId};

pub use asked::{KeyCommand, KeyEvent, NewSecret, StandingCommand, StandingEvent};
pub(crate) use course::fall_back;
pub(crate) use course::took_nothing;
pub use course::{Clock, Course};
pub use rejected::{CredentialRejected, StandingRejected};
pub(crate) use table::possible;
pub use table::{Cell, cell};

/// A day in milliseconds.
pub(crate) const DAY: u64 = 86_400_000;
/// Within so many days a hold is looked at again.
pub const REVIEW_DAYS_MAX: u64 = 14;
/// So many days ahead the end of access is told, at least.
pub const NOTICE_DAYS_MIN: u64 = 30;
/// Within so many days a warning is acknowledged, where nobody says otherwise.
pub(crate) const ACKNOWLEDGE_DAYS: u64 = 14;
/// Within so many milliseconds somebody else confirms a person's hold: 24 hours.
pub(crate) const RATIFY_PERSON: u64 = DAY;
/// Within so many milliseconds somebody confirms a hold that no person chose: 4 hours.
pub(crate) const RATIFY_SIGNAL: u64 = 4 * 3_600_000;
/// Most stages of the way back.
pub const STAGES_MAX: u8 = 9;

/// What standing somebody is wished to have.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "to", deny_unknown_fields)]
pub enum Wish {
    /// Warned; nothing is taken.
    Warned {
        /// By when it is acknowledged; none: in the usual time.
        #[serde(default)]
        acknowledge_by: Option<Wall>,
    },
    /// Some classes closed, or rates and budgets cut.
    Restricted {
        /// The classes.
        #[serde(default)]
        classes: Vec<ClassName>,
        /// What is left of rates and budgets.
        #[serde(default)]
        factor: Option<Percent>,
    },
    /// Put on hold, in a shape.
    Suspended {
        /// What is closed.
        closes: Closes,
        /// Continuity classes that are closed too.
        #[serde(default)]
        even: Vec<ClassName>,
        /// What stays closed if nobody confirms the hold; none: as its shape says.
        #[serde(default)]
        fallback: Vec<ClassName>,
        /// When it is looked at again; none: in the usual time.
        #[serde(default)]
        review_by: Option<Wall>,
    },
    /// Told that access ends; closed meanwhile as it was before.
    Terminating {
        /// When it may end; none: as soon as is allowed.
        #[serde(default)]
        until: Option<Wall>,
    },
    /// Access ended.
    Terminated,
    /// On the way back.
    Probation {
        /// Which stage.
        stage: u8,
        /// Classes that are still closed.
        #[serde(default)]
        classes: Vec<ClassName>,
        /// What there is of rates and budgets meanwhile.
        #[serde(default)]
        factor: Option<Percent>,
    },
    /// As agreed.
    Good,
}

impl Wish {
    /// A hold on everything, as usual.
    #[must_use]
    pub fn hold(closes: Closes) -> Self {
        Self::Suspended { closes, even: Vec::new(), fallback: Vec::new(), review_by: None }
    }

    /// The name of the standing.
    #[must_use]
    pub fn name(&self) -> StandingName {
        match self {
            Self::Warned { .. } => StandingName::Warned,
            Self::Restricted { .. } => StandingName::Restricted,
            Self::Suspended { .. } => StandingName::Suspended,
            Self::Terminating { .. } => StandingName::Terminating,
            Self::Terminated => StandingName::Terminated,
            Self::Probation { .. } => StandingName::Probation,
            Self::Good => StandingName::Good,
        }
    }
}

/// A change of standing: all that holds from here.
#[expect(missing_docs, reason = "the members are those of the wish, and when its clocks run out")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stood {
    pub subject: SubjectId,
    pub from: StandingName,
    pub reason: ReasonCode,
    pub tell: String,
    #[serde(default, skip_serializing_if = "Closes::is_nothing")]
    pub closes: Closes,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub even: Vec<ClassName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<Percent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<u8>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<ClassName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratify_by: Option<Wall>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_by: Option<Wall>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge_by: Option<Wall>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Wall>,
    /// The clock that led to it, where no person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ran_out: Option<ClockName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Whether it is a step of a plan that gives access back in stages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_plan: bool,
    /// Digest of the statement of reasons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
}

impl Stood {
    /// A change that closes nothing and runs no clock.
    pub(crate) fn new(
        subject: SubjectId,
        from: StandingName,
        reason: ReasonCode,
        tell: String,
    ) -> Self {
        Self {
            subject,
            from,
            reason,
            tell,
            closes: Closes::Nothing,
            even: Vec::new(),
            factor: None,
            stage: None,
            fallback: Vec::new(),
            ratify_by: None,
            review_by: None,
            acknowledge_by: None,
            until: None,
            ran_out: None,
            case: None,
            by_plan: false,
            statement: None,
        }
    }
}

/// The clocks that the gate acts by.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockName {
    /// Somebody else confirms a hold.
    Ratification,
    /// A hold is looked at again.
    Review,
    /// A warning is acknowledged.
    Acknowledgement,
    /// The notice before the end of access.
    Notice,
    /// What was declared is looked at again.
    Declaration,
    /// A key begins to work.
    KeyStart,
    /// A key ends.
    KeyEnd,
}

impl ClockName {
    /// The name as it stands in events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ratification => "ratification",
            Self::Review => "review",
            Self::Acknowledgement => "acknowledgement",
            Self::Notice => "notice",
            Self::Declaration => "declaration",
            Self::KeyStart => "key_start",
            Self::KeyEnd => "key_end",
        }
    }
}

/// Who takes a step.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Who {
    /// Somebody.
    Person,
    /// The gate, since something was seen.
    Signal,
    /// The gate, since a clock ran out.
    Clock,
}

impl Who {
    /// The kind that an actor is of.
    #[must_use]
    pub fn of(actor: &Actor) -> Self {
        match actor.kind {
            ActorKind::Gate if *actor == Actor::clock() => Self::Clock,
            ActorKind::Gate => Self::Signal,
            _ => Self::Person,
        }
    }
}
