//! What denials, filters and watches stop less.
//!
//! Must not know catalogues.

use std::collections::BTreeMap;

use portcullis_types::{ClassIx, ClassSet, FieldSet};

use super::words::all_classes;
use super::{Change, Found};
use crate::compile::cover;
use crate::rule::{Deny, DropItems, Filter, Signal, Watch};

impl Change<'_> {
    pub(super) fn denials(&self, found: &mut Found) {
        for deny in self.from.deny.iter().filter(|deny| !deny.shadow) {
            let mut free = ClassSet::EMPTY;
            let given = |class: &ClassIx| self.to.frame || self.to.classes.contains(*class);
            let asked = all_classes().filter(|class| self.known(*class) && deny.concerns(*class));
            for class in asked.filter(given) {
                let still = |other: &&Deny| denies(other, deny, class);
                if !self.to.deny.iter().any(|other| still(&other)) {
                    free.insert(class);
                }
            }
            if !free.is_empty() {
                let verb = self.say("are no longer denied", "are denied");
                let names = self.words.classes(&free);
                self.add(found, format!("{verb} {names} by the rule `{}`", deny.id));
            }
        }
        self.filters(found);
    }

    fn known(&self, class: ClassIx) -> bool {
        self.words.catalogue.classes().count() > class.at()
    }

    fn filters(&self, found: &mut Found) {
        for filter in self.from.filters.iter().filter(|filter| !filter.shadow) {
            let mut said: BTreeMap<String, ClassSet> = BTreeMap::new();
            for class in all_classes().filter(|class| self.known(*class)) {
                let concerned = filter.classes.as_ref().is_none_or(|set| set.contains(class));
                if !concerned || !(self.to.frame || self.to.classes.contains(class)) {
                    continue;
                }
                if let Some(text) = self.kept(filter, class) {
                    said.entry(text).or_default().insert(class);
                }
            }
            for (text, classes) in said {
                let verb = self.say("get", "no longer get");
                let names = self.words.classes(&classes);
                self.add(found, format!("{verb} {text} of {names}, filter `{}`", filter.id));
            }
        }
    }

    /// What of a filter's work nothing does any more for a class.
    fn kept(&self, filter: &Filter, class: ClassIx) -> Option<String> {
        let others: Vec<&Filter> = self
            .to
            .filters
            .iter()
            .filter(|other| !other.shadow)
            .filter(|other| other.classes.as_ref().is_none_or(|set| set.contains(class)))
            .filter(|other| self.excepts_no_more(other, filter, class))
            .collect();
        let dropped = |item: &DropItems| others.iter().any(|other| other.drop_items.contains(item));
        let items = filter.drop_items.iter().filter(|item| !dropped(item));
        let mut parts: Vec<String> = items.map(item_words).collect();
        let all = others.iter().fold(FieldSet::EMPTY, |all, other| all.union(&other.drop_fields));
        let fields = filter.drop_fields.without(&all);
        if !fields.is_empty() {
            parts.push(format!("the fields {}", self.words.fields(&fields)));
        }
        (!parts.is_empty()).then(|| parts.join(" and "))
    }

    /// Whether a filter lets no rule for a class past that the other does not.
    fn excepts_no_more(&self, to: &Filter, from: &Filter, class: ClassIx) -> bool {
        let mut excepted = to.except.iter().filter_map(|ix| self.to.allow.get(ix.at()));
        excepted.all(|rule| {
            let mut before = from.except.iter().filter_map(|ix| self.from.allow.get(ix.at()));
            !rule.classes.contains(class) || before.any(|other| other.id == rule.id)
        })
    }

    pub(super) fn watches(&self, found: &mut Found) {
        for watch in self.from.watches.iter().filter(|watch| !watch.shadow) {
            let same = self.to.watches.iter().find(|other| other.id == watch.id);
            let text = match same {
                None => self.say("are no longer watched", "are watched"),
                Some(other) if less(other, watch) => {
                    self.say("are watched less", "are watched more")
                }
                Some(_) => continue,
            };
            self.add(found, format!("{text} by `{}`", watch.id));
        }
    }
}

/// Whether a denial covers another for a class.
fn denies(other: &Deny, deny: &Deny, class: ClassIx) -> bool {
    let when = other.when.as_ref().is_none_or(|when| cover::implied(deny.when.as_ref(), when));
    let fields = match (&other.fields, &deny.fields) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wide), Some(narrow)) => narrow.without(wide).is_empty(),
    };
    let hatch = other.hatch.is_none() || other.hatch == deny.hatch;
    !other.shadow
        && hatch
        && other.concerns(class)
        && cover::target(&deny.target, &other.target)
        && when
        && fields
}

fn item_words(item: &DropItems) -> String {
    match item {
        DropItems::ProductType(words) => format!("items of kind {}", words.join(" or ")),
        DropItems::Expired => "expired items".to_owned(),
        DropItems::AccountTypeNot(words) => {
            format!("items of accounts that are not {}", words.join(" or "))
        }
        DropItems::OwnerNot(_) => "items of other owners".to_owned(),
    }
}

/// Whether a watch speaks up later than another. The gap of ids in order is the other way round: a
/// larger one sees more, and 0 takes any.
fn later(to: &Watch, from: &Watch) -> bool {
    if to.signal == Signal::IdWalk {
        return to.min != 0 && (from.min == 0 || to.min < from.min);
    }
    to.min > from.min
}

/// Whether a watch sees less than another, or less follows.
fn less(to: &Watch, from: &Watch) -> bool {
    let classes = match (&to.classes, &from.classes) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(now), Some(before)) => before.intersection(now) != *before,
    };
    to.shadow
        || to.signal != from.signal
        || to.over > from.over
        || later(to, from)
        || to.per < from.per
        || (to.undeclared_only && !from.undeclared_only)
        || to.cool_down > from.cool_down
        || classes
        || from.then.iter().any(|action| !to.then.contains(action))
}
