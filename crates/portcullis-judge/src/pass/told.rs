//! What the trace of a call says of how far it got, and where its signals are measured.
//!
//! Must not know what decides.

use std::sync::Arc;

use portcullis_policy::{Passed, Ruling};
use portcullis_request::{Arrival, Canonical};
use portcullis_types::Refusal;

use super::{Pass, Seat, Stop};
use crate::metering::{Caller, NotTaken, Reached};
use crate::watching::Post;

impl<'v> Pass<'v, '_> {
    /// Where signals of a caller are measured; none where its tier watches nothing.
    pub(crate) fn post(&self, caller: Caller<'v>) -> Option<Post<'v>> {
        let (tier, bound) = self.view.bound.tier(self.view.tier(caller.key)?)?;
        let watches = !bound.watches.is_empty();
        watches.then(|| Post {
            live: &self.desk.judge.live,
            tier,
            specs: &bound.watches,
            partner: caller.key.partner,
            key: caller.ix,
            now: self.now.wall,
        })
    }

    /// Names the rule that granted what the call asks first.
    pub(crate) fn name_rule(&mut self, seat: &Seat<'v>, ruling: &Ruling) {
        let passed = ruling.passed.first().and_then(|passed| match passed {
            Passed::Rule(ix) => Some(*ix),
            Passed::Scopes | Passed::Nothing => None,
        });
        self.trace.passed = Some((seat.ix, passed));
        let rule = passed.and_then(|ix| seat.tier.allows().get(ix.at()).map(|allow| &allow.name));
        self.rule = rule.unwrap_or(&seat.bound.name);
    }

    /// Keeps what a known caller asks, where the desk does. An entry of a batch is kept with it.
    pub(super) fn remember(&self, arrival: &Arrival<'_>, canonical: &Canonical<'_>) {
        if let Some(asked) = &self.desk.asked
            && self.trace.key.is_some()
            && self.known.is_none()
        {
            asked.borrow_mut().keep(arrival, canonical);
        }
    }

    /// Notes which class and rules refused.
    pub(super) fn refused(&mut self, refusal: &Refusal, ruling: &Ruling) {
        if let Some(first) = ruling.denied_by.first() {
            self.trace.rule = Some(Arc::clone(first));
            self.trace.note().rules.clone_from(&ruling.denied_by);
        }
        if let Refusal::ClassNotGranted { class, .. }
        | Refusal::TargetNotAgreed { class, .. }
        | Refusal::FieldNotAgreed { class, .. }
        | Refusal::TermsNotMet { class, .. } = refusal
        {
            self.trace.class_ix = self.view.bound.rules.catalogue.class(class);
            self.trace.class = Some(Arc::clone(class));
        }
    }

    pub(super) fn not_taken(&mut self, denied: NotTaken) -> Stop {
        match denied {
            NotTaken::Again => Stop::Again,
            NotTaken::Fault => Stop::No(Refusal::Internal),
            NotTaken::Reached(reached) => {
                let Reached { refusal, rule, reading } = *reached;
                self.trace.reading = reading;
                self.trace.rule = Some(rule);
                Stop::No(refusal)
            }
        }
    }
}
