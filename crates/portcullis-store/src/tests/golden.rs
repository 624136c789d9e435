//! Every release folds the golden logs of all before it to the state that they folded to then, and
//! writes no kind of event that the release before could not read (`docs/decisions/0035`).
//!
//! `UPDATE_GOLDEN=1` writes the state of a log that has none yet.

use std::collections::BTreeSet;

use portcullis_audit::{Leaf, read};
use portcullis_registry::{EVENT_KINDS, Event};

use super::*;
use crate::database;

/// Kinds of the first release that no golden log of it holds: each stands in tests of the registry.
const ELSEWHERE: [&str; 47] = [
    "agreement.announced",
    "agreement.called_off",
    "agreement.narrowed",
    "answer.overdue",
    "answer.received",
    "answer.replied",
    "attestation.received",
    "case.evidence_read",
    "case.exported",
    "case.linked",
    "case.review_over",
    "change.cancelled",
    "change.carried_out",
    "change.dropped",
    "change.scheduled",
    "deletion.attested",
    "deletion.due",
    "deletion.overdue",
    "emergency.declared",
    "emergency.overdue",
    "emergency.ratified",
    "guard.applied",
    "hook.added",
    "hook.removed",
    "hook.rotated",
    "key.expired",
    "ledger.anchored",
    "ledger.asked",
    "ledger.evidence_taken",
    "ledger.shredded",
    "log.lost",
    "people.rule_set",
    "platform.not_told",
    "platform.told",
    "proposal.approved",
    "proposal.expired",
    "proposal.made",
    "proposal.refused",
    "quota.reached",
    "records.erased",
    "restore.fell_back",
    "signal.capped",
    "signal.raised",
    "standing.extended",
    "standing.ran_out",
    "standing.ratified",
    "standing.terminated",
];

/// Kinds that this release reads and does not write: the next one may.
const READ_FIRST: [&str; 0] = [];

fn golden() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut found: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// A copy: looking at a log must not change it.
fn copied(release: &Path) -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    for name in ["portcullis.db", "portcullis.db.checkpoint"] {
        std::fs::copy(release.join(name), dir.path().join(name)).unwrap();
    }
    let path = dir.path().join("portcullis.db");
    (dir, path)
}

fn reason(notice: Option<&Arc<Notice>>) -> String {
    notice.map_or_else(|| "-".to_owned(), |notice| notice.reason.to_string())
}

/// What the log comes to, in words that do not change with the program's types.
fn told(state: &Snapshot) -> String {
    let now = state.at();
    let mut lines = vec![format!("revision {:?} at {}", state.revision(), now.rfc3339())];
    for (_, one) in state.partners() {
        let tier = one.tier.as_ref().map_or("-", |tier| tier.as_str());
        let narrowed = reason(one.narrowed.as_ref());
        lines.push(format!("partner {} `{}` tier {tier} narrowed {narrowed}", one.id, one.name));
    }
    for (_, one) in state.clients() {
        let of = state.partner(one.partner).unwrap();
        lines.push(format!("client {} of {}", one.id, of.id));
    }
    for (at, one) in state.keys() {
        let of = state.partner(one.partner).unwrap();
        let client = one.client.and_then(|at| state.client(at));
        let client = client.map_or("-", |client| client.id.as_str());
        let standing = format!("{:?}", state.standing(at, now));
        let standing = standing.split(['(', ' ']).next().unwrap_or_default();
        let bound = one.binding().is_some();
        let ended = reason(one.ended.as_ref());
        lines.push(format!(
            "key {} of {} client {client}: {standing}, ended {ended}, bound {bound}",
            one.id(),
            of.id
        ));
    }
    for one in state.people().persons() {
        lines.push(format!("person {}", one.id));
    }
    for one in state.cases().iter() {
        lines.push(format!("case {} closed {}", one.id, one.closed.is_some()));
    }
    let files = state.policy().map_or(0, |set| set.files.len());
    let grants = state.grants().map_or(0, |grants| grants.total);
    lines.push(format!("{files} files in force, {grants} grants"));
    lines.join("\n") + "\n"
}

#[tokio::test]
async fn golden_logs_fold_to_what_they_folded_to() {
    let all = golden();
    assert!(!all.is_empty());
    for release in all {
        let (_dir, path) = copied(&release);
        let verification = Store::inspect(&path, None).await.unwrap();
        assert!(verification.is_clean(), "{}: {verification}", release.display());
        let following = Store::follow(options(&path)).await.unwrap();
        let now = told(&following.walked.state.snapshot());
        let kept = release.join("state.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() && !kept.exists() {
            std::fs::write(&kept, &now).unwrap();
        }
        let then = std::fs::read_to_string(kept).unwrap();
        assert_eq!(now, then, "{} folds to something else", release.display());
    }
}

/// Fails for who adds a kind of event: it is named in `READ_FIRST` first, and written by the release
/// after this one, so that going back by one release is always possible.
#[tokio::test]
async fn no_kind_of_event_is_written_before_the_release_before_reads_it() {
    let mut known: BTreeSet<&str> = ELSEWHERE.into_iter().chain(READ_FIRST).collect();
    let mut logged = BTreeSet::new();
    for release in golden() {
        let (_dir, path) = copied(&release);
        let mut reader = database::reader(&path).await.unwrap();
        for row in database::events(&mut reader, &path, 0, 10_000).await.unwrap() {
            let leaf: Leaf<Actor, Event> = read(&row.leaf, row.opening.as_deref()).unwrap();
            logged.insert(leaf.event.name());
        }
        database::close(reader).await;
    }
    known.extend(&logged);
    let missing: Vec<_> = EVENT_KINDS.into_iter().filter(|kind| !known.contains(kind)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let twice: Vec<_> = ELSEWHERE.into_iter().filter(|kind| logged.contains(kind)).collect();
    assert!(twice.is_empty(), "a golden log holds them by now: {twice:?}");
}
