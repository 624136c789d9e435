//! What all threads share: keys, live words, and the newest view of state and rules.
//!
//! One writer at a time tells it what holds; desks read. Must not know requests.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use portcullis_keys::{Digest, Peppers};
use portcullis_limits::budget::Hasher128;
use portcullis_registry::{NarrowKind, Snapshot, SubjectIx};
use portcullis_request::Bounds;
use portcullis_types::{KeyIx, Notice};

use crate::Desk;
use crate::grants::GrantBook;
use crate::ledger::LedgerKeys;
use crate::live::{Live, RestoreError};
use crate::names::Names;
use crate::raised::Raising;
use crate::rules::{Bound, Rules};
use crate::tokens::Tokens;
use crate::view::{Ground, View};

/// Shared by all threads. [`Judge::desk`] gives a thread its own place to judge from.
pub struct Judge {
    pub(crate) peppers: Peppers,
    pub(crate) bounds: Bounds,
    pub(crate) tokens: Tokens,
    pub(crate) live: Live,
    pub(crate) grants: GrantBook,
    pub(crate) hasher: Hasher128,
    pub(crate) raising: Raising,
    /// Rises with each view; a desk that holds an older one fetches the new.
    pub(crate) epoch: AtomicU64,
    view: ArcSwapOption<View>,
    writer: Mutex<Writer>,
}

/// What the next view is made of.
#[derive(Default)]
pub(crate) struct Writer {
    /// In force.
    bound: Option<Arc<Bound>>,
    /// To come into force with the snapshot that names them, so that key state and policy of a call
    /// are of one revision.
    coming: Option<Arc<Bound>>,
    snapshot: Option<Arc<Snapshot>>,
    names: Arc<Names>,
    pub(crate) ledger: Option<Arc<LedgerKeys>>,
}

impl Judge {
    /// A judge that refuses everything until it has rules and a snapshot.
    #[must_use]
    pub fn new(peppers: Peppers, bounds: Bounds) -> Self {
        let hasher = Hasher128::new(peppers.digest(b"portcullis budget targets v1").bytes());
        Self {
            hasher,
            grants: GrantBook::default(),
            raising: Raising::default(),
            peppers,
            bounds,
            tokens: Tokens::default(),
            live: Live::default(),
            epoch: AtomicU64::new(0),
            view: ArcSwapOption::empty(),
            writer: Mutex::default(),
        }
    }

    /// A place for one thread to judge from.
    #[must_use]
    pub fn desk(self: &Arc<Self>) -> Desk {
        Desk::new(Arc::clone(self))
    }

    /// Whether it has rules and a snapshot.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.view.load().is_some()
    }

    /// The rules in force.
    #[must_use]
    pub fn rules(&self) -> Option<Arc<Rules>> {
        self.view.load().as_ref().map(|view| Arc::clone(&view.bound.rules))
    }

    /// The pepper new keys are to be digested under.
    #[must_use]
    pub const fn peppers(&self) -> &Peppers {
        &self.peppers
    }

    /// Which accounts let whom act for them.
    #[must_use]
    pub const fn grants(&self) -> &GrantBook {
        &self.grants
    }

    /// What is counted of every limit, as bytes: to be saved every second, since a restart must forget
    /// nothing. Holds keyed hashes of targets and no target.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        self.live.save(self.hasher.fingerprint())
    }

    /// Takes in what was saved; gives for how many subjects.
    ///
    /// # Errors
    /// [`RestoreError`]; then nothing was taken in.
    pub fn restore(&self, saved: &[u8]) -> Result<usize, RestoreError> {
        self.live.restore(self.hasher.fingerprint(), saved)
    }

    /// Saved budgets that could not be taken over. Anything but 0 is a fault to be told.
    #[must_use]
    pub fn budgets_lost(&self) -> u64 {
        self.live.lost()
    }

    /// What is declared by name and asked for by id.
    pub fn set_names(&self, names: Names) {
        self.renewed(|writer| writer.names = Arc::new(names));
    }

    /// New rules. They come into force with the first snapshot that names their revision or a later
    /// one; at once, if it is there already or there are no rules yet.
    pub fn set_rules(&self, rules: Arc<Rules>) {
        self.renewed(|writer| writer.coming = Some(Arc::new(Bound::new(rules))));
    }

    /// The state after an event.
    pub fn publish(&self, snapshot: Arc<Snapshot>) {
        self.renewed(|writer| writer.snapshot = Some(snapshot));
    }

    /// The key that is known under this secret, by the pepper in use or the one before it.
    ///
    /// For whoever brings keys in: a secret that is known already must not become a second key, or
    /// a hold on the first would miss it.
    #[must_use]
    pub fn known(&self, presented: &[u8]) -> Option<KeyIx> {
        let state = &self.view()?.snapshot;
        self.found(state, &self.peppers.digest(presented), presented)
    }

    /// The same in a state that the caller has, by its digest under the pepper in use.
    pub(crate) fn found(
        &self,
        state: &Snapshot,
        digest: &Digest,
        presented: &[u8],
    ) -> Option<KeyIx> {
        let before = || state.key_of(self.peppers.previous_digest(presented)?.bytes());
        state.key_of(digest.bytes()).or_else(before)
    }

    /// Holds or revokes at once: it bites at the next call on every thread.
    pub fn narrow(&self, subject: SubjectIx, notice: Arc<Notice>, kind: NarrowKind) {
        self.live.narrow(subject, notice, kind);
    }

    /// Ends a live hold, once the snapshot without it is published. What the snapshot still holds
    /// stays held, and a revocation stays for ever.
    pub fn widen(&self, subject: SubjectIx) {
        self.live.widen(subject);
    }

    pub(crate) fn view(&self) -> Option<Arc<View>> {
        self.view.load_full()
    }

    /// A view with what is changed.
    pub(crate) fn renewed(&self, change: impl FnOnce(&mut Writer)) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut writer);
        self.renew(&mut writer);
    }

    fn renew(&self, writer: &mut Writer) {
        let Some(snapshot) = &writer.snapshot else { return };
        let named = snapshot.policy().map(|policy| policy.revision);
        let due = |coming: &mut Arc<Bound>| named >= Some(coming.rules.revision);
        if writer.bound.is_none() {
            writer.bound = writer.coming.take();
        } else if let Some(coming) = writer.coming.take_if(due) {
            writer.bound = Some(coming);
        }
        let Some(bound) = &writer.bound else { return };
        let epoch = self.epoch.load(Ordering::Relaxed) + 1;
        let before = self.view.load_full();
        let ground = Ground {
            names: Arc::clone(&writer.names),
            ledger: writer.ledger.clone(),
            live: &self.live,
            before: before.as_deref(),
        };
        let view = View::new(epoch, Arc::clone(bound), Arc::clone(snapshot), ground);
        self.view.store(Some(Arc::new(view)));
        // After the view: a desk that sees the new number finds the new view.
        self.epoch.store(epoch, Ordering::Release);
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}
