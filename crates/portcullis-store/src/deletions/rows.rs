//! Rows of the book of deletions into values.

use portcullis_registry::{
    DeletionCause, DeletionCounts, DeletionDone, DeletionPost, DeletionSalt, DutyRow, KeptList,
    LedgerName, SaidOf,
};
use portcullis_types::{ClassName, LedgerKind, PartnerId, Revision, Wall};
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row as _};

/// The name of a kind in the file.
pub(super) fn kind_name(kind: LedgerKind) -> &'static str {
    match kind {
        LedgerKind::Record => "record",
        LedgerKind::Owner => "owner",
        LedgerKind::Place => "place",
    }
}

pub(super) const LIST: &str = "batch, number, partner, cause, count, salt, list, day, made, revision, told, due_by, said, by, deleted, never_stored, kept, attested, dropped";
pub(super) const DUTY: &str = "d.seq, d.batch, l.cause, l.due_by, d.post, d.kind, d.name, d.class, d.at, d.first, d.last, d.done, d.reason";

pub(super) fn list(row: &SqliteRow) -> Result<KeptList, Error> {
    let told = perhaps(row, 10)?.zip(perhaps(row, 11)?).zip(perhaps(row, 9)?);
    let counts = DeletionCounts {
        deleted: count(row, 14)?,
        never_stored: count(row, 15)?,
        kept: count(row, 16)?,
    };
    let said = perhaps(row, 12)?.zip(row.try_get::<Option<String>, _>(13)?);
    let salt: Option<Vec<u8>> = row.try_get(5)?;
    let salt = salt.map(|salt| salt.try_into().map(DeletionSalt).map_err(|_| foreign("salt")));
    Ok(KeptList {
        batch: row.try_get(0)?,
        number: row.try_get(1)?,
        partner: partner(row, 2)?,
        cause: cause(row, 3)?,
        count: count(row, 4)?,
        salt: salt.transpose()?,
        list: row.try_get(6)?,
        day: row.try_get::<Option<i64>, _>(7)?.and_then(|day| u32::try_from(day).ok()),
        made: Wall(count(row, 8)?),
        told: told.map(|((told, due_by), revision)| (Revision(revision.0), told, due_by)),
        said: said.map(|(at, by)| SaidOf { at, by, counts }),
        attested: perhaps(row, 17)?,
        dropped: perhaps(row, 18)?,
    })
}

pub(super) fn duty(row: &SqliteRow) -> Result<DutyRow, Error> {
    let done: Option<String> = row.try_get(11)?;
    let done = done.map(|name| DeletionDone::named(&name).ok_or_else(|| foreign("done")));
    let reason: Option<String> = row.try_get(12)?;
    Ok(DutyRow {
        seq: row.try_get(0)?,
        batch: row.try_get(1)?,
        cause: cause(row, 2)?,
        due_by: perhaps(row, 3)?.unwrap_or_default(),
        post: row.try_get(4)?,
        kind: kind(row, 5)?,
        name: row.try_get(6)?,
        class: row.try_get(7)?,
        at: Wall(count(row, 8)?),
        received: (Wall(count(row, 9)?), Wall(count(row, 10)?)),
        done: done.transpose()?.map(|done| (done, reason.unwrap_or_default())),
    })
}

/// A post: id, what, kind, name, class, at.
pub(super) fn post(row: &SqliteRow) -> Result<DeletionPost, Error> {
    let class: Option<String> = row.try_get(4)?;
    let class = class.map(|name| ClassName::new(&name).map_err(|_| foreign("class")));
    Ok(DeletionPost {
        id: row.try_get(0)?,
        what: cause(row, 1)?,
        kind: kind(row, 2)?,
        name: row.try_get(3)?,
        class: class.transpose()?,
        at: Wall(count(row, 5)?),
    })
}

/// The name of a post and when it came: kind, name, posted.
pub(super) fn open(row: &SqliteRow) -> Result<(LedgerName, Wall), Error> {
    Ok(((kind(row, 0)?, row.try_get(1)?), Wall(count(row, 2)?)))
}

fn partner(row: &SqliteRow, at: usize) -> Result<PartnerId, Error> {
    PartnerId::new(&row.try_get::<String, _>(at)?).map_err(|_| foreign("partner"))
}

fn cause(row: &SqliteRow, at: usize) -> Result<DeletionCause, Error> {
    DeletionCause::named(&row.try_get::<String, _>(at)?).ok_or_else(|| foreign("cause"))
}

fn kind(row: &SqliteRow, at: usize) -> Result<LedgerKind, Error> {
    match row.try_get::<String, _>(at)?.as_str() {
        "record" => Ok(LedgerKind::Record),
        "owner" => Ok(LedgerKind::Owner),
        _ => Err(foreign("kind")),
    }
}

fn count(row: &SqliteRow, at: usize) -> Result<u64, Error> {
    Ok(u64::try_from(row.try_get::<i64, _>(at)?).unwrap_or(0))
}

fn perhaps(row: &SqliteRow, at: usize) -> Result<Option<Wall>, Error> {
    let ms: Option<i64> = row.try_get(at)?;
    Ok(ms.map(|ms| Wall(u64::try_from(ms).unwrap_or(0))))
}

fn foreign(column: &str) -> Error {
    Error::Decode(format!("a {column} is none that this version writes").into())
}
