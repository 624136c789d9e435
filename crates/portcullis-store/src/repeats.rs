//! Answers to calls that may be repeated, kept for a day: a restart in between must not do a thing
//! twice.
//!
//! Whoever keeps one sees to it that it holds no secret. Must not know what an answer says.

use std::path::Path;

use portcullis_types::Wall;
use sqlx::Row as _;

use crate::beside::Beside;
use crate::database::number;
use crate::error::StoreError;

const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS repeats (space TEXT NOT NULL, name BLOB NOT NULL, owner BLOB NOT NULL, body BLOB NOT NULL, at INTEGER NOT NULL, status INTEGER, answer BLOB NOT NULL, PRIMARY KEY (space, name)) STRICT, WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS repeats_at ON repeats (space, at)",
];
const DAY: u64 = 86_400_000;

/// The file.
#[derive(Debug)]
pub struct Repeats(Beside);

/// An answer as it is kept.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct RepeatRow {
    /// Digest of who asked, where, and the caller's key.
    pub name: Vec<u8>,
    /// Digest of who asked.
    pub owner: Vec<u8>,
    /// Digest of what was sent.
    pub body: Vec<u8>,
    /// When.
    pub at: Wall,
    /// The status; none: it is still under way.
    pub status: Option<u16>,
    /// What was answered.
    pub answer: Vec<u8>,
}

impl Repeats {
    /// Opens the file beside a store, or makes it, for its owner only.
    ///
    /// # Errors
    /// [`StoreError`] when it can't be read or written, or is some other file.
    pub async fn open(store: &Path) -> Result<Self, StoreError> {
        Ok(Self(Beside::open(store, "repeats.db", &TABLES).await?))
    }

    /// Everything that is kept in a space, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn all(&self, space: &str) -> Result<Vec<RepeatRow>, StoreError> {
        let sql = "SELECT name, owner, body, at, status, answer FROM repeats WHERE space = ? ORDER BY at, name";
        let mut connection = self.0.connection.lock().await;
        let rows = sqlx::query(sql).bind(space).fetch_all(&mut *connection).await;
        let row = |row: &sqlx::sqlite::SqliteRow| -> Result<RepeatRow, sqlx::Error> {
            let status: Option<i64> = row.try_get(4)?;
            Ok(RepeatRow {
                name: row.try_get(0)?,
                owner: row.try_get(1)?,
                body: row.try_get(2)?,
                at: Wall(u64::try_from(row.try_get::<i64, _>(3)?).unwrap_or(0)),
                status: status.and_then(|status| u16::try_from(status).ok()),
                answer: row.try_get(5)?,
            })
        };
        rows.and_then(|rows| rows.iter().map(row).collect()).map_err(|error| self.0.unread(&error))
    }

    /// Keeps one in the place of that with its name, the newest so many of a day.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written.
    pub async fn keep(&self, space: &str, one: &RepeatRow, max: usize) -> Result<(), StoreError> {
        let mut connection = self.0.connection.lock().await;
        let kept = async {
            let sql = "INSERT OR REPLACE INTO repeats (space, name, owner, body, at, status, answer) VALUES (?, ?, ?, ?, ?, ?, ?)";
            let query = sqlx::query(sql)
                .bind(space)
                .bind(&one.name)
                .bind(&one.owner)
                .bind(&one.body)
                .bind(number(one.at.0))
                .bind(one.status.map(i64::from))
                .bind(&one.answer);
            query.execute(&mut *connection).await?;
            if one.status.is_some() {
                // Those under way are few, and an answer follows each.
                return Ok(());
            }
            let sql = "DELETE FROM repeats WHERE space = ? AND (at <= ? OR at < (SELECT at FROM repeats WHERE space = ? ORDER BY at DESC LIMIT 1 OFFSET ?))";
            let query = sqlx::query(sql)
                .bind(space)
                .bind(number(one.at.0.saturating_sub(DAY)))
                .bind(space)
                .bind(number(max as u64));
            query.execute(&mut *connection).await.map(drop)
        };
        kept.await.map_err(|error| self.0.unwritten(&error))
    }

    /// Forgets one.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written.
    pub async fn forget(&self, space: &str, name: &[u8]) -> Result<(), StoreError> {
        let mut connection = self.0.connection.lock().await;
        let sql = "DELETE FROM repeats WHERE space = ? AND name = ?";
        let done = sqlx::query(sql).bind(space).bind(name).execute(&mut *connection).await;
        done.map(drop).map_err(|error| self.0.unwritten(&error))
    }
}
