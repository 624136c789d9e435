//! The store at rest, and files that are published, for commands that need no server.

use std::fs::{self, File, OpenOptions};
use std::future::Future;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use portcullis_audit::{Kept, LogVerifier, Verification};
use portcullis_store::{Store, StoreError};
use portcullis_types::Wall;

/// Lines that are read ahead.
const LINES_AHEAD: usize = 1024;

/// Verifies a database file without changing it.
pub(crate) fn verify(
    db: &Path,
    trusted: Option<&LogVerifier>,
    kept: Vec<Kept>,
) -> Result<Verification, String> {
    wait(Store::inspect_against(db, trusted, kept))
}

/// The state of then by a database file.
pub(crate) fn past(
    db: &Path,
    when: serde_json::Value,
    now: Wall,
) -> Result<serde_json::Value, String> {
    portcullis_control::past_view(when, now, |point| wait(Store::past(db, point)))
}

/// Hands out the lines of an export of a database file.
pub(crate) fn export(db: &Path, line: &mut dyn FnMut(String) -> bool) -> Result<(), String> {
    let (lines, taken) = mpsc::sync_channel(LINES_AHEAD);
    std::thread::scope(|scope| {
        let reading =
            scope.spawn(|| wait(Store::export(db, &mut move |line| lines.send(line).is_ok())));
        // A reader that has had enough goes away, and so does the channel.
        let _enough = taken.into_iter().all(line);
        reading.join().unwrap_or_else(|_| Err("the file could not be read to its end".to_owned()))
    })
}

fn wait<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| why.to_string())?;
    runtime.block_on(work).map_err(|error| error.to_string())
}

/// Puts a file in place in one step.
pub(crate) fn publish(path: &Path, content: &[u8]) -> io::Result<()> {
    put(path, content, File::options().write(true).create(true).truncate(true))
}

/// The same for a file that only its owner may read, in a directory of its own.
pub(crate) fn keep(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // What an earlier try left behind might be open to others.
    match fs::remove_file(fresh(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    put(path, content, &options)
}

/// What a file is called until it is whole.
fn fresh(path: &Path) -> PathBuf {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    fresh.into()
}

fn put(path: &Path, content: &[u8], options: &OpenOptions) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let fresh = fresh(path);
    let mut file = options.open(&fresh)?;
    file.write_all(content)?;
    // Without this a power cut could leave the new name with no content.
    file.sync_all()?;
    fs::rename(fresh, path)?;
    // And without this the old one.
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}
