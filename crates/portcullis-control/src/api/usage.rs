//! How often partners called, by hour or day: what was permitted, and what refused the rest.
//!
//! Must not know how calls are counted.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use portcullis_registry::{Snapshot, UsageRow};
use portcullis_types::{KeyIx, PartnerIx, Wall};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Ctx, aside, keys, partners};
use crate::extract::Params;
use crate::moments;
use crate::problem::{Document, Problem};
use crate::router::Shared;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
/// Longest time told by hour, and by day: the lists stay short enough to be read.
const HOURS_MAX: u64 = 7 * DAY;
const DAYS_MAX: u64 = 31 * DAY;
/// Rules and keys that are named, those with most calls first.
const TOP: usize = 20;

/// Whose usage, and when.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only of this partner.
    partner: Option<String>,
    /// Only of this key.
    key: Option<String>,
    /// From when on: a date, a time, or how long ago such as `7d`; 7 days ago when absent, or 24 hours
    /// by hour.
    from: Option<String>,
    /// Until when; now when absent.
    to: Option<String>,
    /// `day` (as UTC counts) or `hour`; `day` when absent.
    #[serde(default)]
    per: Per,
}

/// How long each part is.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Per {
    /// An hour.
    Hour,
    /// A day, as UTC counts.
    #[default]
    Day,
}

/// Calls, and what became of them.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Tally {
    /// How many.
    calls: u64,
    /// Of them permitted.
    permitted: u64,
    /// Of them refused, by code.
    refused: BTreeMap<String, u64>,
    /// Of those permitted: what would have been refused were the partner not observed, by code.
    observed: BTreeMap<String, u64>,
}

/// Calls of one class in one hour or day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Part {
    /// When it begins, RFC 3339.
    start: String,
    /// The class; null for calls that did not get that far.
    class: Option<String>,
    /// What became of them.
    #[serde(flatten)]
    tally: Tally,
}

/// A rule that refused.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RuleUsage {
    /// The rule: `tier/rule`, or a stage before any, such as `key`.
    rule: String,
    /// The code of the refusal.
    verdict: String,
    /// Whether it was not enforced, since the partner is observed.
    observed: bool,
    /// How many calls.
    calls: u64,
}

/// A key, and how often it called.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct KeyUsage {
    /// Its id.
    key: String,
    /// How many calls.
    calls: u64,
}

/// Usage within a time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageView {
    /// The beginning, RFC 3339, of an hour or a day.
    from: String,
    /// The end.
    to: String,
    /// How long each part is.
    per: Per,
    /// Since when everything is kept: 31 days at most; null before the first call.
    since: Option<String>,
    /// Calls of all keys that were not counted for lack of room; anything but 0 is a fault.
    lost: u64,
    /// All of it together.
    total: Tally,
    /// By time and class.
    data: Vec<Part>,
    /// The rules that refused most, at most 20.
    rules: Vec<RuleUsage>,
    /// The keys that called most, at most 20.
    keys: Vec<KeyUsage>,
}

impl Per {
    /// In milliseconds.
    pub(crate) const fn length(self) -> u64 {
        match self {
            Self::Hour => HOUR,
            Self::Day => DAY,
        }
    }
}

impl Tally {
    pub(crate) fn calls(&self) -> u64 {
        self.calls
    }

    pub(crate) fn add(&mut self, row: &UsageRow<'_>) {
        self.calls += row.calls;
        let permitted = row.observed || row.verdict == "permit";
        if permitted {
            self.permitted += row.calls;
        }
        let by_code = if row.observed { &mut self.observed } else { &mut self.refused };
        if row.observed || !permitted {
            *by_code.entry(row.verdict.to_owned()).or_default() += row.calls;
        }
    }
}

/// Calls by hour or day, class and verdict; of the last 31 days, saved every minute
#[utoipa::path(get, path = "/v1/usage", tag = "usage", security(("admin_token" = [])),
    params(Which),
    responses((status = 200, body = UsageView), (status = "4XX", body = Document)))]
pub(crate) async fn show(
    State(shared): Ctx,
    Params(which): Params<Which>,
) -> Result<Json<UsageView>, Problem> {
    let partner = which.partner.as_deref().map(|id| partners::position(&shared, id)).transpose()?;
    let snapshot = shared.control.office.snapshot();
    let key = which.key.as_deref().map(|id| keys::position(&snapshot, id)).transpose()?;
    let per = which.per;
    let (from, to) = period((&which.from, &which.to), per, shared.now())?;
    let view = aside(move || {
        let whose = Whose { partner, key, snapshot: &snapshot };
        gather(&shared, &whose, (from, to), per)
    });
    Ok(Json(view.await?))
}

/// From when until when, rounded to whole parts.
pub(crate) fn period(
    (from, to): (&Option<String>, &Option<String>),
    per: Per,
    now: Wall,
) -> Result<(Wall, Wall), Problem> {
    let read = |member: &str, text: &Option<String>, otherwise: u64| match text {
        None => Ok(Wall(otherwise)),
        Some(text) => moments::past(member, text, now),
    };
    let (part, usual, longest, words) = match per {
        Per::Hour => (HOUR, DAY, HOURS_MAX, "7 days by hour"),
        Per::Day => (DAY, 7 * DAY, DAYS_MAX, "31 days"),
    };
    let to = read("to", to, now.0)?;
    let from = read("from", from, to.0.saturating_sub(usual))?;
    let (from, to) = (from.0 / part * part, to.0.div_ceil(part) * part);
    if from >= to || to - from > longest + part {
        return Err(Problem::unreadable(format!(
            "`from` is {} and `to` {}: ask for a time that ends after its beginning, at most {words} at once",
            Wall(from).rfc3339(),
            Wall(to).rfc3339()
        )));
    }
    Ok((Wall(from), Wall(to)))
}

struct Whose<'a> {
    partner: Option<PartnerIx>,
    key: Option<KeyIx>,
    snapshot: &'a Snapshot,
}

impl Whose<'_> {
    fn is(&self, key: KeyIx) -> bool {
        let owner = || self.snapshot.key(key).map(|record| record.partner);
        self.key.is_none_or(|wanted| wanted == key)
            && self.partner.is_none_or(|wanted| Some(wanted) == owner())
    }
}

fn gather(shared: &Shared, whose: &Whose<'_>, (from, to): (Wall, Wall), per: Per) -> UsageView {
    let usage = &shared.control.usage;
    let part = per.length();
    let mut total = Tally::default();
    let mut parts: BTreeMap<(u64, Option<String>), Tally> = BTreeMap::new();
    let mut rules: BTreeMap<(String, String, bool), u64> = BTreeMap::new();
    let mut keys: BTreeMap<u32, u64> = BTreeMap::new();
    usage.read(from, to, |row| {
        if !whose.is(row.key) {
            return;
        }
        total.add(&row);
        let start = row.hour.0 / part * part;
        parts.entry((start, row.class.map(str::to_owned))).or_default().add(&row);
        if let Some(rule) = row.rule {
            let rule = (rule.to_owned(), row.verdict.to_owned(), row.observed);
            *rules.entry(rule).or_default() += row.calls;
        }
        *keys.entry(row.key.0).or_default() += row.calls;
    });
    let data = parts.into_iter().map(|((start, class), tally)| {
        let start = Wall(start).rfc3339();
        Part { start, class, tally }
    });
    let rules = rules.into_iter().map(|((rule, verdict, observed), calls)| {
        let rule = RuleUsage { rule, verdict, observed, calls };
        (calls, rule)
    });
    UsageView {
        from: from.rfc3339(),
        to: to.rfc3339(),
        per,
        since: usage.since().map(Wall::rfc3339),
        lost: usage.lost(),
        total,
        data: data.collect(),
        rules: top(rules),
        keys: self::keys(whose.snapshot, keys.into_iter().map(|(key, calls)| (KeyIx(key), calls))),
    }
}

/// The keys with most calls.
pub(crate) fn keys(
    snapshot: &Snapshot,
    calls: impl Iterator<Item = (KeyIx, u64)>,
) -> Vec<KeyUsage> {
    top(calls.map(|(key, calls)| {
        let key = snapshot.key(key).map(|record| record.id().to_string());
        (calls, KeyUsage { key: key.unwrap_or_default(), calls })
    }))
}

/// Those with most calls.
pub(crate) fn top<T>(entries: impl Iterator<Item = (u64, T)>) -> Vec<T> {
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by_key(|(calls, _)| std::cmp::Reverse(*calls));
    entries.into_iter().take(TOP).map(|(_, entry)| entry).collect()
}
