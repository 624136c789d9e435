//! `person`, `proposal`, `whoami`: parse, call, render.
//!
//! Must not know what a role allows or what takes two persons: the gate does.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::args::{Common, PersonCommand, ProposalCommand};
use crate::change::{self, segment, set, set_list};
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, clean, text};
use crate::standing::dried;

pub(crate) fn run(
    command: &PersonCommand,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let gate = Gate::find(common, host)?;
    match command {
        PersonCommand::List => list(&gate.get("/v1/people")?, out),
        PersonCommand::Add { id, name, role, login } => {
            let mut body = json!({ "id": id, "roles": role, "logins": login });
            set(&mut body, "name", name.as_deref());
            change::show(&gate.post("/v1/people", &body)?, out)
        }
        PersonCommand::Edit { id, name, role, no_role, login } => {
            let mut body = json!({});
            set(&mut body, "name", name.as_deref());
            set_list(&mut body, "roles", role);
            set(&mut body, "roles", no_role.then(|| json!([])));
            set_list(&mut body, "logins", login);
            if body.as_object().is_some_and(|members| members.is_empty()) {
                let told = "name what to change, such as `--role ROLE`; see `portcullis person edit --help`";
                return Err(Failure::Usage(told.to_owned()));
            }
            let path = format!("/v1/people/{}", segment(id));
            change::show(&gate.call(Method::PATCH, &path, Some(&body), &[])?, out)
        }
        PersonCommand::Remove { id } => {
            let path = format!("/v1/people/{}", segment(id));
            change::show(&gate.call(Method::DELETE, &path, None, &[])?, out)
        }
        PersonCommand::Erase { id } => {
            let path = format!("/v1/people/{}/personal", segment(id));
            change::show(&gate.call(Method::DELETE, &path, None, &[])?, out)
        }
    }
}

fn list(people: &Value, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(people);
    }
    let rows = people.get("data").and_then(Value::as_array).into_iter().flatten();
    let rows = rows.map(|person| {
        let logins = person.get("logins").and_then(Value::as_array).map_or(0, Vec::len);
        vec![text(person, "id"), text(person, "name"), words(person, "roles"), logins.to_string()]
    });
    let empty = "no person yet: declare one with `portcullis person add ID --role ROLE`";
    out.table(&["PERSON", "NAME", "ROLES", "LOGINS"], rows.collect(), empty)?;
    if text(people, "two_persons") == "off" {
        out.say("giving access takes one person: the rule for two is off");
    }
    Ok(())
}

fn words(of: &Value, member: &str) -> String {
    let all = of.get(member).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(Value::as_str).map(clean).collect::<Vec<_>>().join(", ")
}

pub(crate) fn proposals(
    command: &ProposalCommand,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let gate = Gate::find(common, host)?;
    match command {
        ProposalCommand::List => waiting(&gate.get("/v1/proposals")?, out),
        ProposalCommand::Show { id } => show(&gate.get(&format!("/v1/proposals/{id}"))?, out),
        ProposalCommand::Approve { id, digest, dry } => {
            let proposal = gate.get(&format!("/v1/proposals/{id}"))?;
            let now = text(&proposal, "digest");
            if digest.as_ref().is_some_and(|seen| seen.len() < 8 || !now.starts_with(seen)) {
                return Err(Failure::Usage(format!(
                    "proposal {id} has digest `{now}`, not the one named: look at it again by `portcullis proposal show {id}`"
                )));
            }
            out.say(format!("{} proposed: {}", text(&proposal, "by"), text(&proposal, "what")));
            let path = format!("/v1/proposals/{id}/approve");
            let body = dried(json!({ "digest": now }), *dry);
            change::show(&gate.post(&path, &body)?, out)
        }
        ProposalCommand::Refuse { id, why } => {
            let path = format!("/v1/proposals/{id}/refuse");
            change::show(&gate.post(&path, &json!({ "why": why }))?, out)
        }
        ProposalCommand::Ratify { id } => {
            let path = format!("/v1/emergencies/{id}/ratify");
            change::show(&gate.post(&path, &json!({}))?, out)
        }
    }
}

fn waiting(all: &Value, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(all);
    }
    let entries = |member: &str| {
        let entries = all.get(member).and_then(Value::as_array).cloned();
        entries.unwrap_or_default()
    };
    let open = entries("data");
    let rows = open.iter().map(|open| {
        let until = match open.get("changed").and_then(Value::as_u64) {
            Some(changed) => format!("stale since event {changed}"),
            None => text(open, "expires"),
        };
        vec![number(open), text(open, "by"), until, text(open, "what")]
    });
    out.table(&["PROPOSAL", "BY", "UNTIL", "WHAT"], rows.collect(), "nothing waits")?;
    for glass in entries("emergencies") {
        out.line(format!(
            "emergency {}: {} did alone: {} ({}); ratify it by {} with `portcullis proposal ratify {}`",
            number(&glass),
            text(&glass, "by"),
            text(&glass, "what"),
            text(&glass, "why"),
            text(&glass, "ratify_by"),
            number(&glass)
        ))?;
    }
    Ok(())
}

fn show(open: &Value, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(open);
    }
    out.line(format!("{} proposed: {}", text(open, "by"), text(open, "what")))?;
    out.line(format!("digest: {}", text(open, "digest")))?;
    if let Some(changed) = open.get("changed").and_then(Value::as_u64) {
        out.line(format!(
            "stale: event {changed} changed what it is about, so it can't be approved any more; propose it again"
        ))?;
    } else {
        out.line(format!("until: {}", text(open, "expires")))?;
    }
    let command = open.get("command").cloned().unwrap_or_default();
    let lines = serde_json::to_string_pretty(&command).unwrap_or_default();
    lines.lines().try_for_each(|line| out.line(clean(line)))
}

fn number(of: &Value) -> String {
    of.get("id").map(Value::to_string).unwrap_or_default()
}

pub(crate) fn whoami(common: &Common, host: &dyn Host, out: &mut Out) -> Result<(), Failure> {
    let me = Gate::find(common, host)?.get("/v1/me")?;
    if out.is_json() {
        return out.json(&me);
    }
    out.line(format!("{} {}, by {}", text(&me, "kind"), text(&me, "name"), text(&me, "login")))?;
    out.line(format!("roles: {}", words(&me, "roles")))?;
    out.line(match text(&me, "two_persons").as_str() {
        "on" => "giving access takes two persons",
        _ => "giving access takes one person: the rule for two is off",
    })
}
