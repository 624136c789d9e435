//! Tiles, receipts and proofs, from a connection of their own.
//!
//! What is handed out leads to the newest signed root, or nothing is: a touched row shows here as an
//! unreadable store and not as a false proof. Must not know who asks.

use std::path::Path;
use std::sync::Arc;

use portcullis_audit::{
    Checkpoint, Hash, Kept, Nodes as _, Receipt, Spine, Spread, TILE_WIDTH, Tile, TileKind, bundle,
};
use portcullis_registry::{
    BoxFuture, Evidence, LogPoint, Office as _, OfficeError, Snapshot, Verification,
};
use portcullis_types::Revision;
use sqlx::SqliteConnection;
use tokio::sync::Mutex;

use crate::database;
use crate::inspect::inspect_in_use;
use crate::office::{OfficeHandle, not_read};
use crate::past::past_in_use;

/// The connection and what it has read, made on first use.
pub(crate) type Reading = Mutex<Option<Reader>>;

/// Reads the log up to its newest checkpoint.
#[derive(Debug)]
pub(crate) struct Reader {
    connection: SqliteConnection,
    spine: Spine,
    newest: Option<(Checkpoint, String)>,
}

/// One look at the log: what follows is told of the log that this checkpoint covers.
struct Look<'a> {
    reader: &'a mut Reader,
    path: &'a Path,
    signed: Checkpoint,
    note: String,
}

pub(crate) async fn close(reading: &Reading) {
    if let Some(reader) = reading.lock().await.take() {
        database::close(reader.connection).await;
    }
}

async fn look<'a>(reader: &'a mut Option<Reader>, path: &'a Path) -> Result<Look<'a>, OfficeError> {
    if reader.is_none() {
        let connection = database::reader_beside(path).await.map_err(not_read)?;
        *reader = Some(Reader { connection, spine: Spine::default(), newest: None });
    }
    let reader = reader.as_mut().ok_or(OfficeError::Closed)?;
    let size = database::last_checkpoint(&mut reader.connection, path).await.map_err(not_read)?;
    if let Some((signed, note)) = reader.newest.clone().filter(|(signed, _)| signed.size == size) {
        return Ok(Look { reader, path, signed, note });
    }
    let note = database::checkpoints(&mut reader.connection, path, size, 1).await;
    let note = note.map_err(not_read)?.pop().map(|(_, note)| note);
    let signed = note.as_deref().and_then(|note| Checkpoint::claimed(note).ok());
    let none = || OfficeError::NotRead("there is no checkpoint yet".to_owned());
    let (signed, note) = signed.filter(|signed| signed.size == size).zip(note).ok_or_else(none)?;
    let mut look = Look { reader, path, signed, note };
    look.follow().await?;
    look.reader.newest = Some((look.signed.clone(), look.note.clone()));
    Ok(look)
}

impl Look<'_> {
    /// Takes in what was added, and compares it with what is signed.
    async fn follow(&mut self) -> Result<(), OfficeError> {
        let width = u64::from(TILE_WIDTH);
        while self.reader.spine.covered() + width <= self.signed.size {
            let run = self.hashes(self.reader.spine.covered(), usize::from(TILE_WIDTH)).await?;
            self.reader.spine.append(&run);
        }
        let size = self.signed.size;
        let root = self.spread(&[]).await?.root_at(size);
        if root == Some(self.signed.root) { Ok(()) } else { Err(self.touched()) }
    }

    fn touched(&self) -> OfficeError {
        OfficeError::NotRead(format!(
            "its first {} events do not lead to the root that is signed for them; `portcullis audit verify` says which one was changed",
            self.signed.size
        ))
    }

    async fn hashes(&mut self, first: u64, count: usize) -> Result<Vec<Hash>, OfficeError> {
        let connection = &mut self.reader.connection;
        let found =
            database::hashes(connection, self.path, first, count).await.map_err(not_read)?;
        if found.len() == count { Ok(found) } else { Err(self.touched()) }
    }

    /// All that is needed to show something about these leaves.
    async fn spread(&mut self, leaves: &[u64]) -> Result<Spread<'_>, OfficeError> {
        let size = self.signed.size;
        let mut runs = Vec::new();
        for (first, count) in Spine::wanted(leaves, size) {
            runs.push((first, self.hashes(first, count).await?));
        }
        let mut spread = Spread::new(&self.reader.spine, size);
        runs.into_iter().for_each(|(first, leaves)| spread.add(first, leaves));
        Ok(spread)
    }

    async fn leaves(&mut self, first: u64, count: u16) -> Result<Vec<Vec<u8>>, OfficeError> {
        let count = usize::from(count);
        let rows = database::events(&mut self.reader.connection, self.path, first, count).await;
        let rows = rows.map_err(not_read)?;
        let whole = rows.len() == count && (first..).zip(&rows).all(|(rev, row)| rev == row.rev);
        if !whole {
            return Err(self.touched());
        }
        Ok(rows.into_iter().map(|row| row.leaf).collect())
    }

    async fn tile(&mut self, tile: Tile) -> Result<Option<Vec<u8>>, OfficeError> {
        if !tile.is_in(self.signed.size) {
            return Ok(None);
        }
        match tile.kind {
            TileKind::Entries => {
                let leaves = self.leaves(tile.first(), tile.width).await?;
                Ok(bundle(leaves.iter().map(Vec::as_slice)))
            }
            TileKind::Hashes(0) => {
                let hashes = self.hashes(tile.first(), usize::from(tile.width)).await?;
                Ok(Some(hashes.iter().flat_map(|hash| hash.0).collect()))
            }
            TileKind::Hashes(_) => Ok(tile.hashes(&self.spread(&[]).await?)),
        }
    }

    async fn receipt(&mut self, asked: Revision) -> Result<Receipt, OfficeError> {
        let Revision(index) = asked;
        let size = self.signed.size;
        if index >= size {
            return Err(OfficeError::NoSuchEvent {
                asked,
                newest: size.checked_sub(1).map(Revision),
            });
        }
        let leaf = self.leaves(index, 1).await?.pop();
        let hashes = self.spread(&[index]).await?.inclusion(index, size);
        let hashes = hashes.ok_or_else(|| self.touched())?;
        let receipt = Receipt { index, leaf, hashes, note: self.note.clone() };
        if receipt.leads().is_ok() { Ok(receipt) } else { Err(self.touched()) }
    }
}

impl Evidence for OfficeHandle {
    fn tile(&self, tile: Tile) -> BoxFuture<'_, Result<Option<Vec<u8>>, OfficeError>> {
        Box::pin(async move {
            let mut reader = self.shared().evidence.lock().await;
            look(&mut reader, self.shared().path()).await?.tile(tile).await
        })
    }

    fn receipt(&self, revision: Revision) -> BoxFuture<'_, Result<Receipt, OfficeError>> {
        Box::pin(async move {
            let mut reader = self.shared().evidence.lock().await;
            look(&mut reader, self.shared().path()).await?.receipt(revision).await
        })
    }

    fn consistency(
        &self,
        from: u64,
        to: u64,
    ) -> BoxFuture<'_, Result<Option<Vec<Hash>>, OfficeError>> {
        Box::pin(async move {
            let mut reader = self.shared().evidence.lock().await;
            let mut look = look(&mut reader, self.shared().path()).await?;
            Ok(look.spread(&[from, to]).await?.consistency(from, to))
        })
    }

    fn verify(&self, kept: Vec<Kept>) -> BoxFuture<'_, Result<Verification, OfficeError>> {
        Box::pin(async move {
            let shared = self.shared();
            let now = || self.snapshot();
            inspect_in_use(shared.path(), shared.trusted(), kept, &now).await.map_err(not_read)
        })
    }

    fn past(&self, point: LogPoint) -> BoxFuture<'_, Result<Arc<Snapshot>, OfficeError>> {
        Box::pin(async move {
            let newest = self.snapshot().revision();
            if let LogPoint::Revision(asked) = point
                && newest.is_none_or(|newest| newest < asked)
            {
                return Err(OfficeError::NoSuchEvent { asked, newest });
            }
            past_in_use(self.shared().path(), point).await.map_err(not_read)
        })
    }
}
