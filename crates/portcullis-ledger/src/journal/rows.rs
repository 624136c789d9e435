//! Reading the body of a frame.
//!
//! Nothing is reserved for what isn't there. Must not know frames.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use portcullis_types::{LedgerDigest, RequestId, Wall};

use super::put::DIGITS_BYTES;
use crate::journal::body::{
    Before, HAS_ANSWERS, HAS_CELL, HAS_DISTINCT, HAS_ID, HAS_OWNER, HAS_PLACE, HAS_RECORDS,
    OTHER_REQUEST, SAME_CELL, SAME_DAY, SAME_OWNER, SAME_PLACE, SAME_THREAD, WHOLE,
};
use crate::row::level_named;
use crate::{Row, RowRecord, Terms, Whose};

/// What earlier frames named, so that equal things stay one allocation and keep their address.
#[derive(Debug, Default)]
pub(crate) struct Known {
    whose: HashMap<Box<[u8]>, Arc<Whose>, RandomState>,
    terms: HashMap<Box<[u8]>, Arc<Terms>, RandomState>,
    names: HashMap<Box<str>, Arc<str>, RandomState>,
}

/// Beyond so many, those known are forgotten: a journal whose names never recur costs time, not memory.
const KNOWN_MAX: usize = 65_536;

impl Known {
    fn name(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.names.get(text) {
            return Arc::clone(known);
        }
        if self.names.len() >= KNOWN_MAX {
            self.names.clear();
        }
        let name: Arc<str> = text.into();
        self.names.insert(text.into(), Arc::clone(&name));
        name
    }

    fn whose(&mut self, bytes: &[u8]) -> Option<Arc<Whose>> {
        if let Some(known) = self.whose.get(bytes) {
            return Some(Arc::clone(known));
        }
        if self.whose.len() >= KNOWN_MAX {
            self.whose.clear();
        }
        let whose = Arc::new(self.read_whose(&mut Cursor(bytes))?);
        self.whose.insert(bytes.into(), Arc::clone(&whose));
        Some(whose)
    }

    fn terms(&mut self, bytes: &[u8]) -> Option<Arc<Terms>> {
        if let Some(known) = self.terms.get(bytes) {
            return Some(Arc::clone(known));
        }
        if self.terms.len() >= KNOWN_MAX {
            self.terms.clear();
        }
        let terms = Arc::new(self.read_terms(&mut Cursor(bytes))?);
        self.terms.insert(bytes.into(), Arc::clone(&terms));
        Some(terms)
    }

    fn read_whose(&mut self, from: &mut Cursor<'_>) -> Option<Whose> {
        let partner = self.name(from.text()?);
        // A key is in no other one.
        let key = from.text()?.into();
        let [has_client] = from.array()?;
        let client = if has_client == 0 { None } else { Some(self.name(from.text()?)) };
        Some(Whose { partner, client, key })
    }

    fn read_terms(&mut self, from: &mut Cursor<'_>) -> Option<Terms> {
        let mut name = |from: &mut Cursor<'_>| from.text().map(|text| self.name(text));
        let (node, operation, class) = (name(from)?, name(from)?, name(from)?);
        let (rule, policy_digest) = (name(from)?, name(from)?);
        let [counted] = from.array()?;
        let level = level_named(from.text()?)?;
        let policy = u64::from_le_bytes(from.array()?);
        let fields = (0..from.number()?).map(|_| name(from)).collect::<Option<_>>()?;
        let counted = counted != 0;
        Some(Terms { node, operation, class, rule, policy, policy_digest, level, counted, fields })
    }
}

/// What rows of a body point to.
struct Named {
    classes: Vec<Arc<str>>,
    whose: Vec<Arc<Whose>>,
    terms: Vec<Arc<Terms>>,
}

impl Named {
    fn read(from: &mut Cursor<'_>, known: &mut Known) -> Option<Self> {
        let mut named = Self { classes: Vec::new(), whose: Vec::new(), terms: Vec::new() };
        for _ in 0..from.number()? {
            named.classes.push(known.name(from.text()?));
        }
        for _ in 0..from.number()? {
            named.whose.push(known.whose(from.sized()?)?);
        }
        for _ in 0..from.number()? {
            named.terms.push(known.terms(from.sized()?)?);
        }
        Some(named)
    }
}

/// The rows of a body; none: it is not one.
pub(crate) fn read(bytes: &[u8], known: &mut Known) -> Option<Vec<Row>> {
    let mut from = Cursor(bytes);
    let named = Named::read(&mut from, known)?;
    let count = from.number()?;
    // No row takes less than these bytes, so that a wrong number reserves nothing.
    let mut rows = Vec::with_capacity(usize::try_from(count).ok()?.min(bytes.len() / 10));
    let mut before = Before::default();
    for _ in 0..count {
        let row = read_row(&mut from, &named, &before)?;
        before = Before::of(&row);
        rows.push(row);
    }
    from.0.is_empty().then_some(rows)
}

fn read_row(from: &mut Cursor<'_>, named: &Named, before: &Before) -> Option<Row> {
    let [mark] = from.array()?;
    let has = |bit: u8| mark & bit != 0;
    let at = Wall(before.at.wrapping_add(unzigzag(from.long()?)));
    let request = if has(OTHER_REQUEST) {
        RequestId::Other(from.text()?.into())
    } else {
        let thread = if has(SAME_THREAD) { before.thread } else { from.digits()? };
        RequestId::Gate { thread, call: from.digits()? }
    };
    let (whose, terms) = (named.whose.get(from.place()?)?, named.terms.get(from.place()?)?);
    let (rows, bytes) = (from.short()?, from.long()?);
    let day = if has(SAME_DAY) { before.day } else { from.short()? };
    let (owners, places) = if has(HAS_DISTINCT) { (from.short()?, from.short()?) } else { (0, 0) };
    let answers = if has(HAS_ANSWERS) { from.short()? } else { 1 };
    let count = if has(HAS_RECORDS) { from.place()? } else { 0 };
    let mut records: Vec<RowRecord> = Vec::with_capacity(count.min(from.0.len() / 3));
    for _ in 0..count {
        records.push(read_record(from, &named.classes, records.last())?);
    }
    Some(Row {
        at,
        request,
        whose: Arc::clone(whose),
        terms: Arc::clone(terms),
        rows,
        owners,
        places,
        bytes,
        whole: has(WHOLE),
        answers,
        day,
        records,
    })
}

const fn unzigzag(number: u64) -> u64 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

fn read_record(
    from: &mut Cursor<'_>,
    classes: &[Arc<str>],
    before: Option<&RowRecord>,
) -> Option<RowRecord> {
    let [bits] = from.array()?;
    let class = Arc::clone(classes.get(usize::from(u16::from_le_bytes(from.array()?)))?);
    let mut digest = |has: u8| {
        if bits & has == 0 { Some(None) } else { from.array().map(LedgerDigest::new).map(Some) }
    };
    let id = digest(HAS_ID)?;
    let (owner, place) = (digest(HAS_OWNER)?, digest(HAS_PLACE)?);
    let cell = if bits & HAS_CELL == 0 { None } else { Some(from.number()?) };
    let same = |bit: u8| before.filter(|_| bits & bit != 0);
    Some(RowRecord {
        class,
        id,
        owner: owner.or_else(|| same(SAME_OWNER)?.owner),
        place: place.or_else(|| same(SAME_PLACE)?.place),
        cell: cell.or_else(|| same(SAME_CELL)?.cell),
    })
}

/// What is still to be read.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn number(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// Seven bits a byte, the lowest first.
    fn long(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let [byte] = self.array()?;
            let bits = u64::from(byte & 0x7f);
            number |= bits.checked_shl(shift).filter(|moved| moved >> shift == bits)?;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn short(&mut self) -> Option<u32> {
        u32::try_from(self.long()?).ok()
    }

    fn place(&mut self) -> Option<usize> {
        usize::try_from(self.long()?).ok()
    }

    /// Eight digits of five bits.
    fn digits(&mut self) -> Option<u64> {
        let bytes: [u8; DIGITS_BYTES] = self.array()?;
        Some(bytes.iter().rev().fold(0, |digits, byte| (digits << 8) | u64::from(*byte)))
    }

    /// Bytes whose length comes first.
    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.bytes(length)
    }

    fn text(&mut self) -> Option<&'a str> {
        str::from_utf8(self.sized()?).ok()
    }
}
