//! `ledger check`: an answer that is evidence of a case, with the log and the ledger's folder and no gate.
//!
//! Each check names what differs. Must not know how files are read or a question is answered.

mod log;

use std::path::Path;

use owo_colors::OwoColorize as _;
use portcullis_registry::Blob;
use serde_json::{Value, json};

use super::show::list;
use crate::args::EvidenceCheckArgs;
use crate::failure::Failure;
use crate::files::unreadable;
use crate::host::Host;
use crate::out::{Out, clean, text};
use log::LogRead;

/// The form of evidence that this program knows.
const FORM: u64 = 1;

/// What was found so far.
#[derive(Default)]
struct Found {
    faults: Vec<String>,
    /// That the file is none of the gate's; what it says is compared all the same, so that all that differs
    /// is named.
    foreign: Option<String>,
    event: Option<u64>,
    files: u64,
    bytes: u64,
    /// Why the question was not asked anew.
    not_asked: Option<String>,
}

pub(super) fn run(args: &EvidenceCheckArgs, host: &dyn Host, out: &mut Out) -> Result<(), Failure> {
    let bytes = host.read(&args.file).map_err(|error| unreadable(&args.file, &error))?;
    let evidence: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if evidence.get("portcullis_ledger_evidence").and_then(Value::as_u64) != Some(FORM) {
        return Err(Failure::Local(format!(
            "{} is no evidence of the ledger that this program knows: name the file that `--save` wrote",
            args.file.display()
        )));
    }
    let sha256 = Blob::new(bytes).sha256;
    let read = log::read(args, &sha256, host)?;
    let mut found = Found::default();
    in_log(&evidence, &sha256, &read, &mut found);
    // What is not in the log, or otherwise, needs no look at the files.
    if found.faults.is_empty() {
        in_folder(&evidence, &read, &args.ledger, host, &mut found)?;
    }
    found.faults.splice(..0, found.foreign.take());
    tell(&evidence, &read, &found, out)
}

/// Whether the log has the file and all that it says it was read from.
fn in_log(evidence: &Value, sha256: &str, read: &LogRead, found: &mut Found) {
    let mut fault = |what: String| found.faults.push(what);
    if let Some(why) = &read.damaged {
        fault(format!("the log is not what it was: {why}"));
        return;
    }
    let case = text(evidence, "case");
    let Some((event, of)) = read.added.iter().find(|(_, of)| *of == case).or(read.added.first())
    else {
        fault(format!(
            "no event of the log adds a file of this digest to a case ({sha256}): the file was changed, or the log is another or older than it"
        ));
        return;
    };
    if *of != case {
        fault(format!("it names case {case}, and event {event} adds it to case {of}"));
    }
    for set in list(evidence, "sets") {
        let (name, at) =
            (text(set, "set"), set.get("event").and_then(Value::as_u64).unwrap_or_default());
        let Some(anchored) = read.anchored.get(&at).filter(|_| at < *event) else {
            fault(format!(
                "set {name}: event {at} of the log anchors no files before event {event}"
            ));
            continue;
        };
        if log::set_of(anchored).as_deref() != Some(&name) {
            fault(format!("set {name}: event {at} of the log anchors the files of another set"));
        } else if anchored.get("files") != set.get("files") {
            fault(differing(&name, at, anchored, set));
        }
    }
    found.event = Some(*event);
    if !read.taken.contains(of) {
        found.foreign = Some(format!(
            "event {event} adds the file to case {of}, and no event says that the gate took it from its ledger: somebody else made it"
        ));
    }
}

/// Which file of a set the log has otherwise.
fn differing(set: &str, at: u64, anchored: &Value, named: &Value) -> String {
    let (anchored, named) = (list(anchored, "files"), list(named, "files"));
    let other = named.zip(anchored).find(|(named, anchored)| named != anchored);
    match other {
        Some((named, anchored)) => format!(
            "set {set}: file {} has root {} in the evidence, and event {at} anchors {} with root {}",
            text(named, "name"),
            text(named, "root"),
            text(anchored, "name"),
            text(anchored, "root")
        ),
        None => format!("set {set}: event {at} anchors other files than the evidence names"),
    }
}

/// Whether the files are what they were, none is left out, and the answer is the same.
fn in_folder(
    evidence: &Value,
    read: &LogRead,
    dir: &Path,
    host: &dyn Host,
    found: &mut Found,
) -> Result<(), Failure> {
    let others = read.others(evidence);
    let again = host.ledger(dir, evidence, &others).map_err(Failure::Local)?;
    let number = |member: &str| again.get(member).and_then(Value::as_u64).unwrap_or_default();
    (found.files, found.bytes) = (number("files"), number("bytes"));
    for fault in list(&again, "faults") {
        found.faults.push(format!("file {}: {}", text(fault, "file"), text(fault, "what")));
    }
    let (Some(then), Some(now)) = (evidence.get("answer"), again.get("answer")) else {
        found.faults.push("it has no answer".to_owned());
        return Ok(());
    };
    if !found.faults.is_empty() {
        return Ok(());
    }
    let gone = |of: &Value| text(of, "shredded");
    if gone(then) != gone(now) {
        let (then, now) = (gone(then), gone(now));
        let then = if then.is_empty() { "none".to_owned() } else { then };
        found.not_asked = Some(format!(
            "the keys of these days are not in the folder: {now}; when it was asked, {then} were missing"
        ));
        return Ok(());
    }
    let members = then.as_object().into_iter().flatten();
    let mut other = members.filter(|(name, value)| now.get(name.as_str()) != Some(*value));
    if let Some((name, _)) = other.next() {
        found.faults.push(format!(
            "the question asked anew gives another answer: `{name}` is {} in the evidence, and {} by the files",
            short(then.get(name)),
            short(now.get(name))
        ));
    } else if then.as_object().map(serde_json::Map::len)
        != now.as_object().map(serde_json::Map::len)
    {
        found.faults.push("the question asked anew gives an answer with other members".to_owned());
    }
    Ok(())
}

/// The beginning of a value.
fn short(value: Option<&Value>) -> String {
    let value = value.map(Value::to_string).unwrap_or_default();
    if value.chars().count() <= 200 {
        value
    } else {
        value.chars().take(199).chain(['…']).collect()
    }
}

fn tell(evidence: &Value, read: &LogRead, found: &Found, out: &mut Out) -> Result<(), Failure> {
    let whole = found.faults.is_empty();
    let question = evidence.get("question").cloned().unwrap_or_default();
    let (sets, gone) = (list(evidence, "sets").count(), text(evidence, "gone"));
    if out.is_json() {
        out.json(&json!({
            "whole": whole, "faults": found.faults, "case": evidence.get("case"),
            "event": found.event, "question": question.get("question"), "sets": sets,
            "files": found.files, "bytes": found.bytes, "asked_again": whole && found.not_asked.is_none(),
            "not_asked_again": found.not_asked, "origin": read.origin, "trusted_key": read.trusted,
        }))?;
    } else if whole {
        out.line(format!("{} the evidence is what was added to the case", "verified:".green()))?;
        let again = found.not_asked.as_deref().map_or_else(
            || "the question gives the same answer".to_owned(),
            |why| format!("NOT ASKED ANEW: {why}"),
        );
        let missing = text(evidence, "not_anchored");
        out.card(&[
            (
                "case",
                format!("{}, event {}", text(evidence, "case"), found.event.unwrap_or_default()),
            ),
            ("question", asked(&question)),
            ("taken", text(evidence, "taken")),
            ("read from", format!("{sets} sets of files, each as the log anchored it")),
            ("files", format!("{} with {} bytes, each as its root says", found.files, found.bytes)),
            ("asked anew", again),
            ("not in it", format!("{missing} answers that were not anchored yet")),
            ("gone by then", if gone.is_empty() { "no files".to_owned() } else { gone }),
        ])?;
    } else {
        for fault in &found.faults {
            out.line(format!("{} {}", "DAMAGED:".red().bold(), clean(fault)))?;
        }
    }
    if !whole {
        return Err(Failure::Findings);
    }
    if !read.trusted {
        out.say("the log was checked against the key it names itself; to rule out that it was forged as a whole, name the key you trust with `--log-key VKEY`");
    }
    Ok(())
}

/// What was asked, in a line.
fn asked(question: &Value) -> String {
    let of = ["owner", "partner", "client"].map(|name| (name, text(question, name)));
    let mut told = text(question, "question");
    for (name, value) in of.iter().filter(|(_, value)| !value.is_empty()) {
        told.push_str(&format!(", {name} {value}"));
    }
    let people = list(question, "people").count();
    if people > 0 {
        told.push_str(&format!(", {people} people"));
    }
    let [from, to] = [["since", "from"], ["until", "to"]]
        .map(|names| names.map(|name| text(question, name)).concat());
    format!("{told}, {from} to {to}")
}
