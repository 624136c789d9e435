//! What holds beside the snapshot: a word per subject that can only narrow, and its rates.
//!
//! A hold is written here first, so that it bites at the next call on every thread, and perhaps
//! before its event is durable. Must not know policies or requests.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwapOption, Guard};
use dashmap::DashMap;
use portcullis_keys::Shelf;
use portcullis_limits::watch::{Sketch, Watches};
use portcullis_limits::{Limiters, Meter};
use portcullis_registry::{NarrowKind, SubjectIx};
use portcullis_types::{Closes, Mono, Notice, PartnerIx};
use smallvec::SmallVec;

use crate::left::Mark;
use crate::watching::SketchName;

mod budgeted;
mod watched;

pub use budgeted::RestoreError;

const HELD: u32 = 1;
const REVOKED: u32 = 2;
/// Most notices of one subject that don't take in each other.
const NOTICES_MAX: usize = 8;

/// The live side of every subject.
#[derive(Default)]
pub(crate) struct Live {
    partners: Shelf<Slot>,
    clients: Shelf<Slot>,
    keys: Shelf<Slot>,
    /// A partner's keys that are bound to no client count as one client of it, so that a rate per
    /// client can't be escaped by declaring none.
    unbound: Shelf<Slot>,
    /// Partners that are linked, by the number of their group; and those that are not, each for itself.
    groups: Shelf<Slot>,
    alone: Shelf<Slot>,
    /// What answers left behind, by key.
    pub(crate) left: Shelf<Mark>,
    group_names: DashMap<Arc<str>, u32>,
    saved: budgeted::Saved,
    course: budgeted::Course,
    watched: Shelf<ArcSwapOption<Watches>>,
    sketches: DashMap<SketchName, Sketch>,
    /// What narrows a subject until the snapshot says it, the newest first. Read only by calls of
    /// whom it narrows; few for each subject, and none once it is widened.
    notices: DashMap<SubjectIx, SmallVec<[Arc<Notice>; 1]>>,
    attaching: Mutex<()>,
    /// For what needs a name that nothing else has.
    numbers: AtomicU64,
}

/// The live side of one subject.
#[derive(Default)]
pub(crate) struct Slot {
    word: AtomicU32,
    rates: ArcSwapOption<Attached>,
    budgets: ArcSwapOption<budgeted::Budgeted>,
}

/// Rates in use, and the view they were attached under.
pub(crate) struct Attached {
    pub(crate) limiters: Limiters,
    epoch: u64,
}

/// Whose rates.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Counted {
    /// A partner, a client or a key.
    Subject(SubjectIx),
    /// All keys of a partner that have no client.
    Unbound(PartnerIx),
    /// All partners of a group.
    Group(u32),
    /// A partner that is in no group.
    Alone(PartnerIx),
}

/// The rates were attached under a newer view than the caller's: look again with that one.
#[derive(Debug)]
pub(crate) struct Stale;

impl Live {
    /// A number that was not given before.
    pub(crate) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Narrows at once. The reason is in place before the word is, so that a refusal can tell it.
    pub(crate) fn narrow(&self, subject: SubjectIx, notice: Arc<Notice>, kind: NarrowKind) {
        self.tell(subject, notice);
        if let Some(slot) = self.make(Counted::Subject(subject)) {
            let bit = match kind {
                NarrowKind::Hold => HELD,
                NarrowKind::Revoke => REVOKED,
            };
            slot.word.fetch_or(bit, Ordering::AcqRel);
        }
    }

    /// Keeps a notice beside those that take more, since the strictest of all holds.
    fn tell(&self, subject: SubjectIx, notice: Arc<Notice>) {
        let mut told = self.notices.entry(subject).or_default();
        told.retain(|known| !notice.covers(known));
        let notice = if told.len() < NOTICES_MAX {
            notice
        } else {
            // Nobody narrows so often without widening; in doubt all is closed.
            told.clear();
            Arc::new(Notice { closes: Closes::All, ..(*notice).clone() })
        };
        told.insert(0, notice);
    }

    /// Ends every live hold of a subject: the snapshot says what still holds. A revocation never ends,
    /// whoever asks.
    pub(crate) fn widen(&self, subject: SubjectIx) {
        let Some(slot) = self.find(Counted::Subject(subject)) else { return };
        // The word first, so that nobody who sees it finds no reason.
        if slot.word.fetch_and(!HELD, Ordering::AcqRel) & REVOKED == 0 {
            self.notices.remove(&subject);
        }
    }

    /// The strictest live narrowing of a subject.
    pub(crate) fn narrowed(&self, subject: SubjectIx) -> Option<NarrowKind> {
        let word = self.find(Counted::Subject(subject))?.word.load(Ordering::Acquire);
        match word {
            0 => None,
            HELD => Some(NarrowKind::Hold),
            // Whatever else it says, it is not a mere hold.
            _ => Some(NarrowKind::Revoke),
        }
    }

    /// What narrows a subject, the newest first; none where nothing does any more.
    pub(crate) fn notices(&self, subject: SubjectIx) -> SmallVec<[Arc<Notice>; 1]> {
        self.notices.get(&subject).map(|entry| entry.value().clone()).unwrap_or_default()
    }

    /// The rates of a subject under a meter; attached at first use, carried over when the meter
    /// changed. Takes a lock only then.
    pub(crate) fn rates(
        &self,
        of: Counted,
        meter: &Arc<Meter>,
        epoch: u64,
        now: Mono,
    ) -> Result<Guard<Option<Arc<Attached>>>, Stale> {
        let slot = self.make(of).ok_or(Stale)?;
        let found = slot.rates.load();
        if found.as_ref().is_some_and(|have| Arc::ptr_eq(have.limiters.meter(), meter)) {
            return Ok(found);
        }
        self.attach(slot, meter, epoch, now)?;
        let found = slot.rates.load();
        let ours = found.as_ref().is_some_and(|have| Arc::ptr_eq(have.limiters.meter(), meter));
        if ours { Ok(found) } else { Err(Stale) }
    }

    fn attach(&self, slot: &Slot, meter: &Arc<Meter>, epoch: u64, now: Mono) -> Result<(), Stale> {
        // One lock for all subjects: held for a moment, once per subject and change of policy.
        let _one = self.attaching.lock().unwrap_or_else(PoisonError::into_inner);
        let have = slot.rates.load_full();
        let limiters = match &have {
            None => Limiters::new(Arc::clone(meter)),
            Some(have) if Arc::ptr_eq(have.limiters.meter(), meter) => return Ok(()),
            // Never back to older rules: what they counted has gone on in the newer ones.
            Some(have) if have.epoch > epoch => return Err(Stale),
            Some(have) => have.limiters.carry(Arc::clone(meter), now),
        };
        slot.rates.store(Some(Arc::new(Attached { limiters, epoch })));
        Ok(())
    }

    /// The number of a group of partners, given at its first mention.
    pub(crate) fn group(&self, name: &str) -> u32 {
        let next = u32::try_from(self.group_names.len()).unwrap_or(u32::MAX);
        *self.group_names.entry(name.into()).or_insert(next)
    }

    fn find(&self, of: Counted) -> Option<&Slot> {
        match of {
            Counted::Subject(SubjectIx::Partner(at)) => self.partners.get(at.0),
            Counted::Subject(SubjectIx::Client(at)) => self.clients.get(at.0),
            Counted::Subject(SubjectIx::Key(at)) => self.keys.get(at.0),
            Counted::Unbound(at) => self.unbound.get(at.0),
            Counted::Group(at) => self.groups.get(at),
            Counted::Alone(at) => self.alone.get(at.0),
        }
    }

    fn make(&self, of: Counted) -> Option<&Slot> {
        match of {
            Counted::Subject(SubjectIx::Partner(at)) => self.partners.get_or_make(at.0),
            Counted::Subject(SubjectIx::Client(at)) => self.clients.get_or_make(at.0),
            Counted::Subject(SubjectIx::Key(at)) => self.keys.get_or_make(at.0),
            Counted::Unbound(at) => self.unbound.get_or_make(at.0),
            Counted::Group(at) => self.groups.get_or_make(at),
            Counted::Alone(at) => self.alone.get_or_make(at.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use portcullis_limits::RateSpec;
    use portcullis_types::{KeyIx, PartnerIx, RateId, Span};

    use super::*;

    fn meter(max: u64) -> Arc<Meter> {
        let id = RateId::new("calls").unwrap();
        let window = Span::from_seconds(60);
        Arc::new(Meter::new(vec![RateSpec { id, max, window, burst: max }]))
    }

    #[test]
    fn rates_never_go_back_to_older_rules() {
        let (live, of) = (Live::default(), Counted::Unbound(PartnerIx(3)));
        let (old, new) = (meter(1), meter(2));
        assert!(live.rates(of, &old, 1, Mono(0)).is_ok());
        assert!(live.rates(of, &new, 2, Mono(0)).is_ok());
        assert!(live.rates(of, &old, 1, Mono(0)).is_err(), "a call that began before the change");
        assert!(live.rates(of, &new, 3, Mono(0)).is_ok());
    }

    #[test]
    fn looking_at_a_word_makes_nothing() {
        let live = Live::default();
        let key = SubjectIx::Key(KeyIx(1_000_000));
        assert_eq!(live.narrowed(key), None);
        live.widen(key);
        assert!(live.keys.get(1_000_000).is_none());
    }
}
