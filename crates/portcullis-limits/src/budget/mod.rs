//! Budgets: distinct targets, rows and calls of one subject in rolling windows.
//!
//! A *subject* is a partner, a client, a key or a group; each has one [`Budgets`], with one account
//! per [`Limit`] that its tier states. A call reserves what it wants before it is forwarded, all or
//! nothing over every limit and subject ([`Budgets::reserve`], [`reserve_all`]); then it is released
//! when it was not forwarded, or settled with what the answer held.
//!
//! Must not know what a subject is, why a limit applies, or a clock: the moment comes in with the call.
//!
//! # What counts
//! * A target counts when it is first read; again inside the window is free and renews nothing; after
//!   its window it counts anew. Rows and calls are added up.
//! * Windows roll: what was counted at `t` counts for calls before `t + window`, and no longer at it.
//! * Zero means none, also for what was read before. A lowered maximum leaves repeats free.
//! * A refused call counts for nothing. One that was forwarded counts whatever came back.
//! * Time never goes back: a call whose clock is behind the latest one is counted at the latest.
//!
//! # Memory
//! Everything is bounded by [`Bounds`]. Distinct targets are exact up to a bound, above it a sample
//! chosen by the keyed hash is kept and the limit is enforced at 95 % of its maximum. Entries of rows
//! and calls are merged beyond a bound, always into the later one, so that they count longer and never
//! shorter. Where a limit counts for each target alone and there are too many of them, new ones are
//! refused and the refusal says that memory, not the budget, was at its end ([`Reached::full`]).
//!
//! # One short mutex
//! The accounts of a subject stand behind one mutex, held for some tens of nanoseconds: a reservation
//! touches several maps and must be seen whole or not at all, for which atomics offer nothing. Subjects
//! do not share it; those of one call are locked in the order of their addresses.

mod account;
mod bounded;
mod carry;
mod key;
mod reserve;
mod save;
mod spec;
mod subject;
mod sums;

pub(crate) use account::{Account, Change, Way};
pub(crate) use key::ByTarget;
pub use key::{AsItIs, HashedAlready, Hasher128, TargetKey};
pub use reserve::{Denied, Reached, Receipt, Receipts, reserve_all};
pub use save::LoadError;
pub use spec::{Bounds, BudgetSpecs, LIMITS_MAX, Limit, SpecFault, WINDOW_MAX};
pub use subject::{Budgets, Found, Left, Want};

#[cfg(test)]
mod tests;
