//! The report of a replay: one shape for people and programs.
//!
//! Its members are a promise: programs read them. Must not know how it is rendered.

use std::collections::BTreeMap;

use portcullis_types::{ClassIx, Wall};
use serde::Serialize;

use super::declared::Declared;
use super::sentence::{self, Conclusion};
use super::tally::{Day, RuleTally, SignalTally, Spot, Tally, Word};
use super::targets::Share;

/// What was judged and what came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) traffic: Traffic,
    pub(crate) partners: Vec<Partner>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) against: Option<super::against::Changes>,
    /// What bears on how the figures are to be read.
    pub(crate) notes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) speed: Option<Speed>,
}

/// The traffic as a whole. Lines are counted from 0.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Traffic {
    pub(crate) lines: u64,
    /// Lines judged.
    pub(crate) judged: u64,
    /// Requests judged: the entries of a batch each are one.
    pub(crate) requests: u64,
    pub(crate) from: Option<String>,
    pub(crate) until: Option<String>,
    /// Lines that are no calls.
    pub(crate) unreadable: u64,
    pub(crate) faults: Vec<Fault>,
    pub(crate) out_of_order: u64,
    /// Calls with keys that no partner has.
    pub(crate) unknown_keys: u64,
    /// Calls with a key of another partner than the line names.
    pub(crate) foreign_keys: u64,
}

/// A line that can't be judged.
#[derive(Debug, Serialize)]
pub(crate) struct Fault {
    pub(crate) line: u64,
    pub(crate) why: String,
}

/// How fast it went.
#[derive(Debug, Serialize)]
pub(crate) struct Speed {
    pub(crate) seconds: f64,
    pub(crate) requests_per_second: u64,
}

/// One partner.
#[derive(Debug, Serialize)]
pub(crate) struct Partner {
    pub(crate) partner: String,
    pub(crate) name: String,
    #[serde(rename = "use")]
    pub(crate) purpose: Option<String>,
    pub(crate) declared_use: String,
    pub(crate) tier: Option<String>,
    pub(crate) verdict: Conclusion,
    /// Argues the verdict.
    pub(crate) sentence: String,
    pub(crate) calls: u64,
    pub(crate) requests: u64,
    /// Calls by what became of them.
    pub(crate) verdicts: BTreeMap<&'static str, u64>,
    /// Calls refused by nothing but a plain rate, and otherwise.
    pub(crate) refused_by_rate: u64,
    pub(crate) refused: u64,
    pub(crate) refusals: Vec<Refused>,
    pub(crate) first_stop: Option<FirstStop>,
    /// When so many calls were refused within 24 hours that a review opens.
    pub(crate) review: Option<At>,
    pub(crate) targets: TargetShare,
    pub(crate) classes: Vec<ClassShare>,
    pub(crate) rows: Rows,
    pub(crate) signals: Vec<Signal>,
    /// Calls that pass and that the platform answered with "not found".
    pub(crate) not_found: u64,
    pub(crate) days: Vec<DayLine>,
}

/// Where in the traffic.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct At {
    pub(crate) line: u64,
    pub(crate) ts: String,
}

/// Refusals by one rule.
#[derive(Debug, Serialize)]
pub(crate) struct Refused {
    pub(crate) rule: String,
    pub(crate) code: &'static str,
    pub(crate) verdict: &'static str,
    /// Whether it is a plain rate, which is no breach.
    pub(crate) rate: bool,
    pub(crate) requests: u64,
    pub(crate) first: At,
    pub(crate) told: String,
}

/// The first refusal that is more than a rate.
#[derive(Debug, Serialize)]
pub(crate) struct FirstStop {
    #[serde(flatten)]
    pub(crate) at: At,
    pub(crate) rule: String,
    pub(crate) told: String,
    pub(crate) calls_before: u64,
    pub(crate) targets_before: u64,
}

/// Different targets.
#[derive(Debug, Serialize)]
pub(crate) struct TargetShare {
    pub(crate) asked: u64,
    pub(crate) taken: u64,
    /// Taken ÷ asked; none where nothing was asked for.
    pub(crate) share: Option<f64>,
}

/// Different targets under one class.
#[derive(Debug, Serialize)]
pub(crate) struct ClassShare {
    /// None: the call could not be read, its ids could.
    pub(crate) class: Option<String>,
    #[serde(flatten)]
    pub(crate) targets: TargetShare,
}

/// Rows by the page sizes asked for: what came back was not recorded.
#[derive(Debug, Serialize)]
pub(crate) struct Rows {
    pub(crate) asked: u64,
    pub(crate) taken: u64,
    pub(crate) estimated: bool,
}

/// Hits of one signal.
#[derive(Debug, Serialize)]
pub(crate) struct Signal {
    pub(crate) rule: String,
    pub(crate) signal: &'static str,
    pub(crate) actions: Vec<&'static str>,
    pub(crate) hits: u64,
    pub(crate) first: At,
    pub(crate) evidence: String,
    pub(crate) last_evidence: String,
}

/// One day; targets are counted from the first day on.
#[derive(Debug, Serialize)]
pub(crate) struct DayLine {
    pub(crate) day: String,
    pub(crate) calls: u64,
    pub(crate) refused: u64,
    pub(crate) targets_asked: u64,
    pub(crate) targets_taken: u64,
}

impl At {
    pub(crate) fn new(spot: Spot) -> Self {
        Self { line: spot.line, ts: spot.at.rfc3339() }
    }
}

impl From<Share> for TargetShare {
    fn from(Share { asked, taken }: Share) -> Self {
        // Six digits: enough to tell one target of a month from none.
        let share = (asked > 0).then(|| (taken as f64 / asked as f64 * 1e6).round() / 1e6);
        Self { asked, taken, share }
    }
}

/// What is known of a partner beside its calls.
pub(crate) struct Known<'a> {
    pub(crate) declared: &'a Declared,
    pub(crate) tier: Option<String>,
    pub(crate) class: &'a dyn Fn(ClassIx) -> String,
}

impl Partner {
    pub(crate) fn new(known: &Known<'_>, tally: &Tally) -> Self {
        let Known { declared, tier, class } = known;
        let classes = tally
            .targets
            .by_class()
            .into_iter()
            .map(|(ix, share)| ClassShare { class: ix.map(class), targets: share.into() });
        let mut rules: Vec<&RuleTally> = tally.rules.iter().collect();
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.calls));
        let words = Word::ALL.iter().zip(tally.words).map(|(word, count)| (word.text(), count));
        let mut partner = Self {
            partner: declared.id.to_string(),
            name: declared.name.clone(),
            purpose: declared.facts.purpose.clone(),
            declared_use: declared.declared_use.clone(),
            tier: tier.clone(),
            verdict: sentence::conclude(tally),
            sentence: String::new(),
            calls: tally.lines,
            requests: tally.requests,
            verdicts: words.collect(),
            refused_by_rate: tally.rated,
            refused: tally.refused,
            refusals: rules.into_iter().map(refused).collect(),
            first_stop: first_stop(tally),
            review: tally.review.map(At::new),
            targets: tally.targets.all.into(),
            classes: classes.collect(),
            rows: Rows { asked: tally.rows_asked, taken: tally.rows_taken, estimated: true },
            signals: tally.signals.iter().map(signal).collect(),
            not_found: tally.not_found,
            days: tally.days.iter().map(day).collect(),
        };
        partner.sentence = sentence::argue(&partner);
        partner
    }
}

fn first_stop(tally: &Tally) -> Option<FirstStop> {
    let stop = tally.stop.as_ref()?;
    let rule = tally.rules.get(stop.rule)?;
    Some(FirstStop {
        at: At::new(stop.spot),
        rule: rule.rule.to_string(),
        told: rule.told.clone(),
        calls_before: stop.calls_before,
        targets_before: stop.targets_before,
    })
}

fn refused(tally: &RuleTally) -> Refused {
    Refused {
        rule: tally.rule.to_string(),
        code: tally.code,
        verdict: tally.word.text(),
        rate: tally.rate,
        requests: tally.calls,
        first: At::new(tally.first),
        told: tally.told.clone(),
    }
}

fn signal(tally: &SignalTally) -> Signal {
    let [first, last] = &tally.evidence;
    Signal {
        rule: tally.rule.to_string(),
        signal: tally.signal,
        actions: tally.actions.clone(),
        hits: tally.hits,
        first: At::new(tally.first),
        evidence: first.clone(),
        last_evidence: last.clone(),
    }
}

fn day(day: &Day) -> DayLine {
    let text = Wall(day.day * 86_400_000).rfc3339();
    DayLine {
        day: text.chars().take(10).collect(),
        calls: day.calls,
        refused: day.refused,
        targets_asked: day.asked,
        targets_taken: day.taken,
    }
}
