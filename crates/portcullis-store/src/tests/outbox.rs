//! The outbox: nothing is lost over a restart, nothing is sent twice, a secret goes with its hook.

use portcullis_types::{Revision, Wall};

use crate::{Backlog, Bytes, KeptHook, NewDelivery, Outbox, Tried};

fn hook(id: &str, cursor: u64) -> KeptHook {
    KeptHook {
        id: id.to_owned(),
        partner: "acme".to_owned(),
        url: format!("https://{id}.example/in"),
        secret: Bytes(b"a very secret secret of a hook".to_vec()),
        added: Wall(5),
        cursor: Revision(cursor),
        previous: None,
    }
}

fn message(rev: u64) -> NewDelivery {
    NewDelivery {
        message: format!("ntc_{rev}"),
        kind: "standing.held".to_owned(),
        body: "{}".to_owned(),
    }
}

fn failed(at: u64, next: Option<u64>) -> Tried {
    Tried { at: Wall(at), taken: false, status: Some(500), said: None, next: next.map(Wall) }
}

async fn due(outbox: &Outbox, now: u64) -> Vec<(String, String)> {
    let due = outbox.due(Wall(now), 10).await.unwrap();
    due.into_iter().map(|due| (due.hook.id, due.message.message)).collect()
}

#[tokio::test]
async fn what_waits_is_there_after_a_restart_and_no_message_twice() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("gate.db");
    let outbox = Outbox::open(&store).await.unwrap();
    outbox.add(&hook("one", 3)).await.unwrap();
    outbox.add(&hook("two", 3)).await.unwrap();
    outbox.take("one", Revision(9), &[message(4), message(7)], Wall(100)).await.unwrap();
    outbox.take("two", Revision(9), &[message(7)], Wall(101)).await.unwrap();
    drop(outbox);
    let outbox = Outbox::open(&store).await.unwrap();
    // As after a crash between sending the cursor and looking at it again.
    outbox.take("one", Revision(8), &[message(7)], Wall(102)).await.unwrap();
    let hooks = outbox.hooks().await.unwrap();
    assert_eq!(hooks, [hook("one", 9), hook("two", 9)]);
    let both = [("one", "ntc_4"), ("two", "ntc_7")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(due(&outbox, 200).await, both, "the oldest of each hook");
    assert_eq!(due(&outbox, 100).await, both[..1], "each at its time");
    assert_eq!(outbox.deliveries("one", None, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn tries_are_written_down_until_one_is_taken_and_can_be_asked_for_again() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(&dir.path().join("gate.db")).await.unwrap();
    outbox.add(&hook("one", 0)).await.unwrap();
    outbox.take("one", Revision(2), &[message(1)], Wall(100)).await.unwrap();
    let id = outbox.due(Wall(100), 10).await.unwrap()[0].id;
    outbox.record(id, &failed(100, Some(150))).await.unwrap();
    assert!(due(&outbox, 149).await.is_empty());
    let again = &outbox.due(Wall(150), 10).await.unwrap()[0];
    assert_eq!((again.failures, again.made), (1, Wall(100)));
    outbox.record(id, &failed(150, None)).await.unwrap();
    assert!(due(&outbox, u64::MAX).await.is_empty(), "given up");
    assert!(outbox.replay("one", id, Wall(300)).await.unwrap());
    assert!(!outbox.replay("two", id, Wall(300)).await.unwrap(), "of another hook");
    let taken = Tried { at: Wall(301), taken: true, status: Some(204), said: None, next: None };
    assert_eq!(due(&outbox, 300).await.len(), 1);
    outbox.record(id, &taken).await.unwrap();
    let row = &outbox.deliveries("one", None, 10).await.unwrap()[0];
    assert_eq!((row.done, row.status, row.next), (Some(Wall(301)), Some(204), None));
}

#[tokio::test]
async fn a_hook_goes_with_its_secret_and_its_messages() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("gate.db");
    let outbox = Outbox::open(&store).await.unwrap();
    outbox.add(&hook("one", 0)).await.unwrap();
    assert!(outbox.add(&hook("one", 0)).await.is_err(), "an id is given once");
    outbox.take("one", Revision(2), &[message(1)], Wall(100)).await.unwrap();
    assert!(!format!("{:?}", outbox.hooks().await.unwrap()).contains("97"), "shown as bytes");
    assert!(outbox.remove("one").await.unwrap());
    assert!(!outbox.remove("one").await.unwrap());
    assert!(due(&outbox, u64::MAX).await.is_empty());
    assert!(outbox.deliveries("one", None, 10).await.unwrap().is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_owner_only_and_no_other_file_is_taken_for_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("gate.db");
    drop(Outbox::open(&store).await.unwrap());
    let path = dir.path().join("gate.hooks.db");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let store = dir.path().join("other.db");
    let path = dir.path().join("other.hooks.db");
    std::fs::write(&path, "not a database, but long enough to be looked at as one").unwrap();
    let error = Outbox::open(&store).await.unwrap_err().to_string();
    assert!(error.contains("other.hooks.db"), "{error}");
}

#[tokio::test]
async fn a_hook_signs_with_both_secrets_until_the_old_one_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(&dir.path().join("gate.db")).await.unwrap();
    outbox.add(&hook("one", 0)).await.unwrap();
    let new = Bytes(b"another secret secret of a hook".to_vec());
    assert!(!outbox.rotate("two", &new, Wall(50)).await.unwrap(), "there is none");
    assert!(outbox.rotate("one", &new, Wall(50)).await.unwrap());
    outbox.forget_secrets(Wall(49)).await.unwrap();
    let both = outbox.hooks().await.unwrap().remove(0);
    let before = hook("one", 0).secret;
    assert_eq!((&both.secret, both.previous), (&new, Some((before, Wall(50)))));
    outbox.forget_secrets(Wall(50)).await.unwrap();
    let one = outbox.hooks().await.unwrap().remove(0);
    assert_eq!((one.secret, one.previous), (new, None));
}

#[tokio::test]
async fn a_file_of_before_secrets_changed_is_read_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("gate.db");
    let outbox = Outbox::open(&store).await.unwrap();
    for column in ["previous", "previous_until"] {
        let sql = format!("ALTER TABLE hooks DROP COLUMN {column}");
        let query = sqlx::query(sqlx::AssertSqlSafe(sql));
        query.execute(&mut *outbox.0.connection.lock().await).await.unwrap();
    }
    drop(outbox);
    let outbox = Outbox::open(&store).await.unwrap();
    outbox.add(&hook("one", 3)).await.unwrap();
    assert_eq!(outbox.hooks().await.unwrap(), [hook("one", 3)]);
}

#[tokio::test]
async fn what_waits_and_what_was_given_up_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(&dir.path().join("gate.db")).await.unwrap();
    assert_eq!(outbox.backlog().await.unwrap(), Backlog::default());
    outbox.add(&hook("one", 0)).await.unwrap();
    outbox.add(&hook("two", 0)).await.unwrap();
    outbox.take("one", Revision(9), &[message(4), message(7)], Wall(100)).await.unwrap();
    outbox.take("two", Revision(9), &[message(7)], Wall(101)).await.unwrap();
    let first = outbox.due(Wall(100), 1).await.unwrap()[0].id;
    outbox.record(first, &failed(100, None)).await.unwrap();
    let expected = Backlog { waiting: 2, oldest: Some(Wall(100)), given_up: 1 };
    assert_eq!(outbox.backlog().await.unwrap(), expected);
    let sent = outbox.sent("ntc_7").await.unwrap();
    let hooks: Vec<_> = sent.iter().map(|row| row.hook.as_str()).collect();
    assert_eq!(hooks, ["one", "two"]);
}

#[tokio::test]
async fn what_is_done_and_old_is_forgotten_but_for_whom_a_case_is_about() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(&dir.path().join("gate.db")).await.unwrap();
    let other = KeptHook { partner: "zenith".to_owned(), ..hook("two", 3) };
    for hook in [&hook("one", 3), &other] {
        outbox.add(hook).await.unwrap();
        outbox.take(&hook.id, Revision(9), &[message(4), message(7)], Wall(100)).await.unwrap();
        outbox.take(&hook.id, Revision(9), &[message(8)], Wall(200)).await.unwrap();
    }
    // One of each hook waits still.
    for due in outbox.due(Wall(100), 10).await.unwrap() {
        outbox.record(due.id, &failed(100, None)).await.unwrap();
    }
    let left = async |outbox: &Outbox| {
        let one = outbox.deliveries("one", None, 10).await.unwrap().len();
        (one, outbox.deliveries("two", None, 10).await.unwrap().len())
    };
    let kept = ["acme".to_owned()];
    assert_eq!(outbox.old(Wall(100), &[]).await.unwrap(), 0, "not old enough");
    assert_eq!(outbox.old(Wall(150), &[]).await.unwrap(), 2);
    assert_eq!(outbox.old(Wall(150), &kept).await.unwrap(), 1);
    outbox.forget(Wall(150), &kept).await.unwrap();
    assert_eq!(left(&outbox).await, (3, 2));
    outbox.forget(Wall(150), &[]).await.unwrap();
    assert_eq!(left(&outbox).await, (2, 2));
    assert_eq!(outbox.old(Wall(1000), &[]).await.unwrap(), 0, "what waits is not forgotten");
}
