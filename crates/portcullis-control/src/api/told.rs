//! What those are told whom a change of an agreement leaves less, and how such a change is weighed.
//!
//! Must not know what a tier gives, nor the rules about reasons.

use axum::http::StatusCode;
use axum::response::Response;
use portcullis_registry::{ChangeCommand, Command, Narrowed, Snapshot, SubjectId, Terms, Told};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::statements::{self, Given};
use crate::auth::Caller;
use crate::moments;
use crate::names::{self, orphans};
use crate::preview;
use crate::problem::Problem;
use crate::router::Shared;
use crate::views::Change;
use crate::{AgreedTier, Checker, Weighed};

/// What those are told whom a change leaves less: needed where it leaves anybody less.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToldBody {
    /// The reason code, such as `agreement-changed`; the partner reads it.
    reason: String,
    /// The text for the partner: what changes, what it can do.
    tell: String,
    /// The case this belongs to.
    case: Option<String>,
    /// The statement of reasons.
    statement: Option<Given>,
    /// The day from which on it holds, where that is to come: a date, a time, or a length from now such
    /// as `30d`. It is announced now, and carried out then.
    effective: Option<String>,
}

/// A partner that a change leaves less.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct NarrowedView {
    /// Its id.
    partner: String,
    /// How, each as the rest of a sentence that begins with `they`.
    what: Vec<String>,
}

impl From<&Narrowed> for NarrowedView {
    fn from(narrowed: &Narrowed) -> Self {
        Self { partner: narrowed.partner.to_string(), what: narrowed.what.clone() }
    }
}

/// The answer to a change; where it was only looked at, with whom it would leave less.
pub(crate) async fn done(
    shared: &Shared,
    caller: &Caller,
    (command, terms): (Command, Terms),
) -> Result<Response, Problem> {
    let narrowed =
        terms.narrowed.iter().filter(|_| terms.dry_run).map(NarrowedView::from).collect();
    let done = shared.submit_on(caller, command, terms).await?;
    Ok(Change { narrowed, ..preview::shown(shared, done).await? }.answer(StatusCode::OK))
}

/// A change with what is told of it, and the terms it is weighed on. `of` is whose events the facts of
/// the statement may be taken from.
pub(crate) async fn with_words(
    shared: &Shared,
    caller: &Caller,
    (command, told): (Command, Option<ToldBody>),
    (weighed, of): (Weighed, Option<SubjectId>),
    dry_run: bool,
) -> Result<(Command, Terms), Problem> {
    let Weighed { proved_narrower, narrowed } = weighed;
    let terms = Terms { dry_run, proved_narrower, narrowed: narrowed.clone(), ..caller.terms()? };
    let Some(told) = told else { return Ok((command, terms)) };
    let effective = told.effective.as_deref();
    let effective = effective.map(|text| moments::future("effective", text, shared.now()));
    let effective = effective.transpose()?;
    let first = narrowed.first().map(|one| SubjectId::Partner(one.partner.clone()));
    let statement = match of.or(first) {
        Some(of) => statements::draft(shared, &of, told.statement).await?,
        None => None,
    };
    let told = Told {
        reason: names::id(&told.reason)?,
        tell: told.tell,
        case: told.case,
        statement: statement.unwrap_or_default(),
    };
    let command = Command::Told { told: Box::new(told), narrowed, command: Box::new(command) };
    let command = match effective {
        Some(effective) => ChangeCommand::Schedule { effective, command: Box::new(command) }.into(),
        None => command,
    };
    Ok((command, terms))
}

/// What a change of an agreement comes to, in this state: a set of policies, or a partner's move to another
/// tier, by name or by use. A partner without a key that works loses nothing.
///
/// # Errors
/// Why it can't be put in force: the set has faults, or lacks a tier that a partner is on.
pub fn weigh(
    checker: &dyn Checker,
    change: &Command,
    snapshot: &Snapshot,
) -> Result<Weighed, String> {
    match change.bare() {
        Command::PublishPolicy { files } => {
            let holds = checker.check(files).map_err(|faults| {
                let first = faults.first().map(|fault| fault.text.as_str()).unwrap_or_default();
                format!("its files have faults: {first}")
            })?;
            match orphans(&holds, snapshot) {
                Some(problem) => Err(problem.detail.clone()),
                None => Ok(checker.weighs_set(files, snapshot)),
            }
        }
        bare => Ok(moved(checker, bare, snapshot)),
    }
}

/// What a partner's move to another tier comes to.
pub(crate) fn moved(checker: &dyn Checker, change: &Command, snapshot: &Snapshot) -> Weighed {
    let (id, tier, purpose) = match change {
        Command::EditPartner { id, tier, r#use, .. } => {
            (id, tier.clone(), r#use.map(|new| new.name().to_owned()))
        }
        Command::DeclareFacts { subject: SubjectId::Partner(id), facts } => {
            (id, None, facts.purpose.as_deref().map(|purpose| purpose.trim().to_owned()))
        }
        _ => return Weighed::default(),
    };
    if tier.is_none() && purpose.is_none() {
        return Weighed::default();
    }
    let Some((at, partner)) =
        snapshot.partner_ix(id).and_then(|at| Some((at, snapshot.partner(at)?)))
    else {
        return Weighed::default();
    };
    let named = tier.unwrap_or_else(|| partner.tier.clone());
    let to = AgreedTier {
        tier: named.map(|tier| tier.to_string()),
        purpose: purpose.or_else(|| partner.facts.purpose.clone()),
    };
    let mut weighed = checker.weighs_move(partner, &to);
    if !snapshot.calls(at) {
        weighed.narrowed.clear();
    }
    weighed
}
