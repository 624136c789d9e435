//! What the log says of the ledger: what is anchored, what is shredded, and who asked about a person.

use super::cases::open;
use super::*;

const HOUR: u64 = 3_600_000;

fn anchor(hour: u64, root: &str) -> Command {
    let name = format!("{hour}.gate-1.answers.parquet");
    let files = vec![AnchoredFile { name, bytes: 70_000, root: root.to_owned() }];
    let hour = Wall(hour * HOUR);
    anchored(hour, files, None)
}

fn anchored(hour: Wall, files: Vec<AnchoredFile>, why: Option<&str>) -> Command {
    let (writer, why) = ("gate-1".to_owned(), why.map(str::to_owned));
    LedgerCommand::Anchor(Anchor { hour, writer, files, answers: 3, records: 40, why }).into()
}

fn asking(purpose: &str, case: Option<&str>) -> Command {
    let asking = Asking {
        question: "who".to_owned(),
        partner: None,
        purpose: purpose.to_owned(),
        case: case.map(str::to_owned),
        person: "17841".to_owned(),
    };
    LedgerCommand::Ask(asking).into()
}

#[test]
fn anchored_times_and_shredded_days_are_found_and_change_nobodys_access() {
    let mut desk = Desk::default();
    desk.ask(&partner("acme", None)).unwrap();
    let before = all(&desk.state.snapshot());
    let root = "ab".repeat(32);
    desk.ask(&anchor(7, &root)).unwrap();
    desk.ask(&anchor(8, &root)).unwrap();
    let mut shred = |lost| {
        let done = desk.ask(&LedgerCommand::Shred { day: Wall(0), lost }.into()).unwrap();
        done.events.len()
    };
    // Lost at noon, and the key that was made for the rest of the day is dropped in its time: each once.
    assert_eq!([true, true, false, false, true].map(&mut shred), [1, 0, 1, 0, 0]);
    for desk in [&desk.replayed(), &desk] {
        let snapshot = desk.state.snapshot();
        let anchored: Vec<_> = snapshot.ledger().anchored().collect();
        let at = |hour: u64, revision| (Wall(hour * HOUR), Revision(revision));
        assert_eq!(anchored, [at(7, 1), at(8, 2)]);
        assert_eq!(snapshot.ledger().shredded().collect::<Vec<_>>(), [Wall(0)]);
        let after = all(&snapshot).split_once('\n').map(|(_, rest)| rest.to_owned());
        assert_eq!(after, before.split_once('\n').map(|(_, rest)| rest.to_owned()));
    }
}

#[test]
fn a_root_that_is_none_is_not_anchored() {
    for root in ["", "ab", &"AB".repeat(32), &"xy".repeat(32)] {
        let refused = Desk::default().ask(&anchor(7, root)).unwrap_err();
        assert!(refused.to_string().contains("is no SHA-256 digest"), "{refused}");
    }
}

#[test]
fn why_a_person_had_a_set_taken_up_stands_in_the_event_and_is_not_empty() {
    let planned = Desk::default().ask(&anchored(Wall(HOUR), Vec::new(), Some("lost")));
    let text = serde_json::to_string(&planned.unwrap().events).unwrap();
    assert!(text.contains(r#""why":"lost""#), "{text}");
    assert!(Desk::default().ask(&anchored(Wall(HOUR), Vec::new(), Some("  "))).is_err());
}

#[test]
fn whoever_asks_about_a_person_says_what_for_and_the_log_does_not_name_the_person() {
    let mut desk = Desk::default();
    desk.ask(&partner("acme", None)).unwrap();
    desk.ask(&open("c-1")).unwrap();
    assert!(desk.ask(&asking("  ", None)).is_err(), "a purpose is demanded");
    let unknown = desk.ask(&asking("a complaint", Some("c-9"))).unwrap_err();
    assert!(unknown.to_string().contains("unknown case `c-9`"), "{unknown}");
    let planned =
        desk.state.handle(&somebody(), &asking("a complaint", Some("c-1")), NOON).unwrap();
    let [event] = &planned.events[..] else { panic!("{planned:?}") };
    assert!(event.is_open_personal());
    assert!(!planned.what.contains("17841"), "{}", planned.what);
    let mut sealed = event.clone();
    let blob = sealed.seal(&[7; 32]).unwrap();
    assert!(!sealed.is_open_personal());
    let leaf = serde_json::to_string(&sealed).unwrap();
    assert!(!leaf.contains("17841"), "{leaf}");
    assert_eq!(sealed.beside(), Some(blob.sha256.as_str()), "it may go, and not change");
    assert_eq!(sealed.case(), Some("c-1"));
    assert!(String::from_utf8_lossy(&blob.body).contains("17841"));
    let mut other = event.clone();
    other.seal(&[8; 32]);
    assert_ne!(other.beside(), sealed.beside(), "who knows the person can't test for it");
}

fn taking(case: &str, sha256: &str) -> Command {
    let taking = Taking {
        case: case.parse().unwrap(),
        name: "who received it".to_owned(),
        sha256: sha256.to_owned(),
        bytes: 900,
        question: "who".to_owned(),
        since: Wall(HOUR),
        until: Wall(9 * HOUR),
        sets: 3,
    };
    LedgerCommand::Take(taking).into()
}

#[test]
fn an_answer_is_evidence_of_an_open_case_and_its_time_is_kept_as_long_as_the_case_keeps_anything() {
    let mut desk = Desk::default();
    desk.ask(&partner("acme", None)).unwrap();
    assert!(desk.ask(&taking("c-1", &"ab".repeat(32))).is_err(), "there is no such case");
    desk.ask(&open("c-1")).unwrap();
    assert!(desk.ask(&taking("c-1", "ab")).is_err(), "that is no digest");
    let planned = desk.ask(&taking("c-1", &"ab".repeat(32))).unwrap();
    let names: Vec<_> = planned.events.iter().map(Event::name).collect();
    assert_eq!(names, ["case.evidence_added", "ledger.evidence_taken"]);
    assert!(desk.ask(&taking("c-1", &"ab".repeat(32))).is_err(), "it is evidence already");
    for desk in [&desk.replayed(), &desk] {
        let snapshot = desk.state.snapshot();
        let taken: Vec<_> = snapshot.ledger().taken().collect();
        let case = snapshot.cases().iter().next().unwrap();
        assert_eq!((taken.len(), taken[0].since, taken[0].until), (1, Wall(HOUR), Wall(9 * HOUR)));
        assert_eq!((case.evidence.len(), case.evidence[0].kept), (1, false));
        let holds = snapshot.holds(NOON);
        assert_eq!(holds.of_case(&taken[0].case).map(|case| &case.id), Some(&case.id));
    }
    let close = CaseCommand::Close { case: "c-1".parse().unwrap(), why: "over".to_owned() };
    desk.ask(&close.into()).unwrap();
    let snapshot = desk.state.snapshot();
    assert!(snapshot.holds(NOON).of_case(&"c-1".parse().unwrap()).is_none());
    assert!(desk.ask(&taking("c-1", &"cd".repeat(32))).is_err(), "the case is closed");
}
