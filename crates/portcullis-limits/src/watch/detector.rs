//! All watches of one partner: one event in, a hit with its evidence out.
//!
//! Must not know why a watch sees an event.

use std::sync::{Arc, Mutex, PoisonError};

use portcullis_types::Wall;
use smallvec::SmallVec;

use super::grid::Grid;
use super::keys::KeyUnion;
use super::rolling::{NotFound, Rolling};
use super::spec::{Measure, Signal, WatchSpec};
use super::walk::Walk;
use crate::budget::TargetKey;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// A call was refused for something that counts.
    Refused,
    /// The platform answered.
    Answered {
        /// Whether it knew what was asked.
        found: bool,
    },
    /// A target was asked for. For `page_depth` only further pages, for `story_polling` only lists of
    /// stories are to be given.
    Asked {
        /// Which.
        target: TargetKey,
        /// What kind it is of: ids of different kinds are not compared.
        kind: u16,
        /// Its id, where that is a number.
        number: Option<u64>,
    },
    /// Something around a point was searched for.
    Point {
        /// In degrees.
        latitude: f64,
        /// In degrees.
        longitude: f64,
    },
}

/// The evidence, by name.
pub type Figures = SmallVec<[(&'static str, u64); 6]>;

/// A measure that is over its figure.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Hit {
    /// Which signal.
    pub signal: Signal,
    /// What was measured.
    pub figures: Figures,
}

impl Hit {
    pub(crate) fn new(signal: Signal, figures: &[(&'static str, u64)]) -> Self {
        Self { signal, figures: Figures::from_slice(figures) }
    }
}

/// The watches of one partner.
#[derive(Debug)]
pub struct Watches {
    specs: Arc<[WatchSpec]>,
    watches: Box<[Mutex<Watch>]>,
}

#[derive(Debug)]
struct Watch {
    detector: Detector,
    /// No hit is told before.
    quiet_until: u64,
    /// The latest moment seen.
    now: u64,
}

#[derive(Debug)]
enum Detector {
    Rolling(Box<Rolling>),
    NotFound(NotFound),
    Walk(Walk),
    Grid(Box<Grid>),
    KeyUnion(KeyUnion),
    /// Compared between partners, see [`super::compare`].
    Elsewhere,
}

impl Watches {
    /// Nothing was measured yet.
    #[must_use]
    pub fn new(specs: Arc<[WatchSpec]>) -> Self {
        let watches = specs.iter().map(|spec| Mutex::new(Watch::new(&spec.measure))).collect();
        Self { specs, watches }
    }

    /// What is watched.
    #[must_use]
    pub fn specs(&self) -> &Arc<[WatchSpec]> {
        &self.specs
    }

    /// Shows an event to one watch, by its place in the specs. `key` is any number that tells the keys
    /// of the partner apart. Events that the signal does not measure are passed over.
    pub fn observe(&self, watch: usize, key: u64, event: Event, now: Wall) -> Option<Hit> {
        let spec = self.specs.get(watch)?;
        let mut watch = self.watches.get(watch)?.lock().unwrap_or_else(PoisonError::into_inner);
        watch.now = watch.now.max(now.0);
        let now = watch.now;
        let hit = watch.detector.observe(&spec.measure, key, event, now)?;
        if now < watch.quiet_until {
            return None;
        }
        watch.quiet_until = now.saturating_add(spec.cool_down.milliseconds());
        Some(hit)
    }

    /// Passes on to other specs: a watch of the same name and measure goes on with what it has
    /// measured, any other starts anew. Calls that still hold these go on measuring here, unheard.
    #[must_use]
    pub fn carry(&self, specs: Arc<[WatchSpec]>) -> Self {
        let old = || self.specs.iter().zip(&self.watches);
        let watches = specs.iter().map(|spec| {
            let same =
                |(old, _): &(&WatchSpec, _)| old.id == spec.id && old.measure == spec.measure;
            let fresh = Watch::new(&spec.measure);
            let Some((_, watch)) = old().find(same) else { return Mutex::new(fresh) };
            let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
            Mutex::new(std::mem::replace(&mut *watch, fresh))
        });
        let watches = watches.collect();
        Self { specs, watches }
    }
}

impl Watch {
    fn new(measure: &Measure) -> Self {
        let detector = match measure.signal {
            Signal::Refused
            | Signal::Novelty
            | Signal::Distinct
            | Signal::PageDepth
            | Signal::StoryPolling => Detector::Rolling(Box::new(Rolling::new(measure))),
            Signal::NotFound => Detector::NotFound(NotFound::default()),
            Signal::IdWalk => Detector::Walk(Walk::default()),
            Signal::Grid => Detector::Grid(Box::default()),
            Signal::KeyUnion => Detector::KeyUnion(KeyUnion::default()),
            Signal::Overlap => Detector::Elsewhere,
        };
        Self { detector, quiet_until: 0, now: 0 }
    }
}

impl Detector {
    fn observe(&mut self, measure: &Measure, key: u64, event: Event, now: u64) -> Option<Hit> {
        match (self, event) {
            (Self::Rolling(rolling), Event::Refused) => rolling.refused(measure, now),
            (Self::Rolling(rolling), Event::Asked { target, .. }) => {
                rolling.asked(measure, target, now)
            }
            (Self::NotFound(calls), Event::Answered { found }) => {
                calls.answered(measure, found, now)
            }
            (Self::Walk(walk), Event::Asked { kind, number: Some(number), .. }) => {
                walk.asked(measure, (kind, key), number, now)
            }
            (Self::Grid(grid), Event::Point { latitude, longitude }) => {
                grid.point(measure, (latitude, longitude), now)
            }
            (Self::KeyUnion(union), Event::Asked { target, .. }) => {
                union.asked(measure, target, key, now)
            }
            (
                Self::Rolling(_)
                | Self::NotFound(_)
                | Self::Walk(_)
                | Self::Grid(_)
                | Self::KeyUnion(_)
                | Self::Elsewhere,
                _,
            ) => None,
        }
    }
}
