//! Statements of reasons: what was typed of one as the gate takes it, and one as its partner reads it.
//!
//! Must not know what a statement must say: the gate has the rules.

use std::path::Path;

use portcullis_yaml::{Source, read_foreign};
use serde_json::{Map, Value, json};

use crate::args::{Common, StatementArgs, StatementCommand};
use crate::change::{segment, set};
use crate::failure::Failure;
use crate::files::unreadable;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, clean, text};

/// Sets the member `statement` where anything of one was typed.
pub(crate) fn put(body: &mut Value, args: &StatementArgs, host: &dyn Host) -> Result<(), Failure> {
    let mut statement = match &args.statement {
        Some(file) => from_file(file, "statement: write members such as `facts:`", host)?,
        None => json!({}),
    };
    for (at, fact) in args.fact.iter().enumerate() {
        let mut fact = json!({ "statement": fact });
        set(&mut fact, "period", args.period.as_deref());
        if at == 0 {
            set(&mut fact, "metric", args.metric.as_deref());
            set(&mut fact, "value", args.value.as_deref());
            set(&mut fact, "limit", args.limit.as_deref());
            if let Some(evidence) = &args.evidence {
                let (member, evidence) = shows(evidence, host)?;
                set(&mut fact, member, Some(evidence));
            }
        }
        add(&mut statement, "facts", fact);
    }
    for revision in &args.facts_from {
        add(&mut statement, "facts_from", json!(revision));
    }
    set(&mut statement, "ends_at", args.ends.as_deref());
    set(&mut statement, "indefinite_because", args.indefinite_because.as_deref());
    set(&mut statement, "impact_note", args.impact_note.as_deref());
    let any = statement.as_object().is_some_and(|members| !members.is_empty());
    set(body, "statement", any.then_some(statement));
    Ok(())
}

/// Adds to a list, beside what a file says.
fn add(statement: &mut Value, member: &str, entry: Value) {
    let Some(members) = statement.as_object_mut() else { return };
    let list = members.entry(member).or_insert_with(|| json!([]));
    if let Some(list) = list.as_array_mut() {
        list.push(entry);
    }
}

/// Evidence as the gate takes it: its text, or the digest of what is kept elsewhere.
fn shows(evidence: &str, host: &dyn Host) -> Result<(&'static str, String), Failure> {
    if evidence.len() == 64 && evidence.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(("evidence_sha256", evidence.to_lowercase()));
    }
    Ok(("evidence", words(Path::new(evidence), host)?))
}

fn words(path: &Path, host: &dyn Host) -> Result<String, Failure> {
    let bytes = host.read(path).map_err(|error| unreadable(path, &error))?;
    String::from_utf8(bytes).map_err(|_| {
        Failure::Local(format!("{} is not UTF-8 text; name its SHA-256 instead", path.display()))
    })
}

/// A YAML or JSON file with members; `what` says what else it should have been.
pub(crate) fn from_file(path: &Path, what: &str, host: &dyn Host) -> Result<Value, Failure> {
    let source = Source::new(path.display().to_string(), words(path, host)?);
    let read = read_foreign(&source).map_err(|faults| {
        let listed: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Failure::Local(format!("{}\nnothing was done", listed.join("\n")))
    })?;
    if read.is_object() {
        return Ok(read);
    }
    Err(Failure::Local(format!("{} is no {what}", path.display())))
}

pub(crate) fn run(
    command: &StatementCommand,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let StatementCommand::Show { digest, whole } = command;
    let path = format!("/v1/statements/{}", segment(digest));
    let found = Gate::find(common, host)?.get(&path)?;
    let member = if *whole { "statement" } else { "partner_reads" };
    let statement = found.get(member).cloned().unwrap_or_default();
    if out.is_json() {
        return out.json(&statement);
    }
    for (name, value) in lines(&statement) {
        out.line(format!("{name:<16} {}", clean(&value)).trim_end())?;
    }
    Ok(())
}

/// A statement line by line, in the order in which somebody asks: what, why, for how long, what now.
pub(crate) fn lines(statement: &Value) -> Vec<(&'static str, String)> {
    let at = |path: &str| statement.pointer(path).cloned().unwrap_or_default();
    let measure = at("/measure");
    let mut lines = vec![
        ("reason", text(statement, "reason")),
        ("told", text(statement, "tell")),
        ("measure", format!("{} -> {}", text(&measure, "from"), text(&measure, "to"))),
        ("since", text(&measure, "effective_at")),
        ("review by", text(&measure, "review_by")),
        ("ends", text(&measure, "ends_at")),
        ("no end, since", text(&measure, "indefinite_because")),
    ];
    match at("/facts") {
        Value::Array(facts) => lines.extend(facts.iter().flat_map(fact)),
        withheld => lines.push(("found", kept_back(&withheld))),
    }
    let explanation = at("/ground/explanation");
    let because = explanation.as_str().map_or_else(|| kept_back(&explanation), str::to_owned);
    lines.push(("ground", format!("{}: {because}", text(&at("/ground"), "clause"))));
    lines.push(("by machine", by_machine(&at("/automation"))));
    let actions = at("/required_actions");
    for action in actions.as_array().into_iter().flatten() {
        lines.push(("to do", format!("{} (by {})", text(action, "action"), text(action, "due"))));
    }
    let redress = at("/redress");
    lines.push((
        "to object",
        format!("{} until {}", text(&redress, "complaint"), text(&redress, "until")),
    ));
    lines.push(("for customers", text(statement, "impact_note")));
    lines.push(("case", text(statement, "case")));
    lines.retain(|(_, value)| !value.is_empty());
    lines
}

fn fact(fact: &Value) -> Vec<(&'static str, String)> {
    let period = fact.get("period").cloned().unwrap_or_default();
    let mut lines = vec![
        ("found", text(fact, "statement")),
        ("  when", format!("{} until {}", text(&period, "from"), text(&period, "until"))),
    ];
    if fact.get("metric").is_some() {
        let [metric, value, limit] = ["metric", "value", "limit"].map(|member| text(fact, member));
        lines.push(("  measured", format!("{metric}: {value}, and {limit} is allowed")));
    }
    lines.push(("  evidence", text(fact, "evidence_sha256")));
    lines
}

fn by_machine(automation: &Value) -> String {
    if automation.get("withheld_until").is_some() {
        return kept_back(automation);
    }
    let [found, decided] = ["detection", "decision"].map(|member| text(automation, member));
    let rule = text(automation, "rule");
    let rule = if rule.is_empty() { rule } else { format!(" by `{rule}`") };
    format!("found: {found}, decided: {decided}{rule}")
}

/// A part that the partner does not read yet, with its reason and its end.
fn kept_back(part: &Value) -> String {
    let part: Map<String, Value> = part.as_object().cloned().unwrap_or_default();
    let part = Value::Object(part);
    format!("withheld until {}: {}", text(&part, "withheld_until"), text(&part, "ground"))
}
