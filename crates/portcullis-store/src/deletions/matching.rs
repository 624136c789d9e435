//! From posts and who received them to lists, each record in one list of a partner and no more.
//!
//! Must not know how it is found out who received something.

use std::collections::HashSet;

use portcullis_registry::{
    DeletionCause, DeletionLine, DeletionPost, DeletionSalt, LedgerName, WhoHolds, told_of,
};
use portcullis_types::{PartnerId, Revision, Span, Wall};
use sqlx::{Connection as _, QueryBuilder, Row as _, Sqlite, SqliteConnection};

use super::{DeletionBook, rows};
use crate::database::number;
use crate::error::StoreError;

/// Rows named in one statement.
const TOGETHER: usize = 500;

/// Posts by their place with when each was received first and last.
type Received = [(usize, Wall, Wall)];

impl DeletionBook {
    /// The names of posts that are looked at once more later, each with the moment when it came.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn looked_out(&self, count: usize) -> Result<Vec<(LedgerName, Wall)>, StoreError> {
        let sql = "SELECT kind, name, posted FROM posts WHERE next IS NOT NULL AND name IS NOT NULL ORDER BY posted DESC LIMIT ?";
        let query = sqlx::query(sql).bind(number(count as u64));
        let found = query.fetch_all(&mut *self.0.connection.lock().await).await;
        found
            .and_then(|found| found.iter().map(rows::open).collect())
            .map_err(|error| self.0.unread(&error))
    }

    /// Has posts of these names looked at now, where they are looked at once more later.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written.
    pub async fn again(&self, names: &[LedgerName], now: Wall) -> Result<(), StoreError> {
        let mut connection = self.0.connection.lock().await;
        let again = async {
            let mut all = connection.begin().await?;
            for (kind, name) in names {
                let sql = "UPDATE posts SET next = ?1 WHERE next > ?1 AND name = ?2 AND kind = ?3";
                let query = sqlx::query(sql).bind(number(now.0)).bind(name);
                query.bind(rows::kind_name(*kind)).execute(&mut *all).await?;
            }
            all.commit().await
        };
        again.await.map_err(|error: sqlx::Error| self.0.unwritten(&error))
    }

    /// The posts whose time to be looked at has come, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub async fn posts(&self, now: Wall, count: usize) -> Result<Vec<DeletionPost>, StoreError> {
        let sql = "SELECT id, what, kind, name, class, at FROM posts WHERE next <= ? AND name IS NOT NULL ORDER BY next, id LIMIT ?";
        let query = sqlx::query(sql).bind(number(now.0)).bind(number(count as u64));
        let found = query.fetch_all(&mut *self.0.connection.lock().await).await;
        found
            .and_then(|found| found.iter().map(rows::post).collect())
            .map_err(|error| self.0.unread(&error))
    }

    /// Takes down who received each of these posts: lists of what a partner was not told of before, and
    /// that the posts are looked at. What was delivered while they came may not be known yet: within
    /// `settle` of its coming a post is looked at once more at the end of it, and what it names is
    /// forgotten here after that. How many lists were made.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written; then all is as before.
    pub async fn matched(
        &self,
        posts: &[DeletionPost],
        held: &WhoHolds,
        now: Wall,
        settle: Span,
    ) -> Result<u64, StoreError> {
        let mut connection = self.0.connection.lock().await;
        let matched = async {
            let mut all = connection.begin().await?;
            let mut lists = 0;
            for ((partner, cause), received) in told_of(posts, held) {
                let made = make(&mut all, (&partner, cause), (posts, &received), now).await?;
                lists += u64::from(made);
            }
            for post in posts {
                let sql = "UPDATE posts SET next = CASE WHEN posted + ?1 > ?2 THEN posted + ?1 END, name = CASE WHEN posted + ?1 > ?2 THEN name END WHERE id = ?3";
                let query = sqlx::query(sql)
                    .bind(number(settle.milliseconds()))
                    .bind(number(now.0))
                    .bind(&post.id);
                query.execute(&mut *all).await?;
            }
            all.commit().await?;
            Ok(lists)
        };
        matched.await.map_err(|error: sqlx::Error| self.0.unwritten(&error))
    }

    /// Makes a list of a whole day, where the partner has none of it: nothing is named in it. Whether it
    /// was made.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written.
    pub async fn day(
        &self,
        partner: &PartnerId,
        day: u32,
        count: u64,
        now: Wall,
    ) -> Result<bool, StoreError> {
        let mut connection = self.0.connection.lock().await;
        let made = async {
            let mut all = connection.begin().await?;
            let known = sqlx::query("SELECT 1 FROM lists WHERE partner = ? AND day = ?");
            let known = known.bind(partner.as_str()).bind(i64::from(day));
            if known.fetch_optional(&mut *all).await?.is_some() {
                return Ok(false);
            }
            let list = New { partner, cause: DeletionCause::Expired, count, day: Some(day) };
            list.put(&mut all, &[], now).await?;
            all.commit().await?;
            Ok(true)
        };
        made.await.map_err(|error: sqlx::Error| self.0.unwritten(&error))
    }

    /// The last day of which all lists were made. Days after `over` are not over, whatever a clock said that
    /// was ahead: they are made when they are.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read, or not be written where there are such days.
    pub async fn last_day(&self, over: u32) -> Result<Option<u32>, StoreError> {
        let last = self.max_day().await?;
        if last.is_none_or(|last| last <= over) {
            return Ok(last);
        }
        let query = sqlx::query("DELETE FROM days WHERE day > ?").bind(i64::from(over));
        let forgotten = query.execute(&mut *self.0.connection.lock().await).await;
        forgotten.map_err(|error| self.0.unwritten(&error))?;
        self.max_day().await
    }

    async fn max_day(&self) -> Result<Option<u32>, StoreError> {
        let query = sqlx::query("SELECT max(day) FROM days");
        let row = query.fetch_one(&mut *self.0.connection.lock().await).await;
        let day = row.and_then(|row| row.try_get::<Option<i64>, _>(0));
        day.map(|day| day.and_then(|day| u32::try_from(day).ok()))
            .map_err(|error| self.0.unread(&error))
    }

    /// Takes down that all lists of a day were made.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written.
    pub async fn day_done(&self, day: u32) -> Result<(), StoreError> {
        let query = sqlx::query("INSERT INTO days (day) VALUES (?) ON CONFLICT DO NOTHING");
        let done = query.bind(i64::from(day)).execute(&mut *self.0.connection.lock().await).await;
        done.map(drop).map_err(|error| self.0.unwritten(&error))
    }

    /// Takes down that a partner was told of a list.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be written.
    pub async fn told(
        &self,
        batch: &str,
        (revision, told, due_by): (Revision, Wall, Wall),
    ) -> Result<(), StoreError> {
        let sql = "UPDATE lists SET revision = ?, told = ?, due_by = ? WHERE batch = ?";
        let query = sqlx::query(sql)
            .bind(number(revision.0))
            .bind(number(told.0))
            .bind(number(due_by.0))
            .bind(batch);
        let done = query.execute(&mut *self.0.connection.lock().await).await;
        done.map(drop).map_err(|error| self.0.unwritten(&error))
    }
}

/// Makes the list of one partner and cause; whether there was anything new for it.
async fn make(
    connection: &mut SqliteConnection,
    (partner, cause): (&PartnerId, DeletionCause),
    (posts, received): (&[DeletionPost], &Received),
    now: Wall,
) -> Result<bool, sqlx::Error> {
    let known = known(connection, partner, (posts, received)).await?;
    let new = received.iter().filter_map(|(at, first, last)| {
        let post = posts.get(*at).filter(|post| !known.contains(&post.id))?;
        Some((post, *first, *last))
    });
    let new: Vec<_> = new.collect();
    if new.is_empty() {
        return Ok(false);
    }
    let lines: Vec<DeletionLine> = new
        .iter()
        .map(|(post, ..)| DeletionLine {
            post: post.id.clone(),
            kind: post.kind,
            name: post.name.clone(),
        })
        .collect();
    let list = New { partner, cause, count: new.len() as u64, day: None };
    let batch = list.put(connection, &lines, now).await?;
    for (post, first, last) in new {
        let sql = "INSERT INTO duties (batch, partner, post, kind, name, class, at, first, last) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql)
            .bind(&batch)
            .bind(partner.as_str())
            .bind(&post.id)
            .bind(rows::kind_name(post.kind))
            .bind(&post.name)
            .bind(post.class.as_ref().map(ToString::to_string))
            .bind(number(post.at.0))
            .bind(number(first.0))
            .bind(number(last.0));
        query.execute(&mut *connection).await?;
    }
    Ok(true)
}

/// What of these the partner was told of already.
async fn known(
    connection: &mut SqliteConnection,
    partner: &PartnerId,
    (posts, received): (&[DeletionPost], &Received),
) -> Result<HashSet<String>, sqlx::Error> {
    let mut known = HashSet::new();
    for some in received.chunks(TOGETHER) {
        let mut query: QueryBuilder<Sqlite> =
            QueryBuilder::new("SELECT post FROM duties WHERE partner = ");
        query.push_bind(partner.as_str().to_owned()).push(" AND post IN (");
        let mut list = query.separated(", ");
        for post in some.iter().filter_map(|(at, ..)| posts.get(*at)) {
            list.push_bind(post.id.clone());
        }
        query.push(")");
        for row in query.build().fetch_all(&mut *connection).await? {
            known.insert(row.try_get(0)?);
        }
    }
    Ok(known)
}

/// A list to be made.
struct New<'a> {
    partner: &'a PartnerId,
    cause: DeletionCause,
    count: u64,
    day: Option<u32>,
}

impl New<'_> {
    /// Writes it with a salt of its own; its name is the beginning of its commitment.
    async fn put(
        &self,
        connection: &mut SqliteConnection,
        lines: &[DeletionLine],
        now: Wall,
    ) -> Result<String, sqlx::Error> {
        let salt = sqlx::query("SELECT randomblob(16)").fetch_one(&mut *connection).await?;
        let salt: Vec<u8> = salt.try_get(0)?;
        let of = <[u8; 16]>::try_from(salt.as_slice()).map(DeletionSalt);
        let of = of.map_err(|_| sqlx::Error::Decode("SQLite made no salt".into()))?;
        let list = of.list(self.cause, lines);
        let batch = format!("del_{}", list.get(..16).unwrap_or_default());
        let sql = "INSERT INTO lists (batch, number, partner, cause, count, salt, list, day, made) VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM lists), ?, ?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql)
            .bind(&batch)
            .bind(self.partner.as_str())
            .bind(self.cause.name())
            .bind(number(self.count))
            .bind(salt)
            .bind(&list)
            .bind(self.day.map(i64::from))
            .bind(number(now.0));
        query.execute(connection).await?;
        Ok(batch)
    }
}
