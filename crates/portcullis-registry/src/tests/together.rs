//! One step about several partners.

use portcullis_types::Closes;

use super::*;

fn hold_of(id: &str) -> Command {
    hold(SubjectId::Partner(partner_id(id)))
}

fn desk() -> Desk {
    let mut desk = Desk::default();
    let rule = PeopleRule { two_persons: true, alone: 2 };
    desk.as_clock(NOON, &Command::People(PeopleCommand::SetRule(rule))).unwrap();
    for id in ["acme", "globex", "initech"] {
        desk.ask(&partner(id, None)).unwrap();
    }
    desk
}

fn decided(desk: &Desk, ids: &[&str]) -> Planned {
    let mia = Actor { kind: ActorKind::Person, id: "mia".to_owned() };
    let steps = Command::Each(ids.iter().map(|id| hold_of(id)).collect());
    let fact = crate::statement::fact_of_watch(&super::signals::seen("acme", &[]), NOON);
    let draft = StatementDraft {
        facts: vec![fact],
        indefinite_because: Some("nobody knows when the calls are explained".to_owned()),
        ..StatementDraft::default()
    };
    desk.state.decide(&mia, &steps.stated(draft), &Terms::default(), NOON).unwrap()
}

#[test]
fn one_person_holds_as_many_at_once_as_it_may_and_proposes_more() {
    let desk = desk();
    let two = decided(&desk, &["acme", "globex"]);
    assert!(two.proposed.is_none());
    insta::assert_snapshot!(two.what, @"partner `acme` and all its keys on hold: refused from the next call on; to be looked at again by 2023-11-28T22:13:20.000Z; to be confirmed by somebody else by 2023-11-15T22:13:20.000Z (`portcullis partner ratify acme`), otherwise it stays and is overdue; the same for `globex`");
    let statements: Vec<_> = two.events.iter().map(|event| event.statement().is_some()).collect();
    assert_eq!(statements, [true, true], "each has its own");
    let three = decided(&desk, &["acme", "globex", "initech"]);
    insta::assert_snapshot!(three.what, @"proposed, not done: partner `acme` and all its keys on hold: refused from the next call on; to be looked at again by 2023-11-28T22:13:20.000Z; to be confirmed by somebody else by 2023-11-15T22:13:20.000Z (`portcullis partner ratify acme`), otherwise it stays and is overdue; the same for `globex`, `initech`; a second person must approve it, since it would be partner 3 that one person narrows within an hour, and 2 are allowed");
    let Event::People(PeopleEvent::ProposalMade { about, .. }) = &three.events[0] else {
        panic!("{three:?}")
    };
    assert_eq!(about, &["partner:acme", "partner:globex", "partner:initech"]);
}

#[test]
fn several_are_changed_whole_or_not_at_all() {
    let mut desk = desk();
    let stand = |to: Wish| super::standing::stand(to);
    let each = |steps: Vec<Command>| Command::Each(steps);
    let told: Vec<String> = [
        each(Vec::new()),
        each(vec![hold_of("acme"), hold_of("nobody")]),
        each(vec![hold_of("acme"), hold_of("acme")]),
        each(vec![hold_of("globex"), stand(Wish::Terminated)]),
        each(vec![revoke("key1")]),
        each(vec![each(vec![hold_of("acme")])]),
    ]
    .iter()
    .map(|asked| super::cases::refused(&mut desk, asked))
    .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
        together_count: 0 partners can't be changed together; choose 1 to 500
        unknown_partner: unknown partner `nobody`; `portcullis partner list` shows them
        nothing_changes: partner `acme` has these values already; nothing to change
        together_unfit: partners are warned, restricted and put on hold together; do anything else one by one
        together_unfit: partners are warned, restricted and put on hold together; do anything else one by one
        together_unfit: partners are warned, restricted and put on hold together; do anything else one by one
        ");
    desk.ask(&each(vec![hold_of("acme"), hold_of("globex")])).unwrap();
    let held = desk.state.snapshot();
    let closed = |at: u32| held.partner(portcullis_types::PartnerIx(at)).unwrap().narrowed.clone();
    assert_eq!([0, 1].map(|at| closed(at).unwrap().closes.clone()), [Closes::All, Closes::All]);
    assert!(closed(2).is_none());
}
