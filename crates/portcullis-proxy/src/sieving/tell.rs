//! What is said of an answer beside its bytes: in its head, on record, and whether it is only an error.
//!
//! Must not know how it is read.

use std::sync::Arc;

use http::HeaderMap;
use portcullis_judge::{ItemJudge, Trace};
use portcullis_sieve::{Plan, Program};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Sieving;
use crate::answer;
use crate::thinned;

impl Sieving {
    /// Makes the head true of what follows it, as far as that is known.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        let program = &self.duties.program;
        if self.duties.no_store {
            answer::no_store(headers);
        } else if self.sieve.is_keyed() || (!self.ended && self.sieve.may_key()) {
            // Whoever keeps it would keep the key, too.
            answer::not_shared(headers);
        }
        if !self.ended || self.sieve.is_changed() {
            answer::forget_validators(headers);
        }
        let thinned = self.sieve.is_thinned();
        if thinned {
            thinned::say(headers, self.dropping());
        } else if !self.ended && program.may_thin() {
            // It may be so later on, and a head can't be taken back.
            thinned::say(headers, self.duties.rules.iter().filter(|rule| !rule.is_empty()));
        }
    }

    /// The rules by which items were dropped.
    fn dropping(&self) -> impl Iterator<Item = &Arc<str>> {
        let at = self
            .sieve
            .tallies()
            .iter()
            .map(|tally| usize::try_from(tally.tag).unwrap_or(usize::MAX));
        at.filter_map(|at| self.duties.rules.get(at))
    }

    /// What came of the duties.
    pub(crate) fn noted(&self) -> Noted {
        let dropped = self.sieve.tallies().iter().map(|tally| tally.dropped).sum();
        let shadowed = self.sieve.items().0.as_ref().map(ItemJudge::shadowed).unwrap_or_default();
        Noted { dropped, shadowed: shadowed.into_iter().map(|(rule, _)| rule).collect() }
    }
}

/// What came of the duties on an answer.
#[derive(Default)]
pub(crate) struct Noted {
    /// Items that were dropped.
    pub(crate) dropped: u64,
    /// Filters in shadow that would have dropped some.
    pub(crate) shadowed: Vec<Arc<str>>,
}

impl Noted {
    /// Adds it to what is known of a call, and gives the number of items that were dropped.
    pub(crate) fn put(self, trace: Option<&mut Trace>) -> u64 {
        if let Some(trace) = trace.filter(|_| !self.shadowed.is_empty()) {
            trace.notes.get_or_insert_default().shadowed.extend(self.shadowed);
        }
        self.dropped
    }
}

/// What an answer goes through that holds links and has no other duty; none: it could not be made.
pub(crate) fn only_links() -> Option<Arc<Program>> {
    let mut plan = Plan::default();
    plan.links();
    plan.compile().ok().map(Arc::new)
}

/// Whether an answer is an error of the platform's and nothing else.
pub(super) fn is_only_error(text: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Only<'t> {
        #[serde(borrow)]
        error: &'t RawValue,
    }
    let only: Result<Only<'_>, _> = serde_json::from_slice(text);
    only.is_ok_and(|only| only.error.get().starts_with('{'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_platforms_stands_alone() {
        for (text, expected) in [
            (r#"{"error":{"message":"no","code":100}}"#, true),
            (r#" { "error" : {} } "#, true),
            (r#"{"error":{},"data":[]}"#, false),
            (r#"{"error":{},"error":{}}"#, false),
            (r#"{"error":[]}"#, false),
            (r#"{"error":"text"}"#, false),
            (r#"{"data":[]}"#, false),
            (r#"{"error":{}}{}"#, false),
            ("", false),
            ("[]", false),
        ] {
            assert_eq!(is_only_error(text.as_bytes()), expected, "{text}");
        }
    }
}
