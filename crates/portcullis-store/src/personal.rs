//! Salts for what is personal, which is then kept apart from the log.
//!
//! Must not know what is personal in an event; the registry does.

use portcullis_registry::{Event, OfficeError, Planned};
use sqlx::{Row as _, SqliteConnection};

use crate::error::said;
use crate::writer::Writer;

impl Writer {
    /// Takes what is personal out of events before they are written.
    pub(crate) async fn seal(&mut self, planned: &mut Planned) -> Result<(), OfficeError> {
        for event in planned.events.iter_mut().filter(|event| event.is_open_personal()) {
            let salt = salt(&mut self.store.log.connection).await;
            let salt = salt.map_err(|error| OfficeError::NotWritten(said(&error)))?;
            planned.blobs.extend(event.seal(&salt));
        }
        Ok(())
    }
}

/// Random bytes; SQLite takes them from the system.
async fn salt(connection: &mut SqliteConnection) -> Result<[u8; 32], sqlx::Error> {
    let row = sqlx::query("SELECT randomblob(32)").fetch_one(connection).await?;
    let bytes: Vec<u8> = row.try_get_unchecked(0)?;
    bytes.try_into().map_err(|_| sqlx::Error::RowNotFound)
}

/// Erases contents that an event says are no more, and their traces in the write-ahead log.
pub(crate) async fn erase(
    connection: &mut SqliteConnection,
    events: &[Event],
) -> Result<(), sqlx::Error> {
    for sha256 in events.iter().flat_map(Event::erases) {
        let query = sqlx::query("DELETE FROM blobs WHERE sha256 = ?").bind(sha256);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
