//! Lists and what stands in them, for partners that ask and for the platform's report.
//!
//! Must not know who asks.

use portcullis_registry::{DutyRow, KeptList, ListsWanted};
use portcullis_types::PartnerId;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};

use super::DeletionBook;
use super::rows::{DUTY, LIST, duty, list};
use crate::database::number;
use crate::error::StoreError;

impl DeletionBook {
    /// Lists of which the partner was not told, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn untold(&self, count: usize) -> Result<Vec<KeptList>, StoreError> {
        let sql = format!("SELECT {LIST} FROM lists WHERE told IS NULL ORDER BY number LIMIT ");
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(sql);
        query.push_bind(number(count as u64));
        self.read(query, list).await
    }

    /// Lists of which a partner said what it did, and the log does not have it yet as far as is known here.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn unsettled(&self, count: usize) -> Result<Vec<KeptList>, StoreError> {
        let sql = format!(
            "SELECT {LIST} FROM lists WHERE said IS NOT NULL AND attested IS NULL ORDER BY number LIMIT "
        );
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(sql);
        query.push_bind(number(count as u64));
        self.read(query, list).await
    }

    /// A list by its name.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn list(&self, batch: &str) -> Result<Option<KeptList>, StoreError> {
        let mut query: QueryBuilder<Sqlite> =
            QueryBuilder::new(format!("SELECT {LIST} FROM lists WHERE batch = "));
        query.push_bind(batch.to_owned());
        Ok(self.read(query, list).await?.pop())
    }

    /// Lists of which the partner was told, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn lists(&self, wanted: &ListsWanted) -> Result<Vec<KeptList>, StoreError> {
        let mut query: QueryBuilder<Sqlite> =
            QueryBuilder::new(format!("SELECT {LIST} FROM lists WHERE told IS NOT NULL"));
        if let Some(partner) = &wanted.partner {
            query.push(" AND partner = ").push_bind(partner.as_str().to_owned());
        }
        if let Some(since) = wanted.since {
            query.push(" AND told >= ").push_bind(number(since.0));
        }
        if let Some(now) = wanted.overdue {
            query.push(" AND attested IS NULL AND due_by <= ").push_bind(number(now.0));
        }
        if let Some(before) = wanted.before {
            query.push(" AND number < ").push_bind(before);
        }
        query.push(" ORDER BY number DESC LIMIT ").push_bind(number(wanted.count as u64));
        self.read(query, list).await
    }

    /// Lists of a partner that wait for it, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn waiting(
        &self,
        partner: &PartnerId,
        count: usize,
    ) -> Result<Vec<KeptList>, StoreError> {
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(format!(
            "SELECT {LIST} FROM lists WHERE told IS NOT NULL AND attested IS NULL AND partner = "
        ));
        query.push_bind(partner.as_str().to_owned());
        query.push(" ORDER BY number LIMIT ").push_bind(number(count as u64));
        self.read(query, list).await
    }

    /// What a partner has to let go of and did not attest, from just after a number on.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn duties(
        &self,
        partner: &PartnerId,
        after: i64,
        count: usize,
    ) -> Result<Vec<DutyRow>, StoreError> {
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(format!(
            "SELECT {DUTY} FROM duties d JOIN lists l ON l.batch = d.batch WHERE l.told IS NOT NULL AND l.attested IS NULL AND d.partner = "
        ));
        query.push_bind(partner.as_str().to_owned()).push(" AND d.seq > ").push_bind(after);
        query.push(" ORDER BY d.seq LIMIT ").push_bind(number(count as u64));
        self.read(query, duty).await
    }

    /// What of a list stays, with what its partner says of it.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn kept(&self, batch: &str, count: usize) -> Result<Vec<DutyRow>, StoreError> {
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(format!(
            "SELECT {DUTY} FROM duties d JOIN lists l ON l.batch = d.batch WHERE d.done = 'kept' AND d.batch = "
        ));
        query.push_bind(batch.to_owned());
        query.push(" ORDER BY d.seq LIMIT ").push_bind(number(count as u64));
        self.read(query, duty).await
    }

    async fn read<T>(
        &self,
        mut query: QueryBuilder<Sqlite>,
        read: fn(&SqliteRow) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = query.build().fetch_all(&mut *self.0.connection.lock().await).await;
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| self.0.unread(&error))
    }
}
