//! The decision: every part of what a call asks must be granted.
//!
//! A function of values: no clock, no counter, nothing that can fail. Must not know how rates are
//! counted.

use std::sync::Arc;

use portcullis_catalogue::{Catalogue, UNCLASSIFIED_IX};
use portcullis_types::{Ask, Asks, ClassSet, Refusal, Via};

use crate::tier::{Rate, Tier};

impl Tier {
    /// Whether every part of the call is granted; names the first that is not.
    ///
    /// `granted` is what tier, partner, client and key grant together. What only rules grant is not
    /// granted here: [`Tier::judge`] knows rules.
    ///
    /// # Errors
    /// The refusal.
    pub fn decide(
        &self,
        granted: &ClassSet,
        asks: &Asks,
        catalogue: &Catalogue,
    ) -> Result<(), Refusal> {
        // A call that asks for nothing was not understood.
        if asks.parts.is_empty() {
            return Err(Refusal::OperationUnlisted);
        }
        let open = |ask: &&Ask| {
            ask.class != UNCLASSIFIED_IX
                && self.scope_classes.contains(ask.class)
                && granted.contains(ask.class)
        };
        match asks.parts.iter().find(|ask| !open(ask)) {
            None => Ok(()),
            Some(ask) => Err(refusal(ask, catalogue)),
        }
    }

    /// What the call costs: its dearest class, and at least 1.
    #[must_use]
    pub fn cost(&self, asks: &Asks) -> u32 {
        if self.costs.is_empty() {
            return 1;
        }
        let costs = asks.parts.iter().filter_map(|ask| self.costs.get(&ask.class).copied());
        costs.max().unwrap_or(1).max(1)
    }

    /// The rates that concern the call, each with its position in `rates`.
    pub fn rates_for<'t>(&'t self, asks: &'t Asks) -> impl Iterator<Item = (usize, &'t Rate)> {
        self.rates.iter().enumerate().filter(|(_, rate)| rate.concerns(asks))
    }
}

impl Rate {
    /// Whether the call counts against this rate.
    #[must_use]
    pub fn concerns(&self, asks: &Asks) -> bool {
        match &self.classes {
            None => true,
            Some(classes) => asks.parts.iter().any(|ask| classes.contains(ask.class)),
        }
    }
}

fn refusal(ask: &Ask, catalogue: &Catalogue) -> Refusal {
    let field = match &ask.via {
        Via::Operation => None,
        Via::Field(field) | Via::DefaultField(field) => Some(field.clone()),
    };
    if ask.class != UNCLASSIFIED_IX {
        let class = Arc::from(catalogue.class_name(ask.class));
        return Refusal::ClassNotGranted { class, field };
    }
    match field {
        None => Refusal::OperationUnlisted,
        Some(field) => Refusal::FieldUnclassified { field },
    }
}
