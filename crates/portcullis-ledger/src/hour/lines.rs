//! What answers of an hour have in common, numbered: for whom, by which key, under which terms.
//!
//! Must not know Parquet, nor single answers.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::{FixedState, RandomState};

use crate::hour::meta::Totals;
use crate::hour::terms::TermsLine;
use crate::numbered::Numbered;
use crate::{LedgerError, Row, Terms, Whose};

/// Whom an answer was for: a partner, and its client where one is known.
type Holder = (Arc<str>, Option<Arc<str>>);

/// The lines of `terms`, and the keys.
#[derive(Default)]
pub(crate) struct Lines {
    lines: Vec<TermsLine>,
    /// By number of the holder and of the terms.
    by_numbers: HashMap<(u32, u32), u32, FixedState>,
    holders: Values<Holder>,
    terms: Values<Arc<Terms>>,
    keys: Values<Arc<str>>,
    /// For each known address of a `Whose`, a number of these: its holder and its key.
    whose: Vec<(u32, u32)>,
    whose_at: Numbered<Whose>,
    terms_at: Numbered<Terms>,
}

impl Lines {
    pub(crate) fn lines(&self) -> &[TermsLine] {
        &self.lines
    }

    pub(crate) fn keys(&self) -> &[Arc<str>] {
        &self.keys.values
    }

    /// The numbers of a row's line and of its key.
    pub(crate) fn number(&mut self, row: &Row) -> Result<(u32, u32), LedgerError> {
        let (holder, key) = self.whose(&row.whose)?;
        let terms = match self.terms_at.get(&row.terms) {
            Some(terms) => terms,
            // Equal terms at another address are the same line.
            None => {
                let terms = self.terms.number(&row.terms)?;
                self.terms_at.put(&row.terms, terms);
                terms
            }
        };
        if let Some(line) = self.by_numbers.get(&(holder, terms)) {
            return Ok((*line, key));
        }
        let line = u32::try_from(self.lines.len()).map_err(|_| LedgerError::TooMany("terms"))?;
        let (partner, client) = (Arc::clone(&row.whose.partner), row.whose.client.clone());
        let (terms_of, totals) = (Arc::clone(&row.terms), Totals::default());
        self.lines.push(TermsLine { partner, client, terms: terms_of, totals });
        self.by_numbers.insert((holder, terms), line);
        Ok((line, key))
    }

    /// Counts what left into a line.
    pub(crate) fn add(&mut self, line: u32, totals: &Totals) {
        let line = usize::try_from(line).ok().and_then(|at| self.lines.get_mut(at));
        line.into_iter().for_each(|line| line.totals.add(totals));
    }

    fn whose(&mut self, whose: &Arc<Whose>) -> Result<(u32, u32), LedgerError> {
        let known = self.whose_at.get(whose).and_then(|at| usize::try_from(at).ok());
        if let Some(known) = known.and_then(|at| self.whose.get(at)) {
            return Ok(*known);
        }
        let holder = (Arc::clone(&whose.partner), whose.client.clone());
        let numbers = (self.holders.number(&holder)?, self.keys.number(&whose.key)?);
        let at = u32::try_from(self.whose.len()).map_err(|_| LedgerError::TooMany("keys"))?;
        self.whose.push(numbers);
        self.whose_at.put(whose, at);
        Ok(numbers)
    }
}

/// Numbers for things by what they are.
struct Values<T> {
    values: Vec<T>,
    /// What partners are called is not ours, hence random.
    numbers: HashMap<T, u32, RandomState>,
}

impl<T> Default for Values<T> {
    fn default() -> Self {
        Self { values: Vec::new(), numbers: HashMap::default() }
    }
}

impl<T: Clone + Eq + Hash> Values<T> {
    fn number(&mut self, of: &T) -> Result<u32, LedgerError> {
        if let Some(number) = self.numbers.get(of) {
            return Ok(*number);
        }
        let number = u32::try_from(self.values.len()).map_err(|_| LedgerError::TooMany("terms"))?;
        self.values.push(of.clone());
        self.numbers.insert(of.clone(), number);
        Ok(number)
    }
}
