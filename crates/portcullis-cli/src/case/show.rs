//! Cases for people.
//!
//! Must not know where they come from.

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::out::{Out, text};

/// So many characters of a note stand in a line.
const NOTE_CHARS: usize = 100;

pub(super) fn list(cases: &[Value], out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(&cases);
    }
    let row = |case: &Value| {
        let over = case.get("review_over").and_then(Value::as_bool).unwrap_or_default();
        let review = match text(case, "state").as_str() {
            "closed" => "closed".to_owned(),
            _ if over => format!("{} (over)", text(case, "review_by")),
            _ => text(case, "review_by"),
        };
        vec![
            text(case, "id"),
            text(case, "owner"),
            review,
            text(case, "subjects"),
            text(case, "title"),
        ]
    };
    let heads = ["CASE", "OWNER", "REVIEW BY", "ABOUT", "TITLE"];
    let empty = "no case; open one with `portcullis case open`";
    out.table(&heads, cases.iter().map(row).collect(), empty)
}

pub(super) fn whole(case: &Value, timeline: &[Value], out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        let mut whole = case.clone();
        crate::change::set(&mut whole, "timeline", Some(json!(timeline)));
        return out.json(&whole);
    }
    let over = case.get("review_over").and_then(Value::as_bool).unwrap_or_default();
    let review = format!("{}{}", text(case, "review_by"), if over { " (over)" } else { "" });
    let mut members = vec![
        ("case", text(case, "id")),
        ("title", text(case, "title")),
        ("state", text(case, "state")),
        ("owner", text(case, "owner")),
        ("about", text(case, "subjects")),
        ("signals", text(case, "signals")),
        ("opened", text(case, "opened")),
        ("closed", text(case, "closed")),
        ("review by", review),
        ("preserved until", text(case, "preserve_until")),
    ];
    members.retain(|(_, value)| !value.is_empty());
    out.card(&members)?;
    plan(case, out)?;
    evidence(case, out)?;
    out.line("")?;
    out.table(&["REVISION", "TIME", "ACTOR", "EVENT", "WHAT"], rows(timeline), "nothing happened")
}

fn plan(case: &Value, out: &mut Out) -> Result<(), Failure> {
    let Some(plan) = case.get("plan").filter(|plan| plan.is_object()) else { return Ok(()) };
    out.line("")?;
    out.line(format!(
        "way back of partner {}: {}, stage {} since {}, {} signals",
        text(plan, "partner"),
        text(plan, "state"),
        text(plan, "stage"),
        text(plan, "since"),
        text(plan, "signals")
    ))?;
    let stages = plan.get("stages").and_then(Value::as_array).into_iter().flatten();
    let row = |(number, stage): (usize, &Value)| {
        let days = stage.get("at_least").and_then(Value::as_u64).unwrap_or_default();
        let factor = text(stage, "factor");
        vec![
            (number + 1).to_string(),
            text(stage, "name"),
            text(stage, "clients"),
            text(stage, "closed"),
            if factor.is_empty() { factor } else { format!("{factor} %") },
            lasts(days),
            [text(stage, "entry"), text(stage, "exit")]
                .map(|list| if list.is_empty() { "-".to_owned() } else { list })
                .join(" / "),
        ]
    };
    let heads =
        ["STAGE", "NAME", "CLIENTS", "CLOSED", "RATES", "AT LEAST", "ATTESTED BEFORE / AFTER"];
    out.table(&heads, stages.enumerate().map(row).collect(), "no stage")?;
    let attested = plan.get("attested").and_then(Value::as_array).into_iter().flatten();
    for one in attested {
        out.line(format!("attested for client {}: {}", text(one, "client"), text(one, "at")))?;
    }
    let held = text(plan, "held");
    if held.is_empty() { Ok(()) } else { out.line(format!("kept on hold meanwhile: {held}")) }
}

/// Seconds as people say them.
fn lasts(seconds: u64) -> String {
    match (seconds / 86_400, seconds % 86_400) {
        (0, 0) => String::new(),
        (days, 0) => format!("{days} d"),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

fn evidence(case: &Value, out: &mut Out) -> Result<(), Failure> {
    let evidence = case.get("evidence").and_then(Value::as_array).into_iter().flatten();
    let row = |one: &Value| {
        let kept = one.get("kept").and_then(Value::as_bool).unwrap_or_default();
        let gone = text(one, "erased");
        let kept = match (kept, gone.is_empty()) {
            (true, _) => "kept".to_owned(),
            (false, true) => "digest only".to_owned(),
            (false, false) => format!("erased by event {gone}"),
        };
        let digest = text(one, "sha256").chars().take(16).collect();
        vec![digest, text(one, "bytes"), kept, text(one, "name")]
    };
    let rows: Vec<_> = evidence.map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    out.line("")?;
    out.table(&["EVIDENCE", "BYTES", "BODY", "NAME"], rows, "")
}

fn rows(timeline: &[Value]) -> Vec<Vec<String>> {
    let row = |happened: &Value| {
        let event = happened.get("event").cloned().unwrap_or_default();
        let second = text(happened, "approver");
        let actor = text(happened, "actor");
        let actor = if second.is_empty() { actor } else { format!("{actor} with {second}") };
        let members = [
            text(happened, "text"),
            text(&event, "tell"),
            text(&event, "why"),
            text(&event, "purpose"),
            text(&event, "name"),
            text(&event, "title"),
        ];
        let what = members.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        let short: String =
            what.lines().next().unwrap_or_default().chars().take(NOTE_CHARS).collect();
        vec![text(happened, "revision"), text(happened, "ts"), actor, text(&event, "type"), short]
    };
    timeline.iter().map(row).collect()
}
