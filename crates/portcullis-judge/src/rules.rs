//! A compiled set of routes and policies, and what the judge works out from it once.
//!
//! Must not know partners or keys.

use std::sync::Arc;

use portcullis_catalogue::{Catalogue, Kinds};
use portcullis_limits::budget::{BudgetSpecs, Limit};
use portcullis_limits::watch::WatchSpec;
use portcullis_limits::{Meter, RateSpec};
use portcullis_policy::{Per, PolicySet, Rate, Sharer, Tier};
use portcullis_types::{ClassIx, Counts, Revision, TierIx, TypeIx};

use crate::shares::Shares;
use crate::watching;

/// Routes and policies, compiled together.
#[derive(Debug)]
pub struct Rules {
    /// What each operation is.
    pub catalogue: Catalogue,
    /// What each tier may do.
    pub policies: PolicySet,
    /// The event that put them in force.
    pub revision: Revision,
    /// The name of the set: a digest over its files.
    pub set: String,
}

/// Rules, with names and rates made ready.
pub(crate) struct Bound {
    pub(crate) rules: Arc<Rules>,
    tiers: Vec<TierBound>,
    classes: Vec<Arc<str>>,
    /// By type, whether its nodes vanish.
    vanishing: Vec<bool>,
    /// Whether any tier watches for what the platform does not know.
    pub(crate) watches_misses: bool,
    /// Which types are accounts and places.
    pub(crate) kinds: Kinds,
}

/// One tier, made ready.
pub(crate) struct TierBound {
    /// Its name, which is also what permits.
    pub(crate) name: Arc<str>,
    /// What is named when a scope is missing.
    pub(crate) scopes_rule: Arc<str>,
    /// What is named when a call is for no declared client.
    pub(crate) clients_rule: Arc<str>,
    /// Where each of the tier's paced rates is counted.
    pub(crate) rates: Vec<RatePlace>,
    /// The rates that are counted exactly, among the limits.
    pub(crate) rolling: Vec<Rolling>,
    /// Where each of the tier's limits is counted, in the tier's order.
    pub(crate) limits: Vec<LimitPlace>,
    /// None: they can't be counted, so what falls under one is refused.
    pub(crate) budgets: [Option<Arc<BudgetSpecs>>; 4],
    /// What is watched.
    pub(crate) watches: Arc<[WatchSpec]>,
    pub(crate) partner: Arc<Meter>,
    pub(crate) client: Arc<Meter>,
    pub(crate) key: Arc<Meter>,
    /// The same with rates cut, by the partner's share and by the client's.
    pub(crate) partner_shares: Shares,
    pub(crate) client_shares: Shares,
}

/// Where a paced rate is counted.
#[derive(Clone)]
pub(crate) struct RatePlace {
    /// Its position in the tier.
    pub(crate) rate: usize,
    pub(crate) per: Per,
    /// Its place in the meter of its kind of subject.
    pub(crate) at: usize,
    /// Tier and rate, such as `partner-standard/calls-per-hour`.
    pub(crate) rule: Arc<str>,
}

/// A rate that is counted exactly.
#[derive(Clone)]
pub(crate) struct Rolling {
    /// Its position in the tier.
    pub(crate) rate: usize,
    pub(crate) place: LimitPlace,
}

/// Where a limit is counted.
#[derive(Clone)]
pub(crate) struct LimitPlace {
    pub(crate) per: Sharer,
    /// Its place among the limits of its kind of subject.
    pub(crate) at: usize,
    pub(crate) counts: Counts,
    pub(crate) each_target: bool,
    /// Its targets are cells with sides of so many metres.
    pub(crate) cell_m: Option<u32>,
    /// Whether it refuses nothing.
    pub(crate) shadow: bool,
    /// Whether it is a rate, and told as one.
    pub(crate) is_rate: bool,
    /// Tier and limit, such as `newsroom/places-per-day`.
    pub(crate) rule: Arc<str>,
}

impl Bound {
    pub(crate) fn new(rules: Arc<Rules>) -> Self {
        let tiers = rules.policies.tiers().map(TierBound::new).collect();
        let classes = rules.catalogue.classes().map(|class| class.shared()).collect();
        let kinds = (0..u16::MAX).map_while(|ix| rules.catalogue.node_type(TypeIx(ix)));
        let vanishing = kinds.map(|kind| kind.fields.contains_key("expires_at")).collect();
        let watches_misses = rules.policies.tiers().any(|tier| {
            tier.watches().iter().any(|watch| watch.signal == portcullis_policy::Signal::NotFound)
        });
        let kinds = Kinds::of(&rules.catalogue);
        Self { rules, tiers, classes, vanishing, watches_misses, kinds }
    }

    /// Whether nodes of a type vanish: they say when.
    pub(crate) fn vanishes(&self, kind: TypeIx) -> bool {
        self.vanishing.get(kind.at()).copied().unwrap_or(false)
    }

    pub(crate) fn tier(&self, ix: TierIx) -> Option<(&Tier, &TierBound)> {
        self.rules.policies.tier_at(ix).zip(self.tiers.get(ix.at()))
    }

    pub(crate) fn class_name(&self, ix: ClassIx) -> Option<Arc<str>> {
        self.classes.get(ix.at()).cloned()
    }
}

impl TierBound {
    fn new(tier: &Tier) -> Self {
        let (mut partner, mut client, mut key) = (Vec::new(), Vec::new(), Vec::new());
        let mut rates = Vec::with_capacity(tier.rates.len());
        let mut budgets = Budgeted::default();
        let mut rolling = Vec::new();
        let limits = tier.limits().iter().map(|limit| budgets.limit(tier, limit)).collect();
        for (at, rate) in tier.rates.iter().enumerate() {
            if rate.rolling || rate.figure.is_some() {
                rolling.push(Rolling { rate: at, place: budgets.rate(tier, rate) });
                continue;
            }
            let specs = match rate.per {
                Per::Partner => &mut partner,
                Per::Client => &mut client,
                Per::Key => &mut key,
            };
            let rule = Arc::from(format!("{}/{}", tier.name, rate.id));
            rates.push(RatePlace { rate: at, per: rate.per, at: specs.len(), rule });
            specs.push(RateSpec {
                id: rate.id.clone(),
                max: rate.max,
                window: rate.window,
                burst: rate.burst,
            });
        }
        let meter = |specs| Arc::new(Meter::new(specs));
        Self {
            name: tier.name.shared(),
            scopes_rule: Arc::from(format!("{}/scopes", tier.name)),
            clients_rule: Arc::from(format!("{}/clients", tier.name)),
            rates,
            rolling,
            limits,
            watches: watching::specs(tier),
            budgets: budgets.0.map(|limits| BudgetSpecs::new(limits).ok().map(Arc::new)),
            partner: meter(partner),
            client: meter(client),
            key: meter(key),
            partner_shares: Shares::default(),
            client_shares: Shares::default(),
        }
    }

    /// Another of the same, of which no shares were made.
    pub(crate) fn alike(&self) -> Self {
        Self {
            name: Arc::clone(&self.name),
            scopes_rule: Arc::clone(&self.scopes_rule),
            clients_rule: Arc::clone(&self.clients_rule),
            rates: self.rates.clone(),
            rolling: self.rolling.clone(),
            limits: self.limits.clone(),
            budgets: self.budgets.clone(),
            watches: Arc::clone(&self.watches),
            partner: Arc::clone(&self.partner),
            client: Arc::clone(&self.client),
            key: Arc::clone(&self.key),
            partner_shares: Shares::default(),
            client_shares: Shares::default(),
        }
    }

    /// The rates of one kind of subject.
    pub(crate) fn meter(&self, per: Per) -> &Arc<Meter> {
        match per {
            Per::Partner => &self.partner,
            Per::Client => &self.client,
            Per::Key => &self.key,
        }
    }

    /// The limits of one kind of subject.
    pub(crate) fn specs(&self, per: Sharer) -> Option<&Arc<BudgetSpecs>> {
        let [partner, client, key, group] = &self.budgets;
        match per {
            Sharer::Partner => partner.as_ref(),
            Sharer::Client => client.as_ref(),
            Sharer::Key => key.as_ref(),
            Sharer::Group => group.as_ref(),
        }
    }
}

/// Limits by kind of subject: partner, client, key, group.
#[derive(Default)]
struct Budgeted([Vec<Limit>; 4]);

impl Budgeted {
    fn limit(&mut self, tier: &Tier, limit: &portcullis_policy::Limit) -> LimitPlace {
        let counted = Limit {
            id: limit.id.clone(),
            counts: limit.counts,
            each_target: limit.each_target,
            window: limit.window,
        };
        let rule = Arc::from(format!("{}/{}", tier.name, limit.id));
        let place = self.place(limit.per, counted, rule);
        LimitPlace { shadow: limit.shadow, cell_m: limit.cell_m, ..place }
    }

    fn rate(&mut self, tier: &Tier, rate: &Rate) -> LimitPlace {
        let counted = Limit {
            id: rate.id.clone(),
            counts: Counts::Calls,
            each_target: false,
            window: rate.window,
        };
        let per = match rate.per {
            Per::Partner => Sharer::Partner,
            Per::Client => Sharer::Client,
            Per::Key => Sharer::Key,
        };
        let rule = Arc::from(format!("{}/{}", tier.name, rate.id));
        LimitPlace { is_rate: true, ..self.place(per, counted, rule) }
    }

    fn place(&mut self, per: Sharer, limit: Limit, rule: Arc<str>) -> LimitPlace {
        let [partner, client, key, group] = &mut self.0;
        let list = match per {
            Sharer::Partner => partner,
            Sharer::Client => client,
            Sharer::Key => key,
            Sharer::Group => group,
        };
        let (at, counts, each_target) = (list.len(), limit.counts, limit.each_target);
        list.push(limit);
        let (shadow, is_rate, cell_m) = (false, false, None);
        LimitPlace { per, at, counts, each_target, cell_m, shadow, is_rate, rule }
    }
}
