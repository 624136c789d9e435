//! Reading the table: all of it for the judge at the start, a part of it for whoever lists.

use portcullis_audit::Fault;
use portcullis_registry::{
    Grant, GrantChange, GrantName, GrantsPage, GrantsSum, GrantsWanted, OfficeError, Sink,
    Snapshot, State,
};
use portcullis_types::{ClientId, ClientIx, PartnerId, PartnerIx};
use sqlx::SqliteConnection;

use super::PAGE;
use super::table::{self, GrantRecord};
use crate::error::{StoreError, said};
use crate::open::Store;

/// Tells the judge all grants there are and compares them with what the log says; yields the salt.
pub(crate) async fn load(
    store: &mut Store,
    state: &State,
    sink: &dyn Sink,
) -> Result<Vec<u8>, StoreError> {
    let path = store.log.path.clone();
    let unreadable = |error: sqlx::Error| StoreError::on_read(&path, None, &error);
    let damaged = |why: String| StoreError::damaged(&path, Fault { revision: None, why });
    let connection = &mut store.log.connection;
    let salt = table::salt(connection).await.map_err(unreadable)?;
    let (mut after, mut sum, mut total) = (None, GrantsSum::default(), 0u64);
    let now = state.current();
    loop {
        let page = table::page(connection, place(&after), &GrantsWanted::default(), PAGE).await;
        let page = page.map_err(unreadable)?;
        let mut changes = Vec::with_capacity(page.len());
        for row in &page {
            let found = indexes(now, row).map_err(|error| damaged(error.to_string()))?;
            let (partner, client, term) = (found.0, found.1, Some(row.term));
            changes.push(GrantChange { account: &row.account, partner, client, term });
            let Grant { name, term } = grant(row).map_err(|error| damaged(error.to_string()))?;
            sum = sum.plus(GrantsSum::of(
                &salt,
                &name.account,
                &name.partner,
                name.client.as_ref(),
                term,
            ));
            after = Some(name);
        }
        sink.grants(&changes);
        total += page.len() as u64;
        if page.len() < PAGE {
            break;
        }
    }
    let logged = now
        .grants()
        .map_or((0, GrantsSum::default().to_hex()), |logged| (logged.total, logged.digest.clone()));
    if logged != (total, sum.to_hex()) {
        return Err(damaged(format!(
            "its {total} grants are not the {} that the log counts: they were changed beside it",
            logged.0
        )));
    }
    Ok(salt)
}

/// A part of the list.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    wanted: &GrantsWanted,
) -> Result<GrantsPage, OfficeError> {
    let count = wanted.count.clamp(1, PAGE);
    let rows = table::page(connection, place(&wanted.after), wanted, count + 1).await;
    let rows = rows.map_err(|error| OfficeError::NotRead(said(&error)))?;
    let more = rows.len() > count;
    let grants = rows.iter().take(count).map(grant).collect::<Result<_, _>>()?;
    Ok(GrantsPage { grants, more })
}

pub(super) fn place(after: &Option<GrantName>) -> table::After<'_> {
    let name = after.as_ref()?;
    let client = name.client.as_ref().map_or("", ClientId::as_str);
    Some((&name.account, name.partner.as_str(), client))
}

pub(super) fn grant(row: &GrantRecord) -> Result<Grant, OfficeError> {
    let unreadable = |_| OfficeError::NotRead("a row of the grants is unreadable".to_owned());
    let partner = PartnerId::new(&row.partner).map_err(unreadable)?;
    let client = Some(row.client.as_str()).filter(|client| !client.is_empty());
    let client = client.map(ClientId::new).transpose().map_err(unreadable)?;
    let name = GrantName { account: row.account.clone(), partner, client };
    Ok(Grant { name, term: row.term })
}

pub(super) fn indexes(
    now: &Snapshot,
    row: &GrantRecord,
) -> Result<(PartnerIx, Option<ClientIx>), OfficeError> {
    let unknown = || {
        OfficeError::NotRead(
            "a grant names a partner or client that the log does not know".to_owned(),
        )
    };
    let name = grant(row)?.name;
    let partner = now.partner_ix(&name.partner).ok_or_else(unknown)?;
    let client = name.client.map(|id| now.client_ix(&id).ok_or_else(unknown)).transpose()?;
    Ok((partner, client))
}
