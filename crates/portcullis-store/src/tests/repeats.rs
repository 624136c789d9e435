//! Answers to repeated calls: there after a restart, the newest of a day, each space for itself.

use portcullis_types::Wall;

use crate::{RepeatRow, Repeats};

const DAY: u64 = 86_400_000;

fn row(n: u8, at: u64, status: Option<u16>) -> RepeatRow {
    let answer = format!("answer {n}").into_bytes();
    RepeatRow { name: vec![n], owner: vec![0], body: vec![1], at: Wall(at), status, answer }
}

#[tokio::test]
async fn what_is_kept_is_there_after_a_restart_and_no_longer_than_a_day() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("gate.db");
    let kept = Repeats::open(&store).await.unwrap();
    kept.keep("admin", &row(1, 10, None), 100).await.unwrap();
    kept.keep("admin", &row(1, 10, Some(201)), 100).await.unwrap();
    kept.keep("admin", &row(2, 11, None), 100).await.unwrap();
    kept.keep("partners", &row(1, 12, Some(200)), 100).await.unwrap();
    kept.keep("admin", &row(3, 13, Some(200)), 100).await.unwrap();
    kept.forget("admin", &[3]).await.unwrap();
    drop(kept);
    let kept = Repeats::open(&store).await.unwrap();
    let admin = [row(1, 10, Some(201)), row(2, 11, None)];
    assert_eq!(kept.all("admin").await.unwrap(), admin);
    assert_eq!(kept.all("partners").await.unwrap(), [row(1, 12, Some(200))]);
    kept.keep("admin", &row(4, DAY + 10, None), 100).await.unwrap();
    assert_eq!(kept.all("admin").await.unwrap(), [row(2, 11, None), row(4, DAY + 10, None)]);
    assert_eq!(kept.all("partners").await.unwrap().len(), 1, "another space");
}

#[tokio::test]
async fn the_oldest_go_where_there_are_too_many() {
    let dir = tempfile::tempdir().unwrap();
    let kept = Repeats::open(&dir.path().join("gate.db")).await.unwrap();
    for n in 0..10 {
        kept.keep("admin", &row(n, u64::from(n), None), 3).await.unwrap();
    }
    let names: Vec<_> = kept.all("admin").await.unwrap().iter().map(|row| row.name[0]).collect();
    assert_eq!(names, [6, 7, 8, 9], "three, and the one that came last");
}
