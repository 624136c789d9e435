//! The two-person rule: who may do what alone, what waits, and what an approval is bound to.

use portcullis_types::{ClassName, Closes, PersonId};

use super::*;

const HOUR: u64 = 3_600_000;

/// A log in which each event has its actor.
pub(super) struct Gate {
    pub(super) state: State,
    pub(super) log: Vec<(Wall, Actor, Event)>,
    /// Who let an event happen that was proposed, by its number.
    approvers: HashMap<u64, Actor>,
    blobs: HashMap<String, Arc<[u8]>>,
    pub(super) now: Wall,
}

pub(super) fn person(id: &str) -> Actor {
    Actor { kind: ActorKind::Person, id: id.to_owned() }
}

fn gate() -> Actor {
    Actor { kind: ActorKind::Gate, id: "clock".to_owned() }
}

fn add(id: &str, roles: &[Role]) -> Command {
    PeopleCommand::Add {
        id: PersonId::new(id).unwrap(),
        name: id.to_owned(),
        roles: roles.iter().copied().collect(),
        logins: Vec::new(),
    }
    .into()
}

fn rule(two_persons: bool) -> Command {
    PeopleCommand::SetRule(PeopleRule { two_persons, alone: 2 }).into()
}

fn restore(subject: SubjectId) -> Command {
    let reason = ReasonCode::new("investigation-closed").unwrap();
    Command::restore(subject, reason, "Thank you, that explains it.")
}

/// What was found, as every step here says it.
pub(super) fn found() -> StatementDraft {
    let night = Period { from: Moment(Wall(NOON.0 - 9 * HOUR)), until: Moment(NOON) };
    StatementDraft {
        facts: vec![Fact {
            statement: "Reads of one night came from 41 towns.".to_owned(),
            period: Some(night),
            ..Fact::default()
        }],
        indefinite_because: Some("nobody knows when the calls are explained".to_owned()),
        ..StatementDraft::default()
    }
}

fn hold(subject: SubjectId) -> Command {
    super::hold(subject).stated(found())
}

/// A change of an agreement that says why.
pub(super) fn told(command: Command, narrowed: Vec<Narrowed>) -> Command {
    let told = Told {
        reason: ReasonCode::new("agreement-changed").unwrap(),
        tell: "Your agreement covers less from today on; ask us for the rest.".to_owned(),
        case: None,
        statement: found(),
    };
    Command::Told { told: Box::new(told), narrowed, command: Box::new(command) }
}

fn acme() -> SubjectId {
    SubjectId::Partner(partner_id("acme"))
}

pub(super) fn files(text: &str) -> Command {
    Command::PublishPolicy { files: vec![("policies/a.yaml".to_owned(), Arc::from(text))] }
}

impl Gate {
    fn empty(blobs: HashMap<String, Arc<[u8]>>) -> Self {
        let (log, approvers) = (Vec::new(), HashMap::new());
        Self { state: State::new(), log, approvers, blobs, now: NOON }
    }

    /// `ana`, `ben` and `cho` may approve, `vic` may look; acme has a key; the rule is on.
    pub(super) fn open() -> Self {
        let mut gate_ = Self::empty(HashMap::new());
        for person in ["ana", "ben", "cho"] {
            gate_.ask(&somebody(), &add(person, &[Role::Approver, Role::Admin])).unwrap();
        }
        gate_.ask(&somebody(), &add("vic", &[Role::Viewer])).unwrap();
        for command in
            [partner("acme", None), key(1, "acme", None, None), files("tier: a"), rule(true)]
        {
            gate_.ask(&gate(), &command).unwrap();
        }
        gate_
    }

    pub(super) fn ask(&mut self, by: &Actor, command: &Command) -> Result<Planned, Rejected> {
        self.on(by, command, &Terms::default())
    }

    pub(super) fn on(
        &mut self,
        by: &Actor,
        command: &Command,
        terms: &Terms,
    ) -> Result<Planned, Rejected> {
        let planned = self.state.decide(by, command, terms, self.now)?;
        for blob in &planned.blobs {
            self.blobs.insert(blob.sha256.clone(), Arc::clone(&blob.body));
        }
        let by = planned.approved.as_ref().map_or(by, |approval| &approval.proposer).clone();
        for event in &planned.events {
            let approver = planned.approved.as_ref().map(|approval| &approval.approver);
            self.fold(by.clone(), approver, event.clone());
        }
        Ok(planned)
    }

    fn fold(&mut self, by: Actor, approver: Option<&Actor>, event: Event) {
        let revision = Revision(self.log.len() as u64);
        let place = Place { revision, ts: self.now, by: &by, approver };
        let blobs = &self.blobs;
        self.state.apply(place, &event, &|sha| blobs.get(sha).cloned()).unwrap();
        self.approvers.extend(approver.map(|approver| (revision.0, approver.clone())));
        self.log.push((self.now, by, event));
    }

    /// Proposes as `ana`; yields the proposal.
    #[track_caller]
    pub(super) fn proposed(&mut self, command: &Command) -> Proposal {
        let planned = self.ask(&person("ana"), command).unwrap();
        assert!(planned.proposed.is_some(), "{}", planned.what);
        self.state.current().people().open().last().unwrap().clone()
    }

    pub(super) fn approve(&mut self, by: &str, proposal: &Proposal) -> Result<Planned, Rejected> {
        let (proposal, digest) = (proposal.id, proposal.digest.clone());
        self.ask(&person(by), &PeopleCommand::Approve { proposal, digest }.into())
    }

    fn waiting(&self) -> usize {
        self.state.current().people().open().count()
    }

    fn held(&self) -> bool {
        let now = self.state.current();
        now.partner(now.partner_ix(&partner_id("acme")).unwrap()).unwrap().narrowed.is_some()
    }

    pub(super) fn replayed(&self) -> String {
        let mut again = Self::empty(self.blobs.clone());
        for (revision, (at, by, event)) in (0..).zip(&self.log) {
            again.now = *at;
            let event = serde_json::to_string(event).unwrap();
            let approver = self.approvers.get(&revision);
            again.fold(by.clone(), approver, serde_json::from_str(&event).unwrap());
        }
        again.everything()
    }

    pub(super) fn everything(&self) -> String {
        format!("{}\n{:#?}", all(self.state.current()), self.state.current().people())
    }
}

#[test]
fn what_widens_waits_for_a_second_person_and_what_narrows_does_not() {
    #[track_caller]
    fn check(before: &[Command], command: &Command, waits: bool) {
        let mut gate = Gate::open();
        for command in before {
            gate.ask(&self::gate(), &rule(false)).unwrap();
            gate.ask(&person("cho"), command).unwrap();
            gate.ask(&self::gate(), &rule(true)).unwrap();
        }
        let planned = gate.ask(&person("ana"), command).unwrap();
        assert_eq!(planned.proposed.is_some(), waits, "{command:?}: {}", planned.what);
        assert_eq!(gate.everything(), gate.replayed());
    }
    let edit = |scopes, tier| told(super::agreement::edit(scopes, tier), Vec::new());
    let facts = |entries: &[&str]| told(super::agreement::locations(entries), Vec::new());
    let mode =
        |mode| Command::SetMode { partner: partner_id("acme"), mode, why: "a test".to_owned() };
    let reads = |classes: &[&str]| {
        let classes = classes.iter().map(|class| ClassName::new(class).unwrap()).collect();
        let (even, review_by) = (Vec::new(), None);
        let to = Wish::Suspended {
            closes: Closes::ReadsOf(classes),
            even,
            fallback: Vec::new(),
            review_by,
        };
        let reason = ReasonCode::new("investigation").unwrap();
        let tell = "We look into unusual calls.".to_owned();
        Command::Stand { subject: acme(), to, reason, tell, case: None }.stated(found())
    };
    let revoke = Command::RevokeKey {
        key: key_id("key1"),
        reason: ReasonCode::new("key-exposed").unwrap(),
        tell: "This key was published.".to_owned(),
        case: None,
    }
    .stated(found());
    check(&[], &partner("zenith", None), false);
    check(&[], &client("shop", "acme", None), false);
    check(&[], &key(2, "acme", None, None), true);
    check(&[], &edit(Some(scopes("a b")), None), false);
    check(&[edit(Some(scopes("a b")), None)], &edit(Some(scopes("a")), None), false);
    check(&[edit(Some(scopes("a b")), None)], &edit(Some(scopes("a c")), None), true);
    check(&[edit(Some(scopes("a b")), None)], &edit(Some(None), None), true);
    check(&[], &edit(None, Some("plus")), true);
    check(&[], &facts(&["1"]), true);
    check(&[facts(&["1", "2"])], &facts(&["1"]), false);
    check(&[facts(&["1", "2"])], &facts(&["1", "3"]), true);
    check(&[], &mode(Mode::Observe), true);
    check(&[mode(Mode::Observe)], &told(mode(Mode::Enforce), Vec::new()), false);
    check(&[], &hold(acme()), false);
    check(&[], &reads(&["a"]), false);
    check(&[hold(acme())], &restore(acme()), true);
    check(&[], &revoke, true);
    check(&[], &files("tier: b"), true);
    check(&[], &add("dan", &[Role::Viewer]), true);
    check(&[], &add("dan", &[]), false);
    let id = PersonId::new("vic").unwrap();
    check(&[], &PeopleCommand::Remove { id: id.clone() }.into(), false);
    let roles = Some(Roles::from_iter([Role::Approver]));
    check(&[], &PeopleCommand::Edit { id, name: None, roles, logins: None }.into(), true);
    let id = PersonId::new("cho").unwrap();
    let logins = |of: &str, logins: &[&str]| -> Command {
        let logins = Some(logins.iter().map(|login| login.repeat(64)).collect());
        let id = PersonId::new(of).unwrap();
        PeopleCommand::Edit { id, name: None, roles: None, logins }.into()
    };
    check(&[logins("cho", &["a", "b"])], &logins("cho", &["a"]), true);
    check(&[logins("cho", &["a", "b"])], &logins("cho", &[]), true);
    check(&[logins("vic", &["a"])], &logins("vic", &[]), false);
    check(&[], &PeopleCommand::Remove { id }.into(), true);
}

#[test]
fn what_is_kept_from_the_partner_takes_two_persons_and_the_event_names_the_second() {
    let mut gate = Gate::open();
    let kept = Withheld {
        field: WithheldField::Facts,
        ground: "witnesses of another inquiry would be known".to_owned(),
        until: Moment(Wall(NOON.0 + 30 * 24 * HOUR)),
    };
    let draft = StatementDraft { withheld: vec![kept], ..found() };
    let command = super::hold(acme()).stated(draft);
    let proposal = gate.proposed(&command);
    assert!(!gate.held(), "proposed is not done");
    insta::assert_snapshot!(gate.ask(&somebody(), &command).unwrap_err(), @"this takes two persons, since it keeps a part of the reasons from the partner; admin token `ops` belongs to none: write `person:` beside it in `portcullis.yaml`");
    let planned = gate.approve("ben", &proposal).unwrap();
    assert!(gate.held());
    assert_eq!(planned.approved.unwrap().approver.id, "ben");
    let digest = planned.events[1].statement().unwrap();
    let statement: Statement = serde_json::from_slice(&gate.blobs[digest]).unwrap();
    assert_eq!(statement.withheld.len(), 1);
    assert!(statement.for_partner(gate.now)["facts"].get("withheld_until").is_some());

    let mut alone = Gate::open();
    alone.ask(&self::gate(), &rule(false)).unwrap();
    assert!(alone.ask(&person("ana"), &command).unwrap().alone, "and says so");
}

#[test]
fn a_policy_that_is_proved_narrower_takes_one_person() {
    let mut gate = Gate::open();
    let terms = Terms { proved_narrower: true, ..Terms::default() };
    let planned = gate.on(&person("ana"), &files("tier: b"), &terms).unwrap();
    assert!(planned.proposed.is_none());
}

#[test]
fn what_waits_for_a_partner_is_another_matter_after_a_signal() {
    for (then, expected) in [(&[SignalAction::Flag][..], Err("proposal_stale")), (&[], Ok(()))] {
        let mut gate = Gate::open();
        gate.ask(&person("ana"), &hold(acme())).unwrap();
        let proposal = gate.proposed(&restore(acme()));
        let seen = super::signals::seen("acme", then);
        let bounds = SignalBounds { holds_per_day: 3, uncounted: 0 };
        gate.ask(&self::gate(), &Command::RaiseSignal { seen, bounds }).unwrap();
        let approved = gate.approve("ben", &proposal);
        assert_eq!(approved.map(drop).map_err(|error| error.code()), expected, "{then:?}");
    }
}

#[test]
fn a_changed_file_alone_puts_nothing_in_force() {
    let mut gate = Gate::open();
    let error = gate.ask(&self::gate(), &files("tier: b")).unwrap_err();
    insta::assert_snapshot!(error, @"the changed files are not in force: putting policies in force takes two persons here; propose them by `portcullis apply`");
}

#[test]
fn an_approval_carries_out_what_was_proposed_once() {
    let mut gate = Gate::open();
    gate.ask(&person("ana"), &hold(acme())).unwrap();
    let proposal = gate.proposed(&restore(acme()));
    assert!(gate.held(), "proposed is not done");
    let before = gate.log.len();
    let planned = gate.approve("ben", &proposal).unwrap();
    assert!(!gate.held());
    insta::assert_snapshot!(planned.what, @"partner `acme` restored: the hold is lifted; approved by ben");
    let approval = planned.approved.unwrap();
    assert_eq!((approval.proposer.id.as_str(), approval.approver.id.as_str()), ("ana", "ben"));
    let names: Vec<&str> = gate.log[before..].iter().map(|(_, _, event)| event.name()).collect();
    assert_eq!(names, ["proposal.approved", "standing.restored"]);
    insta::assert_snapshot!(gate.approve("cho", &proposal).unwrap_err(), @"no proposal 9 waits; `portcullis proposal list` shows those that do, `portcullis audit show` what became of others");
    assert_eq!(gate.everything(), gate.replayed());
}

#[test]
fn only_another_person_with_the_role_approves_and_only_what_it_saw() {
    let mut gate = Gate::open();
    gate.ask(&person("ana"), &hold(acme())).unwrap();
    let proposal = gate.proposed(&restore(acme()));
    let claim = person("claim:0123");
    let token = somebody();
    let (id, digest) = (proposal.id, proposal.digest.clone());
    let mut say = |by: &Actor, digest: &str, roles: &[Role]| {
        let approve = PeopleCommand::Approve { proposal: id, digest: digest.to_owned() }.into();
        let terms = Terms { roles: roles.iter().copied().collect(), ..Terms::default() };
        gate.on(by, &approve, &terms).unwrap_err().to_string()
    };
    insta::assert_snapshot!(say(&person("ana"), &digest, &[]), @"`ana` can't decide about what the same person did, under whatever login; ask somebody else");
    insta::assert_snapshot!(say(&person("vic"), &digest, &[Role::Approver]), @"this needs the role `approver`, and `vic` does not have it; an admin gives roles by `portcullis person edit`");
    insta::assert_snapshot!(say(&token, &digest, &[Role::Approver]), @"admin token `ops` belongs to no person, and deciding takes one; write `person:` beside it in `portcullis.yaml`");
    insta::assert_snapshot!(say(&claim, &digest, &[Role::Approver]), @"`claim:0123` and `ana` can't be told to be two persons, since one is known by a claim of its token alone; declare a person with that login first");
    insta::assert_snapshot!(say(&person("ben"), "00", &[]), @"proposal 9 has digest `b9d46f0218d21c48d43fa205f7255a4f80416b53c15795803f0cd8d553b5ed27`, not the one that was approved; look at it again");
    assert!(gate.held());
    let remove = PeopleCommand::Remove { id: PersonId::new("ana").unwrap() }.into();
    gate.fold(
        self::gate(),
        None,
        PeopleEvent::Removed { person: PersonId::new("ana").unwrap() }.into(),
    );
    insta::assert_snapshot!(gate.approve("ben", &proposal).unwrap_err(), @"`ana`, who proposed it, was removed since; propose it again");
    insta::assert_snapshot!(gate.ask(&person("ben"), &remove).unwrap_err(), @"unknown person `ana`; `portcullis person list` shows them");
}

#[test]
fn an_approval_is_bound_to_the_state_it_was_asked_at() {
    #[track_caller]
    fn check(command: &Command, between: &Command, stale: bool) {
        let mut gate = Gate::open();
        let proposal = gate.proposed(command);
        gate.ask(&person("cho"), between).unwrap();
        let outcome = gate.approve("ben", &proposal).map_err(|error| error.code());
        assert_eq!(outcome.as_ref().err() == Some(&"proposal_stale"), stale, "{command:?}");
        assert_eq!(gate.everything(), gate.replayed());
    }
    let observe = Command::SetMode {
        partner: partner_id("acme"),
        mode: Mode::Observe,
        why: "a month of watching".to_owned(),
    };
    check(&key(2, "acme", None, None), &hold(acme()), true);
    check(&observe, &hold(acme()), true);
    check(&observe, &partner("zenith", None), false);
    check(&observe, &hold(SubjectId::Key(key_id("key1"))), false);
}

#[test]
fn a_proposal_waits_for_four_hours() {
    let mut gate = Gate::open();
    let proposal = gate.proposed(&key(2, "acme", None, None));
    insta::assert_snapshot!(gate.ask(&person("ben"), &key(2, "acme", None, None)).unwrap_err(), @"the very same waits already as proposal 8; let a second person approve that");
    gate.now = Wall(NOON.0 + 4 * HOUR);
    insta::assert_snapshot!(gate.approve("ben", &proposal).unwrap_err(), @"proposal 8 expired at 2023-11-15T02:13:20.000Z; propose it again");
    let due: Vec<Command> = gate.state.people_due(gate.now).collect();
    assert_eq!(due.len(), 1);
    gate.ask(&self::gate(), &due[0]).unwrap();
    assert_eq!((gate.waiting(), gate.state.people_due(gate.now).count()), (0, 0));
    assert_eq!(gate.everything(), gate.replayed());
}

#[test]
fn whoever_may_approve_may_refuse_and_the_proposer_may_take_back() {
    let mut gate = Gate::open();
    let proposal = gate.proposed(&key(2, "acme", None, None)).id;
    let no: Command = PeopleCommand::Refuse { proposal, why: "not now".to_owned() }.into();
    assert_eq!(gate.ask(&person("vic"), &no).unwrap_err().code(), "role_missing");
    assert_eq!(
        gate.ask(&person("ana"), &no).unwrap().what,
        "proposal 8 taken back: key `key2` issued to partner `acme`"
    );
    let proposal = gate.proposed(&key(2, "acme", None, None)).id;
    let no: Command = PeopleCommand::Refuse { proposal, why: "not now".to_owned() }.into();
    gate.ask(&person("ben"), &no).unwrap();
    assert_eq!(gate.waiting(), 0);
    assert_eq!(gate.everything(), gate.replayed());
}

#[test]
fn in_an_emergency_one_person_acts_and_another_ratifies() {
    let mut gate = Gate::open();
    gate.ask(&person("ana"), &hold(acme())).unwrap();
    let now = |why: &str| Terms { break_glass: Some(why.to_owned()), ..Terms::default() };
    let error = gate.on(&person("ana"), &restore(acme()), &now(" ")).unwrap_err();
    assert_eq!(error.code(), "why_missing");
    let done = gate.on(&person("ana"), &restore(acme()), &now("publishing is down")).unwrap();
    insta::assert_snapshot!(done.what, @"partner `acme` restored: the hold is lifted; done alone in an emergency: another person must ratify it by 2023-11-15T22:13:20.000Z");
    assert!(!gate.held());
    let emergency = gate.state.current().people().broken().next().unwrap().id;
    let ratify: Command = PeopleCommand::RatifyEmergency { emergency }.into();
    assert_eq!(gate.ask(&person("ana"), &ratify).unwrap_err().code(), "same_person");
    gate.now = Wall(NOON.0 + 24 * HOUR);
    let due: Vec<Command> = gate.state.people_due(gate.now).collect();
    gate.ask(&self::gate(), &due[0]).unwrap();
    assert_eq!(gate.state.people_due(gate.now).count(), 0, "said once");
    gate.ask(&person("ben"), &ratify).unwrap();
    assert_eq!(gate.state.current().people().broken().count(), 0);
    assert_eq!(gate.everything(), gate.replayed());
}

#[test]
fn one_person_narrows_so_many_partners_an_hour_and_no_more() {
    let mut gate = Gate::open();
    for id in ["b", "c", "d"] {
        gate.ask(&self::gate(), &partner(id, None)).unwrap();
    }
    let of = |id: &str| hold(SubjectId::Partner(partner_id(id)));
    assert!(gate.ask(&person("ana"), &of("b")).unwrap().proposed.is_none());
    assert!(gate.ask(&person("ana"), &of("c")).unwrap().proposed.is_none());
    let third = gate.ask(&person("ana"), &of("d")).unwrap();
    insta::assert_snapshot!(third.what, @"proposed, not done: partner `d` and all its keys on hold: refused from the next call on; to be looked at again by 2023-11-28T22:13:20.000Z; to be confirmed by somebody else by 2023-11-15T22:13:20.000Z (`portcullis partner ratify d`), otherwise it stays and is overdue; a second person must approve it, since it would be partner 3 that one person narrows within an hour, and 2 are allowed");
    assert!(gate.ask(&person("ben"), &of("d")).unwrap().proposed.is_none(), "each has its own");
    gate.now = Wall(NOON.0 + HOUR);
    assert!(gate.ask(&person("ana"), &hold(acme())).unwrap().proposed.is_none(), "an hour passed");
    assert_eq!(gate.everything(), gate.replayed());
}

#[test]
fn a_token_of_nobody_narrows_and_nothing_else() {
    let mut gate = Gate::open();
    gate.ask(&somebody(), &hold(acme())).unwrap();
    insta::assert_snapshot!(gate.ask(&somebody(), &restore(acme())).unwrap_err(), @"this takes two persons, since it gives access, or nothing proves that it doesn't; admin token `ops` belongs to none: write `person:` beside it in `portcullis.yaml`");
}

#[test]
fn while_two_decide_two_must_be_left_who_may() {
    let mut gate = Gate::open();
    let remove = |id: &str| PeopleCommand::Remove { id: PersonId::new(id).unwrap() }.into();
    let proposal = gate.proposed(&remove("cho"));
    gate.approve("ben", &proposal).unwrap();
    insta::assert_snapshot!(gate.ask(&person("ana"), &remove("ben")).unwrap_err(), @"without `ben` fewer than two persons could approve, and widening takes two; let another person approve first (`portcullis person edit … --role approver`)");
}

#[test]
fn a_wish_that_builds_on_an_older_state_is_refused() {
    let mut gate = Gate::open();
    gate.ask(&person("ana"), &hold(acme())).unwrap();
    let on = |rev| Terms { on: Some(Revision(rev)), ..Terms::default() };
    let last = gate.log.len() as u64 - 1;
    let error = gate.on(&person("ana"), &restore(acme()), &on(last - 1)).unwrap_err();
    insta::assert_snapshot!(error, @"what this builds on is revision 7, and event 8 changed what it is about since; look at it again, then repeat it");
    let both = Command::Each(vec![restore(acme()), restore(acme())]);
    let error = gate.on(&person("ana"), &both, &on(last - 1)).unwrap_err();
    assert_eq!(error.code(), "changed_since", "one of many");
    let other = PeopleCommand::Remove { id: PersonId::new("ben").unwrap() }.into();
    assert!(gate.on(&person("ana"), &other, &on(last - 1)).is_ok(), "another stands as it did");
    let rule = rule(true);
    let error = gate.on(&self::gate(), &rule, &on(last)).unwrap_err();
    insta::assert_snapshot!(error, @"what this builds on is revision 8, and event 9 changed what it is about since; look at it again, then repeat it");
    gate.on(&person("ana"), &restore(acme()), &on(last)).unwrap();
}

#[test]
fn where_one_person_decides_each_widening_says_so() {
    let mut gate = Gate::open();
    gate.ask(&self::gate(), &rule(false)).unwrap();
    assert!(!gate.ask(&somebody(), &hold(acme())).unwrap().alone);
    assert!(gate.ask(&somebody(), &restore(acme())).unwrap().alone);
    assert!(gate.ask(&self::gate(), &rule(false)).unwrap().events.is_empty());
}
