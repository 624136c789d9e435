//! The partners' own API on the public listener: a partner reads here how it stands and why, whatever
//! its state, and ends its own keys.
//!
//! Whoever hands a call in has proved the whole key already and says which it is. A caller learns
//! nothing of anybody else: neither names nor rules nor whether an id exists. Must not know the proxy,
//! the judge or a secret.

mod agreed;
mod answers;
mod asker;
mod changes;
mod clients;
mod coming;
mod deletions;
mod desk;
mod endings;
mod keys;
mod limits;
mod me;
mod measures;
mod notices;
mod receipts;
mod refusals;
mod status;
mod usage;
mod way_back;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use portcullis_registry::{DeletionDesk, Office, Promise, UsageBook};
use portcullis_types::Clock;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::described::with_common;
use crate::once::{Once, Room, once};
use crate::problem::{Document, Problem, ProblemCode};
use crate::{KeyMaker, Recall, Remembers, Witnessed};

pub use agreed::{AgreedLimit, AgreedOperation, Agreements};
pub use asker::PartnerKey;
pub use desk::{PartnerCall, PartnerDesk};
pub(crate) use notices::readable;

/// Longest time until an answer begins; the data plane gives up a little later.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Of how many calls of partners, and of one key, a repetition is known.
const ROOM: Room = Room { all: 10_000, each: 100 };
/// Longest body; whoever takes it in bounds it too.
const BODY_BYTES_MAX: usize = 512 << 10;

/// Who asks, as it is known when it asks again.
fn who(request: &Request) -> String {
    let key = request.extensions().get::<PartnerKey>();
    key.map(|key| format!("key {}", key.key.0)).unwrap_or_default()
}

/// Everything the partners' API stands on.
#[derive(Clone)]
pub struct PartnerApi {
    /// Takes commands and gives the state.
    pub office: Arc<dyn Office>,
    /// What each key's agreement comes to.
    pub agreements: Arc<dyn Agreements>,
    /// Calls by hour.
    pub usage: Arc<UsageBook>,
    /// The last calls.
    pub recall: Arc<dyn Recall>,
    /// Makes keys and digests.
    pub keys: Arc<dyn KeyMaker>,
    /// For dates.
    pub clock: Arc<dyn Clock>,
    /// By when answers are replied to.
    pub promise: Promise,
    /// Where it begins, for its own description: `/partner/v1` unless it was moved.
    pub path: String,
    /// Knows what partners have to delete, where something does.
    pub deletions: Option<Arc<dyn DeletionDesk>>,
    /// Keeps answers to repeated calls over a restart, where something does.
    pub remembers: Option<Arc<dyn Remembers>>,
    /// What witnesses signed of the log, where some are asked.
    pub witnessed: Option<Arc<dyn Witnessed>>,
}

impl fmt::Debug for PartnerApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartnerApi").finish_non_exhaustive()
    }
}

/// What every route can reach.
struct Api {
    parts: PartnerApi,
    openapi: String,
    changes: changes::Changes,
}

type Ctx = State<Arc<Api>>;

impl PartnerApi {
    /// All routes with their layers. Each request must carry a [`PartnerKey`] as an extension; one
    /// without is refused.
    pub fn router(self) -> Router {
        let openapi = partner_openapi().to_pretty_json().unwrap_or_default();
        let openapi = openapi.replace("/partner/v1/", &format!("{}/", self.path));
        let (remembers, clock) = (self.remembers.clone(), Arc::clone(&self.clock));
        let remembered = Arc::new(Once::new(ROOM, remembers, clock, BODY_BYTES_MAX, who));
        let api = Arc::new(Api { parts: self, openapi, changes: changes::Changes::default() });
        let (router, _) = routes().split_for_parts();
        router
            .fallback(|| async { StatusCode::NOT_FOUND })
            .layer(CatchPanicLayer::new())
            .layer(from_fn_with_state(remembered, once))
            .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, TIMEOUT))
            .layer(DefaultBodyLimit::disable()) // bounded by whoever took the body in
            .layer(map_response(document))
            .with_state(api)
    }
}

fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(me::show))
        .routes(routes!(me::acknowledge))
        .routes(routes!(status::show))
        .routes(routes!(keys::list))
        .routes(routes!(endings::revoke))
        .routes(routes!(endings::rotate))
        .routes(routes!(limits::show))
        .routes(routes!(usage::show))
        .routes(routes!(refusals::show))
        .routes(routes!(clients::list, clients::add))
        .routes(routes!(way_back::attest))
        .routes(routes!(answers::list, answers::add))
        .routes(routes!(answers::show))
        .routes(routes!(notices::list))
        .routes(routes!(notices::show))
        .routes(routes!(receipts::show))
        .routes(routes!(deletions::list))
        .routes(routes!(deletions::attest))
        .routes(routes!(description))
}

/// This description
#[utoipa::path(get, path = "/partner/v1/openapi.json", tag = "me", security(("key" = [])),
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json"),
        (status = "4XX", body = Document)))]
async fn description(State(api): Ctx) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], api.openapi.clone()).into_response()
}

/// The description of the partners' API, OpenAPI 3.1.
#[must_use]
pub fn partner_openapi() -> OpenApi {
    let (_, routes) = routes().split_for_parts();
    let info = InfoBuilder::new()
        .title("Portcullis partner API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("A partner's developer reads here how the partner stands and why, what still works, what its limits have left and why a call was refused; it works on hold, after the end and while the platform is down. Signed in with the partner's own key, where calls of the platform carry it: in `Authorization: Bearer`, in the key header, or as `access_token` in the query. Every error is an `application/problem+json` document whose `detail` says what to do."))
        .build();
    let mut described = OpenApiBuilder::new().info(info).build();
    described.merge(routes);
    let bearer = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A key of the partner, in whatever state."))
        .build();
    let components = described.components.get_or_insert_default();
    components.add_security_scheme("key", SecurityScheme::Http(bearer));
    with_common(described)
}

/// Gives an error that a layer or the framework answered without a document one of its own. What a
/// partner may do changes from one second to the next, so nothing is to be kept.
async fn document(response: Response) -> Response {
    let mut answer = documented(response);
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn documented(response: Response) -> Response {
    let status = response.status();
    let known = response.extensions().get::<ProblemCode>().is_some();
    if known || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let allow = response.headers().get(header::ALLOW).cloned();
    let (code, title, detail) = match status {
        StatusCode::NOT_FOUND => (
            "path_unknown",
            "There is nothing at this path",
            "`openapi.json` beside `me` lists the paths of this API",
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            "method_unknown",
            "The path has no such method",
            "the header `Allow` lists the methods of this path",
        ),
        StatusCode::GATEWAY_TIMEOUT => (
            "too_slow",
            "The answer took too long",
            "a change may have been made all the same: look at it before you repeat it",
        ),
        status if status.is_client_error() => (
            "request_unreadable",
            "The request cannot be read",
            "compare it with `openapi.json` beside `me`",
        ),
        _ => (
            "internal",
            "A fault of the gate",
            "give the request id to the platform's partner team",
        ),
    };
    let mut answer = Problem::new(status, code, title, detail).into_response();
    if let Some(allow) = allow {
        answer.headers_mut().insert(header::ALLOW, allow);
    }
    answer
}
