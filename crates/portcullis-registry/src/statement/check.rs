//! What a statement must say to be one: every gap is named at once, so that nobody has to try twice.
//!
//! A sentence that fits every partner and every day is no fact. Must not know how texts are filled in.

use std::collections::HashSet;

use portcullis_types::Wall;

use super::complete::{About, REDRESS};
use super::wording::{is_digest, is_language, is_specific};
use super::{Fact, Gap, Moment, STATEMENT_FACTS_MAX, Statement, Withheld};
use crate::reasons::FactsWanted;

/// Longest of the long texts, in bytes.
const TEXT_MAX: usize = 2000;
/// Longest of names, clauses and figures, in bytes.
const NAME_MAX: usize = 200;
/// Most of any list beside the facts.
const LIST_MAX: usize = 20;
/// How far ahead of the gate's clock a fact may lie: clocks differ.
const AHEAD: u64 = 3_600_000;
/// How long a part can be withheld at most, in milliseconds: 90 days.
const WITHHELD_MAX: u64 = 90 * 86_400_000;

/// Everything that a statement lacks.
pub(super) fn gaps(statement: &Statement, about: &About<'_>, now: Wall) -> Vec<Gap> {
    let mut found = Found(Vec::new());
    found.facts(&statement.facts, about, now);
    found.ground(statement);
    found.length(statement);
    found.withheld(&statement.withheld, now);
    found.duties(statement, now);
    found.redress(statement, now);
    if !is_language(&statement.lang) {
        found.gap("lang", "is no language; write one such as `en` or `pt-BR`");
    }
    if let Some(note) = &statement.impact_note {
        found.says("impact_note", note);
    }
    if statement.supersedes.as_ref().is_some_and(|digest| !is_digest(digest)) {
        found.gap("supersedes", "is no digest; copy the 64 hex digits of the statement before");
    }
    found.0
}

struct Found(Vec<Gap>);

impl Found {
    fn gap(&mut self, at: &str, why: impl Into<String>) {
        self.0.push(Gap { at: at.to_owned(), why: why.into() });
    }

    /// A text that must be there, in bounds and printable.
    fn text(&mut self, at: &str, text: &str, max: usize) -> bool {
        if text.trim().is_empty() {
            self.gap(at, "is missing");
        } else if text.len() > max {
            self.gap(at, format!("has {} bytes and may have {max}", text.len()));
        } else if text.chars().any(|c| c.is_control() && c != '\n') {
            self.gap(at, "holds control characters");
        } else {
            return true;
        }
        false
    }

    /// A text that must say something of its own.
    fn says(&mut self, at: &str, text: &str) {
        if self.text(at, text, TEXT_MAX) && !is_specific(text) {
            self.gap(at, "could be told to anybody; say what happened, to what, and how much");
        }
    }

    fn list(&mut self, at: &str, len: usize, max: usize) {
        if len > max {
            self.gap(at, format!("has {len} entries and may have {max}"));
        }
    }

    fn facts(&mut self, facts: &[Fact], about: &About<'_>, now: Wall) {
        if facts.is_empty() {
            self.gap("facts", "is empty; say what was found, in a sentence with its period");
        }
        self.list("facts", facts.len(), STATEMENT_FACTS_MAX);
        for (at, fact) in facts.iter().enumerate() {
            self.fact(&format!("facts[{at}]"), fact, now);
        }
        let wanted = about.template.facts == FactsWanted::Measured;
        if wanted && !facts.is_empty() && !facts.iter().any(is_measured) {
            let why = format!(
                "are stated only, and reason `{}` wants one that was measured: give `metric`, `value`, `limit` and evidence",
                about.reason
            );
            self.gap("facts", why);
        }
    }

    fn fact(&mut self, at: &str, fact: &Fact, now: Wall) {
        self.says(&format!("{at}.statement"), &fact.statement);
        match fact.period {
            None => self.gap(
                &format!("{at}.period"),
                "is missing; say from when to when, such as `--period 24h`",
            ),
            Some(period) if period.from > period.until => {
                self.gap(&format!("{at}.period"), "ends before it begins");
            }
            Some(period) if period.until.0.0 > now.0.saturating_add(AHEAD) => {
                self.gap(&format!("{at}.period"), "has not happened yet");
            }
            Some(_) => {}
        }
        let members = [("metric", &fact.metric), ("value", &fact.value), ("limit", &fact.limit)];
        // Whoever begins to measure must finish.
        let measured = members.iter().any(|(_, member)| member.is_some());
        for (name, member) in members {
            let at = format!("{at}.{name}");
            match member {
                Some(text) => {
                    self.text(&at, text, NAME_MAX);
                }
                None if measured => {
                    self.gap(&at, "is missing, and others of the measure are there")
                }
                None => {}
            }
        }
        if fact.value.as_ref().is_some_and(|value| !value.contains(|c: char| c.is_ascii_digit())) {
            self.gap(&format!("{at}.value"), "holds no figure");
        }
        match &fact.evidence_sha256 {
            Some(digest) if !is_digest(digest) => {
                self.gap(&format!("{at}.evidence_sha256"), "is not 64 lower-case hex digits");
            }
            None if measured => self.gap(
                &format!("{at}.evidence"),
                "is missing; give the digest of what shows the figure, or its text (`--evidence`)",
            ),
            Some(_) | None => {}
        }
    }

    fn ground(&mut self, statement: &Statement) {
        let ground = &statement.ground;
        self.text("ground.clause", &ground.clause, NAME_MAX);
        self.says("ground.explanation", &ground.explanation);
        if let Some(version) = &ground.version {
            self.text("ground.version", version, NAME_MAX);
        }
        if let Some(rule) = &statement.automation.rule {
            self.text("automation.rule", rule, NAME_MAX);
        }
    }

    /// How long it lasts, or why nobody can say.
    fn length(&mut self, statement: &Statement) {
        let measure = &statement.measure;
        if measure.ends_at.is_some_and(|at| at <= statement.issued_at) {
            self.gap("ends_at", "lies in the past");
        }
        if let Some(because) = &measure.indefinite_because {
            self.says("indefinite_because", because);
        }
        // A warning closes nothing, and what is final says so by its name.
        let named = ["warned", "revoked", "compromised", "terminated"];
        let told = measure.review_by.or(measure.ends_at).is_some();
        if !told && measure.indefinite_because.is_none() && !named.contains(&measure.to.as_str()) {
            self.gap(
                "indefinite_because",
                "is missing: give an end (`--ends`), for a hold a review date (`--review-by`), or say why nobody knows one (`--indefinite-because`)",
            );
        }
    }

    fn withheld(&mut self, withheld: &[Withheld], now: Wall) {
        let mut seen = HashSet::new();
        for (at, part) in withheld.iter().enumerate() {
            let at = format!("withheld[{at}]");
            if !seen.insert(part.field as u8) {
                self.gap(&format!("{at}.field"), "is named twice");
            }
            self.says(&format!("{at}.ground"), &part.ground);
            let until = part.until.0.0;
            if until <= now.0 {
                self.gap(&format!("{at}.until"), "lies in the past");
            } else if until > now.0.saturating_add(WITHHELD_MAX) {
                self.gap(&format!("{at}.until"), "is more than 90 days away");
            }
        }
    }

    fn duties(&mut self, statement: &Statement, now: Wall) {
        self.list("required_actions", statement.required_actions.len(), LIST_MAX);
        for (at, wanted) in statement.required_actions.iter().enumerate() {
            let at = format!("required_actions[{at}]");
            self.says(&format!("{at}.action"), &wanted.action);
            self.future(&format!("{at}.due"), wanted.due, now);
        }
        if let Some(duties) = &statement.data_duties {
            self.text("data_duties.scope", &duties.scope, TEXT_MAX);
            self.future("data_duties.delete_by", duties.delete_by, now);
            if duties.attest_by.is_some_and(|at| at < duties.delete_by) {
                self.gap("data_duties.attest_by", "lies before the deletion");
            }
        }
    }

    fn future(&mut self, at: &str, moment: Moment, now: Wall) {
        if moment.0 <= now {
            self.gap(at, "lies in the past");
        }
    }

    fn redress(&mut self, statement: &Statement, now: Wall) {
        let redress = &statement.redress;
        self.text("redress.complaint", &redress.complaint, NAME_MAX);
        if redress.until.0.0 < now.0.saturating_add(REDRESS) {
            self.gap("redress.until", "leaves the partner less than six months");
        }
        for (at, text) in
            [("redress.out_of_court", &redress.out_of_court), ("redress.contact", &redress.contact)]
        {
            if let Some(text) = text {
                self.text(at, text, NAME_MAX);
            }
        }
    }
}

fn is_measured(fact: &Fact) -> bool {
    fact.metric.is_some() && fact.value.is_some() && fact.limit.is_some()
}
