//! Appending to the log: events, blobs and the signed checkpoint in one transaction.

use std::path::PathBuf;

use portcullis_audit::{
    Approved, Checkpoint, Hash, Leaf, LogKey, Peaks, Sealed, TILE_WIDTH, encode, leaf_hash, sign,
};
use portcullis_registry::{Actor, Blob, Event};
use portcullis_types::{Revision, Wall};
use sqlx::{Row, SqliteConnection};

use crate::database::{TABLES, number};
use crate::error::said;
use crate::files;
use crate::grants::table;
use crate::personal;

/// Events of one run: of older runs one checkpoint stays.
const RUN: u64 = TILE_WIDTH as u64;
/// The newest runs, whole or begun, in which every checkpoint stays.
const RUNS_RECENT: u64 = 4;

/// What one command appends.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) at: Wall,
    pub(crate) actor: Actor,
    pub(crate) approved: Option<Approved<Actor>>,
    pub(crate) events: Vec<Event>,
    pub(crate) blobs: Vec<Blob>,
    /// Rows of the grants that change with it.
    pub(crate) grants: Vec<table::Write>,
}

/// Why nothing was appended.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub(crate) enum AppendError {
    /// The store does not take it now; it may later.
    #[error("{0}")]
    Store(String),
    /// It will never be taken.
    #[error("{0}")]
    Leaf(#[from] portcullis_audit::LeafError),
    /// The file has events that this writer did not write.
    #[error("the log holds events that this process did not write; restart it to read them")]
    Diverged,
}

/// The end of the log, where one writer adds to it.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) connection: SqliteConnection,
    pub(crate) path: PathBuf,
    pub(crate) peaks: Peaks,
    pub(crate) key: LogKey,
    /// The key before, which signs beside it as long as it is configured.
    pub(crate) previous: Option<LogKey>,
    /// The time of the newest event; no later one is given an earlier time.
    pub(crate) last: Wall,
    /// The newest checkpoint, as far as it is known.
    pub(crate) note: String,
    /// Whether the tables must be made first.
    pub(crate) fresh: bool,
}

/// A leaf ready to be written.
struct Ready {
    rev: i64,
    leaf: Vec<u8>,
    hash: Hash,
    /// What the leaf seals.
    opening: Option<Vec<u8>>,
}

impl Ready {
    fn new(rev: u64, plain: Vec<u8>, sealed: Option<Sealed>) -> Self {
        let (leaf, opening) = match sealed {
            Some(Sealed { leaf, opening }) => (leaf, Some(opening)),
            None => (plain, None),
        };
        Self { rev: number(rev), hash: leaf_hash(&leaf), leaf, opening }
    }
}

impl Log {
    /// The revision of the next event.
    pub(crate) fn next(&self) -> Revision {
        Revision(self.peaks.size())
    }

    /// Appends a batch; when this returns, it would survive a crash.
    pub(crate) async fn append(&mut self, batch: &Batch) -> Result<(), AppendError> {
        let mut peaks = self.peaks.clone();
        let salt = personal::salt(&mut self.connection).await;
        let salt = salt.map_err(|error| AppendError::Store(said(&error)))?;
        let mut ready = Vec::with_capacity(batch.events.len());
        for event in &batch.events {
            let rev = peaks.size();
            let (actor, approved) = (batch.actor.clone(), batch.approved.clone());
            let leaf = encode(&Leaf { rev, at: batch.at, actor, approved, event })?;
            let sealed = personal::sealed(&leaf, event.sealed(&batch.actor), (&salt, rev))?;
            let one = Ready::new(rev, leaf, sealed);
            peaks.append(one.hash);
            ready.push(one);
        }
        let origin = self.key.public().name().to_owned();
        let checkpoint = Checkpoint { origin, size: peaks.size(), root: peaks.root() };
        let keys: Vec<&LogKey> = [&self.key].into_iter().chain(self.previous.as_ref()).collect();
        let note = sign(&checkpoint, &keys);
        if let Err(error) = self.transaction(&ready, batch, (peaks.size(), &note)).await {
            let _ = sqlx::query("ROLLBACK").execute(&mut self.connection).await;
            // A commit may have reached the disk although it reported an error.
            if !self.landed(&ready).await {
                return Err(error);
            }
        }
        self.peaks = peaks;
        self.fresh = false;
        self.last = self.last.max(batch.at);
        // The event is durable by now. The copy beside may lag behind: it is then only an older
        // witness, and the next append brings it up to date.
        let _ = files::write_checkpoint(&self.path, &note);
        if batch.events.iter().any(|event| !event.erases().is_empty()) {
            // Pages from before lie in the write-ahead log until it begins anew.
            let anew = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)");
            let _ = anew.execute(&mut self.connection).await;
        }
        self.note = note;
        Ok(())
    }

    async fn transaction(
        &mut self,
        ready: &[Ready],
        batch: &Batch,
        (size, note): (u64, &str),
    ) -> Result<(), AppendError> {
        let failed = |error: sqlx::Error| AppendError::Store(said(&error));
        // Immediate: a deferred transaction that turns into a writing one does not wait its turn.
        sqlx::query("BEGIN IMMEDIATE").execute(&mut self.connection).await.map_err(failed)?;
        if self.fresh {
            for table in TABLES.into_iter().chain(table::TABLES) {
                sqlx::query(table).execute(&mut self.connection).await.map_err(failed)?;
            }
        }
        if self.head().await.map_err(failed)? != number(self.peaks.size()) - 1 {
            return Err(AppendError::Diverged);
        }
        table::write(&mut self.connection, &batch.grants).await.map_err(failed)?;
        for Blob { sha256, body } in &batch.blobs {
            let sql = "INSERT INTO blobs (sha256, body) VALUES (?, ?) ON CONFLICT DO NOTHING";
            let query = sqlx::query(sql).bind(sha256).bind(&**body);
            query.execute(&mut self.connection).await.map_err(failed)?;
        }
        for Ready { rev, leaf, hash, opening } in ready {
            let sql = "INSERT INTO events (rev, leaf, hash, opening) VALUES (?, ?, ?, ?)";
            let query = sqlx::query(sql).bind(rev).bind(leaf).bind(hash.0.as_slice());
            let query = query.bind(opening);
            query.execute(&mut self.connection).await.map_err(failed)?;
        }
        let sql = "INSERT INTO checkpoints (size, note) VALUES (?, ?)";
        let query = sqlx::query(sql).bind(number(size)).bind(note);
        query.execute(&mut self.connection).await.map_err(failed)?;
        personal::erase(&mut self.connection, &batch.events).await.map_err(failed)?;
        self.thin(size).await.map_err(failed)?;
        sqlx::query("COMMIT").execute(&mut self.connection).await.map_err(failed)?;
        Ok(())
    }

    /// Of runs that are not recent any more the last checkpoint stays, which covers the run, so that
    /// a verification needs few signatures however slowly a log grew. Those of rotations stay: they
    /// say that a key follows another.
    async fn thin(&mut self, size: u64) -> Result<(), sqlx::Error> {
        let old = |size: u64| (size / RUN).saturating_sub(RUNS_RECENT);
        for run in old(self.peaks.size())..old(size) {
            let (from, to) = (number(run * RUN), number((run + 1) * RUN));
            let sql = "DELETE FROM checkpoints WHERE size > ?1 \
                 AND size < (SELECT max(size) FROM checkpoints WHERE size <= ?2) \
                 AND NOT EXISTS (SELECT 1 FROM events WHERE rev = size - 1 \
                 AND instr(CAST(leaf AS TEXT), '\"type\":\"secret.rotated\"') > 0)";
            let query = sqlx::query(sql).bind(from).bind(to);
            query.execute(&mut self.connection).await?;
        }
        Ok(())
    }

    /// The newest revision in the file; -1 for none.
    async fn head(&mut self) -> Result<i64, sqlx::Error> {
        let query = sqlx::query("SELECT coalesce(max(rev), -1) FROM events");
        query.fetch_one(&mut self.connection).await?.try_get(0)
    }

    /// Whether exactly these leaves are at the end of the file.
    async fn landed(&mut self, ready: &[Ready]) -> bool {
        let Some(last) = ready.last() else { return false };
        if self.head().await.ok() != Some(last.rev) {
            return false;
        }
        let query = sqlx::query("SELECT hash FROM events WHERE rev = ?").bind(last.rev);
        let row = query.fetch_optional(&mut self.connection).await.ok().flatten();
        let hash: Option<Vec<u8>> = row.and_then(|row| row.try_get(0).ok());
        hash.is_some_and(|hash| hash == last.hash.0)
    }
}
