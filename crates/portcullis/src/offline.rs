//! The store at rest, for commands that need no server.

use std::path::Path;

use portcullis_audit::{LogVerifier, Verification};
use portcullis_store::Store;

/// Verifies a database file without changing it.
pub(crate) fn verify(db: &Path, trusted: Option<&LogVerifier>) -> Result<Verification, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| why.to_string())?;
    runtime.block_on(Store::inspect(db, trusted)).map_err(|error| error.to_string())
}
