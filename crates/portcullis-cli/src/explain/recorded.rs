//! A call that the running gate remembers: what came of it, and what would now.
//!
//! Must not judge.

use owo_colors::OwoColorize as _;
use serde::Deserialize;
use serde_json::Value;

use super::{Explained, outcome, show, steps};
use crate::args::Common;
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, clean};

/// What the gate answers to `GET /v1/calls/ID`.
#[derive(Debug, Deserialize)]
struct Recorded {
    at: String,
    partner: String,
    client: Option<String>,
    key: String,
    method: Option<String>,
    target: Option<String>,
    not_kept: Option<String>,
    then: Then,
    #[serde(default)]
    way: Way,
    policy_revision: Option<u64>,
    policies_changed: bool,
    now: Option<Explained>,
}

#[derive(Debug, Deserialize)]
struct Then {
    verdict: String,
    rule: Option<String>,
    rules: Vec<String>,
    shadowed: Vec<String>,
    observed: Option<String>,
    signals: Vec<Signal>,
    status: u16,
    whole: bool,
    entries: u32,
    entries_refused: u32,
    items_dropped: u64,
    policy_revision: Option<u64>,
}

/// Which way it went; an older gate does not tell.
#[derive(Debug, Default, Deserialize)]
struct Way {
    credential: Option<String>,
    total_us: u32,
    body_us: Option<u32>,
    judge_ns: Option<u32>,
    queue_us: Option<u32>,
    connect_us: Option<u32>,
    answer_us: Option<u32>,
    upstream: Option<String>,
    sent: u8,
    connections_opened: u8,
    trace: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Signal {
    rule: String,
    signal: String,
    evidence: String,
}

pub(super) fn run(
    id: &str,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    if id.is_empty() || id.len() > 64 || !id.chars().all(plain) {
        return Err(Failure::Usage(format!(
            "`{}` is no id of a request: copy it from the answer's `x-request-id`",
            clean(id)
        )));
    }
    let value: Value = Gate::find(common, host)?.get(&format!("/v1/calls/{id}"))?;
    if out.is_json() {
        return out.json(&value);
    }
    let recorded: Recorded = serde_json::from_value(value)
        .map_err(|error| Failure::Local(format!("the gate's answer can't be read: {error}")))?;
    told(&recorded, out)
}

fn told(call: &Recorded, out: &mut Out) -> Result<(), Failure> {
    let client = call.client.as_ref().map(|client| format!(", client {client}"));
    let who = format!("{}{}, key {}", call.partner, client.unwrap_or_default(), call.key);
    out.line(format!("{}, {}", clean(&who), call.at))?;
    match (&call.method, &call.target) {
        (Some(method), Some(target)) => {
            out.line(format!("{} {}", clean(method), clean(target)))?;
        }
        _ => out.line("what was asked is not kept")?,
    }
    then(&call.then, out)?;
    way(&call.way, out)?;
    let policies = revision(call.policy_revision);
    let changed = if call.policies_changed { ", others than then" } else { ", the same as then" };
    let Some(now) = &call.now else {
        let why = call.not_kept.as_deref().unwrap_or("there are no rules in force");
        return out.line(format!("{}it can't be judged again: {}", label("now"), clean(why)));
    };
    let tier = now.tier.as_deref().unwrap_or("none");
    let by = format!("on tier {tier}, by the policies of {policies}{changed}; budgets as of now");
    out.line(format!("{}{}", label("now"), clean(&by)))?;
    steps(&now.steps, "  ", out)?;
    for entry in &now.entries {
        show(entry, "  ", out)?;
    }
    outcome(now, "", out)
}

/// What came of it, one thing to a line.
fn then(then: &Then, out: &mut Out) -> Result<(), Failure> {
    let by = then.rule.as_ref().map(|rule| format!(" by `{rule}`")).unwrap_or_default();
    let word = match then.verdict.as_str() {
        "allow" => "passed".green().to_string(),
        code => format!("{} with `{code}`", "refused".red()),
    };
    let cut = if then.whole { "" } else { ", not to its end" };
    let policies = revision(then.policy_revision);
    out.line(format!(
        "{}{word}{}, answered {}{cut}, by the policies of {policies}",
        label("then"),
        clean(&by),
        then.status
    ))?;
    let mut more = Vec::new();
    if !then.rules.is_empty() {
        more.push(format!("every rule that refused: {}", then.rules.join(", ")));
    }
    if let Some(code) = &then.observed {
        more.push(format!("would have been refused with `{code}`, were it not observed"));
    }
    if !then.shadowed.is_empty() {
        more.push(format!("in shadow: {}", then.shadowed.join(", ")));
    }
    for Signal { rule, signal, evidence } in &then.signals {
        more.push(format!("signal `{rule}` ({signal}): {evidence}"));
    }
    if then.entries > 0 {
        more.push(format!("{} entries, {} of them refused", then.entries, then.entries_refused));
    }
    if then.items_dropped > 0 {
        more.push(format!("{} items taken out of the answer", then.items_dropped));
    }
    for line in more {
        out.line(format!("      {}", clean(&line)))?;
    }
    Ok(())
}

/// Which way it went, and what it spent its time on, in the order in which that was.
fn way(way: &Way, out: &mut Out) -> Result<(), Failure> {
    if way.total_us == 0 {
        return Ok(());
    }
    let mut parts = Vec::new();
    if let Some(place) = &way.credential {
        parts.push(match place.as_str() {
            "certificate" => "a client certificate in a key's place".to_owned(),
            place => format!("key in the {place}"),
        });
    }
    match &way.upstream {
        Some(upstream) if way.sent == 0 => parts.push(format!("never sent to {upstream}")),
        Some(upstream) if way.sent == 1 => parts.push(format!("sent to {upstream}")),
        Some(upstream) => parts.push(format!("sent {} times, last to {upstream}", way.sent)),
        None => {}
    }
    if way.connections_opened > 1 {
        parts.push(format!("{} connections opened", way.connections_opened));
    }
    if let Some(trace) = &way.trace {
        parts.push(format!("in trace {trace}"));
    }
    let mut times = Vec::new();
    let mut spent = |told: &str, nanoseconds: Option<u64>| {
        times.extend(nanoseconds.map(|ns| format!("{told} {}", time(ns))));
    };
    let micros = |us: Option<u32>| us.map(|us| u64::from(us) * 1000);
    spent("body in", micros(way.body_us));
    spent("judged in", way.judge_ns.map(u64::from));
    spent("waited for its turn", micros(way.queue_us));
    spent("connected in", micros(way.connect_us));
    spent("answered after", micros(way.answer_us));
    spent("over after", micros(Some(way.total_us)));
    let lines = [parts, times].into_iter().filter(|line| !line.is_empty());
    for (word, line) in ["way", ""].into_iter().zip(lines) {
        out.line(format!("{}{}", label(word), clean(&line.join(", "))))?;
    }
    Ok(())
}

/// A time with the unit that suits it.
fn time(nanoseconds: u64) -> String {
    let tenths = |unit: u64| {
        let tenths = nanoseconds.saturating_add(unit / 20) / (unit / 10);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match nanoseconds {
        0..1_000_000 => format!("{} µs", tenths(1_000)),
        1_000_000..1_000_000_000 => format!("{} ms", tenths(1_000_000)),
        _ => format!("{} s", tenths(1_000_000_000)),
    }
}

fn label(word: &str) -> String {
    format!("{:<6}", word).bold().to_string()
}

fn revision(revision: Option<u64>) -> String {
    revision.map_or_else(|| "no revision".to_owned(), |number| format!("revision {number}"))
}
