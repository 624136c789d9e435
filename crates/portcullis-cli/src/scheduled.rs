//! `change`: what waits for its day, and calling it off.
//!
//! Must not know what a change narrows: the gate does.

use serde_json::{Value, json};

use crate::args::{ChangeCommand, Common};
use crate::change::{self, set};
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, clean, text};
use crate::standing::dried;

/// So many partners are named in a line.
const NAMED_MAX: usize = 3;

pub(crate) fn run(
    command: &ChangeCommand,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let gate = Gate::find(common, host)?;
    match command {
        ChangeCommand::List => list(&gate.get("/v1/changes")?, out),
        ChangeCommand::Show { id } => show(&gate.get(&format!("/v1/changes/{id}"))?, out),
        ChangeCommand::Cancel { id, why, tell, dry } => {
            let mut body = dried(json!({ "why": why }), *dry);
            set(&mut body, "tell", tell.as_deref());
            change::show(&gate.post(&format!("/v1/changes/{id}/cancel"), &body)?, out)
        }
    }
}

fn list(all: &Value, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(all);
    }
    let rows = all.get("data").and_then(Value::as_array).into_iter().flatten();
    let rows = rows.map(|one| {
        vec![text(one, "id"), text(one, "effective"), text(one, "by"), whom(one), text(one, "what")]
    });
    out.table(&["CHANGE", "EFFECTIVE", "BY", "TOLD", "WHAT"], rows.collect(), "nothing waits")
}

/// The first of those to whom it was announced, and how many more there are.
fn whom(of: &Value) -> String {
    let told = of.get("announced").and_then(Value::as_array).map(Vec::as_slice);
    let told = told.unwrap_or_default();
    let first = told.iter().take(NAMED_MAX).map(|one| clean(&text(one, "partner")));
    let mut named: Vec<String> = first.collect();
    if told.len() > NAMED_MAX {
        named.push(format!("{} more", told.len() - NAMED_MAX));
    }
    named.join(", ")
}

fn show(one: &Value, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(one);
    }
    out.line(format!("{} scheduled: {}", clean(&text(one, "by")), clean(&text(one, "what"))))?;
    let approver = text(one, "approver");
    if !approver.is_empty() {
        out.line(format!("approved by: {}", clean(&approver)))?;
    }
    out.line(format!("effective: {}", text(one, "effective")))?;
    for told in one.get("announced").and_then(Value::as_array).into_iter().flatten() {
        out.line(format!(
            "told: {} by event {}, statement {}",
            clean(&text(told, "partner")),
            text(told, "revision"),
            text(told, "statement")
        ))?;
    }
    let command = one.get("command").cloned().unwrap_or_default();
    let lines = serde_json::to_string_pretty(&command).unwrap_or_default();
    lines.lines().try_for_each(|line| out.line(clean(line)))
}
