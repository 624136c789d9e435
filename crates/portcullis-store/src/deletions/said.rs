//! What a partner says of a list: all of it in one word, save what it names.
//!
//! It is kept here first and the log says so then; what the log never took is said anew. Must not know
//! who the partner is, or whether it may.

use std::collections::HashMap;

use portcullis_registry::{
    DELETION_KEPT_BYTES_MAX, DeletionCounts, DeletionDone, DeletionRejected, Except, KeptList,
    Saying,
};
use portcullis_types::Wall;
use sqlx::{Connection as _, Row as _, SqliteConnection};

use super::{DeletionBook, DeletionBookError};
use crate::database::number;
use crate::error::StoreError;

impl DeletionBook {
    /// Takes down what a partner says of a list; what it comes to, and the commitment to it. It holds once
    /// the log has it.
    ///
    /// # Errors
    /// [`DeletionBookError::Rejected`] for words that do not fit the list; [`DeletionBookError::Store`]
    /// when the file can't be written. Then nothing was taken.
    pub async fn say(
        &self,
        list: &KeptList,
        saying: &Saying,
        now: Wall,
    ) -> Result<(DeletionCounts, String), DeletionBookError> {
        let batch = || list.batch.clone();
        let rejected = |why| DeletionBookError::Rejected { index: 0, why };
        let salt = list.salt.filter(|_| list.dropped.is_none());
        let salt =
            salt.ok_or_else(|| rejected(DeletionRejected::ListDropped { batch: batch() }))?;
        reasoned(saying).map_err(rejected)?;
        let mut connection = self.0.connection.lock().await;
        let said = async {
            let mut all = connection.begin().await?;
            let Some(each) = each(&mut all, &list.batch, saying).await? else { return Ok(None) };
            let counts = if list.day.is_some() {
                counted(std::iter::repeat_n(saying.done, 1), list.count)
            } else {
                counted(each.iter().map(|(_, done, _)| *done), 1)
            };
            let answer = match list.day {
                Some(_) => salt.answer(&[(0, saying.done, saying.reason.clone())]),
                None => salt.answer(&each),
            };
            for (seq, done, reason) in &each {
                let sql = "UPDATE duties SET done = ?, reason = ? WHERE seq = ?";
                let query = sqlx::query(sql).bind(done.name()).bind(reason).bind(seq);
                query.execute(&mut *all).await?;
            }
            let sql = "UPDATE lists SET said = ?, by = ?, deleted = ?, never_stored = ?, kept = ?, reason = ? WHERE batch = ? AND attested IS NULL";
            let query = sqlx::query(sql)
                .bind(number(now.0))
                .bind(&saying.by)
                .bind(number(counts.deleted))
                .bind(number(counts.never_stored))
                .bind(number(counts.kept))
                .bind(&saying.reason)
                .bind(&list.batch);
            query.execute(&mut *all).await?;
            all.commit().await?;
            Ok(Some((counts, answer)))
        };
        let said: Result<_, sqlx::Error> = said.await;
        let said = said.map_err(|error| self.0.unwritten(&error))?;
        said.ok_or_else(|| rejected(DeletionRejected::NotInList { batch: batch() }))
    }

    /// Takes down that the log has what was said of a list.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written.
    pub async fn attested(&self, batch: &str) -> Result<(), StoreError> {
        let sql = "UPDATE lists SET attested = said WHERE batch = ? AND attested IS NULL";
        let query = sqlx::query(sql).bind(batch);
        let done = query.execute(&mut *self.0.connection.lock().await).await;
        done.map(drop).map_err(|error| self.0.unwritten(&error))
    }
}

/// Whatever stays has its reason.
fn reasoned(saying: &Saying) -> Result<(), DeletionRejected> {
    let max = DELETION_KEPT_BYTES_MAX;
    let all = std::iter::once((saying.done, &saying.reason));
    let but = saying.but.iter().map(|except| (except.done, &except.reason));
    let fits = |(done, reason): (DeletionDone, &String)| {
        let fits = reason.len() <= max && !reason.chars().any(char::is_control);
        fits && (done != DeletionDone::Kept || !reason.trim().is_empty())
    };
    if all.chain(but).all(fits) { Ok(()) } else { Err(DeletionRejected::ReasonMissing { max }) }
}

/// What was done about each record; none: something was named that is not in the list.
async fn each(
    connection: &mut SqliteConnection,
    batch: &str,
    saying: &Saying,
) -> Result<Option<Vec<(i64, DeletionDone, String)>>, sqlx::Error> {
    let rows = sqlx::query("SELECT seq FROM duties WHERE batch = ? ORDER BY seq").bind(batch);
    let rows = rows.fetch_all(connection).await?;
    let mut but: HashMap<i64, &Except> =
        saying.but.iter().map(|except| (except.seq, except)).collect();
    if but.len() != saying.but.len() {
        return Ok(None);
    }
    let mut each = Vec::with_capacity(rows.len());
    for row in rows {
        let seq: i64 = row.try_get(0)?;
        each.push(match but.remove(&seq) {
            Some(except) => (seq, except.done, except.reason.clone()),
            None => (seq, saying.done, saying.reason.clone()),
        });
    }
    Ok(but.is_empty().then_some(each))
}

fn counted(each: impl Iterator<Item = DeletionDone>, weight: u64) -> DeletionCounts {
    let mut counts = DeletionCounts::default();
    for done in each {
        let of = match done {
            DeletionDone::Deleted => &mut counts.deleted,
            DeletionDone::NeverStored => &mut counts.never_stored,
            DeletionDone::Kept => &mut counts.kept,
        };
        *of = of.saturating_add(weight);
    }
    counts
}
