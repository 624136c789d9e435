//! Cases: what may be asked of one, what it keeps, and that whatever names a case names an open one.

use portcullis_types::{CaseId, PersonId};

use super::standing::operator;
use super::*;

pub(crate) const DAY: u64 = 86_400_000;

pub(crate) fn case_id(id: &str) -> CaseId {
    CaseId::new(id).unwrap()
}

pub(crate) fn open(id: &str) -> Command {
    CaseCommand::Open {
        id: Some(case_id(id)),
        title: "Sweep of places".to_owned(),
        owner: None,
        subjects: vec![SubjectId::Partner(partner_id("acme"))],
        signals: Vec::new(),
        review_by: None,
    }
    .into()
}

fn note(text: &str) -> Command {
    CaseCommand::Note { case: case_id("c-1"), text: text.to_owned() }.into()
}

fn evidence(body: &[u8]) -> CaseCommand {
    let sha256 = Blob::new(body.to_vec()).sha256;
    let (case, name) = (case_id("c-1"), "calls.jsonl".to_owned());
    CaseCommand::AddEvidence { case, name, sha256, bytes: 5, body: Some(body.to_vec()) }
}

fn close() -> Command {
    CaseCommand::Close { case: case_id("c-1"), why: "The partner mended it.".to_owned() }.into()
}

fn hold_in(case: &str) -> Command {
    let reason = ReasonCode::new("investigation").unwrap();
    let (tell, subject) = ("We look into unusual calls.", SubjectId::Key(key_id("key1")));
    let to = Wish::hold(portcullis_types::Closes::All);
    Command::Stand { subject, to, reason, tell: tell.to_owned(), case: Some(case.to_owned()) }
}

fn desk() -> Desk {
    let mut desk = Desk::default();
    desk.ask(&partner("acme", None)).unwrap();
    desk.ask(&key(1, "acme", None, None)).unwrap();
    desk.ask(&open("c-1")).unwrap();
    desk
}

fn record(desk: &Desk) -> CaseRecord {
    desk.state.current().cases().find(&case_id("c-1")).unwrap().clone()
}

#[test]
fn a_case_gathers_what_names_it_and_folds_to_the_same_again() {
    let mut desk = desk();
    desk.ask(&note("  The walk began on Monday.  ")).unwrap();
    desk.ask(&Command::Case(evidence(b"calls"))).unwrap();
    desk.ask(&hold_in("c-1")).unwrap();
    let digest = Blob::new(b"calls".to_vec()).sha256;
    let purpose = "To show the partner.".to_owned();
    let read = CaseCommand::ReadEvidence { case: case_id("c-1"), sha256: digest, purpose };
    desk.ask(&read.clone().into()).unwrap();
    desk.ask(&close()).unwrap();
    // Who looks later is taken down all the same.
    desk.ask(&read.into()).unwrap();
    let kept = record(&desk);
    assert_eq!(kept.timeline, [2, 3, 4, 5, 6, 7, 8].map(Revision));
    assert_eq!((kept.notes, kept.closed), (1, Some(NOON)));
    // The key that was held with it is what it is about, too.
    let about: Vec<String> = kept.subjects.iter().map(ToString::to_string).collect();
    assert_eq!(about, ["partner `acme`", "key `key1`"]);
    assert!(desk.blobs.values().any(|body| &**body == b"The walk began on Monday."));
    assert_eq!(all(&desk.replayed().state.snapshot()), all(&desk.state.snapshot()));
    let names: Vec<_> = desk.log.iter().skip(2).map(|(_, event, _)| event.name()).collect();
    insta::assert_snapshot!(names.join(" "), @"case.opened case.noted case.evidence_added standing.held case.evidence_read case.closed case.evidence_read");
    let json: Vec<_> = desk
        .log
        .iter()
        .skip(2)
        .map(|(_, event, _)| serde_json::to_string(event).unwrap())
        .collect();
    insta::assert_snapshot!(json.join("\n"), @r#"
        {"type":"case.opened","case":"c-1","title":"Sweep of places","owner":"ops","subjects":[{"kind":"partner","id":"acme"}],"review_by":1701209600000}
        {"type":"case.noted","case":"c-1","note":"0ecfa05ed380bc2246719711de70b80485173e9c18754a9c26ca2bb1884b1e68"}
        {"type":"case.evidence_added","case":"c-1","name":"calls.jsonl","sha256":"f46f5990ebfadcab199107258b9dadd8711bd7946d8d00091a1073effcf2a843","bytes":5,"kept":true}
        {"type":"standing.held","subject":{"kind":"key","id":"key1"},"from":"good","reason":"investigation","tell":"We look into unusual calls.","closes":{"shape":"all"},"case":"c-1"}
        {"type":"case.evidence_read","case":"c-1","sha256":"f46f5990ebfadcab199107258b9dadd8711bd7946d8d00091a1073effcf2a843","purpose":"To show the partner."}
        {"type":"case.closed","case":"c-1","why":"The partner mended it."}
        {"type":"case.evidence_read","case":"c-1","sha256":"f46f5990ebfadcab199107258b9dadd8711bd7946d8d00091a1073effcf2a843","purpose":"To show the partner."}
        "#);
}

#[test]
fn a_case_without_an_id_gets_the_next_free_number() {
    let mut desk = desk();
    let next = |desk: &mut Desk| {
        let (id, owner, review_by) = (None, None, None);
        let (title, subjects, signals) = (String::new(), Vec::new(), Vec::new());
        let open = CaseCommand::Open { id, title, owner, subjects, signals, review_by };
        desk.ask(&open.into()).unwrap().what
    };
    desk.ask(&open("case-3")).unwrap();
    insta::assert_snapshot!(next(&mut desk), @"case `case-4` opened, owned by `ops`, to be looked at again by 2023-11-28T22:13:20.000Z");
    insta::assert_snapshot!(next(&mut desk), @"case `case-5` opened, owned by `ops`, to be looked at again by 2023-11-28T22:13:20.000Z");
}

#[test]
fn a_signal_links_its_partner() {
    let mut desk = desk();
    desk.ask(&partner("other", None)).unwrap();
    let seen = super::signals::seen("other", &[SignalAction::Flag]);
    let bounds = SignalBounds { holds_per_day: 3, uncounted: 0 };
    desk.ask(&Command::RaiseSignal { seen, bounds }).unwrap();
    let (case, subjects, signals) = (case_id("c-1"), Vec::new(), vec![Revision(4)]);
    let link = Command::Case(CaseCommand::Link { case, subjects, signals });
    insta::assert_snapshot!(desk.ask(&link).unwrap().what, @"case `c-1` is about partner `other`, signal 4, too");
    assert_eq!(record(&desk).signals, [Revision(4)]);
}

#[test]
fn a_review_that_is_over_is_said_once() {
    let mut desk = desk();
    let due = |desk: &Desk, days: u64| desk.state.due(Wall(NOON.0 + days * DAY));
    assert_eq!(due(&desk, 13).len(), 0);
    let over = due(&desk, 14).pop().unwrap();
    let then = Wall(NOON.0 + 14 * DAY);
    assert!(desk.by(&operator("ops"), then, &over).is_err(), "only the clock");
    insta::assert_snapshot!(desk.as_clock(then, &over).unwrap().what, @"case `c-1` was to be looked at again by 2023-11-28T22:13:20.000Z");
    assert_eq!(due(&desk, 20).len(), 0);
    let review_by = Wall(then.0 + DAY);
    let again = CaseCommand::Review { case: case_id("c-1"), review_by };
    desk.at(then, &again.into()).unwrap();
    assert_eq!(due(&desk, 20).len(), 1);
    desk.at(then, &close()).unwrap();
    assert_eq!(due(&desk, 20).len(), 0, "nobody looks at a closed case");
}

#[test]
fn what_a_case_does_not_take_is_refused_with_the_way_on() {
    let mut desk = desk();
    let digest = Blob::new(b"calls".to_vec()).sha256;
    let other = |sha256: &str| {
        let CaseCommand::AddEvidence { case, name, bytes, body, .. } = evidence(b"calls") else {
            panic!("evidence")
        };
        Command::Case(CaseCommand::AddEvidence {
            case,
            name,
            sha256: sha256.to_owned(),
            bytes,
            body,
        })
    };
    let link = |subject: SubjectId, signals: Vec<Revision>| {
        Command::Case(CaseCommand::Link { case: case_id("c-1"), subjects: vec![subject], signals })
    };
    let acme = || SubjectId::Partner(partner_id("acme"));
    let read = |purpose: &str| {
        let (case, purpose) = (case_id("c-1"), purpose.to_owned());
        Command::Case(CaseCommand::ReadEvidence { case, sha256: digest.clone(), purpose })
    };
    let review = CaseCommand::Review { case: case_id("c-1"), review_by: Wall(NOON.0 + 91 * DAY) };
    let owner = PersonId::new("nobody").unwrap();
    let asked = [
        open("c-1"),
        hold_in("c-2"),
        hold_in("inquiry of the third kind"),
        note("  "),
        note(&"x".repeat(65 * 1024)),
        other("ABC"),
        other(&"0".repeat(64)),
        read("why not"),
        link(acme(), vec![Revision(0)]),
        link(acme(), Vec::new()),
        link(SubjectId::Partner(partner_id("acne")), Vec::new()),
        CaseCommand::Assign { case: case_id("c-1"), owner }.into(),
        review.into(),
        CaseCommand::Close { case: case_id("c-1"), why: String::new() }.into(),
        CaseCommand::Note { case: case_id("c-9"), text: "x".to_owned() }.into(),
    ];
    let mut told: Vec<String> = asked.iter().map(|asked| refused(&mut desk, asked)).collect();
    desk.ask(&Command::Case(evidence(b"calls"))).unwrap();
    told.push(refused(&mut desk, &Command::Case(evidence(b"calls"))));
    told.push(refused(&mut desk, &read("")));
    let other = Blob::new(b"elsewhere".to_vec()).sha256;
    let CaseCommand::AddEvidence { case, name, bytes, .. } = evidence(b"elsewhere") else {
        panic!("evidence")
    };
    let sha256 = other.clone();
    desk.ask(&CaseCommand::AddEvidence { case, name, sha256, bytes, body: None }.into()).unwrap();
    let (case, purpose) = (case_id("c-1"), "to see it".to_owned());
    told.push(refused(
        &mut desk,
        &CaseCommand::ReadEvidence { case, sha256: other, purpose }.into(),
    ));
    desk.ask(&close()).unwrap();
    told.push(refused(&mut desk, &note("too late")));
    told.push(refused(&mut desk, &hold_in("c-1")));
    insta::assert_snapshot!(told.join("\n"));
}

pub(crate) fn refused(desk: &mut Desk, asked: &Command) -> String {
    let rejected = desk.ask(asked).unwrap_err();
    format!("{}: {rejected}", rejected.code())
}

#[test]
fn a_signal_opens_a_case_where_its_rule_says_so_and_the_next_joins_it() {
    let mut desk = desk();
    let gate = Actor { kind: ActorKind::Gate, id: "signal:newsroom/places-in-order".to_owned() };
    let raise = |desk: &mut Desk| {
        let seen = super::signals::seen("acme", &[SignalAction::OpenCase]);
        let bounds = SignalBounds { holds_per_day: 3, uncounted: 0 };
        desk.by(&gate, NOON, &Command::RaiseSignal { seen, bounds }).unwrap().what
    };
    insta::assert_snapshot!(raise(&mut desk), @"signal `newsroom/places-in-order` for partner `acme`: steps 12, of 14; case `case-2` opened");
    raise(&mut desk);
    let cases = desk.state.snapshot();
    let case = cases.cases().find(&case_id("case-2")).unwrap();
    assert_eq!(case.timeline, [3, 4, 5].map(Revision), "one that a person opened is left alone");
    assert_eq!(case.signals, [4, 5].map(Revision));
    assert_eq!(all(&desk.replayed().state.snapshot()), all(&desk.state.snapshot()));
}
