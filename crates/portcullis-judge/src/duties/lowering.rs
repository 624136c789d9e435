//! A plan for the sieve while it is written.
//!
//! Must not know which filters concern a call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portcullis_policy::{DropItems, Owner};
use portcullis_request::{Stand, escaped};
use portcullis_sieve::{Check, Effect as Then, ItemDuty, Place, Plan, Test, Undecided, Where};
use portcullis_types::{FieldSet, TypeIx};

use super::items::{FoundRule, ItemRule, OwnerRule};
use super::lower::{Bits, Call, Count, Filters, Look};
use super::needs::Need;
use super::places::Spot;

impl Call<'_, '_, '_> {
    pub(super) fn look(&self, look: &Look<'_>, spots: &[Spot], lowering: &mut Lowering) {
        let Some(spot) = spots.get(look.ask) else { return };
        if !lowering.seen.insert((Arc::clone(&look.filter.name), spot.items.clone())) {
            return;
        }
        let tag = u32::try_from(lowering.rules.len()).unwrap_or(u32::MAX);
        let mut duty = ItemDuty::new(tag, Where::At(spot.items.clone()));
        let mut rule = ItemRule::default();
        for (what, need) in look.filter.drop_items.iter().zip(&look.needs) {
            match need {
                None => {}
                Some(Need::One(path)) => {
                    let read = duty.read(Place::parse(path));
                    duty.checks
                        .extend(test(what, read).map(|test| Check { test, then: Then::Drop }));
                }
                Some(Need::Owner { id, name, kind }) => {
                    let mut read = |path: &str| duty.read(Place::parse(path));
                    let (id, name) = (id.map(&mut read), name.map(&mut read));
                    rule.owners.extend(self.owner(what, id, name, *kind));
                    duty.ask = true;
                }
            }
        }
        if look.filter.shadow {
            // Looked at by whoever is asked, who drops nothing.
            rule.shadow =
                std::mem::take(&mut duty.checks).into_iter().map(|check| check.test).collect();
            rule.shadowed = true;
            duty.ask = true;
        }
        lowering.rules.push(Arc::clone(&look.filter.name));
        lowering.items.push(rule);
        lowering.plan.items(duty);
    }

    /// Shows each item that leaves to whoever counts what it names.
    pub(super) fn count(&self, count: &Count<'_>, spots: &[Spot], lowering: &mut Lowering) {
        let Some(spot) = spots.get(count.ask) else { return };
        let tag = u32::try_from(lowering.rules.len()).unwrap_or(u32::MAX);
        let mut duty = ItemDuty::new(tag, Where::At(spot.items.clone()));
        (duty.ask, duty.looks, duty.undecided) = (true, true, Undecided::Cut);
        let mut rule = ItemRule::default();
        for (path, kind) in &count.names {
            let read = duty.read(Place::parse(path));
            rule.found.push(FoundRule { read, kind: *kind, limit: count.limit.id.clone() });
        }
        lowering.rules.push(self.limit_name(count.limit));
        lowering.items.push(rule);
        lowering.plan.items(duty);
    }

    fn owner(
        &self,
        what: &DropItems,
        id: Option<usize>,
        name: Option<usize>,
        kind: Option<TypeIx>,
    ) -> Option<OwnerRule> {
        let DropItems::OwnerNot(owner) = what else { return None };
        let list = match owner {
            Owner::Granted => None,
            Owner::Declared(list) => {
                Some(self.policies.lists().nth(list.at()).unwrap_or_default().into())
            }
        };
        let kind = kind.and_then(|kind| self.catalogue.node_type(kind));
        Some(OwnerRule { list, id, name, kind: kind.map(|kind| kind.name.as_str().into()) })
    }

    /// The fields that filters take out of what an ask gives.
    pub(super) fn dropped(&self, bits: Bits) -> FieldSet {
        let filters = self.tier.filters().iter().enumerate().take(64);
        let own = filters.filter(|(bit, of)| bits.filters & (1 << bit) != 0 && !of.shadow);
        own.fold(FieldSet::EMPTY, |all, (_, filter)| all.union(&filter.drop_fields))
    }

    pub(super) fn drop_fields(
        &self,
        filters: &Filters,
        stands: &[Stand<'_>],
        spots: &[Spot],
        lowering: &mut Lowering,
    ) {
        let asks = self.asks.asks.iter().zip(filters).zip(stands.iter().zip(spots));
        for ((ask, bits), (stand, spot)) in asks {
            for field in self.dropped(*bits).iter().filter_map(|ix| self.catalogue.field_ref(ix)) {
                if Some(field.kind) != ask.gives {
                    continue;
                }
                let renamed = stand.renamed.iter().filter(|(ix, _)| *ix == field.ix);
                let paths = renamed.map(|(_, path)| path.as_str()).chain([field.path]);
                for place in paths.map(Place::parse) {
                    lowering.drop(spot.items.clone().then(&place));
                    // Should it be no list.
                    lowering.drop(spot.holder.clone().then(&place));
                }
            }
        }
    }
}

/// Takes out again what was added, and out of the links that would ask for it.
pub(super) fn take_back<'m>(
    added: impl Iterator<Item = (usize, &'m String)>,
    stands: &[Stand<'_>],
    spots: &[Spot],
    lowering: &mut Lowering,
) {
    let mut links: BTreeMap<&Place, Option<String>> = BTreeMap::new();
    for (ask, path) in added {
        let Some(spot) = spots.get(ask) else { continue };
        lowering.take_back(spot.items.clone().then(&Place::parse(path)));
        let mut at = Some(ask);
        while let Some((ix, spot)) = at.and_then(|ix| Some((ix, spots.get(ix)?))) {
            let fields = stands.get(ix).and_then(|stand| stand.fields);
            links.entry(&spot.holder).or_insert_with(|| fields.map(escaped));
            // What it stands in comes before it.
            at = spot.parent.filter(|parent| *parent < ix);
        }
    }
    if lowering.links {
        for (holder, fields) in links {
            lowering.plan.link_param(holder.clone(), "fields", fields.as_deref());
        }
    }
}

#[derive(Default)]
pub(super) struct Lowering {
    pub(super) plan: Plan,
    pub(super) links: bool,
    pub(super) rules: Vec<Arc<str>>,
    pub(super) items: Vec<ItemRule>,
    pub(super) seen: BTreeSet<(Arc<str>, Place)>,
    dropped: BTreeSet<Place>,
    taken_back: BTreeSet<Place>,
}

impl Lowering {
    /// Whether no filter came to anything.
    pub(super) fn is_idle(&self) -> bool {
        self.items.is_empty() && self.dropped.is_empty() && self.taken_back.is_empty()
    }

    fn drop(&mut self, place: Place) {
        if self.dropped.insert(place.clone()) {
            self.plan.drop_field(place);
        }
    }

    fn take_back(&mut self, place: Place) {
        if self.taken_back.insert(place.clone()) {
            self.plan.take_back(place);
        }
    }
}

fn test(what: &DropItems, read: usize) -> Option<Test> {
    match what {
        DropItems::ProductType(values) => Some(Test::OneOf { read, values: values.clone() }),
        DropItems::Expired => Some(Test::Expired { read }),
        DropItems::AccountTypeNot(values) => {
            Some(Test::NotOneOf { read, values: values.clone(), missing: true })
        }
        DropItems::OwnerNot(_) => None,
    }
}
