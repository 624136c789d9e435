//! `apply`: puts the files of a directory in force, all at once or not at all.
//!
//! The server compiles them; nothing is sent that was not read here. Must not know the language.

use std::path::PathBuf;

use owo_colors::OwoColorize as _;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::args::{ApplyArgs, Common};
use crate::change;
use crate::check::count;
use crate::failure::Failure;
use crate::files::read_set;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, clean, text};
use crate::token::deployment;
use crate::told;

pub(crate) fn run(
    args: &ApplyArgs,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => deployment(common, host)?
            .map(|deployment| deployment.root)
            .filter(|root| !root.as_os_str().is_empty())
            .unwrap_or_else(|| PathBuf::from(".")),
    };
    let set = read_set(&dir, host)?;
    if let Some(fault) = set.faults.first() {
        return Err(Failure::Local(fault.to_string()));
    }
    let files: Vec<Value> = set
        .routes
        .iter()
        .chain(&set.policies)
        .map(|source| json!({ "name": source.name, "text": &*source.text }))
        .collect();
    out.say(format!("{} read from {}", count(files.len(), "file"), dir.display()));
    let mut body = json!({ "files": files, "dry_run": args.dry_run });
    told::put(&mut body, &args.told, host)?;
    let gate = Gate::find(common, host)?;
    let applied = gate.call(Method::PUT, "/v1/policies", Some(&body), &[])?;
    if out.is_json() {
        return out.json(&applied);
    }
    let changes = applied.get("changes").and_then(Value::as_array).cloned().unwrap_or_default();
    for file in &changes {
        out.line(format!("{:<8} {}", text(file, "kind"), clean(&text(file, "name"))))?;
    }
    told::show(applied.get("narrowed").unwrap_or(&Value::Null), out)?;
    ledger(&applied, out)?;
    if args.dry_run {
        let verdict = if changes.is_empty() {
            "nothing would change"
        } else {
            "no faults; nothing was changed, since this was a dry run"
        };
        return out.line(verdict);
    }
    applied.get("change").map_or(Ok(()), |change| change::show(change, out))
}

/// What the ledger writes down otherwise, in the words of `diff`.
fn ledger(applied: &Value, out: &mut Out) -> Result<(), Failure> {
    for change in applied.get("ledger").and_then(Value::as_array).into_iter().flatten() {
        let way = text(change, "way");
        let way = if way == "wider" { way.red().bold().to_string() } else { clean(&way) };
        out.line(format!("{way}: {}.", clean(&text(change, "text"))))?;
    }
    Ok(())
}
