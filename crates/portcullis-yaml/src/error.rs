//! What the deserializer says went wrong, and at which node.
//!
//! Must not know sources or how a fault is shown.

use std::fmt;

use serde::de::{Expected, Unexpected};

use crate::codes;
use crate::near::near;

/// One failure of one pass.
#[derive(Debug)]
pub(crate) struct Error {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// The node it concerns; filled in by the innermost deserializer that sees the error.
    pub(crate) node: Option<usize>,
    /// The field that is missing, where that is what is wrong.
    pub(crate) missing: Option<&'static str>,
}

impl Error {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None, node: None, missing: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn at(mut self, node: usize) -> Self {
        self.node.get_or_insert(node);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

fn choose(word: &str, known: &[&str]) -> String {
    match near(word, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "remove it".to_owned(),
        None => {
            let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            format!("known here: {}", names.join(", "))
        }
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(codes::VALUE, message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(codes::WRONG_KIND, format!("expected {expected}, found {found}"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let shown: String = variant.chars().take(80).collect();
        Self::new(codes::VALUE, format!("unknown word `{shown}`")).help(choose(variant, expected))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let shown: String = field.chars().take(80).collect();
        Self::new(codes::UNKNOWN_FIELD, format!("unknown field `{shown}`"))
            .help(choose(field, expected))
    }

    fn missing_field(field: &'static str) -> Self {
        let mut error = Self::new(codes::MISSING_FIELD, format!("`{field}` is missing"))
            .help(format!("add `{field}:` here"));
        error.missing = Some(field);
        error
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(codes::REPEATED, format!("`{field}` is given twice"))
    }
}
