//! What allow rules, scopes and batches give more of.
//!
//! Must not know catalogues.

use std::collections::BTreeMap;

use portcullis_types::{ClassIx, ClassSet, FieldSet};

use super::words::all_classes;
use super::{Change, Found};
use crate::compile::cover;
use crate::rule::{Allow, Limit, When};
use crate::tier::Tier;

impl Change<'_> {
    pub(super) fn rules(&self, found: &mut Found) {
        if self.to.batch && !self.from.batch {
            let word = self.say("may send batches", "may no longer send batches");
            self.add(found, word.to_owned());
        }
        if self.from.clients_required && !self.to.clients_required {
            let word = self.say(
                "may call for clients that were not declared",
                "may call for declared clients only",
            );
            self.add(found, word.to_owned());
        }
        self.scopes(found);
        for rule in self.to.allow.iter().filter(|rule| !rule.shadow) {
            // Classes for which the same is to be said are said together.
            let mut said: BTreeMap<String, ClassSet> = BTreeMap::new();
            for class in all_classes().filter(|class| rule.classes.contains(*class)) {
                if let Some(text) = self.more(rule, class) {
                    said.entry(text).or_default().insert(class);
                }
            }
            for (text, classes) in said {
                let verb = self.say("gain", "lose");
                self.add(found, format!("{verb} {} {text}", self.words.classes(&classes)));
            }
        }
    }

    fn scopes(&self, found: &mut Found) {
        let mut classes = ClassSet::EMPTY;
        for class in all_classes().filter(|class| self.to.scope_classes.contains(*class)) {
            if !self.from.scope_classes.contains(class) {
                classes.insert(class);
            }
        }
        if !classes.is_empty() {
            let verb = self.say("gain", "lose");
            let names = self.words.classes(&classes);
            self.add(found, format!("{verb} {names} without condition, by scope"));
        }
        let fields = self.to.scope_fields.without(&self.from.scope_fields);
        if !fields.is_empty() && classes.is_empty() {
            let verb = self.say("gain", "lose");
            let names = self.words.fields(&fields);
            self.add(found, format!("{verb} the fields {names} of what scopes give"));
        }
    }

    /// What a rule gives more of one class than any rule of the other tier; none: nothing.
    fn more(&self, rule: &Allow, class: ClassIx) -> Option<String> {
        let fields = self.fields_of(rule, class);
        if self.from.scope_classes.contains(class)
            && fields.without(&self.from.scope_fields).is_empty()
        {
            return None;
        }
        let others = || {
            let speaking = self.from.allow.iter().filter(|other| other.classes.contains(class));
            speaking.filter(|other| !other.shadow)
        };
        let covered = |other: &&Allow| {
            cover::rule(rule, other, &fields) && self.dropped(rule, other).is_empty()
        };
        if others().any(|other| covered(&other)) {
            return None;
        }
        let same = others().find(|other| other.id == rule.id);
        let near = same.or_else(|| others().find(|other| other.target == rule.target));
        let Some(other) = near.or_else(|| others().next()) else {
            let target = self.words.target(&rule.target);
            let with = if fields.is_empty() {
                String::new()
            } else {
                format!(" with {}", self.words.fields(&fields))
            };
            return Some(format!("of {target}{with}, by the rule `{}`", rule.id));
        };
        let parts = self.parts(rule, other, &fields);
        Some(format!("{}, by the rule `{}`", parts.join(" and "), rule.id))
    }

    /// What a rule gives more than another, part by part.
    fn parts(&self, rule: &Allow, other: &Allow, fields: &FieldSet) -> Vec<String> {
        let mut parts = Vec::new();
        if !cover::target(&rule.target, &other.target) {
            let (from, to) = (self.words.target(&other.target), self.words.target(&rule.target));
            parts.push(format!("of {}", self.instead(from, to)));
        }
        if let Some(when) = &other.when
            && !cover::implied(rule.when.as_ref(), when)
        {
            parts.push(format!("without the condition of {}", lacking(rule.when.as_ref(), when)));
        }
        let more = fields.without(&other.fields);
        if !more.is_empty() {
            parts.push(format!("with {}", self.words.fields(&more)));
        }
        if let Some(most) = other.rows
            && rule.rows.is_none_or(|rows| rows > most)
        {
            let rows = |rows: Option<u32>| {
                rows.map_or("any number of rows".to_owned(), |n| format!("{n} rows"))
            };
            parts.push(format!("with {} a page", self.instead(rows(other.rows), rows(rule.rows))));
        }
        if rule.ids > other.ids {
            parts.push(format!("with {} ids in a call", self.instead(other.ids, rule.ids)));
        }
        for limit in self.dropped(rule, other) {
            parts.push(format!("without the limit `{limit}`"));
        }
        if parts.is_empty() {
            parts.push("in other words".to_owned());
        }
        parts
    }

    /// The limits that another rule debits and this one does not.
    fn dropped(&self, rule: &Allow, other: &Allow) -> Vec<String> {
        let own = debited(self.to, rule);
        let before = debited(self.from, other);
        let gone = before.into_iter().filter(|limit| !limit.shadow);
        let gone = gone.filter(|limit| !own.iter().any(|one| one.id == limit.id && !one.shadow));
        gone.map(|limit| limit.id.to_string()).collect()
    }

    /// The fields that a rule gives of one class.
    fn fields_of(&self, rule: &Allow, class: ClassIx) -> FieldSet {
        let uses = self.words.catalogue.uses(class);
        let mut out = FieldSet::EMPTY;
        for field in rule.fields.iter().filter_map(|ix| self.words.catalogue.field_ref(ix)) {
            if uses.iter().any(|used| used.gives == Some(field.kind)) {
                out.insert(field.ix);
            }
        }
        out
    }
}

/// What of a condition does not follow from another.
fn lacking(child: Option<&When>, bound: &When) -> String {
    let When::All(parts) = bound else { return bound.needs() };
    let lacking = parts.iter().filter(|part| !cover::implied(child, part));
    lacking.map(When::needs).collect::<Vec<_>>().join(" and ")
}

fn debited<'t>(tier: &'t Tier, rule: &Allow) -> Vec<&'t Limit> {
    rule.limits.iter().filter_map(|ix| tier.limits.get(ix.at())).collect()
}
