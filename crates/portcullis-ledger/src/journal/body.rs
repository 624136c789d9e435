//! Making the body of a frame: names once, then rows that point to them.
//!
//! First classes of records, then for whom answers were, then terms, each at its first use and known by its
//! number from then on; then the rows, one after the other, each with its records. Numbers of rows are LEB128
//! (seven bits a byte, the lowest first), since most are small and there is a row for each call. What the
//! row before had too is one bit. Must not know frames.
//! What reads it is in `rows`.

use std::sync::Arc;

use portcullis_types::{ClassIx, LedgerDigest, LedgerRecords, LedgerRun, RequestId};

use super::put::{put, put_digits, put_number, put_text, zigzag};
use crate::numbered::Numbered;
use crate::{Row, RowRecord, Terms, Whose};

/// Rows being gathered.
#[derive(Debug, Default)]
pub(crate) struct Body {
    whose: Listed<Whose>,
    terms: Listed<Terms>,
    classes: Vec<Arc<str>>,
    rows: Vec<u8>,
    count: u32,
    before: Before,
}

/// What a row is told by its difference from.
#[derive(Debug, Default)]
pub(crate) struct Before {
    pub(crate) at: u64,
    pub(crate) thread: u64,
    pub(crate) day: u32,
}

/// What a record is told by its difference from.
#[derive(Debug, Clone, Copy, Default)]
struct Shown {
    id: Option<LedgerDigest>,
    owner: Option<LedgerDigest>,
    place: Option<LedgerDigest>,
    cell: Option<u32>,
}

/// Things that rows point to.
#[derive(Debug)]
struct Listed<T> {
    numbers: Numbered<T>,
    count: u32,
    bytes: Vec<u8>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { numbers: Numbered::default(), count: 0, bytes: Vec::new() }
    }
}

// What each bit of a record's first byte says.
pub(crate) const HAS_ID: u8 = 1;
pub(crate) const HAS_OWNER: u8 = 2;
pub(crate) const SAME_OWNER: u8 = 4;
pub(crate) const HAS_PLACE: u8 = 8;
pub(crate) const SAME_PLACE: u8 = 16;
pub(crate) const HAS_CELL: u8 = 32;
pub(crate) const SAME_CELL: u8 = 64;

// What each bit of a row's first byte says.
pub(crate) const WHOLE: u8 = 1;
pub(crate) const OTHER_REQUEST: u8 = 2;
pub(crate) const SAME_THREAD: u8 = 4;
pub(crate) const SAME_DAY: u8 = 8;
pub(crate) const HAS_DISTINCT: u8 = 16;
pub(crate) const HAS_ANSWERS: u8 = 32;
pub(crate) const HAS_RECORDS: u8 = 64;

impl Body {
    pub(crate) const fn rows(&self) -> u32 {
        self.count
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.whose.bytes.len() + self.terms.bytes.len() + self.rows.len()
    }

    pub(crate) fn push(&mut self, row: &Row) {
        self.push_row(row, row.records.len());
        let mut before = Shown::default();
        for record in &row.records {
            let class = self.class_number(&record.class);
            let RowRecord { id, owner, place, cell, .. } = *record;
            before = self.push_record(class, Shown { id, owner, place, cell }, before);
        }
    }

    /// The same with records as they were told.
    pub(crate) fn push_told(
        &mut self,
        row: &Row,
        records: &LedgerRecords,
        class: impl Fn(ClassIx) -> Arc<str>,
    ) {
        self.push_row(row, records.len());
        let mut before = Shown::default();
        for run in records.runs() {
            let number = self.class_number(&class(run.class));
            let LedgerRun { owner, place, cell, count, ids, .. } = run;
            for at in 0..count {
                let shown = Shown { id: ids.get(at).copied(), owner, place, cell };
                before = self.push_record(number, shown, before);
            }
        }
    }

    /// A row, and how many records follow.
    fn push_row(&mut self, row: &Row, records: usize) {
        let whose = self.whose.number(&row.whose, put_whose);
        let terms = self.terms.number(&row.terms, put_terms);
        let before = std::mem::replace(&mut self.before, Before::of(row));
        let mark = mark(row, records > 0, &before);
        let out = &mut self.rows;
        out.push(mark);
        put(out, zigzag(row.at.0.wrapping_sub(before.at)));
        match &row.request {
            RequestId::Gate { thread, call } => {
                if mark & SAME_THREAD == 0 {
                    put_digits(out, *thread);
                }
                put_digits(out, *call);
            }
            RequestId::Other(text) => put_text(out, text),
        }
        for number in [u64::from(whose), u64::from(terms), u64::from(row.rows), row.bytes] {
            put(out, number);
        }
        if mark & SAME_DAY == 0 {
            put(out, u64::from(row.day));
        }
        if mark & HAS_DISTINCT != 0 {
            put(out, u64::from(row.owners));
            put(out, u64::from(row.places));
        }
        if mark & HAS_ANSWERS != 0 {
            put(out, u64::from(row.answers));
        }
        if mark & HAS_RECORDS != 0 {
            put(out, records as u64);
        }
        self.count = self.count.saturating_add(1);
    }

    fn push_record(&mut self, class: u16, record: Shown, before: Shown) -> Shown {
        let out = &mut self.rows;
        let mark = u8::from(record.id.is_some()) * HAS_ID
            + told(record.owner, before.owner, HAS_OWNER, SAME_OWNER)
            + told(record.place, before.place, HAS_PLACE, SAME_PLACE)
            + told(record.cell, before.cell, HAS_CELL, SAME_CELL);
        out.push(mark);
        out.extend_from_slice(&class.to_le_bytes());
        let owned = record.owner.filter(|_| mark & HAS_OWNER != 0);
        let placed = record.place.filter(|_| mark & HAS_PLACE != 0);
        for digest in [record.id, owned, placed].into_iter().flatten() {
            out.extend_from_slice(digest.bytes());
        }
        if let Some(cell) = record.cell.filter(|_| mark & HAS_CELL != 0) {
            out.extend_from_slice(&cell.to_le_bytes());
        }
        record
    }

    /// An answer holds records of one class or two, and a frame of some dozens: they are looked through.
    fn class_number(&mut self, class: &Arc<str>) -> u16 {
        let same = |known: &Arc<str>| Arc::ptr_eq(known, class) || known == class;
        let at = self.classes.iter().position(same).unwrap_or_else(|| {
            self.classes.push(Arc::clone(class));
            self.classes.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    /// Appends the body to `out` and begins another.
    pub(crate) fn take(&mut self, out: &mut Vec<u8>) {
        put_number(out, self.classes.len());
        self.classes.drain(..).for_each(|class| put_text(out, &class));
        self.whose.take(out);
        self.terms.take(out);
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(&self.rows);
        self.rows.clear();
        (self.before, self.count) = (Before::default(), 0);
    }
}

impl<T> Listed<T> {
    fn number(&mut self, of: &Arc<T>, put: fn(&mut Vec<u8>, &T)) -> u32 {
        if let Some(known) = self.numbers.get(of) {
            return known;
        }
        let number = self.count;
        let out = &mut self.bytes;
        let from = out.len();
        // Its length comes first, so that whoever knows these bytes need not read them.
        out.extend_from_slice(&[0; 4]);
        put(out, of);
        let length = u32::try_from(out.len() - from - 4).unwrap_or(u32::MAX);
        let place = out.iter_mut().skip(from);
        place.zip(length.to_le_bytes()).for_each(|(to, byte)| *to = byte);
        self.numbers.put(of, number);
        self.count = number.saturating_add(1);
        number
    }

    fn take(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(&self.bytes);
        self.bytes.clear();
        self.numbers.clear();
        self.count = 0;
    }
}

impl Before {
    pub(crate) const fn of(row: &Row) -> Self {
        let thread = match row.request {
            RequestId::Gate { thread, .. } => thread,
            RequestId::Other(_) => 0,
        };
        Self { at: row.at.0, thread, day: row.day }
    }
}

fn mark(row: &Row, has_records: bool, before: &Before) -> u8 {
    let request = match row.request {
        RequestId::Gate { thread, .. } if thread == before.thread => SAME_THREAD,
        RequestId::Gate { .. } => 0,
        RequestId::Other(_) => OTHER_REQUEST,
    };
    request
        + u8::from(row.whole) * WHOLE
        + u8::from(row.day == before.day) * SAME_DAY
        + u8::from((row.owners, row.places) != (0, 0)) * HAS_DISTINCT
        + u8::from(row.answers != 1) * HAS_ANSWERS
        + u8::from(has_records) * HAS_RECORDS
}

/// The bit for a value: nothing for none, another for what the record before had too.
fn told<T: PartialEq>(value: Option<T>, before: Option<T>, has: u8, same: u8) -> u8 {
    match value {
        None => 0,
        _ if value == before => same,
        Some(_) => has,
    }
}

fn put_whose(out: &mut Vec<u8>, whose: &Whose) {
    let Whose { partner, client, key } = whose;
    put_text(out, partner);
    put_text(out, key);
    out.push(u8::from(client.is_some()));
    client.iter().for_each(|client| put_text(out, client));
}

fn put_terms(out: &mut Vec<u8>, terms: &Terms) {
    let Terms { node, operation, class, rule, policy_digest, .. } = terms;
    for text in [node, operation, class, rule, policy_digest] {
        put_text(out, text);
    }
    out.push(u8::from(terms.counted));
    put_text(out, terms.level.name());
    out.extend_from_slice(&terms.policy.to_le_bytes());
    put_number(out, terms.fields.len());
    terms.fields.iter().for_each(|field| put_text(out, field));
}
