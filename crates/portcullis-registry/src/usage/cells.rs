//! The counts of one thread until its next tick.
//!
//! Never more cells than calls since then. Must not know hours.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use portcullis_types::{ClassIx, KeyIx, Revision, Wall};

use super::{CallClient, UsageCount, UsageOf, UsageSink, UsageVerdict};

/// How long counts are kept before they are handed over, in milliseconds: many keys take turns, and
/// each that is handed over costs as much as several calls that are counted here.
const KEPT_MS: u64 = 2_000;

/// The counts of one thread.
pub struct UsageCells {
    sink: Arc<dyn UsageSink>,
    policy: Option<Revision>,
    /// By key and class, for the client of the key.
    permits: HashMap<u64, u64, BuildHasherDefault<Mixed>>,
    others: HashMap<Other, u64>,
    /// What the sink has yet to take, by the policies it was counted under.
    ready: Vec<(Option<Revision>, Vec<UsageCount>)>,
    /// When counts were handed over last.
    handed: Wall,
}

type Other = (UsageOf, UsageVerdict, Option<Arc<str>>);

impl UsageCells {
    /// Counts for a sink.
    #[must_use]
    pub fn new(sink: Arc<dyn UsageSink>) -> Self {
        let (permits, others) = (HashMap::default(), HashMap::new());
        Self { sink, policy: None, permits, others, ready: Vec::new(), handed: Wall(0) }
    }

    /// Counts one call by a key that is known. `rule` is looked at for refusals only, `policy` says
    /// what the class means.
    pub fn count(
        &mut self,
        policy: Option<Revision>,
        of: impl Into<UsageOf>,
        verdict: UsageVerdict,
        rule: Option<&Arc<str>>,
    ) {
        if policy != self.policy {
            self.gather();
            self.policy = policy;
        }
        let of = of.into();
        if (verdict, of.client) == (UsageVerdict::Permit, CallClient::OfKey) {
            let class = of.class.map_or(0, |class| u64::from(class.0) + 1);
            *self.permits.entry(u64::from(of.key.0) << 32 | class).or_default() += 1;
        } else {
            *self.others.entry((of, verdict, rule.cloned())).or_default() += 1;
        }
    }

    /// Hands over what was counted, if it has been kept long enough.
    pub fn tick(&mut self, now: Wall) {
        if now.0.abs_diff(self.handed.0) >= KEPT_MS {
            self.flush(now);
        }
    }

    /// Hands over what was counted; what the sink does not take now is kept for the next time.
    pub fn flush(&mut self, now: Wall) {
        self.handed = now;
        if self.is_empty() {
            return;
        }
        self.gather();
        let sink = &self.sink;
        self.ready.retain(|(policy, counts)| !sink.add(now, *policy, counts));
    }

    /// Whether everything was taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.permits.is_empty() && self.others.is_empty() && self.ready.is_empty()
    }

    fn gather(&mut self) {
        let mut counts = Vec::with_capacity(self.permits.len() + self.others.len());
        for (cell, calls) in self.permits.drain() {
            let class = (cell & u64::from(u32::MAX)).checked_sub(1);
            let key = KeyIx(u32::try_from(cell >> 32).unwrap_or(u32::MAX));
            let class = class.and_then(|class| u16::try_from(class).ok()).map(ClassIx);
            counts.push(UsageCount {
                of: UsageOf::from((key, class)),
                verdict: UsageVerdict::Permit,
                rule: None,
                calls,
            });
        }
        for ((of, verdict, rule), calls) in self.others.drain() {
            counts.push(UsageCount { of, verdict, rule, calls });
        }
        if !counts.is_empty() {
            self.ready.push((self.policy, counts));
        }
    }
}

impl std::fmt::Debug for UsageCells {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UsageCells").field("permits", &self.permits.len()).finish_non_exhaustive()
    }
}

/// Indexes are chosen by the gate, so one multiplication spreads them well enough.
#[derive(Debug, Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }
    fn write_u64(&mut self, cell: u64) {
        let mixed = (self.0 ^ cell).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ mixed >> 32;
    }
}
