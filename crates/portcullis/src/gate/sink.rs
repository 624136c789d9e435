//! What the writer tells, handed on to the judge and to the data plane's open answers.
//!
//! Must not decide anything.

use std::sync::{Arc, OnceLock};

use portcullis_control::weigh;
use portcullis_judge::Judge;
use portcullis_proxy::Cutter;
use portcullis_registry::{
    Command, GrantChange, NarrowKind, Sink, Snapshot, SubjectIx, UsageBook, Weighed,
};
use portcullis_types::{Notice, Revision};

use super::board::Board;
use super::checker::Compiler;
use super::set;
use super::upgrade::Teller;
use crate::talk;

/// Joins the writer to the judge.
pub(crate) struct Join {
    pub(crate) judge: Arc<Judge>,
    pub(crate) board: Arc<Board>,
    pub(crate) usage: Arc<UsageBook>,
    /// Reaches the data plane, once it runs and while it drains.
    pub(crate) cutter: Arc<OnceLock<Cutter>>,
    /// The gate that this one follows, as long as calls are under way there.
    pub(crate) before: Option<Teller>,
}

impl Join {
    /// Has open answers judged again.
    pub(super) fn cut(&self) {
        if let Some(cutter) = self.cutter.get() {
            cutter.cut();
        }
    }
}

impl Sink for Join {
    fn narrow(&self, subject: SubjectIx, notice: Arc<Notice>, kind: NarrowKind) {
        self.judge.narrow(subject, notice, kind);
        self.cut();
    }

    fn publish(&self, snapshot: Arc<Snapshot>) {
        // Before the judge: whoever is judged by it has a name.
        self.board.set_state(Arc::clone(&snapshot));
        self.judge.publish(snapshot);
        self.cut();
        if let Some(before) = &self.before {
            before.look();
        }
    }

    fn widen(&self, subject: SubjectIx) {
        self.judge.widen(subject);
    }

    fn grants(&self, changes: &[GrantChange<'_>]) {
        let grants = self.judge.grants();
        for change in changes {
            let whose = (change.partner, change.client);
            match change.term {
                Some(term) => grants.put(change.account, whose, term.from, term.until),
                None => {
                    grants.withdraw(change.account, change.partner, change.client);
                    if let Some(before) = &self.before {
                        before.withdrawn(change);
                    }
                }
            }
        }
    }

    fn weigh(&self, change: &Command, state: &Snapshot) -> Option<Result<Weighed, String>> {
        let compiler = Compiler { board: Arc::clone(&self.board) };
        Some(weigh(&compiler, change, state))
    }

    fn policy(&self, revision: Revision, files: Vec<(String, Arc<str>)>) {
        match set::compile(&files, revision) {
            Ok(rules) => {
                let rules = Arc::new(rules);
                self.usage.classes(revision, rules.catalogue.classes().map(|class| class.as_str()));
                self.board.set_rules(Arc::clone(&rules));
                self.judge.set_rules(rules);
                self.board.note(|notes| {
                    notes.policy_fault = None;
                    notes.reload_fault = None;
                    notes.drift.clear();
                });
                self.board.compare(files);
                talk::info(&format!("policy set of revision {} is in force", revision.0));
            }
            // The set was compiled before it was logged, so this is a fault of ours; the old rules stay.
            Err(faults) => {
                let text = portcullis_yaml::Faults(faults).to_string();
                talk::error(&format!(
                    "the set of revision {} does not compile, the one before stays in force: {text}",
                    revision.0
                ));
                self.board.note(|notes| notes.policy_fault = Some(text));
            }
        }
    }
}
