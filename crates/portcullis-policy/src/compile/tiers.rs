//! Tiers, put together of their parts and of what they inherit.
//!
//! Must not know how a call is judged.

use std::sync::Arc;

use portcullis_types::{ClassSet, ScopeSet, TierIx, TierName};
use portcullis_yaml::{At, Source};

use super::faults::{Names, cut};
use super::rules::Around;
use super::{Compiler, codes};
use crate::fields;
use crate::file::TierFile;
use crate::ruleindex::RuleIndex;
use crate::set::PolicySet;
use crate::tier::Tier;

const TIERS_MAX: usize = 1024;

impl Compiler<'_> {
    pub(super) fn tier(&mut self, source: &Source, file: &TierFile) {
        self.version(source, &file.version);
        self.about(source, &file.about);
        let name = self.tier_name(source, &file.tier);
        let Some(mut tier) = self.own_parts(source, file) else { return };
        if let Some(parent) = &file.inherits {
            tier = self.inherit(source, file, parent, tier);
        }
        self.unused(source, file, &tier);
        self.unused_lists(source, file, &tier);
        tier.seal(self.catalogue.classes().count());
        tier.cases = self.cases(source, &file.tests, &tier);
        let Some(name) = name else { return };
        tier.name = name;
        let ix = TierIx(u16::try_from(self.set.tiers.len()).unwrap_or(u16::MAX));
        if let Some(purpose) = &file.purpose
            && self.purpose(source, purpose)
        {
            self.set.uses.insert(purpose.value.clone(), ix);
        }
        self.set.tier_ix.insert(file.tier.value.clone(), ix);
        self.set.tiers.push(tier);
    }

    fn tier_name(&mut self, source: &Source, at: &At<String>) -> Option<TierName> {
        let fault = match TierName::new(at) {
            Err(error) => source.fault(codes::NAME, at, error.to_string()),
            Ok(_) if self.set.tier_ix.contains_key(at.as_str()) => {
                let message = format!("the tier `{}` is defined twice", **at);
                source.fault(codes::TWICE, at, message).with_help("one file for each tier")
            }
            Ok(_) if self.set.tiers.len() >= TIERS_MAX => {
                source.fault(codes::TOO_MANY, at, format!("more than {TIERS_MAX} tiers"))
            }
            Ok(name) => return Some(name),
        };
        self.faults.push(fault);
        None
    }

    fn purpose(&mut self, source: &Source, at: &At<String>) -> bool {
        if !self.fact(source, at) {
            return false;
        }
        let taken = self.set.uses.get(at.as_str()).and_then(|ix| self.set.tier_at(*ix));
        if let Some(other) = taken {
            let message = format!("the tier `{}` has the use `{}` already", other.name, **at);
            let fault = source.fault(codes::TWICE, at, message);
            self.faults.push(fault.with_help("a use has one tier"));
        }
        true
    }

    /// What the file itself says, before anything is inherited.
    fn own_parts(&mut self, source: &Source, file: &TierFile) -> Option<Tier> {
        let scopes =
            file.scopes.as_ref().map_or(ScopeSet::EMPTY, |at| self.tier_scopes(source, at));
        let scope_classes = self.set.classes_of(scopes);
        let rates = self.rates(source, &file.rates);
        let costs = self.costs(source, &file.costs, &rates);
        let extents = self.extents(source, &file.lists);
        let mut limits = self.limits(source, &file.limits);
        self.parent_limits(file, &mut limits);
        let mut limit_names = Names::default();
        for (at, limit) in limits.iter().enumerate() {
            limit_names.put(limit.id.as_str(), at);
        }
        let around = Around {
            tier: &file.tier,
            limits: &limits,
            limit_names: &limit_names,
            scope_classes: &scope_classes,
        };
        let mut allows = Names::default();
        let allow = self.allows(source, &file.allow, &around, &mut allows);
        let deny = self.denies(source, &file.deny, &around, &mut Names::default());
        let filters = self.filters(source, &file.filter, &around, &allows);
        let watches = self.watches(source, &file.watch, &around);
        let frame = file.frame.as_ref().is_some_and(|frame| **frame);
        self.frame(source, file, frame);
        Some(Tier {
            // Set once it is known to be free.
            name: TierName::new("tier").ok()?,
            about: file.about.value.clone(),
            scopes,
            classes: ClassSet::EMPTY,
            rates,
            costs,
            purpose: file.purpose.as_ref().map(|at| at.as_str().into()),
            inherits: file.inherits.as_ref().and_then(|at| TierName::new(at).ok()),
            frame,
            batch: file.batch.as_ref().is_some_and(|batch| **batch),
            clients_required: file.clients.is_some(),
            limits,
            extents,
            allow,
            deny,
            filters,
            watches,
            cases: Vec::new(),
            scope_classes,
            scope_fields: fields::of_classes(self.catalogue, &scope_classes),
            index: RuleIndex::default(),
            list_names: Arc::from([]),
        })
    }

    /// A frame gives nothing; any other tier gives something.
    fn frame(&mut self, source: &Source, file: &TierFile, frame: bool) {
        let gives = !file.allow.is_empty() || file.scopes.as_ref().is_some_and(|at| !at.is_empty());
        let at = match (frame, gives) {
            (true, true) => (&file.tier, "a frame gives nothing itself", "leave `frame` out"),
            (false, false) if file.scopes.is_none() && !self.dropped.contains("allow") => {
                let help = "add `allow:` or `scopes:`; a tier that is only inherited is a `frame`";
                (&file.tier, "the tier gives nothing", help)
            }
            _ => return,
        };
        self.faults.push(source.fault(codes::NOTHING, at.0, at.1).with_help(at.2));
    }

    /// A limit that no rule debits bounds nothing, whatever its author meant.
    fn unused(&mut self, source: &Source, file: &TierFile, tier: &Tier) {
        if tier.frame || self.full() {
            return;
        }
        for limit in &file.limits {
            let at = tier.limits.iter().position(|one| one.id.as_str() == limit.id.as_str());
            let debited = |at: usize| {
                tier.allow.iter().any(|rule| rule.limits.iter().any(|ix| ix.at() == at))
            };
            if at.is_some_and(|at| !debited(at)) && self.dropped.is_empty() {
                let message = format!("no rule debits the limit `{}`", cut(&limit.id));
                let fault = source.fault(codes::UNUSED, &limit.id, message);
                let help = "name it under `limits:` of the rules it bounds, or remove it";
                self.faults.push(fault.with_help(help));
            }
        }
    }

    pub(super) fn tier_scopes(&mut self, source: &Source, names: &[At<String>]) -> ScopeSet {
        let mut set = ScopeSet::EMPTY;
        for name in names {
            if self.full() {
                break;
            }
            let fault = match self.set.scope(name) {
                None if self.blind || self.dropped.contains(name.as_str()) => continue,
                None => {
                    let message = format!("unknown scope `{}`", cut(name));
                    let known = self.set.scope_ix.keys().chain(&self.dropped).map(String::as_str);
                    source
                        .fault(codes::NO_SCOPE, name, message)
                        .with_help("define it in a file with `scopes:`")
                        .did_you_mean(name, known)
                }
                Some(scope) if set.contains(scope) => {
                    let message = format!("the scope `{}` is listed twice", **name);
                    source.fault(codes::TWICE, name, message).with_help("keep one of them")
                }
                Some(scope) => {
                    set.insert(scope);
                    continue;
                }
            };
            self.faults.push(fault);
        }
        set
    }
}

impl Tier {
    /// What follows from its parts.
    fn seal(&mut self, classes: usize) {
        for rule in &mut self.allow {
            let own = self.extents.iter().filter(|one| rule.hangs_on(one.of, &self.limits));
            rule.extents = own.copied().collect();
        }
        let granting = self.allow.iter().filter(|rule| !rule.shadow);
        self.classes = granting.fold(self.scope_classes, |all, rule| {
            all.union(&rule.classes).union(&rule.field_classes)
        });
        let allow = self.allow.iter().map(|rule| &rule.classes);
        let deny = self.deny.iter().map(|rule| rule.classes.as_ref());
        self.index = RuleIndex::new(classes, allow, deny);
    }
}

impl PolicySet {
    /// What is only known when all tiers are.
    pub(super) fn finished(mut self) -> Self {
        let lists: Arc<[Arc<str>]> = self.lists.iter().map(|name| Arc::from(&**name)).collect();
        for tier in &mut self.tiers {
            tier.list_names = Arc::clone(&lists);
        }
        self
    }
}
