//! Which recorded calls ask for the same: further pages of a list name no other target than its first.
//!
//! Must not know who calls.

use portcullis_catalogue::{Catalogue, ParamRole};

use super::targets::mark;

/// The parameters that only say which page is wanted.
#[derive(Debug, Default)]
pub(crate) struct Pages(Vec<Box<str>>);

impl Pages {
    pub(crate) fn new(catalogue: &Catalogue) -> Self {
        let all: Vec<(&Box<str>, &ParamRole)> =
            catalogue.operations().flat_map(|of| &of.params).collect();
        let mut names: Vec<Box<str>> = all.iter().map(|(name, _)| (*name).clone()).collect();
        names.sort_unstable();
        names.dedup();
        // One that means something else anywhere counts as that.
        names.retain(|name| {
            all.iter().all(|(other, role)| *other != name || **role == ParamRole::Cursor)
        });
        Self(names)
    }

    /// Marks a path and query, whatever the page.
    pub(crate) fn mark(&self, seed: u64, (path, query): (&str, Option<&str>)) -> u64 {
        let mut sum = mark(seed, path.as_bytes());
        let Some(query) = query else { return sum };
        let mut rest = query.as_bytes();
        loop {
            let end = memchr::memchr(b'&', rest).unwrap_or(rest.len());
            let (part, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            if !self.is_page(part) {
                sum = mark(sum, part);
            }
            match after.split_first() {
                Some((_, after)) => rest = after,
                None => return sum,
            }
        }
    }

    fn is_page(&self, part: &[u8]) -> bool {
        let named = |name: &str| {
            part.strip_prefix(name.as_bytes()).is_some_and(|value| value.first() == Some(&b'='))
        };
        self.0.iter().any(|name| named(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_a_list_are_alike_and_nothing_else_is() {
        let pages = Pages(vec!["after".into()]);
        let marks = |query| pages.mark(0, ("/a", query));
        assert_eq!(marks(Some("x=1&after=2")), marks(Some("x=1&after=3")));
        assert_eq!(marks(Some("after=2&x=1")), marks(Some("x=1")));
        for (one, other) in [("x=1", "x=2"), ("afters=1", "afters=2"), ("a&b", "ab"), ("", "x")] {
            assert_ne!(marks(Some(one)), marks(Some(other)), "{one} {other}");
        }
        assert_ne!(pages.mark(0, ("/a", None)), pages.mark(0, ("/b", None)));
    }
}
