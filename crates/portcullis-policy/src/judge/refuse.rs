//! The refusal of an ask that nothing grants: which one, with what words.
//!
//! Must not know why a rule is as it is.

use std::sync::Arc;

use portcullis_catalogue::UNCLASSIFIED_IX;
use portcullis_types::asked::{Ask, Via};
use portcullis_types::{FieldIx, Refusal};

use super::rules::{Call, Miss};
use crate::fields;
use crate::rule::{Allow, Each, Extent, TargetRule};
use crate::tier::Tier;

/// Deeper than any `fields` is read.
const DEPTH_MAX: usize = 32;

/// Words a refusal of one call.
pub(super) struct Refuse<'a, 't>(pub(super) &'a Tier, pub(super) Call<'a, 't>);

impl Refuse<'_, '_> {
    /// The class is granted to nobody, not by this tier, or not to this key.
    pub(super) fn class(&self, ask: &Ask<'_>) -> Refusal {
        let field = path(ask, &self.1).map(String::into_boxed_str);
        match (ask.class == UNCLASSIFIED_IX, field) {
            (false, field) => Refusal::ClassNotGranted { class: self.name(ask), field },
            (true, None) => Refusal::OperationUnlisted,
            (true, Some(field)) => Refusal::FieldUnclassified { field },
        }
    }

    /// The scopes grant the class, but not a field.
    pub(super) fn scope_field(&self, ask: &Ask<'_>, miss: Miss) -> Refusal {
        let Miss::Fields(over) = miss else { return self.class(ask) };
        let Some(field) = over.iter().next() else { return self.class(ask) };
        let class = fields::class_of(self.1.catalogue, field).unwrap_or(UNCLASSIFIED_IX);
        let path = self.field(ask, field);
        if class == UNCLASSIFIED_IX {
            return Refusal::FieldUnclassified { field: path };
        }
        let class = Arc::from(self.1.catalogue.class_name(class));
        Refusal::ClassNotGranted { class, field: Some(path) }
    }

    /// A rule speaks of the class, and this is missing.
    pub(super) fn missed(&self, ask: &Ask<'_>, rule: &Allow, miss: Miss) -> Refusal {
        let class = self.name(ask);
        let tell = rule.tell.clone();
        let terms = |needs: String| Refusal::TermsNotMet {
            class: Arc::clone(&class),
            needs: needs.into(),
            tell: tell.clone(),
        };
        match miss {
            Miss::Target => {
                Refusal::TargetNotAgreed { class, needs: self.targets(ask).into(), tell }
            }
            Miss::When => {
                let Call { asks, caller, .. } = self.1;
                let when = rule.when.as_ref().map(|when| when.missed(asks, ask, caller).needs());
                terms(when.unwrap_or_default())
            }
            Miss::Ids => Refusal::TooManyIds { max: rule.ids },
            Miss::Rows => terms(format!("at most {} rows a page", rule.rows.unwrap_or(0))),
            Miss::Fields(over) => {
                let field = over.iter().next().map(|field| self.field(ask, field));
                Refusal::FieldNotAgreed { class, field: field.unwrap_or_default(), tell }
            }
            Miss::Lapsed(at) => Refusal::ReviewLapsed { at },
            Miss::Extent(extent, count) => {
                let of = extent_words(extent, &self.0.list_names);
                let verb = if extent.of == Each::Grants { "did" } else { "are declared" };
                terms(format!("at most {of} ({count} {verb})"))
            }
        }
    }

    /// No field is granted for all targets of a call that names none.
    pub(super) fn defaults(&self) -> Refusal {
        let Some(ask) = self.1.asks.asks.first() else { return Refusal::OperationUnlisted };
        let field = ask.fields.iter().next().map(|field| self.field(ask, field));
        let field = field.unwrap_or_default();
        Refusal::FieldNotAgreed { class: self.name(ask), field, tell: None }
    }

    fn name(&self, ask: &Ask<'_>) -> Arc<str> {
        Arc::from(self.1.catalogue.class_name(ask.class))
    }

    fn field(&self, ask: &Ask<'_>, field: FieldIx) -> Box<str> {
        let own = fields::path_of(self.1.catalogue, field).unwrap_or("?");
        match path(ask, &self.1) {
            Some(path) => format!("{path}.{own}").into(),
            None => own.into(),
        }
    }

    /// Whom the rules for this class speak of, all of them.
    fn targets(&self, ask: &Ask<'_>) -> String {
        let rules = self.0.index.allow(ask.class).iter();
        let rules = rules.filter_map(|at| self.0.allow.get(usize::from(*at)));
        let mut words: Vec<String> = Vec::new();
        for rule in rules.filter(|rule| !rule.shadow) {
            let word = target_words(&rule.target, &self.1, &self.0.list_names);
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words.join(" or ")
    }
}

/// How much may be declared, such as "50 declared locations".
pub(crate) fn extent_words(extent: Extent, lists: &[Arc<str>]) -> String {
    match extent.of {
        Each::Grants => format!("{} accounts that authorised you", extent.most),
        Each::List(list) => {
            let name = lists.get(list.at()).map_or("?", |name| &**name);
            format!("{} declared {name}", extent.most)
        }
    }
}

/// Whom a rule speaks of, as it ends "for … only".
pub(crate) fn target_words(target: &TargetRule, call: &Call<'_, '_>, lists: &[Arc<str>]) -> String {
    words(target, call.catalogue, &|list| lists.get(list.at()).map_or("?", |name| &**name))
}

/// The same, with the names of lists looked up.
pub(crate) fn words<'n>(
    target: &TargetRule,
    catalogue: &portcullis_catalogue::Catalogue,
    list: &dyn Fn(crate::rule::ListIx) -> &'n str,
) -> String {
    let mut parts = Vec::new();
    if target.none {
        return "no target".to_owned();
    }
    if let Some(ix) = target.declared {
        parts.push(format!("declared {}", list(ix)));
    }
    if let Some(ix) = target.undeclared {
        parts.push(format!("what is not in declared {}", list(ix)));
    }
    if target.granted {
        parts.push("accounts that authorised you".to_owned());
    }
    let kinds = target.types.iter().filter_map(|kind| catalogue.node_type(*kind));
    let kinds: Vec<String> = kinds.map(|kind| format!("`{}`", kind.name)).collect();
    if !kinds.is_empty() {
        parts.push(format!("targets of type {}", kinds.join(" or ")));
    }
    if let Some(classes) = &target.found_by {
        let names = catalogue.classes().map(|class| class.as_str());
        let inside = |name: &&str| catalogue.class(name).is_some_and(|ix| classes.contains(ix));
        let names: Vec<String> = names.filter(inside).map(|name| format!("`{name}`")).collect();
        parts.push(format!("what is asked inside {}", names.join(" or ")));
    }
    if parts.is_empty() { "any target".to_owned() } else { parts.join(", ") }
}

/// Where an ask stands in `fields`, dotted; none for the operation itself.
pub(crate) fn path(ask: &Ask<'_>, call: &Call<'_, '_>) -> Option<String> {
    let mut names = Vec::new();
    let mut here = ask;
    while let Via::Edge(name, parent) = here.via {
        names.push(name);
        // An edge of a node that only carries it stands in no ask but its own.
        match call.asks.asks.get(parent) {
            Some(outer) if !std::ptr::eq(outer, here) && names.len() < DEPTH_MAX => here = outer,
            _ => break,
        }
    }
    names.reverse();
    (!names.is_empty()).then(|| names.join("."))
}
