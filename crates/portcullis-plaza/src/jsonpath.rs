//! The JSONPath that batch references use: `$.data.*.id`, `$.id`, `$['data'][0]`, `$..id`.
//!
//! Must not know batches.

use serde_json::Value;

/// The values found, as texts joined by commas; none if the path cannot be read.
pub(crate) fn joined(root: &Value, path: &str) -> Option<String> {
    let mut rest = path.trim().strip_prefix('$')?;
    let mut found = vec![root];
    while !rest.is_empty() {
        let (step, after) = step(rest)?;
        rest = after;
        found = found.into_iter().flat_map(|value| step.apply(value)).collect();
    }
    let texts: Vec<String> = found.into_iter().map(text).collect();
    Some(texts.join(","))
}

enum Step<'a> {
    Name(&'a str),
    Index(usize),
    All,
    /// `..name`: the members of this name at any depth.
    Deep(&'a str),
}

fn step(text: &str) -> Option<(Step<'_>, &str)> {
    if let Some(rest) = text.strip_prefix("..") {
        let (name, rest) = name(rest)?;
        return Some((Step::Deep(name), rest));
    }
    if let Some(rest) = text.strip_prefix('.') {
        if let Some(rest) = rest.strip_prefix('*') {
            return Some((Step::All, rest));
        }
        let (name, rest) = name(rest)?;
        return Some((Step::Name(name), rest));
    }
    let (inside, rest) = text.strip_prefix('[')?.split_once(']')?;
    let inside = inside.trim();
    if inside == "*" {
        return Some((Step::All, rest));
    }
    if let Ok(index) = inside.parse() {
        return Some((Step::Index(index), rest));
    }
    let quoted = |quote| inside.strip_prefix(quote)?.strip_suffix(quote);
    Some((Step::Name(quoted('\'').or_else(|| quoted('"'))?), rest))
}

fn name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

impl Step<'_> {
    fn apply<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match self {
            Self::Name(name) => value.get(name).into_iter().collect(),
            Self::Index(index) => value.get(index).into_iter().collect(),
            Self::All => children(value),
            Self::Deep(name) => {
                let mut found = Vec::new();
                let mut open = vec![value];
                while let Some(value) = open.pop() {
                    found.extend(value.get(name));
                    open.extend(children(value).into_iter().rev());
                }
                found
            }
        }
    }
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        Value::Object(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

fn text(value: &Value) -> String {
    crate::params::plain(value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(path: &str, expected: Option<&str>) {
        let root = json!({"id": "9", "data": [{"id": "1", "in": {"id": 3}}, {"id": "2"}]});
        assert_eq!(joined(&root, path).as_deref(), expected, "{path}");
    }

    #[test]
    fn paths_find_their_values() {
        check("$.id", Some("9"));
        check("$.data.*.id", Some("1,2"));
        check("$.data[*].id", Some("1,2"));
        check("$.data[1]['id']", Some("2"));
        check("$..id", Some("9,1,3,2"));
        check("$.nothing", Some(""));
    }

    #[test]
    fn what_is_no_path_is_none() {
        for bad in ["", "id", "$x", "$.", "$[", "$[?(@.id)]", "$.data["] {
            check(bad, None);
        }
    }
}
