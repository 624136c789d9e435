//! Random wishes of several people, by a clock that jumps: nothing final comes back, nothing closed
//! opens unasked, and a replay knows the same.

use portcullis_types::{ClassName, Closes, Notice, PartnerIx, Percent};
use proptest::prelude::*;

use super::standing::operator;
use super::*;

const HOUR: u64 = 3_600_000;

#[derive(Debug, Clone)]
enum Step {
    Stand(u8, Wish),
    Ratify(u8),
    Extend(u8, u64),
    Acknowledge(u8),
    Issue(u8, u8),
    Activate(u8),
    Rotate(u8, u64),
    Compromised(u8, bool),
    Revoke(u8),
    /// The clock goes on, or back by an hour at most.
    Clock(i64),
}

fn wish() -> impl Strategy<Value = Wish> {
    let class = |name: &str| ClassName::new(name).unwrap();
    let (a, b) = (class("a"), class("b"));
    let shape = prop_oneof![
        Just(Closes::All),
        Just(Closes::Reads),
        Just(Closes::Writes),
        Just(Closes::ReadsOf([a.clone(), b.clone()].into())),
    ];
    let few = proptest::option::of(Just(a));
    let hold = (shape, few.clone(), few.clone()).prop_map(|(closes, even, fallback)| {
        let (even, fallback) = (Vec::from_iter(even), Vec::from_iter(fallback));
        Wish::Suspended { closes, even, fallback, review_by: None }
    });
    let cut = (few, proptest::option::of(1..100u8))
        .prop_map(|(class, factor)| (Vec::from_iter(class), factor.and_then(Percent::new)));
    prop_oneof![
        3 => hold,
        2 => cut.clone().prop_map(|(classes, factor)| Wish::Restricted { classes, factor }),
        1 => Just(Wish::Warned { acknowledge_by: None }),
        1 => Just(Wish::Terminating { until: None }),
        1 => Just(Wish::Terminated),
        2 => (cut, 1..4u8).prop_map(|((classes, factor), stage)| Wish::Probation { stage, classes, factor }),
        2 => Just(Wish::Good),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..4u8, wish()).prop_map(|(who, wish)| Step::Stand(who, wish)),
        2 => (0..4u8).prop_map(Step::Ratify),
        1 => (0..4u8, 1..400u64).prop_map(|(who, hours)| Step::Extend(who, hours)),
        1 => (0..4u8).prop_map(Step::Acknowledge),
        2 => (0..8u8, 0..3u8).prop_map(|(key, kind)| Step::Issue(key, kind)),
        1 => (0..8u8).prop_map(Step::Activate),
        1 => (0..8u8, 1..400u64).prop_map(|(key, hours)| Step::Rotate(key, hours)),
        1 => (0..8u8, any::<bool>()).prop_map(|(key, again)| Step::Compromised(key, again)),
        1 => (0..8u8).prop_map(Step::Revoke),
        4 => prop_oneof![-1..2i64, 2..1000i64].prop_map(Step::Clock),
    ]
}

fn subject(who: u8) -> SubjectId {
    match who {
        0 => SubjectId::Partner(partner_id("p0")),
        1 => SubjectId::Partner(partner_id("p1")),
        2 => SubjectId::Client(ClientId::new("c0").unwrap()),
        _ => SubjectId::Key(key_id("key0")),
    }
}

/// A secret that no key has yet.
fn secret(desk: &Desk) -> NewSecret {
    let n = 100 + desk.log.len() as u64;
    NewSecret { id: key_id(&format!("new{n}")), digest: digest(n), pepper: String::new() }
}

fn command(desk: &Desk, step: &Step, now: Wall) -> Option<Command> {
    let (reason, tell) = (ReasonCode::new("investigation").unwrap(), "We look into it.".to_owned());
    let (why, case) = ("a reason".to_owned(), None);
    let later = |hours: u64| Wall(now.0 + hours * HOUR);
    let key_of = |n: u8| key_id(&format!("key{n}"));
    Some(match step {
        Step::Stand(who, to) => {
            let (subject, to) = (subject(*who), to.clone());
            Command::Stand { subject, to, reason, tell, case }
        }
        Step::Ratify(who) => StandingCommand::Ratify { subject: subject(*who), why }.into(),
        Step::Extend(who, hours) => {
            let (subject, review_by) = (subject(*who), later(*hours));
            StandingCommand::ExtendReview { subject, review_by, reason, tell, case }.into()
        }
        Step::Acknowledge(who) => {
            StandingCommand::Acknowledge { subject: subject(*who), why }.into()
        }
        Step::Issue(n, kind) => {
            let client = (n % 2 == 0).then_some("c0");
            let of = if client.is_some() { "p0" } else { "p1" };
            let mut command = key(u64::from(*n), of, client, None);
            if let Command::IssueKey { start, expires, .. } = &mut command {
                match kind {
                    0 => *expires = Some(later(300)),
                    1 => *start = KeyStart::WhenActivated,
                    _ => *start = KeyStart::At(later(50)),
                }
            }
            command
        }
        Step::Activate(n) => KeyCommand::Activate { key: key_of(*n) }.into(),
        Step::Rotate(n, hours) => {
            let (key, new, until) = (key_of(*n), secret(desk), Some(later(*hours)));
            KeyCommand::Rotate { key, new, until }.into()
        }
        Step::Compromised(n, again) => {
            let (key, reissue) = (key_of(*n), again.then(|| secret(desk)));
            KeyCommand::Compromised { key, reason, tell, case, reissue }.into()
        }
        Step::Revoke(n) => revoke(key_of(*n).as_str()),
        Step::Clock(_) => return None,
    })
}

/// What partners and clients have taken from them.
fn closed(desk: &Desk) -> [Option<Arc<Notice>>; 3] {
    let now = desk.state.current();
    let partner = |n: u32| now.partner(PartnerIx(n)).and_then(|record| record.narrowed.clone());
    let client = now.client(portcullis_types::ClientIx(0));
    [partner(0), partner(1), client.and_then(|record| record.narrowed.clone())]
}

fn check(desk: &mut Desk, by: &Actor, now: Wall, command: &Command) -> Result<(), TestCaseError> {
    let before = closed(desk);
    let Ok(planned) = desk.by(by, now, command) else { return Ok(()) };
    for (old, new) in before.iter().zip(closed(desk)) {
        let Some(old) = old else { continue };
        let loosened = new.is_none_or(|new| !new.covers(old));
        prop_assert!(!loosened || planned.widens.is_some(), "{command:?} opens what was closed");
        let asked = match command {
            Command::Stand { .. } => true,
            Command::Standing(StandingCommand::RunOut { clock, .. }) => {
                *clock == ClockName::Ratification
            }
            _ => false,
        };
        prop_assert!(!loosened || asked, "{command:?} is no wish to open anything");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn nothing_final_comes_back_and_nothing_closed_opens_unasked(
        steps in proptest::collection::vec((step(), 0..3u8), 0..50),
    ) {
        let mut desk = Desk::default();
        let rule = PeopleRule { two_persons: true, alone: 2 };
        desk.as_clock(NOON, &Command::People(PeopleCommand::SetRule(rule))).unwrap();
        for command in [partner("p0", None), partner("p1", None), client("c0", "p0", None)] {
            desk.ask(&command).unwrap();
        }
        let (mut clock, mut last) = (NOON, NOON);
        let mut over: Vec<KeyIx> = Vec::new();
        for (step, who) in &steps {
            if let Step::Clock(hours) = step {
                clock = Wall(clock.0.saturating_add_signed(hours * HOUR as i64));
            }
            // As the writer has it: the log never goes back.
            let now = clock.max(last);
            last = now;
            for due in desk.state.due(now) {
                let before = desk.log.len();
                check(&mut desk, &Actor::clock(), now, &due)?;
                prop_assert!(desk.log.len() <= before + 1, "{due:?} is carried out once");
            }
            prop_assert!(desk.state.due(now).is_empty(), "what is over is over");
            let by = match who {
                0 => operator("ann"),
                1 => operator("ben"),
                _ => Actor { kind: ActorKind::Gate, id: "signal:t/walk".to_owned() },
            };
            if let Some(command) = command(&desk, step, now) {
                check(&mut desk, &by, now, &command)?;
            }
            let snapshot = desk.state.snapshot();
            for (at, key) in snapshot.keys() {
                let past = Wall(now.0.saturating_sub(HOUR));
                if over.contains(&at) {
                    for now in [past, now] {
                        let stands = snapshot.standing(at, now);
                        let gone = matches!(stands, Standing::Revoked(_) | Standing::Expired { .. });
                        prop_assert!(gone, "{:?} came back: {:?}", key.id(), stands);
                    }
                } else if key.credential.is_final() || key.credential == Credential::Expired {
                    over.push(at);
                }
            }
        }
        let again = desk.replayed();
        prop_assert_eq!(all(&again.state.snapshot()), all(&desk.state.snapshot()));
        prop_assert_eq!(again.state.clocks, desk.state.clocks);
    }
}
