//! What a tier takes over from the one it narrows, and where it would widen it.
//!
//! Must not know how the parent was written.

use portcullis_types::{ClassIx, FieldSet};
use portcullis_yaml::{At, Source};

use super::faults::cut;
use super::filters::FILTERS_MAX;
use super::{Compiler, codes, cover};
use crate::file::{AllowFile, TierFile};
use crate::rule::{Allow, AllowIx, Limit, LimitIx};
use crate::tier::Tier;

impl Compiler<'_> {
    /// Adds the parent's limits to those of the file, so that rules can name them.
    pub(super) fn parent_limits(&self, file: &TierFile, limits: &mut Vec<Limit>) {
        let Some(parent) = self.parent(file) else { return };
        for limit in &parent.limits {
            if !limits.iter().any(|own| own.id == limit.id) {
                limits.push(limit.clone());
            }
        }
    }

    fn parent(&self, file: &TierFile) -> Option<&Tier> {
        let name = file.inherits.as_ref()?;
        self.set.tier(name).and_then(|ix| self.set.tier_at(ix))
    }

    /// The tier with all that its parent denies, limits, filters and watches.
    pub(super) fn inherit(
        &mut self,
        source: &Source,
        file: &TierFile,
        at: &At<String>,
        mut tier: Tier,
    ) -> Tier {
        let Some(parent) = self.parent(file).cloned() else { return tier };
        let covers = if parent.frame {
            vec![Vec::new(); tier.allow.len()]
        } else {
            self.gives_no_more(source, file, &parent, &tier)
        };
        for (rule, by) in tier.allow.iter_mut().zip(&covers) {
            debit_too(rule, by, &parent, &tier.limits);
        }
        self.bounds_no_less(source, file, &parent, &tier);
        for rate in &parent.rates {
            if !tier.rates.iter().any(|own| own.id == rate.id) {
                tier.rates.push(rate.clone());
            }
        }
        for (class, cost) in &parent.costs {
            let own = tier.costs.entry(*class).or_insert(*cost);
            *own = (*own).max(*cost);
        }
        tier.clients_required |= parent.clients_required;
        self.inherit_extents(source, file, &parent, &mut tier);
        self.same_names(source, file, &parent);
        tier.deny.extend(parent.deny.iter().cloned());
        tier.watches.extend(parent.watches.iter().cloned());
        for filter in &parent.filters {
            // An exception holds for what only excepted rules granted.
            let excepted = |by: &Vec<AllowIx>| {
                !by.is_empty() && by.iter().all(|ix| filter.except.contains(ix))
            };
            let except = (0u16..).zip(&covers).filter(|(_, by)| excepted(by));
            let except = except.map(|(at, _)| AllowIx(at)).collect();
            tier.filters.push(crate::rule::Filter { except, ..filter.clone() });
        }
        let (filters, rates) = (tier.filters.len(), tier.rates.len());
        self.at_most(source, at, "filters with those inherited", (filters, FILTERS_MAX));
        self.at_most(source, at, "rates with those inherited", (rates, FILTERS_MAX));
        self.at_most(source, at, "limits with those inherited", (tier.limits.len(), FILTERS_MAX));
        tier
    }

    /// For each rule, the parent's rules that cover it; a fault where one is not covered.
    fn gives_no_more(
        &mut self,
        source: &Source,
        file: &TierFile,
        parent: &Tier,
        tier: &Tier,
    ) -> Vec<Vec<AllowIx>> {
        let wider = tier.scopes.iter().filter(|scope| !parent.scopes.contains(*scope));
        let wider: Vec<String> = wider
            .filter_map(|scope| self.set.scope_name(scope))
            .map(|name| format!("`{name}`"))
            .collect();
        if let Some(scopes) = file.scopes.as_ref().filter(|_| !wider.is_empty()) {
            let message = format!("`{}` does not grant {}", parent.name, wider.join(", "));
            self.wider(source, scopes, message);
        }
        if let Some(batch) = file.batch.as_ref().filter(|batch| ***batch && !parent.batch) {
            self.wider(source, batch, format!("`{}` has no batches", parent.name));
        }
        let mut all = Vec::new();
        for rule in &tier.allow {
            let mut by = Vec::new();
            for class in self.each(&rule.classes) {
                // Where a part of the file was left out, what is left may only look wider.
                if self.covered(rule, class, parent, &mut by) || rule.shadow || !self.whole {
                    continue;
                }
                let name = self.catalogue.class_name(class).to_owned();
                let message = format!("no rule of `{}` gives so much of `{name}`", parent.name);
                let own = |one: &&AllowFile| one.id.as_str() == rule.id.as_str();
                if let Some(at) = file.allow.iter().find(own).map(|one| &one.id) {
                    self.wider(source, at, message);
                }
            }
            by.sort_unstable();
            by.dedup();
            all.push(by);
        }
        all
    }

    /// Whether the parent gives as much of one class; adds the rule that does.
    fn covered(&self, rule: &Allow, class: ClassIx, parent: &Tier, by: &mut Vec<AllowIx>) -> bool {
        let mut fields = FieldSet::EMPTY;
        let kinds: Vec<_> =
            self.catalogue.uses(class).iter().filter_map(|used| used.gives).collect();
        for field in rule.fields.iter().filter_map(|ix| self.catalogue.field_ref(ix)) {
            if kinds.contains(&field.kind) {
                fields.insert(field.ix);
            }
        }
        if parent.scope_classes.contains(class) {
            return fields.without(&parent.scope_fields).is_empty();
        }
        let found = (0u16..).zip(&parent.allow).find(|(_, one)| {
            !one.shadow && one.classes.contains(class) && cover::rule(rule, one, &fields)
        });
        by.extend(found.map(|(at, _)| AllowIx(at)));
        found.is_some()
    }

    /// Limits and rates that the parent has, too, bound at least as much.
    fn bounds_no_less(&mut self, source: &Source, file: &TierFile, parent: &Tier, tier: &Tier) {
        for written in &file.limits {
            let same = |limit: &&Limit| limit.id.as_str() == written.id.as_str();
            let pair = tier.limits.iter().find(same).zip(parent.limits.iter().find(same));
            if pair.is_some_and(|(own, other)| !cover::limit(own, other)) {
                let message = format!("`{}` bounds more under this name", parent.name);
                self.wider(source, &written.id, message);
            }
        }
        for written in file.rates.iter() {
            let same = |rate: &&crate::tier::Rate| rate.id.as_str() == written.id.as_str();
            let pair = tier.rates.iter().find(same).zip(parent.rates.iter().find(same));
            if pair.is_some_and(|(own, other)| !cover::rate(own, other)) {
                let message = format!("`{}` bounds more under this name", parent.name);
                self.wider(source, &written.id, message);
            }
        }
    }

    /// A name says one thing in a tier and what it inherits.
    fn same_names(&mut self, source: &Source, file: &TierFile, parent: &Tier) {
        let denies = parent.deny.iter().map(|rule| rule.id.as_str());
        let filters = parent.filters.iter().map(|filter| filter.id.as_str());
        let watches = parent.watches.iter().map(|watch| watch.id.as_str());
        let taken = |mut names: Box<dyn Iterator<Item = &str> + '_>, at: &At<String>| {
            names.any(|name| name == at.as_str())
        };
        let mut twice: Vec<&At<String>> = Vec::new();
        let own = file.deny.iter().map(|one| &one.id);
        twice.extend(own.filter(|at| taken(Box::new(denies.clone()), at)));
        let own = file.filter.iter().map(|one| &one.id);
        twice.extend(own.filter(|at| taken(Box::new(filters.clone()), at)));
        let own = file.watch.iter().map(|one| &one.id);
        twice.extend(own.filter(|at| taken(Box::new(watches.clone()), at)));
        for at in twice {
            let message = format!("`{}` has the name `{}` already", parent.name, cut(at));
            let fault = source.fault(codes::TWICE, at, message);
            self.faults.push(fault.with_help("what is inherited stays; give this another name"));
        }
    }

    fn wider<T>(&mut self, source: &Source, at: &At<T>, message: String) {
        let fault = source.fault(codes::WIDER, at, message);
        self.faults.push(fault.with_help("a tier only narrows the one it inherits"));
    }
}

/// Adds the limits that the covering rules debit.
fn debit_too(rule: &mut Allow, by: &[AllowIx], parent: &Tier, limits: &[Limit]) {
    for ix in by.iter().filter_map(|ix| parent.allow.get(ix.at())).flat_map(|rule| &rule.limits) {
        let id = parent.limits.get(ix.at()).map(|limit| &limit.id);
        let at = (0u16..).zip(limits).find(|(_, limit)| Some(&limit.id) == id);
        if let Some((at, _)) = at.filter(|(at, _)| !rule.limits.contains(&LimitIx(*at))) {
            rule.limits.push(LimitIx(at));
        }
    }
    let grown = |ix: &LimitIx| limits.get(ix.at()).is_some_and(|limit| limit.max.on_declared());
    rule.on_declared |= rule.limits.iter().any(grown);
}
