//! What the store refuses to open, and what it says.

use sqlx::ConnectOptions;

use super::*;

/// The message with the directory taken out.
fn told(error: &StoreError, dir: &TempDir) -> String {
    error.to_string().replace(&*dir.path().to_string_lossy(), "…")
}

pub(super) async fn alter(path: &Path, sql: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut connection = options.connect().await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    crate::database::close(connection).await;
}

#[tokio::test]
async fn a_store_in_use_says_who_has_it() {
    let (dir, path) = place();
    let first = open(&path).await.unwrap();
    let error = open(&path).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &dir), @"`…/data/portcullis.db` is in use: another portcullis holds `…/data/portcullis.db.lock`; stop that one first, or give this one a store of its own");
    let verification = Store::inspect(&path, None).await.unwrap();
    assert!(verification.is_clean(), "looking needs no lock");
    drop(first);
    open(&path).await.unwrap();
}

#[tokio::test]
async fn a_store_of_a_newer_program_is_left_alone() {
    let (dir, path) = place();
    small_log(&path).await;
    alter(&path, "UPDATE meta SET schema = 7").await;
    let error = open(&path).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &dir), @"`…/data/portcullis.db` has schema version 7 and this program knows 1; install the newer portcullis that wrote it");
}

#[tokio::test]
async fn other_files_are_not_taken_for_a_store() {
    let (dir, path) = place();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "version: 1\n".repeat(100)).unwrap();
    let error = open(&path).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &dir), @"`…/data/portcullis.db` is not a Portcullis store: it is no SQLite database; name the right file, or move this one away to start a new log");
    std::fs::remove_file(&path).unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::query("CREATE TABLE songs (name TEXT)").execute(&mut connection).await.unwrap();
    crate::database::close(connection).await;
    let error = open(&path).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &dir), @"`…/data/portcullis.db` is not a Portcullis store: it is an SQLite database with other tables; name the right file, or move this one away to start a new log");
    let error = open(dir.path()).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &dir), @"`…` is not a Portcullis store: it is a directory; name the right file, or move this one away to start a new log");
}

#[tokio::test]
async fn a_store_whose_first_bytes_were_changed_is_damaged_and_not_foreign() {
    let (dir, path) = place();
    small_log(&path).await;
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[3] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = open(&path).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &dir), @"`…/data/portcullis.db` is damaged: its first bytes are not those of an SQLite database, and there is a checkpoint beside it; restore it from a backup (the file was left untouched)");
}

#[tokio::test]
async fn a_truncated_store_is_named_and_untouched() {
    let (dir, path) = place();
    small_log(&path).await;
    let whole = std::fs::read(&path).unwrap();
    for length in [whole.len() - 1, 4096, 60] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = open(&path).await.unwrap_err();
        assert!(matches!(error, StoreError::Truncated { .. }), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), &whole[..length]);
    }
    let error = open(&path).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &dir), @"`…/data/portcullis.db` is truncated: it has 60 bytes of 4096; restore it from a backup (the file was left untouched)");
    std::fs::write(&path, "").unwrap();
    let error = open(&path).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &dir), @"`…/data/portcullis.db` is damaged at revision 0: the log is gone: a checkpoint beside it is signed for 8 events and 0 are there; restore it from a backup (the file was left untouched)");
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named() {
    let (dir, path) = place();
    std::fs::write(dir.path().join("data"), "a file where the directory should be").unwrap();
    let error = open(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::NotWritable { .. }), "{error}");
    assert!(error.to_string().contains("check that the directory exists"));
    let error = Store::inspect(&dir.path().join("none.db"), None).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &dir), @"can't read `…/none.db`: there is no store; `portcullis init` makes one");
}

#[tokio::test]
async fn a_removed_last_event_is_missed_by_the_checkpoint_within_and_the_one_beside() {
    let (dir, path) = place();
    small_log(&path).await;
    alter(&path, "DELETE FROM events WHERE rev = 7").await;
    let error = open(&path).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &dir), @"`…/data/portcullis.db` is damaged at revision 7: the log was cut: a checkpoint is signed for 8 events and 7 are there; restore it from a backup (the file was left untouched)");
    alter(&path, "DELETE FROM checkpoints WHERE size = 8").await;
    let error = open(&path).await.unwrap_err();
    insta::assert_snapshot!(told(&error, &dir), @"`…/data/portcullis.db` is damaged at revision 7: the log was cut: a checkpoint is signed for 8 events and 7 are there; restore it from a backup (the file was left untouched)");
    let found = Store::inspect(&path, None).await.unwrap();
    assert_eq!(found.fault.unwrap().revision, Some(7));
    // Without the witness the guard says so, and the key stays revoked.
    std::fs::remove_file(crate::files::checkpoint_path(&path)).unwrap();
    let found = open(&path).await.unwrap().recovered;
    assert_eq!((found.lost, found.put_back, found.events), (Some((7, 7)), 1, 9));
}
