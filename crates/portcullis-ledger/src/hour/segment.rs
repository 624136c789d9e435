//! A row group under way: answers and records in columns.
//!
//! Must not know Parquet, and what terms and classes are beyond their numbers.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use portcullis_types::{LedgerDigest, RequestId};

use crate::{Row, RowRecord};

/// Answers under way.
#[derive(Debug, Default)]
pub(crate) struct AnswerColumns {
    pub(crate) at: Vec<i64>,
    /// Numbers of lines of `terms`, and of `keys`.
    pub(crate) line: Vec<i32>,
    pub(crate) key: Vec<i32>,
    pub(crate) thread: Vec<i64>,
    pub(crate) call: Vec<i64>,
    /// Ids of requests that no gate drew, and for each answer whether it has one.
    pub(crate) request: Vec<Box<str>>,
    pub(crate) has_request: Vec<i16>,
    pub(crate) rows: Vec<i32>,
    pub(crate) owners: Vec<i32>,
    pub(crate) places: Vec<i32>,
    pub(crate) bytes: Vec<i64>,
    pub(crate) whole: Vec<bool>,
    pub(crate) answers: Vec<i32>,
    pub(crate) day: Vec<i32>,
    pub(crate) records: Vec<i32>,
}

impl AnswerColumns {
    pub(crate) fn push(&mut self, row: &Row, (line, key): (u32, u32)) {
        let (thread, call) = match &row.request {
            RequestId::Gate { thread, call } => (thread.cast_signed(), call.cast_signed()),
            RequestId::Other(text) => {
                self.request.push(text.clone());
                (0, 0)
            }
        };
        let other = matches!(row.request, RequestId::Other(_));
        self.at.push(row.at.0.cast_signed());
        self.line.push(line.cast_signed());
        self.key.push(key.cast_signed());
        self.thread.push(thread);
        self.call.push(call);
        self.has_request.push(i16::from(other));
        self.rows.push(row.rows.cast_signed());
        self.owners.push(row.owners.cast_signed());
        self.places.push(row.places.cast_signed());
        self.bytes.push(row.bytes.cast_signed());
        self.whole.push(row.whole);
        self.answers.push(row.answers.cast_signed());
        self.day.push(row.day.cast_signed());
        self.records.push(i32::try_from(row.records.len()).unwrap_or(i32::MAX));
    }

    pub(crate) const fn len(&self) -> usize {
        self.at.len()
    }

    pub(crate) fn clear(&mut self) {
        // Written out one by one, so that a new column can't be forgotten without the compiler saying so.
        let Self {
            at, line, key, thread, call, request, has_request, rows, owners, places, ..
        } = self;
        let Self { bytes, whole, answers, day, records, .. } = self;
        for column in [at, thread, call, bytes] {
            column.clear();
        }
        for column in [line, key, rows, owners, places, answers, day, records] {
            column.clear();
        }
        request.clear();
        has_request.clear();
        whole.clear();
    }
}

/// A column in which some rows have nothing.
#[derive(Debug, Default)]
pub(crate) struct Sparse<T> {
    pub(crate) values: Vec<T>,
    pub(crate) has: Vec<i16>,
}

impl<T> Sparse<T> {
    fn push(&mut self, value: Option<T>) {
        self.has.push(i16::from(value.is_some()));
        self.values.extend(value);
    }

    fn clear(&mut self) {
        self.values.clear();
        self.has.clear();
    }
}

/// Records under way.
#[derive(Debug, Default)]
pub(crate) struct RecordColumns {
    pub(crate) answer: Vec<i32>,
    pub(crate) class: Vec<i32>,
    pub(crate) id: Sparse<[u8; 16]>,
    pub(crate) owner: Sparse<i32>,
    pub(crate) place: Sparse<i32>,
    pub(crate) cell: Sparse<i32>,
    digests: Digests,
}

impl RecordColumns {
    pub(crate) fn push(&mut self, answer: u32, class: u32, record: &RowRecord) {
        self.answer.push(answer.cast_signed());
        self.class.push(class.cast_signed());
        self.id.push(record.id.map(|id| *id.bytes()));
        let owner = record.owner.map(|owner| self.digests.number(owner, Of::Owner));
        self.owner.push(owner);
        let place = record.place.map(|place| self.digests.number(place, Of::Place));
        self.place.push(place);
        self.cell.push(record.cell.map(u32::cast_signed));
    }

    pub(crate) const fn len(&self) -> usize {
        self.answer.len()
    }

    /// The owners and places, sorted, of which the first gets the number `from`; records then point to them
    /// by these numbers.
    pub(crate) fn settle(&mut self, from: u32) -> Vec<u128> {
        let (sorted, numbers) = self.digests.sorted(from);
        for number in self.owner.values.iter_mut().chain(&mut self.place.values) {
            let settled = usize::try_from(*number).ok().and_then(|at| numbers.get(at));
            *number = settled.copied().unwrap_or_default().cast_signed();
        }
        sorted
    }

    pub(crate) fn clear(&mut self) {
        let Self { answer, class, id, owner, place, cell, digests } = self;
        answer.clear();
        class.clear();
        id.clear();
        for column in [owner, place, cell] {
            column.clear();
        }
        *digests = Digests::default();
    }
}

/// Digests by their first use.
#[derive(Debug, Default)]
struct Digests {
    numbers: HashMap<u128, u32, BuildHasherDefault<AsItIs>>,
    digests: Vec<u128>,
    last_owner: Option<(u128, u32)>,
    last_place: Option<(u128, u32)>,
}

enum Of {
    Owner,
    Place,
}

impl Digests {
    fn number(&mut self, digest: LedgerDigest, of: Of) -> i32 {
        let digest = u128::from_be_bytes(*digest.bytes());
        let last = match of {
            Of::Owner => &mut self.last_owner,
            Of::Place => &mut self.last_place,
        };
        // Records of one answer are often of one owner, or made at one place.
        if let Some((_, number)) = last.filter(|(known, _)| *known == digest) {
            return number.cast_signed();
        }
        let next = u32::try_from(self.digests.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(digest).or_insert(next);
        if number == next {
            self.digests.push(digest);
        }
        *last = Some((digest, number));
        number.cast_signed()
    }

    /// All of them in order, and for each by its first use the number that it has in this order.
    fn sorted(&self, from: u32) -> (Vec<u128>, Vec<u32>) {
        // Their first halves differ; the rest is looked at where they don't, so that sorting moves half as much.
        let half = |digest: &u128| u64::try_from(digest >> 64).unwrap_or_default();
        let mut order: Vec<(u64, u32)> = self.digests.iter().map(half).zip(0..).collect();
        let whole = |at: u32| usize::try_from(at).ok().and_then(|at| self.digests.get(at));
        order.sort_unstable_by(|(half, at), (other_half, other_at)| {
            half.cmp(other_half).then_with(|| whole(*at).cmp(&whole(*other_at)))
        });
        let mut numbers = vec![0; order.len()];
        let mut sorted = Vec::with_capacity(order.len());
        for (number, (_, at)) in (from..).zip(&order) {
            sorted.extend(whole(*at));
            if let Some(to) = usize::try_from(*at).ok().and_then(|at| numbers.get_mut(at)) {
                *to = number;
            }
        }
        (sorted, numbers)
    }
}

/// A digest is as good as random, and nobody without the day's key can choose one: it is its own hash.
#[derive(Debug, Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u128(&mut self, digest: u128) {
        self.0 = u64::try_from(digest & u128::from(u64::MAX)).unwrap_or_default();
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
