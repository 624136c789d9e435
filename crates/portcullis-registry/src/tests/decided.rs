//! Random wishes of several persons under the rule for two, by a clock that jumps: no order of them
//! lets a held or ended key pass, gives access without two persons, closes a continuity class that
//! nobody named, or is told otherwise by a replay.
//!
//! What is compared is access itself, seen from a key: which calls of which class pass. How a command is weighed is
//! the registry's own matter and is not asked.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_types::{CaseId, ClassName, Closes, Effect, Percent, PersonId, StandingName};
use proptest::prelude::*;

use super::people::{Gate, files, found, person};
use super::*;

const HOUR: u64 = 3_600_000;
/// Two classes of no special kind, and what stays open unless it is named.
const CLASSES: [(&str, bool); 3] = [("a", false), ("b", false), ("own", true)];
const SCOPES: [&str; 2] = ["x", "y"];

/// Calls that pass by a key: one bit for each class and effect, each scope, and not being judged.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
struct Access {
    calls: u32,
    /// What there is of rates and budgets.
    factor: u8,
}

impl Access {
    fn of(snapshot: &Snapshot, key: KeyIx, now: Wall) -> Self {
        let by = match snapshot.standing(key, now) {
            Standing::Good => Narrowings::default(),
            Standing::Narrowed { by } => by,
            _ => return Self::default(),
        };
        let key = snapshot.key(key).unwrap();
        let partner = snapshot.partner(key.partner).unwrap();
        let own = key.scopes.and_then(|at| snapshot.scope_list(at));
        let client = key.client.and_then(|at| snapshot.client(at));
        let lists = [own, partner.scopes.as_deref(), client.and_then(|one| one.scopes.as_deref())];
        let scopes = SCOPES.map(|scope| {
            let among = |list: &[ScopeName]| list.iter().any(|one| one.as_str() == scope);
            lists.iter().flatten().all(|list| among(list))
        });
        let calls = CLASSES.iter().flat_map(|(class, continuity)| {
            let open = |effect| by.barring(class, effect, *continuity).is_none();
            [open(Effect::Read), open(Effect::Write)]
        });
        let unjudged = partner.mode == Mode::Observe;
        let bits = calls.chain(scopes).chain([unjudged]);
        let calls = bits.fold(0, |calls, open| calls << 1 | u32::from(open));
        Self { calls, factor: by.factor().map_or(100, Percent::get) }
    }

    fn or(self, other: Self) -> Self {
        Self { calls: self.calls | other.calls, factor: self.factor.max(other.factor) }
    }

    fn is_within(self, other: Self) -> bool {
        self.calls == 0 || (self.calls & !other.calls == 0 && self.factor <= other.factor)
    }
}

/// A wish of somebody, or what somebody says to a wish that waits.
#[derive(Debug, Clone)]
enum Step {
    Stand(u8, Wish),
    Ratify(u8),
    Extend(u8, u64),
    Issue(u8, u8),
    Activate(u8),
    Rotate(u8),
    Compromised(u8, bool),
    Revoke(u8),
    Scopes(u8),
    Mode(bool),
    Publish(u8),
    Roles(u8, bool),
    Leave(u8),
    Plan,
    Stage(u8),
    Finish,
    Attest,
    Signal(bool),
    Approve(u8),
    Refuse(u8),
    /// The clock goes on, or back by an hour at most.
    Clock(i64),
}

fn class(name: &str) -> ClassName {
    ClassName::new(name).unwrap()
}

fn wish() -> impl Strategy<Value = Wish> {
    let shape = prop_oneof![
        3 => Just(Closes::All),
        2 => Just(Closes::Reads),
        1 => Just(Closes::Writes),
        1 => Just(Closes::ReadsOf([class("a"), class("own")].into())),
    ];
    let rarely = |name: &str| proptest::option::weighted(0.2, Just(class(name)));
    let hold = (shape, rarely("own"), rarely("a")).prop_map(|(closes, even, fallback)| {
        let (even, fallback) = (Vec::from_iter(even), Vec::from_iter(fallback));
        Wish::Suspended { closes, even, fallback, review_by: None }
    });
    let cut = (proptest::option::of(Just(class("a"))), proptest::option::of(1..100u8))
        .prop_map(|(class, factor)| (Vec::from_iter(class), factor.and_then(Percent::new)));
    prop_oneof![
        4 => hold,
        2 => cut.clone().prop_map(|(classes, factor)| Wish::Restricted { classes, factor }),
        1 => Just(Wish::Warned { acknowledge_by: None }),
        1 => Just(Wish::Terminating { until: None }),
        1 => Just(Wish::Terminated),
        2 => (cut, 1..3u8).prop_map(|((classes, factor), stage)| Wish::Probation { stage, classes, factor }),
        4 => Just(Wish::Good),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..4u8, wish()).prop_map(|(who, wish)| Step::Stand(who, wish)),
        20 => (0..2u8).prop_map(Step::Approve),
        1 => (0..3u8).prop_map(Step::Refuse),
        2 => (0..4u8).prop_map(Step::Ratify),
        1 => (0..4u8, 1..400u64).prop_map(|(who, hours)| Step::Extend(who, hours)),
        3 => (0..5u8, 0..4u8).prop_map(|(key, kind)| Step::Issue(key, kind)),
        1 => (0..5u8).prop_map(Step::Activate),
        1 => (0..5u8).prop_map(Step::Rotate),
        1 => (0..5u8, any::<bool>()).prop_map(|(key, again)| Step::Compromised(key, again)),
        1 => (0..5u8).prop_map(Step::Revoke),
        2 => (0..4u8).prop_map(Step::Scopes),
        1 => any::<bool>().prop_map(Step::Mode),
        1 => (0..3u8).prop_map(Step::Publish),
        1 => (0..4u8, any::<bool>()).prop_map(|(who, more)| Step::Roles(who, more)),
        1 => (0..4u8).prop_map(Step::Leave),
        2 => Just(Step::Plan),
        4 => (1..3u8).prop_map(Step::Stage),
        1 => Just(Step::Finish),
        1 => Just(Step::Attest),
        2 => any::<bool>().prop_map(Step::Signal),
        6 => prop_oneof![4 => -1..2i64, 1 => 2..200i64].prop_map(Step::Clock),
    ]
}

fn asker(who: u8) -> Actor {
    let of = |kind, id: &str| Actor { kind, id: id.to_owned() };
    match who {
        0 => person("ana"),
        1 => person("ben"),
        2 => person("cho"),
        3 => person("vic"),
        4 => person("claim:0123456789abcdef"),
        5 => somebody(),
        _ => of(ActorKind::Gate, "signal:t/walk"),
    }
}

fn subject(who: u8) -> SubjectId {
    match who {
        0 | 1 => SubjectId::Partner(partner_id("acme")),
        2 => SubjectId::Client(client_id()),
        _ => SubjectId::Key(key_id("key1")),
    }
}

fn client_id() -> ClientId {
    ClientId::new("shop").unwrap()
}

fn case_id() -> CaseId {
    CaseId::new("c-1").unwrap()
}

fn plan() -> RestorePlan {
    let stage = |name: &str, cohort, factor| Stage {
        name: name.to_owned(),
        cohort,
        classes: Vec::new(),
        factor: Percent::new(factor),
        at_least: 24 * HOUR,
        entry: Entry::default(),
        exit: Exit::default(),
    };
    let first = stage("pilot", Cohort::Clients(vec![client_id()]), 20);
    let stages = vec![first, stage("everybody", Cohort::All, 50)];
    RestorePlan { partner: None, keys_without_client: false, stages }
}

/// A secret that no key has yet.
fn secret(gate: &Gate) -> NewSecret {
    let n = 100 + gate.log.len() as u64;
    NewSecret { id: key_id(&format!("new{n}")), digest: digest(n), pepper: String::new() }
}

fn wished(gate: &Gate, step: &Step) -> Option<Command> {
    let (reason, tell) = (ReasonCode::new("investigation").unwrap(), "We look into it.".to_owned());
    let (why, case) = ("a reason".to_owned(), None);
    let (case_id, key_of) = (case_id(), |n: u8| key_id(&format!("key{n}")));
    let proposal = |n: u8| gate.state.current().people().open().nth(usize::from(n));
    let person = |n: u8| PersonId::new(&asker(n).id).unwrap();
    Some(match step {
        Step::Stand(who, to) => {
            let (subject, to) = (subject(*who), to.clone());
            Command::Stand { subject, to, reason, tell, case }
        }
        Step::Ratify(who) => StandingCommand::Ratify { subject: subject(*who), why }.into(),
        Step::Extend(who, hours) => {
            let (subject, review_by) = (subject(*who), Wall(gate.now.0 + hours * HOUR));
            StandingCommand::ExtendReview { subject, review_by, reason, tell, case }.into()
        }
        Step::Issue(n, kind) => {
            let scopes = (*kind == 0).then(|| scopes("x")).flatten();
            let mut command = key(u64::from(*n), "acme", (n % 2 == 0).then_some("shop"), scopes);
            if let Command::IssueKey { start, expires, .. } = &mut command {
                match kind {
                    1 => *expires = Some(Wall(gate.now.0 + 300 * HOUR)),
                    2 => *start = KeyStart::WhenActivated,
                    _ => {}
                }
            }
            command
        }
        Step::Activate(n) => KeyCommand::Activate { key: key_of(*n) }.into(),
        Step::Rotate(n) => {
            KeyCommand::Rotate { key: key_of(*n), new: secret(gate), until: None }.into()
        }
        Step::Compromised(n, again) => {
            let (key, reissue) = (key_of(*n), again.then(|| secret(gate)));
            KeyCommand::Compromised { key, reason, tell, case, reissue }.into()
        }
        Step::Revoke(n) => revoke(key_of(*n).as_str()),
        Step::Scopes(n) => Command::EditPartner {
            id: partner_id("acme"),
            name: None,
            tier: None,
            r#use: None,
            declared_use: None,
            scopes: Some([None, scopes("x"), scopes("y"), scopes("x y")][usize::from(*n)].clone()),
            facts: None,
        },
        Step::Mode(observe) => {
            let mode = if *observe { Mode::Observe } else { Mode::Enforce };
            Command::SetMode { partner: partner_id("acme"), mode, why }
        }
        Step::Publish(n) => files(&format!("tier: {n}")),
        Step::Roles(who, more) => {
            let roles = [Role::Viewer, Role::Approver].into_iter().take(1 + usize::from(*more));
            let (id, roles) = (person(*who), Some(roles.collect()));
            PeopleCommand::Edit { id, name: None, roles, logins: None }.into()
        }
        Step::Leave(who) => PeopleCommand::Remove { id: person(*who) }.into(),
        Step::Plan => CaseCommand::Plan { case: case_id, plan: plan() }.into(),
        Step::Stage(stage) => {
            CaseCommand::Stage { case: case_id, stage: *stage, reason, tell }.into()
        }
        Step::Finish => CaseCommand::Finish { case: case_id, reason, tell }.into(),
        Step::Attest => {
            let (partner, client) = (partner_id("acme"), Some(client_id()));
            CaseCommand::Attest { partner, client, text: "All was deleted.".to_owned() }.into()
        }
        Step::Signal(hold) => {
            let then: &[_] = if *hold { &[SignalAction::Hold] } else { &[SignalAction::Flag] };
            let bounds = SignalBounds { holds_per_day: 3, uncounted: 0 };
            let classes = if *hold { vec![class("b")] } else { Vec::new() };
            let seen = SignalSeen { classes, ..super::signals::seen("acme", then) };
            Command::RaiseSignal { seen, bounds }
        }
        Step::Approve(n) => {
            let (proposal, digest) = proposal(*n).map(|open| (open.id, open.digest.clone()))?;
            PeopleCommand::Approve { proposal, digest }.into()
        }
        Step::Refuse(n) => PeopleCommand::Refuse { proposal: proposal(*n)?.id, why }.into(),
        Step::Clock(_) => return None,
    })
}

/// The same gate with what happens to it, and what a person would write on paper of it.
struct Watched {
    gate: Gate,
    /// Keys that ended for ever.
    over: BTreeSet<KeyIx>,
    /// Whom an event closed all to that no later event opened, and whether its own was closed too.
    shut: BTreeMap<String, bool>,
    read: usize,
    /// What passed before the first stage of the way back.
    before_stages: Vec<Access>,
    /// What persons closed to a subject, on which a hold lies that they have not confirmed.
    beneath: HashMap<SubjectId, Option<Course>>,
}

impl Watched {
    fn open() -> Self {
        let mut gate = Gate::open();
        let clock = Actor::clock();
        gate.ask(&clock, &client("shop", "acme", None)).unwrap();
        gate.ask(&clock, &key(2, "acme", Some("shop"), None)).unwrap();
        gate.ask(&person("ana"), &super::cases::open("c-1")).unwrap();
        let (over, shut, before_stages) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
        let beneath = HashMap::new();
        let mut watched = Self { gate, over, shut, read: 0, before_stages, beneath };
        watched.write_down();
        watched
    }

    fn access(&self) -> Vec<Access> {
        let snapshot = self.gate.state.current();
        snapshot.keys().map(|(at, _)| Access::of(snapshot, at, self.gate.now)).collect()
    }

    /// Asks, and holds what came of it against what was before.
    fn ask(&mut self, by: &Actor, command: &Command, terms: &Terms) -> Result<(), TestCaseError> {
        let before = self.access();
        let was = self.gate.state.current().clone();
        let course = |snapshot: &Snapshot, id: &SubjectId| {
            snapshot.subject_ix(id).and_then(|at| snapshot.course(at)).cloned()
        };
        let Ok(planned) = self.gate.on(by, command, terms) else { return Ok(()) };
        let is = self.gate.state.current().clone();
        let after = self.access();
        let two = planned.approved.as_ref().is_some_and(|approval| {
            let (one, other) = (&approval.proposer, &approval.approver);
            one.kind == ActorKind::Person && other.kind == ActorKind::Person && one.id != other.id
        });
        let says = |name: &str| planned.events.iter().any(|event| event.name() == name);
        let glass = says("emergency.declared");
        if planned
            .events
            .iter()
            .any(|event| matches!(event, Event::Case(CaseEvent::Staged { stage: 1, .. })))
        {
            self.before_stages.clone_from(&before);
        }
        let once = self.before_stages.iter().zip(&before).map(|(base, old)| base.or(*old));
        let as_before = after.iter().zip(once).all(|(new, once)| new.is_within(once));
        let unasked = match command {
            // Whoever a stage left out is as before it again, when a signal breaks the way back off.
            Command::RaiseSignal { .. } => says("restore.fell_back") && as_before,
            Command::Standing(StandingCommand::RunOut { subject, clock, .. }) => {
                let left = || self.left_beneath(subject, course(&is, subject));
                *by == Actor::clock() && (*clock != ClockName::Ratification || left())
            }
            // What only a signal closed, one person may open.
            Command::Stand { subject, to: Wish::Good, .. } => {
                let old = course(&was, subject);
                old.is_some_and(|old| old.ratify.is_some() && old.by.kind == ActorKind::Gate)
                    && self.left_beneath(subject, None)
            }
            _ => false,
        };
        let wider = before.iter().zip(&after).any(|(old, new)| !new.is_within(*old));
        prop_assert!(
            !wider || two || glass || unasked,
            "{} gave access by {command:?}: {}",
            by.id,
            planned.what
        );
        let replaced = match command.bare() {
            Command::Credential(
                KeyCommand::Rotate { key, .. } | KeyCommand::Compromised { key, .. },
            ) => self
                .gate
                .state
                .current()
                .key_ix(key)
                .and_then(|at| before.get(at.0 as usize).copied()),
            _ => None,
        };
        for new in after.iter().skip(before.len()) {
            let known = replaced.is_some_and(|old| new.is_within(old));
            prop_assert!(
                known || two || glass || new.calls == 0,
                "{} made a key by {command:?}",
                by.id
            );
        }
        for event in &planned.events {
            let Event::Standing(event) = event else { continue };
            let id = event.subject();
            let beneath = match event {
                // What is put in force again waits for nobody.
                StandingEvent::Held(stood) if stood.ratify_by.is_none() => course(&is, id),
                StandingEvent::Held(stood) if stood.from != StandingName::Suspended => {
                    course(&was, id)
                }
                StandingEvent::Ratified { .. } => course(&is, id),
                _ => continue,
            };
            self.beneath.insert(id.clone(), beneath);
        }
        self.write_down();
        self.hold_true()
    }

    /// Whether what lay beneath a hold is still closed without it, and access still ends.
    fn left_beneath(&self, subject: &SubjectId, now: Option<Course>) -> bool {
        let Some(Some(old)) = self.beneath.get(subject) else { return true };
        let bars = |course: &Course| {
            CLASSES.map(|(class, own)| {
                [Effect::Read, Effect::Write].map(|effect| course.notice.bars(class, effect, own))
            })
        };
        let factor = |course: &Course| course.notice.factor.map_or(100, Percent::get);
        let Some(now) = now else { return old.state == StandingName::Warned };
        let (left, before) = (bars(&now), bars(old));
        let open =
            left.iter().flatten().zip(before.iter().flatten()).any(|(now, old)| *old && !now);
        let ends = |course: &Course| course.state == StandingName::Terminating;
        !open && factor(&now) <= factor(old) && ends(&now) == ends(old)
    }

    /// Takes down what new events say, from their JSON alone.
    fn write_down(&mut self) {
        for (.., event) in self.gate.log.iter().skip(self.read) {
            let json = serde_json::to_value(event).unwrap();
            let name = json["type"].as_str().unwrap();
            if let Some(subject) = json.get("subject").filter(|_| json.get("from").is_some()) {
                let all = json["closes"]["shape"] == "all";
                let even = json["even"]
                    .as_array()
                    .is_some_and(|even| even.iter().any(|class| class == "own"));
                if all || name == "standing.terminated" {
                    self.shut.insert(subject.to_string(), even || name == "standing.terminated");
                } else if name != "standing.terminating" {
                    self.shut.remove(&subject.to_string());
                }
            }
        }
        self.read = self.gate.log.len();
        let keys = self.gate.state.current().keys();
        let ended =
            |key: &KeyRecord| key.credential.is_final() || key.credential == Credential::Expired;
        self.over.extend(keys.filter(|(_, key)| ended(key)).map(|(at, _)| at));
    }

    fn hold_true(&self) -> Result<(), TestCaseError> {
        let snapshot = self.gate.state.current();
        for (at, key) in snapshot.keys() {
            let access = Access::of(snapshot, at, self.gate.now);
            if self.over.contains(&at) {
                prop_assert_eq!(access.calls, 0, "{:?} came back", key.id);
                continue;
            }
            let above = [
                snapshot.partner(key.partner).map(|one| SubjectId::Partner(one.id.clone())),
                key.client
                    .and_then(|at| snapshot.client(at))
                    .map(|one| SubjectId::Client(one.id.clone())),
                Some(SubjectId::Key(key.id())),
            ];
            for subject in above.into_iter().flatten() {
                let name = serde_json::to_value(&subject).unwrap().to_string();
                let Some(named) = self.shut.get(&name) else { continue };
                let Standing::Narrowed { by } = snapshot.standing(at, self.gate.now) else {
                    prop_assert_eq!(
                        access.calls,
                        0,
                        "{:?} passes though {} is held",
                        key.id(),
                        name
                    );
                    continue;
                };
                for (class, continuity) in CLASSES {
                    for effect in [Effect::Read, Effect::Write] {
                        let closed = by.barring(class, effect, continuity).is_some();
                        prop_assert!(
                            closed || (continuity && !named),
                            "{:?} reads {class} though {name} is held",
                            key.id()
                        );
                    }
                }
            }
            self.continuity(at, key)?;
        }
        Ok(())
    }

    /// What nobody named stays open, as long as access has not ended.
    fn continuity(&self, at: KeyIx, key: &KeyRecord) -> Result<(), TestCaseError> {
        let snapshot = self.gate.state.current();
        let Standing::Narrowed { by } = snapshot.standing(at, self.gate.now) else { return Ok(()) };
        for (_, notice) in by.iter() {
            let named =
                notice.even.contains(&class("own")) || notice.state == StandingName::Terminated;
            let own = |effect| notice.bars("own", effect, true);
            prop_assert!(
                named || !(own(Effect::Read) || own(Effect::Write)),
                "{:?} lost its own",
                key.id()
            );
        }
        Ok(())
    }
}

/// Somebody's step, and whether it can't wait for a second person.
type Turn = (Step, u8, bool);

/// Turns of all kinds, half of them from the first stage of a way back on.
fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = (step(), 0..6u8, proptest::bool::weighted(0.03));
    let staged = [Step::Stand(0, Wish::hold(Closes::Reads)), Step::Plan, Step::Stage(1)];
    let staged =
        staged.into_iter().flat_map(|step| [(step, 0, false), (Step::Approve(0), 1, false)]);
    let first = prop_oneof![Just(Vec::new()), Just(Vec::from_iter(staged))];
    let turns = (first, proptest::collection::vec(turn, 0..40));
    turns.prop_map(|(first, then)| [first, then].concat())
}

/// Lets them ask in turn; what must hold is looked at after each.
fn run(turns: &[Turn]) -> Result<(), TestCaseError> {
    let mut watched = Watched::open();
    let mut clock = NOON;
    for (step, who, in_need) in turns {
        if let Step::Clock(hours) = step {
            clock = Wall(clock.0.saturating_add_signed(hours * HOUR as i64));
        }
        // As the writer has it: the log never goes back.
        watched.gate.now = clock.max(watched.gate.now);
        for due in watched.gate.state.due(watched.gate.now) {
            watched.ask(&Actor::clock(), &due, &Terms::default())?;
        }
        let left = watched.gate.state.due(watched.gate.now);
        prop_assert!(left.is_empty(), "what is over is over: {left:?}");
        let Some(command) = wished(&watched.gate, step) else { continue };
        // Only the gate raises signals, and it does nothing else.
        let by = asker(if matches!(step, Step::Signal(_)) { 6 } else { *who });
        let break_glass = in_need.then(|| "publishing is down".to_owned());
        let terms = Terms { break_glass, ..Terms::default() };
        let stated = command.clone().stated(found());
        watched.ask(&by, &command, &terms)?;
        watched.ask(&by, &stated, &terms)?;
    }
    prop_assert_eq!(watched.gate.everything(), watched.gate.replayed());
    Ok(())
}

proptest! {
    // As many sequences as `PROPTEST_CASES` says; few where it says nothing.
    #[test]
    fn no_order_of_wishes_gives_access_without_two_persons_or_lets_a_held_key_pass(turns in turns()) {
        run(&turns)?;
    }
}

#[test]
fn what_one_person_may_not_open_has_no_other_door() {
    let stand = |to| Step::Stand(0, to);
    let (all, reads) = (|| Wish::hold(Closes::All), || Wish::hold(Closes::Reads));
    let back = || Wish::Probation { stage: 1, classes: Vec::new(), factor: None };
    let approved = |step: Step| [(step, 0, false), (Step::Approve(0), 1, false)];
    let alone = |step: Step| vec![(step, 0, false)];
    let staged = [stand(reads()), Step::Plan, Step::Stage(1)].map(approved).concat();
    let pending = approved(Step::Issue(0, 2)).to_vec();
    let ending = [approved(Step::Issue(0, 1)).to_vec(), alone(Step::Clock(301))].concat();
    let less = |who| {
        let (closes, even, fallback) = (Closes::All, vec![class("own")], vec![class("b")]);
        (Step::Stand(who, Wish::Suspended { closes, even, fallback, review_by: None }), 2, false)
    };
    let later = || (Step::Clock(26), 0, false);
    let (breach, good) = (|| (Step::Signal(true), 0, false), || (stand(Wish::Good), 2, false));
    let held = || vec![(stand(all()), 0, false), (Step::Ratify(0), 1, false)];
    let cut = || Wish::Restricted { classes: vec![class("a")], factor: None };
    let ended = || approved(stand(Wish::Terminating { until: None })).to_vec();
    let way_back = || [held(), [Step::Plan, Step::Stage(1)].map(approved).concat()].concat();
    for turns in [
        // A hold laid on what persons closed gives way to no less than that.
        [held(), vec![less(0), later()], Vec::new(), Vec::new()],
        [alone(stand(cut())), vec![less(0), later()], Vec::new(), Vec::new()],
        [way_back(), vec![less(2), later()], Vec::new(), Vec::new()],
        [way_back(), vec![less(0), later()], Vec::new(), Vec::new()],
        [alone(stand(cut())), vec![breach(), good(), later()], Vec::new(), Vec::new()],
        [ended(), vec![breach(), good(), later()], Vec::new(), Vec::new()],
        [way_back(), vec![breach(), good(), later()], Vec::new(), Vec::new()],
        // Restoring a partner of which nothing is closed gives back what a plan kept on hold.
        [staged, alone(stand(all())), approved(stand(back())).to_vec(), alone(stand(Wish::Good))],
        // A key in place of one that nobody let begin, or that ended, would work at once.
        [pending, alone(Step::Compromised(0, true)), Vec::new(), Vec::new()],
        [ending, alone(Step::Compromised(0, true)), Vec::new(), Vec::new()],
    ] {
        run(&turns.concat()).unwrap();
    }
}
