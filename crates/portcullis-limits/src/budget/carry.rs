//! How budgets pass on when the policy changes.
//!
//! Must not know what changed: it compares limits.

use std::sync::Arc;

use portcullis_types::Wall;

use super::account::Account;
use super::bounded::Source;
use super::spec::{BudgetSpecs, Named};
use super::subject::Budgets;

impl Budgets {
    /// Passes on to the limits of other specs and ends these.
    ///
    /// A limit of the same name that counts the same in the same window keeps its account. One that
    /// counts otherwise starts with what is used so far, as far as it can be told of what: rows whose
    /// targets are not known count for every target. One of a new name starts empty. Calls that
    /// reserve here afterwards are told [`super::Denied::Moved`]; what was reserved before is released
    /// and settled where it went.
    #[must_use]
    pub fn carry(&self, specs: Arc<BudgetSpecs>, now: Wall) -> Arc<Self> {
        let mut state = self.lock();
        if let Some(moved) = state.moved.clone() {
            drop(state);
            return moved.carry(specs, now);
        }
        let now = state.moment(now);
        let old = std::mem::take(&mut state.accounts).into_iter();
        let mut old: Vec<_> =
            old.zip(self.specs().named()).map(|(account, named)| Some((account, named))).collect();
        let accounts = specs.named().iter().map(|named| {
            let same = |slot: &&mut Option<(Account, &Named)>| {
                slot.as_ref().is_some_and(|(_, old)| old.limit.id == named.limit.id)
            };
            let found = old.iter_mut().find(same).and_then(Option::take);
            let mut account = match found {
                Some((account, old)) if old.identity == named.identity => account,
                Some((mut account, _)) => Account::from_others(named, &specs, [account.source()]),
                None => Account::new(named, specs.bounds()),
            };
            account.bounds = specs.bounds();
            account.expire(now);
            account
        });
        let accounts = accounts.collect();
        let moved = Arc::new(Self::with(specs, accounts, now));
        state.moved = Some(Arc::clone(&moved));
        moved
    }
}

impl Account {
    /// What this one counted, for another.
    pub(crate) fn source(&mut self) -> Source<'_> {
        Source {
            way: self.way,
            entries: self.order.make_contiguous(),
            extra: self.extra,
            extra_at: self.extra_at,
            level: self.level,
        }
    }

    /// An account that goes on from what others counted, the earlier one first.
    pub(crate) fn from_others<'a>(
        named: &Named,
        specs: &BudgetSpecs,
        others: impl IntoIterator<Item = Source<'a>>,
    ) -> Self {
        let mut account = Self::new(named, specs.bounds());
        others.into_iter().for_each(|other| account.refill(&other));
        account
    }
}
