//! From a canonical path to the operation that lists it.
//!
//! The version segment is taken off first, the rest matched by templates; templates without a
//! version are matched apart, on the whole path. Must not know how a path becomes canonical.

use std::collections::BTreeMap;

use matchit::Router;
use portcullis_types::{Method, OperationIx};

use crate::model::{Catalogue, Found, Versions};

/// The template parameter that stands for the version segment.
pub(crate) const VERSION: &str = "{version}";

/// All templates, matched and indexed.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    versioned: Tree,
    unversioned: Tree,
}

/// Templates of one kind; each leads to the operations of its methods.
#[derive(Debug, Default)]
struct Tree {
    router: Router<usize>,
    slots: Vec<BTreeMap<Method, OperationIx>>,
    by_shape: BTreeMap<String, usize>,
}

/// Why a template is not taken.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) enum Clash {
    /// The same method and path are listed by that operation.
    Same(OperationIx),
    /// It can't be told apart from another template.
    Ambiguous(String),
    /// It is not a template.
    NotATemplate(String),
}

impl Routes {
    /// Adds an operation under the canonical form of its template.
    pub(crate) fn add(
        &mut self,
        template: &str,
        method: Method,
        ix: OperationIx,
    ) -> Result<(), Clash> {
        match split_template(template) {
            (true, rest) => self.versioned.add(rest, method, ix),
            (false, whole) => self.unversioned.add(whole, method, ix),
        }
    }

    pub(crate) fn has_unversioned(&self, path: &str) -> bool {
        self.unversioned.router.at(path).is_ok()
    }

    pub(crate) fn find<'c, 'p>(
        &self,
        catalogue: &'c Catalogue,
        method: Method,
        path: &'p str,
    ) -> Found<'c, 'p> {
        // HEAD is judged as GET.
        let method = if method == Method::Head { Method::Get } else { method };
        if self.has_unversioned(path) {
            let found = self.unversioned.find(catalogue, method, path);
            // Of the root alone: `POST /` may be listed without a version while `GET /` is the root of
            // the version that is missing.
            return match (&found, catalogue.versions()) {
                (Found::OtherMethod, Some(_)) if path == "/" => {
                    match self.versioned.find(catalogue, method, path) {
                        Found::Unlisted => found,
                        other => other,
                    }
                }
                _ => found,
            };
        }
        let Some(versions) = catalogue.versions() else { return Found::Unlisted };
        match split_path(path, versions) {
            Some(rest) => self.versioned.find(catalogue, method, rest),
            None if looks_like_version(first_segment(path)) => Found::UnknownVersion,
            None => Found::Unlisted,
        }
    }
}

/// Whether a template has the version segment, and what is left of it.
fn split_template(template: &str) -> (bool, &str) {
    match template.strip_prefix('/').and_then(|rest| rest.strip_prefix(VERSION)) {
        Some("") => (true, "/"),
        Some(rest) if rest.starts_with('/') => (true, rest),
        Some(_) | None => (false, template),
    }
}

/// What follows the version segment, where the path begins with one that is open.
fn split_path<'p>(path: &'p str, versions: &Versions) -> Option<&'p str> {
    let first = first_segment(path);
    versions.known.iter().find(|known| ***known == *first)?;
    let rest = path.strip_prefix('/')?.strip_prefix(first)?;
    Some(if rest.is_empty() { "/" } else { rest })
}

fn first_segment(path: &str) -> &str {
    let inside = path.strip_prefix('/').unwrap_or(path);
    inside.split('/').next().unwrap_or_default()
}

/// Whether a segment looks like a version: `v`, digits, and perhaps a dot and digits.
fn looks_like_version(segment: &str) -> bool {
    let Some(number) = segment.strip_prefix('v') else { return false };
    let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(major) && digits(minor)
}

impl Tree {
    fn add(&mut self, template: &str, method: Method, ix: OperationIx) -> Result<(), Clash> {
        let shape = shape(template);
        let slot = match self.by_shape.get(&shape) {
            Some(&slot) => slot,
            None => {
                self.router.insert(shape.as_str(), self.slots.len()).map_err(
                    |error| match error {
                        matchit::InsertError::Conflict { with } => Clash::Ambiguous(with),
                        other => Clash::NotATemplate(other.to_string()),
                    },
                )?;
                self.slots.push(BTreeMap::new());
                self.by_shape.insert(shape, self.slots.len() - 1);
                self.slots.len() - 1
            }
        };
        let Some(methods) = self.slots.get_mut(slot) else {
            return Err(Clash::NotATemplate(template.to_owned()));
        };
        match methods.get(&method) {
            Some(other) => Err(Clash::Same(*other)),
            None => {
                methods.insert(method, ix);
                Ok(())
            }
        }
    }

    fn find<'c, 'p>(
        &self,
        catalogue: &'c Catalogue,
        method: Method,
        path: &'p str,
    ) -> Found<'c, 'p> {
        let Ok(matched) = self.router.at(path) else { return Found::Unlisted };
        let methods = self.slots.get(*matched.value);
        let Some(operation) =
            methods.and_then(|by| by.get(&method)).and_then(|ix| catalogue.operation(*ix))
        else {
            return Found::OtherMethod;
        };
        // Parameters go by place: two operations of one shape may name theirs differently.
        let at = operation.target_at;
        let target = at.and_then(|at| matched.params.iter().nth(at)).map(|(_, value)| value);
        Found::Operation { operation, target }
    }
}

/// The template with its parameters named by place, so that equal shapes are one route.
fn shape(template: &str) -> String {
    let mut place = 0;
    let segments = template.split('/').map(|segment| {
        if parameter(segment).is_some() {
            place += 1;
            format!("{{p{place}}}")
        } else {
            segment.to_owned()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// The name of a segment that is a parameter.
pub(crate) fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// A template in canonical form: no empty segments, no slash at the end, each parameter a whole
/// segment. `Err` says what is wrong.
pub(crate) fn canonical_template(template: &str) -> Result<String, String> {
    let Some(inside) = template.strip_prefix('/') else {
        return Err("a path begins with `/`".to_owned());
    };
    let mut out = String::new();
    for segment in inside.split('/').filter(|segment| !segment.is_empty()) {
        let plain = segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~$@".contains(&b));
        let named = parameter(segment).is_some_and(|name| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        });
        if segment == "." || segment == ".." || !(plain || named) {
            return Err(format!(
                "the segment `{segment}` is neither plain text nor one `{{name}}`"
            ));
        }
        out.push('/');
        out.push_str(segment);
    }
    Ok(if out.is_empty() { "/".to_owned() } else { out })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_brought_to_the_form_of_canonical_paths() {
        let check = |template: &str, want: &str| {
            assert_eq!(canonical_template(template).as_deref(), Ok(want), "{template}");
        };
        check("/", "/");
        check("/{version}/", "/{version}");
        check("/explore//tags/{tag}/", "/explore/tags/{tag}");
        for template in ["", "x", "/a/../b", "/a/{b}c", "/a/{}", "/a/{*rest}", "/a b", "/%2f"] {
            assert!(canonical_template(template).is_err(), "{template}");
        }
    }

    #[test]
    fn a_version_is_told_from_a_name() {
        for text in ["v21.0", "v1", "v99.9"] {
            assert!(looks_like_version(text), "{text}");
        }
        for text in ["", "v", "vox", "21.0", "v1.", "v1.x"] {
            assert!(!looks_like_version(text), "{text}");
        }
    }
}
