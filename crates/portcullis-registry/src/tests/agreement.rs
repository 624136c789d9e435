//! Changes of an agreement that leave a partner less: who is told, how, and what is refused.

use portcullis_types::TierName;

use super::people::{Gate, files, person, told};
use super::*;

/// An edit of acme.
pub(super) fn edit(scopes: Option<Option<Vec<ScopeName>>>, tier: Option<&str>) -> Command {
    Command::EditPartner {
        id: partner_id("acme"),
        name: None,
        tier: tier.map(|tier| Some(TierName::new(tier).unwrap())),
        r#use: None,
        declared_use: None,
        scopes,
        facts: None,
    }
}

fn acme() -> SubjectId {
    SubjectId::Partner(partner_id("acme"))
}

fn declares(facts: Facts) -> Command {
    Command::DeclareFacts { subject: acme(), facts }
}

/// A declaration of locations, and of nothing else.
pub(super) fn locations(entries: &[&str]) -> Command {
    let entries = entries.iter().map(|&entry| entry.to_owned()).collect();
    declares(Facts { lists: [("locations".to_owned(), entries)].into(), ..Facts::default() })
}

fn all_of(calls: u64, review_by: Option<u64>, group: Option<&str>) -> Command {
    let places = vec!["1".to_owned(), "2".to_owned(), "3".to_owned()];
    declares(Facts {
        figures: [("calls_per_hour".to_owned(), calls)].into(),
        lists: [("locations".to_owned(), places)].into(),
        review_by: review_by.map(|days| Wall(NOON.0 + days * 86_400_000)),
        group: group.map(str::to_owned),
        ..Facts::default()
    })
}

fn less(partner: &str, what: &str) -> Narrowed {
    Narrowed::new(partner_id(partner), [what.to_owned()])
}

/// Without the rule, so that what widens is done too.
fn alone() -> Gate {
    let mut gate = Gate::open();
    let rule = PeopleCommand::SetRule(PeopleRule { two_persons: false, alone: 2 }).into();
    gate.ask(&Actor::clock(), &rule).unwrap();
    gate
}

#[test]
fn whoever_leaves_a_partner_less_says_why_or_is_refused_with_whom_and_how() {
    #[track_caller]
    fn check(before: &[Command], command: &Command, whom: &str) {
        let mut gate = alone();
        for command in before {
            gate.ask(&person("cho"), &told(command.clone(), Vec::new())).unwrap();
        }
        let before = gate.everything();
        match gate.ask(&person("ana"), command) {
            Ok(_) => assert_eq!(whom, "", "{command:?}"),
            Err(rejected) => {
                assert_eq!(rejected.code(), "narrowing_untold");
                let text = rejected.to_string();
                let shown = text.split("told why: ").nth(1).unwrap();
                assert_eq!(shown.split("; add `--reason").next().unwrap(), whom);
                assert_eq!(gate.everything(), before, "nothing has changed");
            }
        }
    }
    check(&[], &edit(Some(scopes("a b")), None), "`acme`: they are narrowed to `a`, `b`");
    check(&[], &edit(Some(scopes("")), None), "`acme`: they are narrowed to no scope at all");
    let ab = [edit(Some(scopes("a b")), None)];
    check(&ab, &edit(Some(scopes("a c")), None), "`acme`: they lose `b`");
    check(&ab, &edit(Some(scopes("a b c")), None), "");
    check(&ab, &edit(Some(None), None), "");
    check(&[], &locations(&["1", "2"]), "");
    check(
        &[locations(&["1", "2"])],
        &locations(&["1", "3"]),
        "`acme`: they lose 1 of their 2 `locations`",
    );
    check(&[locations(&["1", "2"])], &locations(&["1", "2", "3"]), "");
    check(&[], &all_of(100, Some(30), None), "");
    let agreed = [all_of(100, Some(30), None)];
    check(
        &agreed,
        &all_of(60, Some(30), None),
        "`acme`: they have `calls_per_hour` 60 instead of 100",
    );
    check(&agreed, &all_of(160, Some(60), None), "");
    check(
        &agreed,
        &all_of(100, Some(7), None),
        "`acme`: they are reviewed by 2023-11-21T22:13:20.000Z",
    );
    check(
        &agreed,
        &all_of(100, Some(30), Some("x")),
        "`acme`: they share their limits with the group `x`",
    );
    check(&agreed, &locations(&["1", "2", "3"]), "`acme`: they have no `calls_per_hour` any more");
}

#[test]
fn who_has_no_key_that_works_loses_nothing() {
    let mut gate = alone();
    gate.ask(&person("ana"), &partner("zenith", None)).unwrap();
    let edit = Command::EditPartner {
        id: partner_id("zenith"),
        name: None,
        tier: None,
        r#use: None,
        declared_use: None,
        scopes: Some(scopes("a")),
        facts: None,
    };
    gate.ask(&person("ana"), &edit).unwrap();
}

#[test]
fn whom_another_tier_or_set_leaves_less_is_told_by_whoever_can_compare_them() {
    let mut gate = Gate::open();
    let narrowed = vec![less("acme", "loses `place.posts`")];
    let terms = Terms { proved_narrower: true, narrowed: narrowed.clone(), ..Terms::default() };
    for command in [edit(None, Some("plus")), files("tier: less")] {
        let untold = gate.on(&person("ana"), &command, &terms).unwrap_err();
        assert_eq!(untold.code(), "narrowing_untold");
        let command = told(command, narrowed.clone());
        let planned = gate.on(&person("ana"), &command, &terms).unwrap();
        assert!(planned.proposed.is_none(), "what is proved narrower takes one person");
        let Event::Agreement(event) = &planned.events[0] else { panic!("{:?}", planned.events) };
        let AgreementEvent::Narrowed { partner, what, .. } = event else { panic!("{event:?}") };
        assert_eq!((partner.as_str(), &**what), ("acme", &["loses `place.posts`".to_owned()][..]));
        let statement = planned.blobs.iter().find(|blob| Some(&*blob.sha256) == event.statement());
        let statement: Statement = serde_json::from_slice(&statement.unwrap().body).unwrap();
        assert_eq!(statement.subject, acme());
        assert_eq!(statement.measure.to, "agreed to less");
        let logged = LoggedEvent {
            revision: Revision(9),
            ts: NOON.rfc3339(),
            at: NOON,
            actor: person("ana"),
            event: Event::Agreement(event.clone()),
            hash: String::new(),
            leaf: String::new(),
            opening: None,
            approver: None,
            proposal: None,
        };
        let notice = PartnerNotice::of(&logged, gate.state.current()).unwrap();
        assert_eq!((notice.kind.as_str(), notice.partner.as_str()), ("agreement.narrowed", "acme"));
        let shown = notice.body.to_string();
        assert!(shown.contains("covers less") && !shown.contains("place.posts"), "{shown}");
    }
    assert_eq!(gate.everything(), gate.replayed());
}

#[test]
fn what_is_not_proved_narrower_waits_and_its_approval_tells_whom_it_leaves_less() {
    let mut gate = Gate::open();
    let command = told(files("tier: other"), vec![less("acme", "loses `place.posts`")]);
    let proposal = gate.proposed(&command);
    let planned = gate.approve("ben", &proposal).unwrap();
    let names: Vec<_> = planned.events.iter().map(Event::name).collect();
    assert_eq!(names, ["proposal.approved", "agreement.narrowed", "policy.published"]);
}

#[test]
fn one_person_narrows_no_more_partners_by_a_change_than_by_holds() {
    let mut gate = Gate::open();
    for name in ["b", "c"] {
        gate.ask(&Actor::clock(), &partner(name, None)).unwrap();
    }
    let all = |names: &[&str]| names.iter().map(|name| less(name, "loses a class")).collect();
    let terms = Terms { proved_narrower: true, ..Terms::default() };
    let two = told(files("tier: less"), all(&["acme", "b"]));
    assert!(gate.on(&person("ana"), &two, &terms).unwrap().proposed.is_none());
    let again = gate.on(&person("ana"), &two, &terms).unwrap();
    assert_eq!(again.events, [], "a set that is in force leaves nobody less again");
    let third = told(files("tier: least"), all(&["acme", "b", "c"]));
    let planned = gate.on(&person("ana"), &third, &terms).unwrap();
    assert!(planned.what.contains("it would be partner 3"), "{}", planned.what);
    let many = (0..=NARROWED_MAX).map(|at| less(&format!("p{at}"), "loses a class")).collect();
    let many = gate.on(&person("ana"), &told(files("tier: none"), many), &terms);
    assert_eq!(many.unwrap_err().code(), "narrows_too_many");
}

#[test]
fn a_reason_needs_somebody_who_is_left_less_and_a_change_that_it_can_be_of() {
    let mut gate = alone();
    let planned = gate.ask(&person("ana"), &told(edit(None, Some("plus")), Vec::new())).unwrap();
    insta::assert_snapshot!(planned.what, @"partner `acme` changed; nobody is left less, so nobody is told");
    let hold = told(hold(acme()), Vec::new());
    insta::assert_snapshot!(gate.ask(&person("ana"), &hold).unwrap_err(), @"only changes of a partner, of declared facts and of policies take a reason in this way");
    let mut empty = told(edit(Some(scopes("a")), None), Vec::new());
    let Command::Told { told: said, .. } = &mut empty else { panic!("{empty:?}") };
    said.statement = StatementDraft::default();
    let gaps = gate.ask(&person("ana"), &empty).unwrap_err();
    assert_eq!(gaps.code(), "statement_incomplete");
    let untold = gate.ask(&person("ana"), &edit(Some(scopes("a")), None)).unwrap_err();
    insta::assert_snapshot!(untold, @"this leaves 1 partner less, and nobody is told why: `acme`: they are narrowed to `a`; add `--reason agreement-changed --tell 'what changes, and what you can do' --fact 'what was found or agreed' --period now`, and each gets a notice with its statement");
}
