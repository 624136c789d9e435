//! A compiled set of routes and policies, and what the judge works out from it once.
//!
//! Must not know partners or keys.

use std::sync::Arc;

use portcullis_catalogue::Catalogue;
use portcullis_limits::{Meter, RateSpec};
use portcullis_policy::{Per, PolicySet, Tier};
use portcullis_types::{ClassIx, Revision, TierIx};

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
}

/// One tier, made ready.
pub(crate) struct TierBound {
    /// Its name, which is also what permits.
    pub(crate) name: Arc<str>,
    /// What is named when a scope is missing.
    pub(crate) scopes_rule: Arc<str>,
    /// Where each of the tier's rates is counted, in the tier's order.
    pub(crate) rates: Vec<RatePlace>,
    pub(crate) partner: Arc<Meter>,
    pub(crate) client: Arc<Meter>,
    pub(crate) key: Arc<Meter>,
}

/// Where a rate is counted.
pub(crate) struct RatePlace {
    pub(crate) per: Per,
    /// Its place in the meter of its kind of subject.
    pub(crate) at: usize,
    /// Tier and rate, such as `partner-standard/calls-per-hour`.
    pub(crate) rule: Arc<str>,
}

impl Bound {
    pub(crate) fn new(rules: Arc<Rules>) -> Self {
        let tiers = rules.policies.tiers().map(TierBound::new).collect();
        let classes = rules.catalogue.classes().map(|class| class.shared()).collect();
        Self { rules, tiers, classes }
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
        for rate in &tier.rates {
            let specs = match rate.per {
                Per::Partner => &mut partner,
                Per::Client => &mut client,
                Per::Key => &mut key,
            };
            let rule = Arc::from(format!("{}/{}", tier.name, rate.id));
            rates.push(RatePlace { per: rate.per, at: specs.len(), rule });
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
            rates,
            partner: meter(partner),
            client: meter(client),
            key: meter(key),
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
}
