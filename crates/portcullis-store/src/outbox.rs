//! What is on its way to hooks: hooks with their secrets and how far each has come in the log,
//! messages and what became of them.
//!
//! In a file of its own beside the log, so that no delivery ever keeps the one writer waiting. The
//! log is the truth: what a hook has not been told yet is found again from where its cursor stands.
//! Must not know what a message says or how it is sent.

mod care;
mod kept;
mod rows;

use std::path::Path;

use portcullis_types::{Revision, Wall};
use sqlx::Connection;

use crate::beside::Beside;
use crate::database::number;
use crate::error::StoreError;
pub use care::Backlog;
pub use kept::{Bytes, DeliveryRow, DueDelivery, KeptHook, NewDelivery, Tried};
use rows::{delivery, due, hook};

/// Most hooks of one gate.
pub const HOOKS_MAX: usize = 10_000;
/// Most messages that are kept of one hook, sent or not; the oldest that are done go first.
const KEPT: u64 = 10_000;

const TABLES: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS hooks (id TEXT PRIMARY KEY, partner TEXT NOT NULL, url TEXT NOT NULL, secret BLOB NOT NULL, added INTEGER NOT NULL, cursor INTEGER NOT NULL, previous BLOB, previous_until INTEGER) STRICT",
    "CREATE TABLE IF NOT EXISTS deliveries (id INTEGER PRIMARY KEY AUTOINCREMENT, hook TEXT NOT NULL, message TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, made INTEGER NOT NULL, next INTEGER, failures INTEGER NOT NULL DEFAULT 0, done INTEGER, status INTEGER, said TEXT, UNIQUE (hook, message)) STRICT",
    "CREATE INDEX IF NOT EXISTS deliveries_next ON deliveries (next) WHERE next IS NOT NULL",
];

/// The file.
#[derive(Debug)]
pub struct Outbox(pub(crate) Beside);

impl Outbox {
    /// Opens the file beside a store, or makes it, for its owner only.
    ///
    /// # Errors
    /// [`StoreError`] when it can't be read or written, or is some other file.
    pub async fn open(store: &Path) -> Result<Self, StoreError> {
        let outbox = Self(Beside::open(store, "hooks.db", &TABLES).await?);
        // Files of before secrets changed have no room for a second one; the others refuse these.
        for sql in [
            "ALTER TABLE hooks ADD COLUMN previous BLOB",
            "ALTER TABLE hooks ADD COLUMN previous_until INTEGER",
        ] {
            let _ = sqlx::query(sql).execute(&mut *outbox.0.connection.lock().await).await;
        }
        Ok(outbox)
    }

    /// Every hook, by id.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn hooks(&self) -> Result<Vec<KeptHook>, StoreError> {
        let sql = "SELECT id, partner, url, secret, added, cursor, previous, previous_until FROM hooks ORDER BY partner, id";
        let rows = sqlx::query(sql).fetch_all(&mut *self.0.connection.lock().await).await;
        rows.and_then(|rows| rows.iter().map(|row| hook(row, 0)).collect())
            .map_err(|error| self.0.unread(&error))
    }

    /// Keeps a hook.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written, or there is a hook of that id.
    pub async fn add(&self, hook: &KeptHook) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO hooks (id, partner, url, secret, added, cursor) VALUES (?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql)
            .bind(&hook.id)
            .bind(&hook.partner)
            .bind(&hook.url)
            .bind(&hook.secret.0)
            .bind(number(hook.added.0))
            .bind(number(hook.cursor.0));
        let done = query.execute(&mut *self.0.connection.lock().await).await;
        done.map(drop).map_err(|error| self.0.unwritten(&error))
    }

    /// Forgets a hook, its secret and its messages; whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written.
    pub async fn remove(&self, id: &str) -> Result<bool, StoreError> {
        let mut connection = self.0.connection.lock().await;
        let removed = async {
            let mut all = connection.begin().await?;
            sqlx::query("DELETE FROM deliveries WHERE hook = ?")
                .bind(id)
                .execute(&mut *all)
                .await?;
            let gone =
                sqlx::query("DELETE FROM hooks WHERE id = ?").bind(id).execute(&mut *all).await?;
            all.commit().await?;
            Ok(gone.rows_affected() > 0)
        };
        removed.await.map_err(|error| self.0.unwritten(&error))
    }

    /// Takes messages for a hook and moves its cursor, both or neither. A message it has is not
    /// taken again.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written; then nothing changed.
    pub async fn take(
        &self,
        hook: &str,
        cursor: Revision,
        messages: &[NewDelivery],
        now: Wall,
    ) -> Result<(), StoreError> {
        let mut connection = self.0.connection.lock().await;
        let taken = async {
            let mut all = connection.begin().await?;
            for message in messages {
                let sql = "INSERT INTO deliveries (hook, message, kind, body, made, next) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
                let query = sqlx::query(sql)
                    .bind(hook)
                    .bind(&message.message)
                    .bind(&message.kind)
                    .bind(&message.body)
                    .bind(number(now.0))
                    .bind(number(now.0));
                query.execute(&mut *all).await?;
            }
            let sql = "UPDATE hooks SET cursor = max(cursor, ?) WHERE id = ?";
            sqlx::query(sql).bind(number(cursor.0)).bind(hook).execute(&mut *all).await?;
            if !messages.is_empty() {
                let sql = "DELETE FROM deliveries WHERE hook = ? AND next IS NULL AND id <= (SELECT id FROM deliveries WHERE hook = ? ORDER BY id DESC LIMIT 1 OFFSET ?)";
                let query = sqlx::query(sql).bind(hook).bind(hook).bind(number(KEPT));
                query.execute(&mut *all).await?;
            }
            all.commit().await
        };
        taken.await.map_err(|error| self.0.unwritten(&error))
    }

    /// The oldest message of each hook whose time has come; so one that hangs delays nobody else's.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn due(&self, now: Wall, count: usize) -> Result<Vec<DueDelivery>, StoreError> {
        let sql = "SELECT h.id, h.partner, h.url, h.secret, h.added, h.cursor, h.previous, h.previous_until, d.id, d.message, d.kind, d.body, d.made, d.failures FROM deliveries d JOIN hooks h ON h.id = d.hook WHERE d.id IN (SELECT min(id) FROM deliveries WHERE next <= ? GROUP BY hook) ORDER BY d.next LIMIT ?";
        let query = sqlx::query(sql).bind(number(now.0)).bind(number(count as u64));
        let rows = query.fetch_all(&mut *self.0.connection.lock().await).await;
        rows.and_then(|rows| rows.iter().map(due).collect()).map_err(|error| self.0.unread(&error))
    }

    /// Writes down what became of a try.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written; the message is then sent once more.
    pub async fn record(&self, delivery: i64, tried: &Tried) -> Result<(), StoreError> {
        let sql = "UPDATE deliveries SET next = ?, failures = failures + ?, done = ?, status = ?, said = ? WHERE id = ?";
        let query = sqlx::query(sql)
            .bind(tried.next.map(|at| number(at.0)))
            .bind(i64::from(!tried.taken))
            .bind(tried.taken.then(|| number(tried.at.0)))
            .bind(tried.status.map(i64::from))
            .bind(&tried.said)
            .bind(delivery);
        let done = query.execute(&mut *self.0.connection.lock().await).await;
        done.map(drop).map_err(|error| self.0.unwritten(&error))
    }

    /// The newest messages of a hook, from just before a number on.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn deliveries(
        &self,
        hook: &str,
        before: Option<i64>,
        count: usize,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        let sql = "SELECT id, hook, message, kind, made, next, failures, done, status, said FROM deliveries WHERE hook = ? AND id < ? ORDER BY id DESC LIMIT ?";
        let query =
            sqlx::query(sql).bind(hook).bind(before.unwrap_or(i64::MAX)).bind(number(count as u64));
        let rows = query.fetch_all(&mut *self.0.connection.lock().await).await;
        rows.and_then(|rows| rows.iter().map(delivery).collect())
            .map_err(|error| self.0.unread(&error))
    }

    /// Has a message of a hook sent again, whatever became of it, for another three days; whether
    /// there is one.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written.
    pub async fn replay(&self, hook: &str, delivery: i64, now: Wall) -> Result<bool, StoreError> {
        let sql = "UPDATE deliveries SET next = ?, made = ?, failures = 0, done = NULL WHERE hook = ? AND id = ?";
        let at = number(now.0);
        let query = sqlx::query(sql).bind(at).bind(at).bind(hook).bind(delivery);
        let done = query.execute(&mut *self.0.connection.lock().await).await;
        done.map(|done| done.rows_affected() > 0).map_err(|error| self.0.unwritten(&error))
    }
}
