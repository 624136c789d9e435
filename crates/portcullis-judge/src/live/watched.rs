//! What was measured of each partner's calls, beside its budgets.
//!
//! Must not know watches beyond their figures.

use std::sync::Arc;

use portcullis_limits::watch::{Sketch, WatchSpec, Watches};
use portcullis_types::{PartnerIx, Span, Wall};

use super::Live;
use crate::watching::{SignalHit, Sketched};

impl Live {
    /// The watches of a partner; made at first use, carried over when the tier's watches changed.
    pub(crate) fn watches(&self, partner: PartnerIx, specs: &Arc<[WatchSpec]>) -> Arc<Watches> {
        let fresh = || Arc::new(Watches::new(Arc::clone(specs)));
        let Some(place) = self.watched.get_or_make(partner.0) else { return fresh() };
        if let Some(have) = &*place.load()
            && Arc::ptr_eq(have.specs(), specs)
        {
            return Arc::clone(have);
        }
        let _one = self.attaching.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let watches = match place.load_full() {
            None => fresh(),
            Some(have) if Arc::ptr_eq(have.specs(), specs) => return have,
            Some(have) => Arc::new(have.carry(Arc::clone(specs))),
        };
        place.store(Some(Arc::clone(&watches)));
        watches
    }

    /// Notes an id that a partner asked for, to be compared with what others ask.
    pub(crate) fn sketched(&self, partner: PartnerIx, kind: u16, of: Sketched, now: Wall) {
        self.sketches.entry((partner, kind)).or_default().asked(of.0, of.1, now);
    }

    /// Forgets what nobody asked for within a window, and compares every partner with every other.
    pub(crate) fn overlaps(
        &self,
        window: Span,
        now: Wall,
        mut compare: impl FnMut(PartnerIx, &Sketch, PartnerIx, &Sketch) -> Option<SignalHit>,
    ) -> Vec<(PartnerIx, PartnerIx, SignalHit)> {
        for mut sketch in self.sketches.iter_mut() {
            sketch.expire(window, now);
        }
        let mut names: Vec<_> = self.sketches.iter().map(|sketch| *sketch.key()).collect();
        names.sort_unstable();
        let mut hits = Vec::new();
        for (at, one) in names.iter().enumerate() {
            for other in names.iter().skip(at + 1).filter(|other| other.1 == one.1) {
                let (Some(left), Some(right)) = (self.sketches.get(one), self.sketches.get(other))
                else {
                    continue;
                };
                let hit = compare(one.0, &left, other.0, &right);
                hits.extend(hit.map(|hit| (one.0, other.0, hit)));
            }
        }
        hits
    }
}
