//! A compiled tier.
//!
//! Must not know how it was written.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_types::{ClassIx, ClassSet, FieldSet, RateId, ScopeSet, Span, TierName};

use crate::case::Case;
use crate::file::Per;
use crate::rule::{Allow, Deny, Extent, FigureIx, Filter, Limit, RuleIx, Watch};
use crate::ruleindex::RuleIndex;

/// What a kind of partner may do.
#[derive(Debug, Clone)]
pub struct Tier {
    /// Its name.
    pub name: TierName,
    /// Whom it is for.
    pub about: String,
    /// Scopes it grants without further condition.
    pub scopes: ScopeSet,
    /// Everything it may give: the classes of its scopes and rules, and of the fields of its rules.
    pub classes: ClassSet,
    /// Rates; a call must fit all that concern it.
    pub rates: Vec<Rate>,
    /// What a class costs, where other than 1.
    pub costs: BTreeMap<ClassIx, u32>,
    /// The use whose partners get it.
    pub purpose: Option<Box<str>>,
    /// The tier it narrows.
    pub inherits: Option<TierName>,
    /// Gives nothing itself and is only there to be inherited.
    pub frame: bool,
    /// Whether batches are agreed.
    pub batch: bool,
    /// Whether every call must be for a declared client.
    pub clients_required: bool,
    pub(crate) limits: Vec<Limit>,
    pub(crate) extents: Vec<Extent>,
    pub(crate) allow: Vec<Allow>,
    pub(crate) deny: Vec<Deny>,
    pub(crate) filters: Vec<Filter>,
    pub(crate) watches: Vec<Watch>,
    pub(crate) cases: Vec<Case>,
    /// What the scopes grant: classes, and fields of those classes.
    pub(crate) scope_classes: ClassSet,
    pub(crate) scope_fields: FieldSet,
    pub(crate) index: RuleIndex,
    /// The lists of the set, for refusals.
    pub(crate) list_names: Arc<[Arc<str>]>,
}

impl Tier {
    /// The same without anything it gives, to compare it with.
    pub(crate) fn emptied(&self) -> Self {
        Self {
            scopes: ScopeSet::EMPTY,
            classes: ClassSet::EMPTY,
            batch: false,
            allow: Vec::new(),
            scope_classes: ClassSet::EMPTY,
            scope_fields: FieldSet::EMPTY,
            ..self.clone()
        }
    }

    /// The name of a rule, with the tier's.
    #[must_use]
    pub fn rule_name(&self, rule: RuleIx) -> Option<&Arc<str>> {
        match rule {
            RuleIx::Allow(ix) => self.allow.get(ix.at()).map(|rule| &rule.name),
            RuleIx::Deny(ix) => self.deny.get(ix.at()).map(|rule| &rule.name),
        }
    }

    /// Its limits, by [`crate::LimitIx`].
    #[must_use]
    pub fn limits(&self) -> &[Limit] {
        &self.limits
    }

    /// How much its partners may declare.
    #[must_use]
    pub fn extents(&self) -> &[Extent] {
        &self.extents
    }

    /// Its allow rules, by [`crate::AllowIx`].
    #[must_use]
    pub fn allows(&self) -> &[Allow] {
        &self.allow
    }

    /// Its deny rules, by [`crate::DenyIx`].
    #[must_use]
    pub fn denies(&self) -> &[Deny] {
        &self.deny
    }

    /// Its filters, in the order of the bits of [`crate::Ruling::filters`].
    #[must_use]
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// Its watches.
    #[must_use]
    pub fn watches(&self) -> &[Watch] {
        &self.watches
    }

    /// The tests written in its file.
    #[must_use]
    pub fn tests(&self) -> &[Case] {
        &self.cases
    }
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
    /// The declared figure that stands for `max` and `burst`, which are 0 then: none where it is not
    /// declared.
    pub figure: Option<FigureIx>,
    /// Counted exactly over the window as it rolls, instead of paced.
    pub rolling: bool,
    /// The classes it concerns; none: every call.
    pub classes: Option<ClassSet>,
}
