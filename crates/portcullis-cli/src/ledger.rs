//! `ledger`: what left the gate, for whom; read in an inquiry, perhaps at night.
//!
//! What is not known is said as loudly as what is. Must not know how the gate finds it out.

mod affected;
mod care;
mod check;
mod people;
mod show;
mod sum;
mod taken;

use serde_json::{Map, Value};

use crate::args::{AsEvidence, BetweenArgs, Common, LedgerCommand, WhatArgs, WhoArgs};
use crate::change::segment;
use crate::deletions;
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, text};
use show::{beside, cell, csv, list, rows, table, unknown};

/// Cells of the map that are listed.
const CELLS: usize = 20;

pub(crate) fn run(
    command: &LedgerCommand,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    if let LedgerCommand::Check(args) = command {
        return check::run(args, host, out);
    }
    let gate = Gate::find(common, host)?;
    match command {
        LedgerCommand::Who(args) => who(args, &gate, host, out),
        LedgerCommand::What(args) => what(args, &gate, host, out),
        LedgerCommand::Between(args) => between(args, &gate, host, out),
        LedgerCommand::Affected(args) => affected::run(args, &gate, host, out),
        LedgerCommand::Check(_) => Ok(()),
        LedgerCommand::Adopt(args) => care::adopt(args, &gate, out),
        LedgerCommand::Verify => care::verify(&gate.get("/v1/ledger/verify")?, out),
        LedgerCommand::Status => care::status(&gate.get("/v1/ledger")?, out),
        LedgerCommand::Deletions(args) => deletions::run(args, common, host, out),
    }
}

fn who(args: &WhoArgs, gate: &Gate, host: &dyn Host, out: &mut Out) -> Result<(), Failure> {
    let told = asked(
        ("who", &args.taken),
        &[
            ("owner", Some(&args.owner)),
            ("since", Some(&args.time.since)),
            ("until", args.time.until.as_ref()),
            ("purpose", Some(&args.purpose)),
            ("case", args.case.as_ref()),
        ],
        gate,
        host,
        out,
    )?;
    if out.is_json() {
        return out.json(&told);
    }
    let (list, heads): (_, &[&str]) = if args.answers {
        ("deliveries", &["at", "partner", "operation", "records", "request", "node"])
    } else {
        (
            "received",
            &[
                "partner",
                "client",
                "key",
                "class",
                "operation",
                "rule",
                "policy",
                "answers",
                "records",
                "first",
                "last",
            ],
        )
    };
    let rows = rows(&told, list, heads);
    let unknown = unknown(&told, "of these days nobody can tell any more whose records left");
    if args.csv {
        beside(&unknown, out);
        return csv(heads, &rows, out);
    }
    table(heads, rows, "no record of the account is known to have left in that time", out)?;
    out.line(format!(
        "{} records of the account left in {} answers, {} to {}; event {} says that you asked",
        text(&told, "records"),
        text(&told, "answers"),
        text(&told, "since"),
        text(&told, "until"),
        text(&told, "asked")
    ))?;
    out.line(
        "only classes whose records are digested are told: `ledger:` in the route files says which",
    )?;
    unknown.iter().try_for_each(|line| out.line(line))
}

fn what(args: &WhatArgs, gate: &Gate, host: &dyn Host, out: &mut Out) -> Result<(), Failure> {
    let told = asked(
        ("what", &args.taken),
        &[
            ("partner", Some(&args.partner)),
            ("client", args.client.as_ref()),
            ("since", Some(&args.time.since)),
            ("until", args.time.until.as_ref()),
        ],
        gate,
        host,
        out,
    )?;
    let (since, until) = (text(&told, "since"), text(&told, "until"));
    let head = format!("partner `{}` received, {since} to {until}", args.partner);
    sums(&told, &head, args.csv, out)
}

fn between(args: &BetweenArgs, gate: &Gate, host: &dyn Host, out: &mut Out) -> Result<(), Failure> {
    let told = asked(
        ("between", &args.taken),
        &[
            ("from", Some(&args.breach)),
            ("to", args.stop.as_ref()),
            ("partner", args.partner.as_ref()),
        ],
        gate,
        host,
        out,
    )?;
    let whom = match &args.partner {
        Some(partner) => format!("to partner `{partner}`"),
        None => "to all partners".to_owned(),
    };
    let head = format!("left {whom}, {} to {}", text(&told, "from"), text(&told, "to"));
    sums(&told, &head, args.csv, out)
}

fn sums(told: &Value, head: &str, as_csv: bool, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(told);
    }
    let heads =
        ["partner", "client", "class", "level", "answers", "rows", "bytes", "first", "last"];
    let classes = rows(told, "classes", &heads);
    let of_days = "of these days answers are counted, and their owners, places and cells are not";
    let unknown = unknown(told, of_days);
    if as_csv {
        beside(&unknown, out);
        return csv(&heads, &classes, out);
    }
    table(&heads, classes, "nothing is known to have left in that time", out)?;
    let days = rows(told, "days", &["day", "records", "owners", "places"]);
    if !days.is_empty() {
        out.line("")?;
        table(&["day", "records", "owners", "places"], days, "", out)?;
    }
    let cells: Vec<_> = list(told, "cells").take(CELLS).map(cell).collect();
    if !cells.is_empty() {
        out.line("")?;
        table(&["latitude", "longitude", "records"], cells, "", out)?;
    }
    out.line(format!(
        "{} records in {} answers, {} bytes {head}",
        text(told, "rows"),
        text(told, "answers"),
        text(told, "bytes")
    ))?;
    if text(told, "owner_days") != "0" {
        out.line(format!(
            "{} different owners and {} places, each counted once a day: who was there on two days is counted twice",
            text(told, "owner_days"),
            text(told, "place_days")
        ))?;
    }
    let cells_count = text(told, "cells_count").parse().unwrap_or(0_usize);
    if cells_count > CELLS {
        out.line(format!(
            "{cells_count} cells of the map in all; `--output json` has more of them"
        ))?;
    }
    unknown.iter().try_for_each(|line| out.line(line))
}

/// The answer, which may become evidence on its way.
fn asked(
    (question, taken): (&str, &AsEvidence),
    members: &[(&str, Option<&String>)],
    gate: &Gate,
    host: &dyn Host,
    out: &mut Out,
) -> Result<Value, Failure> {
    if taken.evidence.is_none() {
        return gate.get(&path(question, members));
    }
    let typed = members.iter().filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?)));
    let ask: Map<String, Value> =
        typed.map(|(name, value)| (name, Value::from(value.as_str()))).collect();
    taken::take(Value::Object(ask), question, taken, gate, host, out)
}

fn path(question: &str, asked: &[(&str, Option<&String>)]) -> String {
    let asked = asked.iter().filter_map(|(name, value)| Some((name, (*value)?)));
    let asked: Vec<_> = asked.map(|(name, value)| format!("{name}={}", segment(value))).collect();
    format!("/v1/ledger/{question}?{}", asked.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_names_only_what_was_typed() {
        let owner = "17 841".to_owned();
        assert_eq!(
            path("who", &[("owner", Some(&owner)), ("case", None)]),
            "/v1/ledger/who?owner=17%20841"
        );
    }
}
