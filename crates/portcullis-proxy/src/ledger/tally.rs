//! What can't be written down one by one: answers of one key and class that fall together.
//!
//! Must not know rings or who reads it.

use std::collections::HashMap;

use portcullis_types::{ClassIx, ClientIx, KeyIx, LedgerAnswer, Revision};

/// Keys and classes that are told apart. Beyond them, answers are lost and counted as that.
const CELLS_MAX: usize = 4096;

/// Answers that fell together, by whose they are and what.
#[derive(Default)]
pub(super) struct Tally(HashMap<(Revision, KeyIx, Option<ClientIx>, ClassIx), LedgerAnswer>);

impl Tally {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds an answer, without its records; false: it is lost.
    pub(super) fn add(&mut self, answer: LedgerAnswer) -> bool {
        let of = (answer.policy, answer.key, answer.client, answer.class);
        if let Some(all) = self.0.get_mut(&of) {
            all.answers = all.answers.saturating_add(answer.answers);
            all.rows = all.rows.saturating_add(answer.rows);
            all.bytes = all.bytes.saturating_add(answer.bytes);
            all.fields = all.fields.union(&answer.fields);
            all.counted &= answer.counted;
            all.whole &= answer.whole;
            return true;
        }
        if self.0.len() >= CELLS_MAX {
            return false;
        }
        // How many differ can't be added up.
        let first = LedgerAnswer { digested: None, ..answer };
        self.0.insert(of, first);
        true
    }

    /// Takes at most so many out.
    pub(super) fn take(&mut self, most: usize) -> Vec<LedgerAnswer> {
        if most >= self.0.len() {
            return self.0.drain().map(|(_, all)| all).collect();
        }
        let some: Vec<_> = self.0.keys().take(most).copied().collect();
        some.iter().filter_map(|of| self.0.remove(of)).collect()
    }
}
