//! Duties from the platform's post to the log: only who received something is told, once, whatever ends
//! in between.

use std::collections::BTreeMap;

use portcullis_registry::{
    BoxFuture, DeletionCause, DeletionDesk, DeletionDone, DeletionError, DeletionPost, Except,
    Held, Holders, HoldersError, LedgerName, ListsWanted, Saying, WhoHolds,
};
use portcullis_types::{LedgerKind, Span};
use tokio::sync::Notify;

use super::*;
use crate::{DeletionBook, Duties, Vanishes};

const HOUR: u64 = 3_600_000;
const START: u64 = 1_700_000_000_000;

/// A clock that a test turns.
#[derive(Debug, Default)]
struct Hands {
    passed: AtomicU64,
    ahead: AtomicU64,
}

impl Hands {
    fn jump(&self, ms: u64) {
        self.passed.fetch_add(ms, Ordering::Relaxed);
    }

    /// The wall clock alone, by somebody who sets it.
    fn set_ahead(&self, ms: u64) {
        self.ahead.store(ms, Ordering::Relaxed);
    }
}

impl Clock for Hands {
    fn now(&self) -> Now {
        let ms = self.passed.load(Ordering::Relaxed);
        let ahead = self.ahead.load(Ordering::Relaxed);
        Now { wall: Wall(START + ms + ahead), mono: Mono(ms * 1_000_000) }
    }
}

/// Knows who received what, or can't say.
#[derive(Debug, Default)]
struct Known {
    of: Mutex<BTreeMap<String, Vec<&'static str>>>,
    fault: Mutex<Option<String>>,
    looked_out: Mutex<Vec<(String, Wall)>>,
    seen: Mutex<Vec<LedgerName>>,
    bell: Notify,
}

impl Known {
    fn received(&self, name: &str, partners: &[&'static str]) {
        self.of.lock().unwrap().insert(name.to_owned(), partners.to_vec());
    }
}

impl Holders for Known {
    fn holders(&self, asked: Vec<LedgerName>) -> BoxFuture<'_, Result<WhoHolds, HoldersError>> {
        let of = self.of.lock().unwrap();
        let held = |partner: &&'static str| Held {
            partner: PartnerId::new(partner).unwrap(),
            first: Wall(START - 2),
            last: Wall(START - 1),
        };
        let found =
            asked.iter().map(|(_, name)| of.get(name).into_iter().flatten().map(held).collect());
        let fault = self.fault.lock().unwrap().clone();
        let found = fault.map_or_else(|| Ok(found.collect()), |why| Err(HoldersError(why)));
        Box::pin(async move { found })
    }

    fn look_out(&self, names: Vec<(LedgerName, Wall)>) {
        let names = names.into_iter().map(|((_, name), until)| (name, until));
        self.looked_out.lock().unwrap().extend(names);
    }

    fn seen(&self) -> BoxFuture<'_, Vec<LedgerName>> {
        Box::pin(async move {
            self.bell.notified().await;
            std::mem::take(&mut *self.seen.lock().unwrap())
        })
    }

    fn received(
        &self,
        classes: Vec<String>,
        day: u32,
    ) -> BoxFuture<'_, Result<Vec<(PartnerId, u64)>, HoldersError>> {
        let of = self.of.lock().unwrap();
        let key = format!("{} of {day}", classes.join(" "));
        let partners = of.get(&key).into_iter().flatten();
        let found = partners.map(|id| (PartnerId::new(id).unwrap(), 7)).collect();
        Box::pin(async move { Ok(found) })
    }
}

struct Bed {
    _dir: TempDir,
    path: PathBuf,
    clock: Arc<Hands>,
    known: Arc<Known>,
    office: OfficeHandle,
    duties: Duties,
}

impl Bed {
    async fn new() -> Self {
        let (dir, path) = place();
        let (clock, known) = (Arc::new(Hands::default()), Arc::new(Known::default()));
        let (office, duties) = Self::open(&path, &clock, &known).await;
        for id in ["acme", "other"] {
            ask(&office, add_partner(id)).await.unwrap();
        }
        Self { _dir: dir, path, clock, known, office, duties }
    }

    async fn open(path: &Path, clock: &Arc<Hands>, known: &Arc<Known>) -> (OfficeHandle, Duties) {
        let opened = open(path).await.unwrap();
        let office = Writer::start(opened, Arc::new(()), Arc::clone(clock) as _).await.unwrap();
        let book = DeletionBook::open(path).await.unwrap();
        let keep = Span::from_seconds(30 * 86_400);
        let duties = Duties::new(
            book,
            Arc::new(office.clone()),
            Arc::clone(known) as _,
            Arc::clone(clock) as _,
            keep,
        );
        (office, duties)
    }

    /// Ends the process and begins another.
    async fn again(&mut self) {
        self.office.close().await;
        (self.office, self.duties) = Self::open(&self.path, &self.clock, &self.known).await;
    }

    async fn names(&self) -> Vec<&'static str> {
        let events = self.office.events(Revision(0), 1000).await.unwrap();
        let events = events.iter().map(|logged| logged.event.name());
        events.filter(|name| name.starts_with("deletion.") || *name == "signal.raised").collect()
    }

    async fn waiting(&self, partner: &str) -> Vec<(String, i64, String)> {
        let id = PartnerId::new(partner).unwrap();
        let (duties, _) = self.duties.duties(id, 0, 100).await.unwrap();
        duties.into_iter().map(|duty| (duty.name, duty.seq, duty.batch)).collect()
    }

    async fn attest(
        &self,
        partner: &str,
        batch: &str,
        saying: Saying,
    ) -> Result<(), DeletionError> {
        let by = Actor { kind: ActorKind::Partner, id: format!("{partner}/key1") };
        let id = PartnerId::new(partner).unwrap();
        self.duties.attest(by, id, batch.to_owned(), saying).await.map(drop)
    }
}

fn post(n: u64, name: &str) -> DeletionPost {
    DeletionPost {
        id: format!("evt-{n}"),
        what: DeletionCause::Deleted,
        kind: LedgerKind::Record,
        name: name.to_owned(),
        class: None,
        at: Wall(START),
    }
}

fn gone() -> Saying {
    let (reason, but, by) = (String::new(), Vec::new(), "key1".to_owned());
    Saying { done: DeletionDone::Deleted, reason, but, by }
}

#[tokio::test]
async fn only_who_received_it_is_told_and_told_once() {
    let mut bed = Bed::new().await;
    bed.known.received("p1", &["acme"]);
    bed.known.received("p2", &["acme"]);
    let posts = vec![post(1, "p1"), post(2, "p2"), post(3, "p3")];
    assert_eq!(bed.duties.post(posts.clone()).await.unwrap(), 3);
    bed.duties.round().await;
    assert_eq!(bed.names().await, ["deletion.due"]);
    assert_eq!(
        bed.waiting("acme").await.iter().map(|one| &*one.0).collect::<Vec<_>>(),
        ["p1", "p2"]
    );
    assert!(bed.waiting("other").await.is_empty(), "who received nothing is told nothing");
    assert_eq!(bed.duties.post(posts).await.unwrap(), 0, "the same again is known");
    let otherwise = bed.duties.post(vec![post(4, "p4"), post(1, "p9")]).await.unwrap_err();
    insta::assert_snapshot!(otherwise, @"event `evt-1` was told already and said something else; the first stands, so send this one under an id of its own");
    assert_eq!(
        bed.duties.post(vec![post(4, "p4")]).await.unwrap(),
        1,
        "of that batch nothing was taken"
    );
    for _ in 0..3 {
        bed.clock.jump(HOUR);
        bed.duties.round().await;
        bed.again().await;
    }
    assert_eq!(bed.names().await, ["deletion.due"]);
    assert_eq!(bed.duties.standing().backlog.posts, 0);
}

#[tokio::test]
async fn what_was_on_its_way_when_the_post_came_is_found_by_a_second_look() {
    let bed = Bed::new().await;
    bed.duties.post(vec![post(1, "p1")]).await.unwrap();
    bed.duties.round().await;
    bed.known.received("p1", &["other"]);
    bed.duties.round().await;
    assert!(bed.waiting("other").await.is_empty());
    bed.clock.jump(600_000);
    bed.duties.round().await;
    assert_eq!(bed.waiting("other").await.len(), 1);
}

#[tokio::test]
async fn what_leaves_after_its_deletion_was_looked_at_is_told_once_it_is_seen() {
    let mut bed = Bed::new().await;
    bed.duties.post(vec![post(1, "p1")]).await.unwrap();
    bed.duties.round().await;
    let looked_out = |bed: &Bed| std::mem::take(&mut *bed.known.looked_out.lock().unwrap());
    let until = Wall(START + 600_000);
    assert_eq!(looked_out(&bed), [("p1".to_owned(), until)]);
    bed.again().await;
    bed.known.received("p1", &["other"]);
    bed.known.seen.lock().unwrap().push((LedgerKind::Record, "p1".to_owned()));
    bed.known.bell.notify_one();
    let duties = Arc::new(bed.duties);
    let running = tokio::spawn(Arc::clone(&duties).run());
    let other = || PartnerId::new("other").unwrap();
    while duties.duties(other(), 0, 1).await.unwrap().0.is_empty() {
        tokio::task::yield_now().await;
    }
    running.abort();
    let again = bed.known.looked_out.lock().unwrap().clone();
    assert_eq!(again[0], ("p1".to_owned(), until), "the next process looks out for it, too");
}

#[tokio::test]
async fn what_nobody_can_match_waits_and_is_told_of_later() {
    let mut bed = Bed::new().await;
    bed.known.received("p1", &["acme"]);
    *bed.known.fault.lock().unwrap() = Some("the ledger is away".to_owned());
    bed.duties.post(vec![post(1, "p1")]).await.unwrap();
    bed.duties.round().await;
    let health = bed.duties.standing();
    assert_eq!((health.backlog.posts, health.fault.as_deref()), (1, Some("the ledger is away")));
    bed.clock.jump(100 * HOUR);
    bed.again().await;
    *bed.known.fault.lock().unwrap() = None;
    bed.duties.round().await;
    assert_eq!(bed.waiting("acme").await.len(), 1);
    assert_eq!(bed.duties.standing(), Default::default());
}

#[tokio::test]
async fn a_partner_attests_and_what_stays_is_told_with_its_reason() {
    let bed = Bed::new().await;
    for name in ["p1", "p2", "p3"] {
        bed.known.received(name, &["acme"]);
    }
    bed.duties.post((1..4).map(|n| post(n, &format!("p{n}"))).collect()).await.unwrap();
    bed.duties.round().await;
    let waiting = bed.waiting("acme").await;
    let batch = waiting[0].2.clone();
    let stays = |reason: &str, seq| Saying {
        but: vec![Except { seq, done: DeletionDone::Kept, reason: reason.to_owned() }],
        ..gone()
    };
    let wrong = [
        ("other", batch.as_str(), gone()),
        ("acme", "del_0", gone()),
        ("acme", &batch, stays("A court asked for it.", 999)),
        ("acme", &batch, stays(" ", waiting[1].1)),
    ];
    for (partner, batch, saying) in wrong {
        assert!(bed.attest(partner, batch, saying).await.is_err());
    }
    assert_eq!(bed.names().await, ["deletion.due"], "nothing was attested by that");
    bed.attest("acme", &batch, stays("A court asked for it.", waiting[1].1)).await.unwrap();
    assert_eq!(bed.names().await, ["deletion.due", "deletion.attested"]);
    assert!(bed.waiting("acme").await.is_empty());
    let kept = bed.duties.kept(batch.clone(), 10).await.unwrap();
    let kept: Vec<_> =
        kept.iter().map(|one| (&*one.name, &*one.done.as_ref().unwrap().1)).collect();
    assert_eq!(kept, [("p2", "A court asked for it.")]);
    let list = bed.duties.list(batch.clone()).await.unwrap().unwrap();
    let said = list.said.unwrap();
    assert_eq!((said.counts.deleted, said.counts.kept, said.by.as_str()), (2, 1, "key1"));
    assert!(bed.attest("acme", &batch, gone()).await.is_err(), "once");
}

#[tokio::test]
async fn a_deadline_that_passed_is_said_once_and_shown_until_it_is_attested() {
    let mut bed = Bed::new().await;
    bed.known.received("p1", &["acme"]);
    bed.duties.post(vec![post(1, "p1")]).await.unwrap();
    bed.duties.round().await;
    bed.clock.jump(25 * HOUR);
    // Any wish: what is due is done before it.
    ask(&bed.office, add_partner("third")).await.unwrap();
    bed.again().await;
    ask(&bed.office, add_partner("fourth")).await.unwrap();
    assert_eq!(bed.names().await, ["deletion.due", "deletion.overdue", "signal.raised"]);
    let overdue =
        ListsWanted { overdue: Some(bed.clock.now().wall), count: 10, ..Default::default() };
    assert_eq!(bed.duties.lists(overdue.clone()).await.unwrap().len(), 1);
    let batch = bed.waiting("acme").await[0].2.clone();
    bed.attest("acme", &batch, gone()).await.unwrap();
    assert!(bed.duties.lists(overdue).await.unwrap().is_empty());
    assert_eq!(bed.names().await.last(), Some(&"deletion.attested"));
}

#[tokio::test]
async fn ids_are_dropped_in_time_and_counts_and_commitments_stay() {
    let bed = Bed::new().await;
    bed.known.received("private-post", &["acme"]);
    bed.duties.post(vec![post(1, "private-post")]).await.unwrap();
    bed.duties.round().await;
    let batch = bed.waiting("acme").await[0].2.clone();
    bed.attest("acme", &batch, gone()).await.unwrap();
    let before = bed.duties.list(batch.clone()).await.unwrap().unwrap();
    let holds = |path: &Path| {
        ["deletions.db", "deletions.db-wal"].iter().any(|kind| {
            let bytes = std::fs::read(path.with_extension(kind)).unwrap_or_default();
            bytes.windows(12).any(|part| part == b"private-post")
        })
    };
    bed.clock.jump(2 * HOUR);
    bed.duties.round().await;
    assert!(holds(&bed.path), "it is there as long as it is kept");
    // Neither the next round nor a later one goes by a clock that somebody set.
    bed.clock.set_ahead(40 * 24 * HOUR);
    for minutes in [0, 11, 60] {
        bed.clock.jump(minutes * 60_000);
        bed.duties.round().await;
        assert!(holds(&bed.path), "{minutes}");
    }
    bed.clock.set_ahead(0);
    bed.clock.jump(31 * 24 * HOUR);
    bed.duties.round().await;
    assert!(!holds(&bed.path));
    let after = bed.duties.list(batch).await.unwrap().unwrap();
    assert!(after.dropped.is_some() && after.salt.is_none());
    assert_eq!((after.list, after.count, after.said), (before.list, before.count, before.said));
    let log = bed.office.events(Revision(0), 1000).await.unwrap();
    assert!(log.iter().all(|logged| !logged.leaf.contains("private-post")));
}

#[tokio::test]
async fn ids_that_can_not_be_dropped_are_tried_and_told_of_again_with_each_round() {
    let bed = Bed::new().await;
    bed.known.received("p1", &["acme"]);
    bed.duties.post(vec![post(1, "p1")]).await.unwrap();
    bed.duties.round().await;
    let batch = bed.waiting("acme").await[0].2.clone();
    bed.attest("acme", &batch, gone()).await.unwrap();
    let book = bed.path.with_extension("deletions.db");
    let mut beside = crate::database::writer(&book).await.unwrap();
    let stays =
        "CREATE TRIGGER stays BEFORE DELETE ON duties BEGIN SELECT RAISE(ABORT, 'no room'); END";
    sqlx::raw_sql(stays).execute(&mut beside).await.unwrap();
    bed.clock.jump(32 * 24 * HOUR);
    for round in 0..3 {
        bed.duties.round().await;
        let fault = bed.duties.standing().fault;
        assert!(fault.as_ref().is_some_and(|why| why.contains("no room")), "{round}: {fault:?}");
    }
    sqlx::raw_sql("DROP TRIGGER stays").execute(&mut beside).await.unwrap();
    crate::database::close(beside).await;
    bed.duties.round().await;
    assert_eq!(bed.duties.standing().fault, None);
    assert!(bed.duties.list(batch).await.unwrap().unwrap().dropped.is_some());
}

#[tokio::test]
async fn whatever_step_a_process_ends_after_the_next_one_goes_on() {
    let mut bed = Bed::new().await;
    bed.known.received("p1", &["acme", "other"]);
    let book = DeletionBook::open(&bed.path).await.unwrap();
    let now = bed.clock.now().wall;
    // Posted and not looked at.
    book.take(&[post(1, "p1")], now).await.unwrap();
    bed.again().await;
    // Matched, and nobody was told.
    let asked = vec![(LedgerKind::Record, "p1".to_owned())];
    let held = bed.known.holders(asked).await.unwrap();
    let settle = Span::from_seconds(600);
    assert_eq!(book.matched(&[post(1, "p1")], &held, now, settle).await.unwrap(), 2);
    bed.again().await;
    assert!(bed.waiting("acme").await.is_empty(), "what the log does not say is not told");
    // Told in the log, and not in the book.
    let list = book.untold(1).await.unwrap().remove(0);
    let gate = Actor { kind: ActorKind::Gate, id: "deletions".to_owned() };
    let tell = portcullis_registry::DeletionCommand::Tell {
        partner: list.partner.clone(),
        batch: list.batch.clone(),
        cause: list.cause,
        count: list.count,
        list: list.list.clone(),
        day: None,
        until: None,
    };
    bed.office.submit(gate, tell.into()).await.unwrap();
    bed.again().await;
    bed.duties.round().await;
    assert_eq!(bed.names().await, ["deletion.due", "deletion.due"]);
    let (acme, other) = (bed.waiting("acme").await, bed.waiting("other").await);
    assert_eq!((acme.len(), other.len()), (1, 1));
    // Said in the book, and not in the log: the partner says it again.
    let list = book.list(&acme[0].2).await.unwrap().unwrap();
    book.say(&list, &gone(), now).await.unwrap();
    bed.again().await;
    bed.duties.round().await;
    assert_eq!(bed.waiting("acme").await.len(), 1);
    // Said in the log, and the book does not know that.
    let (counts, answer) = book.say(&list, &gone(), now).await.unwrap();
    let by = Actor { kind: ActorKind::Partner, id: "acme/key1".to_owned() };
    let (partner, batch) = (list.partner.clone(), list.batch.clone());
    let attest = portcullis_registry::DeletionCommand::Attest { partner, batch, counts, answer };
    bed.office.submit(by, attest.into()).await.unwrap();
    bed.again().await;
    bed.duties.round().await;
    assert!(bed.waiting("acme").await.is_empty());
    assert_eq!(bed.names().await, ["deletion.due", "deletion.due", "deletion.attested"]);
}

#[tokio::test]
async fn a_clock_that_was_ahead_for_a_moment_leaves_out_no_day_of_what_vanishes() {
    for ahead in [2, 40] {
        let mut bed = Bed::new().await;
        let day = u32::try_from(START / (24 * HOUR)).unwrap();
        bed.known.received(&format!("story.by_account of {day}"), &["acme"]);
        let (classes, after) = (vec!["story.by_account".to_owned()], Span::from_seconds(86_400));
        let stories = move || Some(Vanishes { classes: classes.clone(), after });
        bed.known.received(&format!("story.by_account of {}", day + 1), &["acme"]);
        bed.duties = bed.duties.with_vanishing(Arc::new(stories));
        let known = std::mem::take(&mut *bed.known.of.lock().unwrap());
        bed.clock.set_ahead(ahead * 24 * HOUR);
        bed.duties.round().await;
        bed.clock.set_ahead(0);
        bed.duties.round().await;
        // Of the days that were not over nothing was there yet.
        *bed.known.of.lock().unwrap() = known;
        let midnight = u64::from(day + 1) * 24 * HOUR - START;
        bed.clock.jump(midnight + 600_000);
        bed.duties.round().await;
        assert_eq!(bed.names().await, ["deletion.due"], "{ahead} days");
        bed.clock.jump(24 * HOUR);
        bed.duties.round().await;
        let names = bed.names().await;
        let due = names.iter().filter(|name| name[..] == *"deletion.due").count();
        assert_eq!(due, 2, "{ahead} days: {names:?}");
    }
}

#[tokio::test]
async fn what_vanishes_is_due_the_day_after_without_a_post() {
    let mut bed = Bed::new().await;
    let day = u32::try_from(START / (24 * HOUR)).unwrap();
    bed.known.received(&format!("story.by_account of {day}"), &["acme"]);
    let stories = || {
        let (classes, after) = (vec!["story.by_account".to_owned()], Span::from_seconds(86_400));
        Arc::new(move || Some(Vanishes { classes: classes.clone(), after })) as crate::Vanishing
    };
    bed.duties = bed.duties.with_vanishing(stories());
    bed.duties.round().await;
    assert!(bed.names().await.is_empty(), "the day is not over");
    let midnight = u64::from(day + 1) * 24 * HOUR - START;
    bed.clock.jump(midnight + 600_000);
    for _ in 0..3 {
        bed.duties.round().await;
        bed.again().await;
        bed.duties = bed.duties.with_vanishing(stories());
    }
    assert_eq!(bed.names().await, ["deletion.due"]);
    let (duties, lists) = bed.duties.duties(PartnerId::new("acme").unwrap(), 0, 10).await.unwrap();
    assert!(duties.is_empty(), "nothing is named");
    let [list] = lists.as_slice() else { panic!("{lists:?}") };
    assert_eq!((list.day, list.count, list.cause), (Some(day), 7, DeletionCause::Expired));
    assert_eq!(
        list.told.unwrap().2,
        Wall(u64::from(day + 2) * 24 * HOUR),
        "by the end of the next day"
    );
    let (batch, never) = (list.batch.clone(), Saying { done: DeletionDone::NeverStored, ..gone() });
    bed.attest("acme", &batch, never).await.unwrap();
    let list = bed.duties.list(batch).await.unwrap().unwrap();
    assert_eq!(list.said.unwrap().counts.never_stored, 7);
}
