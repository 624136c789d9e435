//! Facts from what the gate counted, and moments as people write them.

use insta::assert_snapshot;
use portcullis_types::Revision;

use super::*;
use crate::events::Event;
use crate::signals::SignalAction;

#[test]
fn a_signal_of_the_log_makes_a_fact_that_holds() {
    let event = Event::SignalRaised {
        partner: partner_id("acme"),
        key: None,
        with: None,
        rule: "plus/sweep".to_owned(),
        signal: "places_in_order".to_owned(),
        evidence: "steps 12, of 14".to_owned(),
        then: vec![SignalAction::Hold],
        wanted: Vec::new(),
        not_held: None,
        case: None,
    };
    let fact = fact_of_signal(Revision(8), before(1).0, DIGEST, &event).unwrap();
    let draft = StatementDraft { facts: vec![fact], ..StatementDraft::default() };
    assert_eq!(told(&draft), "complete");
    let other =
        Event::SignalCapped { partner: partner_id("acme"), rule: String::new(), held: 1, cap: 1 };
    assert_eq!(fact_of_signal(Revision(9), NOW, DIGEST, &other), None);
}

#[test]
fn rows_of_usage_make_a_fact_with_themselves_as_evidence() {
    let row = |calls| crate::UsageRow {
        hour: before(3).0,
        key: portcullis_types::KeyIx(0),
        class: Some("place.posts"),
        client: crate::CallClient::OfKey,
        verdict: "permit",
        observed: false,
        rule: None,
        calls,
    };
    let period = Period { from: before(9), until: before(1) };
    let fact = fact_of_usage(&[row(9000), row(3304)], period, 200);
    assert_snapshot!(fact.evidence.as_deref().unwrap());
    let draft = StatementDraft { facts: vec![fact], ..StatementDraft::default() };
    let (statement, blobs) = complete(&draft).unwrap();
    assert_eq!(statement.facts[0].value.as_deref(), Some("12304"));
    assert_eq!(blobs.len(), 2);
}

#[test]
fn moments_are_read_as_dates_and_as_times() {
    let rows = [
        ("2024-03-31", Some("2024-03-31T00:00:00.000Z")),
        ("2024-03-31T12:00:00Z", Some("2024-03-31T12:00:00.000Z")),
        ("2024-03-31T12:00:00.500Z", Some("2024-03-31T12:00:00.500Z")),
        ("2024-03-31T12:00:00+01:00", None),
        ("2024-02-30", None),
        ("tomorrow", None),
        ("", None),
        ("Z", None),
    ];
    for (text, expected) in rows {
        assert_eq!(Moment::read(text).map(|at| at.to_string()).as_deref(), expected, "{text}");
    }
}
