//! Connections, tables and rows: everything that is SQL, save appending.
//!
//! Rows are read as bytes without regard to their declared type, so that a damaged type byte shows
//! as a damaged event and not as an error of this program.

use std::path::Path;
use std::time::Duration;

use portcullis_audit::{Fault, Hash};
use sha2::{Digest, Sha256};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};

use crate::error::StoreError;
use crate::files::beside;

/// The version of the tables that this program writes.
pub(crate) const SCHEMA: i64 = 1;
/// Rows fetched at once: at most 8 MiB of leaves.
pub(crate) const CHUNK: usize = 512;

/// The tables of the log; those of the grants stand with them. `STRICT` so that no other tool can put a number where a leaf belongs.
pub(crate) const TABLES: [&str; 5] = [
    "CREATE TABLE meta (schema INTEGER NOT NULL) STRICT",
    "CREATE TABLE events (rev INTEGER PRIMARY KEY, leaf BLOB NOT NULL, hash BLOB NOT NULL, opening BLOB) STRICT",
    "CREATE TABLE blobs (sha256 TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT",
    "CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT",
    "INSERT INTO meta (schema) VALUES (1)",
];

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(Duration::from_secs(5))
        .pragma("cell_size_check", "ON")
        .pragma("trusted_schema", "OFF")
        // A whole chunk: a reader is not woken for every few rows of it.
        .row_buffer_size(CHUNK)
        .disable_statement_logging()
}

/// A connection that can't write, to a file at rest. Where nobody can be writing (there is no
/// write-ahead log), SQLite is told so and touches nothing at all, not even beside the file.
pub(crate) async fn reader(path: &Path) -> Result<SqliteConnection, StoreError> {
    read_only(path, !beside(path, "-wal").exists()).await
}

/// A connection that can't write, beside a writer: it sees what is added later.
pub(crate) async fn reader_beside(path: &Path) -> Result<SqliteConnection, StoreError> {
    read_only(path, false).await
}

async fn read_only(path: &Path, alone: bool) -> Result<SqliteConnection, StoreError> {
    let connection = options(path).read_only(true).immutable(alone).connect().await;
    connection.map_err(|error| StoreError::on_read(path, None, &error))
}

/// The connection of the one writer. Every commit is on the disk before it returns.
pub(crate) async fn writer(path: &Path) -> Result<SqliteConnection, StoreError> {
    let connection = options(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // What is erased is overwritten.
        .pragma("secure_delete", "ON")
        // A feed of grants touches pages all over their table: with these it is written once where
        // it would be written four times (64 MiB of cache, a checkpoint each 32 MiB).
        .pragma("cache_size", "-65536")
        .pragma("wal_autocheckpoint", "8192")
        .connect()
        .await;
    connection.map_err(|error| StoreError::not_writable(path, crate::error::said(&error)))
}

/// Has all that is read from here on be of one moment, whoever writes meanwhile.
pub(crate) async fn at_one_moment(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<(), StoreError> {
    let begun = sqlx::query("BEGIN").execute(connection).await;
    begun.map(drop).map_err(|error| StoreError::on_read(path, None, &error))
}

/// Closes a connection; there is nothing to be done about an error then.
pub(crate) async fn close(connection: SqliteConnection) {
    let _ = connection.close().await;
}

/// The version of the tables; none for a database without any table.
pub(crate) async fn schema(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<Option<i64>, StoreError> {
    let on_read = |error| StoreError::on_read(path, None, &error);
    let names = sqlx::query("SELECT name FROM sqlite_master WHERE type = 'table'");
    let names = names.fetch_all(&mut *connection).await.map_err(on_read)?;
    if names.is_empty() {
        return Ok(None);
    }
    let ours = |wanted: &str| names.iter().any(|row| text(row, 0).as_deref() == Some(wanted));
    if !["meta", "events", "blobs", "checkpoints", "grants", "grants_salt"].into_iter().all(ours) {
        let why = "it is an SQLite database with other tables".to_owned();
        return Err(StoreError::NotAStore { path: path.to_owned(), why });
    }
    let row = sqlx::query("SELECT schema FROM meta").fetch_optional(connection).await;
    let found = row.map_err(on_read)?.and_then(|row| row.try_get_unchecked::<i64, _>(0).ok());
    match found {
        Some(found) if found > SCHEMA => {
            Err(StoreError::Newer { path: path.to_owned(), found, known: SCHEMA })
        }
        Some(SCHEMA) => Ok(Some(SCHEMA)),
        _ => {
            let why = "its schema version is unreadable".to_owned();
            Err(StoreError::damaged(path, Fault { revision: None, why }))
        }
    }
}

/// A row of the events.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) struct EventRow {
    pub(crate) rev: u64,
    pub(crate) leaf: Vec<u8>,
    pub(crate) hash: Vec<u8>,
    /// What the leaf seals, where it seals anything.
    pub(crate) opening: Option<Vec<u8>>,
}

/// At most `count` events from a revision on, in order.
pub(crate) async fn events(
    connection: &mut SqliteConnection,
    path: &Path,
    from: u64,
    count: usize,
) -> Result<Vec<EventRow>, StoreError> {
    let sql = "SELECT rev, leaf, hash, opening FROM events WHERE rev >= ? ORDER BY rev LIMIT ?";
    let query = sqlx::query(sql).bind(number(from)).bind(number(count as u64));
    match query.fetch_all(&mut *connection).await {
        Ok(rows) => rows.iter().map(|row| event_row(row, path, from)).collect(),
        // One bad page must not hide where it begins: go on row by row up to it.
        Err(error) if count > 1 && matches!(crate::error::sqlite_code(&error), Some(11 | 26)) => {
            let mut rows = Vec::new();
            for rev in from..from.saturating_add(count as u64) {
                let query = sqlx::query(sql).bind(number(rev)).bind(1i64);
                let row = query.fetch_optional(&mut *connection).await;
                match row.map_err(|error| StoreError::on_read(path, Some(rev), &error)) {
                    Ok(Some(row)) => rows.push(event_row(&row, path, rev)?),
                    Ok(None) => return Ok(rows),
                    // The good rows before it are handed out first; the next call begins at the bad one.
                    Err(_) if !rows.is_empty() => return Ok(rows),
                    Err(error) => return Err(error),
                }
            }
            Ok(rows)
        }
        Err(error) => Err(StoreError::on_read(path, Some(from), &error)),
    }
}

/// The leaf hashes of at most `count` events from a revision on, as far as there is no gap.
pub(crate) async fn hashes(
    connection: &mut SqliteConnection,
    path: &Path,
    from: u64,
    count: usize,
) -> Result<Vec<Hash>, StoreError> {
    let sql = "SELECT rev, hash FROM events WHERE rev >= ? ORDER BY rev LIMIT ?";
    let query = sqlx::query(sql).bind(number(from)).bind(number(count as u64));
    let rows = query.fetch_all(connection).await;
    let rows = rows.map_err(|error| StoreError::on_read(path, Some(from), &error))?;
    let hash = |(rev, row): (u64, &SqliteRow)| {
        let there = row.try_get_unchecked::<i64, _>(0).ok() == Some(number(rev));
        there.then(|| bytes(row, 1)?.try_into().ok().map(Hash)).flatten()
    };
    Ok((from..).zip(&rows).map_while(hash).collect())
}

fn event_row(row: &SqliteRow, path: &Path, near: u64) -> Result<EventRow, StoreError> {
    let rev = row.try_get_unchecked::<i64, _>(0).ok().and_then(|rev| u64::try_from(rev).ok());
    let read = rev.zip(bytes(row, 1)).zip(bytes(row, 2));
    let ((rev, leaf), hash) = read.ok_or_else(|| {
        let why = "the event's row is unreadable".to_owned();
        StoreError::damaged(path, Fault { revision: Some(rev.unwrap_or(near)), why })
    })?;
    Ok(EventRow { rev, leaf, hash, opening: bytes(row, 3) })
}

/// At most `count` checkpoints of a size from the given one on, in order: size and note.
pub(crate) async fn checkpoints(
    connection: &mut SqliteConnection,
    path: &Path,
    from: u64,
    count: usize,
) -> Result<Vec<(u64, String)>, StoreError> {
    let sql = "SELECT size, note FROM checkpoints WHERE size >= ? ORDER BY size LIMIT ?";
    let query = sqlx::query(sql).bind(number(from)).bind(number(count as u64));
    let revision = Some(from.saturating_sub(1));
    let rows = query.fetch_all(connection).await;
    let rows = rows.map_err(|error| StoreError::on_read(path, revision, &error))?;
    let read = |row: &SqliteRow| {
        let size =
            row.try_get_unchecked::<i64, _>(0).ok().and_then(|size| u64::try_from(size).ok());
        size.zip(text(row, 1)).ok_or_else(|| {
            let why = "the checkpoint over it is unreadable".to_owned();
            let revision = size.map(|size| size.saturating_sub(1)).or(revision);
            StoreError::damaged(path, Fault { revision, why })
        })
    };
    rows.iter().map(read).collect()
}

/// The size of the newest checkpoint.
pub(crate) async fn last_checkpoint(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<u64, StoreError> {
    let row = sqlx::query("SELECT coalesce(max(size), 0) FROM checkpoints").fetch_one(connection);
    let row = row.await.map_err(|error| StoreError::on_read(path, None, &error))?;
    let size = row.try_get_unchecked::<i64, _>(0).ok().and_then(|size| u64::try_from(size).ok());
    Ok(size.unwrap_or(u64::MAX))
}

/// Content by its digest; what it holds is for the caller to check.
pub(crate) async fn blob(
    connection: &mut SqliteConnection,
    path: &Path,
    sha256: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let query = sqlx::query("SELECT body FROM blobs WHERE sha256 = ?").bind(sha256);
    let row = query.fetch_optional(connection).await;
    let row = row.map_err(|error| StoreError::on_read(path, None, &error))?;
    Ok(row.and_then(|row| bytes(&row, 0)))
}

/// Whether a body is the one of that digest.
pub(crate) fn is_of(body: &[u8], sha256: &str) -> bool {
    Hash(Sha256::digest(body).into()).to_hex() == sha256
}

/// What SQLite's own check of its pages and indexes says; none when all is well.
pub(crate) async fn integrity(connection: &mut SqliteConnection) -> Option<String> {
    match sqlx::query("PRAGMA integrity_check(1)").fetch_one(connection).await {
        Ok(row) => text(&row, 0).filter(|said| said != "ok"),
        Err(error) => Some(crate::error::said(&error)),
    }
}

/// A number as SQLite holds it; one beyond its range finds nothing.
pub(crate) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn bytes(row: &SqliteRow, at: usize) -> Option<Vec<u8>> {
    row.try_get_unchecked::<Option<Vec<u8>>, _>(at).ok().flatten()
}

fn text(row: &SqliteRow, at: usize) -> Option<String> {
    String::from_utf8(bytes(row, at)?).ok()
}
