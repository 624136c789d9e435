//! Which path answers what, through which layers, in one place.
//!
//! Must not know how a route does its work.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Control;
use crate::api::{
    answers, audit, binding, calls, cases, changes, clients, coverage, deletions, facts, grants,
    health, hooks, import, keys, ledger, log, me, notices, partners, past, people, policies,
    proposals, query, retention, rotation, signals, statements, transitions, usage,
};
use crate::auth::{Caller, sign_in};
use crate::described::with_common;
use crate::oidc::Issuer;
use crate::once::{Once, Room, once};
use crate::problem::document;
use crate::record::record;

/// What every route can reach.
pub(crate) struct Shared {
    pub(crate) control: Control,
    pub(crate) once: Arc<Once>,
    pub(crate) openapi: String,
    pub(crate) issuer: Option<Issuer>,
}

type Routes = OpenApiRouter<Arc<Shared>>;

/// The people of one gate: whoever asks most, asks for all.
const ROOM: Room = Room { all: 1000, each: 1000 };

/// Who asks, as it is known when it asks again.
fn who(request: &Request) -> String {
    let caller = request.extensions().get::<Caller>();
    caller.map(|caller| format!("{:?} {}", caller.kind, caller.name)).unwrap_or_default()
}

impl Control {
    /// All routes with their layers.
    pub fn router(self) -> Router {
        let openapi = openapi().to_pretty_json().unwrap_or_default();
        let settings = self.settings.clone();
        let clock = Arc::clone(&self.clock);
        let issuer = settings.oidc.clone().map(|oidc| Issuer::new(oidc, clock));
        let (remembers, clock) = (settings.remembers.clone(), Arc::clone(&self.clock));
        let once = Once::new(ROOM, remembers, clock, settings.import_body_max, who);
        let once = Arc::new(once);
        let shared = Arc::new(Shared { control: self, once, openapi, issuer });
        let quick = signed(quick(), &shared, settings.body_max, settings.timeout);
        let long = signed(long(), &shared, settings.import_body_max, settings.timeout_long);
        let feeds = signed(feeds(), &shared, settings.feed_body_max, settings.timeout_long);
        let open = open().layer(CatchPanicLayer::new());
        let (router, _) = open.merge(quick).merge(long).merge(feeds).split_for_parts();
        // The last layer is the first to see a request.
        router
            .layer(DefaultBodyLimit::disable()) // bounded per group, by `RequestBodyLimitLayer`
            .layer(map_response(document))
            .layer(from_fn_with_state(Arc::clone(&shared), record))
            .layer(SetSensitiveRequestHeadersLayer::new([header::AUTHORIZATION]))
            .with_state(shared)
    }
}

fn signed(routes: Routes, shared: &Arc<Shared>, body_max: usize, timeout: Duration) -> Routes {
    routes
        .route_layer(CatchPanicLayer::new())
        .route_layer(from_fn_with_state(Arc::clone(&shared.once), once))
        .route_layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, timeout))
        .route_layer(RequestBodyLimitLayer::new(body_max))
        .route_layer(from_fn_with_state(Arc::clone(shared), sign_in))
}

/// What machines watch; no token.
fn open() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .routes(routes!(health::document))
        .routes(routes!(log::checkpoint))
        .routes(routes!(log::cosigned))
        .route("/log/tile/{level}/{*place}", get(log::hashes))
}

fn quick() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(me::me))
        .routes(routes!(partners::list, partners::add))
        .routes(routes!(partners::show, partners::edit))
        .routes(routes!(transitions::bulk::partners))
        .routes(routes!(transitions::partner))
        .routes(routes!(facts::partner))
        .routes(routes!(facts::mode))
        .routes(routes!(clients::list, clients::add))
        .routes(routes!(coverage::show))
        .routes(routes!(clients::show))
        .routes(routes!(transitions::client))
        .routes(routes!(facts::client))
        .routes(routes!(keys::list, keys::issue))
        .routes(routes!(keys::show))
        .routes(routes!(transitions::key))
        .routes(routes!(rotation::rotate))
        .routes(routes!(rotation::compromised))
        .routes(routes!(binding::bind))
        .routes(routes!(people::list, people::add))
        .routes(routes!(people::edit, people::remove))
        .routes(routes!(people::erase))
        .routes(routes!(proposals::list))
        .routes(routes!(proposals::show))
        .routes(routes!(proposals::approve))
        .routes(routes!(proposals::refuse))
        .routes(routes!(proposals::ratify))
        .routes(routes!(changes::list))
        .routes(routes!(changes::show))
        .routes(routes!(changes::cancel))
        .routes(routes!(policies::show))
        .routes(routes!(signals::list))
        .routes(routes!(answers::list))
        .routes(routes!(answers::show))
        .routes(routes!(answers::reply))
        .routes(routes!(notices::list))
        .routes(routes!(notices::show))
        .routes(routes!(statements::show))
        .routes(routes!(retention::show))
        .routes(routes!(ledger::show))
        .routes(routes!(deletions::report))
        .routes(routes!(deletions::show))
        .routes(routes!(usage::show))
        .routes(routes!(hooks::list, hooks::add))
        .routes(routes!(hooks::remove))
        .routes(routes!(hooks::rotate))
        .routes(routes!(hooks::test))
        .routes(routes!(hooks::deliveries))
        .routes(routes!(hooks::replay))
        .routes(routes!(calls::show))
        .routes(routes!(cases::list, cases::open))
        .routes(routes!(cases::show))
        .routes(routes!(cases::timeline))
        .routes(routes!(cases::changes::change))
        .routes(routes!(audit::list))
        .routes(routes!(query::query))
        .routes(routes!(audit::checkpoint))
        .routes(routes!(audit::show))
        .routes(routes!(log::receipt))
        .routes(routes!(log::consistency))
        .route("/log/tile/entries/{*place}", get(log::entries))
}

/// What may take long or comes with a large body.
fn long() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(import::import))
        .routes(routes!(cases::evidence::add))
        .routes(routes!(cases::evidence::read))
        .routes(routes!(cases::export::export))
        .routes(routes!(policies::publish))
        .routes(routes!(audit::verify))
        .routes(routes!(past::at))
        .routes(routes!(audit::export))
        .routes(routes!(ledger::who))
        .routes(routes!(ledger::what))
        .routes(routes!(ledger::between))
        .routes(routes!(ledger::affected))
        .routes(routes!(ledger::evidence::add))
        .routes(routes!(ledger::adopted::adopt))
        .routes(routes!(ledger::verify))
}

/// What is read and written line by line, however long it is.
fn feeds() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(grants::list, grants::snapshot))
        .routes(routes!(grants::change))
        .routes(routes!(deletions::post))
}

/// The description of the API, OpenAPI 3.1.
#[must_use]
pub fn openapi() -> OpenApi {
    let (_, routes) = open().merge(quick()).merge(long()).merge(feeds()).split_for_parts();
    let info = InfoBuilder::new()
        .title("Portcullis admin API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Operators and the command line look at the gate and change it here. Every change becomes an event of the log and is answered once it is durable and in force; 202 means in force but not yet durable. Every error is an `application/problem+json` document whose `detail` says what to do."))
        .build();
    let mut described = OpenApiBuilder::new().info(info).build();
    described.merge(routes);
    let bearer = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An admin token; `portcullis init` writes one to `secrets/admin-token`."))
        .build();
    let components = described.components.get_or_insert_default();
    components.add_security_scheme("admin_token", SecurityScheme::Http(bearer));
    with_common(described)
}
