//! What an OpenAPI document describes and no route file lists.
//!
//! Must not know policies.

use std::collections::BTreeSet;
use std::fmt;

use portcullis_catalogue::{Answer, Catalogue};
use portcullis_types::TypeIx;
use portcullis_yaml::{Fault, Source, read_foreign};
use serde::Serialize;
use serde_json::Value;

/// The document.
pub(super) struct Document(Value);

/// Something that it describes and no route file lists.
#[derive(Debug, Eq, PartialEq, Ord, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(super) enum Gap {
    /// An operation.
    Operation { operation: String, method: String, path: String },
    /// A field of an answer.
    Field { field: String, schema: String },
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operation { operation, method, path } => {
                write!(f, "{method} {path} ({operation}): every call of it is refused")
            }
            Self::Field { field, schema } => {
                write!(f, "{field}, of `{schema}` in the document: a call that names it is refused")
            }
        }
    }
}

const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];
/// Longest chain of references followed.
const REFERENCES_MAX: usize = 16;

impl Document {
    pub(super) fn read(source: &Source) -> Result<Self, Vec<Fault>> {
        let document = read_foreign(source)?;
        if document.get("paths").is_some_and(Value::is_object) {
            return Ok(Self(document));
        }
        let fault = source.fault_at("PC0217", 1, 1, "not an OpenAPI description");
        Err(vec![fault.with_help("it needs `openapi:` and `paths:` at the top")])
    }

    pub(super) fn operations(&self) -> usize {
        self.each().count()
    }

    /// Every path, method and operation.
    fn each(&self) -> impl Iterator<Item = (&str, &'static str, &Value)> {
        let paths = self.0.get("paths").and_then(Value::as_object).into_iter().flatten();
        paths.flat_map(|(path, item)| {
            let item = self.resolve(item);
            METHODS
                .iter()
                .filter_map(move |&method| Some((path.as_str(), method, item.get(method)?)))
        })
    }

    pub(super) fn gaps(&self, catalogue: &Catalogue) -> Vec<Gap> {
        let mut gaps = BTreeSet::new();
        let mut matched: BTreeSet<(String, TypeIx)> = BTreeSet::new();
        for (path, method, operation) in self.each() {
            let listed = catalogue.operations().find(|of| {
                of.method.as_str().eq_ignore_ascii_case(method)
                    && shape(&of.template) == shape(path)
            });
            let name = operation.get("operationId").and_then(Value::as_str).unwrap_or("no name");
            match listed.map(|of| of.answer) {
                // What is read with HEAD is judged as GET.
                None if method == "head" => {}
                None => {
                    let (operation, path) = (name.to_owned(), path.to_owned());
                    let method = method.to_uppercase();
                    gaps.insert(Gap::Operation { operation, method, path });
                }
                Some(Answer::Type(kind)) => {
                    matched.extend(self.answer(operation).map(|schema| (schema, kind)));
                }
                Some(Answer::Opaque | Answer::Target) => {}
            }
        }
        let schemas = self.0.pointer("/components/schemas").and_then(Value::as_object);
        for name in schemas.into_iter().flat_map(|schemas| schemas.keys()) {
            let kind = catalogue.type_named(&name.to_lowercase());
            matched.extend(kind.map(|kind| (name.clone(), kind)));
        }
        for (schema, kind) in matched {
            let Some(of) = catalogue.node_type(kind) else { continue };
            let fields = self.properties(&schema);
            let missing = fields.iter().filter(|field| !of.fields.contains_key(field.as_str()));
            gaps.extend(missing.map(|field| Gap::Field {
                field: format!("{}.{field}", of.name),
                schema: schema.clone(),
            }));
        }
        gaps.into_iter().collect()
    }

    /// The name of the schema of what an operation answers with, or lists.
    fn answer(&self, operation: &Value) -> Option<String> {
        let responses = operation.get("responses")?;
        let good = ["200", "201", "2XX", "default"].iter().find_map(|code| responses.get(code))?;
        let content = self.resolve(good).get("content")?.get("application/json")?;
        let schema = content.get("schema")?;
        let listed = self.resolve(schema).pointer("/properties/data/items");
        let reference = listed.unwrap_or(schema).get("$ref")?.as_str()?;
        let name = reference.strip_prefix("#/components/schemas/")?;
        // A schema that any members may stand in says nothing about them.
        let open = self.resolve(listed.unwrap_or(schema)).get("additionalProperties");
        (open != Some(&Value::Bool(true))).then(|| name.to_owned())
    }

    fn properties(&self, schema: &str) -> Vec<String> {
        let Some(schema) = self.0.pointer(&format!("/components/schemas/{schema}")) else {
            return Vec::new();
        };
        let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let all = std::iter::once(schema).chain(parts).map(|part| self.resolve(part));
        let names = all.filter_map(|part| part.get("properties")?.as_object());
        names.flat_map(|members| members.keys().cloned()).collect()
    }

    /// Follows `$ref` inside the document, as far as it leads.
    fn resolve<'v>(&'v self, value: &'v Value) -> &'v Value {
        let mut at = value;
        for _ in 0..REFERENCES_MAX {
            let Some(reference) = at.get("$ref").and_then(Value::as_str) else { return at };
            let pointer = reference.strip_prefix('#').unwrap_or(reference);
            match self.0.pointer(pointer) {
                Some(next) => at = next,
                None => return at,
            }
        }
        at
    }
}

/// A template without the names of its parameters.
fn shape(template: &str) -> String {
    let parts = template
        .trim_matches('/')
        .split('/')
        .map(|part| if part.starts_with('{') && part.ends_with('}') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_alike_whatever_their_parameters_are_called() {
        assert_eq!(shape("/{version}/{node-id}/media/"), shape("/{version}/{node_id}/media"));
        assert_ne!(shape("/{version}/{id}"), shape("/{version}/search"));
        assert_eq!(shape("/"), "");
    }
}
