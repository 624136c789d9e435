//! What an OpenAPI description says of its operations, whatever its version and oddities.
//!
//! Anything unexpected is left out and named. Must not know how a route file is written.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::legal_path;
use crate::model::ParamRole;
use crate::routes::parameter;

/// One operation as described.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) name: String,
    pub(super) method: String,
    pub(super) path: String,
    /// Summary and tags, in one line.
    pub(super) about: String,
    /// The last parameter of the path, but for the version.
    pub(super) target: Option<String>,
    pub(super) params: BTreeMap<String, ParamRole>,
}

const METHODS: [&str; 6] = ["get", "post", "put", "patch", "delete", "options"];
const FORMS: [&str; 3] =
    ["application/x-www-form-urlencoded", "multipart/form-data", "application/json"];
/// Longest chain of references followed.
const REFERENCES_MAX: usize = 16;
/// Handled for every operation by the gate itself.
const RESERVED: [&str; 3] = ["access_token", "appsecret_proof", "method"];

/// All operations, by path, and what was left out.
pub(super) fn describe(document: &Value) -> (Vec<Described>, Vec<String>) {
    let mut operations = Vec::new();
    let mut skipped = Vec::new();
    let mut names = BTreeSet::new();
    let mut routes = BTreeSet::new();
    for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
        let canonical = match legal_path(path) {
            Ok(canonical) => canonical,
            Err(why) => {
                skipped.push(format!("{path}: {why}"));
                continue;
            }
        };
        let item = resolve(document, item);
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            if !routes.insert((shape(&canonical), method)) {
                skipped
                    .push(format!("{method} {path}: another operation has this method and path"));
                continue;
            }
            let name = unique(name(operation, method, &canonical), &mut names);
            operations.push(one(document, item, operation, name, method, &canonical));
        }
    }
    (operations, skipped)
}

/// The version the description gives as an example, or one that surely needs to be replaced.
pub(super) fn version(document: &Value) -> String {
    let described = document.pointer("/components/parameters/version");
    let example =
        described.and_then(|of| of.get("example").or_else(|| of.pointer("/schema/example")));
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.';
    let text = example.and_then(Value::as_str).filter(|text| text.chars().all(legal));
    text.filter(|text| text.starts_with('v')).unwrap_or("v1").to_owned()
}

fn one(
    document: &Value,
    item: &Value,
    operation: &Value,
    name: String,
    method: &str,
    path: &str,
) -> Described {
    let mut params = BTreeMap::new();
    let of = |from: &'_ Value| -> Vec<Value> {
        from.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default()
    };
    for parameter in of(item).iter().chain(&of(operation)) {
        let parameter = resolve(document, parameter);
        let text = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
        if matches!(text("in"), "query" | "formData") {
            add(text("name"), &mut params);
        }
    }
    let body = operation.get("requestBody").map(|body| resolve(document, body));
    for form in FORMS {
        let schema = body.and_then(|body| body.get("content")?.get(form)?.get("schema"));
        for name in schema.map(|schema| properties(document, schema)).unwrap_or_default() {
            add(&name, &mut params);
        }
    }
    let target = path.split('/').filter_map(parameter).rfind(|name| *name != "version");
    Described {
        name,
        method: method.to_uppercase(),
        path: path.to_owned(),
        about: about(operation),
        target: target.map(str::to_owned),
        params,
    }
}

fn add(name: &str, params: &mut BTreeMap<String, ParamRole>) {
    let legal = |b: u8| b.is_ascii_graphic() && !b"&=;#?%+".contains(&b);
    let fits = !name.is_empty() && name.len() <= 64 && name.bytes().all(legal);
    if fits && !RESERVED.contains(&name) {
        params.insert(name.to_owned(), role(name));
    }
}

/// What a parameter of that name usually means.
fn role(name: &str) -> ParamRole {
    match name {
        "fields" => ParamRole::Fields,
        "limit" | "count" | "page_size" | "per_page" => ParamRole::PageSize,
        "after" | "before" | "cursor" | "page_token" | "max_id" | "min_id" => ParamRole::Cursor,
        "ids" => ParamRole::Ids,
        "batch" => ParamRole::Batch,
        "input_token" => ParamRole::Secret,
        _ => ParamRole::Plain,
    }
}

fn properties(document: &Value, schema: &Value) -> Vec<String> {
    let schema = resolve(document, schema);
    let names = |from: &Value| -> Vec<String> {
        let members = from.get("properties").and_then(Value::as_object);
        members.map(|members| members.keys().cloned().collect()).unwrap_or_default()
    };
    let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
    let mut all = names(schema);
    all.extend(parts.flat_map(|part| names(resolve(document, part))));
    all
}

/// Follows `$ref` inside the document, as far as it leads.
fn resolve<'v>(document: &'v Value, value: &'v Value) -> &'v Value {
    let mut at = value;
    for _ in 0..REFERENCES_MAX {
        let Some(reference) = at.get("$ref").and_then(Value::as_str) else { return at };
        let pointer = reference.strip_prefix('#').unwrap_or(reference);
        match document.pointer(pointer) {
            Some(next) => at = next,
            None => return at,
        }
    }
    at
}

fn about(operation: &Value) -> String {
    let summary = operation.get("summary").and_then(Value::as_str).unwrap_or_default();
    let tags = operation.get("tags").and_then(Value::as_array).into_iter().flatten();
    let tags: Vec<&str> = tags.filter_map(Value::as_str).collect();
    let mut line = summary.trim().to_owned();
    if !tags.is_empty() {
        line = format!("{line} [{}]", tags.join(", "));
    }
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(120).collect()
}

/// The operation's own name, or one made of method and path.
fn name(operation: &Value, method: &str, path: &str) -> String {
    let given = operation.get("operationId").and_then(Value::as_str);
    let made = || {
        let segments = path.split('/').map(|segment| parameter(segment).unwrap_or(segment));
        let named = segments.filter(|segment| !segment.is_empty() && *segment != "version");
        std::iter::once(method).chain(named).collect::<Vec<_>>().join("-")
    };
    let raw = given.map_or_else(made, str::to_owned);
    let legal = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = raw.chars().map(legal).take(72).collect();
    let name = name.trim_matches(['-', '_', '.']);
    // A name that begins with a digit might be read as a number.
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.len() > 1 {
        name.to_owned()
    } else {
        format!("op-{name}")
    }
}

fn unique(name: String, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|n: u32| format!("{name}-{n}"));
    let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name));
    let free = free.unwrap_or(name);
    taken.insert(free.clone());
    free
}

/// The path with its parameters unnamed, since equal shapes are one route.
fn shape(path: &str) -> String {
    let segments = path.split('/').map(|segment| parameter(segment).map_or(segment, |_| "{}"));
    segments.collect::<Vec<_>>().join("/")
}
