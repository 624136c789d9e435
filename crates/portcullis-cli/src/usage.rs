//! `usage`: how often a partner called, and what refused it.
//!
//! Must not know how calls are counted.

use serde_json::Value;

use crate::args::{Common, UsageArgs};
use crate::change::segment;
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, text};

pub(crate) fn run(
    args: &UsageArgs,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let gate = Gate::find(common, host)?;
    let mut path = format!("/v1/usage?partner={}", segment(&args.partner));
    let per = args.hourly.then(|| "hour".to_owned());
    for (name, value) in [("key", &args.key), ("from", &args.from), ("to", &args.to), ("per", &per)]
    {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", segment(value)));
        }
    }
    let usage = gate.get(&path)?;
    if out.is_json() {
        return out.json(&usage);
    }
    show(args, &usage, out)
}

fn show(args: &UsageArgs, usage: &Value, out: &mut Out) -> Result<(), Failure> {
    let rows: Vec<_> = list(usage, "data").map(|part| row(args, part)).collect();
    let any = !rows.is_empty();
    let empty = format!(
        "no call of partner `{}` from {} to {} was counted",
        args.partner,
        text(usage, "from"),
        text(usage, "to")
    );
    out.table(&["START", "CLASS", "CALLS", "PERMITTED", "REFUSED"], rows, &empty)?;
    if any {
        let total = usage.get("total").cloned().unwrap_or_default();
        out.line(format!(
            "in all {} calls, {} permitted{}",
            text(&total, "calls"),
            text(&total, "permitted"),
            codes(&total, "observed", "; refused were it not observed: ")
        ))?;
    }
    let rules: Vec<_> = list(usage, "rules").map(rule).collect();
    if !rules.is_empty() {
        out.line("")?;
        out.table(&["RULE", "REFUSAL", "CALLS"], rules, "")?;
    }
    if text(usage, "lost") != "0" {
        let lost = text(usage, "lost");
        out.say(format!("{lost} calls of all partners were not counted for lack of room"));
    }
    Ok(())
}

fn list<'a>(usage: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    usage.get(member).and_then(Value::as_array).into_iter().flatten()
}

fn row(args: &UsageArgs, part: &Value) -> Vec<String> {
    let start = text(part, "start");
    // A day needs no hours, an hour no seconds.
    let start = start.get(..if args.hourly { 16 } else { 10 }).unwrap_or_default().to_owned();
    let class = text(part, "class");
    vec![
        start,
        if class.is_empty() { "none".to_owned() } else { class },
        text(part, "calls"),
        text(part, "permitted"),
        codes(part, "refused", ""),
    ]
}

/// Codes with their calls, after some words; nothing where there is none.
pub(crate) fn codes(of: &Value, member: &str, words: &str) -> String {
    let Some(Value::Object(codes)) = of.get(member) else { return String::new() };
    let told: Vec<_> = codes.iter().map(|(code, calls)| format!("{code} {calls}")).collect();
    if told.is_empty() { String::new() } else { format!("{words}{}", told.join(", ")) }
}

fn rule(rule: &Value) -> Vec<String> {
    let observed = rule.get("observed").and_then(Value::as_bool) == Some(true);
    let seen = if observed { " (observed)" } else { "" };
    vec![text(rule, "rule"), format!("{}{seen}", text(rule, "verdict")), text(rule, "calls")]
}
