//! What is left of a writer that let go of its store: it reads what the next one writes, so that a
//! hold bites here too for as long as calls are under way.
//!
//! Must not write, nor decide anything.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use portcullis_audit::{Fault, Leaf, read};
use portcullis_registry::{Actor, Event, Place, Sink, State};
use portcullis_types::Revision;
use sqlx::SqliteConnection;
use tokio::sync::oneshot;

use crate::database::{self, CHUNK, EventRow};
use crate::error::StoreError;
use crate::guard::Taken;
use crate::office::{OfficeHandle, Shared};
use crate::open::Store;
use crate::take::texts;
use crate::writer::{Ask, Writer};

/// Folds the events of another process.
pub struct Follower {
    pub(crate) path: PathBuf,
    pub(crate) state: State,
    pub(crate) next: u64,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) reader: Option<SqliteConnection>,
}

impl OfficeHandle {
    /// As `close`, for another process that goes on with it; what that one writes can be followed. None,
    /// and nothing is closed, while something waits to be written and can't be.
    pub async fn let_go(&self) -> Option<Follower> {
        let (reply, let_go) = oneshot::channel();
        self.close_readers().await;
        self.ask.send(Ask::LetGo(reply)).await.ok()?;
        let_go.await.ok().flatten()
    }
}

impl Writer {
    /// Closes the file and frees the lock; what others write from then on can be followed.
    pub(crate) async fn let_go(mut self) -> Follower {
        self.guard(Taken::default());
        let next = self.store.log.next().0;
        let Store { log, lock, .. } = self.store;
        database::close(log.connection).await;
        // Only now may another process have it.
        drop(lock);
        let Self { state, sink, shared, .. } = self;
        Follower { path: log.path, state, next, sink, shared, reader: None }
    }
}

impl Follower {
    /// Takes in what was added; gives how many events.
    ///
    /// # Errors
    /// [`StoreError`], also for an event of a kind that this program does not know: from there on it
    /// can't tell what is allowed.
    pub async fn look(&mut self) -> Result<u64, StoreError> {
        let from = self.next;
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            None => database::reader_beside(&self.path).await?,
        };
        loop {
            let rows = database::events(&mut reader, &self.path, self.next, CHUNK).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                self.fold(&mut reader, row).await?;
            }
            let snapshot = self.state.snapshot();
            self.shared.publish(Arc::clone(&snapshot));
            self.sink.publish(snapshot);
        }
        self.reader = Some(reader);
        Ok(self.next - from)
    }

    async fn fold(
        &mut self,
        reader: &mut SqliteConnection,
        row: &EventRow,
    ) -> Result<(), StoreError> {
        let rev = row.rev;
        let damaged =
            |why: String| StoreError::damaged(&self.path, Fault { revision: Some(rev), why });
        if rev != self.next {
            return Err(damaged("the event before it is missing from the store".to_owned()));
        }
        let leaf: Result<Leaf<Actor, Event>, _> = read(&row.leaf, row.opening.as_deref());
        let leaf = leaf.map_err(|error| damaged(error.to_string()))?;
        let mut blobs: HashMap<&str, Arc<[u8]>> = HashMap::new();
        for sha256 in leaf.event.blobs() {
            let body = database::blob(reader, &self.path, sha256).await?;
            if body.as_ref().is_some_and(|body| !database::is_of(body, sha256)) {
                return Err(damaged(format!("its content `{sha256}` was changed")));
            }
            if let Some(body) = body {
                blobs.insert(sha256, Arc::from(body));
            }
        }
        let blob = |sha256: &str| blobs.get(sha256).cloned();
        let approver = leaf.approved.as_ref().map(|second| &second.by);
        let place = Place { revision: Revision(rev), ts: leaf.at, by: &leaf.actor, approver };
        let folded = self.state.apply(place, &leaf.event, &blob);
        folded.map_err(|error| damaged(format!("it can't be folded: {error}")))?;
        if let Event::PolicyPublished { files, .. } = &leaf.event {
            self.sink.policy(Revision(rev), texts(files, blob));
        }
        self.next = rev + 1;
        Ok(())
    }
}
