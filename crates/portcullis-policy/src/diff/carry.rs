//! A tier in the numbering of another set, so that both can be compared.
//!
//! What the other set no longer knows is left out: it can't be asked for any more.

use std::sync::Arc;

use portcullis_catalogue::Catalogue;
use portcullis_types::{ClassIx, ClassSet, FieldSet, ScopeSet, TypeIx};

use super::Side;
use crate::rule::{Allow, Deny, DropItems, Each, Extent, FigureIx, Filter, Limit, ListIx, Max};
use crate::rule::{Owner, TargetRule, Watch, When};
use crate::set::PolicySet;
use crate::tier::{Rate, Tier};

/// Lists by name, in the numbering of both tiers.
pub(super) type Lists = Vec<Arc<str>>;

/// The numbers of one set in another.
struct Carry<'a> {
    old: &'a Catalogue,
    new: &'a Catalogue,
    old_set: &'a PolicySet,
    new_set: &'a PolicySet,
    lists: Vec<ListIx>,
    figures: Vec<FigureIx>,
}

/// A tier of the old set in the numbering of the new one, and the names of the lists of both.
pub(super) fn over(tier: &Tier, old: Side<'_>, new: Side<'_>) -> (Tier, Lists) {
    let mut names: Lists = new.policies.lists().map(Arc::from).collect();
    let number = |name: &str, names: &mut Lists| {
        let at = names.iter().position(|one| **one == *name).unwrap_or_else(|| {
            names.push(Arc::from(name));
            names.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    };
    let lists = old.policies.lists().map(|name| ListIx(number(name, &mut names))).collect();
    let mut figures: Lists = new.policies.figures().map(Arc::from).collect();
    let carry = Carry {
        old: old.catalogue,
        new: new.catalogue,
        old_set: old.policies,
        new_set: new.policies,
        lists,
        figures: old.policies.figures().map(|name| FigureIx(number(name, &mut figures))).collect(),
    };
    (carry.tier(tier), names)
}

impl Carry<'_> {
    fn tier(&self, tier: &Tier) -> Tier {
        Tier {
            classes: self.classes(&tier.classes),
            scope_classes: self.classes(&tier.scope_classes),
            scope_fields: self.fields(&tier.scope_fields),
            rates: tier.rates.iter().map(|rate| self.rate(rate)).collect(),
            limits: tier
                .limits
                .iter()
                .map(|limit| Limit {
                    max: self.max(limit.max),
                    returned: limit.returned.iter().filter_map(|kind| self.kind(*kind)).collect(),
                    ..limit.clone()
                })
                .collect(),
            extents: tier.extents.iter().map(|one| self.extent(*one)).collect(),
            allow: tier.allow.iter().map(|rule| self.allow(rule)).collect(),
            deny: tier.deny.iter().map(|rule| self.deny(rule)).collect(),
            filters: tier.filters.iter().map(|filter| self.filter(filter)).collect(),
            watches: tier.watches.iter().map(|watch| self.watch(watch)).collect(),
            cases: Vec::new(),
            ..tier.clone()
        }
    }

    fn class(&self, class: ClassIx) -> Option<ClassIx> {
        self.new.class(self.old.class_name(class))
    }

    fn classes(&self, set: &ClassSet) -> ClassSet {
        let mut out = ClassSet::EMPTY;
        let all = (0u16..).take(portcullis_types::CLASSES_MAX).map(ClassIx);
        for class in all.filter(|class| set.contains(*class)).filter_map(|one| self.class(one)) {
            out.insert(class);
        }
        out
    }

    fn kind(&self, kind: TypeIx) -> Option<TypeIx> {
        self.new.type_named(self.old.node_type(kind)?.name.as_str())
    }

    fn fields(&self, set: &FieldSet) -> FieldSet {
        let mut out = FieldSet::EMPTY;
        for field in set.iter().filter_map(|ix| self.old.field_ref(ix)) {
            let kind = self.kind(field.kind);
            if let Some(ix) = kind.and_then(|kind| self.new.field_of(kind, field.path)) {
                out.insert(ix);
            }
        }
        out
    }

    fn list(&self, list: ListIx) -> ListIx {
        self.lists.get(list.at()).copied().unwrap_or(ListIx(u16::MAX))
    }

    fn figure(&self, figure: FigureIx) -> FigureIx {
        self.figures.get(figure.at()).copied().unwrap_or(FigureIx(u16::MAX))
    }

    fn max(&self, max: Max) -> Max {
        match max {
            Max::Figure(figure) => Max::Figure(self.figure(figure)),
            Max::ForEach { of: Each::List(list), times } => {
                Max::ForEach { of: Each::List(self.list(list)), times }
            }
            Max::Fixed(_) | Max::ForEach { of: Each::Grants, .. } => max,
        }
    }

    fn extent(&self, extent: Extent) -> Extent {
        match extent.of {
            Each::List(list) => Extent { of: Each::List(self.list(list)), ..extent },
            Each::Grants => extent,
        }
    }

    fn rate(&self, rate: &Rate) -> Rate {
        Rate {
            figure: rate.figure.map(|figure| self.figure(figure)),
            classes: rate.classes.as_ref().map(|set| self.classes(set)),
            ..rate.clone()
        }
    }

    fn target(&self, target: &TargetRule) -> TargetRule {
        TargetRule {
            none: target.none,
            declared: target.declared.map(|list| self.list(list)),
            undeclared: target.undeclared.map(|list| self.list(list)),
            granted: target.granted,
            found_by: target.found_by.as_ref().map(|set| self.classes(set)),
            types: target.types.iter().filter_map(|kind| self.kind(*kind)).collect(),
        }
    }

    fn scopes(&self, set: ScopeSet) -> ScopeSet {
        let names = set.iter().filter_map(|ix| self.old_set.scope_name(ix));
        let mut out = ScopeSet::EMPTY;
        for ix in names.filter_map(|name| self.new_set.scope(name.as_str())) {
            out.insert(ix);
        }
        out
    }

    fn when(&self, when: &When) -> When {
        let each = |all: &[When]| all.iter().map(|one| self.when(one)).collect();
        match when {
            When::Scope(set, names) => When::Scope(self.scopes(*set), names.clone()),
            When::Not(inner) => When::Not(Box::new(self.when(inner))),
            When::Any(all) => When::Any(each(all)),
            When::All(all) => When::All(each(all)),
            other => other.clone(),
        }
    }

    fn allow(&self, rule: &Allow) -> Allow {
        Allow {
            when: rule.when.as_ref().map(|when| self.when(when)),
            classes: self.classes(&rule.classes),
            target: self.target(&rule.target),
            fields: self.fields(&rule.fields),
            field_classes: self.classes(&rule.field_classes),
            extents: rule.extents.iter().map(|one| self.extent(*one)).collect(),
            ..rule.clone()
        }
    }

    fn deny(&self, rule: &Deny) -> Deny {
        Deny {
            when: rule.when.as_ref().map(|when| self.when(when)),
            classes: rule.classes.as_ref().map(|set| self.classes(set)),
            target: self.target(&rule.target),
            fields: rule.fields.as_ref().map(|set| self.fields(set)),
            ..rule.clone()
        }
    }

    fn filter(&self, filter: &Filter) -> Filter {
        let item = |item: &DropItems| match item {
            DropItems::OwnerNot(Owner::Declared(list)) => {
                DropItems::OwnerNot(Owner::Declared(self.list(*list)))
            }
            other => other.clone(),
        };
        Filter {
            classes: filter.classes.as_ref().map(|set| self.classes(set)),
            drop_items: filter.drop_items.iter().map(item).collect(),
            drop_fields: self.fields(&filter.drop_fields),
            ..filter.clone()
        }
    }

    fn watch(&self, watch: &Watch) -> Watch {
        Watch { classes: watch.classes.as_ref().map(|set| self.classes(set)), ..watch.clone() }
    }
}
