//! Making the body of a frame: names once, then rows that point to them.
//!
//! Little-endian throughout. First the names and terms, each at its first use and known by its number from
//! then on; then the rows, one after the other, each with its records. An owner or place that the record
//! before had too is one bit. Must not know frames.
//! What reads it is in `rows`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::request::Form;
use crate::row::level_name;
use crate::{Row, RowRecord, Terms};

/// Rows being gathered.
#[derive(Debug, Default)]
pub(crate) struct Body {
    terms: Vec<u8>,
    terms_by_address: HashMap<usize, u32>,
    /// Kept so that no address is used for something else meanwhile.
    terms_kept: Vec<Arc<Terms>>,
    last: Option<(usize, u32)>,
    classes: Vec<Arc<str>>,
    rows: Vec<u8>,
    count: u32,
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

impl Body {
    pub(crate) const fn rows(&self) -> u32 {
        self.count
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.terms.len() + self.rows.len()
    }

    pub(crate) fn push(&mut self, row: &Row) {
        let terms = self.terms_number(&row.terms);
        let out = &mut self.rows;
        let other = matches!(row.request.form(), Form::Other(_));
        out.push(u8::from(row.whole) * WHOLE + u8::from(other) * OTHER_REQUEST);
        let pair = |low: u32, high: u32| u64::from(low) | (u64::from(high) << 32);
        let (amounts, distinct) = (pair(terms, row.rows), pair(row.owners, row.places));
        let rest = [amounts, distinct, pair(row.answers, row.day), row.bytes];
        match row.request.form() {
            Form::Gate { thread, call } => {
                // In one piece, since there is one of these for each call.
                let [amounts, distinct, whose, bytes] = rest;
                put_words(out, [row.at.0, *thread, *call, amounts, distinct, whose, bytes]);
            }
            Form::Other(text) => {
                put_words(out, [row.at.0]);
                put_text(out, text);
                put_words(out, rest);
            }
        }
        let records = u32::try_from(row.records.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&records.to_le_bytes());
        self.push_records(&row.records);
        self.count = self.count.saturating_add(1);
    }

    fn push_records(&mut self, records: &[RowRecord]) {
        let (mut owner, mut place, mut cell) = (None, None, None);
        for record in records {
            let class = self.class_number(&record.class);
            let out = &mut self.rows;
            let mark = u8::from(record.id.is_some()) * HAS_ID
                + told(record.owner, owner, HAS_OWNER, SAME_OWNER)
                + told(record.place, place, HAS_PLACE, SAME_PLACE)
                + told(record.cell, cell, HAS_CELL, SAME_CELL);
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
            (owner, place, cell) = (record.owner, record.place, record.cell);
        }
    }

    fn terms_number(&mut self, terms: &Arc<Terms>) -> u32 {
        let address = Arc::as_ptr(terms) as usize;
        if let Some((_, number)) = self.last.filter(|(last, _)| *last == address) {
            return number;
        }
        let next = u32::try_from(self.terms_kept.len()).unwrap_or(u32::MAX);
        let number = *self.terms_by_address.entry(address).or_insert(next);
        if number == next {
            self.terms_kept.push(Arc::clone(terms));
            let mut one = Vec::new();
            put_terms(&mut one, terms);
            put_number(&mut self.terms, one.len());
            self.terms.extend_from_slice(&one);
        }
        self.last = Some((address, number));
        number
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
        put_number(out, self.terms_kept.len());
        out.extend_from_slice(&self.terms);
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(&self.rows);
        self.terms.clear();
        self.rows.clear();
        self.terms_by_address.clear();
        self.terms_kept.clear();
        (self.last, self.count) = (None, 0);
    }
}

/// The bit for a value: nothing for none, another for what the record before had too.
fn told<T: PartialEq>(value: Option<T>, before: Option<T>, has: u8, same: u8) -> u8 {
    match value {
        None => 0,
        _ if value == before => same,
        Some(_) => has,
    }
}

/// Numbers in one piece: each on its own would be asked for room on its own.
fn put_words<const N: usize>(out: &mut Vec<u8>, words: [u64; N]) {
    out.extend_from_slice(words.map(u64::to_le_bytes).as_flattened());
}

fn put_number(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn put_terms(out: &mut Vec<u8>, terms: &Terms) {
    let Terms { node, partner, client, key, operation, class, rule, policy_digest, .. } = terms;
    for text in [node, partner, key, operation, class, rule, policy_digest] {
        put_text(out, text);
    }
    out.push(u8::from(client.is_some()) + 2 * u8::from(terms.counted));
    put_text(out, client.as_deref().unwrap_or_default());
    put_text(out, level_name(terms.level));
    out.extend_from_slice(&terms.policy.to_le_bytes());
    put_number(out, terms.fields.len());
    terms.fields.iter().for_each(|field| put_text(out, field));
}
