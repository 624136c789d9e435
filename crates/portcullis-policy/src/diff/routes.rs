//! What changed routes open: operations, parameters and defaults.
//!
//! Must not know rules, only which tiers give a class.

use std::collections::BTreeSet;

use portcullis_catalogue::{
    Catalogue, Extra, Operation, OperationClass, ParamRole, UNCLASSIFIED_IX,
};
use portcullis_types::ClassIx;

use super::words::join;
use super::{Effect, Side, Way, Whom, types};

/// Collects effects of routes.
pub(super) struct Routes<'a, 'e> {
    pub(super) old: Side<'a>,
    pub(super) new: Side<'a>,
    pub(super) effects: &'e mut BTreeSet<Effect>,
}

pub(super) fn compare(old: Side<'_>, new: Side<'_>, effects: &mut BTreeSet<Effect>) {
    let mut routes = Routes { old, new, effects };
    routes.versions();
    routes.continuity();
    let names: BTreeSet<&str> = old
        .catalogue
        .operations()
        .chain(new.catalogue.operations())
        .map(|operation| operation.name.as_str())
        .collect();
    for name in names {
        let before = old.catalogue.operation_named(name);
        let after = new.catalogue.operation_named(name);
        routes.classes(name, before, after);
        if let (Some(before), Some(after)) = (before, after) {
            routes.params(before, after);
            routes.rows(name, before.rows_default, after.rows_default);
            routes.given(before, after);
        }
    }
    types::compare(&mut routes);
}

/// The classes of an operation, with the type of target each is for.
pub(super) fn classes(
    catalogue: &Catalogue,
    operation: &Operation,
) -> Vec<(Option<String>, String)> {
    let class = |ix: ClassIx| catalogue.class_name(ix).to_owned();
    match &operation.class {
        OperationClass::Fixed(ix) if *ix == UNCLASSIFIED_IX => Vec::new(),
        OperationClass::Fixed(ix) => vec![(None, class(*ix))],
        OperationClass::ByTarget(by) => by
            .iter()
            .filter_map(|(kind, ix)| {
                Some((Some(catalogue.node_type(*kind)?.name.to_string()), class(*ix)))
            })
            .collect(),
        OperationClass::NotJudged(_) => Vec::new(),
    }
}

impl Routes<'_, '_> {
    pub(super) fn add(&mut self, way: Way, (who, whom): (String, Whom), text: String) {
        self.effects.insert(Effect { way, who, text, whom });
    }

    /// Everyone: what concerns no class of its own.
    pub(super) fn all(&mut self, way: Way, text: String) {
        self.add(way, ("all partners".to_owned(), Whom::All), text);
    }

    /// The tiers that give a class.
    fn giving(side: Side<'_>, class: &str) -> BTreeSet<String> {
        let Some(ix) = side.catalogue.class(class) else { return BTreeSet::new() };
        let tiers = side.policies.tiers().filter(|tier| {
            tier.scope_classes.contains(ix)
                || tier.allow.iter().any(|rule| !rule.shadow && rule.classes.contains(ix))
        });
        tiers.map(|tier| tier.name.to_string()).collect()
    }

    /// Something that was of one class is of another: who gives the new one gains it.
    pub(super) fn reclassed(&mut self, what: &str, before: Option<&str>, after: Option<&str>) {
        if before == after {
            return;
        }
        let had = before.map(|class| Self::giving(self.old, class)).unwrap_or_default();
        let has = after.map(|class| Self::giving(self.new, class)).unwrap_or_default();
        let words =
            |class: Option<&str>| class.map_or("closed".to_owned(), |class| format!("`{class}`"));
        let text = |verb: &str| {
            format!("{verb} {what}, which is {} instead of {}", words(after), words(before))
        };
        let gain: Vec<String> = has.difference(&had).cloned().collect();
        let lose: Vec<String> = had.difference(&has).cloned().collect();
        for (way, verb, who) in [(Way::Wider, "gain", gain), (Way::Narrower, "lose", lose)] {
            if !who.is_empty() {
                let told = format!("partners on {}", join(&who));
                self.add(way, (told, Whom::Tiers(who)), text(verb));
            }
        }
    }

    fn classes(&mut self, name: &str, before: Option<&Operation>, after: Option<&Operation>) {
        let of = |side: Side<'_>, operation: Option<&Operation>| {
            operation.map(|one| classes(side.catalogue, one)).unwrap_or_default()
        };
        let (old, new) = (of(self.old, before), of(self.new, after));
        let kinds: BTreeSet<&Option<String>> =
            old.iter().chain(&new).map(|(kind, _)| kind).collect();
        for kind in kinds {
            let find = |all: &[(Option<String>, String)]| {
                all.iter().find(|(one, _)| one == kind).map(|(_, class)| class.clone())
            };
            let what = match kind {
                Some(kind) => format!("`{name}` of a `{kind}`"),
                None => format!("`{name}`"),
            };
            self.reclassed(&what, find(&old).as_deref(), find(&new).as_deref());
        }
        let place = |one: &Operation| (one.method, one.template.clone());
        if let (Some(before), Some(after)) = (before, after)
            && place(before) != place(after)
        {
            let text = format!("find `{name}` at another path or by another method");
            self.all(Way::Wider, text);
        }
        let batch = |one: Option<&Operation>| one.is_some_and(|one| one.batch);
        if batch(after) && !batch(before) {
            self.all(Way::Wider, format!("may send batches to `{name}` where their tier has them"));
        }
    }

    /// A parameter with a meaning that is read no more is one that nothing bounds.
    fn params(&mut self, before: &Operation, after: &Operation) {
        for (param, role) in &before.params {
            let now = after.params.get(param).copied();
            if now != Some(*role)
                && *role != ParamRole::Plain
                && (now.is_some() || after.extra == Extra::Pass)
            {
                let text = format!(
                    "send `{param}` of `{}` unjudged as {}",
                    before.name,
                    role_words(*role)
                );
                self.all(Way::Wider, text);
            }
        }
        if before.extra == Extra::Refuse && after.extra == Extra::Pass {
            let text = format!("may send `{}` parameters that nobody declared", before.name);
            self.all(Way::Wider, text);
        }
        let new = after.params.keys().filter(|param| !before.params.contains_key(*param));
        if before.extra == Extra::Refuse {
            for param in new {
                self.all(Way::Wider, format!("may send `{param}` to `{}`", before.name));
            }
        }
        let gone = before.params.keys().filter(|param| !after.params.contains_key(*param));
        if after.extra == Extra::Refuse {
            for param in gone {
                self.all(
                    Way::Narrower,
                    format!("may no longer send `{param}` to `{}`", before.name),
                );
            }
        }
    }

    pub(super) fn rows(&mut self, name: &str, before: Option<u32>, after: Option<u32>) {
        let count = |rows: Option<u32>| rows.unwrap_or(1);
        let way = match count(after).cmp(&count(before)) {
            std::cmp::Ordering::Less => Way::Wider,
            std::cmp::Ordering::Equal => return,
            std::cmp::Ordering::Greater => Way::Narrower,
        };
        let (from, to) = (count(before), count(after));
        let text =
            format!("are counted {to} rows instead of {from} where `{name}` names no page size");
        self.all(way, text);
    }

    /// Fields that come unasked, and are judged only where the routes say so.
    fn given(&mut self, before: &Operation, after: &Operation) {
        let (old, new) = (&before.default_fields, &after.default_fields);
        let (Some(old), Some(new)) = (old, new) else {
            if old.is_some() != new.is_some() {
                let text = format!("get other fields of `{}` when they name none", before.name);
                self.all(Way::Wider, text);
            }
            return;
        };
        self.defaults(&format!("`{}`", before.name), old, new);
    }

    pub(super) fn defaults(&mut self, what: &str, old: &[Box<str>], new: &[Box<str>]) {
        let but = |all: &[Box<str>], other: &[Box<str>]| {
            let gone = all.iter().filter(|name| !other.contains(name));
            gone.map(|name| name.to_string()).collect::<Vec<_>>()
        };
        let (lost, found) = (but(old, new), but(new, old));
        if !lost.is_empty() {
            let names = join(&lost);
            let text = format!("get {names} of {what} unjudged when they name no field");
            self.all(Way::Wider, text);
        }
        if !found.is_empty() {
            let names = join(&found);
            let text = format!("are judged for {names} of {what} when they name no field");
            self.all(Way::Narrower, text);
        }
    }

    /// What stays open to who is on hold.
    fn continuity(&mut self) {
        let open = |side: Side<'_>| -> BTreeSet<String> {
            let classes = side.catalogue.classes().map(ToString::to_string);
            let is_open = |class: &String| {
                let ix = side.catalogue.class(class);
                ix.is_some_and(|ix| side.catalogue.continuity().contains(ix))
            };
            classes.filter(is_open).collect()
        };
        let (old, new) = (open(self.old), open(self.new));
        for (way, verb, from, to) in
            [(Way::Wider, "keep", &new, &old), (Way::Narrower, "lose", &old, &new)]
        {
            let classes: Vec<String> = from.difference(to).cloned().collect();
            if !classes.is_empty() {
                self.all(way, format!("{verb} {} while they are on hold", join(&classes)));
            }
        }
    }

    fn versions(&mut self) {
        let known = |side: Side<'_>| -> BTreeSet<String> {
            let versions = side.catalogue.versions();
            versions.iter().flat_map(|one| one.known.iter().map(ToString::to_string)).collect()
        };
        let (old, new) = (known(self.old), known(self.new));
        let opened: Vec<String> = new.difference(&old).cloned().collect();
        let closed: Vec<String> = old.difference(&new).cloned().collect();
        if !opened.is_empty() {
            self.all(Way::Wider, format!("may use the versions {}", join(&opened)));
        }
        if !closed.is_empty() {
            self.all(Way::Narrower, format!("may no longer use the versions {}", join(&closed)));
        }
    }
}

const fn role_words(role: ParamRole) -> &'static str {
    match role {
        ParamRole::Plain => "a plain value",
        ParamRole::Fields => "fields",
        ParamRole::PageSize => "a page size",
        ParamRole::Cursor => "a cursor",
        ParamRole::Ids => "ids",
        ParamRole::Batch => "a batch",
        ParamRole::Words => "words to search for",
        ParamRole::Point => "a point",
        ParamRole::Distance => "a distance",
        ParamRole::TargetName => "the name of a target",
        ParamRole::SameAsTarget => "the id of the path once more",
        ParamRole::Carrier => "an account that only carries the call",
        ParamRole::Secret => "a secret",
    }
}
