//! Reserving over several limits and several subjects: everything, or nothing.
//!
//! Must not know why a limit applies.

use std::sync::MutexGuard;

use portcullis_types::{BudgetHit, Wall};
use smallvec::SmallVec;

use super::account::{Account, Change, Way};
use super::key::TargetKey;
use super::spec::Named;
use super::subject::{Budgets, State, Want, seconds};

/// What one call debited of one subject.
#[derive(Debug, Default)]
#[must_use = "release it when the call is not forwarded, or settle it with what the answer held"]
pub struct Receipt {
    at: u64,
    taken: SmallVec<[Taken; 2]>,
}

/// What one call debited, in the order of the subjects.
pub type Receipts = SmallVec<[Receipt; 2]>;

#[derive(Debug, Clone, Copy)]
struct Taken {
    /// Its place when it was taken; after a change of policy the identity finds it.
    limit: usize,
    identity: u64,
    key: TargetKey,
    change: Change,
}

/// Why nothing was debited.
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum Denied {
    /// A limit was reached; of several the one with the longest wait.
    Reached(Box<Reached>),
    /// The budgets were carried over to others while this call looked at them; look them up again.
    Moved,
}

/// The limit that was reached.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Reached {
    /// Which subject.
    pub subject: usize,
    /// Which of its wants.
    pub want: usize,
    /// What the caller is told.
    pub hit: BudgetHit,
    /// Whether memory was at its end, not the budget.
    pub full: bool,
}

impl Receipt {
    /// Whether there is nothing to release.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    pub(crate) fn take_back(&self, state: &mut State) {
        let now = state.now;
        // The last first: a target wanted twice was new the first time.
        for taken in self.taken.iter().rev() {
            // Its old place is right but after a change of policy, and found without a search.
            let same = |account: &&mut Account| account.identity == taken.identity;
            let place = state.accounts.get(taken.limit).map(|account| account.identity);
            let account = match place {
                Some(identity) if identity == taken.identity => state.accounts.get_mut(taken.limit),
                _ => state.accounts.iter_mut().find(same),
            };
            if let Some(account) = account {
                account.take_back(taken.key, taken.change, self.at, now);
            }
        }
    }

    /// The amount reserved of a limit and target.
    pub(crate) fn reserved(&self, named: &Named, key: TargetKey) -> u64 {
        let same = |taken: &&Taken| taken.identity == named.identity && taken.key == key;
        self.taken.iter().filter(same).map(Taken::amount).sum()
    }
}

impl Taken {
    fn amount(&self) -> u64 {
        match self.change {
            Change::New { amount } => amount,
            Change::Repeat { .. } | Change::Unsampled | Change::Full => 0,
        }
    }
}

/// Debits every want of every subject, or none. Receipts are in the order of the subjects, each to be
/// released or settled at its own [`Budgets`]. The same subject may stand there twice.
///
/// # Errors
/// [`Denied`]; then nothing was debited.
pub fn reserve_all(subjects: &[(&Budgets, &[Want])], now: Wall) -> Result<Receipts, Denied> {
    if let [(budgets, wants)] = subjects {
        return reserve_one(budgets, wants, now).map(|receipt| Receipts::from_iter([receipt]));
    }
    several(subjects, now)
}

/// The same for one subject, without what several need.
pub(crate) fn reserve_one(budgets: &Budgets, wants: &[Want], now: Wall) -> Result<Receipt, Denied> {
    let mut receipt = Receipt::default();
    let mut state = budgets.lock();
    if take_all(&mut state, (budgets, wants), now, &mut receipt)? {
        return Ok(receipt);
    }
    let (_, hit) = longest((0, None), &receipt, &mut state, (budgets, wants));
    receipt.take_back(&mut state);
    Err(denied(hit))
}

fn several(subjects: &[(&Budgets, &[Want])], now: Wall) -> Result<Receipts, Denied> {
    let mut states = Locked::all(subjects);
    let mut receipts: Receipts = subjects.iter().map(|_| Receipt::default()).collect();
    let mut all = Ok(true);
    for (subject, receipt) in subjects.iter().zip(&mut receipts) {
        let Some(state) = states.of(subject.0) else { continue };
        match take_all(state, *subject, now, receipt) {
            Ok(taken) => all = all.map(|all| all && taken),
            Err(moved) => all = Err(moved),
        }
    }
    if matches!(all, Ok(true)) {
        return Ok(receipts);
    }
    let mut hit = (0, None);
    for (at, (subject, receipt)) in subjects.iter().zip(&receipts).enumerate() {
        let Some(state) = states.of(subject.0) else { continue };
        hit = longest((at, hit.1), receipt, state, *subject);
    }
    for (subject, receipt) in subjects.iter().zip(&receipts).rev() {
        let Some(state) = states.of(subject.0) else { continue };
        receipt.take_back(state);
    }
    Err(all.err().unwrap_or_else(|| denied(hit.1)))
}

/// The states of all subjects, each locked once, in the order of their addresses, so that two calls
/// never wait for each other.
struct Locked<'a>(SmallVec<[(&'a Budgets, MutexGuard<'a, State>); 4]>);

impl<'a> Locked<'a> {
    fn all(subjects: &[(&'a Budgets, &[Want])]) -> Self {
        let mut order: SmallVec<[&'a Budgets; 4]> = subjects.iter().map(|(one, _)| *one).collect();
        order.sort_unstable_by_key(|one| std::ptr::from_ref::<Budgets>(one));
        order.dedup_by(|one, other| std::ptr::eq(*one, *other));
        Self(order.into_iter().map(|one| (one, one.lock())).collect())
    }

    fn of(&mut self, budgets: &Budgets) -> Option<&mut State> {
        let mut states = self.0.iter_mut();
        states.find(|(of, _)| std::ptr::eq(*of, budgets)).map(|(_, state)| &mut **state)
    }
}

/// Debits every want whatever its maximum and says whether all were within it: when one is not, the
/// waits of all are told by what all of them need together, and the caller takes everything back.
fn take_all(
    state: &mut State,
    (budgets, wants): (&Budgets, &[Want]),
    now: Wall,
    receipt: &mut Receipt,
) -> Result<bool, Denied> {
    if state.moved.is_some() {
        return Err(Denied::Moved);
    }
    let now = state.moment(now);
    receipt.at = now;
    let mut within = true;
    for want in wants {
        let Some((account, named)) =
            state.accounts.get_mut(want.limit).zip(budgets.specs().named().get(want.limit))
        else {
            // Whoever made the want holds other specs.
            receipt.take_back(state);
            receipt.taken.clear();
            return Err(Denied::Moved);
        };
        account.expire(now);
        let key = want.target.unwrap_or(TargetKey::NONE);
        let change = account.enter(key, u64::from(want.amount), now);
        within &= fits(account, change, key, want.max);
        receipt.taken.push(Taken { limit: want.limit, identity: named.identity, key, change });
    }
    Ok(within)
}

/// Whether what was just entered is within the maximum.
fn fits(account: &Account, change: Change, key: TargetKey, max: u64) -> bool {
    if max == 0 {
        return false;
    }
    match (account.way, change) {
        (_, Change::Full) => false,
        (Way::Distinct, Change::Repeat { .. }) => true,
        (_, Change::Unsampled) => account.used(key) < account.ceiling(max),
        (_, Change::New { .. } | Change::Repeat { .. }) => {
            account.used(key) <= account.ceiling(max)
        }
    }
}

/// The longest wait among those of this subject and one found before.
fn longest(
    (subject, mut hit): (usize, Option<Reached>),
    receipt: &Receipt,
    state: &mut State,
    (budgets, wants): (&Budgets, &[Want]),
) -> (usize, Option<Reached>) {
    for (at, (want, taken)) in wants.iter().zip(&receipt.taken).enumerate() {
        let specs = budgets.specs();
        let parts = state.accounts.get(want.limit).zip(specs.named().get(want.limit));
        let Some((account, named)) = parts else { continue };
        if fits(account, taken.change, taken.key, want.max) {
            continue;
        }
        let wait = wait(account, receipt, taken, want.max);
        let full = taken.change == Change::Full;
        let longer = |other: &Reached| match (wait, other.hit.retry_after_seconds) {
            (Some(wait), Some(other)) => wait > other,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        if hit.as_ref().is_none_or(longer) {
            let limit = &named.limit;
            hit = Some(Reached {
                subject,
                want: at,
                hit: BudgetHit {
                    limit: limit.id.clone(),
                    counts: limit.counts,
                    each_target: limit.each_target,
                    max: want.max,
                    window: limit.window,
                    retry_after_seconds: wait,
                },
                full,
            });
        }
    }
    (subject, hit)
}

/// Seconds until the call would pass as it is asked; none: never.
fn wait(
    account: &Account,
    receipt: &Receipt,
    taken: &Taken,
    max: u64,
) -> Option<std::num::NonZeroU64> {
    let now = receipt.at;
    if taken.change == Change::Full && max > 0 {
        return account.room_at().map(|at| seconds(at, now));
    }
    let ceiling = account.ceiling(max);
    let unseen = u64::from(taken.change == Change::Unsampled);
    let together = |other: &&Taken| {
        other.identity == taken.identity && (account.way != Way::Each || other.key == taken.key)
    };
    let own: u64 = receipt.taken.iter().filter(together).map(Taken::amount).sum();
    if max == 0 || own.saturating_add(unseen) > ceiling {
        return None;
    }
    let over = account.used(taken.key).saturating_add(unseen).saturating_sub(ceiling);
    account.freed_at(taken.key, over).map(|at| seconds(at, now))
}

fn denied(hit: Option<Reached>) -> Denied {
    hit.map_or(Denied::Moved, |hit| Denied::Reached(Box::new(hit)))
}
