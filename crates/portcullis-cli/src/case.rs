//! `case`: parse, call, render.
//!
//! Must not know the rules of a case or of its way back: the gate does.

mod evidence;
mod plan;
mod show;

use serde_json::{Value, json};

use crate::args::{CaseCommand, Common, DryRun, Told};
use crate::change::{self, segment, set, set_list};
use crate::failure::Failure;
use crate::files::by_hand;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, text};

pub(crate) fn run(
    command: &CaseCommand,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let gate = &Gate::find(common, host)?;
    match command {
        CaseCommand::Open { .. } => open(command, gate, out),
        CaseCommand::List { closed, subject, limit } => {
            let closed = closed.then_some("true");
            let filters = [("closed", closed), ("subject", subject.as_deref())];
            show::list(&change::list(gate, "/v1/cases", &filters, *limit, out)?, out)
        }
        CaseCommand::Show { id } => {
            let timeline = change::list(gate, &at(id, "/timeline"), &[], 1000, out)?;
            show::whole(&gate.get(&at(id, ""))?, &timeline, out)
        }
        CaseCommand::Evidence(command) => evidence::run(command, gate, host, out),
        CaseCommand::Restore { id, plan, dry } => {
            let plan: plan::Plan = by_hand(plan, "planned", host)?;
            let plan = serde_json::to_value(plan).map_err(std::io::Error::other)?;
            done(gate, id, dried(json!({ "do": "plan", "plan": plan }), *dry), out)
        }
        CaseCommand::Stage { id, stage, reason, dry } => {
            let stage = match stage {
                Some(stage) => u64::from(*stage),
                None => next(&gate.get(&at(id, ""))?),
            };
            let mut body = told("stage", reason, *dry);
            set(&mut body, "stage", Some(stage));
            done(gate, id, body, out)
        }
        CaseCommand::Finish { id, reason, dry } => {
            done(gate, id, told("finish", reason, *dry), out)
        }
        CaseCommand::Export { .. } => evidence::export(command, gate, host, out),
        plain => {
            let (id, body) = of_plain(plain, host)?;
            done(gate, id, body, out)
        }
    }
}

/// What needs nothing but what was typed.
fn of_plain<'a>(command: &'a CaseCommand, host: &dyn Host) -> Result<(&'a str, Value), Failure> {
    Ok(match command {
        CaseCommand::Note { id, text } => (id, json!({ "do": "note", "text": typed(text, host)? })),
        CaseCommand::Link { subject, signal, .. } if subject.is_empty() && signal.is_empty() => {
            let told = "name what belongs to it: `--subject KIND:ID` or `--signal REVISION`";
            return Err(Failure::Usage(told.to_owned()));
        }
        CaseCommand::Link { id, subject, signal } => {
            let mut body = json!({ "do": "link", "signals": signal });
            set_list(&mut body, "subjects", subject);
            (id, body)
        }
        CaseCommand::Assign { id, owner } => (id, json!({ "do": "assign", "owner": owner })),
        CaseCommand::Review { id, when } => (id, json!({ "do": "review", "review_by": when })),
        CaseCommand::Preserve { id, until } => (id, json!({ "do": "preserve", "until": until })),
        CaseCommand::Close { id, why } => (id, json!({ "do": "close", "why": why })),
        CaseCommand::Attest { id, client, text } => {
            (id, json!({ "do": "attest", "client": client, "text": typed(text, host)? }))
        }
        _ => return Err(Failure::Usage("this command has a way of its own".to_owned())),
    })
}

fn open(command: &CaseCommand, gate: &Gate, out: &mut Out) -> Result<(), Failure> {
    let CaseCommand::Open { id, title, subject, signal, owner, review_by, preserve_until } =
        command
    else {
        return Ok(());
    };
    let mut body = json!({ "title": title, "signals": signal });
    set(&mut body, "id", id.as_deref());
    set(&mut body, "owner", owner.as_deref());
    set(&mut body, "review_by", review_by.as_deref());
    set(&mut body, "preserve_until", preserve_until.as_deref());
    set_list(&mut body, "subjects", subject);
    change::show(&gate.post("/v1/cases", &body)?, out)
}

/// Text as typed, or standard input.
fn typed(text: &str, host: &dyn Host) -> Result<String, Failure> {
    if text != "-" {
        return Ok(text.to_owned());
    }
    let unreadable = |error| Failure::Local(format!("standard input can't be read: {error}"));
    host.input().map_err(unreadable)
}

fn told(what: &str, reason: &Told, dry: DryRun) -> Value {
    dried(json!({ "do": what, "reason": reason.reason, "tell": reason.tell }), dry)
}

fn dried(body: Value, dry: DryRun) -> Value {
    crate::standing::dried(body, dry)
}

/// The stage that follows the one it is at.
fn next(case: &Value) -> u64 {
    case.pointer("/plan/stage").and_then(Value::as_u64).map_or(1, |at| at + 1)
}

/// The open cases about a subject, where whoever asks may know them.
pub(crate) fn about(subject: &str, gate: &Gate, out: &mut Out) -> Result<(), Failure> {
    let (status, page) = gate.look(&format!("/v1/cases?subject={}", segment(subject)))?;
    let cases = page.get("data").and_then(Value::as_array).filter(|_| status == 200);
    if out.is_json() {
        return Ok(());
    }
    for case in cases.into_iter().flatten() {
        let plan = case.get("plan").filter(|plan| text(plan, "state") == "running");
        let stages =
            |plan: &Value| plan.get("stages").and_then(Value::as_array).map_or(0, Vec::len);
        let way_back = plan.map(|plan| {
            format!("; access comes back in stages, at {} of {}", text(plan, "stage"), stages(plan))
        });
        out.line(format!("case {}{}", text(case, "id"), way_back.unwrap_or_default()))?;
    }
    Ok(())
}

fn done(gate: &Gate, id: &str, body: Value, out: &mut Out) -> Result<(), Failure> {
    change::show(&gate.post(&at(id, "/changes"), &body)?, out)
}

fn at(id: &str, below: &str) -> String {
    format!("/v1/cases/{}{below}", segment(id))
}

/// The digest of a case's evidence that begins like that.
fn digest_of(case: &Value, start: &str) -> Result<String, Failure> {
    let evidence = case.get("evidence").and_then(Value::as_array).into_iter().flatten();
    let digests = evidence.map(|one| text(one, "sha256"));
    let found: Vec<String> = digests.filter(|digest| digest.starts_with(start)).collect();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        found => Err(Failure::Usage(format!(
            "{} of the digests of its evidence begin with `{start}`, and one must: `portcullis case show {}` lists them",
            if found.is_empty() { "none".to_owned() } else { found.len().to_string() },
            text(case, "id")
        ))),
    }
}
