//! From the file back to the state: every event is hashed again, compared and folded, in order.
//!
//! The same walk serves the start (signatures of the newest checkpoint and of rotations only) and
//! the full verification.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use portcullis_audit::{Fault, Leaf, LogCheck, decode, read};
use portcullis_registry::{Actor, EVENT_KINDS, Event, FoldError, Place, State};
use portcullis_types::{Revision, Wall};
use sqlx::SqliteConnection;

use crate::database::{self, CHUNK, EventRow};
use crate::error::StoreError;
use crate::guard::{Record, Taken};

/// How much is checked.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Depth {
    /// All hashes, all roots, the newest signature: at every start. Narrowings from that revision on
    /// are gathered for the guard.
    Start { gather: u64 },
    /// All signatures, and SQLite's own structure, too.
    Whole,
    /// So many events and no more: the state of then.
    Then(u64),
}

impl Walked {
    /// Nothing so far.
    pub(crate) fn none(check: LogCheck) -> Self {
        Self { check, ..Self::default() }
    }
}

/// What the walk found.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) check: LogCheck,
    pub(crate) state: State,
    pub(crate) last: Wall,
    /// Contents that are not there and that no event has erased so far, with the event of each.
    pub(crate) absent: BTreeMap<String, u64>,
    /// What the guard does not know yet.
    pub(crate) narrowings: Taken,
}

/// Where the walk stopped.
pub(crate) enum Stopped {
    /// At something that is wrong with the log.
    Fault(Box<LogCheck>, Fault),
    /// At something that keeps the file from being read.
    Error(StoreError),
}

impl Stopped {
    /// The error that it is.
    pub(crate) fn into_error(self, path: &Path) -> StoreError {
        match self {
            Self::Fault(_, fault) => StoreError::damaged(path, fault),
            Self::Error(error) => error,
        }
    }
}

/// The walk under way.
struct Walk<'a> {
    connection: &'a mut SqliteConnection,
    path: &'a Path,
    depth: Depth,
    last_checkpoint: u64,
    waiting: Vec<(u64, String)>,
    found: Walked,
}

/// Walks the log to its end, from where it was left.
pub(crate) async fn walk(
    connection: &mut SqliteConnection,
    path: &Path,
    found: Walked,
    depth: Depth,
) -> Result<Walked, Stopped> {
    let last_checkpoint = match database::last_checkpoint(connection, path).await {
        Ok(size) => size,
        Err(error) => return Err(stopped(found.check, error)),
    };
    let mut walk = Walk { connection, path, depth, last_checkpoint, waiting: Vec::new(), found };
    match walk.run().await {
        Ok(()) => Ok(walk.found),
        Err(error) => Err(stopped(walk.found.check, error)),
    }
}

fn stopped(check: LogCheck, error: StoreError) -> Stopped {
    match error {
        StoreError::Damaged { fault, .. } => Stopped::Fault(Box::new(check), fault),
        other => Stopped::Error(other),
    }
}

impl Walk<'_> {
    async fn run(&mut self) -> Result<(), StoreError> {
        loop {
            let from = self.found.check.size();
            let count = match self.depth {
                Depth::Then(size) if size <= from => return Ok(()),
                Depth::Then(size) => usize::try_from(size - from).unwrap_or(CHUNK).min(CHUNK),
                _ => CHUNK,
            };
            let rows = database::events(self.connection, self.path, from, count).await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                self.event(&row).await?;
                self.checkpoints_at(row.rev + 1).await?;
            }
        }
        if let Some((sha256, rev)) = self.found.absent.first_key_value() {
            let why = format!(
                "its content `{sha256}` is missing from the store, and no event says that it was erased"
            );
            return Err(StoreError::damaged(self.path, Fault { revision: Some(*rev), why }));
        }
        // Whatever checkpoint is left covers events that are not there.
        self.waiting.clear();
        let beyond = self.found.check.size() + 1;
        let beyond = database::checkpoints(self.connection, self.path, beyond, 1).await?;
        for (size, note) in beyond {
            self.take_checkpoint(size, &note)?;
        }
        if self.depth == Depth::Whole
            && let Some(said) = database::integrity(self.connection).await
        {
            let why = format!("no event is touched, but the file around them is: {said}");
            return Err(StoreError::damaged(self.path, Fault { revision: None, why }));
        }
        Ok(())
    }

    async fn event(&mut self, row: &EventRow) -> Result<(), StoreError> {
        let damaged = |fault| StoreError::damaged(self.path, fault);
        self.found.check.event(row.rev, &row.leaf, &row.hash).map_err(damaged)?;
        let at_rev = |why: String| Fault { revision: Some(row.rev), why };
        // At a start the roots vouch for the bytes; whether they are canonical is not asked again.
        let opening = row.opening.as_deref();
        let leaf: Result<Leaf<Actor, Event>, _> = match self.depth {
            Depth::Start { .. } | Depth::Then(_) => read(&row.leaf, opening),
            Depth::Whole => decode(&row.leaf, opening),
        };
        let leaf = leaf.map_err(|error| match unknown_kind(&row.leaf) {
            Some(kind) => {
                StoreError::NewerEvent { path: self.path.to_owned(), revision: row.rev, kind }
            }
            None => damaged(at_rev(error.to_string())),
        })?;
        let mut blobs: HashMap<String, Arc<[u8]>> = HashMap::new();
        for sha256 in leaf.event.blobs() {
            let body = database::blob(self.connection, self.path, sha256).await;
            let body = body.map_err(|error| placed(error, row.rev))?;
            if body.is_none() && leaf.event.erasable().contains(&sha256) {
                self.found.absent.entry(sha256.to_owned()).or_insert(row.rev);
                continue;
            }
            let missing = || format!("its content `{sha256}` is missing from the store");
            let body = body.ok_or_else(|| StoreError::damaged(self.path, at_rev(missing())))?;
            if !database::is_of(&body, sha256) {
                let why = format!("its content `{sha256}` was changed");
                return Err(StoreError::damaged(self.path, at_rev(why)));
            }
            blobs.insert(sha256.to_owned(), Arc::from(body));
        }
        // At a start none of these is read: they may be many, and nothing is decided by them.
        if let Some(sha256) = leaf.event.beside().filter(|_| self.depth == Depth::Whole) {
            let body = database::blob(self.connection, self.path, sha256).await;
            let body = body.map_err(|error| placed(error, row.rev))?;
            if body.is_none() {
                self.found.absent.entry(sha256.to_owned()).or_insert(row.rev);
            }
            if body.is_some_and(|body| !database::is_of(&body, sha256)) {
                let why = format!("its content `{sha256}` was changed");
                return Err(StoreError::damaged(self.path, at_rev(why)));
            }
        }
        for sha256 in leaf.event.erases() {
            self.found.absent.remove(sha256);
        }
        let approver = leaf.approved.as_ref().map(|second| &second.by);
        let place = Place { revision: Revision(row.rev), ts: leaf.at, by: &leaf.actor, approver };
        let folded =
            self.found.state.apply(place, &leaf.event, &|sha256| blobs.get(sha256).cloned());
        folded.map_err(|FoldError { why, .. }| {
            StoreError::damaged(self.path, at_rev(format!("it can't be folded: {why}")))
        })?;
        self.found.last = self.found.last.max(leaf.at);
        if let Depth::Start { gather } = self.depth
            && leaf.rev >= gather
            && leaf.event.guards().is_some()
        {
            let record = Record::of(leaf.rev, false, (&leaf.actor, approver), &leaf.event);
            self.found.narrowings.records.push(record);
            if let Some(sha256) = leaf.event.statement() {
                let body = database::blob(self.connection, self.path, sha256).await;
                let body = body.map_err(|error| placed(error, row.rev))?;
                self.found.narrowings.keep(sha256, body.as_deref());
            }
        }
        Ok(())
    }

    /// Takes the checkpoint of this size, where there is one; checkpoints are fetched in chunks.
    async fn checkpoints_at(&mut self, size: u64) -> Result<(), StoreError> {
        if self.waiting.is_empty() && size <= self.last_checkpoint {
            self.waiting = database::checkpoints(self.connection, self.path, size, CHUNK).await?;
            self.waiting.reverse();
        }
        while let Some((_, note)) = self.waiting.pop_if(|(at, _)| *at <= size) {
            self.take_checkpoint(size, &note)?;
        }
        Ok(())
    }

    fn take_checkpoint(&mut self, size: u64, note: &str) -> Result<(), StoreError> {
        let signatures = self.depth == Depth::Whole || size >= self.last_checkpoint;
        let taken = self.found.check.checkpoint(size, note, signatures);
        taken.map_err(|fault| StoreError::damaged(self.path, fault))
    }
}

/// The kind of a leaf's event, where this program has none of that name.
fn unknown_kind(leaf: &[u8]) -> Option<String> {
    let leaf: serde_json::Value = serde_json::from_slice(leaf).ok()?;
    let kind = leaf.get("event")?.get("type")?.as_str()?;
    (!EVENT_KINDS.contains(&kind)).then(|| kind.to_owned())
}

/// The same error, at a revision.
pub(crate) fn placed(error: StoreError, rev: u64) -> StoreError {
    match error {
        StoreError::Damaged { path, fault } => {
            let revision = fault.revision.or(Some(rev));
            StoreError::Damaged { path, fault: Fault { revision, ..fault } }
        }
        other => other,
    }
}
