//! How often the asker called, and what refused the rest.
//!
//! Must not know how calls are counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use portcullis_types::Wall;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asker::{Asker, Reader};
use super::{Api, Ctx};
use crate::api::aside;
use crate::api::usage::{Per, Tally, period};
use crate::extract::Params;
use crate::problem::{Document, Problem};

/// Of when.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct When {
    /// From when on: a date, a time, or how long ago such as `7d`; 24 hours ago when absent, or 7 days
    /// by day.
    from: Option<String>,
    /// Until when; now when absent.
    to: Option<String>,
    /// `hour` or `day` (as UTC counts); `hour` when absent.
    per: Option<Per>,
}

/// Usage within a time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnUsage)]
pub(super) struct OwnUsage {
    /// The beginning, RFC 3339, of an hour or a day.
    from: String,
    /// The end.
    to: String,
    /// How long each part is.
    per: Per,
    /// All of it together.
    total: Tally,
    /// By time.
    data: Vec<OwnPart>,
}

/// Usage within one part of the time.
#[derive(Debug, Serialize, ToSchema)]
struct OwnPart {
    /// When it begins.
    start: String,
    /// What was called.
    #[serde(flatten)]
    tally: Tally,
}

/// Your calls by hour or day, and what refused the rest, by code; of the last 31 days
#[utoipa::path(get, path = "/partner/v1/usage", tag = "usage", security(("key" = [])),
    params(When),
    responses((status = 200, body = OwnUsage), (status = "4XX", body = Document)))]
pub(super) async fn show(
    State(api): Ctx,
    Reader(asker): Reader,
    Params(when): Params<When>,
) -> Result<Json<OwnUsage>, Problem> {
    let per = when.per.unwrap_or(Per::Hour);
    let time = period((&when.from, &when.to), per, asker.wall())?;
    Ok(Json(aside(move || gather(&api, &asker, time, per)).await?))
}

fn gather(api: &Arc<Api>, asker: &Asker, (from, to): (Wall, Wall), per: Per) -> OwnUsage {
    let mut total = Tally::default();
    let mut parts: BTreeMap<u64, Tally> = BTreeMap::new();
    api.parts.usage.read(from, to, |row| {
        if !asker.snapshot.key(row.key).is_some_and(|key| asker.sees(key)) {
            return;
        }
        total.add(&row);
        parts.entry(row.hour.0 / per.length() * per.length()).or_default().add(&row);
    });
    let data = parts.into_iter();
    let data = data.map(|(start, tally)| OwnPart { start: Wall(start).rfc3339(), tally });
    OwnUsage { from: from.rfc3339(), to: to.rfc3339(), per, total, data: data.collect() }
}
