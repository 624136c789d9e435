//! Calls by hour, of 31 days, in bounded memory.
//!
//! Hours that are over are sorted lists that readers share, so that reading them holds nobody up.
//! Must not know how it is saved.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use portcullis_types::{ClassIx, KeyIx, Revision, Wall};

use super::rows::{Cell, Row, client_of, number_of};
use super::{CallClient, UsageCount, UsageSink, UsageVerdict};

/// An hour in milliseconds.
pub(super) const HOUR: u64 = 3_600_000;
/// Hours kept.
const HOURS: u64 = 31 * 24;
/// Most rows kept, of 24 bytes each: when there are more, the oldest hours go.
const ROWS: usize = 4_000_000;
/// Most rows of the hour that runs: calls beyond it are counted as lost.
const RUNNING: usize = 1_000_000;
/// Sets of policies whose classes are remembered: calls under way may be of the one before.
const SETS: usize = 4;
/// No class, or more names than can be numbered.
pub(super) const NONE: u16 = u16::MAX;

/// What calls can come to.
#[derive(Debug, Clone, Eq, PartialEq, Hash, serde::Serialize, serde::Deserialize)]
pub(super) struct Outcome {
    pub(super) verdict: Arc<str>,
    pub(super) observed: bool,
    pub(super) rule: Option<Arc<str>>,
}

/// Numbers for names.
#[derive(Debug, Clone, Default)]
pub(super) struct Named {
    pub(super) classes: Arc<Vec<Arc<str>>>,
    pub(super) outcomes: Arc<Vec<Outcome>>,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) named: Named,
    /// By set of policies: the numbers of its classes' names.
    sets: VecDeque<(Revision, Vec<u16>)>,
    hour: u64,
    running: HashMap<Cell, u64>,
    pub(super) over: VecDeque<(u64, Arc<[Row]>)>,
    rows: usize,
    /// The first hour that is whole.
    pub(super) since: Option<u64>,
    pub(super) lost: u64,
}

/// Calls by hour.
#[derive(Debug, Default)]
pub struct UsageBook(Mutex<Inner>);

/// Calls of one key in one hour that came to the same, by name.
#[derive(Debug, Clone, Copy)]
pub struct UsageRow<'a> {
    /// When the hour begins.
    pub hour: Wall,
    /// Whose calls.
    pub key: KeyIx,
    /// Of which class; none where they did not get that far.
    pub class: Option<&'a str>,
    /// For which client.
    pub client: CallClient,
    /// `permit`, or the code of a refusal.
    pub verdict: &'a str,
    /// Whether the refusal is one that was not enforced.
    pub observed: bool,
    /// The rule that refused.
    pub rule: Option<&'a str>,
    /// How many.
    pub calls: u64,
}

impl UsageBook {
    /// Nothing was counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A set of policies comes into force: the names of its classes, in order of index.
    pub fn classes<'a>(&self, policy: Revision, names: impl Iterator<Item = &'a str>) {
        let mut inner = self.lock();
        let classes = Arc::make_mut(&mut inner.named.classes);
        let numbers =
            names.map(|name| number(classes, |known| **known == *name, || Arc::from(name)));
        let numbers = numbers.collect();
        inner.sets.push_back((policy, numbers));
        if inner.sets.len() > SETS {
            inner.sets.pop_front();
        }
    }

    /// Everything counted from an hour on until before another, in no order.
    pub fn read(&self, from: Wall, to: Wall, mut each: impl FnMut(UsageRow<'_>)) {
        let (first, end) = (from.0 / HOUR, to.0.div_ceil(HOUR));
        let wanted = first..end;
        let inner = self.lock();
        let mut parts: Vec<_> =
            inner.over.iter().filter(|(at, _)| wanted.contains(at)).cloned().collect();
        if wanted.contains(&inner.hour) {
            parts.push((inner.hour, inner.running_rows().into()));
        }
        let named = inner.named.clone();
        drop(inner);
        for (hour, rows) in parts {
            let hour = Wall(hour.saturating_mul(HOUR));
            rows.iter().for_each(|row| each(named.row(hour, row)));
        }
    }

    /// The first hour of which everything is kept; none before the first call.
    #[must_use]
    pub fn since(&self) -> Option<Wall> {
        self.lock().since.map(|hour| Wall(hour.saturating_mul(HOUR)))
    }

    /// Calls that were not counted for lack of room.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lock().lost
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UsageSink for UsageBook {
    fn add(&self, now: Wall, policy: Option<Revision>, counts: &[UsageCount]) -> bool {
        let mut inner = match self.0.try_lock() {
            Ok(inner) => inner,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        inner.go_on(now.0 / HOUR);
        for count in counts {
            let class = inner.class(policy, count.of.class);
            let outcome = inner.named.outcome(count);
            let cell = (count.of.key.0, class, outcome, number_of(count.of.client));
            if inner.running.len() >= RUNNING && !inner.running.contains_key(&cell) {
                inner.lost = inner.lost.saturating_add(count.calls);
                continue;
            }
            let calls = inner.running.entry(cell).or_default();
            *calls = calls.saturating_add(count.calls);
        }
        true
    }
}

impl Inner {
    /// Ends the hour that runs, where another one has begun; time never goes back here.
    fn go_on(&mut self, hour: u64) {
        self.since.get_or_insert(hour);
        if hour <= self.hour {
            return;
        }
        if !self.running.is_empty() {
            let rows = self.running_rows();
            self.running = HashMap::new();
            self.put(self.hour, rows);
        }
        self.hour = hour;
        self.forget(hour.saturating_sub(HOURS - 1));
    }

    pub(super) fn running_rows(&self) -> Vec<Row> {
        let rows = self.running.iter();
        let row = |(cell, calls): (&Cell, &u64)| Row {
            key: cell.0,
            class: cell.1,
            outcome: cell.2,
            client: cell.3,
            calls: *calls,
        };
        rows.map(row).collect()
    }

    pub(super) fn running_hour(&self) -> u64 {
        self.hour
    }

    /// Adds an hour that is over, or more of the last one.
    pub(super) fn put(&mut self, hour: u64, mut rows: Vec<Row>) {
        if let Some((_, same)) = self.over.pop_back_if(|(last, _)| *last == hour) {
            self.rows -= same.len();
            rows.extend(same.iter());
        }
        rows.sort_unstable();
        rows.dedup_by(|next, row| {
            let same = next.cell() == row.cell();
            if same {
                row.calls = row.calls.saturating_add(next.calls);
            }
            same
        });
        self.rows += rows.len();
        self.over.push_back((hour, rows.into()));
        while self.rows > ROWS {
            let Some((gone, _)) = self.over.front() else { break };
            self.forget(gone + 1);
        }
    }

    /// Forgets the hours before one.
    fn forget(&mut self, first: u64) {
        while let Some((_, rows)) = self.over.pop_front_if(|(hour, _)| *hour < first) {
            self.rows -= rows.len();
            self.since = self.since.max(Some(first));
        }
    }

    /// Numbers the classes of the sets anew, after other names were taken up.
    pub(super) fn renumber(&mut self, before: &[Arc<str>]) {
        let classes = Arc::make_mut(&mut self.named.classes);
        for at in self.sets.iter_mut().flat_map(|(_, numbers)| numbers) {
            if let Some(name) = before.get(usize::from(*at)) {
                *at = number(classes, |known| known == name, || Arc::clone(name));
            }
        }
    }

    fn class(&self, policy: Option<Revision>, class: Option<ClassIx>) -> u16 {
        let set = self.sets.iter().rev().find(|(revision, _)| Some(*revision) == policy);
        let number = set.zip(class).and_then(|((_, numbers), class)| numbers.get(class.at()));
        number.copied().unwrap_or(NONE)
    }
}

impl Named {
    fn outcome(&mut self, count: &UsageCount) -> u16 {
        let (verdict, observed) = match count.verdict {
            UsageVerdict::Permit => ("permit", false),
            UsageVerdict::Observed(code) => (code, true),
            UsageVerdict::Refused(code) => (code, false),
        };
        let rule = count.rule.as_ref().filter(|_| verdict != "permit");
        let same = |known: &Outcome| {
            *known.verdict == *verdict && known.observed == observed && known.rule.as_ref() == rule
        };
        if let Some(at) = self.outcomes.iter().position(same) {
            return u16::try_from(at).unwrap_or(NONE);
        }
        let make = || Outcome { verdict: Arc::from(verdict), observed, rule: rule.cloned() };
        number(Arc::make_mut(&mut self.outcomes), same, make)
    }

    fn row<'a>(&'a self, hour: Wall, row: &Row) -> UsageRow<'a> {
        let outcome = self.outcomes.get(usize::from(row.outcome));
        UsageRow {
            hour,
            key: KeyIx(row.key),
            class: self.classes.get(usize::from(row.class)).map(|name| &**name),
            verdict: outcome.map_or("other", |outcome| &outcome.verdict),
            client: client_of(row.client),
            observed: outcome.is_some_and(|outcome| outcome.observed),
            rule: outcome.and_then(|outcome| outcome.rule.as_deref()),
            calls: row.calls,
        }
    }
}

/// The number of a name, which is added where it is new; `NONE` once there are too many.
fn number<T>(known: &mut Vec<T>, same: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> u16 {
    let at = known.iter().position(same).unwrap_or(known.len());
    if at == known.len() && at < usize::from(NONE) {
        known.push(make());
    }
    u16::try_from(at).unwrap_or(NONE)
}

#[cfg(test)]
impl UsageBook {
    /// Does something while somebody else holds the book.
    pub(crate) fn busy(&self, work: impl FnOnce()) {
        let _held = self.lock();
        work();
    }
}
