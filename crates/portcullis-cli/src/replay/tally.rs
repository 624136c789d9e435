//! What came of one partner's calls, counted as they are judged.
//!
//! Must not know how it is reported.

use std::collections::VecDeque;
use std::sync::Arc;

use portcullis_types::{Refusal, Wall};

use super::targets::{Targets, Wanted};

/// What came of a call, the mildest first: a line with several requests is worth its worst.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Ord, PartialOrd)]
pub(crate) enum Word {
    #[default]
    Allow,
    Limit,
    Deny,
    Hold,
}

impl Word {
    pub(crate) const ALL: [Self; 4] = [Self::Allow, Self::Limit, Self::Deny, Self::Hold];

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Limit => "limit",
            Self::Deny => "deny",
            Self::Hold => "hold",
        }
    }

    /// The word for a refusal.
    pub(crate) const fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::RateReached(_) | Refusal::BudgetReached(_) => Self::Limit,
            Refusal::Held { .. } => Self::Hold,
            _ => Self::Deny,
        }
    }
}

/// Where in the traffic something stands.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) struct Spot {
    /// Counted from 0.
    pub(crate) line: u64,
    pub(crate) at: Wall,
}

/// One request, judged.
#[derive(Debug)]
pub(crate) struct Judged<'a> {
    pub(crate) spot: Spot,
    /// Marks method, path and query.
    pub(crate) path: u64,
    pub(crate) word: Word,
    pub(crate) rule: Option<&'a Arc<str>>,
    pub(crate) refusal: Option<&'a Refusal>,
    /// Whether what refused it is a plain rate, which is no breach.
    pub(crate) rate: bool,
}

/// One line, all of whose requests are judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JudgedLine {
    pub(crate) at: Wall,
    pub(crate) worst: Word,
    /// Whether nothing but a plain rate refused any of it.
    pub(crate) rate: bool,
    /// What the platform answered.
    pub(crate) status: Option<u16>,
    pub(crate) bytes: u64,
}

/// Refusals by one rule.
#[derive(Debug)]
pub(crate) struct RuleTally {
    pub(crate) rule: Arc<str>,
    pub(crate) code: &'static str,
    pub(crate) word: Word,
    pub(crate) rate: bool,
    pub(crate) calls: u64,
    pub(crate) first: Spot,
    /// What the first one was told.
    pub(crate) told: String,
}

/// Hits of one signal.
#[derive(Debug)]
pub(crate) struct SignalTally {
    pub(crate) rule: Arc<str>,
    pub(crate) signal: &'static str,
    pub(crate) actions: Vec<&'static str>,
    pub(crate) hits: u64,
    pub(crate) first: Spot,
    /// Of the first hit and of the last.
    pub(crate) evidence: [String; 2],
}

/// The first refusal that is more than a rate.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) spot: Spot,
    /// Where in `rules` what refused it stands.
    pub(crate) rule: usize,
    pub(crate) targets_before: u64,
    pub(crate) calls_before: u64,
}

/// A day of it.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub(crate) struct Day {
    /// Days since 1970-01-01.
    pub(crate) day: u64,
    pub(crate) calls: u64,
    pub(crate) refused: u64,
    /// Different targets asked for and taken up to its end.
    pub(crate) asked: u64,
    pub(crate) taken: u64,
}

/// One partner's calls.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Lines.
    pub(crate) lines: u64,
    /// Lines by what became of them, as [`Word::ALL`] has them.
    pub(crate) words: [u64; 4],
    /// Requests: the entries of a batch each are one.
    pub(crate) requests: u64,
    /// Lines refused by nothing but a plain rate.
    pub(crate) rated: u64,
    /// Lines refused otherwise.
    pub(crate) refused: u64,
    pub(crate) rules: Vec<RuleTally>,
    pub(crate) signals: Vec<SignalTally>,
    pub(crate) stop: Option<Stop>,
    /// When refusals became so many within 24 hours that the agreement opens a review.
    pub(crate) review: Option<Spot>,
    pub(crate) targets: Targets,
    pub(crate) rows_asked: u64,
    pub(crate) rows_taken: u64,
    /// Lines the platform answered with "not found" among those that pass.
    pub(crate) not_found: u64,
    /// Bytes of the answers as they were recorded, of all lines and of those that pass.
    pub(crate) bytes: [u64; 2],
    pub(crate) days: Vec<Day>,
    recent: VecDeque<Wall>,
}

/// Refused calls within [`REVIEW_MS`] that open a review (agreements, clause 12).
pub(crate) const REVIEW_CALLS: usize = 20;
const REVIEW_MS: u64 = 24 * 3600 * 1000;

impl Tally {
    /// Counts one request; `wanted` works out what it asks for.
    pub(crate) fn request(&mut self, judged: &Judged<'_>, wanted: impl FnOnce() -> Wanted) {
        self.requests += 1;
        let permitted = judged.word == Word::Allow;
        if let Some(refusal) = judged.refusal {
            self.refuse(judged, refusal);
        }
        let rows = self.targets.note(judged.path, permitted, wanted);
        self.rows_asked += rows;
        self.rows_taken += if permitted { rows } else { 0 };
    }

    /// Counts the line, once its requests are counted.
    pub(crate) fn line(&mut self, line: &JudgedLine) {
        let JudgedLine { at, worst, rate, status, bytes } = *line;
        self.lines += 1;
        let passes = worst == Word::Allow;
        if let Some(count) = self.words.get_mut(worst as usize) {
            *count += 1;
        }
        self.rated += u64::from(!passes && rate);
        self.refused += u64::from(!passes && !rate);
        let [all, passed] = &mut self.bytes;
        *all += bytes;
        if passes {
            *passed += bytes;
            self.not_found += u64::from(status.is_some_and(not_found));
        }
        let day = at.0 / 86_400_000;
        // Lines a little out of order count for the day under way.
        if self.days.last().is_none_or(|last| last.day < day) {
            self.days.push(Day { day, ..Day::default() });
        }
        if let Some(today) = self.days.last_mut() {
            today.calls += 1;
            today.refused += u64::from(!passes);
            today.asked = self.targets.all.asked;
            today.taken = self.targets.all.taken;
        }
    }

    fn refuse(&mut self, judged: &Judged<'_>, refusal: &Refusal) {
        let at = self.rule(judged, refusal);
        if judged.rate {
            return;
        }
        if self.stop.is_none() {
            self.stop = Some(Stop {
                spot: judged.spot,
                rule: at,
                targets_before: self.targets.all.taken,
                calls_before: self.lines,
            });
        }
        if self.review.is_none() && opens_review(refusal) {
            self.recent.push_back(judged.spot.at);
            if self.recent.len() >= REVIEW_CALLS {
                let first = self.recent.pop_front().unwrap_or_default();
                let within = judged.spot.at.0.saturating_sub(first.0) <= REVIEW_MS;
                self.review = within.then_some(judged.spot);
            }
        }
    }

    /// The place of the rule that refused, made if need be.
    fn rule(&mut self, judged: &Judged<'_>, refusal: &Refusal) -> usize {
        let code = refusal.row().code;
        let rule = judged.rule.map_or("gate", |rule| rule);
        let same = |tally: &RuleTally| &*tally.rule == rule && tally.code == code;
        if let Some(at) = self.rules.iter().position(same) {
            if let Some(tally) = self.rules.get_mut(at) {
                tally.calls += 1;
            }
            return at;
        }
        self.rules.push(RuleTally {
            rule: judged.rule.map_or_else(|| Arc::from(rule), Arc::clone),
            code,
            word: judged.word,
            rate: judged.rate,
            calls: 1,
            first: judged.spot,
            told: refusal.detail(),
        });
        self.rules.len() - 1
    }

    /// Counts a hit of a signal.
    pub(crate) fn signal(
        &mut self,
        spot: Spot,
        (rule, signal): (&Arc<str>, &'static str),
        evidence: &str,
        actions: Vec<&'static str>,
    ) {
        let known = self.signals.iter_mut().find(|known| known.rule == *rule);
        if let Some(SignalTally { hits, evidence: [_, last], .. }) = known {
            *hits += 1;
            evidence.clone_into(last);
            return;
        }
        self.signals.push(SignalTally {
            rule: Arc::clone(rule),
            signal,
            actions,
            hits: 1,
            first: spot,
            evidence: [evidence.to_owned(), evidence.to_owned()],
        });
    }
}

/// Statuses by which a platform of the Graph family says that a node is not there.
pub(crate) const fn not_found(status: u16) -> bool {
    matches!(status, 400 | 404 | 410)
}

/// Whether a refusal is for an operation, a target or a figure: the agreements leave rates and
/// fields out, and mistakes of form are none.
const fn opens_review(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::OperationUnlisted
            | Refusal::MethodUnlisted
            | Refusal::VersionUnknown
            | Refusal::NodeUnclassified
            | Refusal::NotJudged { .. }
            | Refusal::ClassNotGranted { .. }
            | Refusal::Denied(_)
            | Refusal::TargetNotAgreed { .. }
            | Refusal::TermsNotMet { .. }
            | Refusal::TooManyIds { .. }
            | Refusal::BatchNotAgreed
            | Refusal::BudgetReached(_)
    )
}
