//! What an older copy of the store does not give back.

mod said;

use portcullis_audit::Kept;
use portcullis_registry::{
    ClockName, Evidence as _, Office, SignalAction, SignalBounds, SignalSeen, StandingCommand,
};
use portcullis_types::{ClassName, StandingName};
use tokio::sync::oneshot;

use super::*;
use crate::guard::{Record, Taken, path_of};
use crate::writer::Ask;

fn partner() -> SubjectId {
    SubjectId::Partner(PartnerId::new("acme").unwrap())
}

/// Two keys of a partner.
async fn begun(path: &Path) -> OfficeHandle {
    let office = office(path).await;
    for command in [add_partner("acme"), issue_key("acme", 1), issue_key("acme", 2)] {
        ask(&office, command).await.unwrap();
    }
    office
}

/// Copies the store as it is at rest, without its guard.
fn copied(from: &Path, to: &Path) {
    for suffix in ["", ".checkpoint"] {
        let (from, to) = (crate::files::beside(from, suffix), crate::files::beside(to, suffix));
        std::fs::copy(from, to).unwrap();
    }
}

/// A store that was put back to what it was before these commands.
async fn put_back(path: &Path, since: Vec<Command>) -> Opened {
    begun(path).await.close().await;
    let yesterday = crate::files::beside(path, ".yesterday");
    copied(path, &yesterday);
    let office = office(path).await;
    for command in since {
        ask(&office, command).await.unwrap();
    }
    office.close().await;
    copied(&yesterday, path);
    open(path).await.unwrap()
}

/// The names and leaves of the events from a revision on.
async fn told(opened: Opened, from: u64) -> String {
    let office = Writer::start(opened, Arc::new(()), Arc::new(Turned::default())).await.unwrap();
    let events = office.events(Revision(from), 100).await.unwrap();
    assert!(office.verify(Vec::new()).await.unwrap().is_clean());
    office.close().await;
    let leaves: Vec<String> = events.into_iter().map(|event| event.leaf).collect();
    leaves.join("\n")
}

#[tokio::test]
async fn yesterdays_backup_gives_back_nothing_that_was_taken_since() {
    let (_dir, path) = place();
    let opened = put_back(&path, vec![hold(key(1)), revoke(2), hold(partner())]).await;
    assert_eq!((opened.recovered.lost, opened.recovered.put_back), (Some((4, 6)), 3));
    let snapshot = opened.state.snapshot();
    assert_eq!(summary(&snapshot), "rev 7 partners 1 [key1:Narrowed key2:Revoked]");
    assert!(snapshot.notice(snapshot.subject_ix(&partner()).unwrap()).is_some());
    assert_eq!(snapshot.lost().map(|lost| (lost.from, lost.to)), Some((4, 6)));
    let told = told(opened, 4).await;
    insta::assert_snapshot!(told, @r#"
        {"actor":{"id":"guard","kind":"gate"},"event":{"from":4,"to":6,"type":"log.lost"},"rev":4,"ts":"2023-11-14T22:13:28.000Z","v":1}
        {"actor":{"id":"guard","kind":"gate"},"event":{"by":{"id":"ops","kind":"token"},"event":{"closes":{"shape":"all"},"from":"good","reason":"investigation","statement":"78ac55a913b863a1a29ac136dc94888665a32b3cb6061e1b5049035c7e5b8a87","subject":{"id":"key1","kind":"key"},"tell":"We are looking into unusual calls.","type":"standing.held"},"lost":4,"type":"guard.applied"},"rev":5,"ts":"2023-11-14T22:13:28.000Z","v":1}
        {"actor":{"id":"guard","kind":"gate"},"event":{"by":{"id":"ops","kind":"token"},"event":{"key":"key2","reason":"key-exposed","statement":"d380276d1e37123dfbd3bc2355d1b4cb99017e52bff545d26b39c458427c7853","tell":"The key stood in a public repository.","type":"key.revoked"},"lost":5,"type":"guard.applied"},"rev":6,"ts":"2023-11-14T22:13:28.000Z","v":1}
        {"actor":{"id":"guard","kind":"gate"},"event":{"by":{"id":"ops","kind":"token"},"event":{"closes":{"shape":"all"},"from":"good","reason":"investigation","review_by":1701209608000,"statement":"0a75908572057d04ee3e0b84410326f9b67d4fd70aea24c395b09258c73588b9","subject":{"id":"acme","kind":"partner"},"tell":"We are looking into unusual calls.","type":"standing.held"},"lost":6,"type":"guard.applied"},"rev":7,"ts":"2023-11-14T22:13:28.000Z","v":1}
        "#);
    let again = open(&path).await.unwrap();
    assert_eq!((again.recovered.lost, again.recovered.put_back), (None, 0), "once is enough");
    assert_eq!(again.recovered.events, 8);
}

#[tokio::test]
async fn what_was_given_back_in_lost_events_is_not_taken_again() {
    let (_dir, path) = place();
    let since = vec![hold(key(1)), restore(key(1)), hold(key(2)), issue_key("acme", 3)];
    let opened = put_back(&path, since).await;
    assert_eq!(opened.recovered.put_back, 1);
    let snapshot = opened.state.snapshot();
    assert_eq!(summary(&snapshot), "rev 5 partners 1 [key1:Good key2:Narrowed]");
}

#[test]
fn nothing_that_is_kept_after_the_end_of_a_key_brings_it_back() {
    let held = r#"{"type":"standing.held","subject":{"kind":"key","id":"key1"},"from":"good","reason":"x","tell":"y"}"#;
    let ended = r#"{"type":"key.revoked","key":"key1","reason":"x","tell":"y"}"#;
    let restored = held.replace("held", "restored");
    let check = |lines: &[&str], expected: u64| {
        let record = |(rev, line): (u64, &&str)| {
            Record::of(rev, false, (&ops(), None), &serde_json::from_str(line).unwrap())
        };
        let mut kept = crate::guard::Kept::new(NAME);
        let records = (0..).zip(lines).map(record).collect();
        kept.take(Taken { records, ..Taken::default() });
        let revisions: Vec<u64> = kept.taken.records.iter().map(|record| record.rev).collect();
        assert_eq!(revisions, [expected], "{lines:?}");
    };
    check(&[held, &restored], 1);
    check(&[held, ended, &restored], 1);
    check(&[ended, &restored, held], 0);
    check(&[ended, held, ended, held], 2);
}

#[tokio::test]
async fn a_hold_that_was_confirmed_in_lost_events_does_not_open_by_itself() {
    for held_before in [false, true] {
        let (_dir, path) = place();
        let office = begun(&path).await;
        let gate = || Actor { kind: ActorKind::Gate, id: "signal:r/x".to_owned() };
        let raised = Command::RaiseSignal {
            seen: SignalSeen {
                partner: PartnerId::new("acme").unwrap(),
                key: None,
                with: None,
                rule: "r/x".to_owned(),
                signal: "id_walk".to_owned(),
                evidence: "steps 12, of 14".to_owned(),
                limit: "15 ids in order".to_owned(),
                window: "7d".parse().unwrap(),
                classes: vec![ClassName::new("t").unwrap()],
                then: vec![SignalAction::Hold],
                tell: None,
            },
            bounds: SignalBounds { holds_per_day: 3, uncounted: 0 },
        };
        let yesterday = crate::files::beside(&path, ".yesterday");
        if held_before {
            office.submit(gate(), raised.clone()).await.unwrap();
        }
        office.close().await;
        copied(&path, &yesterday);
        let office = self::office(&path).await;
        if !held_before {
            office.submit(gate(), raised).await.unwrap();
        }
        let why = "It is as it looks.".to_owned();
        ask(&office, StandingCommand::Ratify { subject: partner(), why }.into()).await.unwrap();
        office.close().await;
        copied(&yesterday, &path);
        let opened = open(&path).await.unwrap();
        let state = &opened.state;
        let waits = state.due(Wall(u64::MAX - 1)).into_iter().filter(|due| {
            matches!(due, Command::Standing(StandingCommand::RunOut { clock, .. }) if *clock == ClockName::Ratification)
        });
        assert_eq!(waits.count(), 0, "held before: {held_before}");
        let snapshot = state.snapshot();
        let course = snapshot.course(snapshot.subject_ix(&partner()).unwrap()).unwrap();
        assert_eq!((course.state, course.ratify), (StandingName::Suspended, None));
    }
}

#[tokio::test]
async fn a_loss_shows_against_what_was_kept_elsewhere() {
    let (_dir, path) = place();
    begun(&path).await.close().await;
    let yesterday = crate::files::beside(&path, ".yesterday");
    copied(&path, &yesterday);
    let office = office(&path).await;
    ask(&office, hold(key(1))).await.unwrap();
    let checkpoint = office.checkpoint().await.unwrap();
    office.close().await;
    copied(&yesterday, &path);
    drop(open(&path).await.unwrap());
    let kept = vec![Kept::read(&checkpoint).unwrap()];
    let found = Store::inspect_against(&path, Some(log_key(1).public()), kept).await.unwrap();
    let said = found.fault.unwrap().why;
    assert!(said.starts_with("the log was rewritten"), "{said}");
}

#[tokio::test]
async fn of_a_lost_database_nobody_who_was_held_comes_back_under_the_same_name() {
    let (_dir, path) = place();
    let office = begun(&path).await;
    for command in [hold(partner()), revoke(2)] {
        ask(&office, command).await.unwrap();
    }
    office.close().await;
    for suffix in ["", ".checkpoint"] {
        std::fs::remove_file(crate::files::beside(&path, suffix)).unwrap();
    }
    let opened = open(&path).await.unwrap();
    assert_eq!((opened.recovered.lost, opened.recovered.put_back), (Some((0, 5)), 0));
    let told = Arc::new(Told::default());
    let office = Writer::start(opened, told.clone(), Arc::new(Turned::default())).await.unwrap();
    ask(&office, add_partner("acme")).await.unwrap();
    told.take();
    ask(&office, issue_key("acme", 1)).await.unwrap();
    ask(&office, issue_key("acme", 2)).await.unwrap();
    let snapshot = office.snapshot();
    assert_eq!(summary(&snapshot), "rev 6 partners 1 [key1:Narrowed key2:Revoked]");
    assert_eq!(
        told.take(),
        ["publish 4", "publish 6"],
        "nobody hears of the key before it is revoked again"
    );
    office.close().await;
    assert_eq!(summary(&open(&path).await.unwrap().state.snapshot()), summary(&snapshot));
}

#[tokio::test]
async fn a_hold_that_could_not_be_written_holds_after_a_kill() {
    let (_dir, path) = place();
    let office = begun(&path).await;
    let (reply, done) = oneshot::channel();
    office.sender().send(Ask::LimitPages(1, reply)).await.unwrap();
    done.await.unwrap();
    let mut n = 100;
    while ask(&office, issue_key("acme", n)).await.is_ok() {
        n += 1;
    }
    assert!(!ask(&office, hold(key(1))).await.unwrap().durable);
    // The process is killed: the file is as it was, and the lock is free.
    let copy = crate::files::beside(&path, ".copy");
    let opened = super::crash::after_a_kill(&path, &copy).await;
    assert_eq!((opened.recovered.lost, opened.recovered.put_back), (None, 1));
    assert!(summary(&opened.state.snapshot()).contains("[key1:Narrowed key2:Good"));
}

#[tokio::test]
async fn a_guard_that_lags_or_is_new_catches_up() {
    let (_dir, path) = place();
    let office = begun(&path).await;
    let before = std::fs::read(path_of(&path)).unwrap();
    ask(&office, hold(key(1))).await.unwrap();
    office.close().await;
    for guard in [Some(before), None] {
        match guard {
            Some(guard) => std::fs::write(path_of(&path), guard).unwrap(),
            None => std::fs::remove_file(path_of(&path)).unwrap(),
        }
        drop(open(&path).await.unwrap());
        let kept = crate::guard::read(&path).unwrap().unwrap();
        let revisions: Vec<u64> = kept.taken.records.iter().map(|record| record.rev).collect();
        assert_eq!((kept.size, revisions), (5, vec![4]));
    }
}

#[tokio::test]
async fn a_guard_is_believed_whole_or_not_at_all() {
    let (_dir, path) = place();
    let office = begun(&path).await;
    ask(&office, hold(key(1))).await.unwrap();
    office.close().await;
    let whole = std::fs::read(path_of(&path)).unwrap();
    for at in (0..whole.len() - 1).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x04;
        std::fs::write(path_of(&path), &bytes).unwrap();
        assert!(matches!(open(&path).await, Err(StoreError::GuardDamaged { .. })), "byte {at}");
        assert_eq!(std::fs::read(path_of(&path)).unwrap(), bytes, "it is left as it was");
    }
    let said = open(&path).await.unwrap_err().to_string();
    let said = said.replace(&path_of(&path).display().to_string(), "GUARD");
    insta::assert_snapshot!(said, @"`GUARD` is damaged at line 6: it keeps holds and revocations that an older copy of the store does not know; put back the copy of it that is whole, or move it away if the store was not put back to an older state");
    // The power went while a line was written: it was never answered for.
    std::fs::write(path_of(&path), &whole[..whole.len() - 9]).unwrap();
    assert!(open(&path).await.is_ok());
    for suffix in ["", ".checkpoint"] {
        std::fs::remove_file(crate::files::beside(&path, suffix)).unwrap();
    }
    let other = LogKey::from_seed("another/log", &[1; 32]).unwrap();
    let said = Store::open(Options { log_key: other, ..options(&path) }, Wall(0)).await;
    let said = said.unwrap_err().to_string();
    let said = said.replace(&path_of(&path).display().to_string(), "GUARD");
    insta::assert_snapshot!(said, @"`GUARD` guards the log `gate.example/log` and the configuration says `another/log`; use the log's own name, or move the guard away with its store");
}
