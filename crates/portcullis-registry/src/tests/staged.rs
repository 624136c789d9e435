//! The way back in stages: who is let in when, what must be so before, and that a signal closes all
//! of it again.

use portcullis_types::{ClassName, Closes, Effect, Percent};

use super::cases::{DAY, case_id, open, refused};
use super::standing::stand;
use super::*;

const CLASS: &str = "place.posts";

fn acme() -> SubjectId {
    SubjectId::Partner(partner_id("acme"))
}

fn client_id(id: &str) -> ClientId {
    ClientId::new(id).unwrap()
}

fn reason() -> ReasonCode {
    ReasonCode::new("investigation-closed").unwrap()
}

fn plan() -> RestorePlan {
    let first = Stage {
        name: "pilot".to_owned(),
        cohort: Cohort::Clients(vec![client_id("one")]),
        classes: vec![ClassName::new(CLASS).unwrap()],
        factor: Percent::new(20),
        at_least: 3 * DAY,
        entry: Entry { attestation: vec![client_id("one")] },
        exit: Exit { signals: 0, attestation: vec![client_id("two")] },
    };
    let second = Stage {
        name: "everybody".to_owned(),
        cohort: Cohort::All,
        classes: Vec::new(),
        factor: Percent::new(50),
        at_least: DAY,
        entry: Entry::default(),
        exit: Exit { signals: 1, attestation: Vec::new() },
    };
    RestorePlan { partner: None, keys_without_client: false, stages: vec![first, second] }
}

fn planned(plan: RestorePlan) -> Command {
    CaseCommand::Plan { case: case_id("c-1"), plan }.into()
}

fn stage(stage: u8) -> Command {
    let tell = "Access comes back in stages.".to_owned();
    CaseCommand::Stage { case: case_id("c-1"), stage, reason: reason(), tell }.into()
}

fn finish() -> Command {
    let tell = "All is as agreed again.".to_owned();
    CaseCommand::Finish { case: case_id("c-1"), reason: reason(), tell }.into()
}

fn attest(client: &str) -> Command {
    let (partner, client) = (partner_id("acme"), Some(client_id(client)));
    let text = "All copies were deleted.".to_owned();
    CaseCommand::Attest { partner, client, text }.into()
}

fn signal(then: &[SignalAction]) -> Command {
    let seen = super::signals::seen("acme", then);
    Command::RaiseSignal { seen, bounds: SignalBounds { holds_per_day: 3, uncounted: 0 } }
}

/// acme with clients `one` and `two`, a key of each, one without, and a hold of reads.
fn held() -> Desk {
    let mut desk = Desk::default();
    desk.ask(&partner("acme", None)).unwrap();
    desk.ask(&client("one", "acme", None)).unwrap();
    desk.ask(&client("two", "acme", None)).unwrap();
    desk.ask(&key(0, "acme", None, None)).unwrap();
    desk.ask(&key(1, "acme", Some("one"), None)).unwrap();
    desk.ask(&key(2, "acme", Some("two"), None)).unwrap();
    desk.ask(&open("c-1")).unwrap();
    desk.ask(&stand(Wish::hold(Closes::Reads))).unwrap();
    desk
}

/// The same at the first stage.
fn at_first() -> Desk {
    let mut desk = held();
    desk.ask(&planned(plan())).unwrap();
    desk.ask(&attest("one")).unwrap();
    desk.ask(&stage(1)).unwrap();
    desk
}

/// What each key may do: `r` reads, `w` writes of a class, `o` reads of another.
fn open_to(desk: &Desk) -> String {
    let snapshot = desk.state.snapshot();
    let word = |(at, _)| match snapshot.standing(at, NOON) {
        Standing::Good => "rwo".to_owned(),
        Standing::Narrowed { by } => {
            let asked =
                [('r', CLASS, Effect::Read), ('w', CLASS, Effect::Write), ('o', "x", Effect::Read)];
            let left = asked.iter().filter(|(_, class, e)| by.barring(class, *e, false).is_none());
            left.map(|(letter, ..)| *letter).collect()
        }
        other => format!("{other:?}"),
    };
    snapshot.keys().map(word).collect::<Vec<_>>().join(" ")
}

fn state_of(desk: &Desk) -> (u8, PlanState) {
    let snapshot = desk.state.snapshot();
    let (_, plan) = snapshot.cases().plan_of(portcullis_types::PartnerIx(0)).unwrap();
    (plan.stage, plan.state)
}

fn days(days: u64) -> Wall {
    Wall(NOON.0 + days * DAY)
}

#[test]
fn a_stage_lets_in_its_clients_and_leaves_the_others_as_they_were() {
    let mut desk = held();
    assert_eq!(open_to(&desk), "w w w", "a hold of reads");
    let what = desk.ask(&planned(plan())).unwrap().what;
    insta::assert_snapshot!(what, @"access of partner `acme` planned to come back in 2 stages; nothing opens before the first");
    assert_eq!(open_to(&desk), "w w w", "a plan opens nothing");
    desk.ask(&attest("one")).unwrap();
    let first = desk.ask(&stage(1)).unwrap();
    insta::assert_snapshot!(first.what, @"stage 1 (`pilot`): partner `acme` on probation, stage 1: `place.posts` closed, rates and budgets at 20 %; 2 of its clients and keys stay on hold, 0 are given back");
    let names: Vec<_> = first.events.iter().map(Event::name).collect();
    insta::assert_snapshot!(names.join(" "), @"restore.staged standing.probation standing.held standing.held");
    // Keys without a client carry calls that nothing tells apart.
    assert_eq!(open_to(&desk), " o ", "only the cohort, without the class of the stage");
    desk.ask(&attest("two")).unwrap();
    insta::assert_snapshot!(desk.at(days(3), &stage(2)).unwrap().what, @"stage 2 (`everybody`): partner `acme` on probation, stage 2: rates and budgets at 50 %; 0 of its clients and keys stay on hold, 2 are given back");
    assert_eq!(open_to(&desk), "rwo rwo rwo");
    assert!(
        desk.state.snapshot().partner(portcullis_types::PartnerIx(0)).unwrap().narrowed.is_some()
    );
    insta::assert_snapshot!(desk.at(days(4), &finish()).unwrap().what, @"the plan of case `c-1` is over: partner `acme` restored: nothing of it is closed any more");
    assert_eq!(state_of(&desk), (2, PlanState::Finished));
    assert_eq!(all(&desk.replayed().state.snapshot()), all(&desk.state.snapshot()));
}

#[test]
fn the_next_stage_waits_for_what_must_be_so() {
    let mut desk = held();
    desk.ask(&planned(plan())).unwrap();
    let mut told = vec![refused(&mut desk, &stage(1)), refused(&mut desk, &stage(2))];
    told.push(refused(&mut desk, &finish()));
    desk.ask(&attest("one")).unwrap();
    told.push(refused(&mut desk, &attest("one")));
    told.push(refused(&mut desk, &attest("three")));
    desk.ask(&stage(1)).unwrap();
    told.push(refused(&mut desk, &stage(2)));
    told.push(refused(&mut desk, &finish()));
    told.push(refused(&mut desk, &planned(plan())));
    let keys = vec![imported(9, "acme", ImportedState::Active)];
    let pepper = "aabbccdd".to_owned();
    told.push(refused(&mut desk, &Command::ImportKeys { keys, pepper, create_partners: None }));
    let why = "Done.".to_owned();
    told.push(refused(&mut desk, &CaseCommand::Close { case: case_id("c-1"), why }.into()));
    told.push(refused(
        &mut desk,
        &stand(Wish::Probation { stage: 2, classes: Vec::new(), factor: None }),
    ));
    told.push(refused(&mut desk, &restore(SubjectId::Client(client_id("two")))));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_signal_closes_again_what_the_stages_opened() {
    for (then, expected) in [(&[SignalAction::Flag][..], "w w w"), (&[SignalAction::Hold], "  ")] {
        let mut desk = at_first();
        let planned = desk.at(days(1), &signal(then)).unwrap();
        assert!(planned.narrows.is_some(), "it bites before it is durable");
        assert_eq!(open_to(&desk), expected);
        assert_eq!(state_of(&desk), (1, PlanState::FellBack));
        if then == [SignalAction::Flag] {
            insta::assert_snapshot!(planned.what, @"signal `newsroom/places-in-order` for partner `acme`: steps 12, of 14; stage 1 (`pilot`) of case `c-1` broken off; all reads closed again");
            let names: Vec<_> = planned.events.iter().map(Event::name).collect();
            insta::assert_snapshot!(names.join(" "), @"signal.raised restore.fell_back standing.held standing.restored standing.restored");
        }
        assert_eq!(all(&desk.replayed().state.snapshot()), all(&desk.state.snapshot()));
        // Nothing of the plan is left that a restore would not give back.
        desk.at(days(1), &restore(acme())).unwrap();
        assert_eq!(open_to(&desk), "rwo rwo rwo");
    }
}

#[test]
fn a_hold_on_all_that_was_confirmed_comes_back_as_it_was_whatever_the_rule_says() {
    let mut desk = held();
    let even = vec![portcullis_types::ClassName::new("own.status").unwrap()];
    let (closes, fallback) = (Closes::All, Vec::new());
    let to = Wish::Suspended { closes, even, fallback, review_by: None };
    desk.ask(&stand(to)).unwrap();
    let old = desk.state.snapshot().partner(portcullis_types::PartnerIx(0)).unwrap().course.clone();
    desk.ask(&planned(plan())).unwrap();
    desk.ask(&attest("one")).unwrap();
    desk.ask(&stage(1)).unwrap();
    let planned = desk.at(days(1), &signal(&[SignalAction::Hold])).unwrap();
    assert!(planned.narrows.is_some(), "it bites before it is durable");
    let new = desk.state.snapshot().partner(portcullis_types::PartnerIx(0)).unwrap().course.clone();
    let (old, new) = (old.unwrap(), new.unwrap());
    assert!(new.notice.covers(&old.notice) && old.notice.covers(&new.notice));
    assert_eq!((new.ratify, new.liftable_by_one()), (None, false));
}

#[test]
fn a_stage_bears_as_many_signals_as_it_says_and_none_in_shadow_counts() {
    let mut desk = at_first();
    desk.ask(&signal(&[])).unwrap();
    assert_eq!(state_of(&desk), (1, PlanState::Running));
    desk.ask(&attest("two")).unwrap();
    desk.at(days(3), &stage(2)).unwrap();
    desk.at(days(3), &signal(&[SignalAction::Flag])).unwrap();
    assert_eq!(state_of(&desk), (2, PlanState::Running), "one is borne");
    desk.at(days(3), &signal(&[SignalAction::Flag])).unwrap();
    assert_eq!((open_to(&desk).as_str(), state_of(&desk).1), ("w w w", PlanState::FellBack));
}

#[test]
fn what_happens_to_another_partner_changes_no_plan_of_this_one() {
    let mut desk = held();
    let beta = SubjectId::Partner(partner_id("beta"));
    desk.ask(&partner("beta", None)).unwrap();
    desk.ask(&hold(beta.clone())).unwrap();
    let all = Stage { cohort: Cohort::All, ..plan().stages[1].clone() };
    let theirs = RestorePlan { partner: Some(partner_id("beta")), stages: vec![all], ..plan() };
    desk.ask(&planned(theirs)).unwrap();
    desk.ask(&restore(beta.clone())).unwrap();
    desk.ask(&planned(RestorePlan { partner: Some(partner_id("acme")), ..plan() })).unwrap();
    desk.ask(&attest("one")).unwrap();
    let mia = Actor { kind: ActorKind::Person, id: "mia".to_owned() };
    desk.by(&mia, NOON, &stage(1)).unwrap();
    let reason = ReasonCode::new("rate-abuse").unwrap();
    let tell = "You call faster than agreed.".to_owned();
    let to = Wish::Warned { acknowledge_by: None };
    desk.ask(&Command::Stand { subject: beta, to, reason, tell, case: None }).unwrap();
    let seen = super::signals::seen("beta", &[SignalAction::Flag]);
    let bounds = SignalBounds { holds_per_day: 3, uncounted: 0 };
    desk.ask(&Command::RaiseSignal { seen, bounds }).unwrap();
    assert_eq!(state_of(&desk), (1, PlanState::Running));
    let gate = Actor { kind: ActorKind::Gate, id: "signal:r/x".to_owned() };
    desk.by(&gate, NOON, &signal(&[SignalAction::Flag])).unwrap();
    assert_eq!((open_to(&desk).as_str(), state_of(&desk).1), ("w w w", PlanState::FellBack));
    let now = desk.state.current();
    let about = now.notice(now.subject_ix(&acme()).unwrap()).unwrap().revision.unwrap();
    assert_eq!(now.answers().step(about).unwrap().by, somebody(), "who held it, not the gate");
    assert_eq!(super::all(&desk.replayed().state.snapshot()), super::all(&now.clone()));
}

#[test]
fn who_comes_to_be_during_a_stage_is_left_out_too() {
    let mut desk = at_first();
    desk.ask(&client("three", "acme", None)).unwrap();
    desk.ask(&key(3, "acme", Some("three"), None)).unwrap();
    let what = desk.ask(&key(4, "acme", None, None)).unwrap().what;
    insta::assert_snapshot!(what, @"key `key4` issued to partner `acme`; closed meanwhile by the plan that brings access back in stages");
    assert_eq!(open_to(&desk), " o   ");
    desk.ask(&attest("two")).unwrap();
    desk.at(days(3), &stage(2)).unwrap();
    assert_eq!(open_to(&desk), "rwo rwo rwo rwo rwo");
}

#[test]
fn a_step_by_hand_ends_the_plan_and_a_restore_gives_back_all_it_kept() {
    let mut desk = at_first();
    desk.ask(&stand(Wish::hold(Closes::All))).unwrap();
    assert_eq!((open_to(&desk).as_str(), state_of(&desk).1), ("  ", PlanState::Overtaken));
    assert_eq!(refused(&mut desk, &stage(2)).split(':').next(), Some("no_plan"));
    desk.ask(&restore(acme())).unwrap();
    assert_eq!(open_to(&desk), "rwo rwo rwo");
    let mut desk = at_first();
    desk.ask(&restore(acme())).unwrap();
    assert_eq!((open_to(&desk).as_str(), state_of(&desk).1), ("rwo rwo rwo", PlanState::Overtaken));
}

#[test]
fn a_key_that_was_revoked_meanwhile_gets_nothing_back() {
    for end in [restore(acme()), signal(&[SignalAction::Flag])] {
        let mut desk = at_first();
        desk.ask(&revoke("key0")).unwrap();
        let planned = desk.ask(&end).unwrap();
        let subjects = planned.events.iter().filter_map(Event::guards);
        let subjects: Vec<String> = subjects.map(|subject| subject.to_string()).collect();
        assert_eq!(subjects, ["partner `acme`", "client `two`"]);
    }
}

#[test]
fn what_somebody_else_closed_stays_closed() {
    let mut desk = held();
    desk.ask(&hold(SubjectId::Client(client_id("one")))).unwrap();
    desk.ask(&planned(plan())).unwrap();
    desk.ask(&attest("one")).unwrap();
    desk.ask(&stage(1)).unwrap();
    desk.ask(&attest("two")).unwrap();
    desk.at(days(3), &stage(2)).unwrap();
    desk.at(days(4), &finish()).unwrap();
    assert_eq!(open_to(&desk), "rwo  rwo", "client one was held by a person");
}

#[test]
fn a_plan_has_all_its_faults_named_at_once() {
    let mut desk = held();
    desk.ask(&partner("other", None)).unwrap();
    desk.ask(&client("theirs", "other", None)).unwrap();
    let mut bad = plan();
    bad.stages[0].name = String::new();
    bad.stages[0].cohort = Cohort::Clients(vec![client_id("theirs"), client_id("nobody")]);
    bad.stages[1].cohort = Cohort::Clients(Vec::new());
    bad.stages[1].at_least = 400 * DAY;
    let none = RestorePlan { stages: Vec::new(), ..plan() };
    let other = RestorePlan { partner: Some(partner_id("other")), ..plan() };
    let told = [bad, none, other].map(|plan| refused(&mut desk, &planned(plan)));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_share_is_always_of_the_same_clients_and_only_grows() {
    let share = |percent: u8| Cohort::Share(Percent::new(percent).unwrap());
    let clients: Vec<ClientId> = (0..500).map(|n| client_id(&format!("c{n}"))).collect();
    let count = |percent| clients.iter().filter(|id| share(percent).has(id)).count();
    assert!((70..130).contains(&count(20)), "{}", count(20));
    assert_eq!(count(100), 500);
    assert!(clients.iter().all(|id| !share(20).has(id) || share(40).has(id)));
}

#[test]
fn a_plan_and_each_of_its_stages_take_two_persons() {
    let mut desk = held();
    let rule = PeopleRule { two_persons: true, alone: 2 };
    desk.as_clock(NOON, &Command::People(PeopleCommand::SetRule(rule))).unwrap();
    let mia = Actor { kind: ActorKind::Person, id: "mia".to_owned() };
    let check = |desk: &mut Desk, now: Wall, asked: Command| {
        let decided = desk.state.decide(&mia, &asked, &Terms::default(), now).unwrap();
        assert!(decided.proposed.is_some(), "{asked:?}");
        desk.at(now, &asked).unwrap();
    };
    check(&mut desk, NOON, planned(plan()));
    desk.ask(&attest("one")).unwrap();
    check(&mut desk, NOON, stage(1));
    desk.ask(&attest("two")).unwrap();
    check(&mut desk, days(3), stage(2));
    check(&mut desk, days(4), finish());
}
