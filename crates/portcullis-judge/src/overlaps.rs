//! What partners have in common, by the watches of their tiers.
//!
//! Each watch looks at the classes it names, on both sides. Must not know how two lists are compared.

use portcullis_limits::watch::{Listed, compare};
use portcullis_policy::{Signal, Watch};
use portcullis_types::{ClassIx, PartnerIx, Span, Wall};

use crate::live::Live;
use crate::view::View;
use crate::watching::{SignalHit, measure};

/// What a sketch is found by.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub(crate) struct SketchName {
    pub(crate) partner: PartnerIx,
    /// The number of the targets' type.
    pub(crate) kind: u16,
    /// What was asked of them.
    pub(crate) class: ClassIx,
    /// Whether they were declared or had authorised the partner.
    pub(crate) agreed: bool,
}

/// Two partners, whose watch it is first, and what they have in common.
pub(crate) type Pair = (PartnerIx, PartnerIx, SignalHit);

/// As far back as sketches go.
const WINDOW: Span = Span::from_seconds(30 * 86_400);

/// Compares every partner with every other, by the first watch of either that hits.
pub(crate) fn overlaps(live: &Live, view: &View, now: Wall) -> Vec<Pair> {
    let names = live.sketch_names(WINDOW, now);
    let mut seats: Vec<(PartnerIx, u16)> =
        names.iter().map(|name| (name.partner, name.kind)).collect();
    seats.dedup();
    let table = Table { live, view, names: &names };
    let mut hits = Vec::new();
    for (at, one) in seats.iter().enumerate() {
        for other in seats.iter().skip(at + 1).filter(|other| other.1 == one.1) {
            let hit = table.hit(one, other).map(|hit| (one.0, other.0, hit));
            let hit = hit.or_else(|| table.hit(other, one).map(|hit| (other.0, one.0, hit)));
            hits.extend(hit);
        }
    }
    hits
}

struct Table<'a> {
    live: &'a Live,
    view: &'a View,
    names: &'a [SketchName],
}

impl Table<'_> {
    /// What the watches of the first partner say of both.
    fn hit(&self, one: &(PartnerIx, u16), other: &(PartnerIx, u16)) -> Option<SignalHit> {
        let (tier, _) = self.view.bound.tier(self.view.tier_of(one.0)?)?;
        let mut watches = tier.watches().iter().filter(|watch| watch.signal == Signal::Overlap);
        watches.find_map(|watch| {
            let hit = compare(&measure(watch)?, &self.seen(watch, one), &self.seen(watch, other))?;
            Some(SignalHit { window: WINDOW, ..SignalHit::new(watch, &hit) })
        })
    }

    /// What a partner asked for of the classes of a watch.
    fn seen(&self, watch: &Watch, of: &(PartnerIx, u16)) -> Listed {
        let own = self.names.iter().filter(|name| (name.partner, name.kind) == *of);
        let own = own.filter(|name| {
            let class = watch.classes.as_ref().is_none_or(|set| set.contains(name.class));
            class && !(watch.undeclared_only && name.agreed)
        });
        self.live.listed(own)
    }
}
