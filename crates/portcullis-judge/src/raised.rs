//! Signals on their way out of the data plane: a bounded ring that whoever makes events of them
//! empties.
//!
//! A hit is rare, so a lock is cheap; looking whether there is one takes none. Must not know what
//! becomes of a signal.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use portcullis_types::{KeyIx, PartnerIx, Wall};

use crate::judge::Judge;
use crate::verdict::Trace;
use crate::watching::SignalHit;

/// Most hits that wait. Beyond them new ones are counted and lost: the oldest tell more.
const RING: usize = 1024;

/// A watch that hit, with whose calls it saw.
#[derive(Debug, Clone)]
pub struct Raised {
    /// When.
    pub at: Wall,
    /// Whose calls.
    pub partner: PartnerIx,
    /// The key of the last of them.
    pub key: KeyIx,
    /// What was seen.
    pub hit: SignalHit,
}

/// Hits that wait to be taken.
#[derive(Debug, Default)]
pub(crate) struct Raising {
    waits: AtomicBool,
    ring: Mutex<VecDeque<Raised>>,
    lost: AtomicU64,
}

impl Raising {
    /// Keeps what a call raised.
    pub(crate) fn keep(&self, trace: &Trace, now: Wall) {
        if trace.signals().is_empty() {
            return;
        }
        let (Some(partner), Some(key)) = (trace.partner_ix, trace.key) else { return };
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        for hit in trace.signals() {
            if ring.len() >= RING {
                self.lost.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            ring.push_back(Raised { at: now, partner, key, hit: hit.clone() });
        }
        self.waits.store(true, Ordering::Release);
    }
}

impl Judge {
    /// Takes the signals raised since the last time, oldest first.
    pub fn take_signals(&self) -> Vec<Raised> {
        if !self.raising.waits.swap(false, Ordering::Acquire) {
            return Vec::new();
        }
        let mut ring = self.raising.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.drain(..).collect()
    }

    /// Signals that found no room since nobody took those before them. Anything but 0 is a fault to
    /// be told.
    #[must_use]
    pub fn signals_lost(&self) -> u64 {
        self.raising.lost.load(Ordering::Relaxed)
    }
}
