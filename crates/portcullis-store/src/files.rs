//! What lies beside the database: the lock, the newest checkpoint; and the look at a file before
//! SQLite sees it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use portcullis_audit::Fault;

use crate::error::StoreError;

/// The lock of a store, held for life; the system frees it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "held, not read")] File);

/// A path with something appended to its last name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The file beside a store that keeps the newest checkpoint with what witnesses signed of it.
#[must_use]
pub fn cosigned_path(path: &Path) -> PathBuf {
    beside(path, ".cosigned")
}

/// The file that keeps the newest checkpoint outside the database.
pub(crate) fn checkpoint_path(path: &Path) -> PathBuf {
    beside(path, ".checkpoint")
}

/// Makes the directory of a store, for its owner only.
pub(crate) fn make_directory(path: &Path) -> Result<(), StoreError> {
    let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) else {
        return Ok(());
    };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(parent).map_err(|error| StoreError::not_writable(path, error))
}

/// Takes the lock, or says who has it.
pub(crate) fn lock(path: &Path) -> Result<Lock, StoreError> {
    let lock = beside(path, ".lock");
    let file = private().open(&lock).map_err(|error| StoreError::not_writable(&lock, error))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.to_owned(), lock }),
        Err(TryLockError::Error(error)) => Err(StoreError::not_writable(&lock, error)),
    }
}

/// Makes an empty file for its owner only, where there is none; SQLite gives its own files beside
/// it the same rights.
pub(crate) fn make_private(path: &Path) -> Result<(), StoreError> {
    private().open(path).map(drop).map_err(|error| StoreError::not_writable(path, error))
}

pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Reads the checkpoint beside the store, where there is one.
pub(crate) fn read_checkpoint(path: &Path) -> Result<Option<String>, StoreError> {
    let beside = checkpoint_path(path);
    match fs::read(&beside) {
        // Bytes that are no text must not pass for a missing file: they are handed on to be refused.
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::not_readable(&beside, error)),
    }
}

/// Replaces the checkpoint beside the store in one step.
pub(crate) fn write_checkpoint(path: &Path, note: &str) -> std::io::Result<()> {
    replace(&checkpoint_path(path), note.as_bytes())
}

/// Replaces a file in one step.
pub(crate) fn replace(target: &Path, content: &[u8]) -> std::io::Result<()> {
    let fresh = beside(target, ".new");
    let mut file = private().open(&fresh)?;
    file.set_len(0)?;
    file.write_all(content)?;
    // Without this a power cut could leave the new name with no content.
    file.sync_all()?;
    fs::rename(fresh, target)
}

/// Removes a file, where there is one.
pub(crate) fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What a path holds before SQLite looks at it.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Found {
    /// Nothing, or an empty file.
    Nothing,
    /// An SQLite database of plausible length.
    Database,
}

/// Looks at a file: whether it is an SQLite database, and as long as it says (file format §1.3).
pub(crate) fn look(path: &Path) -> Result<Found, StoreError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(StoreError::not_readable(path, error)),
    };
    let unreadable = |error| StoreError::not_readable(path, error);
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        let why = "it is a directory".to_owned();
        return Err(StoreError::NotAStore { path: path.to_owned(), why });
    }
    let bytes = metadata.len();
    if bytes == 0 {
        return Ok(Found::Nothing);
    }
    let mut head = [0; 100];
    if bytes < head.len() as u64 {
        let mut start = Vec::new();
        file.read_to_end(&mut start).map_err(unreadable)?;
        let ours = start.iter().zip(MAGIC).all(|(a, b)| a == b);
        return Err(if ours { truncated(path, bytes, 4096) } else { not_sqlite(path) });
    }
    file.read_exact(&mut head).map_err(unreadable)?;
    if !head.starts_with(MAGIC) {
        return Err(not_sqlite(path));
    }
    // While the write-ahead log holds pages, the file itself may still be short.
    let waiting = fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0);
    match expected_length(&head) {
        Some(expected) if bytes < expected && !waiting => Err(truncated(path, bytes, expected)),
        _ => Ok(Found::Database),
    }
}

const MAGIC: &[u8; 16] = b"SQLite format 3\0";

fn expected_length(head: &[u8; 100]) -> Option<u64> {
    let word = |at: usize| Some(u32::from_be_bytes(head.get(at..at + 4)?.try_into().ok()?));
    let page = u16::from_be_bytes(head.get(16..18)?.try_into().ok()?);
    let page = if page == 1 { 65_536 } else { u64::from(page) };
    // The count is valid only if the change counter equals the version-valid-for number.
    (word(24)? == word(92)?).then_some(page * u64::from(word(28)?))
}

fn truncated(path: &Path, bytes: u64, expected: u64) -> StoreError {
    StoreError::Truncated { path: path.to_owned(), bytes, expected }
}

fn not_sqlite(path: &Path) -> StoreError {
    // A checkpoint beside it says that there was a log here.
    if checkpoint_path(path).exists() {
        let why = "its first bytes are not those of an SQLite database, and there is a checkpoint beside it";
        return StoreError::damaged(path, Fault { revision: None, why: why.to_owned() });
    }
    let why = "it is no SQLite database".to_owned();
    StoreError::NotAStore { path: path.to_owned(), why }
}
