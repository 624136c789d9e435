//! Keys over time as tables: what follows what, and what is final.

use super::*;

const DAY: u64 = 86_400_000;

fn desk() -> Desk {
    let mut desk = Desk::default();
    desk.ask(&partner("acme", None)).unwrap();
    desk.ask(&client("shop", "acme", None)).unwrap();
    desk.ask(&key(1, "acme", Some("shop"), None)).unwrap();
    desk
}

fn secret(n: u64) -> NewSecret {
    NewSecret { id: key_id(&format!("key{n}")), digest: digest(n), pepper: "aabbccdd".to_owned() }
}

fn rotate(n: u64, to: u64, until: Option<u64>) -> Command {
    let (key, new) = (key_id(&format!("key{n}")), secret(to));
    KeyCommand::Rotate { key, new, until: until.map(|ms| Wall(NOON.0 + ms)) }.into()
}

fn compromised(n: u64, to: Option<u64>) -> Command {
    let reason = ReasonCode::new("key-exposed").unwrap();
    let tell = "The key stood in a public place.".to_owned();
    let (key, reissue) = (key_id(&format!("key{n}")), to.map(secret));
    KeyCommand::Compromised { key, reason, tell, case: None, reissue }.into()
}

fn activate(n: u64) -> Command {
    KeyCommand::Activate { key: key_id(&format!("key{n}")) }.into()
}

fn pending(n: u64, start: KeyStart) -> Command {
    let mut command = key(n, "acme", None, None);
    if let Command::IssueKey { start: at, .. } = &mut command {
        *at = start;
    }
    command
}

fn standing(desk: &Desk, n: u64, ms: u64) -> &'static str {
    let now = desk.state.current();
    match now.standing(now.key_ix(&key_id(&format!("key{n}"))).unwrap(), Wall(NOON.0 + ms)) {
        Standing::Good => "good",
        Standing::Revoked(_) => "revoked",
        Standing::Expired { .. } => "expired",
        Standing::Pending { .. } => "pending",
        Standing::Narrowed { .. } => "narrowed",
        Standing::Unknown => "unknown",
    }
}

fn run_clocks(desk: &mut Desk, ms: u64) -> Vec<&'static str> {
    let now = Wall(NOON.0 + ms);
    let mut names = Vec::new();
    for command in desk.state.due(now) {
        let planned = desk.as_clock(now, &command).unwrap();
        names.extend(planned.events.iter().map(Event::name));
    }
    names
}

#[test]
fn a_pending_key_works_from_its_date_or_its_activation_on() {
    let mut desk = desk();
    desk.ask(&pending(2, KeyStart::At(Wall(NOON.0 + DAY)))).unwrap();
    desk.ask(&pending(3, KeyStart::WhenActivated)).unwrap();
    assert_eq!((standing(&desk, 2, DAY - 1), standing(&desk, 2, DAY)), ("pending", "good"));
    assert_eq!(run_clocks(&mut desk, DAY), ["key.activated"]);
    assert_eq!(standing(&desk, 2, 0), "good", "a clock that goes back takes nothing back");
    assert_eq!(standing(&desk, 3, 9 * DAY), "pending");
    desk.ask(&activate(3)).unwrap();
    assert_eq!(standing(&desk, 3, 0), "good");
    insta::assert_snapshot!(desk.ask(&activate(3)).unwrap_err(), @"key `key3` works already; only a pending key is activated");
    assert!(desk.ask(&pending(4, KeyStart::At(NOON))).is_err(), "a start lies ahead");
    assert_eq!(all(&desk.state.snapshot()), all(&desk.replayed().state.snapshot()));
}

#[test]
fn a_rotated_key_and_its_successor_both_work_for_a_while() {
    let mut desk = desk();
    let told = desk.ask(&rotate(1, 2, Some(DAY))).unwrap();
    insta::assert_snapshot!(told.what, @"key `key2` issued in place of `key1`, which works until 2023-11-15T22:13:20.000Z");
    assert_eq!((standing(&desk, 1, DAY - 1), standing(&desk, 2, 0)), ("good", "good"));
    assert_eq!((standing(&desk, 1, DAY), standing(&desk, 2, DAY)), ("expired", "good"));
    let now = desk.state.current();
    let [old, new] = [1, 2].map(|n| now.key(now.key_ix(&key_id(&format!("key{n}"))).unwrap()));
    assert_eq!(
        (old.unwrap().client, old.unwrap().partner),
        (new.unwrap().client, new.unwrap().partner)
    );
    assert_eq!(run_clocks(&mut desk, DAY), ["key.expired"]);
    assert_eq!(standing(&desk, 1, 0), "expired", "a clock that goes back does not bring it back");
    let refused = [
        desk.ask(&rotate(2, 3, Some(15 * DAY))).unwrap_err(),
        desk.ask(&rotate(2, 3, Some(0))).unwrap_err(),
        desk.ask(&rotate(1, 3, None)).unwrap_err(),
        desk.ask(&rotate(2, 1, None)).unwrap_err(),
    ];
    insta::assert_snapshot!(refused.map(|refused| refused.to_string()).join("\n"));
    desk.ask(&rotate(2, 3, None)).unwrap();
    insta::assert_snapshot!(desk.ask(&rotate(2, 4, None)).unwrap_err(), @"key `key2` has a successor already and works until 2023-11-21T22:13:20.000Z; rotate the successor instead");
    assert_eq!(all(&desk.state.snapshot()), all(&desk.replayed().state.snapshot()));
}

#[test]
fn whatever_replaces_a_key_ends_when_that_was_to_end() {
    #[track_caller]
    fn check(steps: &[Command], expected: [Option<u64>; 3]) {
        let mut desk = desk();
        let mut first = key(5, "acme", None, None);
        if let Command::IssueKey { expires, .. } = &mut first {
            *expires = Some(Wall(NOON.0 + 9 * DAY));
        }
        for step in [first].iter().chain(steps) {
            desk.ask(step).unwrap();
        }
        let now = desk.state.current();
        let ends = |n: u64| now.key(now.key_ix(&key_id(&format!("key{n}")))?)?.expires;
        let ends = [5, 6, 7].map(|n| ends(n).map(|at| (at.0 - NOON.0) / DAY));
        assert_eq!(ends, expected, "{steps:?}");
    }
    check(&[rotate(5, 6, Some(DAY))], [Some(1), Some(9), None]);
    check(&[compromised(5, Some(6))], [Some(9), Some(9), None]);
    check(&[rotate(5, 6, Some(DAY)), compromised(5, Some(7))], [Some(1), Some(9), Some(9)]);
    check(&[rotate(5, 6, Some(DAY)), compromised(6, Some(7))], [Some(1), Some(9), Some(9)]);
}

#[test]
fn a_compromised_key_ends_at_once_and_for_ever() {
    let mut desk = desk();
    desk.ask(&hold(SubjectId::Key(key_id("key1")))).unwrap();
    insta::assert_snapshot!(desk.ask(&compromised(1, Some(2))).unwrap_err(), @"key `key1` is on hold, and a new key would not be; restore it first, or leave the new one out");
    desk.ask(&restore(SubjectId::Key(key_id("key1")))).unwrap();
    let told = desk.ask(&compromised(1, Some(2))).unwrap();
    insta::assert_snapshot!(told.what, @"key `key1` given up as compromised: refused from the next call on; key `key2` issued in its place");
    assert_eq!(told.narrows.unwrap().kind, NarrowKind::Revoke);
    assert_eq!((standing(&desk, 1, 0), standing(&desk, 2, 0)), ("revoked", "good"));
    for after in [
        activate(1),
        rotate(1, 3, None),
        compromised(1, None),
        revoke("key1"),
        hold(SubjectId::Key(key_id("key1"))),
        restore(SubjectId::Key(key_id("key1"))),
    ] {
        assert!(desk.ask(&after).is_err(), "{after:?}");
    }
    assert_eq!(run_clocks(&mut desk, 1000 * DAY), [""; 0]);
    assert_eq!(all(&desk.state.snapshot()), all(&desk.replayed().state.snapshot()));
}

#[test]
fn a_key_that_renewed_itself_takes_its_successors_with_it() {
    let by = |n: u64| Actor { kind: ActorKind::Partner, id: format!("acme/key{n}") };
    let renewed = || {
        let mut desk = desk();
        desk.by(&by(1), NOON, &rotate(1, 2, None)).unwrap();
        desk.by(&by(2), NOON, &rotate(2, 3, None)).unwrap();
        desk.ask(&rotate(3, 4, None)).unwrap();
        desk
    };
    let stands = |desk: &Desk| [1, 2, 3, 4].map(|n| standing(desk, n, 0));
    let mut desk = renewed();
    let told = desk.ask(&compromised(1, Some(5))).unwrap();
    insta::assert_snapshot!(told.what, @"key `key1` given up as compromised: refused from the next call on; so is what it was renewed into by itself: `key2`, `key3`; key `key5` issued in its place");
    assert_eq!(
        stands(&desk),
        ["revoked", "revoked", "revoked", "good"],
        "an operator issued the last"
    );
    assert_eq!(standing(&desk, 5, 0), "good");
    assert_eq!(all(&desk.state.snapshot()), all(&desk.replayed().state.snapshot()));

    let mut desk = renewed();
    let told = desk.by(&by(3), NOON, &compromised(1, None)).unwrap();
    assert!(told.what.ends_with("by itself: `key2`"), "{}", told.what);
    assert_eq!(
        stands(&desk),
        ["revoked", "revoked", "good", "good"],
        "a key does not give up itself so"
    );

    for command in [revoke("key1"), hold(SubjectId::Key(key_id("key1")))] {
        let mut desk = renewed();
        let told = desk.ask(&command).unwrap().what;
        assert!(told.contains("by itself works on (`key2`, `key3`)"), "{told}");
        desk.ask(&compromised(2, None)).unwrap();
        assert_eq!(stands(&desk)[1..], ["revoked", "revoked", "good"]);
    }
}

#[test]
fn a_client_says_what_it_is_for() {
    let mut desk = desk();
    desk.ask(&Command::AddClient {
        id: ClientId::new("board").unwrap(),
        partner: partner_id("acme"),
        name: "A board".to_owned(),
        purpose: "dashboards about brands".to_owned(),
        category: Some(ClientCategory::Government),
        scopes: None,
    })
    .unwrap();
    let now = desk.state.current();
    let client = now.client(now.client_ix(&ClientId::new("board").unwrap()).unwrap()).unwrap();
    assert_eq!(
        (&*client.purpose, client.category),
        ("dashboards about brands", Some(ClientCategory::Government))
    );
    insta::assert_snapshot!(serde_json::to_string(&desk.log.last().unwrap().1).unwrap(), @r#"{"type":"client.added","client":"board","partner":"acme","name":"A board","purpose":"dashboards about brands","category":"government"}"#);
}
