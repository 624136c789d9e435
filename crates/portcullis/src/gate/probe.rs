//! Figures and readiness, as the admin API sees them.
//!
//! Must not decide anything about a call.

use std::sync::Arc;

use portcullis_control::{Drift, DriftKind, Probe, Readiness, ReadyDetail};
use portcullis_judge::Judge;
use portcullis_registry::{DeletionDesk, Office, Snapshot};
use portcullis_types::{Clock, Wall};

use super::board::Board;
use super::care;
use super::deletions;
use super::issuer;
use super::ledger;
use super::platform;
use super::signals::Figures;
use super::witnesses::Cosigned;
use crate::clock::SystemClock;

/// Looks at the parts of the gate.
pub(crate) struct Watch {
    pub(crate) judge: Arc<Judge>,
    pub(crate) office: Arc<dyn Office>,
    pub(crate) board: Arc<Board>,
    pub(crate) signals: Arc<Figures>,
    pub(crate) witnesses: Option<Arc<Cosigned>>,
    pub(crate) platform: Option<Arc<platform::Figures>>,
    pub(crate) issuers: Arc<issuer::Seen>,
    pub(crate) ledger: Option<Arc<ledger::Figures>>,
    pub(crate) deletions: Arc<dyn DeletionDesk>,
    pub(crate) metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

fn line(name: &str, ok: bool, detail: String) -> ReadyDetail {
    ReadyDetail { name: name.to_owned(), ok, detail }
}

/// How many keys stand under which pepper: an old one can go once it has none.
fn fits(snapshot: &Snapshot) -> String {
    let keys = snapshot.peppers().map(|(name, keys)| format!("{keys} under {name}"));
    let keys: Vec<String> = keys.collect();
    match keys.as_slice() {
        [] => "fits; there is no key yet".to_owned(),
        keys => format!("fits the keys that aren't revoked: {}", keys.join(", ")),
    }
}

/// For so long a loss of events is shown: 30 days.
const LOSS_SHOWN: u64 = 30 * 86_400_000;

/// Events that were lost not long ago.
fn lost(snapshot: &Snapshot, now: Wall) -> Option<ReadyDetail> {
    let lost = snapshot.lost().filter(|lost| now.0.saturating_sub(lost.at.0) < LOSS_SHOWN)?;
    let detail = format!(
        "events {} to {} were lost by {}: what was held or revoked in them holds, all else of them is undone; `portcullis audit list --from {}` shows what was put in force again",
        lost.from,
        lost.to,
        lost.at.rfc3339(),
        lost.from
    );
    Some(line("history", false, detail))
}

/// What is old stays as long as nobody knows how late it is.
fn parted() -> ReadyDetail {
    let detail = "nothing is erased by its age: the wall clock has parted from the one that only counts by more than an hour since the start. Set the clock right, or restart the gate where it is";
    line("retention", false, detail.to_owned())
}

/// How many persons a decision takes, for everybody to see.
fn people(snapshot: &Snapshot, now: Wall) -> String {
    let people = snapshot.people();
    if !people.rule().two_persons {
        return "giving access takes one person: the rule for two is off".to_owned();
    }
    let (approvers, open) = (people.approvers(), people.waiting(now));
    let overdue = people.broken().filter(|one| one.overdue).count();
    let overdue = match overdue {
        0 => String::new(),
        n => format!("; nobody ratified {n} emergencies in time"),
    };
    format!(
        "giving access takes two persons; {approvers} may approve, {open} proposals wait{overdue}"
    )
}

impl Probe for Watch {
    fn metrics(&self) -> String {
        (self.metrics)()
    }

    /// Ready means: it judges by a whole set, and everything that bites is durable. A faulty file
    /// on disk does not make it unready, since the set in force goes on.
    fn ready(&self) -> Readiness {
        let health = self.office.health();
        let notes = self.board.notes();
        let judges = self.judge.ready() && notes.policy_fault.is_none();
        let unlearned = self.office.snapshot().unlearned();
        let learned = unlearned == 0;
        let policies = match (&notes.policy_fault, self.office.snapshot().policy()) {
            (Some(fault), _) => format!("the newest set does not compile: {fault}"),
            (None, Some(policy)) => {
                format!("the set of revision {} is in force", policy.revision.0)
            }
            (None, None) => "no set is in force; run `portcullis apply`".to_owned(),
        };
        let log = match &health.last_error {
            None if health.durable => "durable".to_owned(),
            error => format!(
                "{} holds or revocations bite but are not durable, retried every second: {}",
                health.pending,
                error.as_deref().unwrap_or("the store does not say why")
            ),
        };
        let files = match (&notes.reload_fault, notes.drift.as_slice()) {
            (Some(fault), _) => (false, format!("the files on disk are not in force: {fault}")),
            (None, []) => (true, "the files on disk are the set in force".to_owned()),
            (None, drift) => {
                let names: Vec<String> =
                    drift.iter().map(|(name, how)| format!("{name} ({how})")).collect();
                (
                    false,
                    format!(
                        "on disk but not in force: {}; `portcullis apply` puts them in force",
                        names.join(", ")
                    ),
                )
            }
        };
        let keys = if learned {
            "all known".to_owned()
        } else {
            format!("{unlearned} keys have the digest of another and are refused")
        };
        let now = SystemClock::start().now().wall;
        let signals = self.signals.line(&self.office.snapshot(), now);
        let witnesses = self.witnesses.as_ref().map(|cosigned| cosigned.line());
        let witnesses = witnesses.map(|(ok, detail)| line("witnesses", ok, detail));
        let platform = self.platform.as_ref().map(|figures| figures.line());
        let platform = platform.map(|(ok, detail)| line("platform", ok, detail));
        let issuers = self.issuers.line().map(|(ok, detail)| line("issuers", ok, detail));
        let written = self.ledger.as_ref().is_none_or(|figures| figures.writes());
        let ledger = self.ledger.as_ref().map(|figures| figures.line());
        let ledger = ledger.map(|(ok, detail)| line("ledger", ok, detail));
        let deletions = deletions::line(&self.deletions.standing(), &self.office.snapshot());
        let answers = care::line(&self.office.snapshot(), now);
        let certificates = notes.certificate_fault.clone().map(|fault| {
            line("certificates", false, format!("those on disk are not in force: {fault}"))
        });
        let peppers = notes.pepper_fault.clone();
        let serving =
            if notes.stopping { "stopping: calls under way may finish" } else { "serves" };
        Readiness {
            ready: !notes.stopping
                && judges
                && health.durable
                && learned
                && peppers.is_none()
                && written,
            detail: vec![
                line("policies", judges, policies),
                line("log", health.durable, log),
                line("keys", learned, keys),
                line(
                    "pepper",
                    peppers.is_none(),
                    peppers.unwrap_or_else(|| fits(&self.office.snapshot())),
                ),
                line("files", files.0, files.1),
                line("signals", signals.0, signals.1),
                line("people", true, people(&self.office.snapshot(), now)),
                line("answers", answers.0, answers.1),
                line("deletions", deletions.0, deletions.1),
                line("calls", !notes.stopping, serving.to_owned()),
            ]
            .into_iter()
            .chain(witnesses)
            .chain(platform)
            .chain(issuers)
            .chain(ledger)
            .chain(health.clock_parted.then(parted))
            .chain(certificates)
            .chain(lost(&self.office.snapshot(), now))
            .collect(),
        }
    }

    fn drift(&self) -> Vec<Drift> {
        let kind = |how: &str| match how {
            "new" => DriftKind::Added,
            "missing" => DriftKind::Removed,
            _ => DriftKind::Changed,
        };
        let notes = self.board.notes();
        notes.drift.into_iter().map(|(name, how)| Drift { name, kind: kind(how) }).collect()
    }
}
