//! What a call costs, and which rates it counts against.
//!
//! Must not know how rates are counted.

use portcullis_types::asked::Asks;

use crate::tier::{Rate, Tier};

impl Tier {
    /// What the call costs: its dearest class, and at least 1.
    #[must_use]
    pub fn cost(&self, asks: &Asks<'_>) -> u32 {
        if self.costs.is_empty() {
            return 1;
        }
        let costs = asks.asks.iter().filter_map(|ask| self.costs.get(&ask.class).copied());
        costs.max().unwrap_or(1).max(1)
    }
}

impl Rate {
    /// Whether the call counts against this rate.
    #[must_use]
    pub fn concerns(&self, asks: &Asks<'_>) -> bool {
        match &self.classes {
            None => true,
            Some(classes) => asks.asks.iter().any(|ask| classes.contains(ask.class)),
        }
    }
}
