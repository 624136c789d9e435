//! Why a call would pass or not: every stage with its values, and nothing debited.
//!
//! Takes the very steps of a verdict. Paced rates are left out, since looking at one is using it. Must
//! not know who asks or how steps are rendered.

use std::sync::Arc;

use portcullis_policy::StepKind;
use portcullis_registry::CallClient;
use portcullis_request::{Arrival, Texts, ask, batch, canonicalise};
use portcullis_types::{Binding, KeyIx, Now, Refusal};

use crate::acting::Acting;
use crate::desk::Desk;
use crate::duties::Due;
use crate::metering::Caller;
use crate::outbound::PlatformCredential;
use crate::pass::{Pass, Stop};
use crate::standing;
use crate::verdict::Trace;
use crate::view::View;

/// Why a call would pass or not.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// Every step, in the order of the decision.
    pub steps: Vec<Step>,
    /// The rule that would let it pass, or the refusal.
    pub verdict: Result<Arc<str>, Refusal>,
}

/// One step.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Step {
    /// `request`, `key`, `standing`, `catalogue`, `policy`, `limits` or `answer`.
    pub stage: &'static str,
    /// What was looked at.
    pub what: String,
    /// What it came to.
    pub outcome: String,
}

struct Steps(Vec<Step>);

impl Steps {
    fn add(&mut self, stage: &'static str, what: impl Into<String>, outcome: impl Into<String>) {
        self.0.push(Step { stage, what: what.into(), outcome: outcome.into() });
    }
}

impl Steps {
    /// What happens to the answer.
    fn answer(&mut self, due: &Due) {
        for rule in due.duties.iter().flat_map(|duties| &duties.rules) {
            self.add("answer", format!("rule `{rule}`"), "looks at each item");
        }
        if let Some(fields) = &due.fields {
            self.add("answer", "asked of the platform for that", format!("fields={fields}"));
        }
    }
}

/// For which client a call of an unbound key is, in words; none where nothing tells.
fn told(client: CallClient, view: &View) -> Option<String> {
    match client {
        CallClient::OfKey => None,
        CallClient::Granted(client) => {
            let client = view.snapshot.client(client)?;
            Some(format!("acts for client `{}` by the grant of its account", client.id))
        }
        CallClient::Undeclared => Some("acts for an account of no declared client".to_owned()),
        CallClient::Several => Some("may act for several clients".to_owned()),
    }
}

impl Desk {
    /// Explains a call of a key. Debits nothing and raises no signal.
    pub fn explain(&mut self, key: KeyIx, arrival: &Arrival<'_>, now: Now) -> Explanation {
        self.renew();
        let mut steps = Steps(Vec::new());
        let verdict = match &self.view {
            None => Err(Refusal::NotReady),
            Some(view) => self.explained(view, key, (arrival, now), &mut steps),
        };
        if let Err(refusal) = &verdict {
            let stage = steps.0.last().map_or("request", |step| step.stage);
            steps.add(stage, format!("refused with `{}`", refusal.row().code), refusal.detail());
        }
        Explanation { steps: steps.0, verdict }
    }

    fn explained(
        &self,
        view: &View,
        key: KeyIx,
        (arrival, now): (&Arrival<'_>, Now),
        steps: &mut Steps,
    ) -> Result<Arc<str>, Refusal> {
        let (judge, bound) = (&self.judge, &view.bound);
        let catalogue = &bound.rules.catalogue;
        let canonical = canonicalise(arrival, catalogue, &judge.bounds)?;
        let names: Vec<&str> = canonical.params().iter().map(|param| &*param.name).collect();
        let params = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        steps.add("request", "read in one way", format!("parameters: {params}"));

        let record = view.snapshot.key(key).ok_or(Refusal::KeyUnknown)?;
        let mut caller = Caller::new(key, record);
        let partner = view.snapshot.partner(record.partner).ok_or(Refusal::KeyUnknown)?;
        steps.add("key", format!("key `{}`", record.id()), format!("partner `{}`", partner.id));
        if let Some(identity) = record.identity() {
            steps.add("key", "proved by", identity.to_string());
        }
        if let Some(Binding { networks, certificates }) = record.binding() {
            let networks = networks.iter().map(ToString::to_string);
            let all: Vec<_> =
                networks.chain(certificates.iter().map(ToString::to_string)).collect();
            steps.add("key", "accepted from", all.join(", "));
        }
        let narrowed = standing::check(&judge.live, &view.snapshot, (key, record), now.wall)?;
        let stands = narrowed.as_deref().map_or_else(
            || "none is on hold or at its end".to_owned(),
            crate::narrowed::Narrowed::words,
        );
        steps.add("standing", "partner, client and key", stands);
        let unknown = || {
            let ground = view.ground(record, &[]);
            narrowed.as_deref().and_then(|narrowed| narrowed.closes_unknown(ground))
        };
        let operation = canonical.operation.as_ref().map_err(Clone::clone);
        let operation = *operation.map_err(|refusal| unknown().unwrap_or(refusal))?;
        steps.add("catalogue", format!("operation `{}`", operation.name), &*operation.template);
        let mut trace = Trace::default();
        let platform = PlatformCredential::Header;
        let rule = &self.stages.policy;
        let known = None;
        let trace = &mut trace;
        let mut pass = Pass {
            desk: self,
            view,
            trace,
            rule,
            known,
            origin: None,
            now,
            platform: &platform,
            acting: Acting::default(),
            narrowed,
            see: None,
        };
        let seat = pass.seat(caller)?;
        if operation.batch {
            if !seat.tier.batch {
                return Err(Refusal::BatchNotAgreed);
            }
            let entries = batch(&canonical, catalogue, &judge.bounds)?;
            let outcome = format!("{} entries, each judged alone", entries.len());
            steps.add("policy", format!("tier `{}` covers batches", seat.tier.name), outcome);
            return Ok(Arc::clone(&seat.bound.name));
        }
        let texts = Texts::default();
        let asks = ask(&canonical, catalogue, &judge.bounds, &texts)?;
        pass.act(&mut caller, &asks)?;
        if let Some(client) = told(pass.acting.told, view) {
            steps.add("key", "bound to no client", client);
        }
        let narrowed = pass.narrowed.as_deref();
        let ground = view.ground(record, &pass.acting.clients);
        if let Some(held) = narrowed.and_then(|narrowed| narrowed.closes(&asks, ground)) {
            steps.add("standing", "what the call asks", "something of it is closed");
            return Err(held);
        }
        steps.add("policy", format!("tier `{}`", seat.tier.name), &*seat.tier.about);
        pass.for_declared(&seat)?;
        let granted = view.granted(record, &pass.acting.clients);
        let known = pass.partner(&seat);
        let who = portcullis_policy::Caller { granted: &granted, known: &known, now: now.wall };
        for step in seat.tier.explain(&asks, &who, catalogue) {
            // The refusal itself is told at the end.
            if step.kind != StepKind::Refused {
                let rule = step.rule.as_ref();
                let rule = rule.map_or_else(|| "call".to_owned(), |rule| format!("rule `{rule}`"));
                steps.add("policy", rule, step.text);
            }
        }
        let mut ruling = portcullis_policy::Ruling::default();
        seat.tier.judge(&asks, &who, catalogue, &mut ruling)?;
        match pass.reserve(&seat, &asks, &ruling) {
            Ok(settlement) => settlement.release(),
            Err(Stop::No(refusal)) => {
                steps.add("limits", "budgets and rolling rates", "one is used up");
                return Err(refusal);
            }
            Err(Stop::Again) => return Err(Refusal::NotReady),
        }
        steps.add("limits", "budgets and rolling rates", "all leave room for this call");
        match pass.duties(&seat, &canonical, &asks, &ruling) {
            Ok(due) => steps.answer(&due),
            Err(refusal) => {
                let rule = pass.trace.rule.as_deref().unwrap_or("filters");
                steps.add("answer", format!("rule `{rule}`"), "can't be carried out");
                return Err(refusal);
            }
        }
        pass.name_rule(&seat, &ruling);
        Ok(Arc::clone(pass.rule))
    }
}
