//! The check of a store at rest or in use, without its lock and without writing to it.

use std::path::Path;
use std::sync::Arc;

use portcullis_audit::{
    Fault, Hash, Kept, LogCheck, LogVerifier, Verification, checkpoint_line, event_line,
};
use portcullis_registry::Snapshot;
use sqlx::{Connection, SqliteConnection};

use crate::database::{self, CHUNK};
use crate::error::StoreError;
use crate::files::{self, Found};
use crate::open::Store;
use crate::recover::{Depth, Stopped, Walked, walk};

impl Store {
    /// Recomputes everything: each event's hash, each checkpoint's root and signature, each blob's
    /// digest, the fold, SQLite's own pages. Takes no lock, so that it also works beside a serving
    /// gate. `trusted` is the log's public key as known from elsewhere.
    ///
    /// # Errors
    /// [`StoreError`] when there is nothing that could be checked; damage is in the verification.
    pub async fn inspect(
        path: &Path,
        trusted: Option<&LogVerifier>,
    ) -> Result<Verification, StoreError> {
        Self::inspect_against(path, trusted, Vec::new()).await
    }

    /// The same, and compares the log with what was kept of it elsewhere.
    ///
    /// # Errors
    /// As [`Store::inspect`].
    pub async fn inspect_against(
        path: &Path,
        trusted: Option<&LogVerifier>,
        kept: Vec<Kept>,
    ) -> Result<Verification, StoreError> {
        // The file beside is read first: the database can then only be as new or newer.
        let beside = files::read_checkpoint(path)?;
        let reader = open(path).await?;
        check(reader, path, Known { beside: beside.as_deref(), trusted, kept, now: None }).await
    }

    /// Hands out the log as the lines of `FORMAT.md`, in order. `line` says whether to go on.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read; nothing is checked here.
    pub async fn export(
        path: &Path,
        line: &mut (dyn FnMut(String) -> bool + Send),
    ) -> Result<(), StoreError> {
        let mut reader = open(path).await?;
        let exported = lines(&mut reader, path, line).await;
        database::close(reader).await;
        exported
    }
}

/// What is known of the log from elsewhere.
struct Known<'a> {
    beside: Option<&'a str>,
    trusted: Option<&'a LogVerifier>,
    kept: Vec<Kept>,
    now: Option<Now<'a>>,
}

/// The state that the writer of this process acts on.
type Now<'a> = &'a (dyn Fn() -> Arc<Snapshot> + Sync);

/// The same beside the writer of this process.
pub(crate) async fn inspect_in_use(
    path: &Path,
    trusted: &LogVerifier,
    kept: Vec<Kept>,
    now: Now<'_>,
) -> Result<Verification, StoreError> {
    let beside = files::read_checkpoint(path)?;
    let reader = database::reader_beside(path).await?;
    let trusted = Some(trusted);
    let known = Known { beside: beside.as_deref(), trusted, kept, now: Some(now) };
    check(reader, path, known).await
}

async fn check(
    mut reader: SqliteConnection,
    path: &Path,
    known: Known<'_>,
) -> Result<Verification, StoreError> {
    let verification = in_one_view(&mut reader, path, known).await;
    database::close(reader).await;
    verification
}

pub(crate) async fn open(path: &Path) -> Result<SqliteConnection, StoreError> {
    if files::look(path)? == Found::Nothing {
        return Err(StoreError::not_readable(
            path,
            "there is no store; `portcullis init` makes one",
        ));
    }
    database::reader(path).await
}

async fn in_one_view(
    reader: &mut SqliteConnection,
    path: &Path,
    known: Known<'_>,
) -> Result<Verification, StoreError> {
    let on_read = |error| StoreError::on_read(path, None, &error);
    let mut view = match reader.begin().await.map_err(on_read) {
        Ok(view) => view,
        Err(error) => return damaged_or(error),
    };
    match database::schema(&mut view, path).await {
        Ok(Some(_)) => {}
        Ok(None) => {
            let why = "it is an empty SQLite database".to_owned();
            return Err(StoreError::NotAStore { path: path.to_owned(), why });
        }
        Err(error) => return damaged_or(error),
    }
    let check = match LogCheck::new(known.beside) {
        Ok(check) => check.against(known.kept),
        Err(fault) => return Ok(LogCheck::default().fail(fault)),
    };
    match walk(&mut view, path, Walked::none(check), Depth::Whole).await {
        Ok(walked) => {
            let found = walked.check.finish(known.trusted);
            Ok(replayed(found, walked.state.current(), known.now))
        }
        Err(Stopped::Fault(check, fault)) => Ok(check.fail(fault)),
        Err(Stopped::Error(error)) => Err(error),
    }
}

/// Compares the state that the log leads to with the one in force, where no event came between.
fn replayed(found: Verification, folded: &Snapshot, now: Option<Now<'_>>) -> Verification {
    let now = now.map(|now| now()).filter(|now| now.revision() == folded.revision());
    let Some(now) = now.filter(|_| found.is_clean()) else { return found };
    if now.fingerprint() == folded.fingerprint() {
        return Verification { replayed: true, ..found };
    }
    let why = "the log is whole, and the state that this gate acts on is not what it leads to; restart the gate, which folds the log anew";
    Verification { fault: Some(Fault { revision: None, why: why.to_owned() }), ..found }
}

fn damaged_or(error: StoreError) -> Result<Verification, StoreError> {
    match error {
        StoreError::Damaged { fault, .. } => {
            Ok(Verification { fault: Some(fault), ..Verification::default() })
        }
        other => Err(other),
    }
}

async fn lines(
    reader: &mut SqliteConnection,
    path: &Path,
    line: &mut (dyn FnMut(String) -> bool + Send),
) -> Result<(), StoreError> {
    let mut next = 0;
    loop {
        let events = database::events(reader, path, next, CHUNK).await?;
        let Some(last) = events.last().map(|row| row.rev) else { return Ok(()) };
        let notes = database::checkpoints(reader, path, next + 1, CHUNK).await?;
        let mut notes = notes.into_iter().peekable();
        for row in events {
            let leaf = String::from_utf8_lossy(&row.leaf);
            let opening = row.opening.as_deref().map(String::from_utf8_lossy);
            let hash =
                row.hash.try_into().map_or_else(|_| String::new(), |hash| Hash(hash).to_hex());
            if !line(event_line(row.rev, &leaf, &hash, opening.as_deref())) {
                return Ok(());
            }
            while let Some((size, note)) = notes.next_if(|(size, _)| *size <= row.rev + 1) {
                if !line(checkpoint_line(size, &note)) {
                    return Ok(());
                }
            }
        }
        next = last + 1;
    }
}
