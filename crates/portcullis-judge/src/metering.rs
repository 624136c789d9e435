//! Debiting a call from every rate of its tier that applies to it.
//!
//! Must not know how a rate counts or what a request is.

use std::sync::Arc;

use arc_swap::Guard;
use portcullis_limits::{Claim, Denied, Reading, take};
use portcullis_policy::{Per, Sharer, Tier};
use portcullis_registry::{KeyRecord, SubjectIx};
use portcullis_types::asked::Asks;
use portcullis_types::{ClientIx, KeyIx, Mono, Refusal};
use smallvec::SmallVec;

use crate::live::{Attached, Counted, Live};
use crate::rules::{RatePlace, TierBound};
use crate::verdict::RateReading;

/// Why a call was not debited.
pub(crate) enum NotTaken {
    /// A rate was reached. Boxed, since it is far larger than what a permit carries.
    Reached(Box<Reached>),
    /// It can't be counted.
    Fault,
    /// The rules changed in between; judge again by the newer ones.
    Again,
}

/// A rate or limit that was reached.
pub(crate) struct Reached {
    pub(crate) refusal: Refusal,
    pub(crate) rule: Arc<str>,
    pub(crate) reading: Option<RateReading>,
}

/// Who asks.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) ix: KeyIx,
    pub(crate) key: &'a KeyRecord,
    /// The client whose calls it makes: the key's own, or the one that grants tell.
    pub(crate) client: Option<ClientIx>,
}

/// The rates in use of the three kinds of subject, as far as the call needs them.
#[derive(Default)]
struct InUse {
    partner: Option<Guard<Option<Arc<Attached>>>>,
    client: Option<Guard<Option<Arc<Attached>>>>,
    key: Option<Guard<Option<Arc<Attached>>>>,
}

/// Debits the call from every rate that applies, or from none.
pub(crate) fn meter(
    live: &Live,
    (tier, bound): (&Tier, &TierBound),
    caller: Caller<'_>,
    asks: &Asks<'_>,
    cost: u32,
    (epoch, now): (u64, Mono),
) -> Result<Option<RateReading>, NotTaken> {
    let mut places: SmallVec<[&RatePlace; 8]> = SmallVec::new();
    for place in &bound.rates {
        let rate = tier.rates.get(place.rate).ok_or(NotTaken::Again)?;
        if rate.concerns(asks) {
            places.push(place);
        }
    }
    if places.is_empty() {
        return Ok(None);
    }
    let mut in_use = InUse::default();
    for place in &places {
        let slot = in_use.of(place.per);
        if slot.is_none() {
            let meter = bound.meter(place.per);
            let found = live.rates(caller.counted(place.per), meter, epoch, now);
            *slot = Some(found.map_err(|_| NotTaken::Again)?);
        }
    }
    let mut claims: SmallVec<[Claim<'_>; 8]> = SmallVec::new();
    for place in &places {
        let attached = in_use.get(place.per).ok_or(NotTaken::Again)?;
        claims.push(Claim { limiters: &attached.limiters, rate: place.at });
    }
    match take(&claims, cost, now) {
        Ok(reading) => Ok(reading.and_then(|r| Some(left(places.get(r.claim)?.per, r)))),
        Err(Denied::Moved) => Err(NotTaken::Again),
        Err(Denied::Reached { claim, hit }) => {
            let place = places.get(claim).ok_or(NotTaken::Again)?;
            let spec = bound.meter(place.per).specs().nth(place.at).ok_or(NotTaken::Again)?;
            let reading = RateReading {
                rate: hit.rate.clone(),
                per: place.per,
                max: hit.max,
                window: hit.window,
                burst: spec.burst,
                remaining: 0,
                reset_seconds: hit.retry_after_seconds.map(std::num::NonZeroU64::get),
            };
            let rule = Arc::clone(&place.rule);
            let refusal = Refusal::RateReached(hit);
            Err(NotTaken::Reached(Box::new(Reached { refusal, rule, reading: Some(reading) })))
        }
    }
}

fn left(per: Per, reading: Reading) -> RateReading {
    RateReading {
        rate: reading.rate,
        per,
        max: reading.max,
        window: reading.window,
        burst: reading.burst,
        remaining: reading.remaining,
        reset_seconds: Some(reading.reset_seconds),
    }
}

impl<'a> Caller<'a> {
    /// As its key tells.
    pub(crate) fn new(ix: KeyIx, key: &'a KeyRecord) -> Self {
        Self { ix, key, client: key.client }
    }

    /// Whose account a limit is on; `group` is that of its partner. Unbound keys share one, since what
    /// an answer holds is counted by the key alone.
    pub(crate) fn shares(&self, per: Sharer, group: Option<u32>) -> Counted {
        match (per, group) {
            (Sharer::Partner, _) => self.counted(Per::Partner),
            (Sharer::Client, _) => Self::new(self.ix, self.key).counted(Per::Client),
            (Sharer::Key, _) => self.counted(Per::Key),
            (Sharer::Group, Some(group)) => Counted::Group(group),
            (Sharer::Group, None) => Counted::Alone(self.key.partner),
        }
    }

    /// Whose account a rate is on.
    pub(crate) fn counted(&self, per: Per) -> Counted {
        match per {
            Per::Partner => Counted::Subject(SubjectIx::Partner(self.key.partner)),
            Per::Client => self.client.map_or(Counted::Unbound(self.key.partner), |client| {
                Counted::Subject(SubjectIx::Client(client))
            }),
            Per::Key => Counted::Subject(SubjectIx::Key(self.ix)),
        }
    }
}

impl InUse {
    fn of(&mut self, per: Per) -> &mut Option<Guard<Option<Arc<Attached>>>> {
        match per {
            Per::Partner => &mut self.partner,
            Per::Client => &mut self.client,
            Per::Key => &mut self.key,
        }
    }

    fn get(&self, per: Per) -> Option<&Attached> {
        let slot = match per {
            Per::Partner => &self.partner,
            Per::Client => &self.client,
            Per::Key => &self.key,
        };
        slot.as_ref()?.as_deref()
    }
}
