//! Debiting a call from the limits of its tier: so many targets, rows or calls in a window.
//!
//! Must not know how a limit counts or what a request is.

mod places;
mod settlement;

use std::num::NonZeroU64;
use std::sync::Arc;

use portcullis_limits::budget::{Budgets, Denied, Hasher128, TargetKey, Want, reserve_all};
use portcullis_policy::{Debit, Known, Per, Ruling, Sharer, Tier};
use portcullis_types::asked::{Ask, Asks, Target};
use portcullis_types::{BudgetHit, Counts, Percent, RateHit, Refusal, Wall};
use smallvec::SmallVec;

use crate::live::Live;
use crate::metering::{Caller, NotTaken, Reached};
use crate::rules::{LimitPlace, TierBound};
use crate::verdict::{RateReading, Trace};

pub use settlement::Settlement;

/// Where a call stands, as far as its limits go.
pub(crate) struct Standpoint<'a> {
    pub(crate) live: &'a Live,
    pub(crate) hasher: &'a Hasher128,
    pub(crate) tier: &'a Tier,
    pub(crate) bound: &'a TierBound,
    pub(crate) caller: Caller<'a>,
    pub(crate) known: &'a dyn Known,
    pub(crate) group: Option<u32>,
    pub(crate) epoch: u64,
    pub(crate) now: Wall,
    /// What is left of each limit; none: all of it.
    pub(crate) factor: Option<Percent>,
    /// Whether anybody wants to know how much is left.
    pub(crate) reads: bool,
}

/// What is wanted of the budgets of one kind of subject.
struct Part<'a> {
    per: Sharer,
    /// Only until the answer is there.
    held: bool,
    budgets: Arc<Budgets>,
    wants: SmallVec<[Want; 2]>,
    /// The limit of each want, and its figure for this partner.
    places: SmallVec<[(&'a LimitPlace, u64); 2]>,
}

/// Most nodes that one ask is counted for; a page within a page may name more than any limit allows.
const FOUND_MAX: u64 = 10_000;
/// Stands for a type, where none has so high a number.
const FOUND: u16 = u16::MAX;

/// Room for what most calls need: parts are moved about, and more room is more to move.
type Parts<'a> = SmallVec<[Part<'a>; 2]>;

/// Debits a call from every limit it falls under, or from none. Notes the limits that would have
/// refused it, were they enforced.
pub(crate) fn reserve(
    at: &Standpoint<'_>,
    asks: &Asks<'_>,
    ruling: &Ruling,
    cost: u32,
    trace: &mut Trace,
) -> Result<Settlement, NotTaken> {
    let mut parts = Parts::new();
    for debit in &ruling.debits {
        let place = at.bound.limits.get(debit.limit.at()).ok_or(NotTaken::Again)?;
        let ask = asks.asks.get(debit.ask);
        if debit.found {
            // One stands for all that the answer may name, so that few calls are under way at once
            // where little is left.
            let target = Some(places::held(at.hasher, at.live));
            let want = Want { limit: place.at, target, amount: 1, max: at.share(debit.max) };
            add(&mut parts, at, (place, true), want)?;
            continue;
        }
        if let (Counts::Targets, Some(Ask { target: Target::Found(..), .. })) = (place.counts, ask)
        {
            found(&mut parts, at, place, (asks, debit))?;
            continue;
        }
        let target = match place.counts {
            Counts::Targets if place.cell_m.is_some() => places::cell(at.hasher, place, asks),
            Counts::Targets => ask.map(|ask| key(at.hasher, ask, asks)),
            Counts::Rows | Counts::Calls if place.each_target => {
                ask.map(|ask| key(at.hasher, ask, asks))
            }
            Counts::Rows | Counts::Calls => None,
        };
        let max = at.share(debit.max);
        let want = Want { limit: place.at, target, amount: debit.amount, max };
        add(&mut parts, at, (place, false), want)?;
    }
    for (place, max) in at.rolling(asks) {
        let want = Want { limit: place.at, target: None, amount: cost, max };
        add(&mut parts, at, (place, false), want)?;
    }
    if parts.is_empty() {
        return Ok(Settlement::default());
    }
    let subjects: SmallVec<[(&Budgets, &[Want]); 2]> =
        parts.iter().map(|part| (&*part.budgets, part.wants.as_slice())).collect();
    let taken = reserve_all(&subjects, at.now);
    drop(subjects);
    match taken {
        Ok(receipts) => {
            note_shadowed(&parts, at.now, trace);
            trace.reading = at.reads.then(|| tightest(&parts, at.now)).flatten();
            let taken = parts.into_iter().zip(receipts);
            let taken = taken.map(|(part, receipt)| (part.budgets, receipt, part.held));
            Ok(Settlement::of(taken.collect()))
        }
        Err(Denied::Moved) => Err(NotTaken::Again),
        Err(Denied::Reached(reached)) => {
            let part = parts.get(reached.subject).ok_or(NotTaken::Again)?;
            let (place, _) = part.places.get(reached.want).ok_or(NotTaken::Again)?;
            Err(NotTaken::Reached(Box::new(told(place, part.per, reached.hit))))
        }
    }
}

/// Wants a target for each node that a page may give. Which they are is known from the answer only, so
/// the same first page read again counts as the same ones, and a further page always as new ones.
fn found<'a>(
    parts: &mut Parts<'a>,
    at: &Standpoint<'a>,
    place: &'a LimitPlace,
    (asks, debit): (&Asks<'_>, &Debit),
) -> Result<(), NotTaken> {
    let Some(ask) = asks.asks.get(debit.ask) else { return Err(NotTaken::Again) };
    let page = key(at.hasher, ask, asks);
    let moment = if asks.params.cursor { at.now.0 } else { 0 };
    // One more than there may be is refused like any number of them.
    let max = at.share(debit.max);
    let most = u64::from(debit.amount).min(max.saturating_add(1)).min(FOUND_MAX);
    for number in 0..most {
        let target = at.hasher.key(FOUND, &format!("{page:?} {} {moment} {number}", ask.class.0));
        let want = Want { limit: place.at, target: Some(target), amount: 1, max };
        add(parts, at, (place, false), want)?;
    }
    Ok(())
}

fn add<'a>(
    parts: &mut Parts<'a>,
    at: &Standpoint<'a>,
    (place, held): (&'a LimitPlace, bool),
    mut want: Want,
) -> Result<(), NotTaken> {
    let max = want.max;
    if place.shadow {
        // Counted, and looked at afterwards.
        want.max = u64::MAX;
    }
    if let Some(part) = parts.iter_mut().find(|part| (part.per, part.held) == (place.per, held)) {
        part.wants.push(want);
        part.places.push((place, max));
        return Ok(());
    }
    let specs = at.bound.specs(place.per).ok_or(NotTaken::Fault)?;
    let budgets = at
        .live
        .budgets(at.caller.shares(place.per, at.group), specs, at.epoch, at.now)
        .map_err(|_| NotTaken::Again)?;
    parts.push(Part {
        per: place.per,
        held,
        budgets,
        wants: SmallVec::from_iter([want]),
        places: SmallVec::from_iter([(place, max)]),
    });
    Ok(())
}

impl<'a> Standpoint<'a> {
    /// The rates that are counted exactly, with their figure for this partner.
    fn rolling(&self, asks: &Asks<'_>) -> impl Iterator<Item = (&'a LimitPlace, u64)> {
        self.bound.rolling.iter().filter_map(|rolling| {
            let rate = self.tier.rates.get(rolling.rate)?;
            let figure = || rate.figure.map_or(rate.max, |ix| self.known.figure(ix).unwrap_or(0));
            rate.concerns(asks).then(|| (&rolling.place, self.share(figure())))
        })
    }

    /// What standings leave of a limit.
    fn share(&self, max: u64) -> u64 {
        self.factor.map_or(max, |factor| factor.of(max))
    }
}

/// The limit of which the least is left.
fn tightest(parts: &Parts<'_>, now: Wall) -> Option<RateReading> {
    let mut tightest: Option<RateReading> = None;
    for part in parts {
        for ((place, max), want) in part.places.iter().zip(&part.wants) {
            let left = || part.budgets.left(want.limit, want.target, *max, now);
            let Some(left) = (!place.shadow).then(left).flatten() else { continue };
            let reading = RateReading {
                rate: left.limit,
                per: per(part.per),
                max: left.max,
                window: left.window,
                burst: left.max,
                remaining: left.left,
                reset_seconds: Some(left.reset_seconds),
            };
            tightest = RateReading::tighter(tightest, Some(reading));
        }
    }
    tightest
}

/// As partners are told: those of a group are not told of each other.
pub(crate) const fn per(sharer: Sharer) -> Per {
    match sharer {
        Sharer::Key => Per::Key,
        Sharer::Client => Per::Client,
        Sharer::Partner | Sharer::Group => Per::Partner,
    }
}

/// Limits in shadow that are beyond their figure now.
fn note_shadowed(parts: &Parts<'_>, now: Wall, trace: &mut Trace) {
    for part in parts {
        for ((place, max), want) in part.places.iter().zip(&part.wants) {
            let used = || part.budgets.used(want.limit, want.target, now).unwrap_or(0);
            if place.shadow && used() > *max {
                trace.note().shadowed.push(Arc::clone(&place.rule));
            }
        }
    }
}

/// The target of an ask as it is counted. What is only known from the answer counts as what leads to it.
fn key(hasher: &Hasher128, ask: &Ask<'_>, asks: &Asks<'_>) -> TargetKey {
    let mut target = ask.target;
    // Each step leads to an earlier ask, so there are no more of them than asks.
    for _ in 0..asks.asks.len() {
        let Target::Found(_, at) = target else { break };
        let Some(parent) = asks.asks.get(at) else { break };
        target = parent.target;
    }
    match target {
        Target::None | Target::Found(..) => TargetKey::NONE,
        Target::Node(kind, text) => hasher.key(kind.0, text),
        // A name is another word for a node than its id, of the same type.
        Target::Named(kind, text) => hasher.key(kind.0 | 0x8000, text),
    }
}

fn told(place: &LimitPlace, sharer: Sharer, hit: BudgetHit) -> Reached {
    let reading = Some(RateReading {
        rate: hit.limit.clone(),
        per: per(sharer),
        max: hit.max,
        window: hit.window,
        burst: hit.max,
        remaining: 0,
        reset_seconds: hit.retry_after_seconds.map(NonZeroU64::get),
    });
    let refusal = if place.is_rate {
        Refusal::RateReached(RateHit {
            rate: hit.limit,
            max: hit.max,
            window: hit.window,
            retry_after_seconds: hit.retry_after_seconds,
        })
    } else {
        Refusal::BudgetReached(Box::new(hit))
    };
    Reached { refusal, rule: Arc::clone(&place.rule), reading }
}
