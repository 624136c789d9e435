//! Digests of what leaves, made while it is seen: no id of an item goes any further.
//!
//! Must not know how items are found, nor what becomes of the digests.

use std::fmt;
use std::sync::Arc;

use portcullis_keys::DayKey;
use portcullis_types::asked::{Ask, Asks, Target};
use portcullis_types::{
    ClassIx, LedgerDigest, LedgerKind, LedgerRecord, LedgerRecords, TypeIx, map_cell,
};
use smallvec::SmallVec;

use super::is_digested;
use crate::rules::Bound;

/// Bytes of the digests of one answer: 327,677 posts of one account, or 65,536 of as many people and places.
/// One more, and it is cut: what can't be written down does not leave.
pub(crate) const BYTES_MAX: usize = 5 << 20;
/// And records: those without an id take nothing here, but their bytes in a frame of the journal.
const RECORDS_MAX: usize = BYTES_MAX / size_of::<LedgerDigest>();
/// Records that there is room for from the start, at most.
const EXPECTED_MAX: u32 = 128;
/// Ids that are digested once for an answer, as long as they come again soon.
const KEPT: usize = 8;

/// What looking at an answer takes: the key, and what the call itself tells of the items.
pub struct Look {
    key: Arc<DayKey>,
    /// By ask.
    told: SmallVec<[LedgerRecord; 1]>,
    /// How many records there will be, more or less.
    expected: u32,
}

impl Look {
    pub(super) fn new(key: Arc<DayKey>, asks: &Asks<'_>, bound: &Bound, expected: u32) -> Self {
        let cell =
            asks.params.point.and_then(|(latitude, longitude)| map_cell(latitude, longitude));
        let told = asks.asks.iter().map(|ask| told(&key, ask, bound, cell)).collect();
        Self { key, told, expected }
    }

    /// What is known of the items that an ask gives before any is seen.
    pub(super) fn of(&self, ask: usize) -> Option<LedgerRecord> {
        self.told.get(ask).copied()
    }
}

fn told(key: &DayKey, ask: &Ask<'_>, bound: &Bound, cell: Option<u32>) -> LedgerRecord {
    let mut told = LedgerRecord { class: ask.class, id: None, owner: None, place: None, cell };
    // What is not looked at needs none.
    let Some((kind, id)) = named(ask).filter(|_| is_digested(ask, bound)) else { return told };
    if bound.kinds.is_account(kind) {
        told.owner = Some(key.digest(LedgerKind::Owner, id));
    } else if bound.kinds.is_place(kind) {
        told.place = Some(key.digest(LedgerKind::Place, id));
    }
    told
}

/// The node that a call names by an id of its own: words such as `me` are none.
fn named<'a>(ask: &Ask<'a>) -> Option<(TypeIx, &'a str)> {
    let Target::Node(kind, id) = ask.target else { return None };
    id.bytes().any(|byte| byte.is_ascii_digit()).then_some((kind, id))
}

/// Whether the call tells whose all is that an ask gives.
pub(crate) fn is_told(ask: &Ask<'_>, bound: &Bound) -> bool {
    let owned = bound.rules.catalogue.is_owned(ask.class);
    owned && named(ask).is_some_and(|(kind, _)| bound.kinds.is_account(kind))
}

/// What was read of an item.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) owner: Option<&'a str>,
    pub(crate) place: Option<&'a str>,
    /// As degrees.
    pub(crate) point: Option<(f64, f64)>,
}

/// The records of one answer.
pub(crate) struct Recording {
    look: Box<Look>,
    records: Box<LedgerRecords>,
    tags: Tags,
    owners: Kept,
    places: Kept,
}

impl Recording {
    pub(crate) fn new(look: Box<Look>) -> Self {
        // One more for whose they are.
        let expected = look.expected.min(EXPECTED_MAX) as usize + 1;
        let records = Box::new(LedgerRecords::new(look.key.day(), expected));
        let (owners, places) = (Kept::default(), Kept::default());
        Self { look, records, tags: Tags::default(), owners, places }
    }

    /// Notes an item that an ask gives; false: no more can be noted.
    pub(crate) fn add(&mut self, tag: u32, ask: usize, seen: Seen<'_>) -> bool {
        if self.records.bytes() >= BYTES_MAX || self.records.len() >= RECORDS_MAX {
            return false;
        }
        let record = self.made(ask, seen);
        self.records.push(&record);
        self.tags.push(tag);
        true
    }

    /// Notes the rest of an item that was noted early.
    pub(crate) fn complete(&mut self, tag: u32, ask: usize, seen: Seen<'_>, from: usize) {
        let record = self.made(ask, seen);
        if let Some(at) = self.tags.first(tag, from) {
            self.records.replace(at, &record);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// Forgets all but the first so many.
    pub(crate) fn forget(&mut self, from: usize) {
        self.records.truncate(from);
        self.tags.truncate(from);
    }

    pub(crate) fn records(self) -> Box<LedgerRecords> {
        self.records
    }

    fn made(&mut self, ask: usize, seen: Seen<'_>) -> LedgerRecord {
        let key = &*self.look.key;
        let told = self.look.of(ask).unwrap_or(LedgerRecord {
            class: ClassIx(0),
            id: None,
            owner: None,
            place: None,
            cell: None,
        });
        let owner = seen.owner.map(|id| self.owners.digest(key, LedgerKind::Owner, id));
        let place = seen.place.map(|id| self.places.digest(key, LedgerKind::Place, id));
        let cell = seen.point.and_then(|(latitude, longitude)| map_cell(latitude, longitude));
        LedgerRecord {
            class: told.class,
            id: seen.id.map(|id| key.digest(LedgerKind::Record, id)),
            owner: owner.or(told.owner),
            place: place.or(told.place),
            cell: cell.or(told.cell),
        }
    }
}

/// By which duty each record was seen: the duty, and where the records end that it saw in a row.
#[derive(Default)]
struct Tags(SmallVec<[(u32, usize); 2]>);

impl Tags {
    fn push(&mut self, tag: u32) {
        match self.0.last_mut() {
            Some((last, end)) if *last == tag => *end += 1,
            last => {
                let end = last.map_or(0, |(_, end)| *end) + 1;
                self.0.push((tag, end));
            }
        }
    }

    fn truncate(&mut self, len: usize) {
        let whole = self.0.partition_point(|(_, end)| *end <= len);
        let begins = whole.checked_sub(1).and_then(|at| self.0.get(at)).map_or(0, |(_, end)| *end);
        let cut = self.0.get(whole).filter(|_| begins < len).map(|(tag, _)| (*tag, len));
        self.0.truncate(whole);
        self.0.extend(cut);
    }

    /// The first record from there on that a duty saw.
    fn first(&self, tag: u32, from: usize) -> Option<usize> {
        let begins = std::iter::once(0).chain(self.0.iter().map(|(_, end)| *end));
        let skipped = self.0.partition_point(|(_, end)| *end <= from);
        let mut rows = self.0.iter().zip(begins).skip(skipped);
        rows.find(|((of, _), _)| *of == tag).map(|(_, begin)| begin.max(from))
    }
}

/// The last ids, with their digests.
#[derive(Default)]
struct Kept {
    last: Vec<(Box<str>, LedgerDigest)>,
    next: usize,
}

impl Kept {
    fn digest(&mut self, key: &DayKey, kind: LedgerKind, id: &str) -> LedgerDigest {
        if let Some((_, known)) = self.last.iter().find(|(known, _)| **known == *id) {
            return *known;
        }
        let digest = key.digest(kind, id);
        let new = (id.into(), digest);
        if let Some(slot) = self.last.get_mut(self.next) {
            *slot = new;
        } else {
            self.last.push(new);
        }
        self.next = (self.next + 1) % KEPT;
        digest
    }
}

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Look").field("key", &self.key).finish_non_exhaustive()
    }
}
