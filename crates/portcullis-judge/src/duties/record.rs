//! What of an answer the ledger looks at: each item that leaves, by its own id, its owner and its place.
//!
//! Must not know how that is digested.

use std::sync::Arc;

use portcullis_request::Stand;
use portcullis_sieve::{Item, ItemDuty, Place, Undecided, Where};
use portcullis_types::asked::{Ask, Via};

use super::items::ItemRule;
use super::lower::{Bits, Call, Filters};
use super::lowering::Lowering;
use super::places::Spot;
use crate::ledger::{Seen, is_digested};

const ID: &str = "id";
/// Whose it is, and where it was made; paths as the catalogue has them.
const OWNERS: &[&str] = &["owner.id", "from.id", "user.id"];
const PLACES: &[&str] = &["location.id", "place.id"];
/// Where on the map.
const POINTS: &[(&str, &str)] = &[
    ("location.latitude", "location.longitude"),
    ("latitude", "longitude"),
    ("place.latitude", "place.longitude"),
];

/// What the ledger looks at in what one ask gives.
pub(super) struct Record {
    ask: usize,
    /// All that may be read.
    id: bool,
    owners: Vec<&'static str>,
    places: Vec<&'static str>,
    points: Vec<(&'static str, &'static str)>,
    is_account: bool,
    is_place: bool,
    /// Whose it is, where the call does not ask for that. Where it was made is not asked for: a place that
    /// nobody was given did not leave.
    missing: Option<&'static str>,
    /// Whether the call tells whose it is.
    told: bool,
}

/// The same, by position of what is read.
#[derive(Debug)]
pub(super) struct RecordRule {
    ask: usize,
    id: Vec<usize>,
    owners: Vec<usize>,
    places: Vec<usize>,
    points: Vec<(Vec<usize>, Vec<usize>)>,
    is_account: bool,
    is_place: bool,
}

impl Record {
    /// What is to be asked for.
    pub(super) fn wanted(&self) -> impl Iterator<Item = (usize, &'static str)> {
        self.missing.iter().map(|path| (self.ask, *path))
    }
}

impl RecordRule {
    /// The ask that gives such items.
    pub(super) const fn ask(&self) -> usize {
        self.ask
    }

    /// What was read of an item.
    pub(super) fn seen<'i>(&self, item: &Item<'i>) -> Seen<'i> {
        let first = |reads: &[usize]| reads.iter().find_map(|read| item.text(*read));
        let id = first(&self.id);
        let degrees = |reads: &[usize]| first(reads)?.parse::<f64>().ok();
        let point = |(latitude, longitude): &(Vec<usize>, Vec<usize>)| {
            Some((degrees(latitude)?, degrees(longitude)?))
        };
        Seen {
            id,
            owner: if self.is_account { id } else { first(&self.owners) },
            place: if self.is_place { id } else { first(&self.places) },
            point: self.points.iter().find_map(point),
        }
    }
}

impl Call<'_, '_, '_> {
    /// Whether the ledger is told what an ask gives.
    pub(super) fn is_recorded(&self, ask: &Ask<'_>) -> bool {
        ask.gives.is_some() && self.recorded.is_some_and(|bound| is_digested(ask, bound))
    }

    /// What the ledger looks at.
    pub(super) fn records(&self, filters: &Filters) -> Vec<Record> {
        let asks = self.asks.asks.iter().zip(filters).enumerate();
        let recorded = asks.filter(|(_, (_, bits))| bits.records);
        let mut records: Vec<Record> =
            recorded.filter_map(|(at, of)| self.looked_at(at, of)).collect();
        let kept: Vec<_> = records.iter().map(|of| self.asked_for(of, &records)).collect();
        for (record, kept) in records.iter_mut().zip(kept) {
            record.missing = kept;
        }
        records
    }

    /// What is to be asked for of what a record lacks. Ids of several types share one text of `fields`: what
    /// is added for one is asked of all, and the platform refuses what any of them does not have.
    fn asked_for(&self, record: &Record, records: &[Record]) -> Option<&'static str> {
        let path = record.missing?;
        let ask = self.asks.asks.get(record.ask)?;
        let lacking =
            |at: usize| records.iter().find(|other| other.ask == at && other.missing == Some(path));
        let beside = self.asks.asks.iter().enumerate().filter(|(_, other)| alike(ask, other));
        let mut needed = false;
        for (at, other) in beside {
            match lacking(at) {
                Some(other) => needed |= !other.told,
                None if self.comes(other, path) => {}
                None => return None,
            }
        }
        needed.then_some(path)
    }

    /// Whether a member is asked for already.
    fn comes(&self, ask: &Ask<'_>, path: &str) -> bool {
        let fields = self.ruling.default_fields.as_ref().unwrap_or(&ask.fields);
        let number = ask.gives.and_then(|kind| self.catalogue.field_of(kind, path));
        number.is_some_and(|ix| fields.contains(ix))
    }

    fn looked_at(&self, at: usize, (ask, bits): (&Ask<'_>, &Bits)) -> Option<Record> {
        let (kind, bound) = (ask.gives?, self.recorded?);
        let dropped = self.dropped(*bits);
        let number = |path: &str| self.catalogue.field_of(kind, path);
        let has = |path: &&str| number(path).is_some();
        let left = |path: &&str| number(path).is_some_and(|ix| !dropped.contains(ix));
        let (is_account, is_place) = (bound.kinds.is_account(kind), bound.kinds.is_place(kind));
        let known = |paths: &[&'static str], is: &dyn Fn(&&str) -> bool| -> Vec<&'static str> {
            paths.iter().filter(|path| is(path)).copied().collect()
        };
        let owners = if is_account { Vec::new() } else { known(OWNERS, &has) };
        let places = if is_place { Vec::new() } else { known(PLACES, &left) };
        let points =
            POINTS.iter().filter(|(latitude, longitude)| left(latitude) && left(longitude));
        let points = points.copied().collect();
        // The platform gives the id of each node and object, whether it is asked for or not: taken out
        // again, it would be missed.
        let comes = owners.iter().any(|path| self.comes(ask, path));
        let missing = owners.first().copied().filter(|_| !comes);
        let (id, told) = (has(&ID), bits.told);
        Some(Record { ask: at, id, owners, places, points, is_account, is_place, missing, told })
    }

    /// Shows each item that leaves to the ledger.
    pub(super) fn record(
        &self,
        record: &Record,
        (stands, spots): (&[Stand<'_>], &[Spot]),
        lowering: &mut Lowering,
    ) {
        let Some((stand, spot)) = stands.get(record.ask).zip(spots.get(record.ask)) else { return };
        // It has no name: it takes out nothing that a caller could be told of.
        let nameless: Arc<str> = Arc::from("");
        if !lowering.seen.insert((Arc::clone(&nameless), spot.items.clone())) {
            return;
        }
        let tag = u32::try_from(lowering.rules.len()).unwrap_or(u32::MAX);
        let mut duty = ItemDuty::new(tag, Where::At(spot.items.clone()));
        (duty.ask, duty.looks, duty.undecided) = (true, true, Undecided::Keep);
        let gives = self.asks.asks.get(record.ask).and_then(|ask| ask.gives);
        let mut read = |path: &str| duty.read(Place::parse(path));
        // Under the names by which it leaves, which the call may choose.
        let mut all = |path: &str| -> Vec<usize> {
            let number = gives.and_then(|kind| self.catalogue.field_of(kind, path));
            let renamed = stand.renamed.iter().filter(|(ix, _)| Some(*ix) == number);
            let renamed = renamed.map(|(_, path)| path.as_str());
            std::iter::once(path).chain(renamed).map(&mut read).collect()
        };
        let rule = RecordRule {
            ask: record.ask,
            id: if record.id { all(ID) } else { Vec::new() },
            owners: record.owners.iter().flat_map(|path| all(path)).collect(),
            places: record.places.iter().flat_map(|path| all(path)).collect(),
            points: record.points.iter().map(|(one, other)| (all(one), all(other))).collect(),
            is_account: record.is_account,
            is_place: record.is_place,
        };
        lowering.rules.push(nameless);
        lowering.items.push(ItemRule { record: Some(rule), ..ItemRule::default() });
        lowering.plan.items(duty);
    }
}

/// Whether two asks are named in the same place of the call, as those of several ids are.
fn alike(one: &Ask<'_>, other: &Ask<'_>) -> bool {
    match (one.via, other.via) {
        (Via::Operation, Via::Operation) => one.effect == other.effect,
        (Via::Edge(one, _), Via::Edge(other, _)) => one == other,
        (Via::Operation, Via::Edge(..)) | (Via::Edge(..), Via::Operation) => false,
    }
}
