//! What a change came to, told in one line with the command that undoes it.
//!
//! Must not know which change it was.

use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

use crate::args::Reason;
use crate::failure::{Failure, exit};
use crate::out::{Out, clean, text};
use crate::{preview, told};

/// Effect and undo: with the results for people, beside them for programs.
pub(crate) fn show(change: &Value, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        out.json(change)?;
        talk(change, out);
        return Ok(());
    }
    for line in lines(change, out) {
        out.line(line)?;
    }
    heed(change, out);
    told::show(change.get("narrowed").unwrap_or(&Value::Null), out)?;
    preview::show(change, out)
}

/// Effect and undo as talk, where standard output belongs to something else.
pub(crate) fn talk(change: &Value, out: &mut Out) {
    for line in lines(change, out) {
        out.say(line);
    }
    heed(change, out);
}

fn lines(change: &Value, out: &Out) -> Vec<String> {
    let mut what = clean(&text(change, "what"));
    if let Some(revision) = change.get("revision").and_then(Value::as_u64) {
        what.push_str(&format!(" (revision {revision})"));
    }
    let undo = text(change, "undo");
    let mut lines = vec![what];
    if let Some(proposal) = change.get("proposal") {
        let (until, digest) = (text(proposal, "expires"), text(proposal, "digest"));
        let digest: String = digest.chars().take(16).collect();
        if let Some(id) = proposal.get("id").and_then(Value::as_u64) {
            lines.push(format!(
                "another person, until {until}: portcullis proposal approve {id} --digest {digest}{}",
                out.elsewhere()
            ));
        }
    }
    if !undo.is_empty() {
        lines.push(format!("undo: {}{}", clean(&undo), out.again()));
    }
    lines
}

/// What must not be missed: a warning, and in the exit code that nothing was done yet.
fn heed(change: &Value, out: &mut Out) {
    if is_proposed(change) {
        out.leave(exit::PROPOSED);
    }
    let warning = text(change, "warning");
    if !warning.is_empty() {
        out.say(format!("{} {}", "warning:".yellow().bold(), clean(&warning)));
    }
}

/// Whether nothing was done but proposed, which a look at it is not.
pub(crate) fn is_proposed(change: &Value) -> bool {
    let numbered = change.pointer("/proposal/id").is_some_and(Value::is_u64);
    let kept = change.get("durable").and_then(Value::as_bool).unwrap_or(true);
    numbered || change.get("proposal").is_some() && !kept
}

/// The body of a transition.
pub(crate) fn transition(to: &str, reason: &Reason, review_by: Option<&str>) -> Value {
    let mut body = json!({ "to": to, "reason": reason.reason, "tell": reason.tell });
    set(&mut body, "case", reason.case.as_deref());
    set(&mut body, "review_by", review_by);
    body
}

/// Sets a member that was named.
pub(crate) fn set<T: Into<Value>>(body: &mut Value, member: &str, value: Option<T>) {
    if let (Some(value), Some(members)) = (value, body.as_object_mut()) {
        members.insert(member.to_owned(), value.into());
    }
}

/// Sets a list unless it is empty.
pub(crate) fn set_list(body: &mut Value, member: &str, list: &[String]) {
    set(body, member, (!list.is_empty()).then(|| list.to_vec()));
}

/// A name as one segment of a path.
pub(crate) fn segment(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    // `.` and `..` would climb.
    if out.bytes().all(|byte| byte == b'.') { out.replace('.', "%2E") } else { out }
}

/// All parts of a list, up to `limit` entries; says so when there are more.
pub(crate) fn list(
    gate: &crate::gate::Gate,
    path: &str,
    filters: &[(&str, Option<&str>)],
    limit: u64,
    out: &mut Out,
) -> Result<Vec<Value>, Failure> {
    let mut query: String = filters
        .iter()
        .filter_map(|(name, value)| value.map(|value| format!("&{name}={}", segment(value))))
        .collect();
    let filters = std::mem::take(&mut query);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut entries: Vec<Value> = Vec::new();
    let mut after = String::new();
    while entries.len() < limit {
        let part = (limit - entries.len()).min(1000);
        let mut page = gate.get(&format!("{path}?limit={part}{filters}{after}"))?;
        if let Some(Value::Array(data)) = page.get_mut("data").map(Value::take) {
            entries.extend(data);
        }
        match page.get("next").and_then(Value::as_str) {
            Some(next) => after = format!("&after={}", segment(next)),
            None => return Ok(entries),
        }
    }
    out.say(format!("these are the first {limit}; name more with `--limit N`"));
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leaves_its_segment() {
        for (name, expected) in [
            ("acme-travel", "acme-travel"),
            ("a/b?c", "a%2Fb%3Fc"),
            ("..", "%2E%2E"),
            ("é", "%C3%A9"),
        ] {
            assert_eq!(segment(name), expected);
        }
    }
}
