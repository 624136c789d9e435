//! Salts for what is personal or the platform's own business, which is then kept apart from the log.
//!
//! Must not know what that is in an event; the registry does.

use portcullis_audit::{LeafError, Sealed, seal};
use portcullis_registry::{Event, OfficeError, Planned};
use sha2::{Digest as _, Sha256};
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
pub(crate) async fn salt(connection: &mut SqliteConnection) -> Result<[u8; 32], sqlx::Error> {
    let row = sqlx::query("SELECT randomblob(32)").fetch_one(connection).await?;
    let bytes: Vec<u8> = row.try_get_unchecked(0)?;
    bytes.try_into().map_err(|_| sqlx::Error::RowNotFound)
}

/// Seals these places of a leaf with a salt of its own, made of that of its batch: whoever learns the
/// one does not learn another.
pub(crate) fn sealed(
    leaf: &[u8],
    places: &[&str],
    (salt, rev): (&[u8; 32], u64),
) -> Result<Option<Sealed>, LeafError> {
    if places.is_empty() {
        return Ok(None);
    }
    let own = Sha256::new().chain_update(salt).chain_update(rev.to_be_bytes()).finalize();
    seal(leaf, places, &own.into())
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
