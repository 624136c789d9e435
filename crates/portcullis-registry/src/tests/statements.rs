//! Steps with a statement of reasons, hooks, and what a partner is told of the log.

use insta::assert_snapshot;
use portcullis_types::Closes;

use super::*;

const AT: Wall = Wall(NOON.0 + 1000);

fn draft() -> StatementDraft {
    let fact = Fact {
        statement: "Posts of 12,304 places in 41 towns were read in one night.".to_owned(),
        period: Some(Period { from: Moment(Wall(NOON.0 - 9_000)), until: Moment(NOON) }),
        metric: Some("distinct places".to_owned()),
        value: Some("12304".to_owned()),
        limit: Some("200 in 24 h".to_owned()),
        evidence: Some("one line of evidence".to_owned()),
        evidence_sha256: None,
    };
    StatementDraft { facts: vec![fact], ..StatementDraft::default() }
}

fn acme() -> SubjectId {
    SubjectId::Partner(partner_id("acme"))
}

fn hold() -> Command {
    let reason = ReasonCode::new("bulk-location").unwrap();
    let to = Wish::hold(Closes::Reads);
    let tell = "Posts of far more places than declared were read.".to_owned();
    Command::Stand { subject: acme(), to, reason, tell, case: None }
}

fn revoke() -> Command {
    let reason = ReasonCode::new("bulk-location").unwrap();
    let tell = "It read posts of far more places than declared.".to_owned();
    Command::RevokeKey { key: key_id("key1"), reason, tell, case: None }
}

fn desk() -> Desk {
    let mut desk = Desk::default();
    desk.ask(&partner("acme", None)).unwrap();
    desk.ask(&key(1, "acme", None, None)).unwrap();
    desk
}

/// The last event with its place, as a reader of the log has it.
fn last(desk: &Desk) -> LoggedEvent {
    let (at, event, actor) = desk.log.last().unwrap().clone();
    LoggedEvent {
        revision: Revision(desk.log.len() as u64 - 1),
        ts: at.rfc3339(),
        at,
        actor,
        event,
        hash: String::new(),
        leaf: String::new(),
        opening: None,
        approver: None,
        proposal: None,
    }
}

#[test]
fn a_step_names_its_statement_by_digest_and_keeps_it_with_its_evidence() {
    for command in [hold(), revoke()] {
        let mut desk = desk();
        let planned = desk.at(AT, &command.stated(draft())).unwrap();
        let event = &planned.events[0];
        let digest = event.statement().unwrap();
        assert_eq!(event.blobs(), [digest]);
        let statement: Statement = serde_json::from_slice(&desk.blobs[digest]).unwrap();
        assert_eq!(statement.reason.as_str(), "bulk-location");
        let evidence = statement.facts[0].evidence_sha256.as_ref().unwrap();
        assert_eq!(&*desk.blobs[evidence], b"one line of evidence");
        assert!(planned.narrows.is_some(), "it bites as it does without one");
        let text = serde_json::to_string(event).unwrap();
        assert_eq!(&serde_json::from_str::<Event>(&text).unwrap(), event);
    }
}

#[test]
fn a_statement_with_gaps_or_of_nothing_changes_nothing() {
    let mut desk = desk();
    let events = desk.log.len();
    let told = |found: Result<Planned, Rejected>| {
        let rejected = found.unwrap_err();
        format!("{}: {rejected}", rejected.code())
    };
    let restore = Command::restore(
        acme(),
        ReasonCode::new("mistake").unwrap(),
        "It was our mistake, all is open again.",
    );
    let remove = Command::from(HookCommand::Remove { hook: "h".to_owned() });
    let rows = [
        told(desk.at(AT, &hold().stated(StatementDraft::default()))),
        told(desk.at(AT, &restore.clone().stated(draft()))),
        told(desk.at(AT, &remove.stated(draft()))),
    ];
    desk.at(AT, &hold()).unwrap();
    let restored = told(desk.at(AT, &restore.stated(draft())));
    assert_eq!(desk.log.len(), events + 1);
    assert_snapshot!(format!("{}\n{restored}", rows.join("\n")));
}

#[test]
fn a_partner_is_told_of_its_own_access_and_of_nothing_else() {
    let mut desk = desk();
    let mut told = Vec::new();
    let mut tell = |desk: &Desk| {
        let logged = last(desk);
        let notice = PartnerNotice::of(&logged, &desk.state.snapshot());
        told.push(match notice {
            Some(notice) => serde_json::to_string_pretty(&notice.body).unwrap(),
            None => format!("{}: nothing", logged.event.name()),
        });
    };
    tell(&desk);
    desk.at(AT, &hold()).unwrap();
    tell(&desk);
    desk.at(AT, &revoke()).unwrap();
    tell(&desk);
    let add = HookCommand::Add {
        hook: "h1".to_owned(),
        partner: partner_id("acme"),
        origin: "https://a.example".to_owned(),
    };
    desk.at(AT, &add.into()).unwrap();
    tell(&desk);
    assert_snapshot!(told.join("\n"));
}

#[test]
fn a_hook_is_of_a_partner_there_is() {
    let mut desk = desk();
    let add = HookCommand::Add {
        hook: "h1".to_owned(),
        partner: partner_id("acne"),
        origin: "https://a.example".to_owned(),
    };
    assert_eq!(desk.at(AT, &add.into()).unwrap_err().code(), "unknown_partner");
}

#[test]
fn whoever_takes_access_away_says_what_was_found() {
    let mut desk = desk();
    let key = Command::hold(
        SubjectId::Key(key_id("key1")),
        ReasonCode::new("key-exposed").unwrap(),
        "The key stood in a public place.",
    );
    let check = |desk: &Desk, kind, command: &Command| {
        let by = Actor { kind, id: "ana".to_owned() };
        let decided = desk.state.decide(&by, command, &Terms::default(), AT);
        decided.map(|_| ()).map_err(|rejected| format!("{}: {rejected}", rejected.code()))
    };
    let told: Vec<String> = [hold(), key, revoke()]
        .map(|command| check(&desk, ActorKind::Token, &command).unwrap_err())
        .to_vec();
    assert_snapshot!(told.join("\n"), @r"
        statement_missing: this takes access away, so the partner must be told what was found, and `bulk-location` wants a fact that was measured: `--fact 'what was found' --period 24h --metric 'distinct places' --value 12304 --limit '200 a day' --evidence FILE`, or `--facts-from REVISION` of a signal
        statement_missing: this takes access away, so the partner must be told what was found, and `key-exposed` wants a fact with its period: `--fact 'what was found' --period 24h`, or `--facts-from REVISION` of a signal
        statement_missing: this takes access away, so the partner must be told what was found, and `bulk-location` wants a fact that was measured: `--fact 'what was found' --period 24h --metric 'distinct places' --value 12304 --limit '200 a day' --evidence FILE`, or `--facts-from REVISION` of a signal
        ");
    assert!(check(&desk, ActorKind::Person, &hold()).is_err());
    for free in [ActorKind::Local, ActorKind::Partner, ActorKind::Gate] {
        assert_eq!(check(&desk, free, &hold()), Ok(()), "{free:?}");
    }
    assert_eq!(check(&desk, ActorKind::Token, &hold().stated(draft())), Ok(()));
    desk.at(AT, &hold()).unwrap();
    let restore = Command::restore(
        acme(),
        ReasonCode::new("mistake").unwrap(),
        "It was our mistake, all is open again.",
    );
    assert_eq!(check(&desk, ActorKind::Token, &restore), Ok(()), "what is given back needs none");
}

#[test]
fn a_hold_by_a_signal_says_what_was_counted_and_what_is_left_of_it_says_the_same() {
    let mut desk = desk();
    let by = Actor { kind: ActorKind::Gate, id: "signals".to_owned() };
    let seen = SignalSeen {
        classes: vec![portcullis_types::ClassName::new("place.posts").unwrap()],
        ..super::signals::seen("acme", &[SignalAction::Hold])
    };
    let bounds = SignalBounds { holds_per_day: 3, uncounted: 0 };
    let planned = desk.by(&by, AT, &Command::RaiseSignal { seen, bounds }).unwrap();
    let digest = planned.events[1].statement().unwrap();
    let statement: Statement = serde_json::from_slice(&desk.blobs[digest]).unwrap();
    assert_snapshot!(serde_json::to_string_pretty(&statement).unwrap());
    assert_eq!(planned.blobs.len(), 2, "the statement and its evidence");
    let read = statement.for_partner(AT).to_string();
    assert!(!read.contains("places-in-order"), "its partner reads no name of a watch: {read}");
    let due = desk.state.due(Wall(AT.0 + 4 * 3_600_000));
    let fell = desk.as_clock(Wall(AT.0 + 4 * 3_600_000), &due[0]).unwrap();
    assert_eq!(fell.events[0].name(), "standing.restricted");
    assert_eq!(fell.events[0].statement(), Some(digest));

    let mut desk = self::desk();
    let classes = vec![portcullis_types::ClassName::new("place.posts").unwrap()];
    let seen = SignalSeen { classes, ..super::signals::seen("acme", &[SignalAction::Restrict]) };
    let planned = desk.by(&by, AT, &Command::RaiseSignal { seen, bounds }).unwrap();
    assert_eq!(planned.events[1].name(), "standing.restricted");
    assert!(planned.events[1].statement().is_some(), "also where it has no end");
}

#[test]
fn a_hold_that_lost_its_statement_is_given_one_and_stays_all_the_while() {
    let mut desk = desk();
    desk.at(AT, &hold()).unwrap();
    assert_eq!(desk.at(AT, &hold()).unwrap_err().code(), "already_held");
    let planned = desk.at(AT, &hold().stated(draft())).unwrap();
    assert!(planned.events[0].statement().is_some());
    assert!(planned.narrows.is_some() && planned.widens.is_none(), "nothing opens");
    assert_eq!(desk.at(AT, &hold().stated(draft())).unwrap_err().code(), "already_held");
}

#[test]
fn a_key_on_hold_without_a_statement_is_given_one_like_a_partner() {
    let mut desk = desk();
    let hold = super::hold(SubjectId::Key(key_id("key1")));
    desk.at(AT, &hold).unwrap();
    assert_eq!(desk.at(AT, &hold).unwrap_err().code(), "already_held");
    let draft = || StatementDraft {
        indefinite_because: Some("until its owner called us".to_owned()),
        ..draft()
    };
    let planned = desk.at(AT, &hold.clone().stated(draft())).unwrap();
    assert!(planned.events[0].statement().is_some());
    assert!(planned.narrows.is_some() && planned.widens.is_none(), "nothing opens");
    assert_eq!(desk.at(AT, &hold.clone().stated(draft())).unwrap_err().code(), "already_held");
    assert_eq!(all(&desk.replayed().state.snapshot()), all(&desk.state.snapshot()));
    desk.at(AT, &super::restore(SubjectId::Key(key_id("key1")))).unwrap();
    desk.at(AT, &hold.clone().stated(draft())).unwrap();
    assert_eq!(desk.at(AT, &hold.stated(draft())).unwrap_err().code(), "already_held");
}

#[test]
fn whom_a_stage_leaves_out_keeps_statement_and_review_date_of_the_hold() {
    const DAY: u64 = 86_400_000;
    let mut desk = desk();
    desk.ask(&client("one", "acme", None)).unwrap();
    let case = super::cases::case_id("c-1");
    desk.ask(&super::cases::open("c-1")).unwrap();
    let held = desk.at(AT, &hold().stated(draft())).unwrap();
    let statement = held.events[0].statement().map(str::to_owned);
    let stage = |cohort| Stage {
        name: "pilot".to_owned(),
        cohort,
        classes: Vec::new(),
        factor: None,
        at_least: 0,
        entry: Entry::default(),
        exit: Exit::default(),
    };
    let stages =
        vec![stage(Cohort::Clients(vec![portcullis_types::ClientId::new("two").unwrap()]))];
    let plan = RestorePlan { partner: None, keys_without_client: false, stages };
    desk.ask(&client("two", "acme", None)).unwrap();
    desk.ask(&CaseCommand::Plan { case: case.clone(), plan }.into()).unwrap();
    let reason = ReasonCode::new("investigation-closed").unwrap();
    let tell = "Access comes back in stages.".to_owned();
    let staged = desk.ask(&CaseCommand::Stage { case, stage: 1, reason, tell }.into()).unwrap();
    let carried = |events: &[Event]| -> Vec<(String, Option<u64>)> {
        let held = events.iter().filter_map(|event| match event {
            Event::Standing(StandingEvent::Held(stood)) => Some((event, stood)),
            _ => None,
        });
        let carried = held.map(|(event, stood)| {
            assert_eq!(event.statement(), statement.as_deref());
            (stood.subject.to_string(), stood.review_by.map(|at| (at.0 - AT.0) / DAY))
        });
        carried.collect()
    };
    let expected = [("client `one`".to_owned(), Some(14)), ("key `key1`".to_owned(), Some(14))];
    assert_eq!(carried(&staged.events), expected);
    // Whoever comes when that date is over is looked at anew.
    let late = desk.at(Wall(AT.0 + 20 * DAY), &client("three", "acme", None)).unwrap();
    assert_eq!(carried(&late.events), [("client `three`".to_owned(), Some(34))]);
}

#[test]
fn what_was_taken_for_a_reason_stays_when_the_reason_is_gone() {
    let mut desk = desk();
    let mut reasons = Reasons::default();
    let own = Reason {
        code: "price-scraping".into(),
        about: "prices were collected in bulk".into(),
        facts: FactsWanted::Stated,
        ground: GroundKind::Contract,
        clause: "permitted use".into(),
        because: "the agreement leaves prices to their shops".into(),
    };
    reasons.put(own).unwrap();
    desk.state.take_reasons(reasons);
    let to = Wish::Suspended {
        closes: Closes::All,
        even: Vec::new(),
        fallback: vec![portcullis_types::ClassName::new("place.posts").unwrap()],
        review_by: None,
    };
    let reason = ReasonCode::new("price-scraping").unwrap();
    let tell = "Prices of 41 shops were read at once.".to_owned();
    let hold = Command::Stand { subject: acme(), to, reason, tell, case: None };
    let by = Actor { kind: ActorKind::Person, id: "ana".to_owned() };
    desk.by(&by, AT, &PeopleCommand::SetRule(PeopleRule { two_persons: true, alone: 9 }).into())
        .unwrap();
    desk.by(&by, AT, &hold.clone().stated(draft())).unwrap();
    let mut again = desk.replayed();
    assert_eq!(all(&desk.state.snapshot()), all(&again.state.snapshot()));
    assert_eq!(again.by(&by, AT, &hold).unwrap_err().code(), "unknown_reason");
    let later = Wall(AT.0 + 24 * 3_600_000);
    let due = again.state.due(later);
    let fell = again.as_clock(later, &due[0]).unwrap();
    assert_eq!(fell.events[0].name(), "standing.restricted");
}

#[test]
fn the_undo_of_a_restore_puts_on_hold_as_it_was() {
    let mut desk = desk();
    let class = |name: &str| portcullis_types::ClassName::new(name).unwrap();
    let to = Wish::Suspended {
        closes: Closes::ReadsOf([class("place.posts"), class("profile.bio")].into()),
        even: vec![class("publish.status")],
        fallback: vec![class("place.posts")],
        review_by: None,
    };
    let reason = ReasonCode::new("investigation").unwrap();
    let tell = "We look into unusual calls.".to_owned();
    let hold = Command::Stand { subject: acme(), to, reason, tell, case: None };
    desk.at(AT, &hold.stated(draft())).unwrap();
    let restore = Command::restore(
        acme(),
        ReasonCode::new("mistake").unwrap(),
        "It was our mistake, all is open again.",
    );
    assert_snapshot!(desk.at(AT, &restore).unwrap().undo.unwrap(), @"portcullis partner hold acme --reason investigation --tell 'We look into unusual calls.' --shape reads-of --class place.posts,profile.bio --even publish.status --fallback place.posts --facts-from 2");
}

#[test]
fn an_end_that_was_told_is_looked_at_when_it_comes() {
    let mut desk = desk();
    let ends = Wall(AT.0 + 30 * 86_400_000);
    let restrict = |ends_at| {
        let classes = vec![portcullis_types::ClassName::new("place.posts").unwrap()];
        let reason = ReasonCode::new("bulk-location").unwrap();
        let tell = "Posts of far more places than declared were read.".to_owned();
        let to = Wish::Restricted { classes, factor: None };
        Command::Stand { subject: acme(), to, reason, tell, case: None }
            .stated(StatementDraft { ends_at, ..draft() })
    };
    assert_eq!(desk.at(AT, &restrict(None)).unwrap_err().code(), "statement_incomplete");
    desk.at(AT, &restrict(Some(Moment(ends)))).unwrap();
    assert_eq!(desk.state.due(Wall(ends.0 - 1)).len(), 0);
    let due = desk.state.due(ends);
    let over = desk.as_clock(ends, &due[0]).unwrap();
    assert_eq!(over.events[0].name(), "standing.ran_out");
    assert_eq!(desk.state.due(ends).len(), 0, "said once");
}
