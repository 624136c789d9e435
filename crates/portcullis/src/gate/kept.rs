//! A file of measurements beside the log: taken up at the start, saved every now and then, and once
//! more at the end.
//!
//! Measurements, not state: a file that can't be read is put aside and said so, and the gate starts.
//! Must not know what is measured.

use std::fmt::Display;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;

use crate::talk;

/// A file that is kept.
pub(super) struct Kept {
    /// What is in it, as it is spoken of; also the file's extension.
    what: &'static str,
    path: PathBuf,
}

/// Saves until it is stopped.
pub(super) struct Keeper {
    what: &'static str,
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Kept {
    /// The file beside the store.
    pub(super) fn beside(store: &Path, what: &'static str) -> Self {
        Self { what, path: store.with_extension(what) }
    }

    /// Takes up what was saved. `take` gives how many `parts` that were.
    pub(super) fn restore<E: Display>(
        &self,
        parts: &str,
        take: impl FnOnce(&[u8]) -> Result<usize, E>,
    ) {
        let Self { what, path } = self;
        let saved = match fs::read(path) {
            Ok(saved) => saved,
            Err(error) if error.kind() == ErrorKind::NotFound => return,
            Err(error) => {
                let path = path.display();
                return talk::error(&format!(
                    "{what} must start anew, since `{path}` can't be read: {error}"
                ));
            }
        };
        match take(&saved) {
            Ok(0) => {}
            Ok(count) => talk::info(&format!("taken up again: {what} of {count} {parts}")),
            Err(why) => {
                let aside = self.called("unreadable");
                let kept = match fs::rename(path, &aside) {
                    Ok(()) => format!("; kept as `{}`", aside.display()),
                    Err(_) => String::new(),
                };
                talk::error(&format!("{what} must start anew{kept}: {why}"));
            }
        }
    }

    /// Saves that often, and once more at the end, whatever `measured` gives; none: nothing yet.
    pub(super) fn keep(
        self,
        every: Duration,
        measured: impl FnMut() -> Option<Vec<u8>> + Send + 'static,
    ) -> anyhow::Result<Keeper> {
        let (stop, stopped) = channel();
        let what = self.what;
        let mut saver = Saver { file: self, measured, last: Vec::new(), failing: false };
        let thread = std::thread::Builder::new()
            .name(what.to_owned())
            .spawn(move || {
                while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                    saver.save();
                }
                saver.save();
            })
            .with_context(|| format!("no thread for saving {what}"))?;
        Ok(Keeper { what, stop, thread })
    }

    /// Whole or not at all: what is read after a crash is the last whole one.
    fn write(&self, bytes: &[u8]) -> std::io::Result<()> {
        let new = self.called("new");
        let mut file = fs::File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        fs::rename(&new, &self.path)
    }

    fn called(&self, what: &str) -> PathBuf {
        self.path.with_extension(format!("{}.{what}", self.what))
    }
}

impl Keeper {
    /// Saves for the last time.
    pub(super) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            let what = self.what;
            talk::error(&format!("{what} could not be saved at the end: the thread failed"));
        }
    }
}

struct Saver<M> {
    file: Kept,
    measured: M,
    last: Vec<u8>,
    failing: bool,
}

impl<M: FnMut() -> Option<Vec<u8>>> Saver<M> {
    fn save(&mut self) {
        let Some(now) = (self.measured)().filter(|now| *now != self.last) else { return };
        let what = self.file.what;
        match self.file.write(&now) {
            Ok(()) => {
                if self.failing {
                    talk::info(&format!("{what} can be saved again"));
                }
                self.failing = false;
                self.last = now;
            }
            // Said once: it is tried again each time.
            Err(_) if self.failing => {}
            Err(error) => {
                self.failing = true;
                let path = self.file.path.display();
                talk::error(&format!(
                    "{what} can't be saved to `{path}`, a restart now would forget some: {error}"
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(file: &Kept) -> Option<Vec<u8>> {
        let mut taken = None;
        file.restore("rows", |saved| {
            taken = Some(saved.to_vec());
            if saved == b"torn" { Err("unreadable") } else { Ok(1) }
        });
        taken
    }

    #[test]
    fn what_was_measured_last_is_taken_up_again() {
        let dir = tempfile::tempdir().unwrap();
        let file = || Kept::beside(&dir.path().join("gate.db"), "rows");
        assert_eq!(taken(&file()), None);
        file().keep(Duration::MAX, || None).unwrap().stop();
        assert!(!dir.path().join("gate.rows").exists(), "nothing was measured");
        file().keep(Duration::MAX, || Some(b"some".to_vec())).unwrap().stop();
        assert_eq!(taken(&file()).as_deref(), Some(&b"some"[..]));
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "nothing else is left behind");
    }

    #[test]
    fn what_cannot_be_read_is_put_aside() {
        let dir = tempfile::tempdir().unwrap();
        let file = Kept::beside(&dir.path().join("gate.db"), "rows");
        fs::write(dir.path().join("gate.rows"), "torn").unwrap();
        assert_eq!(taken(&file).as_deref(), Some(&b"torn"[..]));
        assert_eq!(fs::read(dir.path().join("gate.rows.unreadable")).unwrap(), b"torn");
        assert_eq!(taken(&file), None);
    }

    #[test]
    fn what_could_not_be_saved_is_tried_again() {
        let dir = tempfile::tempdir().unwrap();
        let file = Kept::beside(&dir.path().join("there/gate.db"), "rows");
        let measured = || Some(b"some".to_vec());
        let mut saver = Saver { file, measured, last: Vec::new(), failing: false };
        saver.save();
        assert!(saver.failing);
        fs::create_dir(dir.path().join("there")).unwrap();
        saver.save();
        assert!(!saver.failing);
        assert_eq!(fs::read(dir.path().join("there/gate.rows")).unwrap(), b"some");
    }
}
