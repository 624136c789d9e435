//! What the ledger is to be told of a call, and under which key what its answer holds is digested.
//!
//! Must not know where keys are kept, how an answer is read or who writes the ledger.

mod look;

use std::sync::Arc;

use portcullis_keys::DayKey;
use portcullis_types::asked::{Ask, Asks};
use portcullis_types::{
    ClassSet, ClientIx, Effect, LedgerAnswer, LedgerLevel, LedgerRecord, LedgerRecords, Refusal,
    Wall,
};
use smallvec::SmallVec;

pub use self::look::Look;
pub(crate) use self::look::{Recording, Seen, is_told};
use crate::judge::Judge;
use crate::rules::Bound;
use crate::touched::Noted;

/// Milliseconds of a day.
const DAY: u64 = 86_400_000;

/// The keys that what leaves is digested under: that of today, and best that of tomorrow, too, so that
/// midnight finds one.
#[derive(Debug, Clone, Default)]
pub struct LedgerKeys(Vec<Arc<DayKey>>);

impl LedgerKeys {
    /// These. Without the one of a day, no answer leaves on that day that would have to be digested.
    #[must_use]
    pub const fn new(keys: Vec<Arc<DayKey>>) -> Self {
        Self(keys)
    }

    /// The one of the day of that moment.
    fn of(&self, now: Wall) -> Option<&Arc<DayKey>> {
        let day = day(now);
        self.0.iter().find(|key| key.day() == day)
    }
}

/// The day of a moment, in days since 1970 as UTC counts.
fn day(now: Wall) -> u32 {
    u32::try_from(now.0 / DAY).unwrap_or(u32::MAX)
}

impl Judge {
    /// Has permits say what the ledger is to be told of them, and what leaves digested under these keys;
    /// none: there is no ledger, and calls cost as much as without. From the next call on, on each thread.
    pub fn set_ledger(&self, keys: Option<LedgerKeys>) {
        self.renewed(|writer| writer.ledger = keys.map(Arc::new));
    }
}

/// What the ledger is to be told of the answer to a call that was permitted.
#[derive(Debug)]
pub struct Ledgered {
    /// How much is written down.
    pub level: LedgerLevel,
    /// For which client it is; none: none is known.
    pub client: Option<ClientIx>,
    /// What it reads; none: nothing is known of that.
    noted: Option<Arc<Noted>>,
    /// Rows that it asks for and that nobody looks at.
    rows: u32,
    /// At level [`LedgerLevel::Digests`].
    digesting: Option<Box<Digesting>>,
}

/// How records are digested.
#[derive(Debug)]
struct Digesting {
    day: u32,
    look: Option<Box<Look>>,
    /// Whether its rows are looked at, all of them.
    looked: bool,
    /// What it gives that can't be looked into.
    blind: SmallVec<[LedgerRecord; 1]>,
}

impl Ledgered {
    /// Of a call of which is known what it asks; none: its answer is not written down at all.
    pub(crate) fn new(
        keys: &LedgerKeys,
        (asks, bound): (&Asks<'_>, &Bound),
        noted: Option<&Arc<Noted>>,
        (client, now): (Option<ClientIx>, Wall),
    ) -> Result<Option<Self>, Refusal> {
        let Some(noted) = noted.filter(|noted| noted.level != LedgerLevel::Off) else {
            return Ok(None);
        };
        let (level, noted) = (noted.level, Some(Arc::clone(noted)));
        let reads = asks.asks.iter().filter(|ask| ask.effect == Effect::Read);
        if level != LedgerLevel::Digests {
            let rows = reads.fold(0, count);
            return Ok(Some(Self { level, client, noted, rows, digesting: None }));
        }
        let key = keys.of(now).ok_or(Refusal::LedgerFull)?;
        let is_looked = |ask: &&Ask<'_>| is_digested(ask, bound) && ask.gives.is_some();
        let looked = reads.clone().all(|ask| is_looked(&ask));
        let rows = reads.clone().filter(|ask| !is_looked(ask)).fold(0, count);
        let expected = reads.clone().filter(is_looked).fold(0, count);
        let look = Look::new(Arc::clone(key), asks, bound, expected);
        let blind = |(_, ask): &(usize, &Ask<'_>)| {
            ask.effect == Effect::Read && ask.gives.is_none() && is_digested(ask, bound)
        };
        let blind = asks.asks.iter().enumerate().filter(blind);
        let blind = blind.filter_map(|(at, _)| look.of(at)).collect();
        let digesting = Digesting { day: key.day(), look: Some(Box::new(look)), looked, blind };
        let digesting = Some(Box::new(digesting));
        Ok(Some(Self { level, client, noted, rows, digesting }))
    }

    /// Of a call that nobody could read, of a partner who gets its answer all the same.
    pub(crate) const fn unknown(client: Option<ClientIx>) -> Self {
        Self { level: LedgerLevel::Counts, client, noted: None, rows: 1, digesting: None }
    }

    /// What is needed to look at the answer, for [`crate::Desk::items`].
    pub fn take_look(&mut self) -> Option<Box<Look>> {
        self.digesting.as_mut()?.look.take()
    }

    /// Fills in what was asked for and what was seen to leave; `seen`: none, where nobody looked.
    pub fn fill(self, seen: Option<Box<LedgerRecords>>, answer: &mut LedgerAnswer) {
        answer.level = self.level;
        answer.client = self.client;
        // A picture that comes where records should is a row, too.
        answer.rows = self.rows.max(1);
        answer.fields = self.noted.map_or(ClassSet::EMPTY, |noted| noted.field_classes);
        if let Some(digesting) = self.digesting {
            digesting.fill(self.rows, seen, answer);
        }
    }
}

impl Digesting {
    fn fill(self, unseen: u32, seen: Option<Box<LedgerRecords>>, answer: &mut LedgerAnswer) {
        answer.counted = self.looked && seen.is_some();
        let mut records = seen.unwrap_or_else(|| Box::new(LedgerRecords::new(self.day, 0)));
        let rows = u32::try_from(records.len()).unwrap_or(u32::MAX).saturating_add(unseen);
        answer.rows = if answer.counted { rows } else { rows.max(1) };
        self.blind.iter().for_each(|record| records.push(record));
        answer.digested = Some(records);
    }
}

fn count(rows: u32, ask: &Ask<'_>) -> u32 {
    rows.saturating_add(ask.rows.count())
}

/// Whether what an ask gives is digested.
pub(crate) fn is_digested(ask: &Ask<'_>, bound: &Bound) -> bool {
    let catalogue = &bound.rules.catalogue;
    ask.effect == Effect::Read && catalogue.level_of(ask.class, &ask.fields) == LedgerLevel::Digests
}
