//! The writer's door: what control holds of the store.
//!
//! Commands go to the writer's task; reads go to a connection of their own, so that a long
//! verification never keeps a hold waiting.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use portcullis_audit::{Hash, Leaf, LogVerifier, decode};
use portcullis_registry::{
    Actor, BoxFuture, Command, Done, Event, GrantsBatch, GrantsDone, GrantsPage, GrantsWanted,
    Health, LoggedEvent, Office, OfficeError, Snapshot, Terms,
};
use portcullis_types::Revision;
use sqlx::SqliteConnection;
use tokio::sync::{mpsc, oneshot};

use crate::answer::healthy;
use crate::database::{self, EventRow};
use crate::error::StoreError;
use crate::evidence::{self, Reading};
use crate::grants;
use crate::writer::Ask;

/// Most events in one answer.
const EVENTS_MAX: usize = 1000;

/// What writer and readers share.
#[derive(Debug)]
pub(crate) struct Shared {
    snapshot: RwLock<Arc<Snapshot>>,
    health: Mutex<Health>,
    path: PathBuf,
    trusted: LogVerifier,
    reader: tokio::sync::Mutex<Option<SqliteConnection>>,
    pub(crate) evidence: Reading,
}

impl Shared {
    pub(crate) fn new(snapshot: Arc<Snapshot>, path: PathBuf, trusted: LogVerifier) -> Self {
        Self {
            snapshot: RwLock::new(snapshot),
            health: Mutex::new(healthy()),
            path,
            trusted,
            reader: tokio::sync::Mutex::new(None),
            evidence: Reading::default(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn trusted(&self) -> &LogVerifier {
        &self.trusted
    }

    pub(crate) fn publish(&self, snapshot: Arc<Snapshot>) {
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }

    pub(crate) fn health(&self) -> Health {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Health)) {
        change(&mut self.health.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn wrote(&self) {
        self.change(|health| health.last_error = None);
    }

    pub(crate) fn failed(&self, why: String) {
        self.change(|health| health.last_error = Some(why));
    }

    /// Memory and file no longer agree: nothing said here is durable until a restart.
    pub(crate) fn broke(&self, why: String) {
        self.change(|health| {
            health.last_error = Some(why);
            health.durable = false;
        });
    }

    /// Whether what is old is erased, or stays since the clock jumped.
    pub(crate) fn erases(&self, erases: bool) {
        self.change(|health| health.clock_parted = !erases);
    }

    pub(crate) fn pending(&self, pending: usize) {
        self.change(|health| {
            health.pending = pending;
            health.durable = pending == 0;
        });
    }
}

/// The store, for control. Clones share the writer; the last one dropped ends it.
#[derive(Debug, Clone)]
pub struct OfficeHandle {
    pub(crate) ask: mpsc::Sender<Ask>,
    shared: Arc<Shared>,
}

impl OfficeHandle {
    pub(crate) fn new(ask: mpsc::Sender<Ask>, shared: Arc<Shared>) -> Self {
        Self { ask, shared }
    }

    /// Writes what waits, closes the file and frees its lock. Later commands are answered with
    /// [`OfficeError::Closed`]. Yields how many narrowings could not be written and are lost with
    /// this process: the operator must ask for them again.
    pub async fn close(&self) -> usize {
        let (reply, closed) = oneshot::channel();
        self.close_readers().await;
        match self.ask.send(Ask::Close(reply)).await {
            Ok(()) => closed.await.unwrap_or_default(),
            Err(_) => 0,
        }
    }

    pub(crate) async fn close_readers(&self) {
        if let Some(reader) = self.shared.reader.lock().await.take() {
            database::close(reader).await;
        }
        evidence::close(&self.shared.evidence).await;
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Without a writer, for reading only.
    #[cfg(test)]
    pub(crate) fn reading(path: &Path, trusted: LogVerifier) -> Self {
        let snapshot = portcullis_registry::State::new().snapshot();
        let shared = Arc::new(Shared::new(snapshot, path.to_owned(), trusted));
        Self { ask: mpsc::channel(1).0, shared }
    }

    #[cfg(test)]
    pub(crate) fn sender(&self) -> &mpsc::Sender<Ask> {
        &self.ask
    }

    async fn rows(&self, from: u64, count: usize) -> Result<Vec<EventRow>, OfficeError> {
        let mut reader = self.shared.reader.lock().await;
        let connection = connected(&mut reader, &self.shared).await?;
        database::events(connection, &self.shared.path, from, count).await.map_err(not_read)
    }

    async fn notes(&self, from: u64, count: usize) -> Result<Vec<(u64, String)>, OfficeError> {
        let mut reader = self.shared.reader.lock().await;
        let connection = connected(&mut reader, &self.shared).await?;
        database::checkpoints(connection, &self.shared.path, from, count).await.map_err(not_read)
    }

    fn newest(&self) -> Option<Revision> {
        self.snapshot().revision()
    }
}

/// The reader's connection, made on first use.
async fn connected<'a>(
    reader: &'a mut Option<SqliteConnection>,
    shared: &Shared,
) -> Result<&'a mut SqliteConnection, OfficeError> {
    if reader.is_none() {
        *reader = Some(database::reader_beside(&shared.path).await.map_err(not_read)?);
    }
    reader.as_mut().ok_or(OfficeError::Closed)
}

pub(crate) fn not_read(error: StoreError) -> OfficeError {
    OfficeError::NotRead(error.to_string())
}

fn logged(row: EventRow) -> Result<LoggedEvent, OfficeError> {
    let damaged = |why: String| OfficeError::NotRead(format!("revision {}: {why}", row.rev));
    let leaf: Leaf<Actor, Event> =
        decode(&row.leaf, row.opening.as_deref()).map_err(|error| damaged(error.to_string()))?;
    let text = |bytes| String::from_utf8(bytes).map_err(|_| OfficeError::NotRead(String::new()));
    let hash = row.hash.try_into().map(Hash).map_or_else(|_| String::new(), |hash| hash.to_hex());
    Ok(LoggedEvent {
        revision: Revision(row.rev),
        ts: leaf.at.rfc3339(),
        at: leaf.at,
        actor: leaf.actor,
        approver: leaf.approved.as_ref().map(|second| second.by.clone()),
        proposal: leaf.approved.as_ref().map(|second| Revision(second.proposal)),
        event: leaf.event,
        hash,
        leaf: text(row.leaf)?,
        opening: row.opening.map(text).transpose()?,
    })
}

impl Office for OfficeHandle {
    fn submit_on(
        &self,
        actor: Actor,
        command: Command,
        terms: Terms,
    ) -> BoxFuture<'_, Result<Done, OfficeError>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let ask = Ask::Submit(Box::new((actor, command, terms)), reply);
            self.ask.send(ask).await.map_err(|_| OfficeError::Closed)?;
            answer.await.map_err(|_| OfficeError::Closed)?
        })
    }

    fn change_grants(
        &self,
        actor: Actor,
        batch: GrantsBatch,
    ) -> BoxFuture<'_, Result<GrantsDone, OfficeError>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let ask = Ask::Grants(Box::new((actor, batch)), reply);
            self.ask.send(ask).await.map_err(|_| OfficeError::Closed)?;
            answer.await.map_err(|_| OfficeError::Closed)?
        })
    }

    fn grants(&self, wanted: GrantsWanted) -> BoxFuture<'_, Result<GrantsPage, OfficeError>> {
        Box::pin(async move {
            let mut reader = self.shared.reader.lock().await;
            let connection = connected(&mut reader, &self.shared).await?;
            grants::list(connection, &wanted).await
        })
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.shared.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn events(
        &self,
        from: Revision,
        count: usize,
    ) -> BoxFuture<'_, Result<Vec<LoggedEvent>, OfficeError>> {
        Box::pin(async move {
            let rows = self.rows(from.0, count.min(EVENTS_MAX)).await?;
            rows.into_iter().map(logged).collect()
        })
    }

    fn event(&self, revision: Revision) -> BoxFuture<'_, Result<LoggedEvent, OfficeError>> {
        Box::pin(async move {
            let row = self.rows(revision.0, 1).await?.pop().filter(|row| row.rev == revision.0);
            let missing = OfficeError::NoSuchEvent { asked: revision, newest: self.newest() };
            logged(row.ok_or(missing)?)
        })
    }

    fn blob(&self, sha256: String) -> BoxFuture<'_, Result<Vec<u8>, OfficeError>> {
        Box::pin(async move {
            let mut reader = self.shared.reader.lock().await;
            let connection = connected(&mut reader, &self.shared).await?;
            let body = database::blob(connection, &self.shared.path, &sha256).await;
            let body = body.map_err(not_read)?;
            if body.as_ref().is_some_and(|body| !database::is_of(body, &sha256)) {
                let why = format!(
                    "content `{sha256}` was changed in the file; take it from a backup, and look with `portcullis audit verify` for what else was"
                );
                return Err(OfficeError::NotRead(why));
            }
            body.ok_or(OfficeError::NoSuchBlob(sha256))
        })
    }

    fn checkpoint(&self) -> BoxFuture<'_, Result<String, OfficeError>> {
        Box::pin(async move {
            let mut reader = self.shared.reader.lock().await;
            let connection = connected(&mut reader, &self.shared).await?;
            let size = database::last_checkpoint(connection, &self.shared.path).await;
            let size = size.map_err(not_read)?;
            drop(reader);
            let note = self.notes(size, 1).await?.pop();
            note.map(|(_, note)| note)
                .ok_or_else(|| OfficeError::NotRead("there is no checkpoint yet".to_owned()))
        })
    }

    fn checkpoints(
        &self,
        from: u64,
        count: usize,
    ) -> BoxFuture<'_, Result<Vec<(u64, String)>, OfficeError>> {
        Box::pin(self.notes(from, count.min(EVENTS_MAX)))
    }

    fn health(&self) -> Health {
        self.shared.health()
    }
}
