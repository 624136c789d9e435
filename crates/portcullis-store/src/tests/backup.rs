//! Copies of a store, made and put back.

use portcullis_registry::Office;

use super::*;
use crate::files::beside;
use crate::{PutBack, Wanted};

const NOW: Wall = Wall(1_700_000_000_000);

async fn put_back(path: &Path, dir: &Path, accept_loss: bool) -> Result<PutBack, StoreError> {
    put_back_or(path, dir, (accept_loss, false)).await
}

/// The same, or only looked at.
async fn put_back_or(
    path: &Path,
    dir: &Path,
    (accept_loss, dry_run): (bool, bool),
) -> Result<PutBack, StoreError> {
    let (key, peppers) = (log_key(1), ["abcd1234".to_owned()]);
    let wanted = Wanted { log_key: key.public(), peppers: &peppers, accept_loss, dry_run };
    Store::restore(path, dir, wanted).await
}

fn for_its_owner_only(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
}

fn told(error: &StoreError, dir: &TempDir) -> String {
    error.to_string().replace(&dir.path().display().to_string(), "…")
}

#[tokio::test]
async fn a_backup_made_in_use_is_put_back_and_what_was_taken_since_stays_taken() {
    let (dir, path) = place();
    let office = office(&path).await;
    for command in [add_partner("acme"), issue_key("acme", 1), issue_key("acme", 2)] {
        ask(&office, command).await.unwrap();
    }
    crate::files::replace(&path.with_extension("usage"), b"calls").unwrap();
    std::fs::write(path.with_extension("repeats.db"), "answers").unwrap();
    let outbox = crate::Outbox::open(&path).await.unwrap();
    let backup = dir.path().join("backup");
    let made = Store::backup(&path, &backup, NOW).await.unwrap();
    assert_eq!((made.events, made.peppers.as_slice()), (4, &["abcd1234".to_owned()][..]));
    let names: Vec<_> = made.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        ["db", "db.checkpoint", "usage", "hooks.db"].map(|name| format!("portcullis.{name}"))
    );
    names.iter().for_each(|name| for_its_owner_only(&backup.join(name)));
    ask(&office, hold(key(1))).await.unwrap();
    ask(&office, revoke(2)).await.unwrap();
    let busy = put_back(&path, &backup, true).await.unwrap_err();
    assert!(matches!(busy, StoreError::Locked { .. }), "{busy}");
    let looked = put_back_or(&path, &backup, (false, true)).await.unwrap();
    assert_eq!((looked.events_before, looked.lost, looked.kept), (Some(6), Some((4, 5)), 2));
    assert_eq!(looked.aside, None, "only looked at, and that while it is served");
    let before = office.snapshot();
    office.close().await;
    drop(outbox);
    let refused = put_back(&path, &backup, false).await.unwrap_err();
    insta::assert_snapshot!(told(&refused, &dir), @"the backup is older than `…/data/portcullis.db`: events 4 to 5 would be lost, and the 2 holds and ends of keys among them would stay in force; say `--accept-loss` to put it back all the same");
    assert_eq!(open(&path).await.unwrap().recovered.events, 6, "nothing was changed");
    let done = put_back(&path, &backup, true).await.unwrap();
    assert_eq!((done.events_before, done.lost, done.kept), (Some(6), Some((4, 5)), 2));
    let aside = done.aside.unwrap();
    assert!(Store::inspect(&aside, None).await.unwrap().is_clean());
    let opened = open(&path).await.unwrap();
    assert_eq!((opened.recovered.lost, opened.recovered.put_back), (Some((4, 5)), 2));
    let now = summary(&opened.state.snapshot());
    assert_eq!(now.split_once('[').unwrap().1, summary(&before).split_once('[').unwrap().1);
    assert_eq!(std::fs::read(path.with_extension("usage")).unwrap(), b"calls");
    for_its_owner_only(&path);
    for_its_owner_only(&path.with_extension("hooks.db"));
    assert!(
        !path.with_extension("repeats.db").exists(),
        "answers of what is lost are not repeated"
    );
}

#[tokio::test]
async fn cosignatures_of_what_is_lost_go_whatever_the_store_is_called() {
    let (dir, path) = place();
    for name in ["log.db", "log.sqlite", "log"] {
        let path = path.with_file_name(name);
        small_log(&path).await;
        let backup = dir.path().join(format!("backup of {name}"));
        Store::backup(&path, &backup, NOW).await.unwrap();
        let cosigned = beside(&path, ".cosigned");
        std::fs::write(&cosigned, "what witnesses signed").unwrap();
        put_back(&path, &backup, false).await.unwrap();
        assert!(!cosigned.exists(), "{name}");
    }
}

#[tokio::test]
async fn a_lost_or_damaged_store_is_put_back_too() {
    let (dir, path) = place();
    small_log(&path).await;
    let backup = dir.path().join("backup");
    Store::backup(&path, &backup, NOW).await.unwrap();
    for damage in ["gone", "torn"] {
        match damage {
            "gone" => std::fs::remove_file(&path).unwrap(),
            _ => std::fs::write(&path, "SQLite format 3\0 and no more").unwrap(),
        }
        assert!(open(&path).await.is_err(), "{damage}");
        let done = put_back(&path, &backup, false).await.unwrap();
        assert_eq!(done.lost, None, "{damage}");
        let opened = open(&path).await.unwrap();
        let found = opened.recovered;
        assert_eq!((found.events, found.lost, found.put_back), (8, None, 0), "{damage}");
        let clock = Arc::new(Turned::default());
        Writer::start(opened, Arc::new(()), clock).await.unwrap().close().await;
    }
}

#[tokio::test]
async fn what_is_no_whole_backup_is_refused() {
    let (dir, path) = place();
    small_log(&path).await;
    let backup = dir.path().join("backup");
    Store::backup(&path, &backup, NOW).await.unwrap();
    let twice = Store::backup(&path, &backup, NOW).await.unwrap_err();
    insta::assert_snapshot!(told(&twice, &dir), @"`…/backup` can't be used as a backup: it holds files already; name a new directory");
    let (key, peppers) = (log_key(1), ["other".to_owned()]);
    let wanted =
        Wanted { log_key: key.public(), peppers: &peppers, accept_loss: true, dry_run: false };
    let pepper = Store::restore(&path, &backup, wanted).await.unwrap_err();
    insta::assert_snapshot!(told(&pepper, &dir), @"`…/backup` can't be used as a backup: its keys were made under the pepper `abcd1234`, which is not configured: no key would be known; configure it as `pepper` or `pepper_previous`");
    let stranger = log_key(2);
    let wanted = Wanted { log_key: stranger.public(), ..wanted };
    assert!(Store::restore(&path, &backup, wanted).await.is_err());
    let mut bytes = std::fs::read(backup.join("portcullis.db")).unwrap();
    bytes[5000] ^= 1;
    std::fs::write(backup.join("portcullis.db"), bytes).unwrap();
    let flipped = put_back(&path, &backup, true).await.unwrap_err();
    insta::assert_snapshot!(told(&flipped, &dir), @"`…/backup` can't be used as a backup: `portcullis.db` is not as it was written; use another backup");
    let none = put_back(&path, &dir.path().join("none"), true).await.unwrap_err();
    insta::assert_snapshot!(told(&none, &dir), @"`…/none` can't be used as a backup: it holds no `backup.json`; name a directory that `portcullis store backup` made");
    assert_eq!(open(&path).await.unwrap().recovered.events, 8);
}
