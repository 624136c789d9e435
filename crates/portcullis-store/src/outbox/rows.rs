//! Rows of the outbox into values.

use portcullis_types::{Revision, Wall};
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row};

use super::{Bytes, DeliveryRow, DueDelivery, KeptHook, NewDelivery};

fn wall(row: &SqliteRow, at: usize) -> Result<Wall, Error> {
    Ok(Wall(u64::try_from(row.try_get::<i64, _>(at)?).unwrap_or(0)))
}

fn perhaps(row: &SqliteRow, at: usize) -> Result<Option<Wall>, Error> {
    let ms = row.try_get::<Option<i64>, _>(at)?;
    Ok(ms.map(|ms| Wall(u64::try_from(ms).unwrap_or(0))))
}

fn count(row: &SqliteRow, at: usize) -> Result<u32, Error> {
    Ok(u32::try_from(row.try_get::<i64, _>(at)?).unwrap_or(u32::MAX))
}

/// A hook whose columns begin at one.
pub(super) fn hook(row: &SqliteRow, at: usize) -> Result<KeptHook, Error> {
    Ok(KeptHook {
        id: row.try_get(at)?,
        partner: row.try_get(at + 1)?,
        url: row.try_get(at + 2)?,
        secret: Bytes(row.try_get(at + 3)?),
        added: wall(row, at + 4)?,
        cursor: Revision(wall(row, at + 5)?.0),
        previous: row.try_get::<Option<Vec<u8>>, _>(at + 6)?.map(Bytes).zip(perhaps(row, at + 7)?),
    })
}

pub(super) fn due(row: &SqliteRow) -> Result<DueDelivery, Error> {
    Ok(DueDelivery {
        hook: hook(row, 0)?,
        id: row.try_get(8)?,
        message: NewDelivery {
            message: row.try_get(9)?,
            kind: row.try_get(10)?,
            body: row.try_get(11)?,
        },
        made: wall(row, 12)?,
        failures: count(row, 13)?,
    })
}

pub(super) fn delivery(row: &SqliteRow) -> Result<DeliveryRow, Error> {
    let status = row.try_get::<Option<i64>, _>(8)?;
    Ok(DeliveryRow {
        id: row.try_get(0)?,
        hook: row.try_get(1)?,
        message: row.try_get(2)?,
        kind: row.try_get(3)?,
        made: wall(row, 4)?,
        next: perhaps(row, 5)?,
        failures: count(row, 6)?,
        done: perhaps(row, 7)?,
        status: status.and_then(|status| u16::try_from(status).ok()),
        said: row.try_get(9)?,
    })
}
