//! What is foreseen is what then happens; and what the platform was told.

use super::*;

fn desk() -> Desk {
    let mut desk = Desk::default();
    desk.ask(&partner("acme", None)).unwrap();
    desk.ask(&client("board", "acme", None)).unwrap();
    desk.ask(&key(1, "acme", None, None)).unwrap();
    desk.ask(&key(2, "acme", Some("board"), None)).unwrap();
    desk
}

fn acme() -> SubjectId {
    SubjectId::Partner(partner_id("acme"))
}

fn board() -> SubjectId {
    SubjectId::Client(ClientId::new("board").unwrap())
}

/// How everybody stands, without what only an event that happened has.
fn stands(snapshot: &Snapshot) -> String {
    let keys = (0..2).map(|key| format!("{:?}", snapshot.standing(KeyIx(key), NOON)));
    let of = |id: &SubjectId| snapshot.course(snapshot.subject_ix(id).unwrap()).cloned();
    format!("{}\n{:?}\n{:?}", keys.collect::<Vec<_>>().join("\n"), of(&acme()), of(&board()))
}

#[test]
fn what_is_foreseen_is_what_then_happens_and_changes_nothing_before() {
    let compromised = Command::Credential(KeyCommand::Compromised {
        key: key_id("key2"),
        reason: ReasonCode::new("key-exposed").unwrap(),
        tell: "The key stood in a public place.".to_owned(),
        case: None,
        reissue: Some(NewSecret {
            id: key_id("key3"),
            digest: digest(3),
            pepper: "aabbccdd".to_owned(),
        }),
    });
    let steps = [
        (hold(board()), vec![board()], true),
        (hold(acme()), vec![acme()], true),
        (restore(acme()), vec![acme()], false),
        (restore(board()), vec![board()], false),
        (revoke("key1"), vec![SubjectId::Key(key_id("key1"))], true),
        (compromised, vec![SubjectId::Key(key_id("key2"))], true),
    ];
    let mut desk = desk();
    for (command, subjects, takes_away) in steps {
        let before = all(&desk.state.snapshot());
        let planned = desk.state.handle(&somebody(), &command, NOON).unwrap();
        let foreseen = desk.state.foresee(&somebody(), &command, &planned, NOON);
        assert_eq!(foreseen.subjects(), subjects);
        assert_eq!(foreseen.takes_away(), takes_away, "{command:?}");
        let after = foreseen.after(&desk.state.snapshot());
        assert_eq!(all(&desk.state.snapshot()), before, "looking changes nothing");
        desk.ask(&command).unwrap();
        // A new key comes first in the log, and is not in what was foreseen.
        let plain = |text: String| {
            let parts = text.split("Revision(");
            parts.map(|part| part.trim_start_matches(char::is_numeric)).collect::<String>()
        };
        assert_eq!(plain(stands(&after)), plain(stands(&desk.state.snapshot())), "{command:?}");
    }
}

#[test]
fn a_proposal_is_foreseen_as_what_it_would_lead_to() {
    let mut desk = desk();
    desk.ask(&hold(acme())).unwrap();
    let planned = desk.state.handle(&somebody(), &restore(acme()), NOON).unwrap();
    let proposed = Proposed { digest: String::new(), expires: NOON, why: String::new() };
    let proposal = Planned { events: Vec::new(), proposed: Some(proposed), ..planned.clone() };
    let foreseen = desk.state.foresee(&somebody(), &restore(acme()), &proposal, NOON);
    assert_eq!(foreseen.events, planned.events);
    let notices = foreseen.notices(&desk.state.snapshot());
    assert_eq!(notices[0].0.kind, "standing.restored");
}

#[test]
fn what_the_platform_answered_is_kept_where_it_is_short() {
    let mut desk = desk();
    let mut told = |reply: Option<String>, partner: &str| {
        let command = PlatformCommand::Told {
            about: Revision(3),
            partner: partner_id(partner),
            case: Some("case-1".to_owned()),
            status: 202,
            reply,
        };
        let planned = desk.ask(&command.into())?;
        let text = serde_json::to_string(&planned.events[0]).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), planned.events[0]);
        assert_eq!(planned.events[0].case(), Some("case-1"));
        let blobs = planned.events[0].blobs().len();
        assert_eq!(planned.blobs.len(), blobs);
        Ok::<_, Rejected>((planned.events[0].name(), blobs, planned.what))
    };
    let what = "the platform was told of event 3 and answered 202".to_owned();
    let short = Some(r#"{"ended":3}"#.to_owned());
    assert_eq!(told(short, "acme").unwrap(), ("platform.told", 1, what.clone()));
    let long = Some("1".repeat(PLATFORM_REPLY_BYTES_MAX + 1));
    assert_eq!(told(long, "acme").unwrap(), ("platform.told", 0, what));
    assert_eq!(told(None, "acne").unwrap_err().code(), "unknown_partner");
    let seen = |desk: &Desk| {
        let at = desk.state.current().partner_ix(&partner_id("acme")).unwrap();
        desk.state.current().partner(at).unwrap().platform.as_ref().unwrap().status
    };
    assert_eq!(seen(&desk), Some(202));
    let lost = PlatformCommand::Lost {
        about: Revision(3),
        partner: partner_id("acme"),
        case: None,
        why: "it answered 500".to_owned(),
    };
    let planned = desk.ask(&lost.into()).unwrap();
    assert_eq!(planned.events[0].name(), "platform.not_told");
    assert_eq!(seen(&desk), None);
    assert_eq!(all(&desk.state.snapshot()), all(&desk.replayed().state.snapshot()));
}
