//! One call on its way through the judge, by one view of state and rules.
//!
//! Must not know who calls the judge or how a verdict is told.

use std::sync::Arc;

use portcullis_catalogue::Operation;
use portcullis_policy::{RuleIx, Ruling, Standing as Stands, Tier};
use portcullis_request::{Arrival, Canonical, Texts, canonicalise};
use portcullis_types::asked::Asks;
use portcullis_types::{Now, Refusal, TierIx};

use crate::acting::Acting;
use crate::amend;
use crate::budgets::{self, Settlement, Standpoint};
use crate::desk::Desk;
use crate::entries::KnownKey;
use crate::known::Partner;
use crate::metering::{self, Caller};
use crate::narrowed::Narrowed;
use crate::origin::Origin;
use crate::outbound::{Granted, Permit, PlatformCredential};
use crate::rules::TierBound;
use crate::verdict::{RateReading, Trace};
use crate::view::{PartnerView, View};

mod caller;
mod observed;
mod told;

/// Why a call got no permit.
pub(crate) enum Stop {
    /// Because of this.
    No(Refusal),
    /// The rules changed in between.
    Again,
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::No(refusal)
    }
}

/// Everything about one call by one view. `trace` and `rule` say how far it got.
pub(crate) struct Pass<'v, 't> {
    pub(crate) desk: &'v Desk,
    pub(crate) view: &'v View,
    pub(crate) trace: &'t mut Trace,
    pub(crate) rule: &'v Arc<str>,
    /// Whose call it is, where that is told before.
    pub(crate) known: Option<KnownKey>,
    /// Where it came from, where that is known.
    pub(crate) origin: Option<Origin<'t>>,
    pub(crate) now: Now,
    pub(crate) platform: &'t PlatformCredential,
    /// For which clients its call is, where the key does not tell.
    pub(crate) acting: Acting,
    /// What the caller's standing takes, where it takes anything.
    pub(crate) narrowed: Option<Box<Narrowed>>,
    /// Is shown what the call asks for.
    pub(crate) see: Option<&'t mut dyn FnMut(&Asks<'_>)>,
}

/// A caller with the tier it is on.
pub(crate) struct Seat<'v> {
    pub(crate) ix: TierIx,
    caller: Caller<'v>,
    partner: &'v PartnerView,
    pub(crate) tier: &'v Tier,
    pub(crate) bound: &'v TierBound,
}

impl<'v> Pass<'v, '_> {
    pub(crate) fn call(&mut self, arrival: &Arrival<'_>) -> Result<Granted, Stop> {
        let (desk, view) = (self.desk, self.view);
        let catalogue = &view.bound.rules.catalogue;
        if let Some(known) = self.known {
            self.note(known.key);
        }
        let canonical = canonicalise(arrival, catalogue, &desk.judge.bounds)?;
        let caller = self.caller(canonical.credential());
        self.remember(arrival, &canonical);
        let caller = caller?;
        match self.policies(caller, &canonical) {
            // A hold is enforced on everybody, and no watch looks at what it refuses; nor does anything
            // leave that could not be written down.
            Err(Stop::No(refusal))
                if !matches!(refusal, Refusal::Held(_) | Refusal::LedgerFull) =>
            {
                if let Some(post) = self.post(caller) {
                    post.refused(&refusal, self.trace);
                }
                self.observed(caller, &canonical, refusal)
            }
            outcome => outcome,
        }
    }

    /// A call that can't be read as one, of a caller that is known.
    pub(crate) fn refuse(&mut self, refusal: &Refusal) -> Result<Granted, Stop> {
        let caller = self.caller(None)?;
        self.rule = &self.desk.stages.request;
        if let Some(held) = self.held(caller, Narrowed::closes_unknown) {
            return Err(held.into());
        }
        if let Some(post) = self.post(caller) {
            post.refused(refusal, self.trace);
        }
        Err(refusal.clone().into())
    }

    /// Everything that a partner under observation is not refused for.
    fn policies(&mut self, caller: Caller<'v>, canonical: &Canonical<'_>) -> Result<Granted, Stop> {
        let (desk, view) = (self.desk, self.view);
        let catalogue = &view.bound.rules.catalogue;
        // Only who has a key in good standing learns what is listed.
        self.rule = &desk.stages.catalogue;
        let operation: &Operation = match canonical.operation.clone() {
            Ok(operation) => operation,
            Err(refusal) => {
                let held = self.held(caller, Narrowed::closes_unknown);
                return Err(held.unwrap_or(refusal).into());
            }
        };
        self.trace.operation = Some(operation.ix);
        self.trace.operation_name = Some(operation.name.shared());
        if operation.batch {
            let entries = self.entries(caller, canonical);
            return entries.map_err(|stop| self.or_held(caller, operation, stop));
        }
        let texts = Texts::default();
        let asks = self.ask(canonical, catalogue, &texts);
        let asks = asks.map_err(|refusal| self.or_held(caller, operation, refusal.into()))?;
        let mut caller = caller;
        self.act(&mut caller, &asks)?;
        if let Some(held) = self.held(caller, |narrowed, ground| narrowed.closes(&asks, ground)) {
            return Err(held.into());
        }
        let clients = &self.acting.clients;
        desk.touched.borrow_mut().note(&asks, &view.bound.rules, clients);
        if let Some(see) = &mut self.see {
            see(&asks);
        }
        if let Some(first) = asks.asks.first() {
            self.trace.class_ix = Some(first.class);
        }
        let seat = self.seat(caller)?;
        self.for_declared(&seat)?;
        let mut ruling = desk.ruling.borrow_mut();
        ruling.clear();
        let settlement = self.decide(&seat, &asks, &mut ruling)?;
        let duties = match self.duties(&seat, canonical, &asks, &ruling) {
            Ok(duties) => duties,
            Err(refusal) => {
                settlement.release();
                return Err(refusal.into());
            }
        };
        let fields = duties.fields.as_deref();
        let amended = amend::parameters(&ruling, operation, catalogue, fields);
        let permit = Permit::new(canonical, self.platform, operation.links, caller.ix, amended);
        Ok(Granted::Call(permit.with(settlement, duties.duties, duties.ledger)))
    }

    pub(crate) fn seat(&mut self, caller: Caller<'v>) -> Result<Seat<'v>, Refusal> {
        self.rule = &self.desk.stages.policy;
        let partner = self.view.partner(caller.key);
        let found = partner.zip(self.view.tier(caller.key));
        let found = found.and_then(|(partner, ix)| Some((partner, ix, self.view.bound.tier(ix)?)));
        let Some((partner, ix, (tier, bound))) = found else { return Err(Refusal::TierUnknown) };
        self.rule = &bound.scopes_rule;
        let bound = match &self.narrowed {
            None => bound,
            Some(narrowed) => narrowed.cut(bound).ok_or(Refusal::Internal)?,
        };
        Ok(Seat { ix, caller, partner, tier, bound })
    }

    /// Whether a call is for a declared client, where the tier asks for one.
    pub(crate) fn for_declared(&mut self, seat: &Seat<'v>) -> Result<(), Refusal> {
        if !seat.tier.clients_required {
            return Ok(());
        }
        let refusal = self.acting.refusal(seat.caller.key, seat.partner.has_clients);
        let Some(refusal) = refusal else { return Ok(()) };
        self.rule = &seat.bound.clients_rule;
        Err(refusal)
    }

    fn decide(
        &mut self,
        seat: &Seat<'v>,
        asks: &Asks<'_>,
        ruling: &mut Ruling,
    ) -> Result<Settlement, Stop> {
        let (view, judge) = (self.view, &self.desk.judge);
        let Seat { caller, tier, bound, .. } = *seat;
        let catalogue = &view.bound.rules.catalogue;
        let known = self.partner(seat);
        let granted = view.granted(caller.key, &self.acting.clients);
        let who =
            portcullis_policy::Caller { granted: &granted, known: &known, now: self.now.wall };
        let judged = tier.judge(asks, &who, catalogue, ruling);
        for rule in &ruling.shadowed {
            let name = match rule {
                RuleIx::Allow(ix) => tier.allows().get(ix.at()).map(|allow| &allow.name),
                RuleIx::Deny(ix) => tier.denies().get(ix.at()).map(|deny| &deny.name),
            };
            self.trace.note().shadowed.extend(name.map(Arc::clone));
        }
        if let Err(refusal) = judged {
            self.refused(&refusal, ruling);
            return Err(refusal.into());
        }
        let cost = tier.cost(asks);
        let settlement = self.reserve(seat, asks, ruling)?;
        let counted = (tier, bound);
        match metering::meter(&judge.live, counted, caller, asks, cost, (view.epoch, self.now.mono))
        {
            Ok(reading) => {
                let limits = self.trace.reading.take();
                self.trace.reading = RateReading::tighter(limits, reading);
            }
            Err(denied) => {
                settlement.release();
                return Err(self.not_taken(denied));
            }
        }
        if let Some(post) = self.post(caller) {
            post.granted(asks, &known, &judge.hasher, self.trace);
        }
        self.name_rule(seat, ruling);
        Ok(settlement)
    }

    /// What is known of a caller's partner at this moment.
    pub(crate) fn partner(&self, seat: &Seat<'v>) -> Partner<'v> {
        Partner {
            facts: &seat.partner.facts,
            names: &self.view.names,
            catalogue: &self.view.bound.rules.catalogue,
            grants: &self.desk.judge.grants,
            partner: seat.caller.key.partner,
            client: seat.caller.key.client,
            now: self.now.wall,
            stands: self.narrowed.as_ref().map_or(Stands::Good, |narrowed| narrowed.standing()),
            view: self.view,
            key: seat.caller.key,
            acting: self.acting.clients.clone(),
        }
    }

    /// Debits the call from every limit and rolling rate it falls under, or from none.
    pub(crate) fn reserve(
        &mut self,
        seat: &Seat<'v>,
        asks: &Asks<'_>,
        ruling: &Ruling,
    ) -> Result<Settlement, Stop> {
        let known = self.partner(seat);
        let at = Standpoint {
            live: &self.desk.judge.live,
            hasher: &self.desk.judge.hasher,
            tier: seat.tier,
            bound: seat.bound,
            caller: seat.caller,
            known: &known,
            group: seat.partner.group,
            epoch: self.view.epoch,
            now: self.desk.judge.live.counted_at(self.now),
            reads: self.desk.reads_limits,
            factor: self.narrowed.as_ref().and_then(|narrowed| narrowed.factor()),
        };
        let cost = seat.tier.cost(asks);
        budgets::reserve(&at, asks, ruling, cost, self.trace)
            .map_err(|denied| self.not_taken(denied))
    }
}
