//! What is counted against budgets, kept in a file beside the log, so that a restart forgets no more
//! than the last second.
//!
//! Measurements, not state: a file that can't be read is put aside and said so, and the gate starts.
//! Must not know what is counted.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use portcullis_judge::Judge;

use crate::talk;

/// How often budgets are saved.
const EVERY: Duration = Duration::from_secs(1);

/// Saves budgets until it is stopped.
pub(super) struct Keeper {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

/// Takes up what was saved beside the store.
pub(super) fn restore(judge: &Judge, store: &Path) {
    let path = beside(store);
    let saved = match fs::read(&path) {
        Ok(saved) => saved,
        Err(error) if error.kind() == ErrorKind::NotFound => return,
        Err(error) => {
            return talk::error(&format!(
                "budgets start anew, since `{}` can't be read: {error}",
                path.display()
            ));
        }
    };
    match judge.restore(&saved) {
        Ok(0) => {}
        Ok(subjects) => talk::info(&format!("budgets of {subjects} subjects are taken up again")),
        Err(why) => {
            let aside = path.with_extension("budgets.unreadable");
            let kept = fs::rename(&path, &aside).is_ok();
            let kept =
                if kept { format!("; kept as `{}`", aside.display()) } else { String::new() };
            talk::error(&format!("budgets start anew{kept}: {why}"));
        }
    }
}

/// Saves every second, and once more at the end.
pub(super) fn keep(judge: &Arc<Judge>, store: &Path) -> anyhow::Result<Keeper> {
    let (stop, stopped) = channel();
    let (judge, path) = (Arc::clone(judge), beside(store));
    let thread = std::thread::Builder::new()
        .name("budgets".to_owned())
        .spawn(move || {
            let mut saver = Saver { judge, path, last: Vec::new(), failing: false, lost: 0 };
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                saver.save();
            }
            saver.save();
        })
        .context("no thread for saving budgets")?;
    Ok(Keeper { stop, thread })
}

impl Keeper {
    /// Saves for the last time.
    pub(super) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            talk::error("budgets were not saved at the end, since their thread failed");
        }
    }
}

struct Saver {
    judge: Arc<Judge>,
    path: PathBuf,
    last: Vec<u8>,
    failing: bool,
    lost: u64,
}

impl Saver {
    fn save(&mut self) {
        let lost = self.judge.budgets_lost();
        if lost > self.lost {
            self.lost = lost;
            talk::error(&format!("saved budgets of {lost} subjects were damaged and start anew"));
        }
        let now = self.judge.save();
        if now == self.last {
            return;
        }
        match write(&self.path, "budgets.new", &now) {
            Ok(()) => {
                if self.failing {
                    talk::info("budgets are saved again");
                }
                self.failing = false;
                self.last = now;
            }
            // Said once: it is tried again every second.
            Err(_) if self.failing => {}
            Err(error) => {
                self.failing = true;
                talk::error(&format!(
                    "budgets can't be saved to `{}`, a restart now would forget them: {error}",
                    self.path.display()
                ));
            }
        }
    }
}

/// Whole or not at all: what is read after a crash is the last whole one.
pub(super) fn write(path: &Path, new: &str, bytes: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension(new);
    let mut file = fs::File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(&new, path)
}

fn beside(store: &Path) -> PathBuf {
    store.with_extension("budgets")
}
