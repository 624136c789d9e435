//! How messages fare beyond one hook, and how a hook changes its secret.

use portcullis_types::Wall;
use sqlx::Row as _;

use super::rows::delivery;
use super::{Bytes, DeliveryRow, Outbox};
use crate::database::number;
use crate::error::StoreError;

/// Messages that are done, made before a moment, for others than some partners; not all at once.
const OLD: &str = "SELECT id FROM deliveries WHERE next IS NULL AND made < ? AND hook NOT IN (SELECT id FROM hooks WHERE partner IN (SELECT value FROM json_each(?))) ORDER BY id LIMIT 10000";

/// A list as SQLite reads one.
fn json(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    format!("[{}]", names.join(","))
}

/// What waits in the whole outbox.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub struct Backlog {
    /// Messages that are to be sent, or tried again.
    pub waiting: u64,
    /// When the oldest of them was made.
    pub oldest: Option<Wall>,
    /// Messages that no hook took and that are not tried any more.
    pub given_up: u64,
}

impl Outbox {
    /// Gives a hook another secret; the one before signs too until a moment. Whether there is one.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written; then the old one stays.
    pub async fn rotate(&self, id: &str, new: &Bytes, until: Wall) -> Result<bool, StoreError> {
        let sql = "UPDATE hooks SET previous = secret, previous_until = ?, secret = ? WHERE id = ?";
        let query = sqlx::query(sql).bind(number(until.0)).bind(&new.0).bind(id);
        let done = query.execute(&mut *self.0.connection.lock().await).await;
        done.map(|done| done.rows_affected() > 0).map_err(|error| self.0.unwritten(&error))
    }

    /// Forgets secrets that sign no more.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written.
    pub async fn forget_secrets(&self, now: Wall) -> Result<(), StoreError> {
        let sql =
            "UPDATE hooks SET previous = NULL, previous_until = NULL WHERE previous_until <= ?";
        let query = sqlx::query(sql).bind(number(now.0));
        let done = query.execute(&mut *self.0.connection.lock().await).await;
        done.map(drop).map_err(|error| self.0.unwritten(&error))
    }

    /// How many messages that are done were made before a moment, for others than these partners; at most
    /// so many are counted as [`Outbox::forget`] forgets.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn old(&self, before: Wall, kept: &[String]) -> Result<u64, StoreError> {
        let sql = format!("SELECT count(*) FROM ({OLD})");
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(number(before.0)).bind(json(kept));
        let row = query.fetch_one(&mut *self.0.connection.lock().await).await;
        let count = row.and_then(|row| row.try_get::<i64, _>(0));
        count.map(|n| u64::try_from(n).unwrap_or(0)).map_err(|error| self.0.unread(&error))
    }

    /// Forgets them.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written; then none is forgotten.
    pub async fn forget(&self, before: Wall, kept: &[String]) -> Result<(), StoreError> {
        let sql = format!("DELETE FROM deliveries WHERE id IN ({OLD})");
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(number(before.0)).bind(json(kept));
        let done = query.execute(&mut *self.0.connection.lock().await).await;
        done.map(drop).map_err(|error| self.0.unwritten(&error))
    }

    /// A message at each hook that it was for.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn sent(&self, message: &str) -> Result<Vec<DeliveryRow>, StoreError> {
        let sql = "SELECT id, hook, message, kind, made, next, failures, done, status, said FROM deliveries WHERE message = ? ORDER BY id LIMIT 1000";
        let rows =
            sqlx::query(sql).bind(message).fetch_all(&mut *self.0.connection.lock().await).await;
        rows.and_then(|rows| rows.iter().map(delivery).collect())
            .map_err(|error| self.0.unread(&error))
    }

    /// What waits.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        let mut connection = self.0.connection.lock().await;
        let figures = async {
            let sql = "SELECT count(*), min(made) FROM deliveries WHERE next IS NOT NULL";
            let row = sqlx::query(sql).fetch_one(&mut *connection).await?;
            let (waiting, oldest) = (row.try_get::<i64, _>(0)?, row.try_get::<Option<i64>, _>(1)?);
            let sql = "SELECT count(*) FROM deliveries WHERE next IS NULL AND done IS NULL";
            let row = sqlx::query(sql).fetch_one(&mut *connection).await?;
            let count = |n: i64| u64::try_from(n).unwrap_or(0);
            let (oldest, given_up) = (oldest.map(|at| Wall(count(at))), row.try_get(0)?);
            Ok(Backlog { waiting: count(waiting), oldest, given_up: count(given_up) })
        };
        figures.await.map_err(|error: sqlx::Error| self.0.unread(&error))
    }
}
