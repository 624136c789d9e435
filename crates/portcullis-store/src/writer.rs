//! The one writer: a task that owns the connection and the state, and takes commands one by one.
//!
//! A narrowing bites first and is written then; everything else is written first. Nothing is
//! answered as durable before the disk has it.

use std::sync::Arc;
use std::time::Duration;

use portcullis_audit::Approved;
use portcullis_registry::{
    Actor, Approval, Command, Done, GrantsBatch, GrantsDone, OfficeError, Planned, Sink, Terms,
};
use portcullis_types::{Clock, Revision};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::answer::{bounded, done, durable};
use crate::append::{AppendError, Batch};
use crate::error::StoreError;
use crate::follow::Follower;
use crate::grants::{self, Feed};
use crate::guard::{Guard, Taken};
use crate::office::{OfficeHandle, Shared};
use crate::open::{Opened, Store};
use crate::pending::{PENDING_MAX, Pending, Waiting};
use crate::retention::Looks;

/// Commands that may wait for their turn; beyond it callers wait.
const QUEUE_MAX: usize = 256;
/// How often clocks are looked at, and what waits is tried again.
const TICK: Duration = Duration::from_secs(1);

/// What the task is asked.
pub(crate) enum Ask {
    /// A command of somebody.
    Submit(Box<(Actor, Command, Terms)>, oneshot::Sender<Result<Done, OfficeError>>),
    /// A batch of a feed of grants.
    Grants(Box<(Actor, GrantsBatch)>, oneshot::Sender<Result<GrantsDone, OfficeError>>),
    /// To write what waits, close the file and end; from there on others write.
    LetGo(oneshot::Sender<Option<Follower>>),
    /// To write what waits, close the file and end.
    Close(oneshot::Sender<usize>),
    /// To bound the file, so that a test can fill a disk.
    #[cfg(test)]
    LimitPages(u32, oneshot::Sender<()>),
}

/// The writer.
pub struct Writer {
    pub(crate) store: Store,
    pub(crate) state: portcullis_registry::State,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Of the digest over all grants.
    pub(crate) salt: Vec<u8>,
    /// The snapshot of the grants that is being fed.
    pub(crate) feed: Option<Feed>,
    pub(crate) shared: Arc<Shared>,
    pending: Pending,
    /// For what was kept long enough.
    pub(crate) looks: Looks,
    /// Set when memory and file no longer agree; only a restart helps.
    pub(crate) broken: Option<String>,
}

impl Writer {
    /// Tells the sink all that was recovered, grants last, and starts the task on the runtime it is
    /// called from.
    ///
    /// # Errors
    /// [`StoreError`] when the grants can't be read or are not those that the log counts.
    ///
    /// # Panics
    /// Outside a tokio runtime with timers.
    pub async fn start(
        opened: Opened,
        sink: Arc<dyn Sink>,
        clock: Arc<dyn Clock>,
    ) -> Result<OfficeHandle, StoreError> {
        let Opened { mut store, state, policy, .. } = opened;
        let snapshot = state.snapshot();
        if let Some((revision, files)) = policy {
            sink.policy(revision, files);
        }
        sink.publish(Arc::clone(&snapshot));
        let salt = grants::load(&mut store, &state, &*sink).await?;
        let trusted = store.log.key.public().clone();
        let shared = Arc::new(Shared::new(snapshot, store.log.path.clone(), trusted));
        let (ask, asked) = mpsc::channel(QUEUE_MAX);
        let handle = OfficeHandle::new(ask, Arc::clone(&shared));
        let pending = Pending::default();
        let (feed, broken) = (None, None);
        let looks = Looks::default();
        let writer = Self { store, state, sink, clock, salt, feed, shared, pending, looks, broken };
        tokio::spawn(writer.run(asked));
        Ok(handle)
    }

    async fn run(mut self, mut asked: mpsc::Receiver<Ask>) {
        loop {
            let Ok(next) = timeout(TICK, asked.recv()).await else {
                self.flush().await;
                self.run_clocks().await;
                continue;
            };
            match next {
                Some(Ask::Submit(what, reply)) => {
                    let (actor, command, terms) = *what;
                    // What was over before the wish came is over when it is judged.
                    self.run_clocks().await;
                    let done = self.submit(actor, &command, &terms).await;
                    // The caller may have gone away; what it asked for is done all the same.
                    let _ = reply.send(done);
                }
                Some(Ask::Grants(what, reply)) => {
                    let (actor, batch) = *what;
                    let done = self.change_grants(actor, &batch).await;
                    let _ = reply.send(done);
                }
                Some(Ask::Close(reply)) => {
                    let _ = reply.send(self.close().await);
                    return;
                }
                Some(Ask::LetGo(reply)) => {
                    self.flush().await;
                    if self.broken.is_some() || self.pending.len() > 0 {
                        let _ = reply.send(None);
                        continue;
                    }
                    let _ = reply.send(Some(self.let_go().await));
                    return;
                }
                #[cfg(test)]
                Some(Ask::LimitPages(pages, reply)) => {
                    let sql = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
                    let connection = &mut self.store.log.connection;
                    sqlx::query(sql).execute(connection).await.expect("a bound on the file");
                    let _ = reply.send(());
                }
                None => {
                    self.close().await;
                    return;
                }
            }
        }
    }

    async fn close(mut self) -> usize {
        self.flush().await;
        let waits = self.pending.len();
        self.let_go().await;
        waits
    }

    pub(crate) async fn submit(
        &mut self,
        actor: Actor,
        command: &Command,
        terms: &Terms,
    ) -> Result<Done, OfficeError> {
        self.flush().await;
        let now = self.clock.now().wall.max(self.store.log.last);
        let actor = bounded(actor);
        let weighed = self.weighed_again(command, terms);
        let terms = weighed.as_ref().unwrap_or(terms);
        let mut planned = self.state.decide(&actor, command, terms, now)?;
        if planned.events.is_empty() || terms.dry_run {
            let foreseen =
                terms.dry_run.then(|| self.state.foresee(&actor, command, &planned, now));
            let revision = self.state.current().revision();
            return Ok(Done { revision, foreseen, ..done(command, &planned) });
        }
        self.seal(&mut planned).await?;
        let Planned { events, blobs, approved, .. } = planned.clone();
        // What was proposed is done by who proposed it.
        let (actor, approved) = match approved {
            Some(Approval { proposal, proposer, approver }) => {
                (proposer, Some(Approved { by: approver, proposal: proposal.0 }))
            }
            None => (actor, None),
        };
        let grants = Vec::new();
        let batch = Batch { at: now, actor, approved, events, blobs, grants };
        let waiting = Waiting { batch, planned };
        match waiting.planned.narrows {
            Some(_) => self.narrow(command, waiting).await,
            None => {
                self.write(&waiting).await?;
                Ok(durable(command, &waiting.planned, self.head()))
            }
        }
    }

    /// The terms of a wish that lets a change through which was weighed some time ago: it is weighed in
    /// the state of now, which nobody changes before it is decided.
    fn weighed_again(&self, command: &Command, terms: &Terms) -> Option<Terms> {
        let waited = self.state.waited(command)?;
        let again = self.sink.weigh(&waited, self.state.current());
        Some(Terms { again, ..terms.clone() })
    }

    /// A narrowing bites, then is written; if it can't be, it waits.
    async fn narrow(&mut self, command: &Command, waiting: Waiting) -> Result<Done, OfficeError> {
        let Some(narrowing) = waiting.planned.narrows.clone() else {
            return Err(OfficeError::Closed);
        };
        self.pending.check(command, &narrowing)?;
        if self.pending.is_full() {
            let why = self.shared.health().last_error.unwrap_or_default();
            return Err(OfficeError::PendingFull { pending: PENDING_MAX, why });
        }
        self.sink.narrow(narrowing.subject, narrowing.notice, narrowing.kind);
        match self.write(&waiting).await {
            Ok(()) => Ok(durable(command, &waiting.planned, self.head())),
            Err(_) => {
                let what = format!(
                    "{}; not durable yet, written as soon as the store takes it",
                    waiting.planned.what
                );
                let done = Done {
                    what,
                    durable: false,
                    revision: None,
                    ..done(command, &waiting.planned)
                };
                self.guard_waiting(&waiting.batch).await;
                self.pending.push(waiting);
                self.report_pending();
                Ok(done)
            }
        }
    }

    /// Writes what waits, first come first.
    pub(crate) async fn flush(&mut self) {
        if self.store.guard.as_ref().is_some_and(Guard::lags) {
            self.guard(Taken::default());
        }
        while let Some(first) = self.pending.first() {
            let batch = first.batch.clone();
            if self.append(&batch).await.is_err() {
                return;
            }
            if let Some(waiting) = self.pending.pop() {
                self.take_in(&waiting).await;
            }
            self.report_pending();
        }
    }

    /// Makes one batch durable and takes it into the state.
    pub(crate) async fn write(&mut self, waiting: &Waiting) -> Result<(), OfficeError> {
        if self.pending.len() > 0 {
            let why = self.shared.health().last_error.unwrap_or_default();
            return Err(OfficeError::NotWritten(why));
        }
        self.append(&waiting.batch).await.map_err(OfficeError::NotWritten)?;
        self.take_in(waiting).await;
        Ok(())
    }

    pub(crate) async fn append(&mut self, batch: &Batch) -> Result<(), String> {
        if let Some(why) = &self.broken {
            return Err(why.clone());
        }
        match self.store.log.append(batch).await {
            Ok(()) => {
                self.shared.wrote();
                Ok(())
            }
            Err(error) => {
                if error == AppendError::Diverged {
                    self.broken = Some(error.to_string());
                    self.shared.broke(error.to_string());
                } else {
                    self.shared.failed(error.to_string());
                }
                Err(error.to_string())
            }
        }
    }

    fn head(&self) -> Option<Revision> {
        self.store.log.next().0.checked_sub(1).map(Revision)
    }

    fn report_pending(&self) {
        self.shared.pending(self.pending.len());
    }
}
