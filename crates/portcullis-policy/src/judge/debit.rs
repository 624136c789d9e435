//! What a granted ask is debited.
//!
//! Must not know what was used already.

use portcullis_types::asked::{Ask, Rows, Target, Via};
use portcullis_types::{Counts, Effect, TypeIx};

use super::rules::Call;
use super::{Debit, Passed, Ruling};
use crate::rule::{Allow, LimitIx};
use crate::tier::Tier;

impl Tier {
    /// Adds the debits of an ask that a rule granted.
    pub(super) fn debit(&self, call: &Call<'_, '_>, at: usize, rule: &Allow, out: &mut Ruling) {
        let Some(ask) = call.asks.asks.get(at) else { return };
        let rows = out.clamp.filter(|_| ask.via == Via::Operation);
        let rows = rows.map_or(ask.rows.count(), |most| most.min(ask.rows.count()));
        for &limit in &rule.limits {
            let Some(spec) = self.limits.get(limit.at()) else { continue };
            let max = || spec.max.of(call.caller.known);
            if spec.cell_m.is_some() {
                if call.asks.params.point.is_some() {
                    out.debits.push(Debit { limit, ask: at, amount: 1, found: false, max: max() });
                }
                continue;
            }
            if !spec.returned.is_empty() {
                let names = |gives| !spec.names_in(call.catalogue, gives, node(ask)).is_empty();
                if ask.effect == Effect::Read && ask.gives.is_some_and(names) {
                    out.debits.push(Debit { limit, ask: at, amount: 1, found: true, max: max() });
                }
                if !kind(ask).is_some_and(|kind| spec.returned.contains(&kind)) {
                    continue;
                }
            }
            let times = nodes(call, at, out);
            let amount = match spec.counts {
                Counts::Targets => times,
                Counts::Rows | Counts::Calls if call.reads_back(ask) => continue,
                Counts::Rows if spec.each_target => rows,
                Counts::Rows => rows.saturating_mul(times),
                Counts::Calls if spec.each_target => 1,
                // Several ids are one call.
                Counts::Calls if counted(call, out, limit, ask) => continue,
                Counts::Calls => 1,
            };
            out.debits.push(Debit { limit, ask: at, amount, found: false, max: max() });
        }
    }
}

/// The type of an ask's target.
const fn kind(ask: &Ask<'_>) -> Option<TypeIx> {
    match ask.target {
        Target::None => None,
        Target::Node(kind, _) | Target::Named(kind, _) | Target::Found(kind, _) => Some(kind),
    }
}

/// The type of the node that an ask is for by itself.
fn node(ask: &Ask<'_>) -> Option<TypeIx> {
    kind(ask).filter(|_| ask.rows == Rows::One)
}

/// Whether another id of the same call was counted already.
fn counted(call: &Call<'_, '_>, out: &Ruling, limit: LimitIx, ask: &Ask<'_>) -> bool {
    let own = |at: usize| call.asks.asks.get(at).is_some_and(|ask| ask.via == Via::Operation);
    ask.via == Via::Operation
        && out.debits.iter().any(|debit| debit.limit == limit && own(debit.ask))
}

/// How many nodes an ask may be about: those of the page it stands in, page within page.
fn nodes(call: &Call<'_, '_>, at: usize, out: &Ruling) -> u32 {
    let asks = &call.asks.asks;
    let mut times = 1u32;
    let mut here = at;
    while let Some(Ask { target: Target::Found(_, parent), .. }) = asks.get(here) {
        // A parent stands before what it holds; anything else is no page at all.
        let Some(found) = asks.get(*parent).filter(|_| *parent < here) else { return u32::MAX };
        let own = found.via == Via::Operation;
        let clamp = out.clamp.filter(|_| own && out.passed.get(*parent) != Some(&Passed::Nothing));
        let rows = clamp.map_or(found.rows.count(), |most| most.min(found.rows.count()));
        times = times.saturating_mul(rows);
        here = *parent;
    }
    times
}
