//! A wish to change a state, as it is sent: which members go with which state.
//!
//! Must not know the rules about states.

use axum::http::StatusCode;
use portcullis_registry::{Command, KeyCommand, StandingCommand, SubjectId, Wish};
use portcullis_types::{ClassName, Closes, Percent, ReasonCode, Wall};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::statements::Given;
use crate::moments;
use crate::names;
use crate::problem::Problem;
use crate::router::Shared;

/// The states that can be wished for.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum To {
    /// Warned; nothing is closed.
    Warned,
    /// Some classes closed, or rates and budgets cut.
    Restricted,
    /// On hold: refused until restored.
    Suspended,
    /// Told that access ends.
    Terminating,
    /// Access ended; the notice must be over.
    Terminated,
    /// On the way back, in stages.
    Probation,
    /// All is as agreed again.
    Restored,
    /// Somebody else's hold is confirmed.
    Ratified,
    /// A hold is looked at again later.
    Extended,
    /// A warning was acknowledged.
    Acknowledged,
    /// A pending key works from here; keys only.
    Activated,
    /// Ended for ever; keys only.
    Revoked,
}

/// What a hold closes.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shape {
    /// Everything.
    All,
    /// Every read.
    Reads,
    /// Reads of the named classes.
    ReadsOf,
    /// Every write.
    Writes,
}

/// A change of state, with what the partner is told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transition {
    /// The state wished for.
    to: To,
    /// The reason code; the partner reads it.
    reason: Option<String>,
    /// The text for the partner: what happened, what it can do.
    tell: Option<String>,
    /// Why it is confirmed or taken down, for who reads the log later.
    why: Option<String>,
    /// When a hold is looked at again: a date, a time, or a length from now such as `7d`.
    review_by: Option<String>,
    /// By when a warning is to be acknowledged.
    acknowledge_by: Option<String>,
    /// When access may end, 30 days from now or later.
    until: Option<String>,
    /// What a hold closes; everything when absent.
    shape: Option<Shape>,
    /// The classes that a restriction, a stage or `reads_of` closes.
    #[serde(default)]
    classes: Vec<String>,
    /// Continuity classes that a hold closes too.
    #[serde(default)]
    even: Vec<String>,
    /// What stays closed of a hold that nobody else confirms in time.
    #[serde(default)]
    fallback: Vec<String>,
    /// What is left of rates and budgets, in per cent.
    factor: Option<u8>,
    /// Which stage of the way back.
    stage: Option<u8>,
    /// The statement of reasons, which whatever takes access away needs.
    pub(super) statement: Option<Given>,
    /// The case this belongs to.
    case: Option<String>,
    /// Only says what would happen.
    #[serde(default)]
    pub(super) dry_run: bool,
}

/// What is asked of the registry.
pub(super) fn command(
    shared: &Shared,
    subject: SubjectId,
    wish: Transition,
) -> Result<Command, Problem> {
    fits(&wish)?;
    match (wish.to, subject) {
        (To::Revoked, SubjectId::Key(key)) => {
            let (reason, tell, case) = wish.told()?;
            Ok(Command::RevokeKey { key, reason, tell, case })
        }
        (To::Activated, SubjectId::Key(key)) => {
            Ok(Command::Credential(KeyCommand::Activate { key }))
        }
        (To::Revoked | To::Activated, subject) => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "only_keys_are_revoked",
            "Only keys are revoked",
            format!(
                "put {subject} on hold instead, which refuses all its keys at once; each key can be revoked by its id"
            ),
        )),
        (To::Ratified, subject) => {
            let why = wish.why.unwrap_or_default();
            Ok(Command::Standing(StandingCommand::Ratify { subject, why }))
        }
        (To::Acknowledged, subject) => {
            let why = wish.why.unwrap_or_default();
            Ok(Command::Standing(StandingCommand::Acknowledge { subject, why }))
        }
        (To::Extended, subject) => {
            let (reason, tell, case) = wish.told()?;
            let review_by = wish.review_by.as_deref();
            let review_by = review_by.ok_or_else(|| missing("review_by"))?;
            let review_by = moments::future("review_by", review_by, shared.now())?;
            let extend = StandingCommand::ExtendReview { subject, review_by, reason, tell, case };
            Ok(Command::Standing(extend))
        }
        (_, subject) => {
            let (reason, tell, case) = wish.told()?;
            let to = wished(shared, &wish)?;
            Ok(Command::Stand { subject, to, reason, tell, case })
        }
    }
}

/// The standing that is wished for.
fn wished(shared: &Shared, wish: &Transition) -> Result<Wish, Problem> {
    let now = shared.now();
    let when = |member: &str, text: &Option<String>| -> Result<Option<Wall>, Problem> {
        text.as_deref().map(|text| moments::future(member, text, now)).transpose()
    };
    let classes = |names: &[String]| names::classes(names, &*shared.control.checker);
    let factor = || {
        let percent = |percent: u8| Percent::new(percent).ok_or_else(no_share);
        wish.factor.map(percent).transpose()
    };
    Ok(match wish.to {
        To::Warned => {
            Wish::Warned { acknowledge_by: when("acknowledge_by", &wish.acknowledge_by)? }
        }
        To::Restricted => Wish::Restricted { classes: classes(&wish.classes)?, factor: factor()? },
        To::Suspended => Wish::Suspended {
            closes: closes(wish.shape, classes(&wish.classes)?)?,
            even: classes(&wish.even)?,
            fallback: classes(&wish.fallback)?,
            review_by: when("review_by", &wish.review_by)?,
        },
        To::Terminating => Wish::Terminating { until: when("until", &wish.until)? },
        To::Terminated => Wish::Terminated,
        To::Probation => Wish::Probation {
            stage: wish.stage.ok_or_else(|| missing("stage"))?,
            classes: classes(&wish.classes)?,
            factor: factor()?,
        },
        To::Restored
        | To::Ratified
        | To::Extended
        | To::Acknowledged
        | To::Activated
        | To::Revoked => Wish::Good,
    })
}

fn closes(shape: Option<Shape>, classes: Vec<ClassName>) -> Result<Closes, Problem> {
    match (shape, classes.is_empty()) {
        (None | Some(Shape::All), true) => Ok(Closes::All),
        (Some(Shape::Reads), true) => Ok(Closes::Reads),
        (Some(Shape::Writes), true) => Ok(Closes::Writes),
        (Some(Shape::ReadsOf), false) => Ok(Closes::ReadsOf(classes.into())),
        (Some(Shape::ReadsOf), true) => Err(missing("classes")),
        (None | Some(Shape::All | Shape::Reads | Shape::Writes), false) => {
            Err(Problem::unreadable(
                "`classes` goes with `shape: reads_of` only; to close classes whole, send `to: restricted`",
            ))
        }
    }
}

/// Refuses members that say nothing about the state wished for: they would be lost in silence.
fn fits(wish: &Transition) -> Result<(), Problem> {
    let given = [
        ("review_by", wish.review_by.is_some(), &[To::Suspended, To::Extended][..]),
        ("acknowledge_by", wish.acknowledge_by.is_some(), &[To::Warned]),
        ("until", wish.until.is_some(), &[To::Terminating]),
        ("shape", wish.shape.is_some(), &[To::Suspended]),
        ("classes", !wish.classes.is_empty(), &[To::Suspended, To::Restricted, To::Probation]),
        ("even", !wish.even.is_empty(), &[To::Suspended]),
        ("fallback", !wish.fallback.is_empty(), &[To::Suspended]),
        ("factor", wish.factor.is_some(), &[To::Restricted, To::Probation]),
        ("stage", wish.stage.is_some(), &[To::Probation]),
        ("why", wish.why.is_some(), &[To::Ratified, To::Acknowledged]),
    ];
    match given.iter().find(|(_, given, with)| *given && !with.contains(&wish.to)) {
        Some((member, ..)) => {
            Err(Problem::unreadable(format!("`{member}` does not go with this `to`: leave it out")))
        }
        None => Ok(()),
    }
}

impl Transition {
    /// What the partner is told, which most changes need.
    fn told(&self) -> Result<(ReasonCode, String, Option<String>), Problem> {
        let reason = self.reason.as_deref().ok_or_else(|| missing("reason"))?;
        let tell = self.tell.clone().ok_or_else(|| missing("tell"))?;
        Ok((names::id(reason)?, tell, self.case.clone()))
    }
}

fn missing(member: &str) -> Problem {
    Problem::unreadable(format!("`{member}` is missing: this `to` needs it"))
}

fn no_share() -> Problem {
    Problem::unreadable("`factor` is a share in per cent: write 1 to 100")
}
