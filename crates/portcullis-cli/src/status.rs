//! `status`: whether the gate is ready, and what is in force.
//!
//! Must not know how readiness is found.

use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

use crate::args::Common;
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, clean, text};

pub(crate) fn run(common: &Common, host: &dyn Host, out: &mut Out) -> Result<(), Failure> {
    let gate = Gate::find(common, host)?;
    let (status, ready) = gate.look("/readyz")?;
    let me = gate.get("/v1/me")?;
    let policies = match gate.get("/v1/policies") {
        Ok(policies) => Some(policies),
        Err(Failure::Refused(refusal)) if refusal.status == 404 => None,
        Err(failure) => return Err(failure),
    };
    let is_ready = status == 200;
    if out.is_json() {
        out.json(&json!({ "ready": ready, "me": me, "policies": policies }))?;
    } else {
        let version = clean(&text(&me, "version"));
        let word =
            if is_ready { "ready".green().to_string() } else { "NOT READY".red().to_string() };
        out.line(format!("gate       {word}, version {version}, at {}", gate.base()))?;
        for detail in ready.get("detail").and_then(Value::as_array).into_iter().flatten() {
            let bad = detail.get("ok").and_then(Value::as_bool) != Some(true);
            let mark = if bad { "!" } else { " " };
            // A fault comes with its excerpt, on lines of its own.
            let told = text(detail, "detail");
            let mut lines = told.lines().map(clean);
            let first = lines.next().unwrap_or_default();
            out.line(format!("{mark} {:<8} {first}", clean(&text(detail, "name"))))?;
            for line in lines {
                out.line(format!("           {line}"))?;
            }
        }
        out.line(format!("token      {}", clean(&text(&me, "name"))))?;
        in_force(policies.as_ref(), out)?;
    }
    if is_ready { Ok(()) } else { Err(Failure::Findings) }
}

fn in_force(policies: Option<&Value>, out: &mut Out) -> Result<(), Failure> {
    let Some(policies) = policies else {
        out.line("policies   none in force, every call is refused")?;
        out.say("put a set in force with `portcullis apply` in the deployment's directory");
        return Ok(());
    };
    let files = policies.get("files").and_then(Value::as_array).map_or(0, Vec::len);
    let (revision, since) = (text(policies, "revision"), text(policies, "since"));
    out.line(format!("policies   {files} files, in force since {since} (revision {revision})"))?;
    let differs = policies.get("differs").and_then(Value::as_array).cloned().unwrap_or_default();
    for file in &differs {
        out.line(format!("! {:<8} {} on disk", text(file, "kind"), clean(&text(file, "name"))))?;
    }
    if !differs.is_empty() {
        out.say("what differs on disk is not in force: put it in force with `portcullis apply`");
    }
    Ok(())
}
