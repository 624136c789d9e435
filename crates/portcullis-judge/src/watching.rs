//! Signals: what a partner's calls look like over time, by the watches of its tier.
//!
//! A signal refuses nothing by itself; what follows a hit is for whoever reads the trace. Targets that
//! were declared or that authorised the partner are never seen here. Must not know how a signal is
//! measured.

use std::fmt::Write as _;
use std::sync::Arc;

use portcullis_limits::budget::{Hasher128, TargetKey};
use portcullis_limits::watch::{Event, Hit, Measure, Signal, WatchSpec, Watches};
use portcullis_policy::{Action, Tier, Watch};
use portcullis_types::asked::{Ask, Asks, Target};
use portcullis_types::{KeyIx, PartnerIx, Refusal, Span, Wall};
use smallvec::SmallVec;

use crate::known::Partner;
use crate::live::Live;
use crate::verdict::Trace;

pub(crate) use crate::overlaps::SketchName;

/// A watch that hit.
#[derive(Debug, Clone)]
pub struct SignalHit {
    /// The watch, with its tier, such as `newsroom/places-in-order`.
    pub rule: Arc<str>,
    /// Which signal.
    pub signal: &'static str,
    /// What was measured, in words and figures; holds no target.
    pub evidence: String,
    /// What is allowed of it, in words and figures.
    pub limit: String,
    /// How far back it was counted.
    pub window: Span,
    /// What follows; nothing, where the watch is in shadow.
    pub then: Vec<Action>,
    /// What the partner is told where it is held.
    pub tell: Option<Arc<str>>,
}

/// A watch with its figures; none, where it can't be measured, which the compiler of policies refuses.
pub(crate) fn measure(watch: &Watch) -> Option<Measure> {
    let signal = Signal::named(name(watch.signal))?;
    Measure::of(signal, Some(watch.over), Some(watch.per), Some(watch.min)).ok()
}

/// The watches of a tier, ready to measure. Those without figures of their own measure nothing.
pub(crate) fn specs(tier: &Tier) -> Arc<[WatchSpec]> {
    let spec = |watch: &Watch| {
        let measure = measure(watch)?;
        Some(WatchSpec { id: watch.id.clone(), measure, cool_down: watch.cool_down })
    };
    // All or none: places in the specs are those of the tier's watches.
    let specs: Option<Vec<WatchSpec>> = tier.watches().iter().map(spec).collect();
    specs.unwrap_or_default().into()
}

const fn name(signal: portcullis_policy::Signal) -> &'static str {
    use portcullis_policy::Signal as S;
    match signal {
        S::IdWalk => "id_walk",
        S::Grid => "grid",
        S::NotFound => "not_found",
        S::Novelty => "novelty",
        S::Distinct => "distinct",
        S::KeyUnion => "key_union",
        S::Overlap => "overlap",
        S::PageDepth => "page_depth",
        S::StoryPolling => "story_polling",
        S::Refused => "refused",
    }
}

/// Where hits are measured: one partner on one tier.
pub(crate) struct Post<'a> {
    pub(crate) live: &'a Live,
    pub(crate) tier: &'a Tier,
    pub(crate) specs: &'a Arc<[WatchSpec]>,
    pub(crate) partner: PartnerIx,
    pub(crate) key: KeyIx,
    pub(crate) now: Wall,
}

impl Post<'_> {
    /// Shows a call that was granted to every watch that looks at what it asks.
    pub(crate) fn granted(
        &self,
        asks: &Asks<'_>,
        known: &Partner<'_>,
        hasher: &Hasher128,
        trace: &mut Trace,
    ) {
        if self.specs.is_empty() {
            return;
        }
        let watches = self.live.watches(self.partner, self.specs);
        // Several watches look at the same asks.
        let mut looks: SmallVec<[Look; 4]> = asks.asks.iter().map(|_| Look::default()).collect();
        for (at, watch) in self.tier.watches().iter().enumerate() {
            let point =
                asks.params.point.filter(|_| watch.signal == portcullis_policy::Signal::Grid);
            let mut shown = false;
            for (ask, look) in asks.asks.iter().zip(&mut looks) {
                let classes = watch.classes.as_ref();
                if !classes.is_none_or(|classes| classes.contains(ask.class)) {
                    continue;
                }
                if let Some((latitude, longitude)) = point.filter(|_| !shown) {
                    shown = true;
                    self.show(&watches, at, Event::Point { latitude, longitude }, trace);
                    continue;
                }
                if watch.signal == portcullis_policy::Signal::PageDepth && !asks.params.cursor {
                    continue;
                }
                let (kind, text) = match ask.target {
                    Target::Node(kind, text) | Target::Named(kind, text) => (kind.0, text),
                    Target::None | Target::Found(..) => continue,
                };
                if watch.undeclared_only && look.agreed(ask, known) {
                    continue;
                }
                let (target, number) = look.target(hasher, (kind, text));
                if let (portcullis_policy::Signal::Overlap, Some(number)) = (watch.signal, number) {
                    let agreed = !watch.undeclared_only && look.agreed(ask, known);
                    let name = SketchName { partner: self.partner, kind, class: ask.class, agreed };
                    self.live.sketched(name, (target, number), self.now);
                    continue;
                }
                self.show(&watches, at, Event::Asked { target, kind, number }, trace);
            }
        }
    }

    /// Shows a refusal, where it is one that counts.
    pub(crate) fn refused(&self, refusal: &Refusal, trace: &mut Trace) {
        if !counts(refusal) {
            return;
        }
        self.all(portcullis_policy::Signal::Refused, Event::Refused, trace);
    }

    /// Shows whether the platform knew what was asked.
    pub(crate) fn answered(&self, found: bool, trace: &mut Trace) {
        self.all(portcullis_policy::Signal::NotFound, Event::Answered { found }, trace);
    }

    fn all(&self, signal: portcullis_policy::Signal, event: Event, trace: &mut Trace) {
        if self.specs.is_empty() || !self.tier.watches().iter().any(|watch| watch.signal == signal)
        {
            return;
        }
        let watches = self.live.watches(self.partner, self.specs);
        for (at, watch) in self.tier.watches().iter().enumerate() {
            if watch.signal == signal {
                self.show(&watches, at, event, trace);
            }
        }
    }

    fn show(&self, watches: &Watches, at: usize, event: Event, trace: &mut Trace) {
        let Some(hit) = watches.observe(at, u64::from(self.key.0), event, self.now) else { return };
        if let Some(watch) = self.tier.watches().get(at) {
            trace.note().signals.push(SignalHit::new(watch, &hit));
        }
    }
}

/// What watches want to know of an ask, worked out once.
#[derive(Default)]
struct Look {
    agreed: Option<bool>,
    target: Option<(TargetKey, Option<u64>)>,
}

impl Look {
    fn agreed(&mut self, ask: &Ask<'_>, known: &Partner<'_>) -> bool {
        *self.agreed.get_or_insert_with(|| known.agreed(&ask.target))
    }

    /// Its key, and its id where that is a number.
    fn target(
        &mut self,
        hasher: &Hasher128,
        (kind, text): (u16, &str),
    ) -> (TargetKey, Option<u64>) {
        *self.target.get_or_insert_with(|| (hasher.key(kind, text), text.parse().ok()))
    }
}

impl SignalHit {
    pub(crate) fn new(watch: &Watch, hit: &Hit) -> Self {
        let mut evidence = String::new();
        for (what, figure) in &hit.figures {
            let comma = if evidence.is_empty() { "" } else { ", " };
            // Writing to a text never fails.
            let _ = write!(evidence, "{comma}{what} {figure}");
        }
        Self {
            rule: Arc::clone(&watch.name),
            signal: hit.signal.name(),
            evidence,
            limit: limit(watch),
            window: watch.per,
            then: if watch.shadow { Vec::new() } else { watch.then.clone() },
            tell: watch.tell.clone(),
        }
    }
}

/// What a watch allows within its window.
fn limit(watch: &Watch) -> String {
    use portcullis_policy::Signal as S;
    let of = match watch.signal {
        S::IdWalk => "ids in order",
        S::Grid => "percent of an area",
        S::NotFound => "percent not found",
        S::Novelty => "percent never read before",
        S::Distinct => "different targets",
        S::KeyUnion => "percent of one key only",
        S::Overlap => "percent common or in turn",
        S::PageDepth => "pages of one target",
        S::StoryPolling => "calls for one account",
        S::Refused => "refusals",
    };
    format!("{} {of}", watch.over)
}

/// Whether a refusal is for an operation, a target or a figure: mistakes of form and speed are none.
const fn counts(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::OperationUnlisted
            | Refusal::MethodUnlisted
            | Refusal::VersionUnknown
            | Refusal::NodeUnclassified
            | Refusal::NotJudged { .. }
            | Refusal::ClassNotGranted { .. }
            | Refusal::Denied(_)
            | Refusal::TargetNotAgreed { .. }
            | Refusal::TermsNotMet { .. }
            | Refusal::TooManyIds { .. }
            | Refusal::BatchNotAgreed
            | Refusal::BudgetReached(_)
    )
}

/// An id as it is sketched.
pub(crate) type Sketched = (TargetKey, u64);
