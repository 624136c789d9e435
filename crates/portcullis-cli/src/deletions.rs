//! `ledger deletions`: who was told to delete what by when, and who said what they did.
//!
//! Must not know how the gate finds out who received what.

use serde_json::Value;

use crate::args::{Common, DeletionsArgs};
use crate::change::{self, segment};
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, text};

pub(crate) fn run(
    args: &DeletionsArgs,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let gate = Gate::find(common, host)?;
    if let Some(list) = &args.list {
        return show(&gate.get(&format!("/v1/deletions/lists/{}", segment(list)))?, out);
    }
    let filters = [
        ("partner", args.partner.as_deref()),
        ("since", args.since.as_deref()),
        ("overdue", args.overdue.then_some("true")),
    ];
    let lists = change::list(&gate, "/v1/deletions/report", &filters, args.limit, out)?;
    if out.is_json() {
        return out.json(&lists);
    }
    let rows = lists.iter().map(row).collect();
    let empty = if args.overdue {
        "nothing is overdue"
    } else {
        "no partner was told to delete anything; the platform posts deletions at /v1/deletions"
    };
    out.table(&HEADS, rows, empty)
}

const HEADS: [&str; 8] = ["LIST", "PARTNER", "WHAT", "COUNT", "TOLD", "DUE BY", "STATE", "SAID"];

fn row(list: &Value) -> Vec<String> {
    let what = match list.get("day").and_then(Value::as_str) {
        Some(day) => format!("{} of {day}", text(list, "what")),
        None => text(list, "what"),
    };
    vec![
        text(list, "batch"),
        text(list, "partner"),
        what,
        text(list, "count"),
        text(list, "told"),
        text(list, "due_by"),
        text(list, "state").replace('_', " "),
        said(list),
    ]
}

/// What the partner attested, in figures.
fn said(list: &Value) -> String {
    let attested = text(list, "attested");
    if attested.is_empty() {
        return String::new();
    }
    let counts = [("deleted", "deleted"), ("never_stored", "never stored"), ("kept", "KEPT")];
    let counts = counts.into_iter().filter_map(|(member, name)| {
        let count = list.get(member).and_then(Value::as_u64).filter(|count| *count > 0)?;
        Some(format!("{count} {name}"))
    });
    let counts: Vec<String> = counts.collect();
    format!("{} by {} at {attested}", counts.join(", "), text(list, "by"))
}

fn show(list: &Value, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(list);
    }
    out.table(&HEADS, vec![row(list)], "")?;
    let stays = list.get("stays").and_then(Value::as_array);
    let stays = stays.into_iter().flatten().map(|one| {
        let record = text(one, "record");
        let (kind, name) =
            if record.is_empty() { ("owner", text(one, "owner")) } else { ("record", record) };
        vec![text(one, "id"), kind.to_owned(), name, text(one, "reason")]
    });
    out.table(
        &["EVENT", "KIND", "STAYS", "REASON"],
        stays.collect(),
        "nothing of it is said to stay",
    )
}
