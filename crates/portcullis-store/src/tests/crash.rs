//! What is left when the process ends at any point.

use portcullis_registry::{CaseCommand, Office};
use portcullis_types::Revision;

use super::*;

/// Copies what a killed process would leave, and opens it elsewhere.
pub(super) async fn after_a_kill(path: &Path, to: &Path) -> Opened {
    for suffix in ["", "-wal", ".checkpoint", ".guard"] {
        let (from, to) = (crate::files::beside(path, suffix), crate::files::beside(to, suffix));
        let _ = std::fs::remove_file(&to);
        if from.exists() {
            std::fs::copy(from, to).unwrap();
        }
    }
    let _ = std::fs::remove_file(crate::files::beside(to, "-shm"));
    open(to).await.unwrap()
}

#[tokio::test]
async fn whatever_was_acknowledged_is_there_after_a_kill() {
    let (dir, path) = place();
    let office = office(&path).await;
    ask(&office, add_partner("acme")).await.unwrap();
    for n in 0..3 {
        ask(&office, issue_key("acme", n)).await.unwrap();
    }
    let copy = dir.path().join("copy.db");
    for round in 0..30 {
        let n = round % 3;
        let command = match round / 3 % 2 {
            0 => hold(key(n)),
            _ => restore(key(n)),
        };
        ask(&office, command).await.unwrap();
        let opened = after_a_kill(&path, &copy).await;
        assert_eq!(summary(&opened.state.snapshot()), summary(&office.snapshot()));
        drop(opened);
        assert!(Store::inspect(&copy, Some(log_key(1).public())).await.unwrap().is_clean());
    }
}

#[test]
fn a_process_that_ends_between_commands_frees_the_lock() {
    let (_dir, path) = place();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let first = runtime();
    let before = first.block_on(async {
        let office = office(&path).await;
        ask(&office, add_partner("acme")).await.unwrap();
        ask(&office, issue_key("acme", 1)).await.unwrap();
        ask(&office, hold(key(1))).await.unwrap();
        summary(&office.snapshot())
    });
    drop(first);
    let after = runtime().block_on(async { summary(&open(&path).await.unwrap().state.snapshot()) });
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_checkpoint_beside_that_lags_behind_is_no_fault() {
    let (_dir, path) = place();
    let office = office(&path).await;
    ask(&office, add_partner("acme")).await.unwrap();
    let beside = crate::files::checkpoint_path(&path);
    let older = std::fs::read(&beside).unwrap();
    ask(&office, issue_key("acme", 1)).await.unwrap();
    office.close().await;
    std::fs::write(&beside, older).unwrap();
    assert_eq!(open(&path).await.unwrap().recovered.events, 3);
    std::fs::write(&beside, "").unwrap();
    assert!(matches!(open(&path).await, Err(StoreError::Damaged { .. })));
    std::fs::remove_file(&beside).unwrap();
    assert_eq!(open(&path).await.unwrap().recovered.events, 3);
}

#[tokio::test]
async fn a_store_that_died_at_birth_is_begun() {
    let (_dir, path) = place();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "").unwrap();
    assert!(open(&path).await.unwrap().recovered.created);
    let (_dir, path) = place();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    crate::files::make_private(&path).unwrap();
    crate::database::close(crate::database::writer(&path).await.unwrap()).await;
    assert!(open(&path).await.unwrap().recovered.created);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_taken_one_by_one() {
    let (_dir, path) = place();
    let office = office(&path).await;
    ask(&office, add_partner("acme")).await.unwrap();
    ask(&office, issue_key("acme", 1)).await.unwrap();
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let office = office.clone();
            tokio::spawn(async move { ask(&office, hold(key(1))).await.is_ok() })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        won += usize::from(task.await.unwrap());
    }
    assert_eq!(won, 1);
    assert!(office.verify(Vec::new()).await.unwrap().is_clean());
}

fn open_case(id: &str) -> Command {
    let (id, title, owner) = (id.parse().ok(), "A sweep".to_owned(), None);
    let subjects = vec![SubjectId::Partner(PartnerId::new("acme").unwrap())];
    CaseCommand::Open { id, title, owner, subjects, signals: Vec::new(), review_by: None }.into()
}

/// All that whoever was acknowledged something relies on.
fn everything(snapshot: &Snapshot) -> String {
    let cases: Vec<_> = snapshot.cases().iter().collect();
    format!("{}\n{:#?}\n{cases:#?}", summary(snapshot), snapshot.partners().collect::<Vec<_>>())
}

/// Bytes before the first frame of a write-ahead log, and of a frame with its page.
const WAL_HEAD: usize = 32;
const WAL_FRAME: usize = 24 + 4096;

/// A log that was written up to some point when the power went.
struct Cut<'a> {
    database: &'a [u8],
    ahead: &'a [u8],
    beside: Option<&'a str>,
}

impl Cut<'_> {
    fn put(&self, to: &Path) {
        for suffix in ["-shm", "-wal", ".checkpoint", ".checkpoint.new", ".guard"] {
            let _ = std::fs::remove_file(crate::files::beside(to, suffix));
        }
        std::fs::write(to, self.database).unwrap();
        std::fs::write(crate::files::beside(to, "-wal"), self.ahead).unwrap();
        if let Some(note) = self.beside {
            std::fs::write(crate::files::checkpoint_path(to), note).unwrap();
            // The next one was under way.
            std::fs::write(crate::files::beside(to, ".checkpoint.new"), &note[..9]).unwrap();
        }
    }
}

#[tokio::test]
async fn no_crash_at_any_write_lets_the_log_contradict_a_checkpoint_that_was_handed_out() {
    let (dir, path) = place();
    let office = office(&path).await;
    // What was handed out, how long the write-ahead log was then, and what was acknowledged by it.
    let (mut notes, mut lengths, mut states) = (Vec::new(), Vec::new(), Vec::new());
    let ahead = crate::files::beside(&path, "-wal");
    let steps = [
        add_partner("acme"),
        issue_key("acme", 1),
        open_case("c-1"),
        hold(key(1)),
        restore(key(1)),
        revoke(1),
    ];
    for step in [None].into_iter().chain(steps.map(Some)) {
        if let Some(command) = step {
            ask(&office, command).await.unwrap();
        }
        notes.push(office.checkpoint().await.unwrap());
        states.push(everything(&office.snapshot()));
        lengths.push(usize::try_from(std::fs::metadata(&ahead).unwrap().len()).unwrap());
    }
    let (database, whole) = (std::fs::read(&path).unwrap(), std::fs::read(&ahead).unwrap());
    let copy = dir.path().join("copy.db");
    let frames = (whole.len() - WAL_HEAD) / WAL_FRAME;
    let mut tried = 0;
    for at in
        (0..=frames).flat_map(|frame| [0, 24, 2000].map(|more| WAL_HEAD + frame * WAL_FRAME + more))
    {
        let Some(ahead) = whole.get(..at).filter(|_| at >= lengths[0]) else { continue };
        let durable = lengths.iter().filter(|length| **length <= at).count();
        // The copy beside is written after the commit: it may be one behind, and never ahead.
        for beside in [durable.checked_sub(2), durable.checked_sub(1)] {
            let cut =
                Cut { database: &database, ahead, beside: beside.map(|at| notes[at].as_str()) };
            cut.put(&copy);
            let again = super::office(&copy).await;
            assert_eq!(again.events(Revision(0), 100).await.unwrap().len(), durable, "byte {at}");
            assert_eq!(everything(&again.snapshot()), states[durable - 1], "byte {at}");
            // It goes on in another way than before.
            ask(&again, add_partner("other")).await.unwrap();
            let kept =
                notes[..durable].iter().map(|note| portcullis_audit::Kept::read(note).unwrap());
            let found = again.verify(kept.collect()).await.unwrap();
            assert!(found.is_clean() && found.kept == durable as u64, "byte {at}: {found}");
            again.close().await;
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
    office.close().await;
}
