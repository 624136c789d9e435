//! Rules that can never decide anything, and those that are in shadow.
//!
//! Must not know operations.

use portcullis_catalogue::Catalogue;
use portcullis_policy::{Allow, Deny, Hatch, PolicySet, Tier};
use portcullis_types::{CLASSES_MAX, ClassIx};
use serde::Serialize;

/// A rule that decides nothing, and why.
#[derive(Debug, Serialize)]
pub(super) struct Idle {
    pub(super) rule: String,
    pub(super) why: String,
    /// Whether somebody made a mistake; shadow is on purpose.
    pub(super) finding: bool,
}

pub(super) fn idle(catalogue: &Catalogue, policies: &PolicySet) -> Vec<Idle> {
    let mut all = Vec::new();
    for tier in policies.tiers() {
        let by_scope = policies.classes_of(tier.scopes);
        for (at, rule) in tier.allows().iter().enumerate() {
            let before = tier.allows().get(..at).unwrap_or_default();
            let classes = classes().filter(|ix| rule.classes.contains(*ix));
            let why = classes.map(|class| {
                unreachable(class, rule, before, by_scope.contains(class), tier, catalogue)
            });
            let why: Vec<Option<String>> = why.collect();
            // A rule for several classes still decides while one of them reaches it.
            if let Some(why) = why.iter().all(Option::is_some).then(|| join(&why)) {
                all.push(Idle { rule: rule.name.to_string(), why, finding: true });
            }
            all.extend(rule.shadow.then(|| shadow(&rule.name)));
        }
        let others = tier.denies().iter().filter(|rule| rule.shadow).map(|rule| &rule.name);
        let others = others
            .chain(tier.filters().iter().filter(|rule| rule.shadow).map(|rule| &rule.name))
            .chain(tier.watches().iter().filter(|rule| rule.shadow).map(|rule| &rule.name));
        all.extend(others.map(|name| shadow(name)));
        let limits = tier.limits().iter().filter(|limit| limit.shadow);
        all.extend(limits.map(|limit| shadow(&format!("{}/{}", tier.name, limit.id))));
    }
    all
}

/// A denial that hangs on a `deny_when`, and what it speaks of.
#[derive(Debug, Serialize)]
pub(super) struct Conditional {
    pub(super) rule: String,
    /// Those the tier gives; of these it denies what the condition says.
    pub(super) classes: Vec<String>,
}

/// Denials by a condition that only a call decides.
pub(super) fn conditional(catalogue: &Catalogue, policies: &PolicySet) -> Vec<Conditional> {
    let mut all = Vec::new();
    for tier in policies.tiers().filter(|tier| !tier.frame) {
        let conditional = |deny: &&Deny| deny.hatch.is_some() && !deny.shadow && !always(deny);
        for deny in tier.denies().iter().filter(conditional) {
            let given = classes().filter(|ix| tier.classes.contains(*ix) && deny.concerns(*ix));
            let classes = given.map(|ix| catalogue.class_name(ix).to_owned()).collect();
            all.push(Conditional { rule: deny.name.to_string(), classes });
        }
    }
    all
}

/// Whether a denial holds whatever is asked of its classes.
pub(super) fn always(deny: &Deny) -> bool {
    let sometimes = |hatch: &Hatch| hatch.text().trim() != "true";
    !deny.shadow
        && deny.target.is_any()
        && deny.when.is_none()
        && deny.fields.is_none()
        && !deny.hatch.as_ref().is_some_and(sometimes)
}

fn classes() -> impl Iterator<Item = ClassIx> {
    (0..).map(ClassIx).take(CLASSES_MAX)
}

/// Why no ask of a class gets as far as the rule.
fn unreachable(
    class: ClassIx,
    rule: &Allow,
    before: &[Allow],
    by_scope: bool,
    tier: &Tier,
    catalogue: &Catalogue,
) -> Option<String> {
    let name = catalogue.class_name(class);
    if by_scope {
        return Some(format!("a scope of the tier gives `{name}` to everyone already"));
    }
    if catalogue.uses(class).is_empty() {
        return Some(format!("no operation or edge is of the class `{name}`"));
    }
    let denied = tier.denies().iter().find(|deny| always(deny) && deny.concerns(class));
    if let Some(deny) = denied {
        return Some(format!("`{}` denies `{name}` whatever is asked", deny.name));
    }
    let covers = |first: &&Allow| {
        let target = first.target.is_any() || first.target == rule.target;
        let when = first.when.is_none() || first.when == rule.when;
        let rows = first.rows.is_none() || first.rows >= rule.rows && rule.rows.is_some();
        let fields = rule.fields.without(&first.fields).is_empty();
        first.classes.contains(class)
            && !first.shadow
            && target
            && when
            && rows
            && fields
            && first.ids >= rule.ids
    };
    let first = before.iter().find(covers)?;
    Some(format!("`{}` stands before it and gives all that it gives of `{name}`", first.name))
}

/// Scopes by which no tier grants: keys can be narrowed to them, which is what they are for.
pub(super) fn narrowing(policies: &PolicySet) -> Vec<String> {
    let unused = policies.scopes().filter(|scope| {
        let ix = policies.scope(scope.name.as_str());
        !policies.tiers().any(|tier| tier.scopes.iter().any(|held| Some(held) == ix))
    });
    unused.map(|scope| scope.name.to_string()).collect()
}

fn shadow(rule: &str) -> Idle {
    let why = "in shadow: judged and recorded, but not enforced".to_owned();
    Idle { rule: rule.to_owned(), why, finding: false }
}

fn join(why: &[Option<String>]) -> String {
    let mut words: Vec<&str> = why.iter().flatten().map(String::as_str).collect();
    words.dedup();
    words.join("; ")
}
