//! Has the allocator give back what a thread has freed.
//!
//! Must not know what freed it, nor which allocator it is.

use std::cell::Cell;
use std::hint::black_box;

/// How often a thread's allocator is asked, in milliseconds.
const EVERY_MS: u64 = 2_000;
/// Too much for the pages that a thread keeps, so that the allocator has to find it.
const ASKED: usize = 1 << 20;

/// Asks the allocator for memory that it has not at hand on this thread.
///
/// Some, mimalloc among them, look for what they can give back to the system only then, and not before
/// a second has passed since it was freed; a quiet thread never asks. What is asked for is never
/// touched, hence never there.
pub fn give_back() {
    drop(black_box(Vec::<u8>::with_capacity(ASKED)));
}

/// Asks for one thread, now and then.
#[derive(Default)]
pub(crate) struct Thrift {
    /// When next, in milliseconds since the thread began.
    due_ms: Cell<u64>,
}

impl Thrift {
    pub(crate) fn tick(&self, now_ms: u64) {
        if now_ms >= self.due_ms.get() {
            self.due_ms.set(now_ms + EVERY_MS);
            give_back();
        }
    }
}
