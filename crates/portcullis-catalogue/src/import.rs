//! A route file drawn up from an OpenAPI description, all closed until somebody classifies it.
//!
//! Says where targets, fields and paging sit, as far as the description tells. Must not guess what
//! an operation *is*.

mod read;

use std::fmt::Write as _;

use portcullis_yaml::{Fault, Source, read_foreign};

use crate::compile::codes;
use crate::model::ParamRole;
use crate::routes::{VERSION, canonical_template};
use read::{Described, describe, version};

/// A drawn-up route file.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Imported {
    /// The file's text, with comments that say what to do next.
    pub yaml: String,
    /// How many operations it lists.
    pub operations: usize,
    /// How many of them are closed until they are classified.
    pub unclassified: usize,
    /// What was left out, and why; one line each.
    pub skipped: Vec<String>,
}

const HEAD: &str = "\
# yaml-language-server: $schema=../schema/routes.schema.json
#
# Drawn up from an OpenAPI description. Everything is closed: `unclassified` is never granted.
# For each operation:
#   1. replace `class: unclassified` by what it is (define the class under `classes:` first);
#      where that depends on the node behind the id, use `class_by_type: { story: …, post: … }`
#   2. check `target`, `answer` and the roles of its parameters
#      (plain, fields, page_size, cursor, ids, batch, secret)
#   3. add `links: true` where answers hold absolute paging links
# Then run `portcullis check`.
version: 1
";

const MODEL: &str = "
# classes:
#   profile.basic: Who an account is
#
# types:
#   user:
#     ids: [17841############]        # `#` stands for a digit
#     default: [id, username]         # given when no `fields` is sent
#     fields:
#       profile.basic: [id, username]
#     edges:
#       media: { class: media.by_account, holds: post, modifiers: [limit, after] }
";

/// Draws up a route file.
///
/// # Errors
/// The faults that keep the description from being read.
pub fn import_openapi(openapi: &Source) -> Result<Imported, Vec<Fault>> {
    let document = read_foreign(openapi)?;
    let is_openapi = document.get("openapi").or_else(|| document.get("swagger")).is_some();
    if !is_openapi || !document.get("paths").is_some_and(serde_json::Value::is_object) {
        let fault = openapi.fault_at(codes::OPENAPI, 1, 1, "not an OpenAPI description");
        return Err(vec![fault.with_help("it needs `openapi:` and `paths:` at the top")]);
    }
    let (operations, skipped) = describe(&document);
    if operations.is_empty() {
        let fault = openapi.fault_at(codes::OPENAPI, 1, 1, "no operation is described");
        return Err(vec![fault.with_help("look at `paths:`")]);
    }
    let mut yaml = HEAD.to_owned();
    let versioned = operations.iter().any(|operation| operation.path.contains(VERSION));
    if versioned {
        yaml.push_str(
            "\n# Fill in the versions that are open, and what a call without one gets.\n",
        );
        let version = quoted(&version(&document));
        let _ = writeln!(yaml, "versions: {{ known: [{version}], missing: {version} }}");
    }
    yaml.push_str(MODEL);
    yaml.push_str("\noperations:\n");
    let mut closed = 0;
    for operation in &operations {
        closed += usize::from(operation.write(&mut yaml));
    }
    for line in &skipped {
        let _ = writeln!(yaml, "  # left out: {}", line.replace(char::is_control, " "));
    }
    Ok(Imported { yaml, operations: operations.len(), unclassified: closed, skipped })
}

impl Described {
    /// Writes the operation; says whether it is closed until it is classified.
    fn write(&self, out: &mut String) -> bool {
        if !self.about.is_empty() {
            let _ = writeln!(out, "  # {}", self.about);
        }
        let _ = writeln!(out, "  {}:", self.name);
        let _ = writeln!(out, "    method: {}", self.method);
        let _ = writeln!(out, "    path: {}", quoted(&self.path));
        let closed = !self.has(ParamRole::Batch) && !self.has(ParamRole::Ids);
        let _ = match (self.has(ParamRole::Batch), self.has(ParamRole::Ids)) {
            (true, _) => writeln!(out, "    not_judged: batch"),
            (_, true) => writeln!(out, "    not_judged: ids"),
            _ => writeln!(out, "    class: unclassified"),
        };
        if let Some(target) = &self.target {
            let _ = writeln!(out, "    target: {target}");
        }
        if self.has(ParamRole::Fields) && closed {
            let word = if self.target.is_some() { "target" } else { "TYPE" };
            let _ = writeln!(
                out,
                "    # `fields` was found: set `answer` to a type, then its role to `fields`"
            );
            let _ = writeln!(out, "    # answer: {word}");
        }
        if !self.params.is_empty() {
            out.push_str("    params:\n");
        }
        for (name, role) in &self.params {
            // Nothing to unfold against yet: plain, and the operation is closed anyway.
            let role = if *role == ParamRole::Fields { ParamRole::Plain } else { *role };
            let _ = writeln!(out, "      {}: {}", quoted(name), role.word());
        }
        closed
    }

    fn has(&self, role: ParamRole) -> bool {
        self.params.values().any(|of| *of == role)
    }
}

impl ParamRole {
    /// As route files write it.
    const fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Fields => "fields",
            Self::PageSize => "page_size",
            Self::Cursor => "cursor",
            Self::Ids => "ids",
            Self::Batch => "batch",
            Self::Words => "words",
            Self::Point => "point",
            Self::Distance => "distance",
            Self::TargetName => "target_name",
            Self::SameAsTarget => "same_as_target",
            Self::Carrier => "carrier",
            Self::Secret => "secret",
        }
    }
}

/// A text as a YAML value or key: in quotes unless nothing can be misread.
fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/_-.".contains(&b);
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let trap = ["y", "n", "no", "on", "off", "yes", "true", "false", "null"];
    if word && text.bytes().all(plain) && !trap.contains(&text.to_ascii_lowercase().as_str()) {
        return text.to_owned();
    }
    // JSON strings are YAML double-quoted scalars.
    serde_json::Value::from(text).to_string()
}

/// The path in the form route files take; `Err` says why not.
fn legal_path(path: &str) -> Result<String, String> {
    canonical_template(path)
}
