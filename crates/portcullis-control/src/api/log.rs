//! The log for whoever checks it: checkpoints and hashes for anybody, entries for who is signed in.
//!
//! Paths and contents are those of C2SP tlog-tiles, so that the tools of others can read them. Must
//! not know how the log is stored.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use portcullis_audit::{Hash, Tile, TileKind};
use portcullis_types::Revision;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Ctx, refused};
use crate::extract::Params;
use crate::problem::{Document, Problem};
use crate::router::Shared;
use crate::witness::witnessed;

const TEXT: &str = "text/plain; charset=utf-8";
/// What stands at a tile's path never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The same for what not everybody may see.
const FOR_EVER_HERE: &str = "private, max-age=31536000, immutable";

/// The newest signed root as a signed note. The log is served by C2SP tlog-tiles: hashes at `/log/tile/LEVEL/NUMBER` for anybody, entries at `/log/tile/entries/NUMBER` with a token
#[utoipa::path(get, path = "/log/checkpoint", tag = "log",
    responses((status = 200, body = String, content_type = "text/plain"), (status = "4XX", body = Document)))]
pub(crate) async fn checkpoint(State(shared): Ctx) -> Result<Response, Problem> {
    let note = shared.control.office.checkpoint().await.map_err(refused)?;
    Ok(fresh(witnessed(shared.control.settings.witnessed.as_ref(), note)))
}

/// The newest signed root that enough witnesses have signed too, with their lines below it
#[utoipa::path(get, path = "/log/cosigned", tag = "log",
    responses((status = 200, body = String, content_type = "text/plain"), (status = "4XX", body = Document)))]
pub(crate) async fn cosigned(State(shared): Ctx) -> Result<Response, Problem> {
    let witnesses = shared.control.settings.witnessed.as_ref();
    let newest = witnesses.and_then(|witnesses| witnesses.newest());
    newest.map(fresh).ok_or_else(|| {
        let detail = match witnesses {
            None => "no witness is asked; `witnesses:` in the configuration names some",
            Some(_) => {
                "not enough witnesses have signed yet; `/readyz` says what each of them said"
            }
        };
        let title = "No checkpoint is cosigned";
        Problem::new(StatusCode::NOT_FOUND, "not_cosigned", title, detail)
    })
}

/// What changes from one second to the next.
fn fresh(note: String) -> Response {
    ([(header::CONTENT_TYPE, TEXT), (header::CACHE_CONTROL, "no-cache")], note).into_response()
}

/// A tile of hashes.
pub(crate) async fn hashes(
    State(shared): Ctx,
    Path((level, place)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let path = format!("tile/{level}/{place}");
    // A level that was written in another way, such as `%65ntries`, must not lead to entries.
    match read(&path)? {
        Tile { kind: TileKind::Entries, .. } => Err(no_tile(&path)),
        tile => content(&shared, tile, FOR_EVER).await,
    }
}

/// A tile of entries.
pub(crate) async fn entries(
    State(shared): Ctx,
    Path(place): Path<String>,
) -> Result<Response, Problem> {
    let tile = read(&format!("tile/entries/{place}"))?;
    content(&shared, tile, FOR_EVER_HERE).await
}

fn read(path: &str) -> Result<Tile, Problem> {
    path.parse().map_err(|error| Problem::unreadable(format!("{error}")))
}

async fn content(shared: &Shared, tile: Tile, cached: &'static str) -> Result<Response, Problem> {
    let found = shared.control.office.tile(tile).await.map_err(refused)?;
    let content = found.ok_or_else(|| no_tile(&tile.to_string()))?;
    let kind = "application/octet-stream";
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cached)];
    Ok((headers, content).into_response())
}

fn no_tile(path: &str) -> Problem {
    let path: String = path.chars().take(80).collect();
    let detail =
        format!("the log has no `{path}`; its size stands in the second line of `/log/checkpoint`");
    Problem::new(StatusCode::NOT_FOUND, "no_such_tile", "There is no such tile", detail)
}

/// One file that shows, without a server, that an event is in the log (C2SP tlog-proof)
#[utoipa::path(get, path = "/v1/audit/{revision}/receipt", tag = "audit", security(("admin_token" = [])),
    params(("revision" = u64, Path, description = "The event's number")),
    responses((status = 200, body = String, content_type = "text/plain"), (status = "4XX", body = Document)))]
pub(crate) async fn receipt(
    State(shared): Ctx,
    Path(revision): Path<String>,
) -> Result<Response, Problem> {
    let revision = super::audit::number(&revision)?;
    let mut receipt = shared.control.office.receipt(revision).await.map_err(refused)?;
    receipt.note = witnessed(shared.control.settings.witnessed.as_ref(), receipt.note);
    Ok(([(header::CONTENT_TYPE, TEXT)], receipt.to_string()).into_response())
}

/// Between which sizes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Sizes {
    /// The size of the older checkpoint.
    from: u64,
    /// The size of the newer one; the newest when absent.
    to: Option<u64>,
}

/// Shows that the log of one size is the beginning of a longer one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsistencyView {
    /// The older size.
    from: u64,
    /// The newer size.
    to: u64,
    /// The hashes of the proof (RFC 6962 §2.1.2), base64.
    hashes: Vec<String>,
}

/// The hashes that show the log of one size to be the beginning of the log of another
#[utoipa::path(get, path = "/v1/audit/consistency", tag = "audit", security(("admin_token" = [])),
    params(Sizes), responses((status = 200, body = ConsistencyView), (status = "4XX", body = Document)))]
pub(crate) async fn consistency(
    State(shared): Ctx,
    Params(Sizes { from, to }): Params<Sizes>,
) -> Result<Json<ConsistencyView>, Problem> {
    let newest = shared.control.office.snapshot().revision();
    let size = newest.map_or(0, |Revision(newest)| newest + 1);
    let to = to.unwrap_or(size);
    let found = shared.control.office.consistency(from, to).await.map_err(refused)?;
    let hashes = found.ok_or_else(|| {
        Problem::unreadable(format!(
            "nothing leads from size {from} to size {to}: sizes go from 1 to {size}, the older first"
        ))
    })?;
    let hashes = hashes.iter().map(Hash::to_base64).collect();
    Ok(Json(ConsistencyView { from, to, hashes }))
}
