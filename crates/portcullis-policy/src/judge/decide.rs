//! The verdict over a call: all of its asks, all rules.
//!
//! Must not know how a refusal is told.

use std::sync::Arc;

use portcullis_catalogue::{Catalogue, UNCLASSIFIED_IX};
use portcullis_types::asked::{Ask, Asks, Via};
use portcullis_types::{Denial, FieldSet, Refusal};

use super::refuse::Refuse;
use super::rules::{Call, Fit, Miss, within};
use super::{Caller, Passed, Ruling};
use crate::rule::{Allow, AllowIx, Deny, DenyIx, RuleIx};
use crate::tier::Tier;

/// Fields that a call which names none may ask for: those granted for each of its targets.
#[derive(Default)]
struct Defaults {
    fields: Option<FieldSet>,
    cut: bool,
}

impl Defaults {
    fn add(&mut self, ask: &Ask<'_>, fit: &Fit) {
        if ask.via == Via::Operation && !ask.fields_named && ask.gives.is_some() {
            let fields = self.fields.map_or(fit.fields, |all| all.intersection(&fit.fields));
            self.fields = Some(fields);
            self.cut |= fit.cut;
        }
    }
}

impl Tier {
    /// Whether the call is granted: each of its asks by the scopes or by the first allow rule that
    /// fits it, and none of them denied. `out` says by what, what it is debited, and what of the
    /// call is amended; on a refusal it says so of the asks that were granted.
    ///
    /// # Errors
    /// The refusal: of a deny rule where one said no, otherwise of the first ask that nothing
    /// grants.
    pub fn judge(
        &self,
        asks: &Asks<'_>,
        caller: &Caller<'_>,
        catalogue: &Catalogue,
        out: &mut Ruling,
    ) -> Result<(), Refusal> {
        out.clear();
        // A call that asks for nothing was not understood.
        if asks.asks.is_empty() {
            return Err(Refusal::OperationUnlisted);
        }
        if asks.params.in_batch && !self.batch {
            return Err(Refusal::BatchNotAgreed);
        }
        let call = Call { asks, caller, catalogue };
        let mut refusal = None;
        let mut denial = None;
        let mut defaults = Defaults::default();
        for (at, ask) in asks.asks.iter().enumerate() {
            self.denials(&call, ask, &mut denial, out);
            match self.grant(&call, ask, out) {
                Ok((passed, fit)) => {
                    out.passed.push(passed);
                    defaults.add(ask, &fit);
                    out.clamp = match (out.clamp, fit.clamp) {
                        (Some(a), Some(b)) => Some(a.min(b)),
                        (a, b) => a.or(b),
                    };
                    self.filter(ask, passed, out);
                    if let Passed::Rule(ix) = passed
                        && let Some(rule) = self.allow.get(ix.at())
                    {
                        self.debit(&call, at, rule, out);
                    }
                }
                Err(no) => {
                    out.passed.push(Passed::Nothing);
                    refusal.get_or_insert(no);
                }
            }
        }
        if defaults.cut {
            out.default_fields = defaults.fields;
            if defaults.fields.is_none_or(|fields| fields.is_empty()) {
                refusal = refusal.or_else(|| Some(Refuse(self, call).defaults()));
            }
        }
        match denial.or(refusal) {
            Some(no) => Err(no),
            None => Ok(()),
        }
    }

    /// Every deny rule that fits the ask; the first of them decides.
    fn denials(
        &self,
        call: &Call<'_, '_>,
        ask: &Ask<'_>,
        denial: &mut Option<Refusal>,
        out: &mut Ruling,
    ) {
        for &at in self.index.deny(ask.class) {
            let Some(rule) = self.deny.get(usize::from(at)) else { continue };
            if !call.denied(rule, ask) {
                continue;
            }
            if rule.shadow {
                note(out, RuleIx::Deny(DenyIx(at)));
                continue;
            }
            name(&mut out.denied_by, &rule.name);
            match denial {
                Some(Refusal::Denied(denial)) => name(&mut denial.rules, &rule.name),
                _ => *denial = Some(denied(rule)),
            }
        }
    }

    /// What grants the ask, if anything.
    fn grant(
        &self,
        call: &Call<'_, '_>,
        ask: &Ask<'_>,
        out: &mut Ruling,
    ) -> Result<(Passed, Fit), Refusal> {
        let refuse = Refuse(self, *call);
        let rules = self.index.allow(ask.class);
        let by_scope = self.scope_classes.contains(ask.class);
        if ask.class == UNCLASSIFIED_IX
            || (rules.is_empty() && !by_scope)
            || !call.caller.granted.contains(ask.class)
        {
            return Err(refuse.class(ask));
        }
        if by_scope {
            return match self.by_scope(call, ask) {
                Ok(fit) => Ok((Passed::Scopes, fit)),
                Err(miss) => Err(refuse.scope_field(ask, miss)),
            };
        }
        let mut nearest: Option<(Miss, &Allow)> = None;
        let mut shadow = None;
        for &at in rules {
            let Some(rule) = self.allow.get(usize::from(at)) else { continue };
            match call.fit(rule, ask) {
                Ok(_) if rule.shadow => {
                    shadow.get_or_insert(at);
                }
                Ok(fit) => return Ok((Passed::Rule(AllowIx(at)), fit)),
                Err(_) if rule.shadow => {}
                // What is due for review, or more than agreed, is closed, whatever another rule
                // would give.
                Err(miss) if miss.closes() => {
                    nearest = Some((miss, rule));
                    break;
                }
                Err(miss) if nearest.is_none_or(|(near, _)| near.stage() < miss.stage()) => {
                    nearest = Some((miss, rule));
                }
                Err(_) => {}
            }
        }
        // A shadowed rule that would have granted it is worth knowing.
        if let Some(at) = shadow {
            note(out, RuleIx::Allow(AllowIx(at)));
        }
        let Some((miss, rule)) = nearest else { return Err(refuse.class(ask)) };
        name(&mut out.denied_by, &rule.name);
        Err(refuse.missed(ask, rule, miss))
    }

    /// Whether the scopes grant the fields, too.
    pub(crate) fn by_scope(&self, call: &Call<'_, '_>, ask: &Ask<'_>) -> Result<Fit, Miss> {
        let whole = within(&self.scope_classes, call.caller.granted);
        let may = if whole { self.scope_fields } else { call.narrow(&self.scope_fields) };
        call.fields(&may, ask, None)
    }

    /// The filters that the answer to an ask passes.
    fn filter(&self, ask: &Ask<'_>, passed: Passed, out: &mut Ruling) {
        for (at, filter) in self.filters.iter().enumerate().take(64) {
            let concerned = filter.classes.as_ref().is_none_or(|set| set.contains(ask.class));
            let except = matches!(passed, Passed::Rule(ix) if filter.except.contains(&ix));
            if concerned && !except {
                out.filters |= 1 << at;
            }
        }
    }
}

fn denied(rule: &Deny) -> Refusal {
    Refusal::Denied(Box::new(Denial {
        rule: Arc::clone(&rule.name),
        rules: vec![Arc::clone(&rule.name)],
        tell: rule.tell.clone(),
    }))
}

fn note(out: &mut Ruling, rule: RuleIx) {
    if !out.shadowed.contains(&rule) {
        out.shadowed.push(rule);
    }
}

fn name(names: &mut Vec<Arc<str>>, one: &Arc<str>) {
    if !names.contains(one) {
        names.push(Arc::clone(one));
    }
}
