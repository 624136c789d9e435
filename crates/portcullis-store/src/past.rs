//! The state of then: the log folded anew, up to an event or a moment.
//!
//! Beside the writer or at rest; nothing is written, and the state in force is not looked at.

use std::path::Path;
use std::sync::Arc;

use portcullis_audit::{Fault, Leaf, read};
use portcullis_registry::{Actor, Event, LogPoint, Snapshot};
use portcullis_types::{Revision, Wall};
use sqlx::SqliteConnection;

use crate::database;
use crate::error::StoreError;
use crate::inspect::open;
use crate::open::Store;
use crate::recover::{Depth, Walked, walk};

impl Store {
    /// The state of then, from a file at rest or in use.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read up to there.
    pub async fn past(path: &Path, point: LogPoint) -> Result<Arc<Snapshot>, StoreError> {
        folded(open(path).await?, path, point).await
    }
}

/// The same beside the writer of this process.
pub(crate) async fn past_in_use(path: &Path, point: LogPoint) -> Result<Arc<Snapshot>, StoreError> {
    folded(database::reader_beside(path).await?, path, point).await
}

async fn folded(
    mut reader: SqliteConnection,
    path: &Path,
    point: LogPoint,
) -> Result<Arc<Snapshot>, StoreError> {
    let found = up_to(&mut reader, path, point).await;
    database::close(reader).await;
    found
}

async fn up_to(
    reader: &mut SqliteConnection,
    path: &Path,
    point: LogPoint,
) -> Result<Arc<Snapshot>, StoreError> {
    let size = match point {
        LogPoint::Revision(Revision(last)) => last.saturating_add(1),
        LogPoint::Time(moment) => events_until(reader, path, moment).await?,
    };
    let walked = walk(reader, path, Walked::default(), Depth::Then(size)).await;
    let walked = walked.map_err(|stopped| stopped.into_error(path))?;
    match walked.state.current().revision().map_or(0, |last| last.0 + 1) {
        there if there == size => Ok(walked.state.snapshot()),
        there => {
            let why = format!("the log has {there} events, and {size} were asked for");
            Err(StoreError::not_readable(path, why))
        }
    }
}

/// How many events there were at a moment. Time in the log never goes back.
async fn events_until(
    reader: &mut SqliteConnection,
    path: &Path,
    moment: Wall,
) -> Result<u64, StoreError> {
    let (mut low, mut high) = (0, database::last_checkpoint(reader, path).await?);
    while low < high {
        let middle = low.midpoint(high);
        if time_of(reader, path, middle).await? <= moment {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

async fn time_of(reader: &mut SqliteConnection, path: &Path, rev: u64) -> Result<Wall, StoreError> {
    let damaged = |why: String| StoreError::damaged(path, Fault { revision: Some(rev), why });
    let row = database::events(reader, path, rev, 1).await?.pop();
    let row = row.ok_or_else(|| damaged("the event is missing from the store".to_owned()))?;
    let leaf: Leaf<Actor, Event> =
        read(&row.leaf, row.opening.as_deref()).map_err(|error| damaged(error.to_string()))?;
    Ok(leaf.at)
}
