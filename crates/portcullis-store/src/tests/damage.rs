//! Flipped bytes in the file itself.

use portcullis_audit::Hash;
use portcullis_registry::CaseCommand;
use portcullis_types::CaseId;
use sha2::{Digest, Sha256};

use super::*;

/// The verdict of both ways to look at a file: the fault each names, as text.
async fn verdicts(path: &Path) -> (Option<String>, Option<String>) {
    let opened = open(path).await.err().map(|error| error.to_string());
    let inspected = match Store::inspect(path, None).await {
        Ok(found) => found.fault.map(|fault| fault.to_string()),
        Err(error) => Some(error.to_string()),
    };
    (opened, inspected)
}

fn find(haystack: &[u8], needle: &[u8]) -> usize {
    haystack.windows(needle.len()).position(|window| window == needle).unwrap()
}

#[tokio::test]
async fn any_byte_of_an_event_flipped_in_the_file_is_found_and_the_revision_named() {
    let (_dir, path) = place();
    small_log(&path).await;
    let mut leaves = Vec::new();
    Store::export(&path, &mut |line| {
        leaves.push(line);
        true
    })
    .await
    .unwrap();
    let whole = std::fs::read(&path).unwrap();
    let mut checked = 0;
    for rev in 0..8u64 {
        let mut reader = crate::database::reader(&path).await.unwrap();
        let row = crate::database::events(&mut reader, &path, rev, 1).await.unwrap().remove(0);
        crate::database::close(reader).await;
        for (part, name) in [(&row.leaf, "leaf"), (&row.hash, "hash")] {
            let start = find(&whole, part);
            for at in (start..start + part.len()).step_by(17) {
                let mut bytes = whole.clone();
                bytes[at] ^= 0x04;
                std::fs::write(&path, &bytes).unwrap();
                let (opened, inspected) = verdicts(&path).await;
                for verdict in [opened, inspected] {
                    let verdict = verdict.expect("a flip in an event");
                    assert!(verdict.contains(&format!("revision {rev}:")), "{name}: {verdict}");
                }
                assert_eq!(std::fs::read(&path).unwrap(), bytes, "a damaged file is not touched");
                checked += 1;
            }
        }
    }
    assert!(checked > 100, "{checked}");
}

#[tokio::test]
async fn a_changed_body_of_a_case_is_not_handed_out_and_found_by_a_check() {
    let (_dir, path) = place();
    let office = office(&path).await;
    let case = CaseId::new("c-1").unwrap();
    let subjects = vec![SubjectId::Partner(PartnerId::new("acme").unwrap())];
    let open = CaseCommand::Open {
        id: Some(case.clone()),
        title: "Sweep".to_owned(),
        owner: None,
        subjects,
        signals: Vec::new(),
        review_by: None,
    };
    let note = CaseCommand::Note { case: case.clone(), text: "They called back.".to_owned() };
    let body = b"calls".to_vec();
    let evidence = CaseCommand::AddEvidence {
        case,
        name: "calls.jsonl".to_owned(),
        sha256: Hash(Sha256::digest(&body).into()).to_hex(),
        bytes: 5,
        body: Some(body),
    };
    for command in [add_partner("acme"), open.into(), note.into(), evidence.into()] {
        ask(&office, command).await.unwrap();
    }
    let kept: Vec<(u64, String)> = (office.events(Revision(3), 2).await.unwrap().iter())
        .map(|event| (event.revision.0, event.event.beside().unwrap().to_owned()))
        .collect();
    office.close().await;
    for (rev, sha256) in kept {
        for (change, changed) in
            [("body = CAST(body || x'20' AS BLOB)", true), ("sha256 = 'gone'", false)]
        {
            let copy = crate::files::beside(&path, &format!(".{rev}{changed}"));
            for suffix in ["", ".checkpoint"] {
                let beside = |path: &Path| crate::files::beside(path, suffix);
                std::fs::copy(beside(&path), beside(&copy)).unwrap();
            }
            let mut writer = crate::database::writer(&copy).await.unwrap();
            let sql = format!("UPDATE blobs SET {change} WHERE sha256 = '{sha256}'");
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut writer).await.unwrap();
            crate::database::close(writer).await;
            let found = Store::inspect(&copy, None).await.unwrap().fault;
            let fault = if changed {
                format!("its content `{sha256}` was changed")
            } else {
                format!(
                    "its content `{sha256}` is missing from the store, and no event says that it was erased"
                )
            };
            assert_eq!(found.map(|fault| (fault.revision, fault.why)), Some((Some(rev), fault)));
            let office = super::office(&copy).await;
            let told = office.blob(sha256.clone()).await.unwrap_err();
            let code = if changed {
                "store_not_readable"
            } else {
                OfficeError::NoSuchBlob(String::new()).code()
            };
            assert_eq!(told.code(), code, "{told}");
            office.close().await;
        }
    }
}

#[tokio::test]
async fn a_byte_flipped_anywhere_is_found_or_changes_no_event() {
    let (_dir, path) = place();
    small_log(&path).await;
    let rows = |path: PathBuf| async move {
        let mut reader = crate::database::reader(&path).await.ok()?;
        let rows = crate::database::events(&mut reader, &path, 0, 100).await.ok();
        crate::database::close(reader).await;
        rows
    };
    let before = rows(path.clone()).await.unwrap();
    let whole = std::fs::read(&path).unwrap();
    let (mut found, mut harmless) = (0, 0);
    for at in (0..whole.len()).step_by(61) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&path, &bytes).unwrap();
        match Store::inspect(&path, None).await {
            Ok(verification) if verification.is_clean() => {
                assert_eq!(rows(path.clone()).await.as_ref(), Some(&before), "byte {at}");
                harmless += 1;
            }
            _ => found += 1,
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "looking changes nothing, byte {at}");
    }
    assert!(found > 50, "{found} found, {harmless} in unused space");
}

#[tokio::test]
async fn damage_in_the_write_ahead_log_loses_nothing_silently() {
    let (dir, path) = place();
    let office = office(&path).await;
    for command in [add_partner("acme"), issue_key("acme", 1), hold(key(1))] {
        ask(&office, command).await.unwrap();
    }
    // What a killed process leaves: the file, and the events still in the write-ahead log.
    let copy = dir.path().join("copy.db");
    for suffix in ["", "-wal", ".checkpoint"] {
        let from = crate::files::beside(&path, suffix);
        std::fs::copy(from, crate::files::beside(&copy, suffix)).unwrap();
    }
    let log = crate::files::beside(&copy, "-wal");
    let whole = std::fs::read(&log).unwrap();
    for at in (40..whole.len()).step_by(1499) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&log, &bytes).unwrap();
        let _ = std::fs::remove_file(crate::files::beside(&copy, "-shm"));
        let error = open(&copy).await.expect_err("a byte of the write-ahead log was flipped");
        assert!(matches!(error, StoreError::Damaged { .. }), "byte {at}: {error}");
        assert_eq!(std::fs::read(&log).unwrap(), bytes, "byte {at}");
    }
    std::fs::write(&log, &whole).unwrap();
    let _ = std::fs::remove_file(crate::files::beside(&copy, "-shm"));
    let opened = open(&copy).await.unwrap();
    assert_eq!(summary(&opened.state.snapshot()), "rev 3 partners 1 [key1:Narrowed]");
}

#[tokio::test]
async fn changed_content_beside_the_log_is_found() {
    let (_dir, path) = place();
    small_log(&path).await;
    let whole = std::fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    let at = find(&whole, b"version: 1\n");
    bytes[at] = b'V';
    std::fs::write(&path, &bytes).unwrap();
    let (opened, inspected) = verdicts(&path).await;
    for verdict in [opened, inspected] {
        let verdict = verdict.unwrap();
        assert!(verdict.contains("revision 4:") && verdict.contains("was changed"), "{verdict}");
    }
}

#[tokio::test]
async fn an_event_of_a_kind_that_is_not_known_is_no_damage_and_names_itself() {
    let (_dir, path) = place();
    small_log(&path).await;
    let mut writer = crate::database::writer(&path).await.unwrap();
    let row = crate::database::events(&mut writer, &path, 3, 1).await.unwrap().remove(0);
    let leaf = String::from_utf8(row.leaf).unwrap();
    let kind = leaf.split(r#""type":""#).nth(1).unwrap().split('"').next().unwrap();
    let leaf = leaf.replace(kind, "moon.risen");
    let set = sqlx::query("UPDATE events SET leaf = ?, hash = ? WHERE rev = 3")
        .bind(leaf.as_bytes())
        .bind(portcullis_audit::leaf_hash(leaf.as_bytes()).0.to_vec());
    set.execute(&mut writer).await.unwrap();
    crate::database::close(writer).await;
    let (opened, inspected) = verdicts(&path).await;
    assert_eq!(opened, inspected);
    let why = format!(
        "event 3 of `{}` is of a kind this program does not know, `moon.risen`; start the newer portcullis that wrote it (the file was left untouched)",
        path.display()
    );
    assert_eq!(opened, Some(why));
}

#[tokio::test]
async fn an_event_of_a_later_release_on_which_no_access_hangs_is_passed_over() {
    let (_dir, path) = place();
    small_log(&path).await;
    let mut opened = open(&path).await.unwrap();
    let before = summary(&opened.state.snapshot());
    let later = r#"{"aside":true,"height":384400,"type":"moon.risen"}"#;
    let later: Vec<portcullis_registry::Event> = vec![serde_json::from_str(later).unwrap()];
    opened.record(ops(), (later, Vec::new()), Wall(1_700_000_000_000)).await.unwrap();
    drop(opened);
    let opened = open(&path).await.unwrap();
    assert_eq!(summary(&opened.state.snapshot()), before.replace("rev 7", "rev 8"));
    drop(opened);
    assert_eq!(verdicts(&path).await, (None, None));
}
