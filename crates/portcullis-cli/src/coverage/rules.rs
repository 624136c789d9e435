//! Rules that can never decide anything, and those that are in shadow.
//!
//! Must not know operations.

use portcullis_catalogue::Catalogue;
use portcullis_policy::{Allow, PolicySet, Tier};
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
            let classes =
                (0..).map(ClassIx).take(CLASSES_MAX).filter(|ix| rule.classes.contains(*ix));
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
    scopes(policies, &mut all);
    all
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
    let denied = tier.denies().iter().find(|deny| {
        let all = deny.target.is_any() && deny.when.is_none() && deny.fields.is_none();
        !deny.shadow && all && deny.concerns(class)
    });
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

fn scopes(policies: &PolicySet, all: &mut Vec<Idle>) {
    let unused = policies.scopes().filter(|scope| {
        let ix = policies.scope(scope.name.as_str());
        !policies.tiers().any(|tier| tier.scopes.iter().any(|held| Some(held) == ix))
    });
    let names: Vec<String> = unused.map(|scope| format!("`{}`", scope.name)).collect();
    if !names.is_empty() {
        let rule = format!("scopes {}", names.join(", "));
        let why = "no tier grants by them; keys can still be narrowed to them".to_owned();
        all.push(Idle { rule, why, finding: false });
    }
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
