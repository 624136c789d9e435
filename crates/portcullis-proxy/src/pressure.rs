//! Whether memory is short, as whoever measures it says; then the gate takes on less.
//!
//! Must not measure anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether memory is short, for all threads.
#[derive(Debug, Clone, Default)]
pub struct Pressure(Arc<AtomicBool>);

impl Pressure {
    /// Says so. Bodies that come in pieces are held no more; calls and connections get fewer from tick to tick.
    pub fn set(&self, short: bool) {
        self.0.store(short, Ordering::Relaxed);
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
