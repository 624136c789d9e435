//! The budgets of one subject: what may be asked of them, and the mutex around what they counted.
//!
//! Must not know whose they are.

use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portcullis_types::{RateId, Span, Wall};

use super::account::{Account, Change};
use super::key::TargetKey;
use super::reserve::{Denied, Receipt, reserve_one};
use super::spec::BudgetSpecs;

/// What a call wants of one limit.
#[derive(Debug, Clone, Copy)]
pub struct Want {
    /// Which limit, by its place in the subject's [`BudgetSpecs`].
    pub limit: usize,
    /// Of which target; none: [`TargetKey::NONE`].
    pub target: Option<TargetKey>,
    /// Rows or calls. A limit of distinct targets counts the target, whatever stands here.
    pub amount: u32,
    /// Most in the window, as it stands for this subject; 0: none at all.
    pub max: u64,
}

/// What an answer held, beyond what was reserved.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// Which limit, by its place in the subject's [`BudgetSpecs`].
    pub limit: usize,
    /// Which target.
    pub target: Option<TargetKey>,
    /// Rows it held. Only those above what the call reserved of this limit and target are debited.
    pub rows: u32,
}

/// How much of a limit is left, for headers and reports.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Left {
    /// Which limit.
    pub limit: RateId,
    /// Its window.
    pub window: Span,
    /// Most in the window.
    pub max: u64,
    /// What is used.
    pub used: u64,
    /// What would still pass.
    pub left: u64,
    /// Whole seconds until some of what is used comes back, rounded up; none: nothing is used.
    pub next_seconds: Option<NonZeroU64>,
    /// Whole seconds until all of it is back; 0: it is.
    pub reset_seconds: u64,
}

/// The budgets of one subject.
#[derive(Debug)]
pub struct Budgets {
    specs: Arc<BudgetSpecs>,
    state: Mutex<State>,
}

/// What is behind the mutex.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) accounts: Vec<Account>,
    /// The latest moment seen, in milliseconds.
    pub(crate) now: u64,
    /// Where everything went when the policy changed.
    pub(crate) moved: Option<Arc<Budgets>>,
}

impl State {
    /// The moment of a call, never before that of an earlier one.
    pub(crate) fn moment(&mut self, now: Wall) -> u64 {
        self.now = self.now.max(now.0);
        self.now
    }
}

impl Budgets {
    /// Nothing is used yet.
    #[must_use]
    pub fn new(specs: Arc<BudgetSpecs>) -> Self {
        let named = specs.named().iter();
        let accounts = named.map(|named| Account::new(named, specs.bounds())).collect();
        Self { specs, state: Mutex::new(State { accounts, now: 0, moved: None }) }
    }

    pub(crate) fn with(specs: Arc<BudgetSpecs>, accounts: Vec<Account>, now: u64) -> Self {
        Self { specs, state: Mutex::new(State { accounts, now, moved: None }) }
    }

    /// The limits these count.
    #[must_use]
    pub fn specs(&self) -> &Arc<BudgetSpecs> {
        &self.specs
    }

    /// A panic while it was held can't happen in between two changes that belong together, so what a
    /// poisoned mutex guards is whole.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Debits every want, or none.
    ///
    /// Dropping the receipt leaves everything debited.
    ///
    /// # Errors
    /// [`Denied`]; then nothing was debited.
    pub fn reserve(&self, wants: &[Want], now: Wall) -> Result<Receipt, Denied> {
        reserve_one(self, wants, now)
    }

    /// Gives back what a call debited that was never forwarded. A target that another call read
    /// meanwhile, for free, stays counted.
    pub fn release(&self, receipt: Receipt) {
        self.live(|_, state| receipt.take_back(state));
    }

    /// Debits what the answer held beyond what was reserved, even above the maximum: it has been read.
    pub fn settle(&self, receipt: Receipt, found: &[Found]) {
        let Some(specs) = (!found.is_empty()).then_some(&self.specs) else { return };
        self.live(|live, state| {
            let now = state.now;
            for found in found {
                let key = found.target.unwrap_or(TargetKey::NONE);
                // The limit is named by its place in the specs the call was judged by.
                let Some(named) = specs.named().get(found.limit) else { continue };
                let more = u64::from(found.rows).saturating_sub(receipt.reserved(named, key));
                let place = live.specs.find(&named.limit.id);
                let Some(account) = place.and_then(|at| state.accounts.get_mut(at)) else {
                    continue;
                };
                account.expire(now);
                let full = account.enter(key, more, now) == Change::Full;
                account.enter_extra(if full { more } else { 0 }, now);
            }
        });
    }

    /// Counts a target that an answer named, even above the maximum: it has been read.
    pub fn found(&self, limit: usize, target: TargetKey, now: Wall) {
        let Some(named) = self.specs.named().get(limit) else { return };
        self.live(|live, state| {
            let now = state.moment(now);
            let place = live.specs.find(&named.limit.id);
            let Some(account) = place.and_then(|at| state.accounts.get_mut(at)) else { return };
            account.expire(now);
            if account.enter(target, 1, now) == Change::Full {
                account.enter_extra(1, now);
            }
        });
    }

    /// What is used of a limit: of the target where it counts for each alone. None: no such limit.
    #[must_use]
    pub fn used(&self, limit: usize, target: Option<TargetKey>, now: Wall) -> Option<u64> {
        let mut state = self.lock();
        let now = state.moment(now);
        let account = state.accounts.get_mut(limit)?;
        account.expire(now);
        Some(account.used(target.unwrap_or(TargetKey::NONE)))
    }

    /// How much of a limit is left of a maximum. None: no such limit.
    #[must_use]
    pub fn left(
        &self,
        limit: usize,
        target: Option<TargetKey>,
        max: u64,
        now: Wall,
    ) -> Option<Left> {
        let spec = &self.specs.named().get(limit)?.limit;
        let key = target.unwrap_or(TargetKey::NONE);
        let mut state = self.lock();
        let now = state.moment(now);
        let account = state.accounts.get_mut(limit)?;
        account.expire(now);
        let used = account.used(key);
        let (next, last) = account.bounds_of_use(key).unzip();
        Some(Left {
            limit: spec.id.clone(),
            window: spec.window,
            max,
            used,
            left: account.ceiling(max).saturating_sub(used),
            next_seconds: next.map(|at| seconds(at, now)),
            reset_seconds: last.map_or(0, |at| seconds(at, now).get()),
        })
    }

    /// Counts as used, for every target, for tests written in policies and for corrections by hand.
    /// Says whether there is such a limit.
    pub fn seed(&self, limit: usize, used: u64, now: Wall) -> bool {
        let mut state = self.lock();
        let now = state.moment(now);
        let account = state.accounts.get_mut(limit);
        account.map(|account| account.enter_extra(used, now)).is_some()
    }

    /// Does something with the budgets that count now: these, or those they were carried over to.
    fn live(&self, act: impl FnOnce(&Self, &mut State)) {
        let mut state = self.lock();
        match state.moved.clone() {
            None => act(self, &mut state),
            Some(moved) => {
                drop(state);
                moved.live(act);
            }
        }
    }
}

/// From now until then, rounded up, at least one.
pub(crate) fn seconds(at: u64, now: u64) -> NonZeroU64 {
    NonZeroU64::new(at.saturating_sub(now).div_ceil(1000)).unwrap_or(NonZeroU64::MIN)
}
