//! `ledger affected`: people of a file, and how many of them somebody received something of.
//!
//! The file stays here but for the ids that are asked about. Must not know how the gate finds it out.

use serde_json::{Value, json};

use super::people::People;
use super::show::{beside, csv, rows, table, unknown};
use super::{sum, taken};
use crate::args::AffectedArgs;
use crate::change::set;
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, text};

/// Most people that the gate takes at once.
const PEOPLE_MAX: usize = 100_000;
const SUMS: [&str; 4] = ["affected", "records", "first", "last"];
const GONE: &str = "of these days nobody can tell any more whose records left";

pub(super) fn run(
    args: &AffectedArgs,
    gate: &Gate,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let mut people = People::read(&args.people, host)?;
    if let Some(region) = &args.region {
        people = people.of_region(region, &args.people)?;
    }
    let told = match &args.taken.evidence {
        Some(_) if people.count() > PEOPLE_MAX => {
            return Err(Failure::Usage(format!(
                "{} people are asked about, and one piece of evidence is about {PEOPLE_MAX} at most: split {}",
                people.count(),
                args.people.display()
            )));
        }
        Some(_) => {
            let ask = people.parts(PEOPLE_MAX).into_iter().map(|part| asked(args, part)).next();
            taken::take(ask.unwrap_or_default(), "affected", &args.taken, gate, host, out)?
        }
        None => in_parts(args, &people, gate)?,
    };
    show(&told, args, out)
}

fn in_parts(args: &AffectedArgs, people: &People, gate: &Gate) -> Result<Value, Failure> {
    let mut told = Value::Null;
    for part in people.parts(PEOPLE_MAX) {
        let part = gate.post("/v1/ledger/affected", &asked(args, part))?;
        if told.is_null() { told = part } else { sum::add(&mut told, &part) }
    }
    Ok(told)
}

fn asked(args: &AffectedArgs, people: Value) -> Value {
    let mut asked = json!({ "since": args.time.since, "purpose": args.purpose, "people": people });
    set(&mut asked, "partner", args.partner.as_deref());
    set(&mut asked, "client", args.client.as_deref());
    set(&mut asked, "until", args.time.until.as_deref());
    set(&mut asked, "case", args.case.as_deref());
    set(&mut asked, "list", args.list.then_some(true));
    asked
}

fn show(told: &Value, args: &AffectedArgs, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(told);
    }
    let unknown = unknown(told, GONE);
    if args.csv {
        beside(&unknown, out);
        return sheet(told, args.list, out);
    }
    let mut shown = false;
    for (list, heads) in parts(args.list) {
        let rows = rows(told, list, &heads);
        if rows.is_empty() {
            continue;
        }
        if shown {
            out.line("")?;
        }
        shown = true;
        table(&heads, rows, "", out)?;
    }
    let whose = match &args.region {
        Some(region) => format!("people of region {region}"),
        None => "people".to_owned(),
    };
    out.line(format!(
        "{} of {} {whose} are affected: {} records of them left, {} to {}; event {} says that you asked",
        text(told, "affected"),
        text(told, "asked_about"),
        text(told, "records"),
        text(told, "since"),
        text(told, "until"),
        text(told, "asked")
    ))?;
    out.line(
        "only classes whose records are digested are told: `ledger:` in the route files says which",
    )?;
    unknown.iter().try_for_each(|line| out.line(line))
}

/// Lists of the answer, with their members.
fn parts(list: bool) -> Vec<(&'static str, Vec<&'static str>)> {
    let by = |first: &[&'static str]| -> Vec<&'static str> {
        first.iter().copied().chain(SUMS).collect()
    };
    let mut parts = vec![
        ("regions", by(&["region", "asked_about"])),
        ("partners", by(&["partner"])),
        ("classes", by(&["class"])),
        ("days", by(&["day"])),
    ];
    if list {
        parts.push(("people", vec!["id", "region", "records", "first", "last"]));
    }
    parts
}

/// One sheet: those who are affected where they are named, else all sums.
fn sheet(told: &Value, list: bool, out: &mut Out) -> Result<(), Failure> {
    if list {
        let heads = ["id", "region", "records", "first", "last"];
        return csv(&heads, &rows(told, "people", &heads), out);
    }
    let heads = ["by", "name", "asked_about", "affected", "records", "first", "last"];
    let line = |by: &str, name: String, of: &Value| -> Vec<String> {
        let sums = heads.iter().skip(2).map(|member| text(of, member));
        [by.to_owned(), name].into_iter().chain(sums).collect()
    };
    let mut lines = vec![line("all", String::new(), told)];
    for (list, name) in
        [("regions", "region"), ("partners", "partner"), ("classes", "class"), ("days", "day")]
    {
        let of_list = super::show::list(told, list);
        lines.extend(of_list.map(|of| line(name, text(of, name), of)));
    }
    csv(&heads, &lines, out)
}
