//! What a key's agreement comes to: its operations and whether they work, its limits and what is left.
//!
//! Looks and debits nothing. Must not know who reads it.

use portcullis_catalogue::{Operation, OperationClass};
use portcullis_limits::{Claim, RateSpec, look};
use portcullis_policy::{Known, Per, Standing as Stands};
use portcullis_registry::Standing;
use portcullis_types::{ClassIx, Counts, KeyIx, Method, Now, Percent, RateId, Span};
use smallvec::SmallVec;

use crate::budgets;
use crate::desk::Desk;
use crate::known::Partner;
use crate::metering::Caller;
use crate::rules::{LimitPlace, RatePlace, TierBound};
use crate::standing;
use crate::view::View;

/// A rate or a budget, and where it stands.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct LimitState {
    /// Its name within the tier.
    pub id: RateId,
    /// Whether it is a rate, and told as one.
    pub is_rate: bool,
    /// What it counts.
    pub counts: Counts,
    /// Whether it counts for each target alone; how much is used has no one figure then.
    pub each_target: bool,
    /// Who shares it.
    pub per: Per,
    /// Most in the window, for this partner as it stands.
    pub max: u64,
    /// The window.
    pub window: Span,
    /// What is used, what is left, and the whole seconds until all of it is back.
    pub stands: Option<(u64, u64, u64)>,
}

/// An operation that an agreement covers.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct AgreedTo {
    /// Its name.
    pub name: String,
    /// Its method.
    pub method: Method,
    /// Its template.
    pub template: String,
    /// What it is: those of its classes that are granted.
    pub classes: Vec<String>,
    /// Whether standing leaves it open.
    pub open: bool,
}

impl Desk {
    /// Each rate and budget that a key's calls fall under; none of those in shadow.
    pub fn limits(&mut self, key: KeyIx, now: Now) -> Vec<LimitState> {
        self.renew();
        let found = self.view.as_ref().and_then(|view| Some((view, view.snapshot.key(key)?)));
        let Some((view, record)) = found else { return Vec::new() };
        let Some(partner) = view.partner(record) else { return Vec::new() };
        let Some((tier, bound)) = view.tier(record).and_then(|ix| view.bound.tier(ix)) else {
            return Vec::new();
        };
        // Of a key that may not be judged, what it would have is told.
        let judged = standing::check(&self.judge.live, &view.snapshot, (key, record), now.wall);
        let narrowed = judged.ok().flatten();
        let cut = narrowed.as_ref().map_or(Some(bound), |narrowed| narrowed.cut(bound));
        let Some(bound) = cut else { return Vec::new() };
        let known = Partner {
            facts: &partner.facts,
            names: &view.names,
            catalogue: &view.bound.rules.catalogue,
            grants: &self.judge.grants,
            partner: record.partner,
            client: record.client,
            now: now.wall,
            stands: narrowed.as_ref().map_or(Stands::Good, |narrowed| narrowed.standing()),
            view,
            key: record,
            acting: SmallVec::new(),
        };
        let caller = Caller::new(key, record);
        let factor = narrowed.as_ref().and_then(|narrowed| narrowed.factor());
        let look = Look { desk: self, view, bound, caller, group: partner.group, factor, now };
        let paced = bound.rates.iter().filter_map(|place| look.paced(place));
        let rolling = bound.rolling.iter().filter_map(|rolling| {
            let rate = tier.rates.get(rolling.rate)?;
            let max = rate.figure.map_or(rate.max, |ix| known.figure(ix).unwrap_or(0));
            look.counted(&rolling.place, (&rate.id, rate.window), max)
        });
        let limits = tier.limits().iter().zip(&bound.limits).filter_map(|(limit, place)| {
            look.counted(place, (&limit.id, limit.window), limit.max.of(&known))
        });
        paced.chain(rolling).chain(limits).collect()
    }

    /// Each operation that a key's agreement covers, and whether standing leaves it open.
    pub fn agreed(&mut self, key: KeyIx, now: Now) -> Vec<AgreedTo> {
        self.renew();
        let found = self.view.as_ref().and_then(|view| Some((view, view.snapshot.key(key)?)));
        let Some((view, record)) = found else { return Vec::new() };
        let granted = view.granted(record, &[]);
        let catalogue = &view.bound.rules.catalogue;
        let standing = view.snapshot.standing(key, now.wall);
        let open = |operation: &Operation, class: &ClassIx| match &standing {
            Standing::Narrowed { by } => {
                let continuity = catalogue.continuity().contains(*class);
                let effect = operation.method.effect();
                by.barring(catalogue.class_name(*class), effect, continuity).is_none()
            }
            _ => true,
        };
        let agreed = catalogue.operations().filter_map(|operation| {
            let mut classes = classes(operation);
            classes.retain(|class| granted.contains(*class));
            (!classes.is_empty()).then(|| AgreedTo {
                name: operation.name.to_string(),
                method: operation.method,
                template: operation.template.to_string(),
                open: classes.iter().any(|class| open(operation, class)),
                classes: classes.iter().map(|ix| catalogue.class_name(*ix).to_owned()).collect(),
            })
        });
        agreed.collect()
    }
}

/// What an operation may be, by what it is asked for.
fn classes(operation: &Operation) -> Vec<ClassIx> {
    let mut classes = match &operation.class {
        OperationClass::Fixed(class) => vec![*class],
        OperationClass::ByTarget(each) => each.iter().map(|(_, class)| *class).collect(),
        OperationClass::NotJudged(_) => Vec::new(),
    };
    classes.sort_unstable();
    classes.dedup();
    classes
}

/// From where limits are looked at.
struct Look<'a> {
    desk: &'a Desk,
    view: &'a View,
    bound: &'a TierBound,
    caller: Caller<'a>,
    group: Option<u32>,
    factor: Option<Percent>,
    now: Now,
}

impl Look<'_> {
    fn paced(&self, place: &RatePlace) -> Option<LimitState> {
        let (live, meter) = (&self.desk.judge.live, self.bound.meter(place.per));
        let RateSpec { id, max, window, burst } = meter.specs().nth(place.at)?;
        let of = self.caller.counted(place.per);
        let found = live.rates(of, meter, self.view.epoch, self.now.mono).ok();
        let reading = found.as_ref().and_then(|found| {
            let limiters = &found.as_ref()?.limiters;
            look(&[Claim { limiters, rate: place.at }], self.now.mono)
        });
        let used = |left: u64| burst.saturating_sub(left);
        Some(LimitState {
            id: id.clone(),
            is_rate: true,
            counts: Counts::Calls,
            each_target: false,
            per: place.per,
            max: *max,
            window: *window,
            stands: match reading {
                Some(told) => Some((used(told.remaining), told.remaining, told.reset_seconds)),
                // None at all are agreed, so none can be used.
                None => (*max == 0).then_some((0, 0, 0)),
            },
        })
    }

    fn counted(
        &self,
        place: &LimitPlace,
        (id, window): (&RateId, Span),
        max: u64,
    ) -> Option<LimitState> {
        if place.shadow {
            return None;
        }
        let max = self.factor.map_or(max, |factor| factor.of(max));
        let of = self.caller.shares(place.per, self.group);
        let specs = self.bound.specs(place.per)?;
        let live = &self.desk.judge.live;
        let now = live.counted_at(self.now);
        let budgets = live.budgets(of, specs, self.view.epoch, now).ok();
        let left = || budgets?.left(place.at, None, max, now);
        let left = (!place.each_target).then(left).flatten();
        Some(LimitState {
            id: id.clone(),
            is_rate: place.is_rate,
            counts: place.counts,
            each_target: place.each_target,
            per: budgets::per(place.per),
            max,
            window,
            stands: left.map(|left| (left.used, left.left, left.reset_seconds)),
        })
    }
}
