//! The path of a decision: each ask, each rule that was looked at, and why it fits or not.
//!
//! Takes the same checks as the verdict, at leisure. Must not know how a step is shown.

mod words;

use std::fmt;
use std::sync::Arc;

use portcullis_catalogue::Catalogue;
use portcullis_types::asked::{Ask, Asks};
use portcullis_types::{Counts, FieldSet};
use serde::Serialize;

use crate::fields;
use crate::judge::refuse::{extent_words, target_words};
use crate::judge::rules::{Call, Fit, Miss};
use crate::judge::{Caller, Passed, Ruling};
use crate::rule::Allow;
use crate::tier::Tier;

/// One step of a decision.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct Step {
    /// Which ask of the call.
    pub ask: usize,
    /// What kind of step.
    pub kind: StepKind,
    /// The rule, limit or filter; none: no rule is concerned.
    pub rule: Option<Arc<str>>,
    /// What it comes to, with its values, as a sentence.
    pub text: String,
}

/// What kind of step.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// What is asked.
    Asks,
    /// A rule that denies it.
    Denies,
    /// A rule or scope that grants it.
    Grants,
    /// A rule that was looked at and does not fit.
    Misses,
    /// A shadowed rule that fits.
    Shadow,
    /// Nothing grants it.
    Refused,
    /// What is debited.
    Debits,
    /// What is changed before the call is sent on.
    Amends,
    /// What the answer passes.
    Filters,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indent = if self.kind == StepKind::Asks { "" } else { "  " };
        match &self.rule {
            Some(rule) => write!(f, "{indent}`{rule}` {}", self.text),
            None => write!(f, "{indent}{}", self.text),
        }
    }
}

impl Tier {
    /// Every step of the decision over a call, as [`Tier::judge`] takes them.
    #[must_use]
    pub fn explain(
        &self,
        asks: &Asks<'_>,
        caller: &Caller<'_>,
        catalogue: &Catalogue,
    ) -> Vec<Step> {
        let call = Call { asks, caller, catalogue };
        let mut ruling = Ruling::default();
        let said = self.judge(asks, caller, catalogue, &mut ruling);
        let mut path = Path { tier: self, call, steps: Vec::new() };
        if asks.params.in_batch && !self.batch {
            let text = format!("the tier `{}` has no batches", self.name);
            path.add(0, StepKind::Refused, None, text);
            return path.steps;
        }
        for (at, ask) in asks.asks.iter().enumerate() {
            path.ask(at, ask, &ruling);
        }
        if let Some(fields) = &ruling.default_fields {
            let names = path.names(fields);
            path.add(0, StepKind::Amends, None, format!("asks for the fields {names} only"));
        }
        if let Err(refusal) = said {
            let last = asks.asks.len().saturating_sub(1);
            let text = format!("refused as `{}`: {}", refusal.row().code, refusal.detail());
            path.add(last, StepKind::Refused, None, text);
        }
        path.steps
    }
}

/// Steps, as they are found.
struct Path<'a, 't> {
    tier: &'a Tier,
    call: Call<'a, 't>,
    steps: Vec<Step>,
}

impl Path<'_, '_> {
    fn add(&mut self, ask: usize, kind: StepKind, rule: Option<&Arc<str>>, text: String) {
        self.steps.push(Step { ask, kind, rule: rule.map(Arc::clone), text });
    }

    fn names(&self, set: &FieldSet) -> String {
        let names = set.iter().filter_map(|ix| fields::path_of(self.call.catalogue, ix));
        let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }

    fn ask(&mut self, at: usize, ask: &Ask<'_>, ruling: &Ruling) {
        let text = self.asked(ask);
        self.add(at, StepKind::Asks, None, text);
        for &ix in self.tier.index.deny(ask.class) {
            let Some(rule) = self.tier.deny.get(usize::from(ix)) else { continue };
            if !self.call.denied(rule, ask) {
                let text = "does not deny it".to_owned();
                self.add(at, StepKind::Misses, Some(&rule.name), text);
            } else if rule.shadow {
                let text = "would deny it, but is in shadow".to_owned();
                self.add(at, StepKind::Shadow, Some(&rule.name), text);
            } else {
                self.add(at, StepKind::Denies, Some(&rule.name), "denies it".to_owned());
            }
        }
        match ruling.passed.get(at) {
            Some(Passed::Scopes) => {
                let text = "a scope of the tier grants it".to_owned();
                self.add(at, StepKind::Grants, None, text);
            }
            Some(Passed::Rule(_) | Passed::Nothing) | None => self.rules(at, ask),
        }
        self.debits(at, ruling);
        if ruling.passed.get(at).is_some_and(|passed| *passed != Passed::Nothing) {
            self.filters(at, ask, ruling);
        }
    }

    /// Every allow rule up to the one that fits.
    fn rules(&mut self, at: usize, ask: &Ask<'_>) {
        let class = self.call.catalogue.class_name(ask.class);
        if !self.call.caller.granted.contains(ask.class) {
            let text = format!("the scopes of the partner, client or key leave `{class}` out");
            self.add(at, StepKind::Refused, None, text);
            return;
        }
        if self.tier.scope_classes.contains(ask.class) {
            let text = match self.tier.by_scope(&self.call, ask) {
                Err(Miss::Fields(over)) => {
                    format!("a scope grants `{class}`, but not the fields {}", self.names(&over))
                }
                _ => format!("a scope grants `{class}`"),
            };
            self.add(at, StepKind::Misses, None, text);
            return;
        }
        let rules = self.tier.index.allow(ask.class);
        if rules.is_empty() {
            let text = format!("no rule of the tier `{}` speaks of `{class}`", self.tier.name);
            self.add(at, StepKind::Refused, None, text);
        }
        for &ix in rules {
            let Some(rule) = self.tier.allow.get(usize::from(ix)) else { continue };
            match self.call.fit(rule, ask) {
                Ok(_) if rule.shadow => {
                    let text = "would grant it, but is in shadow".to_owned();
                    self.add(at, StepKind::Shadow, Some(&rule.name), text);
                }
                Ok(fit) => {
                    let text = self.granted(&fit);
                    self.add(at, StepKind::Grants, Some(&rule.name), text);
                    break;
                }
                Err(miss) => {
                    let text = self.missed(ask, rule, miss);
                    self.add(at, StepKind::Misses, Some(&rule.name), text);
                    if miss.closes() {
                        break;
                    }
                }
            }
        }
    }

    fn granted(&self, fit: &Fit) -> String {
        let mut text = "grants it".to_owned();
        if let Some(rows) = fit.clamp {
            text.push_str(&format!(", with {rows} rows a page"));
        }
        if fit.cut {
            text.push_str(&format!(", with the fields {} only", self.names(&fit.fields)));
        }
        text
    }

    fn missed(&self, ask: &Ask<'_>, rule: &Allow, miss: Miss) -> String {
        let Call { asks, caller, .. } = self.call;
        match miss {
            Miss::Target => {
                let words = target_words(&rule.target, &self.call, &self.tier.list_names);
                format!("is for {words}, and {} is not", self.target(ask))
            }
            Miss::When => {
                let when = rule.when.as_ref().map(|when| when.missed(asks, ask, caller).needs());
                format!("needs {}", when.unwrap_or_default())
            }
            Miss::Ids => format!("takes {} ids in a call, and this has {}", rule.ids, asks.ids),
            Miss::Rows => {
                let most = rule.rows.unwrap_or(0);
                format!("gives {most} rows a page, and {} are asked", ask.rows.count())
            }
            Miss::Fields(over) => format!("does not give the fields {}", self.names(&over)),
            Miss::Lapsed(at) => format!("is closed since the review due {}", at.rfc3339()),
            Miss::Extent(extent, count) => {
                let of = extent_words(extent, &self.tier.list_names);
                format!("is closed: the agreement allows {of}, and there are {count}")
            }
        }
    }

    fn debits(&mut self, at: usize, ruling: &Ruling) {
        for debit in ruling.debits.iter().filter(|debit| debit.ask == at) {
            let Some(limit) = self.tier.limits.get(debit.limit.at()) else { continue };
            if debit.found {
                let text = format!(
                    "debits `{}` what the answer names, at most {} in {}",
                    limit.id, debit.max, limit.window
                );
                self.add(at, StepKind::Debits, None, text);
                continue;
            }
            let each = if limit.each_target { " of this target" } else { "" };
            let what = match (limit.counts, debit.amount) {
                _ if limit.cell_m.is_some() => "cell".to_owned(),
                (Counts::Targets, 1) => "target".to_owned(),
                (Counts::Calls, 1) => "call".to_owned(),
                (counts, _) => counts.to_string(),
            };
            let shadow = if limit.shadow { ", in shadow" } else { "" };
            let text = format!(
                "debits `{}` {} {what}{each}, at most {} in {}{shadow}",
                limit.id, debit.amount, debit.max, limit.window
            );
            self.add(at, StepKind::Debits, None, text);
        }
    }

    fn filters(&mut self, at: usize, ask: &Ask<'_>, ruling: &Ruling) {
        for (bit, filter) in self.tier.filters.iter().enumerate() {
            let on = ruling.filters & (1 << bit.min(63)) != 0;
            let concerned = filter.classes.as_ref().is_none_or(|set| set.contains(ask.class));
            if on && concerned {
                let shadow = if filter.shadow { ", in shadow" } else { "" };
                let text = format!("filters the answer{shadow}");
                self.add(at, StepKind::Filters, Some(&filter.name), text);
            }
        }
    }
}
