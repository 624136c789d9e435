//! Signals by name, and the figures a policy gives them.
//!
//! Must not know what was measured.

use std::fmt;

use portcullis_types::{RateId, Span};

/// What can be watched.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash)]
pub enum Signal {
    /// Refusals.
    Refused,
    /// Answers of "not found".
    NotFound,
    /// Ids asked one after the other.
    IdWalk,
    /// Points that cover an area.
    Grid,
    /// Targets that are always new.
    Novelty,
    /// Different targets.
    Distinct,
    /// Keys that share out one list.
    KeyUnion,
    /// Partners that read one list, or share it out.
    Overlap,
    /// Further pages of one target.
    PageDepth,
    /// Lists of stories of one account.
    StoryPolling,
}

impl Signal {
    /// Every signal.
    pub const ALL: [Self; 10] = [
        Self::Refused,
        Self::NotFound,
        Self::IdWalk,
        Self::Grid,
        Self::Novelty,
        Self::Distinct,
        Self::KeyUnion,
        Self::Overlap,
        Self::PageDepth,
        Self::StoryPolling,
    ];

    /// As policies write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::NotFound => "not_found",
            Self::IdWalk => "id_walk",
            Self::Grid => "grid",
            Self::Novelty => "novelty",
            Self::Distinct => "distinct",
            Self::KeyUnion => "key_union",
            Self::Overlap => "overlap",
            Self::PageDepth => "page_depth",
            Self::StoryPolling => "story_polling",
        }
    }

    /// By the name policies write.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.name() == name)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A signal with its figures.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct Measure {
    /// Which signal.
    pub signal: Signal,
    /// A hit is what is *over* this. In percent for `not_found`, `grid`, `novelty`, `key_union` and
    /// `overlap`; a number of ids for `id_walk`; of events or targets for the others.
    pub over: u64,
    /// Counted back from each event.
    pub per: Span,
    /// Below it nothing is said: `not_found`: calls looked at; `grid`: points; `novelty`, `key_union`,
    /// `overlap`: different targets. For `id_walk` the largest gap between one id and the next; 0: any,
    /// as long as ids go one way without a break, for kinds whose ids do not grow with time.
    pub min: u64,
}

/// A watch as a tier states it.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct WatchSpec {
    /// Its name within the tier.
    pub id: RateId,
    /// What it measures.
    pub measure: Measure,
    /// After a hit nothing is told for so long.
    pub cool_down: Span,
}

/// Why a watch can't be measured.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum WatchFault {
    /// No figure and no default.
    #[error("signal `{0}` needs a figure: write `over:` with the number that is still fine")]
    NoFigure(Signal),
    /// More than all.
    #[error(
        "signal `{signal}` is measured in percent, and {over} can't be exceeded: write less than 100"
    )]
    Percent {
        /// The signal.
        signal: Signal,
        /// The figure.
        over: u64,
    },
    /// A window that can't roll.
    #[error("the window of signal `{signal}` is {per}: write more than 0s and at most 31d")]
    Window {
        /// The signal.
        signal: Signal,
        /// The window.
        per: Span,
    },
    /// More than memory is given for.
    #[error("signal `{signal}` looks back at {max} at most, and {min} are asked for: write less")]
    Min {
        /// The signal.
        signal: Signal,
        /// What is asked for.
        min: u64,
        /// What is possible.
        max: u64,
    },
}

const DAY: Span = Span::from_seconds(86_400);
const WEEK: Span = Span::from_seconds(7 * 86_400);
const MONTH: Span = Span::from_seconds(30 * 86_400);
const HOUR: Span = Span::from_seconds(3600);

impl Measure {
    /// With what a policy says, and defaults for the rest.
    ///
    /// # Errors
    /// [`WatchFault`].
    pub fn of(
        signal: Signal,
        over: Option<u64>,
        per: Option<Span>,
        min: Option<u64>,
    ) -> Result<Self, WatchFault> {
        let (usual, window, least) = match signal {
            Signal::Refused => (Some(19), DAY, 0),
            Signal::NotFound => (Some(20), MONTH, 200),
            Signal::IdWalk => (Some(15), WEEK, 16),
            Signal::Grid => (Some(50), WEEK, 40),
            Signal::Novelty => (Some(95), WEEK, 500),
            Signal::Distinct => (None, DAY, 0),
            Signal::KeyUnion => (Some(90), MONTH, 200),
            Signal::Overlap => (Some(80), MONTH, 200),
            Signal::PageDepth => (None, DAY, 0),
            Signal::StoryPolling => (Some(6), HOUR, 0),
        };
        let over = over.or(usual).ok_or(WatchFault::NoFigure(signal))?;
        let measure = Self { signal, over, per: per.unwrap_or(window), min: min.unwrap_or(least) };
        measure.check()
    }

    fn check(self) -> Result<Self, WatchFault> {
        let Self { signal, over, per, min } = self;
        let (percent, max) = match signal {
            Signal::NotFound => (true, 1024),
            Signal::Grid => (true, super::grid::POINTS_MAX as u64),
            Signal::Novelty => (true, 16_384),
            Signal::KeyUnion => (true, super::keys::TARGETS_MAX as u64),
            Signal::Overlap => (true, super::overlap::TARGETS_MAX as u64),
            Signal::IdWalk => (false, 1 << 40),
            Signal::Refused | Signal::Distinct | Signal::PageDepth | Signal::StoryPolling => {
                (false, u64::MAX)
            }
        };
        if percent && over >= 100 {
            return Err(WatchFault::Percent { signal, over });
        }
        if per.milliseconds() == 0 || per > crate::budget::WINDOW_MAX {
            return Err(WatchFault::Window { signal, per });
        }
        if min > max {
            return Err(WatchFault::Min { signal, min, max });
        }
        Ok(self)
    }
}
