//! Which checkpoints stay as a log grows.

use portcullis_registry::Event;

use super::*;
use crate::append::Batch;

/// Appends batches of fifty partners.
async fn grow(opened: &mut Opened, batches: std::ops::Range<u64>) {
    for batch in batches {
        let event = |at: u64| Event::PartnerAdded {
            partner: PartnerId::new(&format!("p{batch}-{at}")).unwrap(),
            name: "A partner".to_owned(),
            tier: None,
            r#use: Use::Publishing,
            declared_use: String::new(),
            scopes: None,
        };
        let batch = Batch {
            at: Wall(1_700_000_000_000),
            actor: ops(),
            approved: None,
            events: (0..50).map(event).collect(),
            blobs: Vec::new(),
            grants: Vec::new(),
        };
        opened.store.log.append(&batch).await.unwrap();
    }
}

#[tokio::test]
async fn of_older_runs_one_checkpoint_stays_and_those_of_two_keys() {
    let (_dir, path) = place();
    drop(open(&path).await.unwrap());
    let rotate =
        Options { log_key: log_key(2), previous_log_key: Some(log_key(1)), ..options(&path) };
    let mut opened = Store::open(rotate, Wall(1_700_000_000_000)).await.unwrap();
    grow(&mut opened, 0..2).await;
    let lagging = std::fs::read(crate::files::checkpoint_path(&path)).unwrap();
    grow(&mut opened, 2..40).await;
    drop(opened);
    let mut reader = crate::database::reader(&path).await.unwrap();
    let notes = crate::database::checkpoints(&mut reader, &path, 0, 100).await.unwrap();
    crate::database::close(reader).await;
    let sizes: Vec<u64> = notes.iter().map(|(size, _)| *size).collect();
    let recent: Vec<u64> = (0..25).map(|at| 802 + 50 * at).collect();
    assert_eq!(sizes, [&[2, 252, 502, 752][..], &recent].concat());
    // A copy beside that was not renewed for long names a checkpoint that is gone, and is compared
    // all the same.
    std::fs::write(crate::files::checkpoint_path(&path), lagging).unwrap();
    let found = Store::inspect(&path, Some(log_key(2).public())).await.unwrap();
    assert!(found.is_clean() && found.events == 2002, "{found}");
    std::fs::write(crate::files::checkpoint_path(&path), &notes[1].1[..40]).unwrap();
    assert!(!Store::inspect(&path, None).await.unwrap().is_clean());
    let other = place();
    let foreign = Options { log_key: log_key(3), ..options(&other.1) };
    drop(Store::open(foreign, Wall(0)).await.unwrap());
    let foreign = std::fs::read(crate::files::checkpoint_path(&other.1)).unwrap();
    std::fs::write(crate::files::checkpoint_path(&path), foreign).unwrap();
    let found = Store::inspect(&path, None).await.unwrap().fault.unwrap();
    assert_eq!(found.revision, Some(0), "{found}");
}
