//! The budgets of every subject: attached at first use, carried over when limits change, saved and
//! restored, since a restart must forget nothing.
//!
//! Saved budgets wait until their subject calls: only then is it known by which limits it is counted.
//! Must not know policies or where the bytes are kept.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portcullis_limits::budget::{BudgetSpecs, Budgets};
use portcullis_registry::SubjectIx;
use portcullis_types::{ClientIx, KeyIx, Now, PartnerIx, Wall};

use super::{Counted, Live, Stale};

/// Budgets in use, and the view they were attached under.
pub(super) struct Budgeted {
    budgets: Arc<Budgets>,
    epoch: u64,
}

/// What a restart must not forget.
#[derive(Default)]
pub(super) struct Saved {
    subjects: Mutex<BTreeMap<Name, State>>,
    /// Saved budgets that could not be taken over.
    lost: AtomicU64,
}

/// How budgets see time: by the wall clock, since they outlive a restart, but as it once was ahead of
/// the count, in milliseconds. It goes on with the count while the wall clock is behind or stands, so
/// that a wrong clock keeps nobody out for longer than a window.
#[derive(Default)]
pub(super) struct Course {
    ahead: AtomicU64,
}

/// A subject, as the saved form names it. Numbers of the log are the same after a restart.
#[derive(Debug, Clone, Eq, PartialEq, Ord, PartialOrd)]
enum Name {
    Number(u8, u32),
    Group(Arc<str>),
}

/// Where a subject's budgets are.
enum State {
    Attached(Counted),
    /// As they were saved; nobody has called since.
    Waiting(Box<[u8]>),
}

const MAGIC: &[u8; 5] = b"PTCJ1";
/// Marks a group, whose name follows; other kinds are followed by a number.
const GROUP: u8 = 4;

/// Why saved budgets were not restored. What is in memory is as it was.
#[derive(Debug, Clone, Copy, Eq, PartialEq, thiserror::Error)]
pub enum RestoreError {
    /// Something else, or damaged.
    #[error(
        "the saved budgets are not whole: restore the file from a copy, or delete it, and budgets start anew"
    )]
    Damaged,
    /// Saved under another pepper, so that targets can't be told.
    #[error(
        "the saved budgets were counted under another pepper: delete the file, and budgets start anew"
    )]
    OtherPepper,
}

impl Live {
    /// The moment at which budgets count a call.
    pub(crate) fn counted_at(&self, now: Now) -> Wall {
        let count = now.mono.0 / 1_000_000;
        let seen = now.wall.0.saturating_sub(count);
        let known = self.course.ahead.load(Ordering::Relaxed);
        // Written only when the wall clock got ahead, so that threads share the line for reading.
        let ahead = if seen > known {
            self.course.ahead.fetch_max(seen, Ordering::Relaxed).max(seen)
        } else {
            known
        };
        Wall(ahead + count)
    }

    /// The budgets of a subject; attached at first use, carried over when the limits changed. Takes a
    /// lock only then.
    pub(crate) fn budgets(
        &self,
        of: Counted,
        specs: &Arc<BudgetSpecs>,
        epoch: u64,
        now: Wall,
    ) -> Result<Arc<Budgets>, Stale> {
        let slot = self.make(of).ok_or(Stale)?;
        if let Some(have) = &*slot.budgets.load()
            && Arc::ptr_eq(have.budgets.specs(), specs)
        {
            return Ok(Arc::clone(&have.budgets));
        }
        let _one = self.attaching.lock().unwrap_or_else(PoisonError::into_inner);
        let budgets = match slot.budgets.load_full() {
            None => self.attached(of, specs, now),
            Some(have) if Arc::ptr_eq(have.budgets.specs(), specs) => {
                return Ok(Arc::clone(&have.budgets));
            }
            Some(have) if have.epoch > epoch => return Err(Stale),
            Some(have) => have.budgets.carry(Arc::clone(specs), now),
        };
        slot.budgets.store(Some(Arc::new(Budgeted { budgets: Arc::clone(&budgets), epoch })));
        Ok(budgets)
    }

    /// New budgets, with what was saved of them.
    fn attached(&self, of: Counted, specs: &Arc<BudgetSpecs>, now: Wall) -> Arc<Budgets> {
        let budgets = Arc::new(Budgets::new(Arc::clone(specs)));
        let Some(name) = self.name(of) else { return budgets };
        let before = self.saved.lock().insert(name, State::Attached(of));
        if let Some(State::Waiting(bytes)) = before
            && budgets.load(&bytes, now).is_err()
        {
            self.saved.lost.fetch_add(1, Ordering::Relaxed);
        }
        budgets
    }

    /// Everything that is counted, as bytes.
    pub(crate) fn save(&self, fingerprint: u64) -> Vec<u8> {
        let mut out = Vec::from(MAGIC);
        out.extend_from_slice(&fingerprint.to_le_bytes());
        let mut budgets = Vec::new();
        for (name, state) in &*self.saved.lock() {
            budgets.clear();
            match state {
                State::Waiting(bytes) => budgets.extend_from_slice(bytes),
                State::Attached(of) => {
                    let slot = self.find(*of).and_then(|slot| slot.budgets.load_full());
                    let Some(slot) = slot else { continue };
                    slot.budgets.save(&mut budgets);
                }
            }
            match name {
                Name::Number(kind, at) => {
                    out.push(*kind);
                    out.extend_from_slice(&at.to_le_bytes());
                }
                Name::Group(name) => {
                    out.push(GROUP);
                    out.extend_from_slice(&length(name.as_bytes()));
                    out.extend_from_slice(name.as_bytes());
                }
            }
            out.extend_from_slice(&length(&budgets));
            out.extend_from_slice(&budgets);
        }
        out
    }

    /// Takes in what was saved, of all subjects or of none. Gives their number.
    pub(crate) fn restore(&self, fingerprint: u64, bytes: &[u8]) -> Result<usize, RestoreError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(RestoreError::Damaged)?;
        let mut rest = Reader(rest);
        if u64::from_le_bytes(rest.array()?) != fingerprint {
            return Err(RestoreError::OtherPepper);
        }
        let mut found = BTreeMap::new();
        while !rest.0.is_empty() {
            let [kind] = rest.array()?;
            let number = u32::from_le_bytes(rest.array()?);
            let name = if kind == GROUP {
                let name = rest.take(number as usize)?;
                let name = std::str::from_utf8(name).map_err(|_| RestoreError::Damaged)?;
                Name::Group(name.into())
            } else {
                Name::Number(kind, number)
            };
            let length = u32::from_le_bytes(rest.array()?);
            found.insert(name, rest.take(length as usize)?.into());
        }
        let mut subjects = self.saved.lock();
        let number = found.len();
        for (name, bytes) in found {
            // Who has called already has an account of its own.
            subjects.entry(name).or_insert(State::Waiting(bytes));
        }
        Ok(number)
    }

    /// Saved budgets that could not be taken over: their subjects start anew.
    pub(crate) fn lost(&self) -> u64 {
        self.saved.lost.load(Ordering::Relaxed)
    }

    fn name(&self, of: Counted) -> Option<Name> {
        Some(match of {
            Counted::Subject(SubjectIx::Partner(PartnerIx(at))) => Name::Number(0, at),
            Counted::Subject(SubjectIx::Client(ClientIx(at))) => Name::Number(1, at),
            Counted::Subject(SubjectIx::Key(KeyIx(at))) => Name::Number(2, at),
            Counted::Unbound(PartnerIx(at)) => Name::Number(3, at),
            Counted::Alone(PartnerIx(at)) => Name::Number(5, at),
            Counted::Group(at) => {
                let named = self.group_names.iter().find(|entry| *entry.value() == at);
                Name::Group(Arc::clone(named?.key()))
            }
        })
    }
}

impl Saved {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Name, State>> {
        self.subjects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes()
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], RestoreError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(RestoreError::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RestoreError> {
        self.take(N)?.try_into().map_err(|_| RestoreError::Damaged)
    }
}
