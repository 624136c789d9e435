//! The field that says that something was taken out of an answer.
//!
//! A client that keeps a copy would else take what is missing for deleted, and delete it. Must not
//! know what was taken out, beyond which rule did.

use std::sync::Arc;

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

/// The field: the rules that took something out, or may, such as `tier/no-stories`; `fields` for
/// members that are not granted.
pub(crate) const THINNED: HeaderName = HeaderName::from_static("x-portcullis-thinned");

/// What stands there where no rule has a name for it.
const FIELDS: &str = "fields";
/// Most rules that are named.
const NAMED_MAX: usize = 16;

/// Says by which rules an answer was thinned.
pub(crate) fn say<'r>(headers: &mut HeaderMap, rules: impl Iterator<Item = &'r Arc<str>>) {
    let mut names: Vec<&str> = Vec::new();
    for rule in rules.take(NAMED_MAX) {
        if !names.contains(&&**rule) {
            names.push(rule);
        }
    }
    let text = if names.is_empty() { FIELDS.to_owned() } else { names.join(", ") };
    // Names of rules are letters, digits, hyphens and slashes.
    if let Ok(value) = HeaderValue::try_from(text) {
        headers.insert(THINNED, value);
    }
}
