//! The verdict on a partner's month, argued from its facts in a sentence or two.
//!
//! Must not count anything.

use serde::Serialize;

use super::report::{FirstStop, Partner};
use super::tally::{REVIEW_CALLS, Tally};

/// How a partner fared.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Conclusion {
    /// It made no call.
    Silent,
    /// Nothing was refused or flagged.
    Kept,
    /// Only calls beyond its rate were refused, which is no breach.
    OverRate,
    /// A few calls were refused, fewer than open a review, and nothing was flagged.
    Slipped,
    /// Signals were raised while it stayed within its figures.
    Flagged,
    /// What it asked for is not what it agreed to.
    Stopped,
}

impl Conclusion {
    /// As the head of a report.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Silent => "made no call",
            Self::Kept => "kept to its agreement",
            Self::OverRate => "kept to its agreement, over its rate",
            Self::Slipped => "slipped",
            Self::Flagged => "flagged",
            Self::Stopped => "stopped",
        }
    }
}

pub(crate) fn conclude(tally: &Tally) -> Conclusion {
    let flagged = !tally.signals.is_empty();
    match (tally.lines, tally.refused, tally.rated) {
        (0, _, _) => Conclusion::Silent,
        _ if tally.review.is_some() => Conclusion::Stopped,
        (lines, refused, _) if refused * 100 > lines => Conclusion::Stopped,
        _ if flagged => Conclusion::Flagged,
        (_, 1.., _) => Conclusion::Slipped,
        (_, _, 1..) => Conclusion::OverRate,
        _ => Conclusion::Kept,
    }
}

/// The sentences.
pub(crate) fn argue(partner: &Partner) -> String {
    let mut text = match (partner.verdict, &partner.first_stop) {
        (Conclusion::Silent, _) => "No call of it was recorded.".to_owned(),
        (Conclusion::Stopped, Some(stop)) => stopped(partner, stop),
        (Conclusion::Slipped, Some(stop)) => format!(
            "It kept to its agreement but for {}, the first on {} by `{}`: fewer than the {REVIEW_CALLS} in a day that open a review.",
            calls(partner.refused),
            day(&stop.at.ts),
            stop.rule,
        ),
        (Conclusion::Flagged, Some(_)) => format!(
            "{} refused, fewer than open a review, but what it asked for makes a pattern.",
            was(partner.refused)
        ),
        (Conclusion::Flagged, None) => {
            "It stayed inside its figures, but what it asked for makes a pattern.".to_owned()
        }
        _ => format!(
            "It kept to what it declared,{}: {} of {} passed, for {}, and nothing was flagged.",
            purpose(partner),
            grouped(partner.verdicts.get("allow").copied().unwrap_or_default()),
            calls(partner.calls),
            targets(partner.targets.taken),
        ),
    };
    if partner.refused_by_rate > 0 {
        let rates: Vec<&str> = partner
            .refusals
            .iter()
            .filter(|rule| rule.rate)
            .map(|rule| rule.rule.as_str())
            .collect();
        text.push_str(&format!(
            " {} faster than `{}` allows, which is no breach; the answer was to wait.",
            came(partner.refused_by_rate),
            rates.join("`, `")
        ));
    }
    if let Some(signal) = partner.signals.first() {
        text.push_str(&format!(
            " `{}` was raised {}, first on {}: {}.",
            signal.rule,
            times(signal.hits),
            day(&signal.first.ts),
            signal.evidence.trim_end_matches('.')
        ));
    }
    text
}

fn stopped(partner: &Partner, stop: &FirstStop) -> String {
    let missed = |share: &super::report::ClassShare| share.targets.asked - share.targets.taken;
    let most = partner.classes.iter().max_by_key(|share| missed(share));
    let asked = most.filter(|share| missed(share) > 0).map(|share| {
        let class = share.class.as_deref().unwrap_or("paths that nobody has classified");
        format!(" asked for `{class}` of {}, and", targets(share.targets.asked))
    });
    let share = match partner.targets.share {
        Some(share) => format!(
            "of the {} of its month it got {} ({})",
            targets(partner.targets.asked),
            grouped(partner.targets.taken),
            percent(share)
        ),
        None => "it named no target that could be read".to_owned(),
    };
    format!(
        "It declared{}, but{} from {} on {} refused, first by `{}` after {} and {}: “{}” In all, {share}.",
        purpose(partner),
        asked.unwrap_or_default(),
        day(&stop.at.ts),
        was(partner.refused),
        stop.rule,
        calls(stop.calls_before),
        targets(stop.targets_before),
        stop.told,
    )
}

/// The declared use, in its words where there are some.
fn purpose(partner: &Partner) -> String {
    match (&partner.purpose, partner.declared_use.as_str()) {
        (Some(purpose), "") => format!(" `{purpose}`"),
        (Some(purpose), words) => format!(" `{purpose}` ({words})"),
        (None, "") => " no use".to_owned(),
        (None, words) => format!(" “{words}”"),
    }
}

pub(crate) fn calls(count: u64) -> String {
    format!("{} call{}", grouped(count), if count == 1 { "" } else { "s" })
}

fn was(count: u64) -> String {
    format!("{} {}", calls(count), if count == 1 { "was" } else { "were" })
}

fn came(count: u64) -> String {
    format!("{} came", calls(count))
}

pub(crate) fn targets(count: u64) -> String {
    format!("{} target{}", grouped(count), if count == 1 { "" } else { "s" })
}

pub(crate) fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{} times", grouped(more)),
    }
}

/// The day and minute of a moment.
pub(crate) fn day(ts: &str) -> String {
    let minute: String = ts.chars().take(16).collect();
    minute.replace('T', " ")
}

/// A share of one, in percent.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let rounded = format!("{percent:.1}");
    match (percent > 0.0, rounded.as_str()) {
        (true, "0.0") => "less than 0.1 %".to_owned(),
        // What is not all must not look like it.
        (_, "100.0") if share < 1.0 => "99.9 %".to_owned(),
        _ => format!("{} %", rounded.trim_end_matches(".0")),
    }
}

/// Thousands apart.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        for (count, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(grouped(count), text);
        }
        for (share, text) in [
            (0.0, "0 %"),
            (0.0004, "less than 0.1 %"),
            (0.034, "3.4 %"),
            (0.05, "5 %"),
            (0.99999, "99.9 %"),
            (1.0, "100 %"),
        ] {
            assert_eq!(percent(share), text);
        }
    }
}
