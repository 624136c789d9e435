//! Waits for changes of files, for commands that run again when something changes.
//!
//! Must not know what the files are.

use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use notify::{RecursiveMode, Watcher as _};
use portcullis_cli::Changes;

/// Editors write a file in several steps; a change counts once it was quiet this long.
const QUIET: Duration = Duration::from_millis(100);

/// Watches those of the directories that are there, not the files: editors replace files.
pub(crate) fn watch(dirs: &[PathBuf]) -> notify::Result<Changes> {
    let (tell, told) = channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let reads_only = event.as_ref().is_ok_and(|event| event.kind.is_access());
        if !reads_only {
            let _ended = tell.send(());
        }
    })?;
    for dir in dirs.iter().filter(|dir| dir.is_dir()) {
        watcher.watch(dir, RecursiveMode::NonRecursive)?;
    }
    Ok(Box::new(move || {
        // Kept alive by whoever waits.
        let _watcher = &watcher;
        if told.recv().is_err() {
            return false;
        }
        loop {
            match told.recv_timeout(QUIET) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }))
}
