//! Facts from what the gate counted, and moments as people write them.

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
        limit: Some("15 ids in order".to_owned()),
        window: Some("7d".parse().unwrap()),
        then: vec![SignalAction::Hold],
        wanted: Vec::new(),
        not_held: None,
        case: None,
    };
    let fact = fact_of_signal(Revision(8), before(1).0, DIGEST, &event).unwrap();
    assert_eq!(
        (fact.statement.as_str(), fact.limit.as_deref()),
        (
            "The gate counted steps 12, of 14 within 7d (event 8 of the log).",
            Some("15 ids in order within 7d")
        )
    );
    let Some(Period { from, until }) = fact.period else { panic!("{fact:?}") };
    assert_eq!((until.0, until.0.0 - from.0.0), (before(1).0, 7 * 86_400_000));
    let draft = StatementDraft { facts: vec![fact], ..StatementDraft::default() };
    assert_eq!(told(&draft), "complete");
    // One of an earlier version says neither.
    let mut old = serde_json::to_value(&event).unwrap();
    old.as_object_mut().unwrap().retain(|name, _| name != "limit" && name != "window");
    let old: Event = serde_json::from_value(old).unwrap();
    let fact = fact_of_signal(Revision(8), before(1).0, DIGEST, &old).unwrap();
    let draft = StatementDraft { facts: vec![fact], ..StatementDraft::default() };
    assert_eq!(told(&draft), "complete");
    let other =
        Event::SignalCapped { partner: partner_id("acme"), rule: String::new(), held: 1, cap: 1 };
    assert_eq!(fact_of_signal(Revision(9), NOW, DIGEST, &other), None);
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
