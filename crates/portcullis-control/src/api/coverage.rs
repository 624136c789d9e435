//! Which calls can be told apart by client, and which can't: by partner, client and key.
//!
//! Must not know how calls are counted, nor how a call's client is told.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use portcullis_registry::{CallClient, Snapshot, UsageRow};
use portcullis_types::{ClientIx, KeyIx, PartnerIx, Wall};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::usage::{self, KeyUsage, Per};
use super::{Ctx, aside, partners};
use crate::extract::Params;
use crate::problem::{Document, Problem};
use crate::router::Shared;

/// Partners that are told at once, those with most calls that can't be told first.
const PARTNERS: usize = 100;

/// Whose, and since when.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only of this partner.
    partner: Option<String>,
    /// Since when: a date, a time, or how long ago such as `7d`, at most 31 days; 7 days ago when
    /// absent.
    since: Option<String>,
}

/// A client, and how many calls were for it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientCalls {
    /// Its id.
    client: String,
    /// How many calls were for it.
    calls: u64,
    /// Of them, by keys that are bound to it.
    by_key: u64,
    /// Of them, by unbound keys that act for an account granted for it.
    by_grant: u64,
}

/// Calls of which the client can't be told.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct Untold {
    /// How many.
    calls: u64,
    /// By unbound keys that act for no account that a grant names.
    no_account: u64,
    /// For accounts that are granted for no declared client.
    undeclared: u64,
    /// For accounts of several clients at once.
    several: u64,
}

/// A partner's calls, by client.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartnerCoverage {
    /// Its id.
    partner: String,
    /// How many clients it declared.
    declared: usize,
    /// How many calls it made.
    calls: u64,
    /// Those of which the client can't be told.
    untold: Untold,
    /// Clients, at most 20, those with most calls first.
    clients: Vec<ClientCalls>,
    /// Keys that made calls of which the client can't be told, at most 20, those with most first.
    keys: Vec<KeyUsage>,
}

/// Which calls can be told apart by client.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CoverageView {
    /// The beginning, RFC 3339.
    from: String,
    /// The end.
    to: String,
    /// Since when everything is kept; null before the first call.
    since: Option<String>,
    /// At most 100 partners, those with most calls that can't be told first.
    data: Vec<PartnerCoverage>,
    /// Whether there are more.
    more: bool,
}

/// One partner's calls while they are added up.
#[derive(Debug, Default)]
struct Sum {
    calls: u64,
    untold: Untold,
    /// By client: with keys of it, and by grant.
    clients: BTreeMap<u32, (u64, u64)>,
    keys: BTreeMap<u32, u64>,
}

/// Calls by client, and those whose client can't be told; of the last 31 days
#[utoipa::path(get, path = "/v1/clients/coverage", tag = "clients",
    security(("admin_token" = [])), params(Which),
    responses((status = 200, body = CoverageView), (status = "4XX", body = Document)))]
pub(crate) async fn show(
    State(shared): Ctx,
    Params(which): Params<Which>,
) -> Result<Json<CoverageView>, Problem> {
    let partner = which.partner.as_deref().map(|id| partners::position(&shared, id)).transpose()?;
    let term = usage::period((&which.since, &None), Per::Day, shared.now())?;
    let view = aside(move || gather(&shared, partner, term));
    Ok(Json(view.await?))
}

fn gather(shared: &Shared, wanted: Option<PartnerIx>, (from, to): (Wall, Wall)) -> CoverageView {
    let (book, snapshot) = (&shared.control.usage, shared.control.office.snapshot());
    let mut sums: BTreeMap<u32, Sum> = BTreeMap::new();
    if let Some(partner) = wanted {
        sums.entry(partner.0).or_default();
    }
    book.read(from, to, |row| {
        let Some(key) = snapshot.key(row.key) else { return };
        if wanted.is_none_or(|wanted| wanted == key.partner) {
            sums.entry(key.partner.0).or_default().add(&row, key.client);
        }
    });
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, sum)| Reverse((sum.untold.calls, sum.calls)));
    let more = sums.len() > PARTNERS;
    sums.truncate(PARTNERS);
    let mut declared: BTreeMap<u32, usize> = BTreeMap::new();
    for (_, client) in snapshot.clients() {
        *declared.entry(client.partner.0).or_default() += 1;
    }
    let told = sums.into_iter().filter_map(|(partner, sum)| {
        let declared = declared.get(&partner).copied().unwrap_or(0);
        sum.told(&snapshot, PartnerIx(partner), declared)
    });
    CoverageView {
        from: from.rfc3339(),
        to: to.rfc3339(),
        since: book.since().map(Wall::rfc3339),
        data: told.collect(),
        more,
    }
}

impl Sum {
    fn add(&mut self, row: &UsageRow<'_>, bound: Option<ClientIx>) {
        self.calls += row.calls;
        let untold = &mut self.untold;
        let part = match (bound, row.client) {
            (Some(client), _) => {
                self.clients.entry(client.0).or_default().0 += row.calls;
                return;
            }
            (None, CallClient::Granted(client)) => {
                self.clients.entry(client.0).or_default().1 += row.calls;
                return;
            }
            (None, CallClient::OfKey) => &mut untold.no_account,
            (None, CallClient::Undeclared) => &mut untold.undeclared,
            (None, CallClient::Several) => &mut untold.several,
        };
        *part += row.calls;
        untold.calls += row.calls;
        *self.keys.entry(row.key.0).or_default() += row.calls;
    }

    fn told(
        self,
        snapshot: &Snapshot,
        partner: PartnerIx,
        declared: usize,
    ) -> Option<PartnerCoverage> {
        let clients = self.clients.into_iter().filter_map(|(ix, (by_key, by_grant))| {
            let client = snapshot.client(ClientIx(ix))?.id.to_string();
            let calls = by_key + by_grant;
            Some((calls, ClientCalls { client, calls, by_key, by_grant }))
        });
        let keys = self.keys.into_iter().map(|(key, calls)| (KeyIx(key), calls));
        Some(PartnerCoverage {
            partner: snapshot.partner(partner)?.id.to_string(),
            declared,
            calls: self.calls,
            untold: self.untold,
            clients: usage::top(clients),
            keys: usage::keys(snapshot, keys),
        })
    }
}
