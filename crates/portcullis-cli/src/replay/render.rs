//! The report of a replay as a person reads it.
//!
//! Must not count or conclude.

use owo_colors::OwoColorize as _;

use super::against::{Change, Changes};
use super::report::{Partner, Report, Traffic};
use super::sentence::{Conclusion, calls, day, grouped, percent, targets, times};
use crate::failure::Failure;
use crate::out::{Out, clean};

/// Faults shown; the rest is counted.
const FAULTS_SHOWN: usize = 20;

pub(crate) fn render(report: &Report, out: &mut Out) -> Result<(), Failure> {
    traffic(&report.traffic, out)?;
    out.line("")?;
    let rows = report.partners.iter().map(overview).collect();
    let header = ["partner", "use", "verdict", "calls", "refused", "targets got", "first stop"];
    out.table(&header, rows, "no partner made a call")?;
    for partner in &report.partners {
        out.line("")?;
        one(partner, out)?;
    }
    if let Some(changes) = &report.against {
        out.line("")?;
        against(changes, out)?;
    }
    out.line("")?;
    for note in &report.notes {
        out.line(format!("note: {}", clean(note)))?;
    }
    if let Some(speed) = &report.speed {
        out.line(format!(
            "{} requests judged in {:.2} s: {} a second",
            grouped(report.traffic.requests),
            speed.seconds,
            grouped(speed.requests_per_second)
        ))?;
    }
    Ok(())
}

fn traffic(traffic: &Traffic, out: &mut Out) -> Result<(), Failure> {
    let span = match (&traffic.from, &traffic.until) {
        (Some(from), Some(until)) => format!(", {} to {}", day(from), day(until)),
        _ => String::new(),
    };
    out.line(format!(
        "{} lines{span}: {} judged, {} requests",
        grouped(traffic.lines),
        grouped(traffic.judged),
        grouped(traffic.requests)
    ))?;
    for fault in traffic.faults.iter().take(FAULTS_SHOWN) {
        out.line(format!(
            "{} line {}: {}",
            "not judged:".red(),
            fault.line + 1,
            clean(&fault.why)
        ))?;
    }
    let more = traffic.unreadable.saturating_sub(FAULTS_SHOWN as u64);
    if more > 0 {
        out.line(format!("{} {} more lines", "not judged:".red(), grouped(more)))?;
    }
    Ok(())
}

fn overview(partner: &Partner) -> Vec<String> {
    let stop = partner.first_stop.as_ref();
    vec![
        partner.partner.clone(),
        partner.purpose.clone().unwrap_or_default(),
        partner.verdict.words().to_owned(),
        grouped(partner.calls),
        grouped(partner.refused + partner.refused_by_rate),
        partner.targets.share.map(percent).unwrap_or_default(),
        stop.map(|stop| format!("{} {}", day(&stop.at.ts), stop.rule)).unwrap_or_default(),
    ]
}

fn one(partner: &Partner, out: &mut Out) -> Result<(), Failure> {
    let tier = partner.tier.as_deref().unwrap_or("no tier");
    let verdict = partner.verdict.words();
    let verdict = match partner.verdict {
        Conclusion::Stopped => verdict.red().to_string(),
        Conclusion::Flagged | Conclusion::Slipped => verdict.yellow().to_string(),
        _ => verdict.green().to_string(),
    };
    out.line(format!("{} ({}): {verdict}", partner.partner.bold(), clean(tier)))?;
    out.line(format!("  {}", clean(&partner.sentence)))?;
    for rule in &partner.refusals {
        out.line(format!(
            "  {} {}: {} ({}), first on {}, line {}",
            rule.verdict,
            times(rule.requests),
            rule.rule,
            rule.code,
            day(&rule.first.ts),
            rule.first.line + 1
        ))?;
        out.line(format!("    “{}”", clean(&rule.told)))?;
    }
    if let Some(stop) = &partner.first_stop {
        out.line(format!(
            "  first stop on {}, line {}, after {} and {}",
            day(&stop.at.ts),
            stop.at.line + 1,
            calls(stop.calls_before),
            targets(stop.targets_before)
        ))?;
    }
    for class in &partner.classes {
        out.line(format!(
            "  {}: got {} of {} targets",
            class.class.as_deref().unwrap_or("(not readable)"),
            grouped(class.targets.taken),
            grouped(class.targets.asked)
        ))?;
    }
    for signal in &partner.signals {
        let first = day(&signal.first.ts);
        let then = signal.actions.join(", ");
        out.line(format!(
            "  signal {} by {} {}, first on {first}, line {} ({then}): {}",
            signal.signal,
            signal.rule,
            times(signal.hits),
            signal.first.line + 1,
            clean(&signal.evidence)
        ))?;
    }
    days(partner, out)
}

/// First day, every seventh and the last: how the number of targets grew.
fn days(partner: &Partner, out: &mut Out) -> Result<(), Failure> {
    let last = partner.days.len().saturating_sub(1);
    let shown = partner.days.iter().enumerate().filter(|(at, _)| at % 7 == 0 || *at == last);
    let shown = shown.map(|(_, day)| {
        let date: String = day.day.chars().skip(5).collect();
        format!("{date}: {} of {}", grouped(day.targets_taken), grouped(day.targets_asked))
    });
    let shown: Vec<String> = shown.collect();
    if !shown.is_empty() {
        out.line(format!("  targets got of those asked for by {}", shown.join(" · ")))?;
    }
    out.line(format!(
        "  rows by page size: {} of {}",
        grouped(partner.rows.taken),
        grouped(partner.rows.asked)
    ))
}

fn against(changes: &Changes, out: &mut Out) -> Result<(), Failure> {
    let with = clean(&changes.with);
    if changes.partners.is_empty() {
        return out.line(format!("against {with}: every call fares the same"));
    }
    out.line(format!(
        "against {with}: {} calls newly refused, {} newly permitted",
        grouped(changes.newly_refused),
        grouped(changes.newly_permitted)
    ))?;
    let by = |rules: &std::collections::BTreeMap<String, u64>| {
        let rules = rules.iter().map(|(rule, count)| format!("{rule} {}", grouped(*count)));
        rules.collect::<Vec<_>>().join(", ")
    };
    let row = |change: &Change| {
        vec![
            change.partner.clone(),
            grouped(change.newly_refused),
            grouped(change.newly_permitted),
            format!("{} (was {})", grouped(change.taken), grouped(change.taken_against)),
            by(&change.refused_now_by),
            by(&change.refused_before_by),
        ]
    };
    let header =
        ["partner", "newly refused", "newly permitted", "targets got", "by", "no longer by"];
    out.table(&header, changes.partners.iter().map(row).collect(), "")
}
