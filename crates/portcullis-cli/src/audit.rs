//! `audit`: the log, listed, shown, verified, exported, and shown to others.
//!
//! Must not know what events mean beyond their members.

mod bundle;
mod past;
mod proofs;
mod tiles;
mod verify;

use std::io::Write as _;

use serde_json::Value;

use crate::args::{AuditCommand, Common};
use crate::failure::Failure;
use crate::files::unwritable;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, text};

pub(crate) fn run(
    command: &AuditCommand,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    match command {
        AuditCommand::List { from, count } => list(*from, *count, &Gate::find(common, host)?, out),
        AuditCommand::Show { revision } => {
            let event = Gate::find(common, host)?.get(&format!("/v1/audit/{revision}"))?;
            // Nested members read best as what they are.
            out.json(&event)
        }
        AuditCommand::Query(args) => past::query(args, &Gate::find(common, host)?, out),
        AuditCommand::At(args) => past::at(args, common, host, out),
        AuditCommand::Verify(args) => verify::run(args, common, host, out),
        AuditCommand::Tiles(args) => tiles::run(args, common, host, out),
        AuditCommand::Prove(args) => proofs::prove(args, &Gate::find(common, host)?, host, out),
        AuditCommand::Receipt { revision, out: to } => {
            proofs::receipt(*revision, to.as_ref(), &Gate::find(common, host)?, host, out)
        }
        AuditCommand::VerifyReceipt(args) => proofs::verify_receipt(args, host, out),
        AuditCommand::Export { out: to } => {
            let mut log = Gate::find(common, host)?.stream("/v1/audit/export")?;
            let broken = |error: std::io::Error| match error.kind() {
                std::io::ErrorKind::BrokenPipe => Failure::Closed,
                _ => {
                    Failure::Local(format!("the export is not whole and must not be used: {error}"))
                }
            };
            match to {
                Some(path) => {
                    let mut file = host.create(path).map_err(|error| unwritable(path, &error))?;
                    std::io::copy(&mut log, &mut file)
                        .and_then(|_| file.flush())
                        .map_err(broken)?;
                    out.say(format!(
                        "exported to {0}; verify it with `portcullis audit verify --export {0}`",
                        path.display()
                    ));
                    Ok(())
                }
                None => std::io::copy(&mut log, out.bytes()).map(|_| ()).map_err(broken),
            }
        }
    }
}

fn list(from: Option<u64>, count: u64, gate: &Gate, out: &mut Out) -> Result<(), Failure> {
    let mut next = Some(match from {
        Some(from) => from,
        None => {
            let newest = gate.get("/v1/audit?count=1")?;
            let size = newest.get("newest").and_then(Value::as_u64).map_or(0, |newest| newest + 1);
            size.saturating_sub(count)
        }
    });
    let mut events: Vec<Value> = Vec::new();
    let wanted = usize::try_from(count).unwrap_or(usize::MAX);
    while let Some(from) = next.filter(|_| events.len() < wanted) {
        let part = (wanted - events.len()).min(1000);
        let mut page = gate.get(&format!("/v1/audit?from={from}&count={part}"))?;
        if let Some(Value::Array(data)) = page.get_mut("data").map(Value::take) {
            events.extend(data);
        }
        next = page.get("next").and_then(Value::as_u64);
    }
    let none = if from.is_some() {
        "there is no event from that revision on; `portcullis audit list` shows the newest"
    } else {
        "the log is empty"
    };
    table(&events, none, out)
}

/// Events, a line each.
fn table(events: &[Value], none: &str, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(&events);
    }
    let rows = events.iter().map(row).collect();
    out.table(&["REVISION", "TIME", "ACTOR", "EVENT", "SUBJECT", "DETAIL"], rows, none)
}

fn row(event: &Value) -> Vec<String> {
    let what = event.get("event").cloned().unwrap_or_default();
    let about = what.get("event").unwrap_or(&what);
    let subject = match about.get("subject") {
        Some(subject) => format!("{} {}", text(subject, "kind"), text(subject, "id")),
        // Who is concerned by a signal is the partner, whatever key it used.
        None if text(about, "type").starts_with("signal.") => {
            format!("partner {}", text(about, "partner"))
        }
        None => ["key", "client", "partner"]
            .into_iter()
            .find(|kind| about.get(kind).is_some_and(Value::is_string))
            .map(|kind| format!("{kind} {}", text(about, kind)))
            .unwrap_or_default(),
    };
    let actor = event.get("actor").map(|actor| text(actor, "id")).unwrap_or_default();
    vec![
        text(event, "revision"),
        text(event, "ts"),
        actor,
        text(&what, "type"),
        subject,
        detail(&what),
    ]
}

/// Members that tell an event from others of its kind.
const TOLD: [&str; 19] = [
    "kind",
    "outcome",
    "tier",
    "mode",
    "why",
    "granted",
    "renewed",
    "withdrawn",
    "label",
    "count",
    "set",
    "what",
    "fingerprint",
    "origin",
    "rule",
    "evidence",
    "not_held",
    "held",
    "cap",
];

/// What tells an event from others of its kind, shortened.
fn detail(what: &Value) -> String {
    let (reason, facts) = (text(what, "reason"), what.get("facts"));
    let long = match facts.filter(|_| text(what, "type") == "facts.declared") {
        Some(facts) => declared(facts),
        None if text(what, "type") == "log.lost" => {
            format!("events {} to {}", text(what, "from"), text(what, "to"))
        }
        // Put in force again: what it was, and what it was for.
        None if let Some(lost) = what.get("event") => {
            format!("{} of lost event {}, {}", text(lost, "type"), text(what, "lost"), detail(lost))
        }
        None if reason.is_empty() => {
            let told = TOLD.map(|member| (member, text(what, member)));
            let told = told.iter().filter(|(_, value)| !value.is_empty());
            told.map(|(member, value)| format!("{member} {value}")).collect::<Vec<_>>().join(", ")
        }
        None => format!("{reason}: {}", text(what, "tell")),
    };
    if long.chars().count() <= 60 {
        return long;
    }
    long.chars().take(59).chain(['…']).collect()
}

/// A declaration: its use, and how long its lists are.
fn declared(facts: &Value) -> String {
    let mut told = vec![format!("use {}", text(facts, "use"))];
    if let Some(Value::Object(lists)) = facts.get("lists") {
        let count = |entries: &Value| entries.as_array().map_or(0, Vec::len);
        told.extend(lists.iter().map(|(name, entries)| format!("{name} {}", count(entries))));
    }
    told.join(", ")
}
