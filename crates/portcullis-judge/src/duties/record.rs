//! What of an answer the ledger looks at: each item that leaves, by its own id, its owner and its place.
//!
//! Must not know how that is digested.

use std::sync::Arc;

use portcullis_sieve::{Item, ItemDuty, Place, Undecided, Where};
use portcullis_types::asked::{Ask, Via};

use super::items::ItemRule;
use super::lower::{Call, Filters};
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
    /// What the call does not ask for.
    missing: Vec<&'static str>,
}

/// The same, by position of what is read.
#[derive(Debug)]
pub(super) struct RecordRule {
    ask: usize,
    id: Option<usize>,
    owners: Vec<usize>,
    places: Vec<usize>,
    points: Vec<(usize, usize)>,
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
        let id = self.id.and_then(|read| item.text(read));
        let degrees = |read: usize| item.text(read)?.parse::<f64>().ok();
        let point = |(latitude, longitude): &(usize, usize)| {
            Some((degrees(*latitude)?, degrees(*longitude)?))
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
            recorded.filter_map(|(at, (ask, _))| self.looked_at(at, ask)).collect();
        // Ids of several types share one text of `fields`: what is added for one is asked of all, and the
        // platform refuses what any of them does not have.
        let known = |record: &Record, path: &str| {
            let ask = self.asks.asks.get(record.ask)?;
            let mut beside =
                self.asks.asks.iter().enumerate().filter(|(_, other)| alike(ask, other));
            let all = beside.all(|(at, other)| {
                let taken_back = |of: &Record| of.ask == at && of.missing.contains(&path);
                self.comes(other, path) || records.iter().any(taken_back)
            });
            Some(all)
        };
        let kept: Vec<Vec<&'static str>> = records
            .iter()
            .map(|of| {
                of.missing.iter().filter(|path| known(of, path) == Some(true)).copied().collect()
            })
            .collect();
        for (record, kept) in records.iter_mut().zip(kept) {
            record.missing = kept;
        }
        records
    }

    /// Whether a member is asked for already.
    fn comes(&self, ask: &Ask<'_>, path: &str) -> bool {
        let fields = self.ruling.default_fields.as_ref().unwrap_or(&ask.fields);
        let number = ask.gives.and_then(|kind| self.catalogue.field_of(kind, path));
        number.is_some_and(|ix| fields.contains(ix))
    }

    fn looked_at(&self, at: usize, ask: &Ask<'_>) -> Option<Record> {
        let (kind, bound) = (ask.gives?, self.recorded?);
        let number = |path: &str| self.catalogue.field_of(kind, path);
        let has = |path: &&str| number(path).is_some();
        // The platform gives the id of each node and object, whether it is asked for or not: taken out
        // again, it would be missed.
        let comes = |path: &&str| self.comes(ask, path);
        let (is_account, is_place) = (bound.kinds.is_account(kind), bound.kinds.is_place(kind));
        let known = |paths: &[&'static str], is_own: bool| -> Vec<&'static str> {
            paths.iter().filter(|_| !is_own).filter(|path| has(path)).copied().collect()
        };
        let (owners, places) = (known(OWNERS, is_account), known(PLACES, is_place));
        let points = POINTS.iter().filter(|(latitude, longitude)| has(latitude) && has(longitude));
        let points: Vec<_> = points.copied().collect();
        let mut missing = Vec::new();
        for paths in [&owners, &places] {
            if !paths.iter().any(&comes) {
                missing.extend(paths.first());
            }
        }
        let both = |(latitude, longitude): &(&str, &str)| comes(latitude) && comes(longitude);
        if !points.iter().any(both) {
            let first =
                points.first().into_iter().flat_map(|(latitude, longitude)| [latitude, longitude]);
            missing.extend(first.filter(|path| !comes(path)));
        }
        let id = has(&ID);
        Some(Record { ask: at, id, owners, places, points, is_account, is_place, missing })
    }

    /// Shows each item that leaves to the ledger.
    pub(super) fn record(&self, record: &Record, spots: &[Spot], lowering: &mut Lowering) {
        let Some(spot) = spots.get(record.ask) else { return };
        // It has no name: it takes out nothing that a caller could be told of.
        let nameless: Arc<str> = Arc::from("");
        if !lowering.seen.insert((Arc::clone(&nameless), spot.items.clone())) {
            return;
        }
        let tag = u32::try_from(lowering.rules.len()).unwrap_or(u32::MAX);
        let mut duty = ItemDuty::new(tag, Where::At(spot.items.clone()));
        (duty.ask, duty.looks, duty.undecided) = (true, true, Undecided::Keep);
        let mut read = |path: &str| duty.read(Place::parse(path));
        let rule = RecordRule {
            ask: record.ask,
            id: record.id.then(|| read(ID)),
            owners: record.owners.iter().map(|path| read(path)).collect(),
            places: record.places.iter().map(|path| read(path)).collect(),
            points: record.points.iter().map(|(one, other)| (read(one), read(other))).collect(),
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
