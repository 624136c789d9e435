//! Changes with a day of their own: announced, carried out once by the clock, called off or dropped.

use portcullis_types::TierName;

use super::agreement::{edit, locations};
use super::people::{Gate, files, person, told};
use super::*;

const DAY: u64 = 86_400_000;

fn on(days: u64, command: Command) -> Command {
    let effective = Wall(NOON.0 + days * DAY);
    ChangeCommand::Schedule { effective, command: Box::new(command) }.into()
}

fn less(partner: &str) -> Narrowed {
    Narrowed::new(partner_id(partner), ["lose `place.posts`".to_owned()])
}

/// Acme keeps two scopes only.
fn scoped() -> Command {
    told(edit(Some(scopes("a b")), None), Vec::new())
}

fn names(planned: &Planned) -> Vec<&'static str> {
    planned.events.iter().map(Event::name).collect()
}

fn changes(gate: &Gate) -> &Changes {
    gate.state.current().changes()
}

/// The clock comes by at a time; what it did.
#[track_caller]
fn clock(gate: &mut Gate, days: u64, again: Option<Result<Weighed, String>>) -> Vec<Planned> {
    gate.now = gate.now.max(Wall(NOON.0 + days * DAY));
    let due = gate.state.due(gate.now);
    let terms = Terms { again, ..Terms::default() };
    let done = due.iter().map(|due| gate.on(&Actor::clock(), due, &terms).unwrap()).collect();
    assert!(gate.state.due(gate.now).is_empty(), "each acts once");
    assert_eq!(gate.everything(), gate.replayed());
    done
}

fn acme(gate: &Gate) -> PartnerRecord {
    let now = gate.state.current();
    now.partner(now.partner_ix(&partner_id("acme")).unwrap()).unwrap().clone()
}

#[test]
fn a_change_is_announced_and_comes_on_its_day_once() {
    let mut gate = Gate::open();
    let planned = gate.ask(&person("ana"), &on(30, scoped())).unwrap();
    insta::assert_snapshot!(planned.what, @"announced to partner `acme`, for 2023-12-14T22:13:20.000Z: partner `acme` changed");
    assert_eq!(names(&planned), ["agreement.announced", "change.scheduled"]);
    assert_eq!(acme(&gate).scopes, None, "nothing has changed yet");
    let statement = planned.events[0].statement().unwrap().to_owned();
    let blob = planned.blobs.iter().find(|blob| blob.sha256 == statement).unwrap();
    let statement: Statement = serde_json::from_slice(&blob.body).unwrap();
    assert_eq!(statement.measure.effective_at.0, Wall(NOON.0 + 30 * DAY));
    let id = changes(&gate).iter().next().unwrap().id;
    let whose = partner_id("acme");
    let (_, announced) = changes(&gate).of(&whose).next().unwrap();
    assert_eq!(announced.revision.0 + 1, id.0);
    assert!(clock(&mut gate, 29, None).is_empty());
    // Long after its day, as when the gate was down.
    let done = clock(&mut gate, 45, None);
    assert_eq!(names(&done[0]), ["agreement.narrowed", "partner.edited", "change.carried_out"]);
    assert_eq!(acme(&gate).scopes.as_deref(), scopes("a b").as_deref());
    assert!(clock(&mut gate, 90, None).is_empty());
    assert_eq!(changes(&gate).iter().count(), 0);
    let by_hand = ChangeCommand::CarryOut { change: id }.into();
    assert_eq!(gate.ask(&person("ana"), &by_hand).unwrap_err().code(), "not_the_clock");
}

#[test]
fn who_scheduled_a_change_took_the_step_that_the_clock_carries_out() {
    let mut gate = Gate::open();
    gate.ask(&person("ana"), &on(30, scoped())).unwrap();
    let done = clock(&mut gate, 30, None);
    let narrowed = gate.log.len() - done[0].events.len();
    let step = gate.state.current().answers().step(Revision(narrowed as u64)).unwrap();
    assert_eq!((&step.by, &step.second), (&person("ana"), &None));
    assert_eq!(gate.log[narrowed].1.kind, ActorKind::Gate);
}

#[test]
fn what_would_take_two_persons_now_takes_two_to_be_scheduled() {
    let mut gate = Gate::open();
    let wider = on(30, told(edit(None, Some("plus")), vec![less("acme")]));
    let proposal = gate.proposed(&wider);
    let planned = gate.approve("ben", &proposal).unwrap();
    assert_eq!(names(&planned)[1..], ["agreement.announced", "change.scheduled"]);
    let change = changes(&gate).iter().next().unwrap();
    assert_eq!(change.approver, Some(person("ben")));
    let again = Weighed { proved_narrower: false, narrowed: vec![less("acme")] };
    clock(&mut gate, 30, Some(Ok(again)));
    assert_eq!(acme(&gate).tier, Some(TierName::new("plus").unwrap()));
}

#[test]
fn a_change_that_can_t_come_any_more_is_dropped_and_says_why() {
    #[track_caller]
    fn check(command: Command, again: Result<Weighed, &str>, between: &[Command], why: &str) {
        let mut gate = Gate::open();
        let terms = Terms { proved_narrower: true, ..Terms::default() };
        gate.on(&person("ana"), &on(30, command), &terms).unwrap();
        let owner = Actor { kind: ActorKind::Local, id: "root".to_owned() };
        for command in between {
            gate.ask(&owner, command).unwrap();
        }
        let done = clock(&mut gate, 30, Some(again.map_err(str::to_owned)));
        let dropped = done.iter().find_map(|planned| match planned.events.last() {
            Some(Event::Change(ChangeEvent::Dropped { why, .. })) => Some(why.as_str()),
            _ => None,
        });
        assert_eq!(dropped, Some(why), "{done:?}");
        let planned = done.iter().find(|done| names(done).contains(&"change.dropped")).unwrap();
        assert_eq!(names(planned), ["agreement.called_off", "change.dropped"]);
    }
    let fine = || Ok(Weighed { proved_narrower: true, narrowed: vec![less("acme")] });
    let set = || told(files("tier: less"), vec![less("acme")]);
    let moved = || told(edit(None, Some("plus")), vec![less("acme")]);
    let other = edit(Some(scopes("c")), None);
    check(scoped(), fine(), &[other], "event 10 changed what it is about");
    check(set(), fine(), &[files("tier: b")], "event 10 changed what it is about");
    check(set(), Err("its files have faults"), &[], "its files have faults");
    let wider = Ok(Weighed { proved_narrower: false, narrowed: vec![less("acme")] });
    let two =
        "it would give access by now, or nothing proves that it doesn't, which takes two persons";
    check(moved(), wider, &[], two);
}

#[test]
fn what_can_t_come_any_more_is_dropped_before_its_day() {
    let mut gate = Gate::open();
    gate.ask(&person("ana"), &on(30, scoped())).unwrap();
    gate.ask(&Actor::clock(), &edit(Some(scopes("c")), None)).unwrap();
    let done = clock(&mut gate, 0, None);
    assert_eq!(names(&done[0]), ["agreement.called_off", "change.dropped"]);
}

#[test]
fn whoever_came_to_it_meanwhile_is_told_on_the_day() {
    let mut gate = Gate::open();
    let terms = Terms { proved_narrower: true, ..Terms::default() };
    let set = on(30, told(files("tier: less"), vec![less("acme")]));
    gate.on(&person("ana"), &set, &terms).unwrap();
    gate.ask(&Actor::clock(), &partner("b", None)).unwrap();
    let narrowed = vec![less("acme"), less("b")];
    let again = Some(Ok(Weighed { proved_narrower: true, narrowed }));
    let done = clock(&mut gate, 30, again);
    let whom = done[0].events.iter().filter_map(|event| match event {
        Event::Agreement(event) => Some(event.partner().as_str()),
        _ => None,
    });
    assert_eq!(whom.collect::<Vec<_>>(), ["acme", "b"]);
}

#[test]
fn a_change_is_called_off_by_whoever_scheduled_it_or_by_two() {
    let mut gate = Gate::open();
    let cancel = |gate: &Gate| {
        let change = changes(gate).iter().next().unwrap().id;
        ChangeCommand::Cancel { change, why: "they moved".to_owned(), tell: String::new() }.into()
    };
    gate.ask(&person("ana"), &on(30, scoped())).unwrap();
    let planned = gate.ask(&person("cho"), &cancel(&gate)).unwrap();
    assert!(planned.proposed.is_some(), "it gives back what was to be taken");
    let planned = gate.ask(&person("ana"), &cancel(&gate)).unwrap();
    assert_eq!(names(&planned), ["agreement.called_off", "change.cancelled"]);
    assert_eq!(changes(&gate).iter().count(), 0);
    assert!(clock(&mut gate, 60, None).iter().all(|done| names(done) == ["proposal.expired"]));
    assert_eq!(acme(&gate).scopes, None);
}

#[test]
fn nobody_calls_a_change_of_others_off_alone_by_editing_what_it_is_about() {
    #[track_caller]
    fn check(by: &str, scheduled: Command, edits: Command, two: bool) {
        let mut gate = Gate::open();
        let terms = Terms { proved_narrower: true, ..Terms::default() };
        gate.on(&person("ana"), &on(30, scheduled), &terms).unwrap();
        let planned = gate.on(&person(by), &edits, &terms).unwrap();
        assert_eq!(planned.proposed.is_some(), two, "{}", planned.what);
        if let Some(proposed) = planned.proposed {
            assert_eq!(proposed.why, "it calls off change 9, which somebody else scheduled");
            assert!(clock(&mut gate, 0, None).is_empty(), "the change still comes");
        }
    }
    let named = || Command::EditPartner {
        id: partner_id("acme"),
        name: Some("Acme".to_owned()),
        tier: None,
        r#use: None,
        declared_use: None,
        scopes: None,
        facts: None,
    };
    let set = |text| told(files(text), vec![less("acme")]);
    check("cho", scoped(), named(), true);
    check("cho", scoped(), told(edit(Some(scopes("a b c")), None), Vec::new()), true);
    check("cho", set("tier: less"), set("tier: other"), true);
    check("ana", scoped(), named(), false);
    check("cho", set("tier: less"), named(), false);
}

#[test]
fn what_has_nobody_to_be_announced_to_has_no_day() {
    #[track_caller]
    fn check(days: u64, command: Command, code: &str) {
        let mut gate = Gate::open();
        let before = gate.everything();
        let refused = gate.ask(&person("ana"), &on(days, command)).unwrap_err();
        assert_eq!((refused.code(), gate.everything()), (code, before));
    }
    check(30, edit(Some(scopes("a")), None), "narrowing_untold");
    check(30, told(locations(&["1"]), Vec::new()), "nobody_less");
    check(0, scoped(), "in_past");
    check(CHANGE_DAYS_MAX + 1, scoped(), "effective_too_far");
    let mut gate = Gate::open();
    gate.ask(&person("ana"), &on(30, scoped())).unwrap();
    let again = gate.ask(&person("cho"), &on(31, scoped())).unwrap_err();
    insta::assert_snapshot!(again, @"the very same change waits already as change 9");
}

#[test]
fn a_partner_that_was_observed_is_told_why_it_is_so_no_more() {
    let mut gate = Gate::open();
    let set = |mode| {
        let why = "the month is over".to_owned();
        Command::SetMode { partner: partner_id("acme"), mode, why }
    };
    gate.ask(&Actor::clock(), &set(Mode::Observe)).unwrap();
    let untold = gate.ask(&person("ana"), &set(Mode::Enforce)).unwrap_err();
    insta::assert_snapshot!(untold, @"this leaves 1 partner less, and nobody is told why: `acme`: they are refused from here on what their policies refuse, not only watched; add `--reason agreement-changed --tell 'what changes, and what you can do' --fact 'what was found or agreed' --period now`, and each gets a notice with its statement");
    let planned = gate.ask(&person("ana"), &told(set(Mode::Enforce), Vec::new())).unwrap();
    assert_eq!(names(&planned), ["agreement.narrowed", "partner.mode_set"]);
}
