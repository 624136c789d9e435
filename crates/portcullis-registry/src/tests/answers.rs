//! Answers of partners: what is taken in, who decides, and what time runs out for.

use insta::assert_snapshot;
use portcullis_types::{ClassName, Closes};

use super::*;

const HOUR: u64 = 3_600_000;
const DUE: Wall = Wall(NOON.0 + 100 * HOUR);

fn acme() -> Actor {
    Actor { kind: ActorKind::Partner, id: "acme/key1".to_owned() }
}

fn person(id: &str) -> Actor {
    Actor { kind: ActorKind::Person, id: id.to_owned() }
}

fn answer(kind: AnswerKind, about: u64, text: &str) -> Command {
    AnswerCommand::Receive {
        partner: partner_id("acme"),
        kind,
        about: Revision(about),
        text: text.to_owned(),
        attachments: Vec::new(),
        due: DUE,
    }
    .into()
}

fn attaching(name: &str, sha256: &str) -> Command {
    AnswerCommand::Receive {
        partner: partner_id("acme"),
        kind: AnswerKind::Answer,
        about: Revision(HOLD),
        text: "See what is attached.".to_owned(),
        attachments: vec![Attachment {
            name: name.to_owned(),
            sha256: sha256.to_owned(),
            bytes: 9,
        }],
        due: DUE,
    }
    .into()
}

fn reply(id: u64, outcome: Outcome) -> Command {
    let tell = "We looked at it again, with your explanation.".to_owned();
    AnswerCommand::Reply { answer: Revision(id), outcome, tell, case: None }.into()
}

/// The event in which `ana` puts the partner on hold.
const HOLD: u64 = 4;

/// A partner with a key and another one, put on hold by `ana` where two persons decide.
fn desk() -> Desk {
    let mut desk = Desk::default();
    desk.ask(&partner("acme", None)).unwrap();
    desk.ask(&partner("zenith", None)).unwrap();
    desk.ask(&key(1, "acme", None, None)).unwrap();
    let rule = PeopleCommand::SetRule(PeopleRule { two_persons: true, alone: 10 });
    let gate = Actor { kind: ActorKind::Gate, id: "start".to_owned() };
    desk.by(&gate, NOON, &rule.into()).unwrap();
    desk.by(&person("ana"), NOON, &hold(SubjectId::Partner(partner_id("acme")))).unwrap();
    assert_eq!(desk.log.len() as u64, HOLD + 1);
    desk
}

fn told(found: Result<Planned, Rejected>) -> String {
    match found {
        Ok(planned) => format!("done: {}", planned.what),
        Err(rejected) => format!("{}: {rejected}", rejected.code()),
    }
}

#[test]
fn an_appeal_waits_with_its_clock_and_is_decided_by_somebody_else() {
    let mut desk = desk();
    let mut lines = Vec::new();
    let text = "These were our own three places.";
    lines.push(told(desk.by(&acme(), NOON, &answer(AnswerKind::Appeal, HOLD, text))));
    let id = desk.log.len() as u64 - 1;
    let body: AnswerBody =
        serde_json::from_slice(&desk.blobs[desk.log.last().unwrap().1.blobs()[0]]).unwrap();
    assert_eq!((body.text.as_str(), body.about), (text, Revision(HOLD)));
    let token = Actor { kind: ActorKind::Token, id: "ops".to_owned() };
    lines.push(told(desk.by(&acme(), NOON, &answer(AnswerKind::Appeal, HOLD, text))));
    for (by, outcome) in [
        (token.clone(), Outcome::Upheld),
        (token, Outcome::Noted),
        (person("ana"), Outcome::Noted),
        (person("ana"), Outcome::Upheld),
        (person("claim:x"), Outcome::Upheld),
        (person("bert"), Outcome::Upheld),
        (person("cleo"), Outcome::Denied),
    ] {
        lines.push(format!(
            "{} {outcome}: {}",
            by.id,
            told(desk.by(&by, NOON, &reply(id, outcome)))
        ));
    }
    lines.push(told(desk.by(&person("bert"), NOON, &reply(2, Outcome::Noted))));
    let record = desk.state.now.answers.find(Revision(id)).unwrap().clone();
    assert_eq!((record.is_open(), record.followed), (false, None));
    desk.by(&person("bert"), NOON, &restore(SubjectId::Partner(partner_id("acme")))).unwrap();
    let record = desk.state.now.answers.find(Revision(id)).unwrap();
    assert_eq!(record.followed, Some(Revision(desk.log.len() as u64 - 1)), "what it led to");
    assert_eq!(all(&desk.state.snapshot()), all(&desk.replayed().state.snapshot()));
    assert_snapshot!(lines.join("\n"));
}

#[test]
fn who_confirmed_a_step_had_a_hand_in_it() {
    let mut desk = desk();
    let why = "It is right.".to_owned();
    let subject = SubjectId::Partner(partner_id("acme"));
    let ratify = Command::Standing(StandingCommand::Ratify { subject, why });
    desk.by(&person("bert"), NOON, &ratify).unwrap();
    desk.by(&acme(), NOON, &answer(AnswerKind::Appeal, HOLD, "Please look again.")).unwrap();
    let id = desk.log.len() as u64 - 1;
    let refused = desk.by(&person("bert"), NOON, &reply(id, Outcome::Denied)).unwrap_err();
    assert_eq!(refused.code(), "own_step");
    desk.by(&person("cleo"), NOON, &reply(id, Outcome::Denied)).unwrap();
}

#[test]
fn who_had_a_hand_in_a_step_has_one_in_what_the_gate_makes_of_it() {
    let (ana, ben) = (people::person("ana"), people::person("ben"));
    let emergency = Terms { break_glass: Some("calls rise".to_owned()), ..Terms::default() };
    let to = |fallback: &[&str]| Wish::Suspended {
        closes: Closes::All,
        even: Vec::new(),
        fallback: fallback.iter().map(|class| ClassName::new(class).unwrap()).collect(),
        review_by: None,
    };
    let held = |fallback: &[&str]| standing::stand(to(fallback)).stated(people::found());
    // What nobody confirmed, and what somebody let stand later.
    for (own, fell_back) in [(vec!["ana"], true), (vec!["ana", "ben"], false)] {
        let mut gate = people::Gate::open();
        if fell_back {
            gate.ask(&ana, &held(&["t"])).unwrap();
            gate.now = Wall(NOON.0 + 25 * HOUR);
            for command in gate.state.due(gate.now) {
                gate.ask(&Actor::clock(), &command).unwrap();
            }
        } else {
            let end = standing::stand(Wish::Terminating { until: None }).stated(people::found());
            gate.on(&ana, &end, &emergency).unwrap();
            let emergency = gate.state.current().people().broken().next().unwrap().id;
            gate.ask(&ben, &PeopleCommand::RatifyEmergency { emergency }.into()).unwrap();
        }
        let now = gate.state.current();
        let at = now.subject_ix(&SubjectId::Partner(partner_id("acme"))).unwrap();
        let about = now.course(at).unwrap().notice.revision.unwrap();
        gate.ask(&acme(), &answer(AnswerKind::Appeal, about.0, "Please look again.")).unwrap();
        let id = gate.log.len() as u64 - 1;
        for who in own {
            let refused = gate.ask(&people::person(who), &reply(id, Outcome::Denied)).unwrap_err();
            assert_eq!(refused.code(), "own_step", "{who}");
        }
        gate.ask(&people::person("cho"), &reply(id, Outcome::Denied)).unwrap();
        assert_eq!(gate.everything(), gate.replayed());
    }
}

#[test]
fn an_appeal_that_was_right_names_what_it_gives_back_and_never_what_came_after() {
    #[track_caller]
    fn check(since: &[Command], expected: &str) {
        let mut desk = desk();
        desk.by(&acme(), NOON, &answer(AnswerKind::Appeal, HOLD, "Please look again.")).unwrap();
        let id = desk.log.len() as u64 - 1;
        for step in since {
            desk.by(&person("ana"), NOON, step).unwrap();
        }
        let told = told(desk.by(&person("bert"), NOON, &reply(id, Outcome::Upheld)));
        assert_eq!(told, format!("done: appeal {id} of partner `acme` upheld; {expected}"));
    }
    let acme = || SubjectId::Partner(partner_id("acme"));
    check(
        &[],
        "give back what event 4 took: portcullis partner restore acme --reason mistake --tell '…'",
    );
    check(&[restore(acme())], "event 4 is no longer in force, and nothing is left to give back");
    check(
        &[restore(acme()), hold(acme())],
        "event 4 is no longer in force; event 7 holds now (`portcullis notice show 7`)",
    );
}

#[test]
fn where_one_person_decides_it_decides_appeals_too() {
    let mut desk = desk();
    let rule = PeopleCommand::SetRule(PeopleRule { two_persons: false, alone: 10 });
    let gate = Actor { kind: ActorKind::Gate, id: "start".to_owned() };
    desk.by(&gate, NOON, &rule.into()).unwrap();
    desk.by(&acme(), NOON, &answer(AnswerKind::Appeal, HOLD, "Please look again.")).unwrap();
    let id = desk.log.len() as u64 - 1;
    desk.by(&person("ana"), NOON, &reply(id, Outcome::Upheld)).unwrap();
}

#[test]
fn what_is_no_answer_is_refused_and_says_why() {
    let mut desk = desk();
    let (ours, long) = (AnswerKind::Answer, "x".repeat(ANSWER_BYTES_MAX + 1));
    let zenith = Actor { kind: ActorKind::Partner, id: "zenith/key9".to_owned() };
    desk.by(&person("ana"), NOON, &hold(SubjectId::Partner(partner_id("zenith")))).unwrap();
    let other = desk.log.len() as u64 - 1;
    let digest = "0".repeat(64);
    let rows = [
        desk.by(&acme(), NOON, &answer(ours, other, "About another's.")),
        desk.by(&acme(), NOON, &answer(ours, 0, "About no step.")),
        desk.by(&acme(), NOON, &answer(ours, 999, "About nothing.")),
        desk.by(&person("ana"), NOON, &answer(ours, HOLD, "By somebody else.")),
        desk.by(&zenith, NOON, &answer(ours, HOLD, " \n ")),
        desk.by(&acme(), NOON, &answer(ours, HOLD, &long)),
        desk.by(&acme(), NOON, &answer(ours, HOLD, "a bell \u{7}")),
        desk.by(&acme(), NOON, &attaching("", &digest)),
        desk.by(&acme(), NOON, &attaching("a.pdf", &digest[1..])),
        desk.by(&acme(), NOON, &attaching("a.pdf", &digest.replace('0', "A"))),
        desk.by(&acme(), NOON, &attaching("a.pdf", &digest)),
    ];
    let told: Vec<String> = rows.into_iter().map(told).collect();
    assert_snapshot!(told.join("\n"));
}

#[test]
fn only_so_many_answers_of_a_partner_are_taken_in_a_day() {
    let mut desk = desk();
    for n in 0..ANSWERS_PER_DAY {
        let one = answer(AnswerKind::Answer, HOLD, &format!("Number {n}."));
        desk.by(&acme(), Wall(NOON.0 + n as u64), &one).unwrap();
    }
    let more = answer(AnswerKind::Answer, HOLD, "One more.");
    let refused = desk.by(&acme(), Wall(NOON.0 + 23 * HOUR), &more).unwrap_err();
    let expected = "20 answers came from this partner within 24 hours, and more are not taken; put what is left into the next one tomorrow";
    assert_eq!(refused.to_string(), expected);
    let appeal = |n: usize| answer(AnswerKind::Appeal, HOLD, &format!("Appeal {n}."));
    desk.by(&acme(), Wall(NOON.0 + 23 * HOUR), &appeal(0)).unwrap();
    desk.by(&acme(), Wall(NOON.0 + 24 * HOUR), &more).unwrap();

    let mut desk = self::desk();
    desk.ask(&client("shop", "acme", None)).unwrap();
    desk.ask(&key(2, "acme", Some("shop"), None)).unwrap();
    let bound = Actor { kind: ActorKind::Partner, id: "acme/key2".to_owned() };
    let taken = (0..9).filter(|n| desk.by(&bound, NOON, &appeal(*n)).is_ok()).count();
    assert_eq!(taken, 5, "a key of a client has its share");
    for n in 10..30 {
        desk.by(&acme(), NOON, &appeal(n)).unwrap();
    }
    assert!(desk.by(&acme(), NOON, &appeal(30)).is_err());
}

#[test]
fn nobody_replying_in_time_is_an_event_once_and_a_reply_stops_the_clock() {
    let mut desk = desk();
    desk.by(&acme(), NOON, &answer(AnswerKind::Answer, HOLD, "One.")).unwrap();
    let one = desk.log.len() as u64 - 1;
    desk.by(&acme(), NOON, &answer(AnswerKind::Appeal, HOLD, "Two.")).unwrap();
    let two = desk.log.len() as u64 - 1;
    desk.by(&acme(), NOON, &answer(AnswerKind::Acknowledgement, HOLD, "")).unwrap();
    desk.by(&person("bert"), NOON, &reply(two, Outcome::Noted)).unwrap();
    let of_answers = |desk: &Desk, now| {
        let due = desk.state.due(now).into_iter();
        due.filter(|command| matches!(command, Command::Answer(_))).collect::<Vec<_>>()
    };
    assert!(of_answers(&desk, Wall(DUE.0 - 1)).is_empty());
    let due = of_answers(&desk, DUE);
    assert_eq!(due.len(), 1, "{due:?}");
    assert_eq!(desk.by(&person("ana"), DUE, &due[0]).unwrap_err().code(), "not_due");
    desk.as_clock(DUE, &due[0]).unwrap();
    assert!(of_answers(&desk, Wall(u64::MAX)).is_empty());
    assert_eq!(desk.as_clock(DUE, &due[0]).unwrap_err().code(), "not_due");
    let answers = desk.state.now.answers.clone();
    let open: Vec<_> = answers.open().map(|open| (open.revision.0, open.overdue)).collect();
    assert_eq!(open, [(one, true), (two, false)]);
    assert_eq!(all(&desk.state.snapshot()), all(&desk.replayed().state.snapshot()));
}

#[test]
fn acknowledging_the_notice_of_a_warning_stops_its_clock() {
    let mut desk = Desk::default();
    desk.ask(&partner("acme", None)).unwrap();
    let reason = ReasonCode::new("rate-abuse").unwrap();
    let subject = SubjectId::Partner(partner_id("acme"));
    let to = Wish::Warned { acknowledge_by: Some(DUE) };
    let tell = "You call faster than agreed.".to_owned();
    let warn = Command::Stand { subject, to, reason, tell, case: None };
    desk.ask(&warn).unwrap();
    let planned = desk.by(&acme(), NOON, &answer(AnswerKind::Acknowledgement, 1, "")).unwrap();
    let names: Vec<_> = planned.events.iter().map(Event::name).collect();
    assert_eq!(names, ["answer.received", "standing.acknowledged"]);
    assert!(desk.state.due(Wall(u64::MAX)).is_empty());
}
