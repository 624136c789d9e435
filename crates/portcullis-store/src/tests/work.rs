//! What the store does when all is well, or full.

use std::sync::Arc;

use portcullis_audit::Checkpoint;
use portcullis_registry::{
    Command, Event, ImportedKey, ImportedState, Office, OfficeError, RotatedSecret, SubjectId, Use,
};
use portcullis_types::{KeyId, PartnerId, Revision, TierName, Wall};
use tokio::sync::oneshot;

use super::*;
use crate::writer::Ask;

#[tokio::test]
async fn a_new_store_is_private_and_opens_again_as_it_was() {
    let (_dir, path) = place();
    small_log(&path).await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
        assert_eq!(mode(&crate::files::checkpoint_path(&path)), 0o600);
    }
    let opened = open(&path).await.unwrap();
    let found = opened.recovered;
    assert_eq!((found.created, found.rotated, found.events), (false, false, 8));
    assert_eq!(summary(&opened.state.snapshot()), "rev 7 partners 1 [key1:Good key2:Revoked]");
    let (revision, files) = opened.policy.unwrap();
    assert_eq!((revision, files.len(), &*files[0].1), (Revision(4), 1, "version: 1\n"));
    drop(opened.store);
    let verification = Store::inspect(&path, Some(log_key(1).public())).await.unwrap();
    insta::assert_snapshot!(verification, @"8 events and 8 signed checkpoints are as they were written");
    assert!(verification.trusted_key);
}

#[tokio::test]
async fn the_judge_hears_of_a_narrowing_before_and_of_a_widening_after_it_is_durable() {
    let (_dir, path) = place();
    let told = Arc::new(Told::default());
    let opened = open(&path).await.unwrap();
    let office = Writer::start(opened, told.clone(), Arc::new(Turned::default())).await.unwrap();
    for command in [add_partner("acme"), issue_key("acme", 1), hold(key(1)), restore(key(1))] {
        ask(&office, command).await.unwrap();
    }
    let files = vec![("a.yaml".to_owned(), Arc::from("x"))];
    ask(&office, Command::PublishPolicy { files }).await.unwrap();
    insta::assert_snapshot!(told.take().join("\n"), @r#"
    publish 0
    publish 1
    publish 2
    narrow Key(KeyIx(0)) Hold investigation
    publish 3
    publish 4
    widen Key(KeyIx(0))
    policy 5 [("a.yaml", "x")]
    publish 5
    "#);
}

#[tokio::test]
async fn the_office_tells_what_happened_and_proves_it() {
    let (_dir, path) = place();
    let office = office(&path).await;
    ask(&office, add_partner("acme")).await.unwrap();
    let done = ask(&office, issue_key("acme", 1)).await.unwrap();
    assert_eq!((done.revision, done.durable, done.keys.len()), (Some(Revision(2)), true, 1));
    let events = office.events(Revision(1), 10).await.unwrap();
    assert_eq!(
        events.iter().map(|e| e.event.name()).collect::<Vec<_>>(),
        ["partner.added", "key.issued"]
    );
    let digest = portcullis_audit::sealed(events[0].leaf.as_bytes()).unwrap();
    insta::assert_snapshot!(events[0].leaf.replace(digest, "DIGEST"), @r#"{"actor":{"kind":"token"},"event":{"name":"Partner acme","partner":"acme","tier":"standard","type":"partner.added","use":"publishing"},"rev":1,"sealed":"DIGEST","ts":"2023-11-14T22:13:22.000Z","v":2}"#);
    let missing = office.event(Revision(9)).await.unwrap_err();
    insta::assert_snapshot!(missing, @"there is no event 9 yet; the newest is 2");
    assert!(office.checkpoint().await.unwrap().starts_with("gate.example/log\n3\n"));
    assert_eq!(office.checkpoints(0, 10).await.unwrap().len(), 3);
    assert!(office.verify(Vec::new()).await.unwrap().is_clean());
    let again = ask(&office, add_partner("acme")).await.unwrap_err();
    assert_eq!(again.code(), "exists");
    assert!(office.blob("00".to_owned()).await.is_err());
    // A reader that was there before sees what comes after.
    ask(&office, hold(key(1))).await.unwrap();
    assert_eq!(office.event(Revision(3)).await.unwrap().event.name(), "standing.held");
    office.close().await;
    assert_eq!(ask(&office, hold(key(1))).await, Err(OfficeError::Closed));
}

#[tokio::test]
async fn an_import_is_one_event_with_its_list_beside() {
    let (_dir, path) = place();
    let office = office(&path).await;
    let keys: Vec<_> = (0..2000u64)
        .map(|n| ImportedKey {
            id: KeyId::new(&format!("imp_{n:012x}")).unwrap(),
            digest: format!("{:032x}", u128::from(n + 1) << 64),
            partner: PartnerId::new(&format!("p{}", n % 7)).unwrap(),
            state: if n % 10 == 0 { ImportedState::Revoked } else { ImportedState::Active },
        })
        .collect();
    let create_partners = Some((TierName::new("standard").unwrap(), Use::Publishing));
    let import = Command::ImportKeys { keys, pepper: "p".to_owned(), create_partners };
    let done = ask(&office, import.clone()).await.unwrap();
    assert_eq!(
        (done.revision, &*done.what),
        (Some(Revision(1)), "2000 keys imported, 7 partners added")
    );
    let again = ask(&office, import).await.unwrap_err();
    assert_eq!(again.code(), "import_known");
    let before = summary(&office.snapshot());
    office.close().await;
    let opened = open(&path).await.unwrap();
    assert_eq!(summary(&opened.state.snapshot()), before);
    assert_eq!(opened.state.current().unlearned(), 0);
}

async fn limit(office: &OfficeHandle, pages: u32) {
    let (reply, done) = oneshot::channel();
    office.sender().send(Ask::LimitPages(pages, reply)).await.unwrap();
    done.await.unwrap();
}

#[tokio::test]
async fn a_hold_bites_on_a_full_disk_and_becomes_durable_when_there_is_room() {
    let (_dir, path) = place();
    let told = Arc::new(Told::default());
    let opened = open(&path).await.unwrap();
    let office = Writer::start(opened, told.clone(), Arc::new(Turned::default())).await.unwrap();
    ask(&office, add_partner("acme")).await.unwrap();
    for n in 0..4 {
        ask(&office, issue_key("acme", n)).await.unwrap();
    }
    limit(&office, 1).await;
    // The page in use still takes some events; go on until there is no room.
    let mut n = 100;
    let refused = loop {
        match ask(&office, issue_key("acme", n)).await {
            Ok(_) => n += 1,
            Err(error) => break error,
        }
        assert!(n < 1000, "the file grew although it is bounded");
    };
    insta::assert_snapshot!(refused, @"the store can't be written, nothing was changed: there is no space left for the file (disk full, quota or size limit)");
    assert!(office.health().durable, "nothing that bites is missing from the log");
    told.take();
    let done = ask(&office, hold(key(1))).await.unwrap();
    assert_eq!((done.durable, done.revision), (false, None));
    assert_eq!(told.take(), ["narrow Key(KeyIx(1)) Hold investigation"]);
    let twice = ask(&office, hold(key(1))).await.unwrap_err();
    assert_eq!(twice.code(), "already_held");
    ask(&office, revoke(2)).await.unwrap();
    assert_eq!(ask(&office, hold(key(2))).await.unwrap_err().code(), "revoked_never_returns");
    assert_eq!(ask(&office, revoke(2)).await.unwrap_err().code(), "already_revoked");
    assert_eq!(ask(&office, restore(key(1))).await.unwrap_err().code(), "not_held");
    let health = office.health();
    assert_eq!((health.durable, health.pending), (false, 2));
    assert!(health.last_error.unwrap().contains("no space left"));
    limit(&office, 1_000_000).await;
    told.take();
    ask(&office, hold(key(3))).await.unwrap();
    let health = office.health();
    assert_eq!((health.durable, health.pending, health.last_error), (true, 0, None));
    assert_eq!(told.take().len(), 4, "two catch up, one is new and says so twice");
    let before = summary(&office.snapshot());
    assert!(before.contains("key1:Narrowed key2:Revoked key3:Narrowed"), "{before}");
    office.close().await;
    let opened = open(&path).await.unwrap();
    assert_eq!(summary(&opened.state.snapshot()), before);
}

#[tokio::test]
async fn what_waits_is_written_without_anybody_asking() {
    let (_dir, path) = place();
    let office = office(&path).await;
    ask(&office, add_partner("acme")).await.unwrap();
    ask(&office, issue_key("acme", 1)).await.unwrap();
    limit(&office, 1).await;
    let mut n = 100;
    while ask(&office, issue_key("acme", n)).await.is_ok() {
        n += 1;
    }
    assert!(!ask(&office, hold(key(1))).await.unwrap().durable);
    limit(&office, 1_000_000).await;
    while !office.health().durable {
        tokio::task::yield_now().await;
    }
    let last = office.snapshot().revision().unwrap();
    assert_eq!(office.event(last).await.unwrap().event.name(), "standing.held");
}

#[tokio::test]
async fn the_log_key_is_rotated_by_giving_both_and_later_the_new_one() {
    let (_dir, path) = place();
    small_log(&path).await;
    let with = |new: u8, old: Option<u8>| Options {
        path: path.clone(),
        log_key: log_key(new),
        previous_log_key: old.map(log_key),
    };
    let refused = Store::open(with(2, None), Wall(0)).await.unwrap_err().to_string();
    insta::assert_snapshot!(refused, @"the configured log key is `gate.example/log+dd1fb409+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU` and the log is signed by `gate.example/log+5bdbd508+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c`; configure that key again, or, to rotate, give it as the previous log key beside the new one");
    assert!(Store::open(with(2, Some(3)), Wall(0)).await.is_err());
    let opened = Store::open(with(2, Some(1)), Wall(0)).await.unwrap();
    assert!(opened.recovered.rotated);
    let office = Writer::start(opened, Arc::new(()), Arc::new(Turned::default())).await.unwrap();
    let last = office.event(Revision(8)).await.unwrap().event;
    assert!(matches!(
        last,
        Event::SecretRotated { what: RotatedSecret::LogKey, log_key: Some(_), .. }
    ));
    ask(&office, hold(SubjectId::Partner(PartnerId::new("acme").unwrap()))).await.unwrap();
    assert!(office.verify(Vec::new()).await.unwrap().is_clean());
    office.close().await;
    assert!(Store::open(with(1, None), Wall(0)).await.is_err(), "the old key has ended");
    let again = Store::open(with(2, Some(1)), Wall(0)).await.unwrap();
    assert!(!again.recovered.rotated, "the previous key may stay configured");
    drop(again);
    // Both sign as long as both are configured.
    for (old, by_the_old_one, partner) in [(Some(1), true, "p2"), (None, false, "p3")] {
        let opened = Store::open(with(2, old), Wall(0)).await.unwrap();
        let office =
            Writer::start(opened, Arc::new(()), Arc::new(Turned::default())).await.unwrap();
        ask(&office, add_partner(partner)).await.unwrap();
        let note = office.checkpoint().await.unwrap();
        for (key, signed) in [(1, by_the_old_one), (2, true)] {
            let opened = Checkpoint::signed_by(&note, log_key(key).public());
            assert_eq!(opened.is_ok(), signed, "key {key}: {note}");
            let found = Store::inspect(&path, Some(log_key(key).public())).await.unwrap();
            assert_eq!(found.is_clean(), signed, "key {key}: {found}");
        }
        office.close().await;
    }
    let other = LogKey::from_seed("another/log", &[2; 32]).unwrap();
    let refused = Store::open(Options { log_key: other, ..with(2, None) }, Wall(0)).await;
    assert!(matches!(refused, Err(StoreError::OtherName { .. })));
}

#[tokio::test]
async fn time_in_the_log_never_goes_back() {
    #[derive(Debug)]
    struct Early;
    impl Clock for Early {
        fn now(&self) -> Now {
            Now { wall: Wall(5), mono: Mono(0) }
        }
    }
    let (_dir, path) = place();
    small_log(&path).await;
    let office =
        Writer::start(open(&path).await.unwrap(), Arc::new(()), Arc::new(Early)).await.unwrap();
    ask(&office, hold(key(1))).await.unwrap();
    let events = office.events(Revision(7), 2).await.unwrap();
    assert_eq!(events[0].at, events[1].at);
}

#[tokio::test]
async fn the_export_checks_out_by_its_own_format() {
    let (_dir, path) = place();
    small_log(&path).await;
    let mut lines = Vec::new();
    Store::export(&path, &mut |line| {
        lines.push(line);
        true
    })
    .await
    .unwrap();
    assert_eq!(lines.len(), 16);
    assert!(lines[0].starts_with(r#"{"kind":"event","rev":0,"leaf":"{\"actor\""#), "{}", lines[0]);
    assert!(lines[1].starts_with(r#"{"kind":"checkpoint","size":1,"note":"gate.example/log\n1\n"#));
}
