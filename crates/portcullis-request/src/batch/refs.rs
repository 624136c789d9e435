//! References between the entries of a batch: `{result=name:$.data[*].id}`.
//!
//! Values are put in after decoding and encoded again, so that none of them can become a separator.
//! Must not know which entry ran when.

use std::fmt::Write as _;

use memchr::memchr2;
use portcullis_types::Refusal;
use serde_json::Value;

use super::Entry;
use super::entry::members;
use crate::bytes::cut;
use crate::json::{Members, Text};
use crate::media;
use crate::percent;
use crate::why::{self, unreadable};

const OPEN: &str = "{result=";
/// Longest text that references may make.
const RESOLVED_BYTES_MAX: usize = 64 * 1024;
/// Most values that one reference may find.
const VALUES_MAX: usize = 1024;

/// Answers of entries by name.
pub type Results<'r> = &'r dyn Fn(&str) -> Option<&'r Value>;

/// Puts the values that its references find into a text.
///
/// Of JSONPath: `.name`, `['name']`, `[0]`, `[*]` and `.*`; several values are joined by commas.
///
/// # Errors
/// [`Refusal::Unreadable`] for a reference that can't be read, names no answer or finds nothing,
/// [`Refusal::HeadTooLarge`] for one that finds too much.
pub fn resolve(text: &str, results: Results<'_>) -> Result<String, Refusal> {
    let mut out = String::with_capacity(text.len());
    pieces(text, results, &mut |piece| match piece {
        Piece::Plain(text) | Piece::Value(text) => out.push_str(text),
    })?;
    Ok(out)
}

/// A piece of a text with references.
enum Piece<'p> {
    Plain(&'p str),
    Value(&'p str),
}

fn pieces(text: &str, results: Results<'_>, put: &mut dyn FnMut(Piece<'_>)) -> Result<(), Refusal> {
    let mut rest = text;
    let mut left = RESOLVED_BYTES_MAX;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (name, path, tail) = reference(after).ok_or_else(|| unreadable(why::REFERENCE))?;
        let result = results(name).ok_or_else(|| unreadable(why::REFERENCE_NONE))?;
        let value = find(result, path)?;
        left = left.checked_sub(value.len()).ok_or(Refusal::HeadTooLarge)?;
        put(Piece::Plain(before));
        put(Piece::Value(&value));
        rest = tail;
    }
    put(Piece::Plain(rest));
    Ok(())
}

/// Name, path and what follows, of a reference after its opening.
fn reference(after: &str) -> Option<(&str, &str, &str)> {
    let (inside, tail) = after.split_once('}')?;
    let (name, path) = inside.split_once(':')?;
    (!name.is_empty()).then_some((name, path, tail))
}

/// What a path finds, as one text.
fn find(root: &Value, path: &str) -> Result<String, Refusal> {
    let mut rest = path.strip_prefix('$').ok_or_else(|| unreadable(why::REFERENCE))?;
    let mut found = vec![root];
    while !rest.is_empty() {
        let (step, after) = step(rest).ok_or_else(|| unreadable(why::REFERENCE))?;
        rest = after;
        found = found.into_iter().flat_map(|value| step.apply(value)).collect();
        if found.len() > VALUES_MAX {
            return Err(Refusal::HeadTooLarge);
        }
    }
    let mut out = String::new();
    for (at, value) in found.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        match value {
            Value::String(text) => out.push_str(text),
            // Writing into a string can't fail.
            Value::Number(_) | Value::Bool(_) => _ = write!(out, "{value}"),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return Err(unreadable(why::REFERENCE_NONE));
            }
        }
        if out.len() > RESOLVED_BYTES_MAX {
            return Err(Refusal::HeadTooLarge);
        }
    }
    if out.is_empty() { Err(unreadable(why::REFERENCE_NONE)) } else { Ok(out) }
}

enum Step<'a> {
    Name(&'a str),
    Index(usize),
    All,
}

fn step(text: &str) -> Option<(Step<'_>, &str)> {
    if let Some(rest) = text.strip_prefix('.') {
        if let Some(rest) = rest.strip_prefix('*') {
            return Some((Step::All, rest));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let end = rest.find(|c| !plain(c)).unwrap_or(rest.len());
        let (name, rest) = rest.split_at_checked(end)?;
        return (!name.is_empty()).then_some((Step::Name(name), rest));
    }
    let (inside, rest) = text.strip_prefix('[')?.split_once(']')?;
    let quoted = |mark| inside.strip_prefix(mark).and_then(|text: &str| text.strip_suffix(mark));
    let step = match (inside, quoted('\'').or_else(|| quoted('"'))) {
        ("*", _) => Step::All,
        (_, Some(name)) if !name.is_empty() => Step::Name(name),
        _ => Step::Index(inside.parse().ok()?),
    };
    Some((step, rest))
}

impl Step<'_> {
    fn apply<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match (self, value) {
            (Self::Name(name), Value::Object(members)) => members.get(*name).into_iter().collect(),
            (Self::Index(at), Value::Array(items)) => items.get(*at).into_iter().collect(),
            (Self::All, Value::Array(items)) => items.iter().take(VALUES_MAX + 1).collect(),
            (Self::All, Value::Object(members)) => members.values().take(VALUES_MAX + 1).collect(),
            _ => Vec::new(),
        }
    }
}

/// The names that an entry's references name, each once; none: one can't be read.
pub(super) fn names_in(entry: &Entry) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    let mut readable = true;
    let mut look = |text: &str| {
        for after in text.split(OPEN).skip(1) {
            match reference(after) {
                Some((name, ..)) if names.iter().all(|known| known != name) => {
                    names.push(name.to_owned());
                }
                Some(_) => {}
                None => readable = false,
            }
        }
    };
    let (path, query) = cut(&entry.target, b'?');
    // What can't be decoded is refused when the entry is canonicalised.
    if may_open(path) {
        look(&percent::decode_all(path).unwrap_or_default());
    }
    if let Some(query) = query.filter(|query| may_open(query)) {
        each_value(query, &mut look);
    }
    let body = entry.body.as_deref().and_then(|body| std::str::from_utf8(body).ok());
    match (body, entry.content_type == Some(media::JSON)) {
        (Some(body), true) => look_into_json(body, &mut look),
        (Some(body), false) => each_value(body, &mut look),
        (None, _) => {}
    }
    readable.then_some(names)
}

/// Whether a reference may open in a text that is yet to be decoded: its brace stands there, or its escape.
fn may_open(text: &str) -> bool {
    memchr2(b'{', b'%', text.as_bytes()).is_some()
}

fn each_value(pairs: &str, look: &mut dyn FnMut(&str)) {
    for pair in pairs.split('&') {
        let (_, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let Ok(decoded) = percent::decode(value) {
            look(&decoded.text);
        }
    }
}

fn look_into_json(body: &str, look: &mut dyn FnMut(&str)) {
    let Some(Members(members)) = members(body) else { return };
    for (_, raw) in members {
        match serde_json::from_str(raw.get()) {
            Ok(Text(text)) => look(&text),
            Err(_) => look(raw.get()),
        }
    }
}

/// Path and query with the values put in.
pub(super) fn in_target(target: &str, results: Results<'_>) -> Result<String, Refusal> {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let decoded = percent::decode_all(path)?;
    let mut out = String::with_capacity(target.len() + 64);
    if decoded.contains(OPEN) {
        pieces(&decoded, results, &mut |piece| match piece {
            Piece::Plain(text) => {
                percent::encode_with(&mut out, text, |byte| byte == b'/' || plain(byte))
            }
            Piece::Value(text) => percent::encode_with(&mut out, text, plain),
        })?;
    } else {
        out.push_str(path);
    }
    if let Some(query) = query {
        out.push('?');
        out.push_str(&in_pairs(query, results)?);
    }
    Ok(out)
}

/// A byte that a path holds as itself whatever stands around it.
const fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b',')
}

/// A query or form with the values put in.
pub(super) fn in_pairs(pairs: &str, results: Results<'_>) -> Result<String, Refusal> {
    let mut out = String::with_capacity(pairs.len() + 64);
    for (at, pair) in pairs.split('&').enumerate() {
        if at > 0 {
            out.push('&');
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = percent::decode(value)?;
        if decoded.text.contains(OPEN) {
            out.push_str(name);
            out.push('=');
            percent::encode_into(&mut out, &resolve(&decoded.text, results)?);
        } else {
            out.push_str(pair);
        }
        if out.len() > pairs.len() + RESOLVED_BYTES_MAX * 4 {
            return Err(Refusal::HeadTooLarge);
        }
    }
    Ok(out)
}

/// A JSON body with the values put into the texts of its members.
pub(super) fn in_json(body: &str, results: Results<'_>) -> Result<String, Refusal> {
    let Some(Members(members)) = members(body) else { return Err(unreadable(why::JSON)) };
    let mut out = String::from("{");
    for (at, (name, raw)) in members.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(&Value::from(name.as_ref()).to_string());
        out.push(':');
        match serde_json::from_str(raw.get()) {
            Ok(Text(text)) if text.contains(OPEN) => {
                out.push_str(&Value::from(resolve(&text, results)?).to_string());
            }
            // Inside of a nested value nobody judged what comes of it.
            Err(_) if raw.get().contains(OPEN) => return Err(unreadable(why::REFERENCE)),
            _ => out.push_str(raw.get()),
        }
        if out.len() > body.len() + RESOLVED_BYTES_MAX * 4 {
            return Err(Refusal::HeadTooLarge);
        }
    }
    out.push('}');
    Ok(out)
}
