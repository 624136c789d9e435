//! The ledger itself: how far it is written, whether it is what it was, and what it is to take up again.
//!
//! Must not know what anybody asks it.

use serde_json::{Value, json};

use super::show::{list, rows, some, table};
use crate::args::AdoptArgs;
use crate::failure::Failure;
use crate::gate::Gate;
use crate::out::{Out, text};

pub(super) fn verify(told: &Value, out: &mut Out) -> Result<(), Failure> {
    let clean = told.get("clean").and_then(Value::as_bool) == Some(true);
    if out.is_json() {
        out.json(told)?;
    } else {
        let heads = ["file", "piece", "from", "event", "what"];
        let faults = rows(told, "faults", &heads);
        if !faults.is_empty() {
            table(&heads, faults, "", out)?;
        }
        let is_whole = list(told, "faults").next().is_none();
        let (files, bytes) = (text(told, "files"), text(told, "bytes"));
        let journals = text(told, "journals");
        out.line(if is_whole {
            format!("{files} files with {bytes} bytes are what the log says they were; {journals} journals are not in it yet")
        } else {
            "THE LEDGER IS NOT WHAT IT WAS: keep a copy of its folder as it is, and look who could write there".to_owned()
        })?;
        let hashes = some(told, "hashes");
        if !hashes.is_empty() {
            out.line(format!("of files that are what they were, the hashes beside them are gone or others: {hashes}; put these back from a copy, and look who could write there; questions are answered all the same"))?;
        }
    }
    if clean { Ok(()) } else { Err(Failure::Findings) }
}

/// One after the other; one that is refused keeps none of the others waiting.
pub(super) fn adopt(args: &AdoptArgs, gate: &Gate, out: &mut Out) -> Result<(), Failure> {
    let sets = if args.all { not_in_log(gate)? } else { args.sets.clone() };
    let (mut taken_up, mut refused) = (Vec::new(), Vec::new());
    for set in &sets {
        match gate.post("/v1/ledger/adoptions", &json!({ "set": set, "why": args.why })) {
            Ok(done) => taken_up.push(done),
            Err(why) => refused.push((set, why)),
        }
    }
    if out.is_json() {
        out.json(&taken_up)?;
        return not_taken_up(refused, out);
    }
    for done in &taken_up {
        let (set, event) = (text(done, "set"), text(done, "revision"));
        out.line(if event.is_empty() {
            format!("`{set}` was in the log already")
        } else {
            format!(
                "`{set}` is in the log now, with {} answers and {} records: event {event}",
                text(done, "answers"),
                text(done, "records")
            )
        })?;
    }
    if sets.is_empty() {
        out.line("the log has all sets that are there")?;
    }
    not_taken_up(refused, out)
}

/// Says which are not, each with its reason.
fn not_taken_up(refused: Vec<(&String, Failure)>, out: &mut Out) -> Result<(), Failure> {
    let are_many = refused.len() > 1;
    for (set, why) in &refused {
        let why = if are_many { format!(": {why}") } else { String::new() };
        out.say(format!("`{set}` is NOT taken up{why}"));
    }
    match refused.into_iter().next() {
        None => Ok(()),
        Some(_) if are_many => Err(Failure::Findings),
        Some((_, why)) => Err(why),
    }
}

/// Sets that the log does not have.
fn not_in_log(gate: &Gate) -> Result<Vec<String>, Failure> {
    let told = gate.get("/v1/ledger")?;
    let Some(sets) = told.get("not_in_log").and_then(Value::as_array) else {
        let why = text(&told, "wrong");
        return Err(Failure::Local(format!("it is not known which sets the log has: {why}")));
    };
    Ok(sets.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

pub(super) fn status(told: &Value, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(told);
    }
    let days: Vec<&str> = list(told, "days").filter_map(Value::as_str).collect();
    let days = match (days.first(), days.last()) {
        (Some(first), Some(last)) => format!("{} days, {first} to {last}", days.len()),
        _ => "none yet".to_owned(),
    };
    let shredded = list(told, "shredded").count();
    let is_known = told.get("not_in_log").is_some_and(Value::is_array);
    let not_in_log =
        if is_known { some(told, "not_in_log") } else { "it can't be looked".to_owned() };
    out.card(&[
        ("folder", text(told, "dir")),
        ("written until", text(told, "written_until")),
        ("files", format!("{} with {} bytes", text(told, "files"), text(told, "bytes"))),
        (
            "in them",
            format!("{} answers, {} records", text(told, "answers"), text(told, "records")),
        ),
        ("journals", text(told, "journals")),
        ("can be told", days),
        ("shredded", format!("{shredded} days")),
        ("gone too soon", some(told, "missing")),
        ("not in the log", not_in_log),
        ("wrong", text(told, "wrong")),
    ])?;
    let kept = list(told, "preserved").map(|one| {
        let until = text(one, "until");
        let until = if until.is_empty() { "it is closed".to_owned() } else { until };
        let days = list(one, "days").count();
        vec![text(one, "case"), until, text(one, "sets"), days.to_string()]
    });
    let kept: Vec<_> = kept.collect();
    if kept.is_empty() {
        return Ok(());
    }
    out.line("")?;
    out.line("kept although their time is over, since a case preserves them:")?;
    table(&["case", "until", "sets of files", "keys of days"], kept, "", out)
}
