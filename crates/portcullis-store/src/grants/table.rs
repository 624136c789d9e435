//! The table of grants: everything about it that is SQL.
//!
//! Must not know what a change comes to.

use portcullis_registry::{GrantsWanted, Term};
use portcullis_types::Wall;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use crate::database::number;

/// Rows named in one statement: far below what SQLite binds, and past where more would help.
const TOGETHER: usize = 500;

/// The tables of the grants. No client is written as an empty text, since a key holds
/// no null. The salt is made here and never leaves the file.
pub(crate) const TABLES: [&str; 3] = [
    "CREATE TABLE grants (account TEXT NOT NULL, partner TEXT NOT NULL, client TEXT NOT NULL, since INTEGER, until INTEGER, PRIMARY KEY (account, partner, client)) STRICT, WITHOUT ROWID",
    "CREATE TABLE grants_salt (salt BLOB NOT NULL) STRICT",
    "INSERT INTO grants_salt (salt) VALUES (randomblob(32))",
];

/// A row of the table.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) struct GrantRecord {
    pub(crate) account: String,
    pub(crate) partner: String,
    pub(crate) client: String,
    pub(crate) term: Term,
}

/// A row to be written, or taken away.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    pub(crate) account: String,
    pub(crate) partner: String,
    pub(crate) client: String,
    /// None: the row goes.
    pub(crate) after: Option<Term>,
}

/// Where a page begins: just after this account, partner and client.
pub(crate) type After<'a> = Option<(&'a str, &'a str, &'a str)>;

/// All rows of these accounts and partners.
pub(crate) async fn lookup(
    connection: &mut SqliteConnection,
    asked: &[(&str, &str)],
) -> Result<Vec<GrantRecord>, sqlx::Error> {
    let mut found = Vec::new();
    for some in asked.chunks(TOGETHER) {
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new("WITH asked (a, p) AS (");
        query.push_values(some, |mut row, (account, partner)| {
            row.push_bind((*account).to_owned()).push_bind((*partner).to_owned());
        });
        // CROSS JOIN keeps SQLite from walking the whole table and asking the short list for each row.
        query.push(") SELECT account, partner, client, since, until FROM asked CROSS JOIN grants ON account = a AND partner = p");
        let rows = query.build().fetch_all(&mut *connection).await?;
        for row in &rows {
            found.push(read(row)?);
        }
    }
    Ok(found)
}

/// Writes rows, within the transaction that is open.
pub(crate) async fn write(
    connection: &mut SqliteConnection,
    rows: &[Write],
) -> Result<(), sqlx::Error> {
    let (puts, gone): (Vec<&Write>, Vec<&Write>) = rows.iter().partition(|row| row.after.is_some());
    for some in puts.chunks(TOGETHER) {
        let mut query: QueryBuilder<Sqlite> =
            QueryBuilder::new("INSERT INTO grants (account, partner, client, since, until) ");
        query.push_values(some, |mut to, row| {
            let Term { from, until } = row.after.unwrap_or_default();
            let moment = |at: Option<Wall>| at.map(|at| number(at.0));
            to.push_bind(row.account.clone())
                .push_bind(row.partner.clone())
                .push_bind(row.client.clone())
                .push_bind(moment(from))
                .push_bind(moment(until));
        });
        query.push(" ON CONFLICT DO UPDATE SET since = excluded.since, until = excluded.until");
        query.build().execute(&mut *connection).await?;
    }
    for some in gone.chunks(TOGETHER) {
        let mut query: QueryBuilder<Sqlite> =
            QueryBuilder::new("DELETE FROM grants WHERE (account, partner, client) IN (");
        query.push_values(some, |mut to, row| {
            to.push_bind(row.account.clone())
                .push_bind(row.partner.clone())
                .push_bind(row.client.clone());
        });
        query.push(")");
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// At most `count` rows in order, after a place.
pub(crate) async fn page(
    connection: &mut SqliteConnection,
    after: After<'_>,
    wanted: &GrantsWanted,
    count: usize,
) -> Result<Vec<GrantRecord>, sqlx::Error> {
    let mut query: QueryBuilder<Sqlite> =
        QueryBuilder::new("SELECT account, partner, client, since, until FROM grants WHERE 1 = 1");
    if let Some((account, partner, client)) = after {
        query.push(" AND (account, partner, client) > (");
        let mut list = query.separated(", ");
        list.push_bind(account.to_owned())
            .push_bind(partner.to_owned())
            .push_bind(client.to_owned());
        query.push(")");
    }
    if let Some(account) = &wanted.account {
        query.push(" AND account = ").push_bind(account.clone());
    }
    if let Some(partner) = &wanted.partner {
        query.push(" AND partner = ").push_bind(partner.as_str().to_owned());
    }
    if let Some(client) = &wanted.client {
        query.push(" AND client = ").push_bind(client.as_str().to_owned());
    }
    query.push(" ORDER BY account, partner, client LIMIT ").push_bind(number(count as u64));
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

/// The salt of the digest over all grants.
pub(crate) async fn salt(connection: &mut SqliteConnection) -> Result<Vec<u8>, sqlx::Error> {
    sqlx::query("SELECT salt FROM grants_salt").fetch_one(connection).await?.try_get_unchecked(0)
}

fn read(row: &SqliteRow) -> Result<GrantRecord, sqlx::Error> {
    let moment = |at: usize| -> Result<Option<Wall>, sqlx::Error> {
        let ms: Option<i64> = row.try_get_unchecked(at)?;
        Ok(ms.map(|ms| Wall(u64::try_from(ms).unwrap_or(0))))
    };
    Ok(GrantRecord {
        account: row.try_get_unchecked(0)?,
        partner: row.try_get_unchecked(1)?,
        client: row.try_get_unchecked(2)?,
        term: Term { from: moment(3)?, until: moment(4)? },
    })
}
