//! What a changed set gives more or less of, before it comes into force.
//!
//! In doubt something is wider. Must not know files, nor which partner has which tier.

mod bounds;
mod carry;
mod denials;
mod ledger;
mod routes;
mod rules;
mod types;
mod words;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use portcullis_catalogue::Catalogue;
use serde::Serialize;

use crate::set::PolicySet;
use crate::tier::Tier;
use words::Words;

/// One of two sets that are compared.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// Its tiers.
    pub policies: &'a PolicySet,
    /// The routes they were compiled against.
    pub catalogue: &'a Catalogue,
}

/// Whether something is given more or less of.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// More is given, less is bounded, less is watched, or less is written down of what leaves.
    Wider,
    /// Less is given.
    Narrower,
}

/// One effect of a change.
#[derive(Debug, Clone, Eq, PartialEq, Ord, PartialOrd, Serialize)]
pub struct Effect {
    /// More or less.
    pub way: Way,
    /// Who gains or loses: a tier and its use, or the tiers that a route concerns.
    pub who: String,
    /// What, as the rest of a sentence that begins with `who`.
    pub text: String,
    /// Whose calls it concerns.
    #[serde(skip)]
    pub whom: Whom,
}

/// Whose calls an effect concerns.
#[derive(Debug, Clone, Default, Eq, PartialEq, Ord, PartialOrd)]
pub enum Whom {
    /// Everybody's.
    #[default]
    All,
    /// Of partners on these tiers.
    Tiers(Vec<String>),
    /// Of keys that are narrowed to this scope.
    Scope(String),
    /// Nobody's: it is told of a use, or what is watched or written down refuses no call.
    Nobody,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.way {
            Way::Wider => "wider",
            Way::Narrower => "narrower",
        };
        write!(f, "{way}: {} {}.", self.who, self.text)
    }
}

/// Every effect of a change, what becomes wider first.
#[must_use]
pub fn diff(old: Side<'_>, new: Side<'_>) -> Vec<Effect> {
    let mut effects = BTreeSet::new();
    for tier in old.policies.tiers() {
        let who = who(tier);
        match new.policies.tier(tier.name.as_str()).and_then(|ix| new.policies.tier_at(ix)) {
            Some(now) => {
                let whom = Whom::Tiers(vec![tier.name.to_string()]);
                compare((&who, &whom), (old, Some(tier)), (new, Some(now)), &mut effects);
            }
            None if tier.frame => {}
            None => {
                let text = format!("lose everything: the tier `{}` is gone", tier.name);
                let whom = Whom::Tiers(vec![tier.name.to_string()]);
                effects.insert(Effect { way: Way::Narrower, who, text, whom });
            }
        }
    }
    uses(old, new, &mut effects);
    scopes(old, new, &mut effects);
    routes::compare(old, new, &mut effects);
    ledger::compare(old.catalogue, new.catalogue, &mut effects);
    effects.into_iter().collect()
}

/// What the ledger writes down otherwise by other routes, what it writes down less of first; [`diff`] tells
/// the same among all else.
#[must_use]
pub fn diff_ledger(old: &Catalogue, new: &Catalogue) -> Vec<Effect> {
    let mut effects = BTreeSet::new();
    ledger::compare(old, new, &mut effects);
    effects.into_iter().collect()
}

/// Uses that get another tier than before.
fn uses(old: Side<'_>, new: Side<'_>, effects: &mut BTreeSet<Effect>) {
    let names: BTreeSet<&String> =
        old.policies.uses.keys().chain(new.policies.uses.keys()).collect();
    for purpose in names {
        let tier = |set: &Side<'_>| {
            let found = set.policies.tier_for_use(purpose);
            found.and_then(|ix| set.policies.tiers.get(ix.at()).map(|tier| (ix, tier.name.clone())))
        };
        let (before, after) = (tier(&old), tier(&new));
        let name = |found: &Option<(_, portcullis_types::TierName)>| {
            found.as_ref().map(|(_, name)| name.clone())
        };
        if name(&before) == name(&after) {
            continue;
        }
        let who = format!("partners of the use `{purpose}`");
        let before = before.and_then(|(ix, _)| old.policies.tier_at(ix));
        let after = after.and_then(|(ix, _)| new.policies.tier_at(ix));
        compare((&who, &Whom::Nobody), (old, before), (new, after), effects);
    }
}

/// Keys that are narrowed to a scope may touch what it holds now, where their tier gives it.
fn scopes(old: Side<'_>, new: Side<'_>, effects: &mut BTreeSet<Effect>) {
    let held = |side: Side<'_>, name: &str| -> BTreeSet<String> {
        let set = side.policies.scope(name).and_then(|ix| side.policies.scope_at(ix));
        let Some(scope) = set else { return BTreeSet::new() };
        let all = words::all_classes().filter(|class| scope.classes.contains(*class));
        all.map(|class| side.catalogue.class_name(class).to_owned()).collect()
    };
    let names: BTreeSet<&str> =
        old.policies.scopes().chain(new.policies.scopes()).map(|one| one.name.as_str()).collect();
    for name in names {
        let (before, after) = (held(old, name), held(new, name));
        let more: Vec<String> = after.difference(&before).cloned().collect();
        let less: Vec<String> = before.difference(&after).cloned().collect();
        for (way, verb, all) in [(Way::Wider, "gain", more), (Way::Narrower, "lose", less)] {
            if !all.is_empty() {
                let text = format!("{verb} {}, where their tier gives it", words::join(&all));
                let who = format!("keys narrowed to the scope `{name}`");
                effects.insert(Effect { way, who, text, whom: Whom::Scope(name.to_owned()) });
            }
        }
    }
}

/// What somebody gains and loses who goes from one tier to another; none gives nothing.
#[must_use]
pub fn diff_tiers(old: (Side<'_>, Option<&Tier>), new: (Side<'_>, Option<&Tier>)) -> Vec<Effect> {
    let mut effects = BTreeSet::new();
    compare(("the partner", &Whom::All), old, new, &mut effects);
    effects.into_iter().collect()
}

/// A tier before and after; none gives nothing.
fn compare(
    (who, whom): (&str, &Whom),
    old: (Side<'_>, Option<&Tier>),
    new: (Side<'_>, Option<&Tier>),
    effects: &mut BTreeSet<Effect>,
) {
    let (before, after, lists) = match (old.1, new.1) {
        (None, None) => return,
        (Some(before), Some(after)) => {
            let (before, lists) = carry::over(before, old.0, new.0);
            (before, after.clone(), lists)
        }
        (None, Some(after)) => {
            (after.emptied(), after.clone(), new.0.policies.lists().map(Arc::from).collect())
        }
        (Some(before), None) => {
            let (before, lists) = carry::over(before, old.0, new.0);
            let after = before.emptied();
            (before, after, lists)
        }
    };
    let words = Words { catalogue: new.0.catalogue, lists: &lists };
    let (mut found, mut watched) = (Vec::new(), Vec::new());
    for way in [Way::Wider, Way::Narrower] {
        // What is wider from old to new is what is narrower from new to old.
        let (from, to) = match way {
            Way::Wider => (&before, &after),
            Way::Narrower => (&after, &before),
        };
        let change = Change { way, from, to, words };
        change.rules(&mut found);
        change.bounds(&mut found);
        change.denials(&mut found);
        change.watches(&mut watched);
    }
    for (all, whom) in [(found, whom), (watched, &Whom::Nobody)] {
        let effect = |(way, text)| Effect { way, who: who.to_owned(), text, whom: whom.clone() };
        effects.extend(all.into_iter().map(effect));
    }
}

/// Two tiers, read in the direction in which `to` may give more than `from`.
#[derive(Clone, Copy)]
struct Change<'a> {
    way: Way,
    from: &'a Tier,
    to: &'a Tier,
    words: Words<'a>,
}

/// What was found: more or less, and the rest of the sentence.
type Found = Vec<(Way, String)>;

impl Change<'_> {
    /// What is said in this direction.
    const fn say<'w>(&self, wider: &'w str, narrower: &'w str) -> &'w str {
        match self.way {
            Way::Wider => wider,
            Way::Narrower => narrower,
        }
    }

    fn add(&self, found: &mut Found, text: String) {
        found.push((self.way, text));
    }

    /// A figure that was another before, whichever direction is read.
    fn instead<T: fmt::Display>(&self, from: T, to: T) -> String {
        match self.way {
            Way::Wider => format!("{to} instead of {from}"),
            Way::Narrower => format!("{from} instead of {to}"),
        }
    }
}

fn who(tier: &Tier) -> String {
    match &tier.purpose {
        Some(purpose) => format!("partners on `{}` (use `{purpose}`)", tier.name),
        None if tier.frame => format!("partners on tiers that inherit `{}`", tier.name),
        None => format!("partners on `{}`", tier.name),
    }
}
