//! What a backup says is in it.
//!
//! Must not know what the files hold.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use portcullis_audit::Hash;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::DATABASE;
use crate::error::StoreError;
use crate::files;

/// What is in a backup, and the digest of each file.
const MANIFEST: &str = "backup.json";
/// What is in a backup.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// When it was made, RFC 3339.
    pub made: String,
    /// How many events the log has.
    pub events: u64,
    /// The newest checkpoint of the log.
    pub checkpoint: String,
    /// Fingerprints of the peppers that keys which aren't revoked were made under.
    pub peppers: Vec<String>,
    /// Each file.
    pub files: Vec<Copied>,
}

/// A file of a backup.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copied {
    /// Its name in the backup.
    pub name: String,
    /// Its digest, lower-case hex.
    pub sha256: String,
}

impl Manifest {
    /// Writes it beside the files.
    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
        files::replace(&dir.join(MANIFEST), &text)
    }
}

/// Reads the manifest and compares every file with it.
pub(super) fn read(dir: &Path) -> Result<Manifest, StoreError> {
    let unreadable = |error: io::Error| StoreError::backup(dir, format!("`{MANIFEST}`: {error}"));
    let text = fs::read(dir.join(MANIFEST)).map_err(|error| match error.kind() {
        ErrorKind::NotFound => StoreError::backup(
            dir,
            format!(
                "it holds no `{MANIFEST}`; name a directory that `portcullis store backup` made"
            ),
        ),
        _ => unreadable(error),
    })?;
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|error| unreadable(io::Error::other(error)))?;
    for Copied { name, sha256 } in &manifest.files {
        let plain = !name.contains(['/', '\\']) && name.starts_with("portcullis.");
        let same = plain && digest(&dir.join(name)).is_ok_and(|found| found == *sha256);
        if !same {
            let why = format!("`{name}` is not as it was written; use another backup");
            return Err(StoreError::backup(dir, why));
        }
    }
    if manifest.files.iter().any(|file| file.name == DATABASE) {
        Ok(manifest)
    } else {
        Err(StoreError::backup(dir, "it names no database"))
    }
}

pub(super) fn digest(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(Hash(digest.finalize().into()).to_hex()),
            read => digest.update(chunk.get(..read).unwrap_or_default()),
        }
    }
}
