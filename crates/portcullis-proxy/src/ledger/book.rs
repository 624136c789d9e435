//! One thread's side of its ring: room for answers, answers, and the counts of those without room.
//!
//! Must not know a call, nor who empties the ring.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use portcullis_types::LedgerAnswer;

use super::outlet::LedgerRing;
use super::tally::Tally;
use crate::Metrics;

/// Answers that are put into the ring at once; fewer at a tick.
const TOGETHER: usize = 128;

/// What one thread tells the ledger.
pub(crate) struct Book {
    ring: LedgerRing,
    /// What was not put into the ring yet.
    fresh: RefCell<Fresh>,
    /// Rooms that are taken and not used yet.
    reserved: Cell<usize>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Fresh {
    answers: Vec<LedgerAnswer>,
    records: usize,
    /// Of these records.
    bytes: usize,
    tally: Tally,
}

/// Room for one answer; given back if it is dropped.
pub(crate) struct Room(Rc<Book>);

impl Drop for Room {
    fn drop(&mut self) {
        self.0.reserved.set(self.0.reserved.get().saturating_sub(1));
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        // Answers that are cut at the very end come after the last tick.
        self.settle();
    }
}

impl Book {
    pub(crate) fn new(ring: LedgerRing, metrics: Arc<Metrics>) -> Rc<Self> {
        let (fresh, reserved) = (RefCell::default(), Cell::new(0));
        Rc::new(Self { ring, fresh, reserved, metrics })
    }

    /// Room for an answer that must be written down; none: there is none, and it may not begin.
    pub(crate) fn reserve(self: &Rc<Self>) -> Option<Room> {
        let fresh = self.fresh.try_borrow().ok()?;
        let bytes = self.ring.post.bytes.load(Ordering::Relaxed) + fresh.bytes;
        if self.free(&fresh) == 0 || bytes >= self.ring.bounds.bytes {
            self.metrics.ledger_refused.inc();
            self.ring.post.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        self.reserved.set(self.reserved.get() + 1);
        Some(Room(Rc::clone(self)))
    }

    /// Tells of an answer, by the room that it has; without one, only as long as there is some.
    pub(crate) fn tell(&self, answer: LedgerAnswer, room: Option<Room>) {
        let has_room = room.is_some();
        drop(room);
        // A panic while telling must not become a second one while unwinding.
        let Ok(mut fresh) = self.fresh.try_borrow_mut() else { return };
        if !has_room && self.free(&fresh) == 0 {
            return self.merge(&mut fresh, answer);
        }
        if let Some(records) = &answer.digested {
            fresh.records += records.len();
            fresh.bytes += records.bytes();
        }
        fresh.answers.push(answer);
        if fresh.answers.len() >= TOGETHER {
            self.put(&mut fresh, false);
        }
    }

    /// Puts what there is into the ring.
    pub(crate) fn tick(&self) {
        if let Ok(mut fresh) = self.fresh.try_borrow_mut() {
            self.merged(&mut fresh, false);
            self.put(&mut fresh, false);
        }
    }

    /// The same for the last time, whatever room there is.
    fn settle(&self) {
        if let Ok(mut fresh) = self.fresh.try_borrow_mut() {
            self.merged(&mut fresh, true);
            self.put(&mut fresh, true);
        }
    }

    /// Answers that there is room for.
    fn free(&self, fresh: &Fresh) -> usize {
        let waiting = self.ring.post.answers.load(Ordering::Relaxed) + fresh.answers.len();
        self.ring.bounds.answers.saturating_sub(waiting + self.reserved.get())
    }

    #[cold]
    fn merge(&self, fresh: &mut Fresh, answer: LedgerAnswer) {
        self.ring.post.merging.store(true, Ordering::Relaxed);
        let count = u64::from(answer.answers);
        let kept = fresh.tally.add(answer);
        let to = if kept { &self.metrics.ledger_merged } else { &self.metrics.ledger_lost };
        to.inc_by(count);
    }

    /// Lets what fell together follow, as far as there is room; `all`: beyond it, too.
    fn merged(&self, fresh: &mut Fresh, all: bool) {
        if fresh.tally.is_empty() {
            return;
        }
        let most = if all { fresh.tally.len() } else { self.free(fresh) };
        let merged = fresh.tally.take(most);
        fresh.answers.extend(merged);
    }

    fn put(&self, fresh: &mut Fresh, wait: bool) {
        if fresh.answers.is_empty() {
            return;
        }
        let count = fresh.answers.len() as u64;
        if self.ring.post.put(&mut fresh.answers, fresh.bytes, wait) {
            self.metrics.ledger_answers.inc_by(count);
            self.metrics.ledger_records.inc_by(fresh.records as u64);
            (fresh.records, fresh.bytes) = (0, 0);
            // Only now, so that whoever sees it finds in the ring what fell together.
            if fresh.tally.is_empty() && self.ring.post.merging.load(Ordering::Relaxed) {
                self.ring.post.merging.store(false, Ordering::Release);
            }
        }
    }
}
