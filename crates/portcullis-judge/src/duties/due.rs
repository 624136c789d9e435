//! The step of a verdict after the decision: what must happen to the answer.
//!
//! Most calls fall under no filter, and pay a look at a word. Must not know how duties are worked out.

use std::sync::Arc;

use portcullis_catalogue::Operation;
use portcullis_policy::Ruling;
use portcullis_request::Canonical;
use portcullis_types::Refusal;
use portcullis_types::asked::{Asks, Via};

use super::Duties;
use super::lower::{Bits, Call, Shape, Withheld};
use crate::amend;
use crate::pass::{Pass, Seat};

/// What must happen to an answer.
pub(crate) struct Due {
    pub(crate) duties: Option<Arc<Duties>>,
    /// The fields to ask for instead of those the call names.
    pub(crate) fields: Option<Arc<str>>,
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
        // An edge may hold links of its own, whatever the operation.
        let links = operation.links || asks.asks.iter().any(|ask| ask.via != Via::Operation);
        let vanishes = |kind| bound.vanishes(kind);
        let no_store = asks.asks.iter().any(|ask| ask.gives.is_some_and(vanishes));
        let plain = || Ok(Due { duties: desk.standing.of(links, no_store)?, fields: None });
        if ruling.filters == 0 && !ruling.debits.iter().any(|debit| debit.found) {
            return plain();
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
        };
        let filters = call.filters();
        if filters.iter().all(|bits| *bits == Bits::default()) {
            return plain();
        }
        match desk.shapes.borrow_mut().shape(bound, seat.ix, &call, filters) {
            Ok(Shape { duties: None, .. }) => plain(),
            Ok(Shape { duties, fields }) => Ok(Due { duties, fields }),
            Err(Withheld { refusal, rule }) => {
                self.trace.rule = rule;
                Err(refusal)
            }
        }
    }
}
