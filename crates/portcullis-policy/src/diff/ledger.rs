//! What the ledger writes down otherwise of what leaves, by class, and by operation and field where these
//! went to a class of another level.
//!
//! Must not know tiers: what is written down refuses no call.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_catalogue::{Catalogue, Field, UNCLASSIFIED};
use portcullis_types::{ClassIx, FieldSet, LedgerLevel};

use super::{Effect, Way, Whom, routes, types};

/// Something that leaves: what it is, and how much is written down of it.
#[derive(Clone, Copy)]
struct Kept<'c> {
    class: &'c str,
    level: LedgerLevel,
    /// Whether it is said to belong to the account that a call names.
    owned: bool,
}

pub(super) fn compare(old: &Catalogue, new: &Catalogue, effects: &mut BTreeSet<Effect>) {
    let (before, after) = (classes(old), classes(new));
    for (class, was) in &before {
        if let Some(is) = after.get(class) {
            let what = format!("what leaves of `{class}`");
            add(&what, was.0, is.0, effects);
            believe(&what, *was, *is, effects);
        }
    }
    vanishing(old, new, effects);
    let told = |class: &str| before.get(class) != after.get(class);
    let now = things(new);
    for (what, was) in things(old) {
        let Some(is) = now.get(&what) else { continue };
        if was.class != is.class {
            let what = format!("{what}, which is `{}` instead of `{}`", is.class, was.class);
            add(&what, was.level, is.level, effects);
            believe(&what, (was.level, was.owned), (is.level, is.owned), effects);
        } else if !told(was.class) {
            // The objects that lead to it are something else than before.
            add(&what, was.level, is.level, effects);
        }
    }
}

/// What partners are told, day by day, that it has to be gone.
fn vanishing(old: &Catalogue, new: &Catalogue, effects: &mut BTreeSet<Effect>) {
    let after = |of: &Catalogue, class: &str| {
        let vanishing = of.vanishing()?;
        let known = of.class(class).filter(|class| vanishing.classes.contains(*class));
        known.map(|_| vanishing.after)
    };
    let both: BTreeSet<_> = old.classes().chain(new.classes()).collect();
    for class in both.into_iter().map(portcullis_types::ClassName::as_str) {
        let (way, text) = match (after(old, class), after(new, class)) {
            (Some(_), None) => (
                Way::Wider,
                format!(
                    "no longer tells partners by when what they received of `{class}` has to be gone"
                ),
            ),
            (None, Some(is)) => (
                Way::Narrower,
                format!(
                    "tells partners that what they received of `{class}` has to be gone {is} after its day"
                ),
            ),
            (Some(was), Some(is)) if was != is => (
                if was < is { Way::Wider } else { Way::Narrower },
                format!(
                    "tells partners that what they received of `{class}` has to be gone {is} after its day, not {was}"
                ),
            ),
            _ => continue,
        };
        effects.insert(Effect { way, who: "the ledger".to_owned(), text, whom: Whom::Nobody });
    }
}

/// The level of each class, and whether whose it is is believed to be told by the call.
fn classes(catalogue: &Catalogue) -> BTreeMap<&str, (LedgerLevel, bool)> {
    let known = catalogue.classes().map(portcullis_types::ClassName::as_str);
    let of = |class| (catalogue.level(class), catalogue.is_owned(class));
    known.filter_map(|name| Some((name, of(catalogue.class(name)?)))).collect()
}

/// Operations, edges and fields, as a sentence names them. What nobody classified does not leave.
fn things(catalogue: &Catalogue) -> BTreeMap<String, Kept<'_>> {
    let mut all = BTreeMap::new();
    let named = |class: ClassIx, level, owned| {
        let class = catalogue.class_name(class);
        Kept { class, level, owned }
    };
    let kept = |class| named(class, catalogue.level(class), catalogue.is_owned(class));
    for operation in catalogue.operations() {
        for (kind, class) in routes::classes(catalogue, operation) {
            let Some(class) = catalogue.class(&class) else { continue };
            let what = match kind {
                Some(kind) => format!("`{}` of a `{kind}`", operation.name),
                None => format!("`{}`", operation.name),
            };
            all.insert(what, kept(class));
        }
    }
    for kind in types::all(catalogue) {
        for (name, field) in kind.fields.iter().filter(|(_, field)| Field::is_edge(field)) {
            let what = format!("the edge `{name}` of a `{}`", kind.name);
            all.insert(what, kept(field.class));
        }
    }
    for field in catalogue.fields() {
        let Some(kind) = catalogue.node_type(field.kind) else { continue };
        let what = format!("the field `{}` of a `{}`", field.path, kind.name);
        let level = catalogue.level_of(field.class, &FieldSet::of(field.ix));
        all.insert(what, named(field.class, level, false));
    }
    all.retain(|_, kept| kept.class != UNCLASSIFIED);
    all
}

/// Where whose something is stands in digests before and after: whether it is still looked for in what leaves.
fn believe(
    what: &str,
    was: (LedgerLevel, bool),
    is: (LedgerLevel, bool),
    effects: &mut BTreeSet<Effect>,
) {
    let (way, text) = match (was, is) {
        ((LedgerLevel::Digests, false), (LedgerLevel::Digests, true)) => (
            Way::Wider,
            format!(
                "takes {what} from now on for what belongs to the account that a call names, and no longer asks the platform whose it is"
            ),
        ),
        ((LedgerLevel::Digests, true), (LedgerLevel::Digests, false)) => (
            Way::Narrower,
            format!(
                "asks the platform whose it is of {what}, and no longer takes it for what belongs to the account that a call names"
            ),
        ),
        _ => return,
    };
    effects.insert(Effect { way, who: "the ledger".to_owned(), text, whom: Whom::Nobody });
}

fn add(what: &str, was: LedgerLevel, is: LedgerLevel, effects: &mut BTreeSet<Effect>) {
    use LedgerLevel::{Counts, Digests, Off};
    let text = match (was, is) {
        (Off, Off) | (Counts, Counts) | (Digests, Digests) => return,
        (Digests, Counts) => format!(
            "no longer digests {what}, and only counts it: whose it was, and who has to delete it, can't be told any more"
        ),
        (Digests, Off) => format!(
            "writes down nothing of {what} any more: neither whose it was nor how much left can be told"
        ),
        (Counts, Off) => {
            format!("no longer counts {what}: how much left, and for whom, can't be told any more")
        }
        (Off, Counts) => {
            format!("counts {what} from now on: how much leaves, and for whom, can be told")
        }
        (Off | Counts, Digests) => format!(
            "digests {what} from now on: whose it is, and who has to delete it, can be told"
        ),
    };
    let way = if is < was { Way::Wider } else { Way::Narrower };
    effects.insert(Effect { way, who: "the ledger".to_owned(), text, whom: Whom::Nobody });
}
