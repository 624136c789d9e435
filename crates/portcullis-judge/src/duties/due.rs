//! The step of a verdict after the decision: what must happen to the answer, and what the ledger is told.
//!
//! Most calls fall under no filter, and pay a look at a word. Must not know how duties are worked out.

use std::sync::Arc;

use portcullis_catalogue::Operation;
use portcullis_policy::Ruling;
use portcullis_request::Canonical;
use portcullis_types::asked::{Asks, Via};
use portcullis_types::{ClientIx, LedgerLevel, Refusal, TierIx};

use super::Duties;
use super::lower::{Bits, Call, Shape, Withheld};
use crate::amend;
use crate::ledger::Ledgered;
use crate::pass::{Pass, Seat};

/// What must happen to an answer.
pub(crate) struct Due {
    pub(crate) duties: Option<Arc<Duties>>,
    /// The fields to ask for instead of those the call names.
    pub(crate) fields: Option<Arc<str>>,
    /// What the ledger is told of it.
    pub(crate) ledger: Option<Ledgered>,
}

impl<'v> Pass<'v, '_> {
    /// What must happen to the answer, and what is asked of the platform for its sake.
    pub(crate) fn duties(
        &mut self,
        seat: &Seat<'v>,
        canonical: &Canonical<'_>,
        asks: &Asks<'_>,
        ruling: &Ruling,
    ) -> Result<Due, Refusal> {
        let (desk, bound) = (self.desk, &self.view.bound);
        let operation: &Operation = canonical.operation.clone()?;
        if !amend::possible(ruling, operation) {
            return Err(Refusal::Internal);
        }
        let ledger = self.ledgered(asks, self.client_of(seat))?;
        let is_recorded = is_recorded(ledger.as_ref());
        // An edge may hold links of its own, whatever the operation.
        let links = operation.links || asks.asks.iter().any(|ask| ask.via != Via::Operation);
        let vanishes = |kind| bound.vanishes(kind);
        let no_store = asks.asks.iter().any(|ask| ask.gives.is_some_and(vanishes));
        let found = ruling.debits.iter().any(|debit| debit.found);
        if ruling.filters == 0 && !found && !is_recorded {
            let duties = desk.standing.of(links, no_store)?;
            return Ok(Due { duties, fields: None, ledger });
        }
        let rules = &bound.rules;
        let call = Call {
            canonical,
            asks,
            operation,
            ruling,
            tier: seat.tier,
            catalogue: &rules.catalogue,
            policies: &rules.policies,
            bounds: &desk.judge.bounds,
            links,
            no_store,
            enforced: true,
            recorded: is_recorded.then_some(&**bound),
        };
        let Shape { duties, fields } = self.shape(seat.ix, &call)?;
        Ok(Due { duties, fields, ledger })
    }

    /// The duties of a call that more than a look at a word is needed for.
    pub(crate) fn shape(
        &mut self,
        tier: TierIx,
        call: &Call<'_, '_, '_>,
    ) -> Result<Shape, Refusal> {
        let (desk, bound) = (self.desk, &self.view.bound);
        let plain = || desk.standing.of(call.links, call.no_store);
        let filters = call.filters();
        if filters.iter().all(|bits| *bits == Bits::default()) {
            return Ok(Shape { duties: plain()?, fields: None });
        }
        match desk.shapes.borrow_mut().shape(bound, tier, call, filters) {
            Ok(Shape { duties: None, .. }) => Ok(Shape { duties: plain()?, fields: None }),
            Ok(shape) => Ok(shape),
            Err(Withheld { refusal, rule }) => {
                self.trace.rule = rule;
                Err(refusal)
            }
        }
    }

    /// What the ledger is told of a call that was noted last; none: there is no ledger, or nothing of it
    /// is written down.
    pub(crate) fn ledgered(
        &mut self,
        asks: &Asks<'_>,
        client: Option<ClientIx>,
    ) -> Result<Option<Ledgered>, Refusal> {
        let (desk, view) = (self.desk, self.view);
        let Some(keys) = &view.ledger else { return Ok(None) };
        let touched = desk.touched.borrow();
        let told =
            Ledgered::new(keys, (asks, &view.bound), touched.noted(), (client, self.now.wall));
        told.inspect_err(|_| self.rule = &desk.stages.gate)
    }
}

/// Whether what leaves is digested.
pub(crate) fn is_recorded(ledger: Option<&Ledgered>) -> bool {
    ledger.is_some_and(|ledger| ledger.level == LedgerLevel::Digests)
}
