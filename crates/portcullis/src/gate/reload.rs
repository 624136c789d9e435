//! Watches the files of routes, policies and certificates, and looks at the upstreams when asked to: a
//! whole set that compiles is published, a faulty one changes nothing and is told of.
//!
//! Must not touch the rules in force; only the log does.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use anyhow::Context;
use notify::{RecursiveMode, Watcher};
use portcullis_control::Weighed;
use portcullis_registry::{Actor, ActorKind, Command, Office, Terms};
use portcullis_types::Revision;

use super::board::Board;
use super::certs::Certificates;
use super::drift;
use super::listed::Listed;
use super::set;
use super::weighed::{weigh_ledger, weigh_set};
use crate::talk;

/// Editors write a file in several steps; a change counts once it was quiet this long.
const QUIET: Duration = Duration::from_millis(200);

/// What reloading needs.
pub(crate) struct Reload {
    pub(crate) routes: PathBuf,
    pub(crate) policies: PathBuf,
    pub(crate) certificates: Certificates,
    pub(crate) upstreams: Listed,
    pub(crate) board: Arc<Board>,
    pub(crate) office: Arc<dyn Office>,
    pub(crate) runtime: tokio::runtime::Handle,
}

/// Why the files on disk are looked at.
pub(crate) enum Change {
    /// They may have changed.
    Files,
    /// Somebody asked for it.
    Asked,
    /// This set is in force now, wherever it came from.
    Set(set::Files),
}

/// Ends the watching when dropped.
pub(crate) struct Watching {
    _watcher: notify::RecommendedWatcher,
    tell: Arc<Sender<Change>>,
}

impl Watching {
    /// Has all files looked at, as if they had changed.
    pub(crate) fn look(&self) {
        let _ended = self.tell.send(Change::Asked);
    }
}

impl Reload {
    /// Watches folders, not files: editors and mounted volumes replace files.
    pub(crate) fn watch(self) -> anyhow::Result<Watching> {
        let (changed, changes) = channel();
        let told = changed.clone();
        let changed = Arc::new(changed);
        self.board.compared_by(Arc::downgrade(&changed));
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                let reads_only = event.as_ref().is_ok_and(|event| event.kind.is_access());
                if !reads_only {
                    let _ended = told.send(Change::Files);
                }
            })
            .context("files can't be watched")?;
        let folders = [self.routes.clone(), self.policies.clone()];
        for folder in folders.into_iter().chain(self.certificates.folders()) {
            watcher
                .watch(&folder, RecursiveMode::NonRecursive)
                .with_context(|| format!("`{}` can't be watched", folder.display()))?;
        }
        std::thread::Builder::new()
            .name("reload".to_owned())
            .spawn(move || self.run(&changes))
            .context("no thread for reloading")?;
        Ok(Watching { _watcher: watcher, tell: changed })
    }

    fn run(&self, changes: &Receiver<Change>) {
        while let Ok(first) = changes.recv() {
            let (mut touched, mut asked, mut newest) = (false, false, None);
            let mut next = Some(first);
            while let Some(change) = next {
                match change {
                    Change::Files => touched = true,
                    Change::Asked => asked = true,
                    Change::Set(files) => newest = Some(files),
                }
                next = match changes.recv_timeout(QUIET) {
                    Ok(change) => Some(change),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                };
            }
            if asked {
                self.upstreams();
            }
            match newest {
                _ if touched || asked => {
                    self.certificates();
                    self.once();
                }
                Some(files) => {
                    let disk = set::read(&self.routes, &self.policies);
                    drift::tell(&disk, &set::published(&files), &self.board);
                }
                None => {}
            }
        }
    }

    fn certificates(&self) {
        let found = self.certificates.look();
        if let Err(fault) = &found {
            talk::error(&format!(
                "the changed certificates are not in force, those before them are:\n{fault}"
            ));
        }
        self.board.note(|notes| {
            notes.reload_failures += u64::from(found.is_err());
            notes.certificate_fault = found.err();
        });
    }

    fn upstreams(&self) {
        if let Err(fault) = self.upstreams.look() {
            talk::error(&format!(
                "the changed upstreams are not in force, those before them are:\n{fault}"
            ));
            self.board.note(|notes| notes.reload_failures += 1);
        }
    }

    fn once(&self) {
        let files = match set::read(&self.routes, &self.policies) {
            Ok(files) => files,
            Err(faults) => return self.faulty(faults),
        };
        let snapshot = self.office.snapshot();
        let in_force = snapshot.policy().map(|policy| policy.files.clone()).unwrap_or_default();
        if set::drift(&files, &in_force).is_empty() {
            return self.board.note(|notes| {
                notes.drift.clear();
                notes.reload_fault = None;
            });
        }
        if let Err(faults) = set::compile(&files, Revision(0)) {
            return self.faulty(faults);
        }
        let actor = Actor { kind: ActorKind::Gate, id: "files".to_owned() };
        let Weighed { proved_narrower, narrowed } = weigh_set(&self.board, &files, &snapshot);
        let ledger = weigh_ledger(&self.board, &files);
        let terms = Terms { proved_narrower, narrowed, ..Terms::default() };
        let command = Command::PublishPolicy { files };
        match self.runtime.block_on(self.office.submit_on(actor, command, terms)) {
            Ok(done) => {
                talk::info(&done.what);
                ledger.iter().for_each(|change| talk::warn(&change.text));
                self.board.note(|notes| {
                    notes.drift.clear();
                    notes.reload_fault = None;
                });
            }
            Err(why) => {
                talk::error(&format!("the changed files are not in force: {why}"));
                self.board.note(|notes| notes.fail(why.to_string()));
            }
        }
    }

    fn faulty(&self, faults: Vec<portcullis_yaml::Fault>) {
        let text = portcullis_yaml::Faults(faults).to_string();
        talk::error(&format!(
            "the changed files are not in force, the set before them is:\n{text}"
        ));
        self.board.note(|notes| notes.fail(text));
    }
}
