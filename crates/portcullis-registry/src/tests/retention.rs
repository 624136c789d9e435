//! What is kept for how long, and what keeps it longer: a case, a measure in force, an answer that waits.

use portcullis_types::{Closes, Span};

use super::cases::{DAY, case_id, open};
use super::*;

/// Statements and answers are kept for 180 days, notes for 60 and evidence for 30.
fn retention() -> Retention {
    let days = |days: u64| Some(Span::from_seconds(days * 86_400));
    Retention::default()
        .with(RecordKind::Evidence, days(30))
        .with(RecordKind::Notes, days(60))
        .with(RecordKind::Statements, days(180))
        .with(RecordKind::Answers, days(180))
}

fn after(days: u64) -> Wall {
    Wall(NOON.0 + days * DAY)
}

fn acme() -> SubjectId {
    SubjectId::Partner(partner_id("acme"))
}

/// A hold with a statement that comes with evidence.
fn held(subject: SubjectId, case: Option<&str>) -> Command {
    let fact = Fact {
        statement: "Posts of 12,304 places were read in one night.".to_owned(),
        period: Some(Period { from: Moment(NOON), until: Moment(NOON) }),
        metric: Some("distinct places".to_owned()),
        value: Some("12304".to_owned()),
        limit: Some("200 in 24 h".to_owned()),
        evidence: Some("one line of evidence".to_owned()),
        evidence_sha256: None,
    };
    let (to, case) = (Wish::hold(Closes::All), case.map(str::to_owned));
    let reason = ReasonCode::new("bulk-location").unwrap();
    let tell = "Posts of far more places than declared were read.".to_owned();
    let because = Some("Nobody knows yet how long this takes.".to_owned());
    let draft = StatementDraft {
        facts: vec![fact],
        indefinite_because: because,
        ..StatementDraft::default()
    };
    Command::Stand { subject, to, reason, tell, case }.stated(draft)
}

fn note(case: &str) -> Command {
    CaseCommand::Note { case: case_id(case), text: format!("A note of {case}.") }.into()
}

fn evidence(case: &str, body: &str) -> Command {
    let (body, case) = (body.as_bytes().to_vec(), case_id(case));
    let sha256 = Blob::new(body.clone()).sha256;
    let (name, bytes) = ("calls.jsonl".to_owned(), body.len() as u64);
    CaseCommand::AddEvidence { case, name, sha256, bytes, body: Some(body) }.into()
}

fn close(case: &str) -> Command {
    CaseCommand::Close { case: case_id(case), why: "Nothing was found.".to_owned() }.into()
}

fn preserve(case: &str, until: Wall) -> Command {
    CaseCommand::Preserve { case: case_id(case), until }.into()
}

fn answer(about: u64) -> Command {
    let (kind, partner) = (AnswerKind::Answer, partner_id("acme"));
    let (text, attachments) = ("It was a fault of ours.".to_owned(), Vec::new());
    let about = Revision(about);
    AnswerCommand::Receive { partner, kind, about, text, attachments, due: after(5) }.into()
}

fn reply(answer: u64) -> Command {
    let (outcome, tell) = (Outcome::Noted, "We have read what you wrote.".to_owned());
    AnswerCommand::Reply { answer: Revision(answer), outcome, tell, case: None }.into()
}

fn own() -> Actor {
    Actor { kind: ActorKind::Partner, id: "acme/key1".to_owned() }
}

/// Revisions 0 to 2: two partners and a key.
fn desk() -> Desk {
    let mut desk = Desk::default();
    desk.state.take_retention(retention());
    desk.ask(&partner("acme", None)).unwrap();
    desk.ask(&partner("zenith", None)).unwrap();
    desk.ask(&key(1, "acme", None, None)).unwrap();
    desk
}

/// Erases what may go, and yields what went: kind and the events that named it.
fn erase(desk: &mut Desk, now: Wall) -> Vec<String> {
    let mut gone = Vec::new();
    for command in desk.state.erasable(now) {
        let planned = desk.as_clock(now, &command.into()).unwrap();
        for event in &planned.events {
            let Event::Retention(RetentionEvent::Erased { kind, bodies, .. }) = event else {
                panic!("{event:?}");
            };
            gone.extend(bodies.iter().map(|body| format!("{kind} {}", body.revision.0)));
            event.erases().into_iter().for_each(|sha256| drop(desk.blobs.remove(sha256)));
        }
    }
    assert_eq!(desk.state.erasable(now), [], "each goes once");
    let (again, now) = (desk.replayed().state.snapshot(), desk.state.snapshot());
    assert_eq!(again.fingerprint(), now.fingerprint(), "what went is not needed to fold the log");
    gone
}

#[track_caller]
fn check(days: u64, steps: &[(u64, Command)], expected: &[&str]) {
    let mut desk = desk();
    for (day, command) in steps {
        let by = if matches!(command, Command::Answer(AnswerCommand::Receive { .. })) {
            own()
        } else {
            somebody()
        };
        desk.by(&by, after(*day), command).unwrap();
    }
    assert_eq!(erase(&mut desk, after(days)), expected);
}

#[test]
fn what_was_kept_long_enough_goes_unless_something_holds_it() {
    let case = || vec![(0, open("c-1")), (0, note("c-1")), (0, evidence("c-1", "calls"))];
    let with = |mut steps: Vec<(u64, Command)>, more: Vec<(u64, Command)>| {
        steps.extend(more);
        steps
    };
    // What a case has is as old as its end, each kind by its own time.
    check(1000, &case(), &[]);
    let closed = with(case(), vec![(10, close("c-1"))]);
    check(39, &closed, &[]);
    check(40, &closed, &["evidence 5"]);
    check(70, &closed, &["evidence 5", "notes 4"]);
    // Its own preservation goes beyond its end, and one that was over before changes nothing.
    let preserved = |until| with(case(), vec![(1, preserve("c-1", until)), (10, close("c-1"))]);
    check(99, &preserved(after(100)), &[]);
    check(100, &preserved(after(100)), &["evidence 5", "notes 4"]);
    check(40, &preserved(after(20)), &["evidence 5"]);
    // Another case about the same partner keeps it, too; one about somebody else does not.
    check(100, &with(closed.clone(), vec![(10, open("c-2"))]), &[]);
    let subjects = vec![SubjectId::Partner(partner_id("zenith"))];
    let CaseCommand::Open { title, signals, .. } = (match open("c-3") {
        Command::Case(command) => command,
        _ => unreachable!(),
    }) else {
        unreachable!()
    };
    let (id, owner, review_by) = (Some(case_id("c-3")), None, None);
    let other = CaseCommand::Open { id, title, owner, subjects, signals, review_by };
    check(100, &with(closed, vec![(10, other.into())]), &["evidence 5", "notes 4"]);
}

#[test]
fn a_statement_stays_while_it_says_why_and_while_somebody_waits_for_a_reply() {
    let lift = || restore(acme());
    // In force; then lifted; the evidence that came with it goes with it.
    check(1000, &[(0, held(acme(), None))], &[]);
    // It stays as long as the partner may object, whatever is said of its kind.
    check(183, &[(0, held(acme(), None)), (1, lift())], &[]);
    check(184, &[(0, held(acme(), None)), (1, lift())], &["statements 3", "statements 3"]);
    // A key that is held keeps its own, and one that ended keeps none.
    let one = || SubjectId::Key(key_id("key1"));
    check(1000, &[(0, held(one(), None))], &[]);
    let gone = ["statements 3", "statements 3"];
    check(1000, &[(0, held(one(), None)), (1, revoke("key1"))], &gone);
    // An answer that waits keeps itself and what it is about.
    let answered = [(0, held(acme(), None)), (1, answer(3)), (2, lift())];
    check(1000, &answered, &[]);
    let replied = [&answered[..], &[(3, reply(4))]].concat();
    check(183, &replied, &["answers 4"]);
    check(1000, &replied, &["statements 3", "statements 3", "answers 4"]);
}

#[test]
fn evidence_that_two_statements_name_goes_with_the_last_and_a_case_keeps_its_own() {
    let other = || SubjectId::Partner(partner_id("zenith"));
    let both = [(0, held(acme(), None)), (0, held(other(), None)), (1, restore(acme()))];
    check(1000, &both, &["statements 3"]);
    let lifted = [&both[..], &[(1, restore(other()))]].concat();
    check(1000, &lifted, &["statements 3", "statements 4", "statements 3"]);
    // The same text is evidence of a case about somebody else.
    let mut desk = desk();
    let subjects = vec![other()];
    let open = CaseCommand::Open {
        id: Some(case_id("c-1")),
        title: String::new(),
        owner: None,
        subjects,
        signals: Vec::new(),
        review_by: None,
    };
    for command in [open.into(), evidence("c-1", "one line of evidence"), held(acme(), None)] {
        desk.ask(&command).unwrap();
    }
    desk.ask(&restore(acme())).unwrap();
    assert_eq!(erase(&mut desk, after(1000)), ["statements 5"]);
}

#[test]
fn what_the_log_needs_stays_whatever_else_names_it() {
    let policy = || super::people::files("tier: a");
    let add = || vec![(0, policy()), (0, open("c-1")), (0, evidence("c-1", "tier: a"))];
    check(1000, &[add(), vec![(1, close("c-1"))]].concat(), &[]);
    // Nor does a statement take it with it that names its digest.
    let Command::Stated { mut statement, command } = held(acme(), None) else { unreachable!() };
    statement.facts[0].evidence = None;
    statement.facts[0].evidence_sha256 = Some(Blob::new(b"tier: a".to_vec()).sha256);
    let named = Command::Stated { statement, command };
    check(1000, &[(0, policy()), (0, named), (1, restore(acme()))], &["statements 4"]);
}

#[test]
fn evidence_that_many_statements_name_goes_with_the_last_of_them() {
    let mut desk = desk();
    for n in 0..7 {
        desk.at(after(n), &held(acme(), None)).unwrap();
        desk.at(after(n), &restore(acme())).unwrap();
    }
    let gone = erase(&mut desk, after(1000));
    let evidence = Blob::new(b"one line of evidence".to_vec()).sha256;
    assert_eq!((gone.len(), desk.blobs.contains_key(&evidence)), (8, false), "{gone:?}");
}

#[test]
fn what_nobody_named_a_time_for_is_kept_for_ever_and_only_the_clock_erases() {
    let mut desk = desk();
    desk.ask(&held(acme(), None)).unwrap();
    desk.ask(&restore(acme())).unwrap();
    let wish = Command::from(desk.state.erasable(after(184)).remove(0));
    let error = desk.at(after(184), &wish).unwrap_err();
    assert_eq!(error.code(), "not_the_clock");
    // Asked too early, or by an older wish of the same.
    assert!(desk.as_clock(after(183), &wish).unwrap().events.is_empty());
    assert_eq!(desk.as_clock(after(184), &wish).unwrap().events.len(), 1);
    assert!(
        desk.as_clock(after(180), &RetentionCommand::Forget { before: NOON, count: 3 }.into())
            .unwrap()
            .events
            .is_empty(),
        "deliveries are kept for ever here"
    );
    desk.state.take_retention(Retention::default());
    desk.at(after(181), &held(acme(), None)).unwrap();
    desk.at(after(181), &restore(acme())).unwrap();
    assert_eq!(desk.state.erasable(after(100_000)), []);
}

#[test]
fn an_event_of_the_most_that_goes_at_once_fits_into_a_leaf() {
    let body = |at: u64| ErasedBody { revision: Revision(u64::MAX - at), sha256: "ab".repeat(32) };
    let all: Vec<ErasedBody> = (0..105).map(body).collect();
    let (statements, facts) = (crate::retention::STATEMENTS_ERASED_MAX, STATEMENT_FACTS_MAX);
    assert!(statements * (facts + 1) <= all.len() && crate::retention::ERASED_MAX <= all.len());
    let event = RetentionEvent::Erased {
        kind: RecordKind::Statements,
        kept: Span::from_seconds(u64::MAX),
        before: Wall(u64::MAX),
        count: u64::MAX,
        bodies: all,
    };
    let bytes = serde_json::to_vec(&Event::from(event)).unwrap().len();
    assert!(bytes < portcullis_audit::LEAF_BYTES_MAX - 1024, "{bytes}");
}

#[test]
fn evidence_that_was_erased_is_not_read_and_a_preservation_is_only_made_longer() {
    let mut desk = desk();
    for command in [open("c-1"), evidence("c-1", "calls"), preserve("c-1", after(50))] {
        desk.ask(&command).unwrap();
    }
    let told = |found: Result<Planned, Rejected>| match found {
        Ok(planned) => planned.what,
        Err(rejected) => format!("{}: {rejected}", rejected.code()),
    };
    let mut lines = vec![
        told(desk.ask(&preserve("c-1", after(49)))),
        told(desk.ask(&preserve("c-1", after(3651)))),
        told(desk.ask(&preserve("c-1", NOON))),
        told(desk.ask(&close("c-1"))),
        told(desk.ask(&preserve("c-1", after(60)))),
    ];
    assert_eq!(erase(&mut desk, after(60)), ["evidence 4"]);
    let (case, purpose) = (case_id("c-1"), "To look again.".to_owned());
    let sha256 = Blob::new(b"calls".to_vec()).sha256;
    assert_eq!(desk.state.current().bodies().gone(&sha256).unwrap().gone, Some(Revision(8)));
    let read = CaseCommand::ReadEvidence { case, sha256, purpose };
    lines.push(told(desk.at(after(60), &read.into())));
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_report_says_what_would_go_and_what_keeps_the_rest() {
    let mut desk = desk();
    for command in [open("c-1"), note("c-1"), evidence("c-1", "calls"), held(acme(), Some("c-1"))] {
        desk.ask(&command).unwrap();
    }
    desk.ask(&held(SubjectId::Partner(partner_id("zenith")), None)).unwrap();
    desk.ask(&preserve("c-1", after(200))).unwrap();
    let report = |desk: &Desk, days| {
        let snapshot = desk.state.snapshot();
        let report = RetentionReport::of(&snapshot, &retention(), after(days));
        serde_json::to_string_pretty(&report).unwrap()
    };
    insta::assert_snapshot!(report(&desk, 190));
    desk.ask(&close("c-1")).unwrap();
    let due = RetentionReport::of(&desk.state.snapshot(), &retention(), after(200));
    assert_eq!(due.preserved, []);
    assert_eq!(due.kinds.iter().map(|kind| kind.due).sum::<u64>(), 2);
    erase(&mut desk, after(200));
    let after = RetentionReport::of(&desk.state.snapshot(), &retention(), after(200));
    assert_eq!(
        after.kinds.iter().map(|kind| (kind.due, kind.erased)).collect::<Vec<_>>()[0],
        (0, 1)
    );
}

#[test]
fn a_statement_of_what_comes_stays_until_its_day_or_until_it_is_called_off() {
    let mut desk = desk();
    let narrower =
        super::people::told(super::agreement::edit(Some(scopes("a b")), None), Vec::new());
    let (effective, command) = (after(360), Box::new(narrower));
    desk.ask(&ChangeCommand::Schedule { effective, command }.into()).unwrap();
    let change = desk.state.current().changes().iter().next().unwrap().id;
    assert_eq!(desk.state.erasable(after(359)), []);
    let why = "We changed our mind.".to_owned();
    desk.at(after(200), &ChangeCommand::Cancel { change, why, tell: String::new() }.into())
        .unwrap();
    assert_eq!(erase(&mut desk, after(200)), ["statements 3"]);
}
