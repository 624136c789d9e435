//! `audit query` and `audit at`: what happened to somebody, and how somebody stood then.
//!
//! Must not know how the log is folded.

use serde_json::{Value, json};

use super::table;
use crate::args::{AtArgs, Common, QueryArgs};
use crate::change::segment;
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, text};
use crate::partners;

/// Members that are given, as a query.
fn query_of(members: &[(&str, Option<&String>)]) -> String {
    let given = members.iter().filter_map(|(name, value)| Some((name, (*value)?)));
    given.map(|(name, value)| format!("&{name}={}", segment(value))).collect()
}

/// Looks on until enough is found or all was looked at.
pub(super) fn query(args: &QueryArgs, gate: &Gate, out: &mut Out) -> Result<(), Failure> {
    let wanted = query_of(&[
        ("subject", args.subject.as_ref()),
        ("type", args.kind.as_ref()),
        ("actor", args.actor.as_ref()),
        ("since", args.since.as_ref()),
        ("until", args.until.as_ref()),
        ("case", args.case.as_ref()),
        ("text", args.text.as_ref()),
    ]);
    let (mut events, mut before) = (Vec::new(), String::new());
    loop {
        let count = (args.count - events.len()).min(1000);
        let mut page = gate.get(&format!("/v1/audit/query?count={count}{wanted}{before}"))?;
        if let Some(Value::Array(data)) = page.get_mut("data").map(Value::take) {
            events.extend(data);
        }
        match page.get("next").and_then(Value::as_u64) {
            Some(next) if events.len() < args.count => before = format!("&before={next}"),
            _ => break,
        }
    }
    events.reverse();
    table(
        &events,
        "no event says all of that; leave something out, or look at `portcullis audit list`",
        out,
    )
}

/// The state of then, from the gate or from a file.
pub(super) fn at(
    args: &AtArgs,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let revision = args.revision.map(|revision| revision.to_string());
    let then = match &args.db {
        Some(db) => {
            let mut when = json!({ "revision": args.revision, "date": args.date, "partner": args.partner, "client": args.client, "key": args.key });
            if let Some(members) = when.as_object_mut() {
                members.retain(|_, value| !value.is_null());
            }
            host.past(db, when).map_err(Failure::Local)?
        }
        None => {
            let when = query_of(&[
                ("revision", revision.as_ref()),
                ("date", args.date.as_ref()),
                ("partner", args.partner.as_ref()),
                ("client", args.client.as_ref()),
                ("key", args.key.as_ref()),
            ]);
            let when = when.trim_start_matches('&');
            Gate::find(common, host)?.get(&format!("/v1/audit/at?{when}"))?
        }
    };
    if out.is_json() {
        return out.json(&then);
    }
    out.card(&state(&then))?;
    let named = args.partner.is_some() || args.client.is_some() || args.key.is_some();
    let list = |name: &str| then.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    if !named {
        let row = |partner: &Value| {
            ["id", "tier", "use", "mode", "state"].map(|member| text(partner, member)).to_vec()
        };
        let rows = list("partners").iter().map(row).collect();
        return out.table(
            &["PARTNER", "TIER", "USE", "MODE", "STATE"],
            rows,
            "there was no partner then",
        );
    }
    for partner in list("partners") {
        out.line("")?;
        partners::show(&partner, out)?;
    }
    for (title, name) in [("CLIENT", "clients"), ("KEY", "keys")] {
        let row = |one: &Value| {
            let scopes = partners::scopes(one);
            vec![text(one, "id"), text(one, "client"), text(one, "state"), scopes]
        };
        let rows: Vec<_> = list(name).iter().map(row).collect();
        if !rows.is_empty() {
            out.line("")?;
            out.table(&[title, "OF CLIENT", "STATE", "SCOPES"], rows, "")?;
        }
    }
    Ok(())
}

/// What holds for everybody.
fn state(then: &Value) -> Vec<(&'static str, String)> {
    let set = then.get("policies").cloned().unwrap_or_default();
    let policies = match text(&set, "set") {
        set if set.is_empty() => "none in force".to_owned(),
        name => {
            format!("{name}, revision {}, since {}", text(&set, "revision"), text(&set, "since"))
        }
    };
    let two = then.get("two_persons").and_then(Value::as_bool) == Some(true);
    let mut members = vec![
        ("as of", text(then, "at")),
        ("last change", text(then, "revision")),
        ("policies", policies),
        ("giving access took", if two { "two persons" } else { "one person" }.to_owned()),
    ];
    members.retain(|(_, value)| !value.is_empty());
    members
}
