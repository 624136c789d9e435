//! `signal`: what watches of policies saw, and what became of it.
//!
//! Must not know how a signal is measured.

use serde_json::Value;

use crate::args::{Common, SignalCommand};
use crate::change;
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, text};

pub(crate) fn run(
    command: &SignalCommand,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let SignalCommand::List { partner, rule, limit } = command;
    let gate = Gate::find(common, host)?;
    let filters = [("partner", partner.as_deref()), ("rule", rule.as_deref())];
    let signals = change::list(&gate, "/v1/signals", &filters, *limit, out)?;
    if out.is_json() {
        return out.json(&signals);
    }
    let rows = signals.iter().map(row).collect();
    out.table(
        &["REVISION", "TIME", "PARTNER", "RULE", "EVIDENCE", "THEN"],
        rows,
        "no signal was raised; a policy names what is watched under `watch:`",
    )
}

fn row(signal: &Value) -> Vec<String> {
    let with = text(signal, "with");
    let evidence = text(signal, "evidence");
    let evidence = if with.is_empty() { evidence } else { format!("with {with}: {evidence}") };
    vec![
        text(signal, "revision"),
        text(signal, "ts"),
        text(signal, "partner"),
        text(signal, "rule"),
        evidence,
        then(signal),
    ]
}

/// What was done, and what a person still has to do.
fn then(signal: &Value) -> String {
    let names = |member: &str| -> Vec<String> {
        let list = signal.get(member).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let (wanted, not_held) = (names("wanted"), text(signal, "not_held"));
    let is_held = signal.get("held").and_then(Value::as_bool).unwrap_or_default();
    let told = names("then").into_iter().filter_map(|name| match name.as_str() {
        "hold" if wanted.contains(&name) => {
            Some(format!("hold wanted ({})", not_held.replace('_', " ")))
        }
        other if wanted.contains(&name) => Some(format!("{} wanted", other.replace('_', " "))),
        "hold" => Some("held".to_owned()),
        "flag" => Some("flagged".to_owned()),
        "open_case" => Some(format!("in {}", text(signal, "case"))),
        // A hold closes more.
        _ => (!is_held).then(|| "restricted".to_owned()),
    });
    let told = told.collect::<Vec<_>>().join(", ");
    if told.is_empty() { "in shadow".to_owned() } else { told }
}
