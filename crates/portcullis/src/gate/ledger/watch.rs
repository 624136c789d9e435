//! What was taken back a short while ago and may be on its way yet: it is seen as it is written down.
//!
//! A look at the ledger finds what was written before it; an answer that began before and ends after it is
//! found here, by digests under the keys of the days around. Costs nothing while nothing is looked out for.
//! Must not know why something is looked out for, nor who is told.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portcullis_keys::DayKey;
use portcullis_registry::LedgerName;
use portcullis_types::{LedgerDigest, LedgerRecords, Wall};
use tokio::sync::Notify;

/// Most names that are looked out for at once. What comes on top is found by a later look at the ledger
/// alone.
const NAMES_MAX: usize = 50_000;

/// What is looked out for.
#[derive(Default)]
pub(super) struct Watch {
    /// Whether there is anything: the writer looks no further where not.
    any: AtomicBool,
    open: Mutex<Open>,
    bell: Notify,
}

#[derive(Default)]
struct Open {
    names: HashMap<Arc<LedgerName>, Watched>,
    /// By day and digest: each kind is digested apart.
    digests: HashMap<(u32, LedgerDigest), Arc<LedgerName>>,
    seen: Vec<LedgerName>,
    /// Before this moment none is over.
    first: Option<Wall>,
}

struct Watched {
    until: Wall,
    /// Partners that received it meanwhile: of each it is said once.
    partners: HashSet<Arc<str>>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("any", &self.any).finish_non_exhaustive()
    }
}

impl Watch {
    /// Looks out for these, each until a moment, under these keys.
    pub(super) fn add(&self, names: Vec<(LedgerName, Wall)>, keys: &[Arc<DayKey>], now: Wall) {
        let mut open = self.open();
        open.end(now);
        for (name, until) in names {
            open.add(name, keys, until);
        }
        self.any.store(!open.names.is_empty(), Ordering::Release);
    }

    /// Whether anything is looked out for: rows are not shown where not.
    pub(super) fn looks_out(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Looks at records that are written down, each with its partner, and that a look at the ledger finds
    /// from here on.
    pub(super) fn written<'a>(
        &self,
        digested: impl Iterator<Item = (Arc<str>, &'a LedgerRecords)>,
        now: Wall,
    ) {
        let mut open = self.open();
        open.end(now);
        self.any.store(!open.names.is_empty(), Ordering::Release);
        let before = open.seen.len();
        for (partner, records) in digested {
            for run in records.runs() {
                for digest in run.ids.iter().copied().chain(run.owner) {
                    open.look((records.day(), digest), &partner);
                }
            }
        }
        if open.seen.len() > before {
            self.bell.notify_one();
        }
    }

    /// What was seen since the last answer; waits until something is.
    pub(super) async fn seen(&self) -> Vec<LedgerName> {
        loop {
            let seen = std::mem::take(&mut self.open().seen);
            if !seen.is_empty() {
                return seen;
            }
            self.bell.notified().await;
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn add(&mut self, name: LedgerName, keys: &[Arc<DayKey>], until: Wall) {
        if let Some(known) = self.names.get_mut(&name) {
            known.until = known.until.max(until);
        } else if self.names.len() < NAMES_MAX {
            let name = Arc::new(name);
            for key in keys {
                let digest = key.digest(name.0, &name.1);
                self.digests.insert((key.day(), digest), Arc::clone(&name));
            }
            self.names.insert(name, Watched { until, partners: HashSet::new() });
            self.first = Some(self.first.map_or(until, |first| first.min(until)));
        }
    }

    /// Forgets what is not looked out for any more.
    fn end(&mut self, now: Wall) {
        // Before any can be over they are not gone through.
        if self.first.is_some_and(|first| first > now) {
            return;
        }
        let before = self.names.len();
        self.names.retain(|_, watched| watched.until > now);
        self.first = self.names.values().map(|watched| watched.until).min();
        if self.names.len() < before {
            let names = &self.names;
            self.digests.retain(|_, name| names.contains_key(name));
        }
    }

    fn look(&mut self, digest: (u32, LedgerDigest), partner: &Arc<str>) {
        let Some(name) = self.digests.get(&digest) else { return };
        let Some(watched) = self.names.get_mut(name) else { return };
        if watched.partners.insert(Arc::clone(partner)) {
            self.seen.push(LedgerName::clone(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use portcullis_types::{ClassIx, LedgerKind, LedgerRecord};

    use super::*;

    fn key(day: u32) -> Arc<DayKey> {
        Arc::new(DayKey::new(day, &[7; DayKey::BYTES]))
    }

    /// An answer to a partner on a day, with one record of an owner.
    fn written(watch: &Watch, (partner, day, id, owner): (&str, u32, &str, &str), now: u64) {
        let key = key(day);
        let mut records = LedgerRecords::new(day, 1);
        records.push(&LedgerRecord {
            class: ClassIx(0),
            id: Some(key.digest(LedgerKind::Record, id)),
            owner: Some(key.digest(LedgerKind::Owner, owner)),
            place: None,
            cell: None,
        });
        watch.written([(Arc::from(partner), &records)].into_iter(), Wall(now));
    }

    fn seen(watch: &Watch) -> Vec<LedgerName> {
        std::mem::take(&mut watch.open().seen)
    }

    #[test]
    fn a_name_is_seen_once_for_each_partner_that_receives_it_on_any_day_near_as_long_as_it_is_watched()
     {
        let watch = Watch::default();
        let [post, account] = [(LedgerKind::Record, "p1"), (LedgerKind::Owner, "a1")]
            .map(|(kind, id)| (kind, id.to_owned()));
        written(&watch, ("acme", 5, "p1", "a1"), 0);
        assert_eq!(seen(&watch), [], "nothing is looked out for");
        let names = [&post, &account].map(|name| (name.clone(), Wall(1000)));
        watch.add(names.into(), &[key(4), key(5)], Wall(0));
        written(&watch, ("acme", 5, "p2", "a2"), 1);
        assert_eq!(seen(&watch), []);
        written(&watch, ("acme", 5, "p1", "a2"), 1);
        written(&watch, ("acme", 4, "p1", "a2"), 1);
        assert_eq!(seen(&watch), std::slice::from_ref(&post), "once for each partner");
        written(&watch, ("other", 4, "p1", "a1"), 2);
        assert_eq!(seen(&watch), [post, account]);
        written(&watch, ("third", 5, "p1", "a1"), 1000);
        assert_eq!(seen(&watch), [], "its time is over");
        assert!(!watch.any.load(Ordering::Relaxed) && watch.open().digests.is_empty());
    }
}
