//! Small databases beside the log: what must survive a restart and is no part of the truth.
//!
//! Each in a file of its own, so that none ever keeps the one writer waiting. Must not know what is
//! kept in them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};
use tokio::sync::Mutex;

use crate::error::{StoreError, said};
use crate::files;

/// One of them.
#[derive(Debug)]
pub(crate) struct Beside {
    path: PathBuf,
    pub(crate) connection: Mutex<SqliteConnection>,
}

impl Beside {
    /// Opens the file beside a store, or makes it, for its owner only.
    pub(crate) async fn open(
        store: &Path,
        extension: &str,
        tables: &[&'static str],
    ) -> Result<Self, StoreError> {
        let path = store.with_extension(extension);
        files::make_directory(&path)?;
        files::make_private(&path)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .pragma("trusted_schema", "OFF")
            .pragma("secure_delete", "ON")
            .disable_statement_logging();
        let not_ours =
            |error: sqlx::Error| StoreError::NotAStore { path: path.clone(), why: said(&error) };
        let mut connection = options.connect().await.map_err(not_ours)?;
        for sql in tables {
            sqlx::query(*sql).execute(&mut connection).await.map_err(not_ours)?;
        }
        Ok(Self { connection: Mutex::new(connection), path })
    }

    pub(crate) fn unread(&self, error: &sqlx::Error) -> StoreError {
        StoreError::NotReadable { path: self.path.clone(), why: said(error) }
    }

    pub(crate) fn unwritten(&self, error: &sqlx::Error) -> StoreError {
        StoreError::NotWritable { path: self.path.clone(), why: said(error) }
    }
}
