//! A tier's paced rates cut to a share, for who is restricted or on the way back.
//!
//! Made once for each share and kept with the tier. A rate that a partner's callers share is cut by the
//! partner's own share alone, or it would change with who calls; a client's share of it is counted on that
//! client's account beside. Must not know who has which share, nor why.

use std::sync::{Arc, OnceLock};

use portcullis_limits::{Meter, RateSpec};
use portcullis_policy::Per;
use portcullis_types::Percent;

use crate::rules::{RatePlace, TierBound};

/// What was made of a tier for each share, by its figure.
#[derive(Default)]
pub(crate) struct Shares(OnceLock<Box<[OnceLock<Box<TierBound>>]>>);

impl Shares {
    fn get(&self, share: Percent, make: impl FnOnce() -> TierBound) -> Option<&TierBound> {
        let made = self.0.get_or_init(|| (0..100).map(|_| OnceLock::new()).collect());
        let slot = made.get(usize::from(share.get()).checked_sub(1)?)?;
        Some(slot.get_or_init(|| Box::new(make())))
    }
}

impl TierBound {
    /// The same with rates cut to these shares; none: it can't be made.
    pub(crate) fn cut(&self, partner: Option<Percent>, client: Option<Percent>) -> Option<&Self> {
        let cut = match partner {
            Some(share) => self.partner_shares.get(share, || self.for_partner(share))?,
            None => self,
        };
        // What is less than its partner's.
        match client.filter(|share| partner.is_none_or(|partner| *share < partner)) {
            Some(share) => cut.client_shares.get(share, || self.for_client(cut, share)),
            None => Some(cut),
        }
    }

    fn for_partner(&self, share: Percent) -> Self {
        Self {
            partner: meter(self.partner.specs(), share),
            client: meter(self.client.specs(), share),
            key: meter(self.key.specs(), share),
            ..self.alike()
        }
    }

    /// `cut`: what its partner has.
    fn for_client(&self, cut: &Self, share: Percent) -> Self {
        let own = self.client.specs().len();
        let shared = self.rates.iter().filter(|place| place.per == Per::Partner);
        let shared: Vec<RatePlace> = shared
            .map(|place| RatePlace { per: Per::Client, at: own + place.at, ..place.clone() })
            .collect();
        Self {
            rates: self.rates.iter().cloned().chain(shared).collect(),
            partner: Arc::clone(&cut.partner),
            client: meter(self.client.specs().chain(self.partner.specs()), share),
            key: meter(self.key.specs(), share),
            ..self.alike()
        }
    }
}

fn meter<'a>(specs: impl Iterator<Item = &'a RateSpec>, share: Percent) -> Arc<Meter> {
    let cut = |spec: &RateSpec| RateSpec {
        max: share.of(spec.max),
        burst: share.of(spec.burst),
        ..spec.clone()
    };
    Arc::new(Meter::new(specs.map(cut).collect()))
}
