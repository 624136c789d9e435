//! One thread's place to judge from: canonicalise, identify, unfold, decide, meter, in that order.
//!
//! Takes no lock: the view is cached and renewed by one look at a number. Must not know who calls
//! it or how the answer is sent.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use portcullis_request::{Arrival, BodyWanted, canonicalise, unfold, wants_body};
use portcullis_types::{KeyIx, Now, Refusal};

use crate::judge::Judge;
use crate::metering::{self, Caller, NotTaken, Reached};
use crate::outbound::{Permit, PlatformCredential};
use crate::standing;
use crate::verdict::{Trace, Verdict};
use crate::view::View;

/// How often a call is judged again because the rules changed under it. They would have to change
/// that often within microseconds.
const ATTEMPTS_MAX: usize = 8;

/// One thread's place to judge from.
pub struct Desk {
    judge: Arc<Judge>,
    view: Option<Arc<View>>,
    epoch: u64,
    stages: Stages,
    /// Whether a permit's trace bears names too; a refusal's always does.
    names_permits: bool,
}

/// Names of what decides before any tier does. Each desk has its own, so that threads don't share
/// their counts.
struct Stages {
    gate: Arc<str>,
    request: Arc<str>,
    key: Arc<str>,
    standing: Arc<str>,
    catalogue: Arc<str>,
    policy: Arc<str>,
}

/// Why a call got no permit.
enum Stop {
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

impl Desk {
    pub(crate) fn new(judge: Arc<Judge>) -> Self {
        let stages = Stages {
            gate: Arc::from("gate"),
            request: Arc::from("request"),
            key: Arc::from("key"),
            standing: Arc::from("standing"),
            catalogue: Arc::from("catalogue"),
            policy: Arc::from("policy"),
        };
        Self { judge, view: None, epoch: 0, stages, names_permits: true }
    }

    /// A desk whose permits are recorded by nobody: their traces bear no names but the operation's.
    #[must_use]
    pub fn without_names(mut self) -> Self {
        self.names_permits = false;
        self
    }

    /// Whether the whole body is needed before the call can be judged.
    pub fn wants_body(
        &mut self,
        method: &str,
        path: &str,
        query: Option<&str>,
        content_type: Option<&[u8]>,
    ) -> BodyWanted {
        self.renew();
        let Some(view) = &self.view else { return BodyWanted::None };
        let catalogue = &view.bound.rules.catalogue;
        wants_body(method, path, query, content_type, catalogue, &self.judge.bounds)
    }

    /// Judges a call.
    pub fn judge(
        &mut self,
        arrival: &Arrival<'_>,
        now: Now,
        platform: &PlatformCredential,
    ) -> Verdict {
        for _ in 0..ATTEMPTS_MAX {
            self.renew();
            let Some(view) = &self.view else { break };
            let mut trace = Trace {
                policy_revision: Some(view.bound.rules.revision),
                state_revision: view.snapshot.revision(),
                ..Trace::default()
            };
            let mut rule = &self.stages.request;
            let outcome = match self.pass(view, (&mut trace, &mut rule), arrival, now, platform) {
                Ok(permit) => Ok(permit),
                Err(Stop::No(refusal)) => Err(refusal),
                Err(Stop::Again) => continue,
            };
            if self.names_permits || outcome.is_err() {
                name(&mut trace, view, rule);
            }
            return Verdict { trace, outcome };
        }
        let trace = Trace { rule: Some(Arc::clone(&self.stages.gate)), ..Trace::default() };
        Verdict { trace, outcome: Err(Refusal::NotReady) }
    }

    /// Whether a presented key is one that may be judged, before anything else of the call is known.
    ///
    /// # Errors
    /// Unknown, revoked, expired or on hold.
    pub fn known(&mut self, presented: &[u8], now: Now) -> Result<(), Refusal> {
        let found = self.judge.known(presented).ok_or(Refusal::KeyUnknown)?;
        self.standing(found, now)
    }

    /// Whether an answer under way may still go to a key.
    ///
    /// # Errors
    /// What the caller would be told if it called now: revoked, expired, on hold.
    pub fn standing(&mut self, key: KeyIx, now: Now) -> Result<(), Refusal> {
        self.renew();
        let view = self.view.as_ref().ok_or(Refusal::NotReady)?;
        let record = view.snapshot.key(key).ok_or(Refusal::KeyUnknown)?;
        standing::check(&self.judge.live, &view.snapshot, (key, record), now.wall)
    }

    /// Whether an answer may go on streaming to a key.
    pub fn still_allowed(&mut self, key: KeyIx, now: Now) -> bool {
        self.standing(key, now).is_ok()
    }

    fn renew(&mut self) {
        let epoch = self.judge.epoch.load(Ordering::Acquire);
        if epoch != self.epoch {
            self.view = self.judge.view();
            self.epoch = epoch;
        }
    }

    /// Everything about one call by one view. `trace` and `rule` say how far it got.
    fn pass<'v>(
        &'v self,
        view: &'v View,
        (trace, rule): (&mut Trace, &mut &'v Arc<str>),
        arrival: &Arrival<'_>,
        now: Now,
        platform: &PlatformCredential,
    ) -> Result<Permit, Stop> {
        let catalogue = &view.bound.rules.catalogue;
        let canonical = canonicalise(arrival, catalogue, &self.judge.bounds)?;
        *rule = &self.stages.key;
        let caller = self.identify(view, trace, canonical.credential())?;
        *rule = &self.stages.standing;
        standing::check(&self.judge.live, &view.snapshot, (caller.ix, caller.key), now.wall)?;
        // Only who has a key in good standing learns what is listed.
        *rule = &self.stages.catalogue;
        let operation = canonical.operation.clone()?;
        trace.operation = Some(operation.ix);
        trace.operation_name = Some(operation.name.shared());
        let asks = unfold(&canonical, catalogue, &self.judge.bounds)?;
        if let Some(first) = asks.parts.first() {
            trace.class_ix = Some(first.class);
        }
        self.decide(view, (trace, rule), caller, &asks, now)?;
        Ok(Permit::new(&canonical, platform, operation.links, caller.ix))
    }

    /// Finds the key by what was presented, all of it. An unknown one leaves no trace.
    fn identify<'v>(
        &self,
        view: &'v View,
        trace: &mut Trace,
        presented: Option<&[u8]>,
    ) -> Result<Caller<'v>, Refusal> {
        let presented = presented.ok_or(Refusal::KeyMissing)?;
        let ix = self.judge.known(presented);
        let known = ix.and_then(|ix| Some((ix, view.snapshot.key(ix)?)));
        let (ix, key) = known.ok_or(Refusal::KeyUnknown)?;
        trace.key = Some(ix);
        trace.partner_ix = Some(key.partner);
        trace.client_ix = key.client;
        Ok(Caller { ix, key })
    }

    fn decide<'v>(
        &'v self,
        view: &'v View,
        (trace, rule): (&mut Trace, &mut &'v Arc<str>),
        caller: Caller<'_>,
        asks: &portcullis_types::Asks,
        now: Now,
    ) -> Result<(), Stop> {
        *rule = &self.stages.policy;
        let found = view.tier(caller.key).and_then(|ix| view.bound.tier(ix));
        let Some((tier, bound)) = found else { return Err(Refusal::TierUnknown.into()) };
        *rule = &bound.scopes_rule;
        let catalogue = &view.bound.rules.catalogue;
        if let Err(refusal) = tier.decide(&view.granted(caller.key), asks, catalogue) {
            if let Refusal::ClassNotGranted { class, .. } = &refusal {
                trace.class_ix = catalogue.class(class);
                trace.class = Some(Arc::clone(class));
            }
            return Err(refusal.into());
        }
        let taken =
            metering::meter(&self.judge.live, (tier, bound), caller, asks, view.epoch, now.mono);
        match taken {
            Ok(reading) => {
                trace.reading = reading;
                *rule = &bound.name;
                Ok(())
            }
            Err(NotTaken::Again) => Err(Stop::Again),
            Err(NotTaken::Reached(reached)) => {
                let Reached { hit, rule: reached, reading } = *reached;
                trace.reading = Some(reading);
                trace.rule = Some(reached);
                Err(Refusal::RateReached(hit).into())
            }
        }
    }
}

/// Fills in the names of what the trace points to. They lie on lines of memory that a permit need not
/// touch, so a permit that nobody records goes without.
fn name(trace: &mut Trace, view: &View, rule: &Arc<str>) {
    trace.rule.get_or_insert_with(|| Arc::clone(rule));
    let key = trace.key.and_then(|key| view.snapshot.key(key));
    trace.key_id = key.map(|key| key.id.clone());
    let partner = trace.partner_ix.and_then(|partner| view.snapshot.partner(partner));
    trace.partner = partner.map(|partner| partner.id.shared());
    if trace.class.is_none() {
        trace.class = trace.class_ix.and_then(|class| view.bound.class_name(class));
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}
