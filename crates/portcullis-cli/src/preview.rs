//! What a change would do, for who decides at three in the morning: whom it touches first, then what
//! the partner reads, last what it does not stop.
//!
//! Must not know how any of it is found out.

use serde_json::Value;

use crate::failure::Failure;
use crate::out::{Out, clean, text};
use crate::standing;
use crate::usage::codes;

/// Classes that are listed; the others are counted together.
const CLASSES: usize = 8;

/// The preview of a change, where there is one.
pub(crate) fn show(change: &Value, out: &mut Out) -> Result<(), Failure> {
    let Some(preview) = change.get("preview").filter(|preview| !preview.is_null()) else {
        return Ok(());
    };
    for step in list(preview, "steps") {
        out.line("")?;
        let mut members = vec![
            (
                "who",
                format!(
                    "{}: {} now, {} then",
                    text(step, "subject"),
                    text(step, "from"),
                    text(step, "to")
                ),
            ),
            ("closed", text(step, "closed")),
        ];
        let mut standing = Vec::new();
        standing::lines(step, &mut standing);
        // What is closed and open is told for all steps together.
        standing
            .retain(|(name, value)| !value.is_empty() && !["closed", "open", "by"].contains(name));
        members.extend(standing);
        out.card(&members)?;
    }
    if list(preview, "steps").next().is_some() {
        out.line("")?;
        out.card(&whom(preview))?;
        calls(preview, out)?;
    }
    let goes_on: Vec<&Value> = list(preview, "not_stopped").collect();
    if !goes_on.is_empty() {
        out.line("")?;
        out.line("not stopped by this:")?;
    }
    for entry in goes_on {
        out.line(format!("  - {}", clean(&text(entry, "told"))))?;
    }
    list(preview, "notices").try_for_each(|notice| told(notice, out))
}

fn list<'a>(of: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    of.get(member).and_then(Value::as_array).into_iter().flatten()
}

fn whom(preview: &Value) -> Vec<(&'static str, String)> {
    let under_way = match preview.get("under_way").filter(|calls| !calls.is_null()) {
        None => "unknown".to_owned(),
        Some(calls) => format!("reads {}, writes {}", text(calls, "reads"), text(calls, "writes")),
    };
    let mut open = text(preview, "open");
    let continuity = text(preview, "continuity");
    if !continuity.is_empty() {
        open.push_str(&format!(": {continuity}"));
    }
    vec![
        ("keys", touched(preview, "keys")),
        ("clients", touched(preview, "clients")),
        ("calls now", under_way),
        ("stays open", open),
    ]
}

fn touched(preview: &Value, member: &str) -> String {
    let touched = preview.get(member).cloned().unwrap_or_default();
    let named = list(&touched, "ids").count() as u64;
    let count = touched.get("count").and_then(Value::as_u64).unwrap_or_default();
    match (count, count - named.min(count)) {
        (0, _) => "none".to_owned(),
        (count, 0) => format!("{count}: {}", text(&touched, "ids")),
        (count, more) => format!("{count}: {} and {more} more", text(&touched, "ids")),
    }
}

fn calls(preview: &Value, out: &mut Out) -> Result<(), Failure> {
    let calls = preview.get("calls").cloned().unwrap_or_default();
    let total = calls.get("total").cloned().unwrap_or_default();
    out.line("")?;
    if text(&total, "calls") == "0" {
        return out.line("no calls in the last 24 hours");
    }
    out.line(format!(
        "the last 24 hours: calls {}, permitted {}",
        text(&total, "calls"),
        text(&total, "permitted")
    ))?;
    let mut rows: Vec<Vec<String>> = list(&calls, "classes").map(row).collect();
    let more = rows.len().saturating_sub(CLASSES);
    rows.truncate(CLASSES);
    out.table(&["CLASS", "CALLS", "PERMITTED", "REFUSED"], rows, "")?;
    if more > 0 { out.line(format!("and {more} classes with fewer calls")) } else { Ok(()) }
}

fn row(of: &Value) -> Vec<String> {
    let class = text(of, "class");
    vec![
        if class.is_empty() { "none".to_owned() } else { class },
        text(of, "calls"),
        text(of, "permitted"),
        codes(of, "refused", ""),
    ]
}

/// A notice as the partner would read it.
fn told(notice: &Value, out: &mut Out) -> Result<(), Failure> {
    out.line("")?;
    out.line(format!(
        "partner {} would read ({}):",
        clean(&text(notice, "partner")),
        clean(&text(notice, "type"))
    ))?;
    // Its parts that the step itself tells, and digests, are for programs.
    parts(notice, "change", &["subject", "statement"], 2, out)?;
    if notice.get("statement").is_some_and(Value::is_object) {
        out.line("  with the statement of reasons:")?;
    }
    let told = ["v", "lang", "issued_at", "subject", "reason", "tell", "measure"];
    parts(notice, "statement", &told, 4, out)
}

/// The members of a part, without those.
fn parts(
    notice: &Value,
    part: &str,
    without: &[&str],
    indent: usize,
    out: &mut Out,
) -> Result<(), Failure> {
    let Some(Value::Object(members)) = notice.get(part) else { return Ok(()) };
    let mut shown = members.iter().filter(|(name, _)| !without.contains(&name.as_str()));
    shown.try_for_each(|(name, value)| tree(name, value, indent, out))
}

/// A member with what is in it, one value to a line.
fn tree(name: &str, value: &Value, indent: usize, out: &mut Out) -> Result<(), Failure> {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(members) => {
            out.line(format!("{pad}{}:", clean(name)))?;
            members.iter().try_for_each(|(name, value)| tree(name, value, indent + 2, out))
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            out.line(format!("{pad}{}:", clean(name)))?;
            let numbered = (1..).zip(items);
            for (at, item) in numbered {
                tree(&format!("{at}"), item, indent + 2, out)?;
            }
            Ok(())
        }
        Value::Array(items) => {
            let words = items.iter().map(word).collect::<Vec<_>>().join(", ");
            out.line(format!("{pad}{}: {}", clean(name), clean(&words)))
        }
        plain => out.line(format!("{pad}{}: {}", clean(name), clean(&word(plain)))),
    }
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
