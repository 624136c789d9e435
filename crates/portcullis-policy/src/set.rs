//! The compiled policies: scopes and tiers, by name and by index.
//!
//! Must not know how they were written.

use std::collections::BTreeMap;

use portcullis_types::{
    ClassIx, ClassSet, RateId, ScopeIx, ScopeName, ScopeSet, Span, TierIx, TierName,
};

use crate::file::Per;

/// All scopes and tiers in force together.
#[derive(Debug, Clone, Default)]
pub struct PolicySet {
    pub(crate) scopes: Vec<Scope>,
    pub(crate) tiers: Vec<Tier>,
    pub(crate) scope_ix: BTreeMap<String, ScopeIx>,
    pub(crate) tier_ix: BTreeMap<String, TierIx>,
}

/// A named set of classes.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Its name.
    pub name: ScopeName,
    /// What it is for.
    pub about: String,
    /// What it grants.
    pub classes: ClassSet,
}

/// What a kind of partner may do.
#[derive(Debug, Clone)]
pub struct Tier {
    /// Its name.
    pub name: TierName,
    /// Whom it is for.
    pub about: String,
    /// Scopes it grants.
    pub scopes: ScopeSet,
    /// Classes those scopes grant.
    pub classes: ClassSet,
    /// Rates; a call must fit all that concern it.
    pub rates: Vec<Rate>,
    /// What a class costs, where other than 1.
    pub costs: BTreeMap<ClassIx, u32>,
}

/// Calls per window.
#[derive(Debug, Clone)]
pub struct Rate {
    /// Its name within the tier.
    pub id: RateId,
    /// Who shares it.
    pub per: Per,
    /// Most units in a window; 0 means none at all.
    pub max: u64,
    /// The window.
    pub window: Span,
    /// Most units at once.
    pub burst: u64,
    /// The classes it concerns; none: every call.
    pub classes: Option<ClassSet>,
}

impl PolicySet {
    /// The scope of that name.
    #[must_use]
    pub fn scope(&self, name: &str) -> Option<ScopeIx> {
        self.scope_ix.get(name).copied()
    }

    /// A scope.
    #[must_use]
    pub fn scope_at(&self, ix: ScopeIx) -> Option<&Scope> {
        self.scopes.get(ix.at())
    }

    /// The name of a scope; none for an index of another set.
    #[must_use]
    pub fn scope_name(&self, ix: ScopeIx) -> Option<&ScopeName> {
        self.scope_at(ix).map(|scope| &scope.name)
    }

    /// Every scope, in order of index.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.scopes.iter()
    }

    /// The tier of that name.
    #[must_use]
    pub fn tier(&self, name: &str) -> Option<TierIx> {
        self.tier_ix.get(name).copied()
    }

    /// A tier.
    #[must_use]
    pub fn tier_at(&self, ix: TierIx) -> Option<&Tier> {
        self.tiers.get(ix.at())
    }

    /// Every tier, in order of index.
    pub fn tiers(&self) -> impl Iterator<Item = &Tier> {
        self.tiers.iter()
    }

    /// What a set of scopes grants together.
    #[must_use]
    pub fn classes_of(&self, scopes: ScopeSet) -> ClassSet {
        let granted = scopes.iter().filter_map(|ix| self.scope_at(ix));
        granted.fold(ClassSet::EMPTY, |all, scope| all.union(&scope.classes))
    }
}
