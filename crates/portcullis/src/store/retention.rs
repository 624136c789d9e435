//! `portcullis store retention`: what would be erased now, and what keeps the rest.
//!
//! Reads the log beside a running gate, and changes nothing.

use portcullis_registry::{KeptOfKind, LogPoint, PreservedBy, RetentionReport};
use portcullis_store::{Store, StoreError};
use portcullis_types::Wall;

use crate::config::Config;

/// What is kept now, by what the file says.
pub(super) async fn report(config: &Config, now: Wall) -> Result<RetentionReport, StoreError> {
    let snapshot = Store::past(&config.store, LogPoint::Time(now)).await?;
    Ok(RetentionReport::of(&snapshot, &config.retention, now))
}

pub(super) fn text(report: &RetentionReport) -> String {
    let lines = report.kinds.iter().map(kind).chain(report.preserved.iter().map(case));
    lines.collect::<Vec<_>>().join("\n")
}

fn kind(kind: &KeptOfKind) -> String {
    let name = kind.kind;
    let counts = [
        (kind.bodies, "there"),
        (kind.due, "would go now"),
        (kind.preserved, "kept by cases"),
        (kind.in_force, "in force"),
        (kind.unanswered, "kept for an answer that waits"),
        (kind.erased, "erased so far"),
    ];
    let counts = counts.iter().filter(|(count, what)| *count > 0 || *what == "there");
    let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
    let keep = kind.keep.as_ref();
    let keep = keep.map_or_else(|| "kept for ever".to_owned(), |keep| format!("kept for {keep}"));
    format!("{name}: {keep}; {}", counts.join(", "))
}

fn case(PreservedBy { case, until, bodies }: &PreservedBy) -> String {
    let until = until.as_ref().map(|until| format!(", and until {until} at least"));
    let until = until.unwrap_or_default();
    format!("case `{case}` keeps {bodies} that would go otherwise, as long as it is open{until}")
}

#[cfg(test)]
mod tests {
    use portcullis_registry::RecordKind;
    use portcullis_types::CaseId;

    use super::*;

    #[test]
    fn what_would_go_and_what_keeps_the_rest_reads_like_this() {
        let none = |kind| KeptOfKind {
            kind,
            keep: None,
            bodies: 0,
            due: 0,
            preserved: 0,
            in_force: 0,
            unanswered: 0,
            erased: 0,
        };
        let keep = || Some("1095d".to_owned());
        let kinds = vec![
            KeptOfKind {
                bodies: 9,
                due: 2,
                preserved: 3,
                erased: 7,
                keep: keep(),
                ..none(RecordKind::Notes)
            },
            KeptOfKind {
                bodies: 4,
                in_force: 1,
                unanswered: 1,
                keep: keep(),
                ..none(RecordKind::Statements)
            },
            none(RecordKind::Answers),
        ];
        let case = |id: &str, until: Option<&str>| PreservedBy {
            case: CaseId::new(id).unwrap(),
            until: until.map(str::to_owned),
            bodies: 2,
        };
        let preserved =
            vec![case("case-1", None), case("case-2", Some("2030-01-01T00:00:00.000Z"))];
        insta::assert_snapshot!(text(&RetentionReport { kinds, preserved }), @r"
        notes: kept for 1095d; 9 there, 2 would go now, 3 kept by cases, 7 erased so far
        statements: kept for 1095d; 4 there, 1 in force, 1 kept for an answer that waits
        answers: kept for ever; 0 there
        case `case-1` keeps 2 that would go otherwise, as long as it is open
        case `case-2` keeps 2 that would go otherwise, as long as it is open, and until 2030-01-01T00:00:00.000Z at least
        ");
    }
}
