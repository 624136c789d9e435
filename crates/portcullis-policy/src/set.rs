//! The compiled policies: scopes and tiers, by name and by index.
//!
//! Must not know how they were written.

use std::collections::BTreeMap;

use portcullis_types::{CLASSES_MAX, ClassIx, ClassSet, ScopeIx, ScopeName, ScopeSet, TierIx};

use crate::rule::{FigureIx, ListIx};
use crate::tier::Tier;

/// The tier of a use that no tier names, where the set has one of this name.
pub const STRICTEST: &str = "strictest";

/// All scopes and tiers in force together.
#[derive(Debug, Clone, Default)]
pub struct PolicySet {
    pub(crate) scopes: Vec<Scope>,
    pub(crate) tiers: Vec<Tier>,
    pub(crate) scope_ix: BTreeMap<String, ScopeIx>,
    pub(crate) tier_ix: BTreeMap<String, TierIx>,
    pub(crate) uses: BTreeMap<String, TierIx>,
    pub(crate) field_sets: BTreeMap<String, Vec<Box<str>>>,
    pub(crate) lists: Vec<Box<str>>,
    pub(crate) figures: Vec<Box<str>>,
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

    /// What a narrowing to scopes leaves of the classes: all of them where it is
    /// [`ScopeSet::ALL`]. A key may touch what its partner, its client and it itself narrow to, and
    /// what its tier gives.
    #[must_use]
    pub fn narrowed(&self, scopes: ScopeSet) -> ClassSet {
        if scopes != ScopeSet::ALL {
            return self.classes_of(scopes);
        }
        let all = (0u16..).take(CLASSES_MAX).map(ClassIx);
        all.fold(ClassSet::EMPTY, |mut set, class| {
            set.insert(class);
            set
        })
    }

    /// The tier of a declared use; the one named [`STRICTEST`] where no tier has that use.
    #[must_use]
    pub fn tier_for_use(&self, purpose: &str) -> Option<TierIx> {
        self.uses.get(purpose).copied().or_else(|| self.tier(STRICTEST))
    }

    /// The tier that a partner is on: the one of that name, else that of its use, else the one named
    /// [`STRICTEST`]. A frame is there to be inherited and nobody's tier.
    #[must_use]
    pub fn tier_of(&self, name: Option<&str>, purpose: Option<&str>) -> Option<TierIx> {
        let found = match (name, purpose) {
            (Some(name), _) => self.tier(name),
            (None, Some(purpose)) => self.tier_for_use(purpose),
            (None, None) => self.tier(STRICTEST),
        };
        found.filter(|ix| self.tier_at(*ix).is_some_and(|tier| !tier.frame))
    }

    /// Names of the lists that the tiers speak of, by [`ListIx`].
    pub fn lists(&self) -> impl ExactSizeIterator<Item = &str> {
        self.lists.iter().map(|name| &**name)
    }

    /// The list of that name; none where no tier speaks of it.
    #[must_use]
    pub fn list(&self, name: &str) -> Option<ListIx> {
        let at = self.lists.iter().position(|list| **list == *name)?;
        u16::try_from(at).ok().map(ListIx)
    }

    /// Names of the figures that the tiers speak of, by [`FigureIx`].
    pub fn figures(&self) -> impl ExactSizeIterator<Item = &str> {
        self.figures.iter().map(|name| &**name)
    }

    /// The figure of that name; none where no tier speaks of it.
    #[must_use]
    pub fn figure(&self, name: &str) -> Option<FigureIx> {
        let at = self.figures.iter().position(|figure| **figure == *name)?;
        u16::try_from(at).ok().map(FigureIx)
    }
}
