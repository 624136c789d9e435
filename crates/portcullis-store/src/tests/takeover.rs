//! One store, two processes that serve, one that writes.

use portcullis_audit::{Leaf, encode};

use super::*;

async fn follow(path: &Path) -> crate::Following {
    Store::follow(options(path)).await.unwrap()
}

async fn take(following: crate::Following) -> Result<Opened, StoreError> {
    following.take(Wall(1_700_000_000_000)).await
}

/// A writer whose sink is listened to.
async fn told_office(opened: Opened) -> (OfficeHandle, Arc<Told>) {
    let told = Arc::new(Told::default());
    let clock = Arc::new(Turned::default());
    (Writer::start(opened, told.clone(), clock).await.unwrap(), told)
}

#[tokio::test]
async fn one_process_takes_over_what_another_wrote_to_the_last() {
    let (_dir, path) = place();
    let (old, told) = told_office(open(&path).await.unwrap()).await;
    for command in [add_partner("acme"), issue_key("acme", 1)] {
        ask(&old, command).await.unwrap();
    }
    let (early, following) = (follow(&path).await, follow(&path).await);
    assert_eq!(following.events(), 3);
    // It goes on writing while it is read.
    ask(&old, issue_key("acme", 2)).await.unwrap();
    let locked = take(early).await.unwrap_err();
    assert!(matches!(locked, StoreError::Locked { .. }), "{locked}");
    let mut follower = old.let_go().await.unwrap();
    assert_eq!(ask(&old, hold(key(1))).await, Err(OfficeError::Closed));
    let opened = take(following).await.unwrap();
    assert_eq!((opened.recovered.events, opened.state.current().keys().count()), (4, 2));
    let (new, _) = told_office(opened).await;
    told.take();
    assert_eq!(follower.look().await.unwrap(), 0);
    ask(&new, hold(key(1))).await.unwrap();
    let files = vec![("a.yaml".to_owned(), Arc::from("x"))];
    ask(&new, Command::PublishPolicy { files }).await.unwrap();
    ask(&new, issue_key("acme", 3)).await.unwrap();
    assert_eq!(follower.look().await.unwrap(), 3);
    insta::assert_snapshot!(told.take().join("\n"), @r#"
    policy 5 [("a.yaml", "x")]
    publish 6
    "#);
    assert_eq!(summary(&old.snapshot()), summary(&new.snapshot()), "both know the same");
    assert!(old.event(Revision(6)).await.is_ok(), "who let go still reads");
    assert_eq!((old.close().await, new.close().await), (0, 0));
    let verification = Store::inspect(&path, Some(log_key(1).public())).await.unwrap();
    insta::assert_snapshot!(verification, @"7 events and 7 signed checkpoints are as they were written");
}

#[tokio::test]
async fn what_was_cut_off_between_reading_and_taking_is_seen() {
    let (_dir, path) = place();
    let old = office(&path).await;
    for command in [add_partner("acme"), issue_key("acme", 1)] {
        ask(&old, command).await.unwrap();
    }
    let following = follow(&path).await;
    ask(&old, hold(key(1))).await.unwrap();
    old.let_go().await.unwrap();
    refuse::alter(&path, "DELETE FROM events WHERE rev = 3").await;
    refuse::alter(&path, "DELETE FROM checkpoints WHERE size = 4").await;
    let error = take(following).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn nothing_is_taken_over_where_there_is_no_log() {
    let (_dir, path) = place();
    let error = Store::follow(options(&path)).await.unwrap_err();
    assert!(error.to_string().ends_with("there is no log to take over"), "{error}");
}

#[tokio::test]
async fn who_lets_go_does_not_pass_over_an_event_that_it_does_not_know() {
    let (_dir, path) = place();
    let old = office(&path).await;
    let mut follower = old.let_go().await.unwrap();
    let event = serde_json::json!({"type": "moon.risen"});
    let leaf = Leaf { rev: 1, at: Wall(1_700_000_000_000), actor: ops(), approved: None, event };
    let leaf = String::from_utf8(encode(&leaf).unwrap()).unwrap();
    let insert =
        format!("INSERT INTO events (rev, leaf, hash) VALUES (1, CAST('{leaf}' AS BLOB), x'00')");
    refuse::alter(&path, insert.leak()).await;
    let error = follower.look().await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn who_lets_go_takes_in_no_set_that_was_changed_in_the_file() {
    let (_dir, path) = place();
    let old = office(&path).await;
    let following = follow(&path).await;
    let mut follower = old.let_go().await.unwrap();
    let (new, _) = told_office(take(following).await.unwrap()).await;
    let files = vec![("a.yaml".to_owned(), Arc::from("x"))];
    ask(&new, Command::PublishPolicy { files }).await.unwrap();
    new.close().await;
    refuse::alter(&path, "UPDATE blobs SET body = CAST('y' AS BLOB)").await;
    let error = follower.look().await.unwrap_err().to_string();
    assert!(error.contains("was changed"), "{error}");
}
