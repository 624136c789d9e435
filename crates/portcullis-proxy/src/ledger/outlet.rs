//! The rings of all threads, as whoever writes the ledger sees them.
//!
//! Must not know a call, nor how anything is written down.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use portcullis_types::LedgerAnswer;

/// How much may wait for the writer, for each thread.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct LedgerBounds {
    /// Answers.
    pub answers: usize,
    /// Bytes of digests, beyond which no further answer at level `digests` is begun.
    pub bytes: usize,
}

impl Default for LedgerBounds {
    fn default() -> Self {
        Self { answers: 32_768, bytes: 16 << 20 }
    }
}

/// Where threads put what left, and where it is taken from to be written down. Give it to the data plane
/// by [`crate::Outlets`] and keep a clone.
///
/// Whoever takes must take only what can be written: what is not taken fills the rings, and full rings
/// are what keeps unwritten answers of level `digests` from leaving.
#[derive(Clone)]
pub struct LedgerOutlet {
    posts: Arc<[Arc<Post>]>,
    bounds: LedgerBounds,
}

/// Where one thread's answers wait.
#[derive(Default)]
pub(super) struct Post {
    waiting: Mutex<Vec<LedgerAnswer>>,
    /// Answers that wait, and bytes of their digests; the thread adds to them, whoever takes sets them to 0.
    pub(super) answers: AtomicUsize,
    pub(super) bytes: AtomicUsize,
    /// Answers that did not begin, since there was no room.
    pub(super) refused: AtomicU64,
    /// Whether answers fell together that are not handed over yet.
    pub(super) merging: AtomicBool,
}

impl LedgerOutlet {
    /// A ring for each thread of the data plane.
    #[must_use]
    pub fn new(threads: usize, bounds: LedgerBounds) -> Self {
        let posts = (0..threads.max(1)).map(|_| Arc::default()).collect();
        Self { posts, bounds }
    }

    /// Takes all that waits, into the end of `into`; gives how many answers. To be called by one at a
    /// time and some times a second. What left just now is there a tick later, a tenth of a second at
    /// the most.
    pub fn take(&self, into: &mut Vec<LedgerAnswer>) -> usize {
        self.posts.iter().map(|post| post.take(into)).sum()
    }

    /// Answers that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.posts.iter().map(|post| post.answers.load(Ordering::Relaxed)).sum()
    }

    /// Answers that did not begin, since they could not have been written down; it only grows.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.posts.iter().map(|post| post.refused.load(Ordering::Relaxed)).sum()
    }

    /// Whether a ring is or was full, and answers fell together that could not be handed over since: the
    /// next take may lack what left long before it.
    #[must_use]
    pub fn is_merging(&self) -> bool {
        self.posts.iter().any(|post| post.merging.load(Ordering::Acquire))
    }

    pub(crate) fn ring(&self, thread: usize) -> Option<LedgerRing> {
        // No two threads have the same, since each counts what it put there.
        let post = Arc::clone(self.posts.get(thread)?);
        Some(LedgerRing { post, bounds: self.bounds })
    }
}

/// One thread's ring.
pub(crate) struct LedgerRing {
    pub(super) post: Arc<Post>,
    pub(super) bounds: LedgerBounds,
}

impl Post {
    fn take(&self, into: &mut Vec<LedgerAnswer>) -> usize {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len();
        self.answers.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
        if into.is_empty() {
            // Their memory goes to and fro.
            std::mem::swap(&mut *waiting, into);
        } else {
            into.append(&mut waiting);
        }
        count
    }

    /// Puts answers there, with so many bytes of digests; false: somebody takes just now.
    pub(super) fn put(&self, answers: &mut Vec<LedgerAnswer>, bytes: usize, wait: bool) -> bool {
        let waiting = if wait {
            Some(self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
        } else {
            self.waiting.try_lock().ok()
        };
        let Some(mut waiting) = waiting else { return false };
        self.answers.fetch_add(answers.len(), Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        // Copied rather than exchanged, so that both sides keep memory of the size they need.
        waiting.append(answers);
        true
    }
}

impl fmt::Debug for LedgerOutlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerOutlet").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}
