//! Many calls in one: up to 50 entries, each answered as if it had come alone.
//!
//! An entry may wait for others (`depends_on`) and take values out of their answers
//! (`{result=name:$.data.*.id}`). Must not know HTTP or what the entries ask.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::desk::{Call, Desk, Verb};
use crate::error::{Answer, GraphError};
use crate::jsonpath;
use crate::params::{Params, decode};
use crate::router;

const ENTRIES_MAX: usize = 50;

#[derive(Deserialize)]
struct Entry {
    method: String,
    relative_url: String,
    #[serde(default)]
    body: Option<Value>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    depends_on: Option<Value>,
    #[serde(default)]
    omit_response_on_success: Option<bool>,
    #[serde(default)]
    access_token: Option<String>,
}

/// What an entry came to.
struct Done {
    code: u16,
    body: Value,
}

/// `POST /` with `batch`: an array with an answer, or null, for each entry.
///
/// # Errors
/// A batch that cannot be read, or is too long. What goes wrong in an entry is in its own answer.
pub(crate) fn answer(desk: &mut Desk<'_>, call: &Call) -> Answer<Value> {
    if !call.tokens.is_empty() {
        desk.believe(&call.tokens)?;
    }
    let text = call.params.need("batch")?;
    let entries: Vec<Entry> = serde_json::from_str(text)
        .map_err(|e| GraphError::parameter(format!("invalid batch: {e}")))?;
    if entries.is_empty() || entries.len() > ENTRIES_MAX {
        return Err(GraphError::parameter(format!(
            "A batch has 1 to {ENTRIES_MAX} entries, this one has {}",
            entries.len()
        )));
    }
    let mut run = Run { desk, outer: &call.tokens, done: HashMap::new(), names: names(&entries) };
    run.all(&entries);
    let with_headers = call.params.flag("include_headers") != Some(false);
    let done = (0..entries.len()).map(|at| run.done.remove(&at));
    let wanted = |name: &str| entries.iter().any(|e| needs(e).iter().any(|n| n == name));
    let shown = entries.iter().zip(done).map(|(entry, done)| {
        // An entry that only feeds others is left out unless it asks to be shown.
        let feeds = entry.name.as_deref().is_some_and(wanted);
        let done = done?;
        let is_silent = entry.omit_response_on_success.unwrap_or(feeds) && done.code == 200;
        (!is_silent).then(|| shown(&done, with_headers))
    });
    Ok(Value::Array(shown.map(|row| row.unwrap_or(Value::Null)).collect()))
}

fn shown(done: &Done, with_headers: bool) -> Value {
    let mut row = json!({ "code": done.code, "body": done.body.to_string() });
    if with_headers && let Some(row) = row.as_object_mut() {
        let headers = json!([
            { "name": "Content-Type", "value": "application/json; charset=UTF-8" },
            { "name": "Cache-Control", "value": "private, no-cache, no-store, must-revalidate" },
        ]);
        row.insert("headers".into(), headers);
    }
    row
}

fn names(entries: &[Entry]) -> HashMap<String, usize> {
    let named = entries.iter().enumerate().filter_map(|(at, e)| Some((e.name.clone()?, at)));
    named.collect()
}

/// The names that an entry waits for: those in `depends_on` and those it takes values from.
fn needs(entry: &Entry) -> Vec<String> {
    let mut needs: Vec<String> = match &entry.depends_on {
        Some(Value::String(name)) => name.split(',').map(|n| n.trim().to_owned()).collect(),
        Some(Value::Array(list)) => {
            list.iter().filter_map(|n| n.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    };
    let url = decode(&entry.relative_url, true);
    let body = entry.body.clone().map(crate::params::plain).unwrap_or_default();
    for text in [url, decode(&body, true)] {
        for part in text.split("{result=").skip(1) {
            needs.extend(part.split_once(':').map(|(name, _)| name.to_owned()));
        }
    }
    needs
}

struct Run<'r, 'd> {
    desk: &'r mut Desk<'d>,
    outer: &'r [String],
    done: HashMap<usize, Done>,
    names: HashMap<String, usize>,
}

impl Run<'_, '_> {
    /// In the order given, but each entry after those it waits for. Entries that wait for each other never run.
    fn all(&mut self, entries: &[Entry]) {
        loop {
            let before = self.done.len();
            for (at, entry) in entries.iter().enumerate() {
                if !self.done.contains_key(&at) && self.is_due(at, entry) {
                    let done = self.one(entry);
                    self.done.insert(at, done);
                }
            }
            if self.done.len() == before {
                break;
            }
        }
        for (at, entry) in entries.iter().enumerate() {
            let name = entry.name.as_deref().unwrap_or_default();
            self.done.entry(at).or_insert_with(|| failed(&GraphError::dependency(name)));
        }
    }

    fn is_due(&self, at: usize, entry: &Entry) -> bool {
        // A name nobody has can be looked into at once: the entry then fails with a reason.
        let is_open = |name: &String| {
            self.names.get(name).is_some_and(|n| *n == at || !self.done.contains_key(n))
        };
        !needs(entry).iter().any(is_open)
    }

    fn one(&mut self, entry: &Entry) -> Done {
        match self.try_one(entry) {
            Ok(body) => Done { code: 200, body },
            Err(error) => failed(&error),
        }
    }

    fn try_one(&mut self, entry: &Entry) -> Answer<Value> {
        for name in needs(entry) {
            self.result(&name)?;
        }
        let call = self.call(entry)?;
        if call.params.filled("batch").is_some() {
            return Err(GraphError::parameter("A batch entry cannot hold a batch"));
        }
        router::answer(self.desk, &call)
    }

    fn call(&self, entry: &Entry) -> Answer<Call> {
        let verb = Verb::of(&entry.method).ok_or_else(|| GraphError::method(&entry.method))?;
        let (path, query) = entry.relative_url.split_once('?').unwrap_or((&entry.relative_url, ""));
        // The official SDK escapes the whole URL once more.
        let (path, query) = match decode(path, false).split_once('?') {
            Some((path, inner)) if query.is_empty() => (path.to_owned(), inner.to_owned()),
            _ => (decode(path, false), query.to_owned()),
        };
        let mut params = Params::of_form(&query);
        match &entry.body {
            Some(Value::String(form)) => params.extend(Params::of_form(form)),
            Some(other @ Value::Object(_)) => {
                params.extend(Params::of_json(other.to_string().as_bytes())?)
            }
            _ => {}
        }
        let mut tokens: Vec<String> = params.every("access_token").map(str::to_owned).collect();
        tokens.extend(entry.access_token.clone());
        if tokens.is_empty() {
            tokens = self.outer.to_vec();
        }
        let params = params.map(|value| self.spliced(value))?;
        Ok(Call { verb, path: self.spliced(path)?, params, tokens })
    }

    /// Puts earlier results into a text.
    fn spliced(&self, text: String) -> Answer<String> {
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("{result=") {
            let wrong =
                || GraphError::parameter(format!("Cannot read the reference {{result={after}"));
            let (reference, tail) = after.split_once('}').ok_or_else(wrong)?;
            let (name, path) = reference.split_once(':').ok_or_else(wrong)?;
            out.push_str(before);
            out.push_str(&jsonpath::joined(self.result(name)?, path).ok_or_else(wrong)?);
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }

    /// The answer of a named entry.
    fn result(&self, name: &str) -> Answer<&Value> {
        let done = self.names.get(name).and_then(|at| self.done.get(at));
        let good = done.filter(|done| done.code == 200);
        good.map(|done| &done.body).ok_or_else(|| GraphError::dependency(name))
    }
}

fn failed(error: &GraphError) -> Done {
    Done { code: error.status, body: error.envelope("batch") }
}
