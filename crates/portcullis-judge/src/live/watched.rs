//! What was measured of each partner's calls, beside its budgets.
//!
//! Must not know watches beyond their figures.

use std::sync::Arc;

use portcullis_limits::watch::{Listed, WatchSpec, Watches};
use portcullis_types::{PartnerIx, Span, Wall};

use super::Live;
use crate::watching::{SketchName, Sketched};

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
    pub(crate) fn sketched(&self, name: SketchName, of: Sketched, now: Wall) {
        self.sketches.entry(name).or_default().asked(of.0, of.1, now);
    }

    /// Forgets what nobody asked for within a window; the names of all sketches that are left.
    pub(crate) fn sketch_names(&self, window: Span, now: Wall) -> Vec<SketchName> {
        for mut sketch in self.sketches.iter_mut() {
            sketch.expire(window, now);
        }
        let full = self.sketches.iter().filter(|sketch| !sketch.is_empty());
        let mut names: Vec<SketchName> = full.map(|sketch| *sketch.key()).collect();
        names.sort_unstable();
        names
    }

    /// What several sketches hold together.
    pub(crate) fn listed<'n>(&self, names: impl Iterator<Item = &'n SketchName>) -> Listed {
        let mut listed = Listed::default();
        for name in names {
            if let Some(sketch) = self.sketches.get(name) {
                listed.add(&sketch);
            }
        }
        listed
    }
}
