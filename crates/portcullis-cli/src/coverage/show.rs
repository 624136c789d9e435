//! Coverage as people read it.
//!
//! Must not work anything out.

use std::collections::BTreeSet;

use owo_colors::OwoColorize as _;

use super::{Coverage, FieldLine, OperationLine, State, ledger};
use crate::failure::Failure;
use crate::out::{Out, clean};

/// As people read it: what is open is counted, what is closed is named.
pub(crate) fn show(coverage: &Coverage, out: &mut Out) -> Result<(), Failure> {
    let operations: BTreeSet<&str> =
        coverage.operations.iter().map(|line| line.operation.as_str()).collect();
    let described = match coverage.described {
        Some(count) => format!(", {count} described"),
        None => String::new(),
    };
    out.line(format!("{} operations listed{described}", operations.len()))?;
    for gap in &coverage.gaps {
        out.line(format!("  {} {}", "not listed:".red(), clean(&gap.to_string())))?;
    }
    for line in coverage.operations.iter().filter(|line| line.state != State::Given) {
        let target = line.target.as_ref().map(|kind| format!(" on a {kind}")).unwrap_or_default();
        let what = format!("{} ({} {}){target}", line.operation, line.method, line.path);
        out.line(format!("  {} {what}{}", line.state.words(), batches(line)))?;
    }
    out.line(format!("{} fields and edges", coverage.fields.len()))?;
    for (state, field, class) in closed_fields(&coverage.fields) {
        out.line(format!("  {} {field} ({class})", state.words()))?;
    }
    ledger::show(&coverage.classes, out)?;
    if !coverage.rules.is_empty() {
        out.line("without effect")?;
    }
    for rule in &coverage.rules {
        out.line(format!("  {}: {}", rule.rule, rule.why))?;
    }
    for rule in &coverage.conditional {
        let classes = rule.classes.join(", ");
        out.line(format!("denied by a condition: {} ({})", rule.rule, clean(&classes)))?;
    }
    if !coverage.narrowing.is_empty() {
        let names = coverage.narrowing.join(", ");
        out.line(format!("to narrow keys with, and no tier grants by them: {names}"))?;
    }
    Ok(())
}

/// Fields that are not given; an object none of whose fields are is one line.
fn closed_fields(fields: &[FieldLine]) -> Vec<(State, String, String)> {
    let mut lines: Vec<(State, String, String)> = Vec::new();
    for field in fields.iter().filter(|field| field.state != State::Given) {
        let object = object(&field.field);
        let inside = |other: &&FieldLine| object.is_some() && self::object(&other.field) == object;
        let alike = fields.iter().filter(inside).all(|other| other.state == field.state);
        let (name, class) = match object.filter(|_| alike) {
            Some(object) => {
                let count = fields.iter().filter(inside).count();
                (format!("{object}.*"), crate::check::count(count, "field"))
            }
            None => (field.field.clone(), field.class.clone()),
        };
        if lines.last().is_none_or(|(_, last, _)| *last != name) {
            lines.push((field.state, name, class));
        }
    }
    lines
}

/// The object of a node that a field stands in: `post.owner` of `post.owner.username`.
fn object(field: &str) -> Option<&str> {
    let mut dots = field.match_indices('.').map(|(at, _)| at);
    let second = dots.nth(1)?;
    field.get(..second)
}

fn batches(line: &OperationLine) -> String {
    match (line.state, line.tiers.as_slice()) {
        (State::Unfolded, []) => "; no tier allows it".to_owned(),
        (State::Unfolded, tiers) => format!("; allowed by {}", tiers.join(", ")),
        _ => String::new(),
    }
}
