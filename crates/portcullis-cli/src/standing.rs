//! Steps of a standing: parse, call, render; the same for partners and clients.
//!
//! Must not know which steps there are: the gate has the table.

use serde_json::{Value, json};

use crate::args::{DryRun, Shape, StandingVerb, StatementArgs};
use crate::change::{self, segment, set, set_list, transition};
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, clean, text};
use crate::statement;

mod all;

pub(crate) use all::hold_all;

/// Takes a step; `of` is `partners` or `clients`.
pub(crate) fn run(
    of: &str,
    verb: &StandingVerb,
    gate: &Gate,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let (id, mut body, why) = wish(verb);
    if let Some(why) = why {
        statement::put(&mut body, why, host)?;
    }
    let path = format!("/v1/{of}/{}/transitions", segment(id));
    change::show(&gate.post(&path, &body)?, out)
}

/// Whom it concerns, what is wished, and what was found where something is taken away.
fn wish(verb: &StandingVerb) -> (&str, Value, Option<&StatementArgs>) {
    match verb {
        StandingVerb::Hold {
            id,
            reason,
            shape,
            class,
            even,
            fallback,
            review_by,
            statement,
            dry,
        } => {
            let mut body = dried(transition("suspended", reason, review_by.as_deref()), *dry);
            set(&mut body, "shape", named(*shape));
            set_list(&mut body, "classes", class);
            set_list(&mut body, "even", even);
            set_list(&mut body, "fallback", fallback);
            (id, body, Some(statement))
        }
        StandingVerb::Restore { id, reason, dry } => {
            (id, dried(transition("restored", reason, None), *dry), None)
        }
        StandingVerb::Warn { id, reason, acknowledge_by, statement, dry } => {
            let mut body = dried(transition("warned", reason, None), *dry);
            set(&mut body, "acknowledge_by", acknowledge_by.as_deref());
            (id, body, Some(statement))
        }
        StandingVerb::Acknowledge { id, why } => (id, plain("acknowledged", why), None),
        StandingVerb::Ratify { id, why } => (id, plain("ratified", why), None),
        StandingVerb::Restrict { id, reason, class, factor, statement, dry } => {
            let mut body = dried(transition("restricted", reason, None), *dry);
            set_list(&mut body, "classes", class);
            set(&mut body, "factor", *factor);
            (id, body, Some(statement))
        }
        StandingVerb::Extend { id, reason, review_by, dry } => {
            (id, dried(transition("extended", reason, Some(review_by)), *dry), None)
        }
        StandingVerb::Terminate { id, reason, notice_until, statement, dry } => {
            let mut body = dried(transition("terminating", reason, None), *dry);
            set(&mut body, "until", notice_until.as_deref());
            (id, body, Some(statement))
        }
        StandingVerb::End { id, reason, statement, dry } => {
            (id, dried(transition("terminated", reason, None), *dry), Some(statement))
        }
        StandingVerb::Probation { id, reason, stage, class, factor, dry } => {
            let mut body = dried(transition("probation", reason, None), *dry);
            set(&mut body, "stage", Some(*stage));
            set_list(&mut body, "classes", class);
            set(&mut body, "factor", *factor);
            (id, body, None)
        }
    }
}

/// A step that the partner is told nothing of.
fn plain(to: &str, why: &str) -> Value {
    let mut body = json!({ "to": to });
    set(&mut body, "why", Some(why).filter(|why| !why.is_empty()));
    body
}

/// The same, only to be shown where that is wished.
pub(crate) fn dried(mut body: Value, dry: DryRun) -> Value {
    set(&mut body, "dry_run", dry.dry_run.then_some(true));
    body
}

/// Everything is the default of the gate too.
fn named(shape: Shape) -> Option<&'static str> {
    match shape {
        Shape::All => None,
        Shape::Reads => Some("reads"),
        Shape::ReadsOf => Some("reads_of"),
        Shape::Writes => Some("writes"),
    }
}

/// What is closed, what stays open, and which clocks run.
pub(crate) fn lines(of: &Value, members: &mut Vec<(&str, String)>) {
    let Some(standing) = of.get("standing").filter(|standing| !standing.is_null()) else { return };
    members.push(("stage", text(standing, "stage")));
    members.push(("closed", text(standing, "closed")));
    members.push(("even", text(standing, "even")));
    let factor = text(standing, "factor");
    if !factor.is_empty() {
        members.push(("rates, budgets", format!("{factor} %")));
    }
    members.push(("open", text(standing, "open")));
    members.push(("by", text(standing, "by")));
    members.push(("falls back to", text(standing, "fallback")));
    let clocks = standing.get("clocks").and_then(Value::as_array);
    for clock in clocks.into_iter().flatten() {
        let over = clock.get("ran_out").and_then(Value::as_bool).unwrap_or_default();
        let over = if over { " (over)" } else { "" };
        let name = match clock.get("clock").and_then(Value::as_str) {
            Some("ratification") => "to be confirmed by",
            Some("review") => "review by",
            Some("acknowledgement") => "to be acknowledged by",
            Some("notice") => "may end from",
            _ => "due",
        };
        members.push((name, clean(&format!("{}{over}", text(clock, "at")))));
    }
}
