//! What the gate knows about itself while it runs: rules in force, drift, the last reload.
//!
//! Read by readiness and metrics. Must not decide anything about a call.

use std::collections::VecDeque;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, OnceLock, Weak};

use arc_swap::ArcSwapOption;
use portcullis_judge::Rules;
use portcullis_registry::Snapshot;
use portcullis_types::Revision;

use super::ledger::SetNames;
use super::reload::Change;
use super::set::Files;

/// Sets that are kept.
const PAST: usize = 4;
/// Sets whose names are: answers may be under way that were judged by any of them.
const NAMED: usize = 256;

/// The board.
#[derive(Debug, Default)]
pub(crate) struct Board {
    rules: ArcSwapOption<Rules>,
    /// The newest sets, those in force last of them: calls remembered were judged by others too.
    past: Mutex<VecDeque<Arc<Rules>>>,
    /// Names of the newest sets, those in force last.
    named: Mutex<VecDeque<Arc<SetNames>>>,
    /// The newest state, also where another process writes it.
    state: ArcSwapOption<Snapshot>,
    notes: Mutex<Notes>,
    /// Who compares the files on disk with a set that came into force.
    compares: OnceLock<Weak<Sender<Change>>>,
}

/// What stands on it besides the rules.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes {
    /// Files on disk that differ from the set in force, and how.
    pub drift: Vec<(String, &'static str)>,
    /// Why the last reload changed nothing.
    pub reload_fault: Option<String>,
    /// Why certificates on disk are not in force.
    pub certificate_fault: Option<String>,
    /// Reloads that failed since the start.
    pub reload_failures: u64,
    /// Keys in the log that no configured pepper fits.
    pub pepper_fault: Option<String>,
    /// Calls under way finish; no new ones are taken.
    pub stopping: bool,
    /// Why the set last published could not be put in force.
    pub policy_fault: Option<String>,
}

impl Board {
    /// The rules in force.
    pub(crate) fn rules(&self) -> Option<Arc<Rules>> {
        self.rules.load_full()
    }

    /// The rules of a revision, if it is one of the newest.
    pub(crate) fn rules_of(&self, revision: Revision) -> Option<Arc<Rules>> {
        let past = self.past.lock().ok()?;
        past.iter().rev().find(|rules| rules.revision == revision).cloned()
    }

    /// The names of the set of a revision, if it is one of the newest.
    pub(crate) fn names_of(&self, revision: Revision) -> Option<Arc<SetNames>> {
        let named = self.named.lock().ok()?;
        named.iter().rev().find(|set| set.revision == revision).cloned()
    }

    /// The newest state.
    pub(crate) fn state(&self) -> Option<Arc<Snapshot>> {
        self.state.load_full()
    }

    /// Puts a state on the board.
    pub(crate) fn set_state(&self, state: Arc<Snapshot>) {
        self.state.store(Some(state));
    }

    /// Puts rules on the board.
    pub(crate) fn set_rules(&self, rules: Arc<Rules>) {
        if let Ok(mut named) = self.named.lock() {
            named.push_back(Arc::new(SetNames::of(&rules)));
            if named.len() > NAMED {
                named.pop_front();
            }
        }
        if let Ok(mut past) = self.past.lock() {
            past.push_back(Arc::clone(&rules));
            if past.len() > PAST {
                past.pop_front();
            }
        }
        self.rules.store(Some(rules));
    }

    /// Names who compares the files on disk with a set that comes into force.
    pub(crate) fn compared_by(&self, who: Weak<Sender<Change>>) {
        let _first = self.compares.set(who);
    }

    /// Has the files on disk compared with the set in force, which may have come from elsewhere.
    pub(crate) fn compare(&self, files: Files) {
        if let Some(who) = self.compares.get().and_then(Weak::upgrade) {
            let _ended = who.send(Change::Set(files));
        }
    }

    /// The notes.
    pub(crate) fn notes(&self) -> Notes {
        self.notes.lock().map(|notes| notes.clone()).unwrap_or_default()
    }

    /// Changes the notes.
    pub(crate) fn note(&self, change: impl FnOnce(&mut Notes)) {
        if let Ok(mut notes) = self.notes.lock() {
            change(&mut notes);
        }
    }
}

impl Notes {
    /// Notes a reload that changed nothing.
    pub(crate) fn fail(&mut self, why: String) {
        self.reload_fault = Some(why);
        self.reload_failures += 1;
    }
}
