//! Refusals of the gate in the words that were typed: options where it names members of the API.
//!
//! Must not know what is refused.

use crate::args::{AuditCommand, CaseCommand, ClientCommand, Command, HookCommand, PartnerCommand};

/// Codes of refusals that name members; in others the same word may be somebody's name.
const NAME_MEMBERS: [&str; 2] = ["request_unreadable", "statement_incomplete"];

/// Members with the option that sets each.
const OPTIONS: [(&str, &str); 27] = [
    ("facts", "--fact"),
    ("facts_from", "--facts-from"),
    ("period", "--period"),
    ("metric", "--metric"),
    ("value", "--value"),
    ("limit", "--limit"),
    ("evidence", "--evidence"),
    ("evidence_sha256", "--evidence"),
    ("ends_at", "--ends"),
    ("indefinite_because", "--indefinite-because"),
    ("impact_note", "--impact-note"),
    ("reason", "--reason"),
    ("tell", "--tell"),
    ("classes", "--class"),
    ("even", "--even"),
    ("fallback", "--fallback"),
    ("factor", "--factor"),
    ("shape", "--shape"),
    ("shape: reads_of", "--shape reads-of"),
    ("review_by", "--review-by"),
    ("acknowledge_by", "--acknowledge-by"),
    ("until", "--notice-until"),
    ("expires", "--expires"),
    ("start", "--start"),
    ("overlap", "--overlap"),
    ("since", "--since"),
    ("date", "--date"),
];

/// Where a command names a member otherwise.
fn otherwise(command: &Command) -> &'static [(&'static str, &'static str)] {
    match command {
        Command::Case(CaseCommand::Review { .. }) => &[("review_by", "WHEN")],
        Command::Partner(PartnerCommand::Facts(_)) | Command::Client(ClientCommand::Facts(_)) => {
            &[("review_by", "review_by=")]
        }
        Command::Hook(HookCommand::Rotate { .. }) => &[("until", "--overlap")],
        Command::Audit(AuditCommand::Query(_)) => &[("until", "--until"), ("limit", "--count")],
        Command::Grant(_) | Command::Usage(_) => {
            &[("from", "--from"), ("to", "--to"), ("until", "--until")]
        }
        _ => &[],
    }
}

/// The same refusal with options for members.
pub(crate) fn spoken(detail: &str, code: &str, command: &Command) -> String {
    if !NAME_MEMBERS.contains(&code) {
        return detail.to_owned();
    }
    let detail = detail.replace("this `to`", "this step");
    // What stands between backticks is every second part.
    let parts = detail.split('`').enumerate().map(|(at, part)| match at % 2 {
        0 => part.to_owned(),
        _ => format!("`{}", quoted(part, command)),
    });
    parts.collect()
}

/// A part in backticks, with the one that closes it.
fn quoted(part: &str, command: &Command) -> String {
    let member = part.strip_prefix("statement.").unwrap_or(part);
    let (list, member) = match member.split_once("].") {
        Some((list, member)) => (list.strip_prefix("facts["), member),
        None => (None, member),
    };
    let number = list.and_then(|at| at.parse::<u64>().ok());
    // Of the members of lists only those of facts have options.
    if part.contains('[') && number.is_none() {
        return format!("{part}`");
    }
    let member = if number.is_some() && member == "statement" { "facts" } else { member };
    let known = otherwise(command).iter().chain(&OPTIONS).find(|(name, _)| *name == member);
    match (known, number) {
        (None, _) => format!("{part}`"),
        (Some((_, option)), None | Some(0)) => format!("{option}`"),
        (Some((_, option)), Some(at)) => format!("{option}` of fact {}", at.saturating_add(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(detail: &str) -> String {
        spoken(detail, "statement_incomplete", &Command::Whoami)
    }

    #[test]
    fn a_member_is_named_by_its_option_and_everything_else_stays() {
        for (detail, expected) in [
            ("`facts[0].statement` is empty", "`--fact` is empty"),
            (
                "`facts[2].period` is missing; say `--period 24h`",
                "`--period` of fact 3 is missing; say `--period 24h`",
            ),
            (
                "`classes` is missing: this `to` needs it",
                "`--class` is missing: this step needs it",
            ),
            ("`statement.ends_at` is 2020", "`--ends` is 2020"),
            ("`withheld[0].until` lies in the past", "`withheld[0].until` lies in the past"),
            ("`ground.clause` is empty", "`ground.clause` is empty"),
            ("an unclosed `facts", "an unclosed `--fact`"),
        ] {
            assert_eq!(said(detail), expected);
        }
        let name = "there is no partner `facts`";
        assert_eq!(spoken(name, "unknown_partner", &Command::Whoami), name);
    }
}
