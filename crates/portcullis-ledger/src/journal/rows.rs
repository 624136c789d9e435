//! Reading the body of a frame.
//!
//! Nothing is reserved for what isn't there. Must not know frames.

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_types::{LedgerDigest, Wall};

use crate::journal::body::{
    HAS_CELL, HAS_ID, HAS_OWNER, HAS_PLACE, OTHER_REQUEST, SAME_CELL, SAME_OWNER, SAME_PLACE, WHOLE,
};
use crate::request::Form;
use crate::row::level_named;
use crate::{Request, Row, RowRecord, Terms};

/// Terms and names of earlier frames, so that equal ones stay one allocation and keep their address.
#[derive(Debug, Default)]
pub(crate) struct Known {
    terms: HashMap<Box<[u8]>, Arc<Terms>>,
    names: HashMap<Box<str>, Arc<str>>,
}

/// Beyond so many, those known are forgotten: a journal whose terms never recur costs time, not memory.
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

    fn read_terms(&mut self, from: &mut Cursor<'_>) -> Option<Terms> {
        let mut name = |from: &mut Cursor<'_>| from.text().map(|text| self.name(text));
        let (node, partner, key) = (name(from)?, name(from)?, name(from)?);
        let (operation, class, rule) = (name(from)?, name(from)?, name(from)?);
        let policy_digest = name(from)?;
        let [bits] = from.array()?;
        let client = name(from).map(|client| Some(client).filter(|_| bits & 1 != 0))?;
        let level = level_named(from.text()?)?;
        let policy = u64::from_le_bytes(from.array()?);
        let fields = (0..from.number()?).map(|_| name(from)).collect::<Option<_>>()?;
        let counted = bits & 2 != 0;
        Some(Terms {
            node,
            partner,
            client,
            key,
            operation,
            class,
            rule,
            policy,
            policy_digest,
            level,
            counted,
            fields,
        })
    }
}

/// The rows of a body; none: it is not one.
pub(crate) fn read(bytes: &[u8], known: &mut Known) -> Option<Vec<Row>> {
    let mut from = Cursor(bytes);
    let mut classes = Vec::new();
    for _ in 0..from.number()? {
        classes.push(known.name(from.text()?));
    }
    let mut terms = Vec::new();
    for _ in 0..from.number()? {
        let length = usize::try_from(from.number()?).ok()?;
        terms.push(known.terms(from.bytes(length)?)?);
    }
    let count = from.number()?;
    // No row takes less than these bytes, so that a wrong number reserves nothing.
    let mut rows = Vec::with_capacity(usize::try_from(count).ok()?.min(bytes.len() / 48));
    for _ in 0..count {
        rows.push(read_row(&mut from, &terms, &classes)?);
    }
    from.0.is_empty().then_some(rows)
}

fn read_row(from: &mut Cursor<'_>, terms: &[Arc<Terms>], classes: &[Arc<str>]) -> Option<Row> {
    let [bits] = from.array()?;
    let at = Wall(u64::from_le_bytes(from.array()?));
    let request = if bits & OTHER_REQUEST == 0 {
        let thread = u64::from_le_bytes(from.array()?);
        Form::Gate { thread, call: u64::from_le_bytes(from.array()?) }
    } else {
        Form::Other(from.text()?.into())
    };
    let terms = terms.get(usize::try_from(from.number()?).ok()?)?;
    let (rows, owners, places) = (from.number()?, from.number()?, from.number()?);
    let (answers, day) = (from.number()?, from.number()?);
    let bytes = u64::from_le_bytes(from.array()?);
    let count = usize::try_from(from.number()?).ok()?;
    let mut records: Vec<RowRecord> = Vec::with_capacity(count.min(from.0.len() / 3));
    for _ in 0..count {
        records.push(read_record(from, classes, records.last())?);
    }
    Some(Row {
        at,
        request: Request::from_form(request),
        terms: Arc::clone(terms),
        rows,
        owners,
        places,
        bytes,
        whole: bits & WHOLE != 0,
        answers,
        day,
        records,
    })
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

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        str::from_utf8(self.bytes(length)?).ok()
    }
}
