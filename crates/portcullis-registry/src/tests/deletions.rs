//! Duties to delete: told, attested, overdue; and the state against a sheet of paper, whatever comes in
//! which order and however often.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_types::{LedgerKind, Span};
use proptest::prelude::*;

use super::*;

const HOUR: u64 = 3_600_000;
const SALT: DeletionSalt = DeletionSalt([7; 16]);

fn post(n: u64, what: DeletionCause) -> DeletionPost {
    let (kind, name) = (LedgerKind::Record, format!("post-{n}"));
    DeletionPost { id: format!("evt-{n}"), what, kind, name, class: None, at: NOON }
}

fn line(n: u64) -> DeletionLine {
    let post = post(n, DeletionCause::Deleted);
    DeletionLine { post: post.id, kind: post.kind, name: post.name }
}

fn tell(of: &str, batch: &str, cause: DeletionCause, count: u64) -> Command {
    let (batch, list) = (batch.to_owned(), SALT.list(cause, &[line(1)]));
    DeletionCommand::Tell {
        partner: partner_id(of),
        batch,
        cause,
        count,
        list,
        day: None,
        until: None,
    }
    .into()
}

fn attest(of: &str, batch: &str, deleted: u64, kept: u64) -> Command {
    let counts = DeletionCounts { deleted, never_stored: 0, kept };
    let answer = SALT.answer(&[(1, DeletionDone::Deleted, String::new())]);
    let batch = batch.to_owned();
    DeletionCommand::Attest { partner: partner_id(of), batch, counts, answer }.into()
}

fn run_out(batch: &str) -> Command {
    DeletionCommand::RunOut { batch: batch.to_owned() }.into()
}

fn gate() -> Actor {
    Actor { kind: ActorKind::Gate, id: "deletions".to_owned() }
}

fn own(of: &str) -> Actor {
    Actor { kind: ActorKind::Partner, id: format!("{of}/key1") }
}

fn at(hours: u64) -> Wall {
    Wall(NOON.0 + hours * HOUR)
}

fn desk() -> Desk {
    let mut desk = Desk::default();
    for id in ["acme", "other"] {
        desk.ask(&partner(id, None)).unwrap();
    }
    desk
}

fn names(planned: &Planned) -> Vec<&'static str> {
    planned.events.iter().map(Event::name).collect()
}

#[test]
fn a_partner_has_as_long_as_the_cause_gives_and_its_attestation_ends_the_duty() {
    let mut desk = desk();
    for (cause, hours) in DeletionCause::ALL.into_iter().zip([24, 24, 24, 72]) {
        let batch = format!("del_{cause}");
        let told = desk.by(&gate(), NOON, &tell("acme", &batch, cause, 3)).unwrap();
        assert_eq!(names(&told), ["deletion.due"]);
        assert_eq!(desk.state.current().deletions().waiting(&batch).unwrap().due_by, at(hours));
    }
    let again = desk.by(&gate(), at(1), &tell("acme", "del_deleted", DeletionCause::Deleted, 3));
    assert!(again.unwrap().events.is_empty(), "whoever was told is not told again");
    let done = desk.by(&own("acme"), at(2), &attest("acme", "del_deleted", 2, 1)).unwrap();
    assert_eq!(names(&done), ["deletion.attested"]);
    let snapshot = desk.state.snapshot();
    assert!(snapshot.deletions().waiting("del_deleted").is_none());
    let totals = snapshot.deletions().of(snapshot.partner_ix(&partner_id("acme")).unwrap());
    assert_eq!((totals.lists, totals.told, totals.attested), (4, 12, 1));
    assert_eq!(totals.counts, DeletionCounts { deleted: 2, never_stored: 0, kept: 1 });
    assert!(desk.state.due(at(24)).iter().all(|due| !format!("{due:?}").contains("del_deleted")));
}

#[test]
fn a_deadline_that_passed_is_said_once_and_raises_a_signal() {
    let mut desk = desk();
    desk.by(&gate(), NOON, &tell("acme", "del_1", DeletionCause::Deleted, 3)).unwrap();
    assert!(desk.state.due(Wall(at(24).0 - 1)).is_empty());
    let due = desk.state.due(at(24));
    assert_eq!(due.len(), 1);
    let over = desk.as_clock(at(24), &due[0]).unwrap();
    assert_eq!(names(&over), ["deletion.overdue", "signal.raised"]);
    let Event::SignalRaised { rule, signal, evidence, limit, then, .. } = &over.events[1] else {
        panic!("{over:?}")
    };
    assert_eq!((rule.as_str(), signal.as_str()), (DELETIONS_RULE, "deletion_overdue"));
    assert_eq!(then, &[SignalAction::Flag]);
    let limit = limit.as_deref().unwrap();
    insta::assert_snapshot!(format!("{evidence}; {limit}"), @"3 deleted of which the partner was told at 2023-11-14T22:13:20.000Z are not attested; attested by 2023-11-15T22:13:20.000Z");
    assert!(desk.state.due(at(100)).is_empty(), "it is said once");
    assert!(desk.as_clock(at(100), &run_out("del_1")).is_err());
    let snapshot = desk.state.snapshot();
    assert_eq!((snapshot.deletions().overdue(None), snapshot.signals().count()), (1, 1));
    // Late is better than never.
    desk.by(&own("acme"), at(30), &attest("acme", "del_1", 3, 0)).unwrap();
    assert_eq!(desk.state.current().deletions().overdue(None), 0);
}

#[test]
fn a_rule_may_open_a_case_about_a_deadline_that_passed() {
    let mut desk = desk();
    let overdue = vec![SignalAction::OpenCase];
    desk.state.take_deletion_rules(DeletionRules { overdue, ..DeletionRules::default() });
    desk.by(&gate(), NOON, &tell("acme", "del_1", DeletionCause::Deleted, 3)).unwrap();
    let over = desk.as_clock(at(24), &run_out("del_1")).unwrap();
    assert_eq!(names(&over), ["deletion.overdue", "case.opened", "signal.raised"]);
}

#[test]
fn nobody_attests_for_another_and_only_the_gate_tells() {
    let mut desk = desk();
    let told = tell("acme", "del_1", DeletionCause::Deleted, 3);
    let code = |done: Result<Planned, Rejected>| done.map_err(|why| why.code()).unwrap_err();
    assert_eq!(code(desk.at(NOON, &told)), "not_the_gate");
    desk.by(&gate(), NOON, &told).unwrap();
    let wrong = [
        (own("other"), attest("other", "del_1", 3, 0), "unknown_deletion_list"),
        (own("acme"), attest("acme", "del_2", 3, 0), "unknown_deletion_list"),
        (own("acme"), attest("acme", "del_1", 2, 0), "deletion_counts"),
        (somebody(), attest("acme", "del_1", 3, 0), "not_the_partner"),
        (Actor::clock(), run_out("del_1"), "not_due"),
        (gate(), tell("acme", "del_3", DeletionCause::Deleted, 0), "deletion_list_empty"),
        (gate(), tell("nobody", "del_3", DeletionCause::Deleted, 1), "unknown_partner"),
    ];
    for (by, command, expected) in wrong {
        assert_eq!(code(desk.by(&by, at(1), &command)), expected);
    }
    desk.by(&own("acme"), at(1), &attest("acme", "del_1", 3, 0)).unwrap();
    let twice = desk.by(&own("acme"), at(1), &attest("acme", "del_1", 3, 0));
    assert_eq!(code(twice), "unknown_deletion_list");
}

#[test]
fn a_partner_learns_by_its_hook_that_a_list_waits_and_no_id_stands_in_it() {
    let mut desk = desk();
    desk.by(&gate(), NOON, &tell("acme", "del_1", DeletionCause::Deleted, 3)).unwrap();
    let (at, event, actor) = desk.log.last().cloned().unwrap();
    assert!(event.is_told());
    let logged = LoggedEvent {
        revision: Revision(2),
        ts: at.rfc3339(),
        at,
        actor,
        approver: None,
        proposal: None,
        event,
        hash: String::new(),
        leaf: String::new(),
        opening: None,
    };
    let notice = PartnerNotice::of(&logged, desk.state.current()).unwrap();
    assert_eq!(notice.partner, partner_id("acme"));
    insta::assert_snapshot!(notice.body, @r#"{"type":"deletion.due","timestamp":"2023-11-14T22:13:20.000Z","data":{"partner":"acme","revision":2,"change":{"batch":"del_1","cause":"deleted","count":3,"due_by":"2023-11-15T22:13:20.000Z"}}}"#);
}

#[test]
fn what_is_no_deletion_is_not_taken() {
    let fine = post(1, DeletionCause::Deleted);
    assert_eq!(fine.check(), Ok(()));
    let owner = DeletionPost { kind: LedgerKind::Owner, ..fine.clone() };
    assert_eq!(DeletionPost { what: DeletionCause::AccountClosed, ..owner }.check(), Ok(()));
    let wrong = [
        (DeletionPost { id: String::new(), ..fine.clone() }, "deletion_id"),
        (DeletionPost { id: "a b".to_owned(), ..fine.clone() }, "deletion_id"),
        (DeletionPost { name: "x".repeat(129), ..fine.clone() }, "deletion_name"),
        (DeletionPost { kind: LedgerKind::Place, ..fine.clone() }, "deletion_of_place"),
        (
            DeletionPost { what: DeletionCause::AccountClosed, ..fine.clone() },
            "deletion_owner_missing",
        ),
    ];
    for (post, code) in wrong {
        assert_eq!(post.check().unwrap_err().code(), code);
    }
    assert!(!format!("{fine:?}").contains("post-1"), "ids stay out of messages");
}

#[test]
fn a_commitment_is_of_the_whole_list_in_whatever_order_and_of_its_salt() {
    let (one, two) = (line(1), line(2));
    let list = |lines: &[DeletionLine]| SALT.list(DeletionCause::Deleted, lines);
    assert_eq!(list(&[one.clone(), two.clone()]), list(&[two.clone(), one.clone()]));
    let others = [
        list(std::slice::from_ref(&one)),
        SALT.list(DeletionCause::Expired, &[one.clone(), two.clone()]),
        DeletionSalt([8; 16]).list(DeletionCause::Deleted, &[one.clone(), two.clone()]),
    ];
    assert!(others.iter().all(|other| *other != list(&[one.clone(), two.clone()])));
}

#[test]
fn only_who_received_something_is_told_of_it() {
    let posts = [
        post(1, DeletionCause::Deleted),
        post(2, DeletionCause::Expired),
        post(3, DeletionCause::Deleted),
    ];
    let held = |of: &str| Held { partner: partner_id(of), first: NOON, last: at(1) };
    let told = told_of(&posts, &[vec![held("acme")], vec![], vec![held("acme"), held("other")]]);
    let told: Vec<_> = told
        .iter()
        .map(|((partner, cause), posts)| {
            (partner.as_str(), *cause, posts.iter().map(|(at, ..)| *at).collect::<Vec<_>>())
        })
        .collect();
    let deleted = DeletionCause::Deleted;
    assert_eq!(told, [("acme", deleted, vec![0, 2]), ("other", deleted, vec![2])]);
}

/// What a person would write on paper about one list.
#[derive(Debug, Default)]
struct Paper {
    told: BTreeMap<u8, (bool, u64)>,
    attested: BTreeSet<u8>,
    overdue: BTreeSet<u8>,
}

#[derive(Debug, Clone)]
enum Step {
    Tell(u8, bool),
    Attest(u8, bool),
    Clock,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..5u8, any::<bool>()).prop_map(|(list, acme)| Step::Tell(list, acme)),
        (0..5u8, any::<bool>()).prop_map(|(list, acme)| Step::Attest(list, acme)),
        Just(Step::Clock),
    ]
}

fn of(acme: bool) -> &'static str {
    if acme { "acme" } else { "other" }
}

impl Paper {
    fn take(&mut self, step: &Step, hours: u64) {
        match *step {
            // Who has it is told once, and a list that was attested is not told again by the book.
            Step::Tell(list, acme) => {
                if !self.attested.contains(&list) {
                    self.told.entry(list).or_insert((acme, hours));
                }
            }
            Step::Attest(list, acme) => {
                if self.told.get(&list).is_some_and(|(of, _)| *of == acme) {
                    self.attested.insert(list);
                }
            }
            Step::Clock => {
                let over = |(_, since): &(bool, u64)| since + 24 <= hours;
                let late = self.told.iter().filter(|(_, told)| over(told)).map(|(list, _)| *list);
                let late = late.filter(|list| !self.attested.contains(list));
                self.overdue.extend(late.collect::<Vec<_>>());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn whatever_comes_in_which_order_the_duties_are_those_on_paper(
        steps in proptest::collection::vec((step(), 0..9u64), 0..60),
    ) {
        let (mut desk, mut paper, mut hours) = (desk(), Paper::default(), 0);
        for (step, later) in &steps {
            hours += later;
            match step {
                Step::Tell(list, _) if paper.attested.contains(list) => {}
                Step::Tell(list, acme) => {
                    let batch = format!("del_{list}");
                    let tell = tell(of(*acme), &batch, DeletionCause::Deleted, 1);
                    desk.by(&gate(), at(hours), &tell).unwrap();
                }
                Step::Attest(list, acme) => {
                    let own = own(of(*acme));
                    let attest = attest(of(*acme), &format!("del_{list}"), 1, 0);
                    let _ = desk.by(&own, at(hours), &attest);
                }
                Step::Clock => {
                    for due in desk.state.due(at(hours)) {
                        desk.as_clock(at(hours), &due).unwrap();
                    }
                }
            }
            paper.take(step, hours);
        }
        let again = desk.replayed();
        for desk in [&desk, &again] {
            let snapshot = desk.state.snapshot();
            let open: BTreeMap<String, (PartnerId, bool)> = snapshot.deletions().open().map(|(batch, open)| {
                let partner = snapshot.partner(open.partner).unwrap().id.clone();
                (batch.to_owned(), (partner, open.overdue.is_some()))
            }).collect();
            let wanted = paper.told.iter().filter(|(list, _)| !paper.attested.contains(list));
            let wanted: BTreeMap<String, (PartnerId, bool)> = wanted.map(|(list, (acme, _))| {
                (format!("del_{list}"), (partner_id(of(*acme)), paper.overdue.contains(list)))
            }).collect();
            prop_assert_eq!(open, wanted);
            prop_assert_eq!(snapshot.signals().count(), paper.overdue.len());
            for acme in [true, false] {
                let at = snapshot.partner_ix(&partner_id(of(acme))).unwrap();
                let totals = snapshot.deletions().of(at);
                let own = |list: &&u8| paper.told.get(*list).is_some_and(|(of, _)| *of == acme);
                prop_assert_eq!(totals.lists, paper.told.keys().filter(own).count() as u64);
                prop_assert_eq!(totals.attested, paper.attested.iter().filter(own).count() as u64);
                prop_assert_eq!(totals.overdue, paper.overdue.iter().filter(own).count() as u64);
            }
        }
        prop_assert_eq!(Span::from_seconds(86_400), DeletionRules::default().deadline(DeletionCause::Deleted));
    }
}
