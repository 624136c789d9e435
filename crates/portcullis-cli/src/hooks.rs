//! `hook`: parse, call, render.
//!
//! Must not know where a hook may be: the gate does.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::args::{Common, HookCommand};
use crate::change::{self, segment};
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, text};

pub(crate) fn run(
    command: &HookCommand,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let gate = Gate::find(common, host)?;
    match command {
        HookCommand::Add { partner, url } => {
            made(&gate.post("/v1/hooks", &json!({ "partner": partner, "url": url }))?, out)
        }
        HookCommand::List => {
            let found = gate.get("/v1/hooks")?;
            let members = ["id", "partner", "origin", "added"];
            let empty = "no hook yet: add one with `portcullis hook add PARTNER URL`";
            listed(&found, (&["HOOK", "PARTNER", "AT", "ADDED"], &members), empty, out)
        }
        HookCommand::Remove { id } => {
            let path = format!("/v1/hooks/{}", segment(id));
            change::show(&gate.call(Method::DELETE, &path, None, &[])?, out)
        }
        HookCommand::Rotate { id, overlap } => {
            let path = format!("/v1/hooks/{}/rotate", segment(id));
            made(&gate.post(&path, &json!({ "until": overlap }))?, out)
        }
        HookCommand::Test { id } => {
            gate.post(&format!("/v1/hooks/{}/test", segment(id)), &json!({}))?;
            out.say(format!("on its way; see `portcullis hook deliveries {id}`"));
            Ok(())
        }
        HookCommand::Deliveries { id, limit } => {
            let path = format!("/v1/hooks/{}/deliveries?limit={limit}", segment(id));
            let members = ["id", "made", "kind", "state", "status", "failures", "next", "said"];
            let heads = ["NO", "MADE", "ABOUT", "STATE", "STATUS", "FAILED", "NEXT TRY", "WHY"];
            listed(&gate.get(&path)?, (&heads, &members), "nothing was sent to it yet", out)
        }
        HookCommand::Replay { id, delivery } => {
            let path = format!("/v1/hooks/{}/deliveries/{delivery}/replay", segment(id));
            gate.post(&path, &json!({}))?;
            out.say(format!("on its way; see `portcullis hook deliveries {id}`"));
            Ok(())
        }
    }
}

/// A hook with the secret that is shown once.
fn made(made: &Value, out: &mut Out) -> Result<(), Failure> {
    change::show(made, out)?;
    if !out.is_json() {
        out.line(format!("hook: {}", text(made, "id")))?;
        out.line(format!("secret, shown this once: {}", text(made, "secret")))?;
    }
    Ok(())
}

fn listed(
    page: &Value,
    (heads, members): (&[&str], &[&str]),
    empty: &str,
    out: &mut Out,
) -> Result<(), Failure> {
    let data = page.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
    if out.is_json() {
        return out.json(&data);
    }
    let rows = data.iter().map(|one| members.iter().map(|member| text(one, member)).collect());
    out.table(heads, rows.collect(), empty)
}
