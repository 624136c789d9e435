//! What was kept long enough is erased with an event that says so, and nothing else is.

use portcullis_registry::{CaseCommand, Event, RecordKind, Retention, RetentionEvent};
use portcullis_types::{CaseId, Span};
use tokio::sync::oneshot;

use super::*;
use crate::writer::Ask;

const DAY: u64 = 86_400_000;
const NOTE: &str = "Ana Example-Surname called at noon.";

/// Two clocks that a test turns, each by itself.
#[derive(Debug, Default)]
struct Hands {
    wall: AtomicU64,
    mono: AtomicU64,
}

impl Hands {
    fn jump(&self, ms: u64) {
        self.wall.fetch_add(ms, Ordering::Relaxed);
    }
    fn back(&self, ms: u64) {
        self.wall.fetch_sub(ms, Ordering::Relaxed);
    }
    fn pass(&self, ms: u64) {
        self.jump(ms);
        self.mono.fetch_add(ms * 1_000_000, Ordering::Relaxed);
    }
}

impl Clock for Hands {
    fn now(&self) -> Now {
        let wall = Wall(1_700_000_000_000 + self.wall.load(Ordering::Relaxed));
        Now { wall, mono: Mono(self.mono.load(Ordering::Relaxed)) }
    }
}

/// A gate that keeps notes for 30 days and everything else for ever.
async fn gate(path: &Path, clock: &Arc<Hands>) -> OfficeHandle {
    let mut opened = open(path).await.unwrap();
    let month = Some(Span::from_seconds(30 * 86_400));
    opened.state.take_retention(Retention::default().with(RecordKind::Notes, month));
    Writer::start(opened, Arc::new(()), Arc::clone(clock) as Arc<dyn Clock>).await.unwrap()
}

fn case() -> CaseId {
    CaseId::new("c-1").unwrap()
}

/// Any wish: what is due is done before it.
async fn look(office: &OfficeHandle, partner: &str) {
    ask(office, add_partner(partner)).await.unwrap();
}

/// A case with a note, closed where it is said.
async fn noted(office: &OfficeHandle, closed: bool) -> String {
    ask(office, add_partner("acme")).await.unwrap();
    let subjects = vec![SubjectId::Partner(PartnerId::new("acme").unwrap())];
    let (id, owner, signals, review_by) = (Some(case()), None, Vec::new(), None);
    let title = String::new();
    let open = CaseCommand::Open { id, title, owner, subjects, signals, review_by };
    ask(office, open.into()).await.unwrap();
    let note = CaseCommand::Note { case: case(), text: NOTE.to_owned() };
    ask(office, note.into()).await.unwrap();
    if closed {
        let why = "Nothing was found.".to_owned();
        ask(office, CaseCommand::Close { case: case(), why }.into()).await.unwrap();
    }
    portcullis_registry::Blob::new(NOTE.as_bytes().to_vec()).sha256
}

/// How many events say that something went.
async fn said(office: &OfficeHandle) -> usize {
    let events = office.events(Revision(0), 1000).await.unwrap();
    events.iter().filter(|logged| matches!(logged.event, Event::Retention(_))).count()
}

/// Whether any file of the store holds the note.
fn written(path: &Path) -> bool {
    let folder = std::fs::read_dir(path.parent().unwrap()).unwrap();
    folder
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .any(|bytes| bytes.windows(NOTE.len()).any(|window| window == NOTE.as_bytes()))
}

#[tokio::test]
async fn a_note_is_erased_once_and_the_log_verifies_and_leads_to_the_same_state() {
    let (_dir, path) = place();
    let clock = Arc::new(Hands::default());
    let office = gate(&path, &clock).await;
    let digest = noted(&office, true).await;
    assert_eq!(office.blob(digest.clone()).await.unwrap(), NOTE.as_bytes());
    clock.pass(30 * DAY - 1);
    look(&office, "early").await;
    assert_eq!((said(&office).await, written(&path)), (0, true));
    clock.pass(600_000);
    look(&office, "due").await;
    let gone = office.blob(digest.clone()).await.unwrap_err();
    assert_eq!(gone.code(), "no_such_blob");
    assert_eq!((said(&office).await, written(&path)), (1, false), "also while the gate runs");
    let events = office.events(Revision(0), 1000).await.unwrap();
    let said_so = events.iter().find(|logged| matches!(logged.event, Event::Retention(_))).unwrap();
    assert_eq!(said_so.actor, Actor::clock());
    let Event::Retention(RetentionEvent::Erased { bodies, .. }) = &said_so.event else { panic!() };
    assert_eq!((bodies[0].revision, &bodies[0].sha256), (Revision(3), &digest));
    clock.pass(DAY);
    look(&office, "later").await;
    assert_eq!(said(&office).await, 1, "it goes once");
    let verified = office.verify(Vec::new()).await.unwrap();
    assert!(verified.is_clean() && verified.replayed, "{verified:?}");
    let before = office.snapshot().fingerprint();
    office.close().await;
    assert!(Store::inspect(&path, None).await.unwrap().is_clean());
    let opened = open(&path).await.unwrap();
    assert_eq!(opened.state.snapshot().fingerprint(), before);
    let body = opened.state.current().bodies().gone(&digest).unwrap();
    assert_eq!(body.gone, Some(said_so.revision));
}

#[tokio::test]
async fn a_case_that_is_open_keeps_its_notes_over_a_restart() {
    let (_dir, path) = place();
    let clock = Arc::new(Hands::default());
    let office = gate(&path, &clock).await;
    noted(&office, false).await;
    clock.pass(1000 * DAY);
    look(&office, "one").await;
    office.close().await;
    let office = gate(&path, &clock).await;
    look(&office, "two").await;
    clock.pass(600_000);
    look(&office, "three").await;
    assert_eq!((said(&office).await, written(&path)), (0, true));
}

#[tokio::test]
async fn a_clock_that_jumped_erases_nothing_before_the_gate_is_started_again() {
    let (_dir, path) = place();
    let clock = Arc::new(Hands::default());
    let office = gate(&path, &clock).await;
    noted(&office, true).await;
    clock.jump(40 * DAY);
    for partner in ["one", "two"] {
        clock.pass(600_000);
        look(&office, partner).await;
    }
    assert_eq!((said(&office).await, written(&path)), (0, true));
    assert!(office.health().clock_parted, "and says so");
    office.close().await;
    let office = gate(&path, &clock).await;
    look(&office, "three").await;
    assert!(!office.health().clock_parted);
    assert_eq!(said(&office).await, 0, "there is time to see that the clock is wrong");
    clock.pass(600_000);
    look(&office, "four").await;
    assert_eq!((said(&office).await, written(&path)), (1, false));
}

#[tokio::test]
async fn a_clock_that_was_ahead_for_an_event_erases_nothing_before_its_time() {
    let (_dir, path) = place();
    let clock = Arc::new(Hands::default());
    let office = gate(&path, &clock).await;
    noted(&office, true).await;
    clock.jump(40 * DAY);
    look(&office, "ahead").await;
    clock.back(40 * DAY);
    clock.pass(600_000);
    look(&office, "right-again").await;
    assert_eq!((said(&office).await, written(&path)), (0, true));
    office.close().await;
    let office = gate(&path, &clock).await;
    look(&office, "started-anew").await;
    clock.pass(600_000);
    look(&office, "later").await;
    assert_eq!((said(&office).await, written(&path)), (0, true));
    clock.pass(30 * DAY);
    look(&office, "due").await;
    assert_eq!((said(&office).await, written(&path)), (1, false));
}

#[tokio::test]
async fn what_cannot_be_said_is_not_erased_and_goes_when_it_can() {
    let (dir, path) = place();
    let clock = Arc::new(Hands::default());
    let office = gate(&path, &clock).await;
    noted(&office, true).await;
    // A full disk: so many pages as there are, and what is left in them is filled.
    let limit = async |pages| {
        let (reply, done) = oneshot::channel();
        office.sender().send(Ask::LimitPages(pages, reply)).await.unwrap();
        done.await.unwrap();
    };
    limit(1).await;
    let mut n = 0;
    while ask(&office, add_partner(&format!("filling-{n}"))).await.is_ok() {
        n += 1;
    }
    clock.pass(40 * DAY);
    ask(&office, add_partner("full")).await.unwrap_err();
    assert_eq!((said(&office).await, written(&path)), (0, true));
    // A kill at that point leaves it as it was, too.
    let copy = dir.path().join("copy.db");
    drop(super::crash::after_a_kill(&path, &copy).await);
    assert!(Store::inspect(&copy, None).await.unwrap().is_clean());
    limit(100_000).await;
    clock.pass(600_000);
    look(&office, "room").await;
    assert_eq!((said(&office).await, written(&path)), (1, false));
    drop(super::crash::after_a_kill(&path, &copy).await);
    assert!(Store::inspect(&copy, None).await.unwrap().is_clean());
}

#[tokio::test]
async fn a_note_that_is_missing_and_was_not_erased_is_damage() {
    let (_dir, path) = place();
    let clock = Arc::new(Hands::default());
    let office = gate(&path, &clock).await;
    let digest = noted(&office, true).await;
    office.close().await;
    let mut writer = crate::database::writer(&path).await.unwrap();
    let delete = sqlx::query("DELETE FROM blobs WHERE sha256 = ?").bind(&digest);
    delete.execute(&mut writer).await.unwrap();
    crate::database::close(writer).await;
    let found = Store::inspect(&path, None).await.unwrap();
    let why = found.fault.unwrap().why;
    assert!(why.contains(&digest) && why.contains("no event says that it was erased"), "{why}");
}
