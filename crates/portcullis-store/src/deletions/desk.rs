//! From posts to partners that are told, and from their words into the log: each step is kept before the
//! next is taken, so that it is gone on with wherever it stopped.
//!
//! What can't be matched waits and is tried again; it is never dropped. Must not know how it is found out
//! who received what.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use portcullis_registry::{
    Actor, ActorKind, BoxFuture, DeletionCommand, DeletionCounts, DeletionDesk, DeletionError,
    DeletionHealth, DeletionPost, DeletionRejected, Done, DutiesPage, DutyRow, Holders, KeptList,
    LedgerName, ListsWanted, Office, OfficeError, Saying,
};
use portcullis_types::{Clock, PartnerId, Span, Wall};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::{DeletionBook, DeletionBookError};
use crate::error::StoreError;
use crate::retention::Looks;

/// How often it is looked for more.
const EVERY: Duration = Duration::from_secs(1);
/// Posts looked at together.
const TOGETHER: usize = 1000;
/// Lists told or settled in one go.
const LISTS: usize = 256;
/// Most lists that a partner is shown at once beside their records.
const SHOWN: usize = 1000;
/// After so long a post is looked at once more: an answer that was on its way when it came is in the
/// ledger by then. Until then what it names is looked out for.
pub(super) const SETTLE: Span = Span::from_seconds(600);

/// What vanishes by itself.
#[derive(Debug, Clone)]
pub struct Vanishes {
    /// Its classes.
    pub classes: Vec<String>,
    /// How long after the day on which a partner received it it is to be gone.
    pub after: Span,
}

/// Tells what vanishes, by the set in force.
pub type Vanishing = Arc<dyn Fn() -> Option<Vanishes> + Send + Sync>;

/// Keeps duties.
pub struct Duties {
    pub(super) book: DeletionBook,
    pub(super) office: Arc<dyn Office>,
    pub(super) holders: Arc<dyn Holders>,
    pub(super) clock: Arc<dyn Clock>,
    /// How long ids are kept after their list was attested.
    pub(super) keep: Span,
    /// What vanishes by itself.
    pub(super) vanishing: Option<Vanishing>,
    /// There is something to do.
    more: Notify,
    /// One word at a time, so that the log has the one that is kept.
    saying: tokio::sync::Mutex<()>,
    health: Mutex<DeletionHealth>,
    /// What some partner received since its posts were looked at.
    pub(super) seen: Mutex<Vec<LedgerName>>,
    /// When it is looked for ids that were kept long enough.
    pub(super) looks: Mutex<Looks>,
}

impl fmt::Debug for Duties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Duties").field("holders", &self.holders).finish_non_exhaustive()
    }
}

impl Duties {
    /// Over a book, the log, and whoever knows who received what.
    #[must_use]
    pub fn new(
        book: DeletionBook,
        office: Arc<dyn Office>,
        holders: Arc<dyn Holders>,
        clock: Arc<dyn Clock>,
        keep: Span,
    ) -> Self {
        Self {
            book,
            office,
            holders,
            clock,
            keep,
            vanishing: None,
            more: Notify::new(),
            saying: tokio::sync::Mutex::default(),
            health: Mutex::default(),
            seen: Mutex::default(),
            looks: Mutex::default(),
        }
    }

    /// The same; what partners received on a day of what vanishes is due without a post.
    #[must_use]
    pub fn with_vanishing(self, vanishing: Vanishing) -> Self {
        Self { vanishing: Some(vanishing), ..self }
    }

    /// Matches, tells and settles until the runtime ends.
    pub async fn run(self: Arc<Self>) {
        self.look_out().await;
        loop {
            self.round().await;
            tokio::select! {
                _ = timeout(EVERY, self.more.notified()) => {}
                names = self.holders.seen() => self.saw(names),
            }
        }
    }

    /// Does what there is to do; what can't be done now is done by a later round.
    pub async fn round(&self) {
        let at = self.clock.now();
        let now = at.wall;
        // What was found out before is told, whatever becomes of the rest.
        let (settled, again) = (self.settle().await, self.again(now).await);
        let found = [settled, again, self.match_posts(now).await, self.days(now).await];
        let told = self.tell().await;
        let forgotten = self.forget(at).await;
        let fault = found.into_iter().chain([told, forgotten]).find_map(Result::err);
        let backlog = self.book.backlog(now).await;
        let (backlog, fault) = match (backlog, fault) {
            (Ok(backlog), fault) => (backlog, fault),
            (Err(error), fault) => (self.health().backlog, fault.or(Some(error.to_string()))),
        };
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) =
            DeletionHealth { backlog, fault };
    }

    fn health(&self) -> DeletionHealth {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at posts until none is due.
    async fn match_posts(&self, now: Wall) -> Result<(), String> {
        loop {
            let posts = self.book.posts(now, TOGETHER).await.map_err(said)?;
            if posts.is_empty() {
                return Ok(());
            }
            let asked: Vec<LedgerName> =
                posts.iter().map(|post| (post.kind, post.name.clone())).collect();
            // Before the look, so that what is written after it is seen.
            let until = Wall(now.0 + SETTLE.milliseconds());
            self.holders.look_out(asked.iter().map(|name| (name.clone(), until)).collect());
            let held = self.holders.holders(asked).await.map_err(|error| error.to_string())?;
            if held.len() != posts.len() {
                return Err("the ledger answered another question than it was asked".to_owned());
            }
            self.book.matched(&posts, &held, now, SETTLE).await.map_err(said)?;
        }
    }

    /// Tells partners of lists that nobody was told of.
    async fn tell(&self) -> Result<(), String> {
        let mut fault = Ok(());
        for list in self.book.untold(LISTS).await.map_err(said)? {
            // One list that is not taken keeps no other back.
            if let Err(why) = self.tell_of(&list).await {
                fault = Err(why);
            }
        }
        fault
    }

    async fn tell_of(&self, list: &KeptList) -> Result<(), String> {
        let KeptList { partner, batch, cause, count, day, .. } = list.clone();
        let (until, list_of) = (day.map(|day| self.gone_by(day)), list.list.clone());
        let command =
            DeletionCommand::Tell { partner, batch, cause, count, list: list_of, day, until };
        let actor = Actor { kind: ActorKind::Gate, id: "deletions".to_owned() };
        self.office.submit(actor, command.into()).await.map_err(|error| error.to_string())?;
        let snapshot = self.office.snapshot();
        let open = snapshot.deletions().waiting(&list.batch);
        let open = open.ok_or("the log does not have the list it took")?;
        let told = (open.revision, open.told, open.due_by);
        self.book.told(&list.batch, told).await.map_err(said)
    }

    /// Takes down what the log has, where this process or one before it ended in between.
    async fn settle(&self) -> Result<(), String> {
        let _one = self.saying.lock().await;
        for list in self.book.unsettled(LISTS).await.map_err(said)? {
            let waits = self.office.snapshot().deletions().waiting(&list.batch).is_some();
            if !waits && list.told.is_some() {
                self.book.attested(&list.batch).await.map_err(said)?;
            }
        }
        Ok(())
    }

    async fn say(
        &self,
        by: Actor,
        partner: PartnerId,
        batch: String,
        saying: Saying,
    ) -> Result<(Done, DeletionCounts), DeletionError> {
        let _one = self.saying.lock().await;
        let list = self.book.list(&batch).await.map_err(unread)?;
        let own = |list: &KeptList| {
            list.partner == partner && list.told.is_some() && list.attested.is_none()
        };
        let list = list.filter(own);
        let unknown = || DeletionRejected::UnknownBatch { batch: batch.clone() };
        let list = list.ok_or_else(unknown)?;
        let now = self.clock.now().wall;
        let (counts, answer) = self.book.say(&list, &saying, now).await.map_err(refused)?;
        let command = DeletionCommand::Attest { partner, batch, counts, answer };
        let done = self.office.submit(by, command.into()).await?;
        // Should it fail, the next round finds that the log has it.
        let _ = self.book.attested(&list.batch).await;
        Ok((done, counts))
    }
}

impl DeletionDesk for Duties {
    fn post(&self, posts: Vec<DeletionPost>) -> BoxFuture<'_, Result<u64, DeletionError>> {
        Box::pin(async move {
            let now = self.clock.now().wall;
            let new = self.book.take(&posts, now).await.map_err(refused)?;
            self.more.notify_one();
            Ok(new)
        })
    }

    fn duties(
        &self,
        partner: PartnerId,
        after: i64,
        count: usize,
    ) -> BoxFuture<'_, Result<DutiesPage, DeletionError>> {
        Box::pin(async move {
            let duties = self.book.duties(&partner, after, count).await.map_err(unread)?;
            let lists = self.book.waiting(&partner, SHOWN).await.map_err(unread)?;
            Ok((duties, lists))
        })
    }

    fn attest(
        &self,
        by: Actor,
        partner: PartnerId,
        batch: String,
        saying: Saying,
    ) -> BoxFuture<'_, Result<(Done, DeletionCounts), DeletionError>> {
        Box::pin(self.say(by, partner, batch, saying))
    }

    fn lists(&self, wanted: ListsWanted) -> BoxFuture<'_, Result<Vec<KeptList>, DeletionError>> {
        Box::pin(async move { self.book.lists(&wanted).await.map_err(unread) })
    }

    fn list(&self, batch: String) -> BoxFuture<'_, Result<Option<KeptList>, DeletionError>> {
        Box::pin(async move {
            let list = self.book.list(&batch).await.map_err(unread)?;
            Ok(list.filter(|list| list.told.is_some()))
        })
    }

    fn kept(
        &self,
        batch: String,
        count: usize,
    ) -> BoxFuture<'_, Result<Vec<DutyRow>, DeletionError>> {
        Box::pin(async move { self.book.kept(&batch, count).await.map_err(unread) })
    }

    fn standing(&self) -> DeletionHealth {
        self.health()
    }
}

pub(super) fn said(error: StoreError) -> String {
    error.to_string()
}

fn unread(error: StoreError) -> DeletionError {
    DeletionError::Office(OfficeError::NotRead(error.to_string()))
}

fn refused(error: DeletionBookError) -> DeletionError {
    match error {
        DeletionBookError::Rejected { index, why } => DeletionError::Line { index, why },
        DeletionBookError::Store(error) => {
            DeletionError::Office(OfficeError::NotWritten(error.to_string()))
        }
    }
}
