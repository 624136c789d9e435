//! Who calls, and what its standing says to the call.
//!
//! Must not know policies.

use portcullis_catalogue::Operation;
use portcullis_registry::KeyRecord;
use portcullis_types::asked::Asks;
use portcullis_types::{KeyIx, Refusal};

use super::{Pass, Stop};
use crate::acting::Acting;
use crate::metering::Caller;
use crate::narrowed::{Ground, Narrowed};
use crate::{origin, standing};

impl<'v> Pass<'v, '_> {
    /// Who calls, if it may call at all.
    pub(super) fn caller(&mut self, presented: Option<&[u8]>) -> Result<Caller<'v>, Refusal> {
        let (desk, view) = (self.desk, self.view);
        self.rule = &desk.stages.key;
        let caller = self.identify(presented)?;
        self.rule = &desk.stages.standing;
        let standing = (caller.ix, caller.key);
        self.narrowed = standing::check(&desk.judge.live, &view.snapshot, standing, self.now.wall)?;
        Ok(caller)
    }

    /// Finds the key by what was presented, all of it. An unknown one leaves no trace.
    fn identify(&mut self, presented: Option<&[u8]>) -> Result<Caller<'v>, Refusal> {
        if let Some(known) = self.known {
            return self.named(known.key, presented);
        }
        let (desk, view) = (self.desk, self.view);
        let shown = (presented, self.origin.as_ref());
        let (ix, key) = desk.judge.caller(&view.snapshot, shown, self.now)?;
        self.note(ix);
        origin::check(key, self.origin.as_ref())?;
        Ok(Caller::new(ix, key))
    }

    /// A caller that is named, where nobody else's key stands in its call. Whoever names it has seen where
    /// the call came from, or asks about any such call.
    fn named(&mut self, ix: KeyIx, presented: Option<&[u8]>) -> Result<Caller<'v>, Refusal> {
        if presented.is_some() {
            let shown = (presented, None);
            match self.desk.judge.caller(&self.view.snapshot, shown, self.now) {
                Ok((found, _)) if found == ix => {}
                // Its own token may have run out since.
                Err(Refusal::TokenExpired { at }) => return Err(Refusal::TokenExpired { at }),
                Ok(_) | Err(_) => return Err(Refusal::KeyConflict),
            }
        }
        let key = self.note(ix).ok_or(Refusal::KeyUnknown)?;
        Ok(Caller::new(ix, key))
    }

    /// Notes whose call it is.
    pub(super) fn note(&mut self, ix: KeyIx) -> Option<&'v KeyRecord> {
        let key = self.view.snapshot.key(ix)?;
        self.trace.key = Some(ix);
        self.trace.partner_ix = Some(key.partner);
        Some(key)
    }

    /// For which client a call of an unbound key is, and what the standing of that client takes.
    pub(crate) fn act(&mut self, caller: &mut Caller<'v>, asks: &Asks<'_>) -> Result<(), Refusal> {
        let (judge, view) = (&self.desk.judge, self.view);
        let has_clients = view.partner(caller.key).is_some_and(|partner| partner.has_clients);
        if caller.key.client.is_some() || !has_clients {
            return Ok(());
        }
        let acting = Acting::by_grants(&judge.grants, caller.key.partner, asks, self.now.wall);
        let narrowed = self.narrowed.take();
        self.narrowed =
            standing::with_clients(&judge.live, &view.snapshot, &acting.clients, narrowed)?;
        self.trace.client = acting.told;
        caller.client = acting.one();
        self.acting = acting;
        Ok(())
    }

    /// What the caller's standing says to a call, where it narrows anything.
    pub(super) fn held(
        &mut self,
        caller: Caller<'v>,
        look: impl FnOnce(&Narrowed, Ground<'_>) -> Option<Refusal>,
    ) -> Option<Refusal> {
        let narrowed = self.narrowed.as_deref()?;
        let held = look(narrowed, self.view.ground(caller.key, &self.acting.clients))?;
        self.rule = &self.desk.stages.standing;
        Some(held)
    }

    /// What is said of a call that could not be read to its end: the hold, where the like of it is
    /// closed whatever it asks.
    pub(super) fn or_held(
        &mut self,
        caller: Caller<'v>,
        operation: &Operation,
        stop: Stop,
    ) -> Stop {
        let Stop::No(_) = stop else { return stop };
        let effect = operation.method.effect();
        let held = self.held(caller, |narrowed, ground| narrowed.closes_all(effect, ground));
        held.map_or(stop, Stop::No)
    }
}
