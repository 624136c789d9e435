//! What anybody can check the log by: tiles, receipts, proofs, and the check of the whole.
//!
//! Apart from the office's other doors, since none of it needs to know what an event means.

use std::sync::Arc;

use portcullis_audit::{Hash, Kept, Receipt, Tile, Verification};
use portcullis_types::{Revision, Wall};

use crate::office::{BoxFuture, OfficeError};
use crate::snapshot::Snapshot;

/// A place in the log: all that happened up to there.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum LogPoint {
    /// That event and all before it.
    Revision(Revision),
    /// All that had happened at that moment.
    Time(Wall),
}

/// The log as evidence. Everything is told of the log that the newest checkpoint covers.
pub trait Evidence: Send + Sync {
    /// The content of a tile; none where the log is too short to have it.
    fn tile(&self, tile: Tile) -> BoxFuture<'_, Result<Option<Vec<u8>>, OfficeError>>;
    /// Shows that an event is in the log.
    fn receipt(&self, revision: Revision) -> BoxFuture<'_, Result<Receipt, OfficeError>>;
    /// The hashes that show the log of size `from` to be the beginning of the log of size `to`; none
    /// where the log has no such sizes.
    fn consistency(
        &self,
        from: u64,
        to: u64,
    ) -> BoxFuture<'_, Result<Option<Vec<Hash>>, OfficeError>>;
    /// Recomputes everything from the store, and compares it with what was kept elsewhere.
    fn verify(&self, kept: Vec<Kept>) -> BoxFuture<'_, Result<Verification, OfficeError>>;
    /// The state of then, folded from the log anew.
    fn past(&self, point: LogPoint) -> BoxFuture<'_, Result<Arc<Snapshot>, OfficeError>>;
}
