//! What was taken back, and who was told to let go of it: the platform's posts, the lists made of them,
//! what partners said of each record.
//!
//! In a file of its own beside the log, since ids of people lie in it and are dropped in time. The log
//! is the truth of who was told, when and of how much; each list here is named by an event, or is about
//! to be. Must not know who received what, or when anything is due.

mod desk;
mod errands;
mod lists;
mod matching;
mod rows;
mod said;
mod settling;

use std::path::Path;

use portcullis_registry::{DELETIONS_BATCH_MAX, DeletionBacklog, DeletionPost, DeletionRejected};
use portcullis_types::Wall;
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, Row as _, SqliteConnection};

use crate::beside::Beside;
use crate::database::number;
use crate::error::StoreError;
pub use desk::{Duties, Vanishes, Vanishing};

const TABLES: [&str; 9] = [
    "CREATE TABLE IF NOT EXISTS days (day INTEGER PRIMARY KEY) STRICT",
    "CREATE TABLE IF NOT EXISTS salt (salt BLOB NOT NULL) STRICT",
    "INSERT INTO salt (salt) SELECT randomblob(32) WHERE NOT EXISTS (SELECT 1 FROM salt)",
    "CREATE TABLE IF NOT EXISTS posts (id TEXT PRIMARY KEY, line BLOB NOT NULL, what TEXT NOT NULL, kind TEXT NOT NULL, name TEXT, class TEXT, at INTEGER NOT NULL, posted INTEGER NOT NULL, next INTEGER) STRICT",
    "CREATE INDEX IF NOT EXISTS posts_next ON posts (next) WHERE next IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS posts_name ON posts (name) WHERE next IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS lists (batch TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, partner TEXT NOT NULL, cause TEXT NOT NULL, count INTEGER NOT NULL, salt BLOB, list TEXT NOT NULL, day INTEGER, made INTEGER NOT NULL, revision INTEGER, told INTEGER, due_by INTEGER, said INTEGER, by TEXT, deleted INTEGER NOT NULL DEFAULT 0, never_stored INTEGER NOT NULL DEFAULT 0, kept INTEGER NOT NULL DEFAULT 0, reason TEXT, attested INTEGER, dropped INTEGER, UNIQUE (partner, day)) STRICT",
    "CREATE TABLE IF NOT EXISTS duties (seq INTEGER PRIMARY KEY AUTOINCREMENT, batch TEXT NOT NULL, partner TEXT NOT NULL, post TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, class TEXT, at INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, done TEXT, reason TEXT, UNIQUE (partner, post)) STRICT",
    "CREATE INDEX IF NOT EXISTS duties_batch ON duties (batch, seq)",
];

/// The file.
#[derive(Debug)]
pub struct DeletionBook(Beside);

/// Why posts or words of a partner were not taken. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum DeletionBookError {
    /// The rules do not allow it; of a batch, the line, counted from 0.
    #[error("{why}")]
    Rejected {
        /// Which.
        index: usize,
        /// Why.
        why: DeletionRejected,
    },
    /// The file can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DeletionBook {
    /// Opens the file beside a store, or makes it, for its owner only.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read or written, or is some other file.
    pub async fn open(store: &Path) -> Result<Self, StoreError> {
        Ok(Self(Beside::open(store, "deletions.db", &TABLES).await?))
    }

    /// Takes posts, whole or not at all; they are looked at from now on. How many were not known. A known
    /// id that says the same changes nothing.
    ///
    /// # Errors
    /// [`DeletionBookError::Rejected`] for a line that can't be taken, or says otherwise what a known id
    /// said; [`DeletionBookError::Store`] when the file can't be written.
    pub async fn take(&self, posts: &[DeletionPost], now: Wall) -> Result<u64, DeletionBookError> {
        let (count, max) = (posts.len(), DELETIONS_BATCH_MAX);
        if count > max {
            let why = DeletionRejected::TooMany { count, max };
            return Err(DeletionBookError::Rejected { index: max, why });
        }
        for (index, post) in posts.iter().enumerate() {
            post.check().map_err(|why| DeletionBookError::Rejected { index, why })?;
        }
        let mut connection = self.0.connection.lock().await;
        let taken = async {
            let mut all = connection.begin().await?;
            let salt = salt(&mut all).await?;
            let mut new = 0;
            for (index, post) in posts.iter().enumerate() {
                match put(&mut all, post, &line(&salt, post), now).await? {
                    Put::New => new += 1,
                    Put::Known => {}
                    Put::Otherwise => return Ok(Err(index)),
                }
            }
            all.commit().await?;
            Ok(Ok(new))
        };
        let taken: Result<Result<u64, usize>, sqlx::Error> = taken.await;
        taken.map_err(|error| self.0.unwritten(&error))?.map_err(|index| {
            let id = posts.get(index).map(|post| post.id.clone()).unwrap_or_default();
            DeletionBookError::Rejected { index, why: DeletionRejected::OtherUnderId { id } }
        })
    }

    /// What waits.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn backlog(&self, now: Wall) -> Result<DeletionBacklog, StoreError> {
        let mut connection = self.0.connection.lock().await;
        let sql = "SELECT (SELECT count(*) FROM posts WHERE next <= ?1), (SELECT min(next) FROM posts), (SELECT count(*) FROM lists WHERE told IS NULL)";
        let row = sqlx::query(sql).bind(number(now.0)).fetch_one(&mut *connection).await;
        let read = |row: sqlx::sqlite::SqliteRow| {
            let count = |n: i64| u64::try_from(n).unwrap_or(0);
            let oldest = row.try_get::<Option<i64>, _>(1)?.map(|ms| Wall(count(ms)));
            Ok(DeletionBacklog {
                posts: count(row.try_get(0)?),
                oldest: oldest.filter(|oldest| *oldest <= now),
                untold: count(row.try_get(2)?),
            })
        };
        row.and_then(read).map_err(|error| self.0.unread(&error))
    }

    /// Forgets the ids of lists that were attested before a moment, and posts that were looked at and are
    /// as old. Counts and commitments stay. How many lists lost theirs.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written; then nothing is forgotten.
    pub async fn forget(&self, before: Wall, now: Wall) -> Result<u64, StoreError> {
        let mut connection = self.0.connection.lock().await;
        let forgotten = async {
            let mut all = connection.begin().await?;
            let sql = "DELETE FROM duties WHERE batch IN (SELECT batch FROM lists WHERE attested < ? AND dropped IS NULL)";
            sqlx::query(sql).bind(number(before.0)).execute(&mut *all).await?;
            let sql = "UPDATE lists SET salt = NULL, reason = NULL, dropped = ? WHERE attested < ? AND dropped IS NULL";
            let query = sqlx::query(sql).bind(number(now.0)).bind(number(before.0));
            let lists = query.execute(&mut *all).await?.rows_affected();
            let sql = "DELETE FROM posts WHERE next IS NULL AND posted < ?";
            sqlx::query(sql).bind(number(before.0)).execute(&mut *all).await?;
            all.commit().await?;
            Ok(lists)
        };
        let lists: Result<u64, sqlx::Error> = forgotten.await;
        let lists = lists.map_err(|error| self.0.unwritten(&error))?;
        if lists > 0 {
            // Pages from before lie in the write-ahead log until it begins anew.
            let anew = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)");
            let _ = anew.execute(&mut *connection).await;
        }
        Ok(lists)
    }
}

enum Put {
    New,
    Known,
    Otherwise,
}

async fn put(
    connection: &mut SqliteConnection,
    post: &DeletionPost,
    line: &[u8],
    now: Wall,
) -> Result<Put, sqlx::Error> {
    let sql = "INSERT INTO posts (id, line, what, kind, name, class, at, posted, next) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) ON CONFLICT DO NOTHING";
    let query = sqlx::query(sql)
        .bind(&post.id)
        .bind(line)
        .bind(post.what.name())
        .bind(rows::kind_name(post.kind))
        .bind(&post.name)
        .bind(post.class.as_ref().map(ToString::to_string))
        .bind(number(post.at.0))
        .bind(number(now.0));
    if query.execute(&mut *connection).await?.rows_affected() > 0 {
        return Ok(Put::New);
    }
    let known = sqlx::query("SELECT line FROM posts WHERE id = ?").bind(&post.id);
    let known: Vec<u8> = known.fetch_one(connection).await?.try_get(0)?;
    Ok(if known == line { Put::Known } else { Put::Otherwise })
}

async fn salt(connection: &mut SqliteConnection) -> Result<Vec<u8>, sqlx::Error> {
    sqlx::query("SELECT salt FROM salt").fetch_one(connection).await?.try_get(0)
}

/// What a post said, without what it names: under a salt, since ids are few and could be tried.
fn line(salt: &[u8], post: &DeletionPost) -> Vec<u8> {
    let class = post.class.as_ref().map(ToString::to_string).unwrap_or_default();
    let (what, kind) = (post.what.name(), rows::kind_name(post.kind));
    let said = format!("{what}\n{kind}\n{}\n{class}\n{}\n", post.name, post.at.0);
    Sha256::new().chain_update(salt).chain_update(said).finalize().to_vec()
}
