//! The table of standings cell by cell, what must be given with a step, and the clocks.

use portcullis_types::{ClassName, Closes, Percent, StandingName};

use super::*;
use crate::standing::{RATIFY_PERSON, RATIFY_SIGNAL};

const DAY: u64 = 86_400_000;

fn acme() -> SubjectId {
    SubjectId::Partner(partner_id("acme"))
}

fn ben() -> Actor {
    super::people::person("ben")
}

pub(crate) fn operator(name: &str) -> Actor {
    Actor { kind: ActorKind::Token, id: name.to_owned() }
}

fn signal() -> Actor {
    Actor { kind: ActorKind::Gate, id: "signal:t/walk".to_owned() }
}

fn class(name: &str) -> ClassName {
    ClassName::new(name).unwrap()
}

pub(crate) fn stand(to: Wish) -> Command {
    let reason = ReasonCode::new("investigation").unwrap();
    let tell = "We look into unusual calls.".to_owned();
    Command::Stand { subject: acme(), to, reason, tell, case: None }
}

/// A wish for each standing that its own rules allow.
fn wish(to: StandingName) -> Wish {
    match to {
        StandingName::Good => Wish::Good,
        StandingName::Warned => Wish::Warned { acknowledge_by: None },
        StandingName::Restricted => {
            Wish::Restricted { classes: vec![class("place.posts")], factor: Percent::new(50) }
        }
        StandingName::Suspended => Wish::hold(Closes::Reads),
        StandingName::Terminating => Wish::Terminating { until: None },
        StandingName::Terminated => Wish::Terminated,
        StandingName::Probation => Wish::Probation { stage: 1, classes: Vec::new(), factor: None },
    }
}

fn desk() -> Desk {
    let mut desk = Desk::default();
    let rule = PeopleRule { two_persons: true, alone: 2 };
    desk.as_clock(NOON, &Command::People(PeopleCommand::SetRule(rule))).unwrap();
    desk.ask(&partner("acme", None)).unwrap();
    desk.ask(&key(1, "acme", None, None)).unwrap();
    desk
}

/// A desk where acme stands like that, and the time then.
fn at(from: StandingName) -> (Desk, Wall) {
    let mut desk = desk();
    let steps: &[StandingName] = match from {
        StandingName::Good => &[],
        StandingName::Terminated => &[StandingName::Terminating, StandingName::Terminated],
        StandingName::Probation => &[StandingName::Suspended, StandingName::Probation],
        StandingName::Warned
        | StandingName::Restricted
        | StandingName::Suspended
        | StandingName::Terminating => &[from],
    };
    let mut now = NOON;
    for to in steps {
        if *to == StandingName::Terminated {
            now = Wall(now.0 + 30 * DAY);
        }
        desk.at(now, &stand(wish(*to))).unwrap();
    }
    (desk, now)
}

fn course(desk: &Desk) -> Option<Course> {
    desk.state.current().partner(portcullis_types::PartnerIx(0)).unwrap().course.as_deref().cloned()
}

#[test]
fn every_step_of_the_table_is_taken_and_every_other_is_refused() {
    let mut seen = Vec::new();
    for from in StandingName::ALL {
        for to in StandingName::ALL {
            let (mut desk, now) = at(from);
            // A second hold must close something else; the end comes when the notice is over.
            let wished = match (from, to) {
                (StandingName::Suspended, StandingName::Suspended) => Wish::hold(Closes::All),
                (StandingName::Restricted, StandingName::Restricted) => {
                    Wish::Restricted { classes: vec![class("profile.bio")], factor: None }
                }
                (StandingName::Probation, StandingName::Probation) => {
                    Wish::Probation { stage: 2, classes: Vec::new(), factor: None }
                }
                _ => wish(to),
            };
            let then = if to == StandingName::Terminated { Wall(now.0 + 31 * DAY) } else { now };
            let asked = stand(wished);
            for (who, by) in [
                (Who::Person, operator("ops")),
                (Who::Signal, signal()),
                (Who::Clock, Actor::clock()),
            ] {
                let outcome = desk.state.handle(&by, &asked, then);
                let lets = cell(from, to).lets(who);
                assert_eq!(outcome.is_ok(), lets, "{from} to {to} by {who:?}: {outcome:?}");
                if let (Err(refused), true) = (&outcome, who != Who::Clock) {
                    seen.push(format!("{from} to {to} by {who:?}: {refused}"));
                }
            }
            if cell(from, to).lets(Who::Person) {
                desk.at(then, &asked).unwrap();
                let meanwhile = from == StandingName::Terminating
                    && matches!(to, StandingName::Restricted | StandingName::Suspended);
                let expected = if meanwhile { from } else { to };
                let now = course(&desk).map_or(StandingName::Good, |course| course.state);
                assert_eq!(now, expected, "{from} to {to}");
                assert_eq!(all(&desk.state.snapshot()), all(&desk.replayed().state.snapshot()));
            }
        }
    }
    insta::assert_snapshot!(seen.join("\n"));
}

#[test]
fn what_must_be_given_with_a_step_is_asked_for() {
    #[track_caller]
    fn told(from: StandingName, to: Wish) -> String {
        let (mut desk, now) = at(from);
        desk.at(now, &stand(to)).unwrap_err().to_string()
    }
    let shape = |closes: Closes, fallback: &[&str], review: Option<u64>| Wish::Suspended {
        closes,
        even: Vec::new(),
        fallback: fallback.iter().map(|name| class(name)).collect(),
        review_by: review.map(|at| Wall(NOON.0 + at)),
    };
    let good = StandingName::Good;
    let texts = [
        told(good, Wish::Restricted { classes: Vec::new(), factor: None }),
        told(good, shape(Closes::Nothing, &[], None)),
        told(good, shape(Closes::Classes([class("a")].into()), &[], None)),
        told(good, shape(Closes::ReadsOf([].into()), &[], None)),
        told(good, shape(Closes::ReadsOf([class("a")].into()), &["b"], None)),
        told(good, shape(Closes::Writes, &["a"], None)),
        told(good, shape(Closes::All, &[], Some(15 * DAY))),
        told(good, shape(Closes::All, &[], Some(0))),
        told(good, Wish::Terminating { until: Some(Wall(NOON.0 + 29 * DAY)) }),
        told(StandingName::Terminating, Wish::Terminated),
        told(
            StandingName::Suspended,
            Wish::Probation { stage: 2, classes: Vec::new(), factor: None },
        ),
        told(StandingName::Suspended, Wish::hold(Closes::Reads)),
        told(StandingName::Restricted, wish(StandingName::Restricted)),
    ];
    insta::assert_snapshot!(texts.join("\n"));
    let key = |to| {
        let Command::Stand { reason, tell, case, .. } = stand(Wish::Good) else { panic!() };
        let subject = SubjectId::Key(key_id("key1"));
        desk().ask(&Command::Stand { subject, to, reason, tell, case }).unwrap_err().to_string()
    };
    let texts =
        [key(Wish::hold(Closes::Reads)), key(wish(StandingName::Restricted)), key(Wish::Good)];
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn what_is_done_says_which_clocks_run_and_how_it_is_undone() {
    let mut lines = Vec::new();
    for to in StandingName::ALL {
        let from = match to {
            StandingName::Terminated => StandingName::Terminating,
            StandingName::Good | StandingName::Probation => StandingName::Suspended,
            _ => StandingName::Good,
        };
        let (mut desk, now) = at(from);
        let then = if to == StandingName::Terminated { Wall(now.0 + 30 * DAY) } else { now };
        let done = desk.at(then, &stand(wish(to))).unwrap();
        lines.push(format!("{}\n  undo: {}", done.what, done.undo.unwrap_or_default()));
        let (narrows, widens) = (done.narrows.is_some(), done.widens.is_some());
        let expected = match to {
            StandingName::Good | StandingName::Probation => (false, true),
            StandingName::Warned | StandingName::Terminating => (false, false),
            _ => (true, false),
        };
        assert_eq!((narrows, widens), expected, "{to}");
    }
    insta::assert_snapshot!(lines.join("\n"));
}

/// Carries out what is due then; yields what it says.
fn due(desk: &mut Desk, now: Wall) -> Vec<String> {
    let due = desk.state.due(now);
    due.iter().map(|command| desk.as_clock(now, command).unwrap().what).collect()
}

#[test]
fn a_hold_that_nobody_else_confirms_falls_back_or_stays_and_says_so_once() {
    #[track_caller]
    fn check(closes: Closes, fallback: &[&str], expected: Closes) -> String {
        let mut desk = desk();
        let fallback = fallback.iter().map(|name| class(name)).collect();
        let to = Wish::Suspended { closes, even: Vec::new(), fallback, review_by: None };
        desk.ask(&stand(to)).unwrap();
        let late = Wall(NOON.0 + RATIFY_PERSON);
        assert_eq!(due(&mut desk, Wall(late.0 - 1)), [""; 0]);
        let mut again = desk.replayed();
        let told = due(&mut desk, late);
        assert_eq!(due(&mut again, late), told, "a restart keeps the clocks");
        assert_eq!(course(&desk).unwrap().notice.closes, expected);
        assert_eq!(course(&desk), course(&desk.replayed()));
        // Neither an hour on nor an hour back does it happen again.
        for now in [late, Wall(late.0 + 3_600_000), Wall(late.0 - 3_600_000)] {
            assert_eq!(due(&mut desk, now), [""; 0]);
        }
        told.join("\n")
    }
    let posts = || Closes::ReadsOf([class("place.posts")].into());
    let told = [
        check(Closes::All, &["place.posts"], Closes::Classes([class("place.posts")].into())),
        check(Closes::Reads, &["place.posts"], posts()),
        check(posts(), &[], posts()),
        check(Closes::All, &[], Closes::All),
        check(Closes::Writes, &[], Closes::Writes),
    ];
    insta::assert_snapshot!(told.join("\n"));
    // What was closed before is not given back by a hold that was laid on it.
    let mut desk = desk();
    desk.ask(&stand(wish(StandingName::Restricted))).unwrap();
    let (closes, even, fallback) = (Closes::All, Vec::new(), vec![class("place.posts")]);
    desk.ask(&stand(Wish::Suspended { closes, even, fallback, review_by: None })).unwrap();
    insta::assert_snapshot!(due(&mut desk, Wall(NOON.0 + RATIFY_PERSON)).join("\n"), @"partner `acme` was not confirmed by anybody else, and stays since it was restricted before (by 2023-11-15T22:13:20.000Z)");
    assert_eq!(course(&desk).unwrap().notice.closes, Closes::All);
}

#[test]
fn somebody_else_confirms_a_hold_and_one_does_not_confirm_what_one_did() {
    let ratify = || {
        let why = "looked at the calls too".to_owned();
        Command::Standing(StandingCommand::Ratify { subject: acme(), why })
    };
    let mut desk = desk();
    insta::assert_snapshot!(desk.ask(&ratify()).unwrap_err(), @"partner `acme` has no hold that waits to be confirmed; `show` tells its standing");
    desk.by(&operator("ann"), NOON, &stand(Wish::hold(Closes::Reads))).unwrap();
    insta::assert_snapshot!(desk.by(&operator("ann"), NOON, &ratify()).unwrap_err(), @"the hold on partner `acme` was made by `ann`, so somebody else confirms it: ask another person, or lift it by `restore`");
    assert!(desk.by(&Actor::clock(), NOON, &ratify()).is_err());
    insta::assert_snapshot!(desk.by(&operator("bot"), NOON, &ratify()).unwrap_err(), @"admin token `bot` belongs to no person, and deciding takes one; write `person:` beside it in `portcullis.yaml`");
    insta::assert_snapshot!(desk.by(&ben(), NOON, &ratify()).unwrap().what, @"the hold on partner `acme` confirmed: it stays until it is lifted");
    assert!(desk.by(&super::people::person("cho"), NOON, &ratify()).is_err(), "once is enough");
    assert_eq!(due(&mut desk, Wall(NOON.0 + RATIFY_PERSON)), [""; 0]);
    // What the gate did waits for four hours, and anybody may confirm it.
    let mut desk = self::desk();
    desk.by(&signal(), NOON, &stand(Wish::hold(Closes::All))).unwrap();
    assert!(course(&desk).unwrap().liftable_by_one());
    assert_eq!(course(&desk).unwrap().ratify.unwrap().at, Wall(NOON.0 + RATIFY_SIGNAL));
    desk.by(&ben(), NOON, &ratify()).unwrap();
    assert!(!course(&desk).unwrap().liftable_by_one());
    // One human may be known by a record and by a claim.
    let mut desk = self::desk();
    desk.by(&ben(), NOON, &stand(Wish::hold(Closes::Reads))).unwrap();
    let claim = super::people::person("claim:ben");
    assert_eq!(desk.by(&claim, NOON, &ratify()).unwrap_err().code(), "persons_unclear");
}

#[test]
fn who_is_put_on_hold_again_gets_nothing_back() {
    #[track_caller]
    fn check(before: &[Wish], again: Wish, expected: Result<&str, &str>) {
        let mut desk = desk();
        for to in before {
            let asked = stand(to.clone());
            let back = matches!(to, Wish::Probation { .. });
            desk.ask(&if back { asked } else { asked.stated(super::people::found()) }).unwrap();
        }
        let alone = stand(again);
        for asked in [alone.clone(), Command::Each(vec![alone])] {
            let asked = asked.stated(super::people::found());
            let found = desk.state.decide(&ben(), &asked, &Terms::default(), NOON);
            let proposed = |planned: &Planned| planned.proposed.is_some();
            let found = found.as_ref().map(|one| if proposed(one) { "proposed" } else { "done" });
            assert_eq!(found.map_err(Rejected::code), expected, "{before:?}");
        }
    }
    let restricted = || wish(StandingName::Restricted);
    let of = |name: &str| Wish::hold(Closes::ReadsOf([class(name)].into()));
    let (all, reads) = (|| Wish::hold(Closes::All), || Wish::hold(Closes::Reads));
    let stage = || Wish::Probation {
        stage: 1,
        classes: vec![class("place.posts")],
        factor: Percent::new(20),
    };
    let held = Err("already_held");
    check(&[restricted(), all()], all(), held);
    check(&[reads(), stage(), all()], all(), held);
    check(&[restricted(), reads()], all(), Ok("done"));
    check(&[of("place.posts")], all(), Ok("done"));
    check(&[of("place.posts")], of("profile.bio"), Ok("proposed"));
    check(&[restricted(), all()], reads(), Ok("proposed"));
}

#[test]
fn another_shape_does_not_put_off_what_is_due() {
    let mut desk = desk();
    desk.ask(&stand(Wish::hold(Closes::Reads))).unwrap();
    let later = Wall(NOON.0 + RATIFY_PERSON / 2);
    desk.at(later, &stand(Wish::hold(Closes::All))).unwrap();
    let course = course(&desk).unwrap();
    assert_eq!(course.ratify.unwrap().at, Wall(NOON.0 + RATIFY_PERSON));
    assert_eq!(course.review.unwrap().at, Wall(NOON.0 + 14 * DAY));
}

#[test]
fn each_clock_says_once_that_time_is_over() {
    let mut desk = desk();
    let mut lines = Vec::new();
    let facts = Facts { review_by: Some(Wall(NOON.0 + DAY)), ..Facts::default() };
    desk.ask(&Command::DeclareFacts { subject: acme(), facts }).unwrap();
    desk.ask(&stand(wish(StandingName::Warned))).unwrap();
    lines.extend(due(&mut desk, Wall(NOON.0 + 14 * DAY)));
    desk.at(Wall(NOON.0 + 14 * DAY), &stand(Wish::hold(Closes::All))).unwrap();
    let why = String::new();
    let ratify = Command::Standing(StandingCommand::Ratify { subject: acme(), why });
    desk.by(&ben(), Wall(NOON.0 + 14 * DAY), &ratify).unwrap();
    lines.extend(due(&mut desk, Wall(NOON.0 + 28 * DAY)));
    desk.at(Wall(NOON.0 + 28 * DAY), &stand(wish(StandingName::Terminating))).unwrap();
    lines.extend(due(&mut desk, Wall(NOON.0 + 58 * DAY)));
    assert_eq!(due(&mut desk, Wall(NOON.0 + 1000 * DAY)), [""; 0]);
    assert_eq!(all(&desk.state.snapshot()), all(&desk.replayed().state.snapshot()));
    insta::assert_snapshot!(lines.join("\n"));
    // Nobody but the clock says so.
    let at = NOON;
    let forged = StandingCommand::RunOut { subject: acme(), clock: ClockName::Review, at };
    insta::assert_snapshot!(desk.ask(&Command::Standing(forged.clone())).unwrap_err(), @"only the gate's own clock says that time is over");
    assert!(desk.as_clock(NOON, &Command::Standing(forged)).is_err(), "it does not run");
}

#[test]
fn a_review_is_put_off_by_a_fortnight_at_most_and_only_to_later() {
    let extend = |to: u64| {
        let Command::Stand { subject, reason, tell, case, .. } = stand(Wish::Good) else {
            panic!()
        };
        let review_by = Wall(NOON.0 + to);
        Command::Standing(StandingCommand::ExtendReview { subject, review_by, reason, tell, case })
    };
    let mut desk = desk();
    let mut told = vec![desk.ask(&extend(DAY)).unwrap_err().to_string()];
    desk.ask(&stand(Wish::hold(Closes::Reads))).unwrap();
    told.push(desk.ask(&extend(14 * DAY)).unwrap_err().to_string());
    told.push(desk.ask(&extend(15 * DAY)).unwrap_err().to_string());
    let then = Wall(NOON.0 + 14 * DAY);
    due(&mut desk, then);
    told.push(desk.at(then, &extend(20 * DAY)).unwrap().what);
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(course(&desk).unwrap().notice.review_by, Some(Wall(NOON.0 + 20 * DAY)));
    assert_eq!(due(&mut desk, Wall(NOON.0 + 20 * DAY)).len(), 1, "it runs again");
}

#[test]
fn probation_takes_nothing_that_was_not_taken_before() {
    #[track_caller]
    fn check(before: &[Wish], classes: &[&str], factor: Option<u8>, expected: Result<(), &str>) {
        let mut desk = desk();
        for to in before {
            desk.ask(&stand(to.clone())).unwrap();
        }
        let (classes, factor) = (classes.iter().map(|name| class(name)), factor);
        let (classes, factor) = (classes.collect(), factor.and_then(Percent::new));
        let asked = desk.ask(&stand(Wish::Probation { stage: 1, classes, factor }));
        assert_eq!(asked.map(drop).map_err(|error| error.code()), expected, "{before:?}");
    }
    let narrows = Err("probation_narrows");
    let open = || wish(StandingName::Probation);
    let held = || Wish::hold(Closes::All);
    check(&[held()], &["place.posts"], Some(20), Ok(()));
    check(&[wish(StandingName::Restricted)], &["place.posts"], Some(50), Ok(()));
    check(&[held(), open()], &["place.posts"], Some(1), narrows);
    check(&[held(), open()], &[], Some(99), narrows);
    check(&[wish(StandingName::Restricted)], &["place.posts", "profile.bio"], Some(50), narrows);
}
