//! Calls by hour, kept in a file beside the log, so that a crash forgets no more than the last minute.
//!
//! Measurements, not state: a file that can't be read is put aside and said so, and the gate starts.
//! Must not know what is counted.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use portcullis_registry::UsageBook;

use super::budgets::write;
use crate::talk;

/// How often it is saved.
const EVERY: Duration = Duration::from_secs(60);

/// Saves usage until it is stopped.
pub(super) struct Keeper {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

/// Takes up what was saved beside the store.
pub(super) fn restore(book: &UsageBook, store: &Path) {
    let path = beside(store);
    let saved = match fs::read(&path) {
        Ok(saved) => saved,
        Err(error) if error.kind() == ErrorKind::NotFound => return,
        Err(error) => {
            return talk::error(&format!(
                "usage starts anew, since `{}` can't be read: {error}",
                path.display()
            ));
        }
    };
    match book.restore(&saved) {
        Ok(hours) => talk::info(&format!("usage of {hours} hours is taken up again")),
        Err(why) => {
            let aside = path.with_extension("usage.unreadable");
            let kept = fs::rename(&path, &aside).is_ok();
            let kept =
                if kept { format!("; kept as `{}`", aside.display()) } else { String::new() };
            talk::error(&format!("usage starts anew{kept}: {why}"));
        }
    }
}

/// Saves every minute, and once more at the end.
pub(super) fn keep(book: Arc<UsageBook>, store: &Path) -> anyhow::Result<Keeper> {
    let (stop, stopped) = channel();
    let path = beside(store);
    let thread = std::thread::Builder::new()
        .name("usage".to_owned())
        .spawn(move || {
            let mut saver = Saver { book, path, failing: false };
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                saver.save();
            }
            saver.save();
        })
        .context("no thread for saving usage")?;
    Ok(Keeper { stop, thread })
}

impl Keeper {
    /// Saves for the last time.
    pub(super) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            talk::error("usage was not saved at the end, since its thread failed");
        }
    }
}

struct Saver {
    book: Arc<UsageBook>,
    path: PathBuf,
    failing: bool,
}

impl Saver {
    fn save(&mut self) {
        if self.book.since().is_none() {
            return;
        }
        match write(&self.path, "usage.new", &self.book.save()) {
            Ok(()) => {
                if self.failing {
                    talk::info("usage is saved again");
                }
                self.failing = false;
            }
            // Said once: it is tried again every minute.
            Err(_) if self.failing => {}
            Err(error) => {
                self.failing = true;
                talk::error(&format!(
                    "usage can't be saved to `{}`, a restart now would forget some: {error}",
                    self.path.display()
                ));
            }
        }
    }
}

fn beside(store: &Path) -> PathBuf {
    store.with_extension("usage")
}
