//! What a partner under observation gets that it would be refused.
//!
//! Nothing is taken out of it, and the ledger is told of it as of all that leaves. Must not know why it
//! would be refused.

use portcullis_catalogue::Answer;
use portcullis_policy::Ruling;
use portcullis_request::{Canonical, Texts};
use portcullis_types::{ClientIx, Refusal, TierIx};

use super::{Pass, Seat, Stop};
use crate::amend;
use crate::budgets::Settlement;
use crate::duties::{Call, Due, Shape, is_recorded};
use crate::ledger::Ledgered;
use crate::metering::Caller;
use crate::outbound::{Granted, Permit};

impl<'v> Pass<'v, '_> {
    /// A partner under observation gets what it would be refused, and the refusal on record.
    pub(super) fn observed(
        &mut self,
        caller: Caller<'v>,
        canonical: &Canonical<'_>,
        refusal: Refusal,
    ) -> Result<Granted, Stop> {
        let observed = self.view.partner(caller.key).is_some_and(|partner| partner.observed);
        if !observed {
            return Err(refusal.into());
        }
        // What nobody listed may hold links too, and so may edges.
        let operation = canonical.operation.as_ref().ok();
        let links =
            operation.is_none_or(|operation| operation.links || operation.answer != Answer::Opaque);
        self.trace.note().observed = Some(refusal);
        let due = self.looked_at(caller, canonical, links)?;
        self.desk.touched.borrow_mut().forget();
        let catalogue = &self.view.bound.rules.catalogue;
        let amended = operation.map_or_else(Vec::new, |operation| {
            amend::parameters(&Ruling::default(), operation, catalogue, due.fields.as_deref())
        });
        let permit = Permit::new(canonical, self.platform, links, caller.ix, amended);
        Ok(Granted::Call(permit.with(Settlement::default(), due.duties, due.ledger)))
    }

    /// What the ledger is told of such an answer, and what that takes.
    fn looked_at(
        &mut self,
        caller: Caller<'v>,
        canonical: &Canonical<'_>,
        links: bool,
    ) -> Result<Due, Refusal> {
        let (desk, view) = (self.desk, self.view);
        let plain =
            |ledger| Ok(Due { duties: desk.standing.of(links, false)?, fields: None, ledger });
        if view.ledger.is_none() {
            return plain(None);
        }
        let (rules, bounds) = (&view.bound.rules, &desk.judge.bounds);
        let client = caller.key.client;
        let texts = Texts::default();
        let asks = portcullis_request::ask(canonical, &rules.catalogue, bounds, &texts);
        let Some((asks, operation)) = asks.ok().zip(canonical.operation.as_ref().ok()) else {
            return plain(Some(Ledgered::unknown(client)));
        };
        desk.touched.borrow_mut().note(&asks, rules, &self.acting.clients);
        let ledger = self.ledgered(&asks, client)?;
        if !is_recorded(ledger.as_ref()) {
            return plain(ledger);
        }
        // No rule of it counts here; without any there is nothing to work duties out with.
        let tier_ix = view.tier(caller.key).unwrap_or(TierIx(0));
        let (tier, _) = view.bound.tier(tier_ix).ok_or(Refusal::LedgerFull)?;
        let call = Call {
            canonical,
            asks: &asks,
            operation,
            ruling: &Ruling::default(),
            tier,
            catalogue: &rules.catalogue,
            policies: &rules.policies,
            bounds,
            links,
            no_store: false,
            enforced: false,
            recorded: Some(&view.bound),
        };
        let Shape { duties, fields } = self.shape(tier_ix, &call)?;
        Ok(Due { duties, fields, ledger })
    }

    /// For which client a call is.
    pub(crate) fn client_of(&self, seat: &Seat<'v>) -> Option<ClientIx> {
        seat.caller.key.client.or(match self.trace.client {
            portcullis_registry::CallClient::Granted(client) => Some(client),
            portcullis_registry::CallClient::OfKey
            | portcullis_registry::CallClient::Undeclared
            | portcullis_registry::CallClient::Several => None,
        })
    }
}
