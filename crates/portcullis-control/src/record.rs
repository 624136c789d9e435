//! Tells of every call below `/v1`: who, what, how it was answered.
//!
//! Must not know bodies, queries or tokens, so that none of them can be recorded.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use crate::AdminCall;
use crate::auth::Caller;
use crate::problem::ProblemCode;
use crate::router::Shared;

/// The other end of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Records the call once its answer stands.
pub(crate) async fn record(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    if !request.uri().path().starts_with("/v1/") {
        return next.run(request).await;
    }
    let arrived = shared.control.clock.now();
    let method = request.method().as_str().to_owned();
    let path = request.uri().path().to_owned();
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let response = next.run(request).await;
    let elapsed = shared.control.clock.now().mono.0.saturating_sub(arrived.mono.0);
    (shared.control.calls)(&AdminCall {
        at: arrived.wall,
        actor: response.extensions().get::<Caller>().map(|caller| caller.name.to_string()),
        peer,
        method,
        path: shown(&path, response.status()),
        status: response.status().as_u16(),
        milliseconds: elapsed / 1_000_000,
        problem: response.extensions().get::<ProblemCode>().map(|code| code.0),
    });
    response
}

/// Somebody may put a key where an id belongs, so a name is recorded only once it is known to be
/// one: the call succeeded, or failed over the state of what it names.
fn shown(path: &str, status: StatusCode) -> String {
    let names = status.is_success() || matches!(status.as_u16(), 409 | 412);
    let mut parts = path.splitn(5, '/');
    let (_, version, kind, name) = (parts.next(), parts.next(), parts.next(), parts.next());
    let of_fixed = matches!(
        kind,
        Some("audit" | "grants" | "ledger" | "policies" | "signals" | "usage" | "me")
    ) || name == Some("import");
    let path = match (version, kind, name) {
        (Some(version), Some(kind), Some(_)) if !names && !of_fixed => {
            let kind = if matches!(kind, "keys" | "partners" | "clients") { kind } else { "…" };
            format!("/{version}/{kind}/…")
        }
        _ => path.to_owned(),
    };
    path.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_where_an_id_belongs_is_recorded_only_when_it_is_one() {
        #[track_caller]
        fn check(path: &str, status: u16, expected: &str) {
            assert_eq!(shown(path, StatusCode::from_u16(status).unwrap()), expected);
        }
        check("/v1/keys/k1/transitions", 200, "/v1/keys/k1/transitions");
        check("/v1/keys/k1/transitions", 409, "/v1/keys/k1/transitions");
        check("/v1/keys/SECRET/transitions", 404, "/v1/keys/…");
        check("/v1/keys/SECRET", 401, "/v1/keys/…");
        check("/v1/SECRET/x", 404, "/v1/…/…");
        check("/v1/keys/import", 422, "/v1/keys/import");
        check("/v1/audit/9", 404, "/v1/audit/9");
        check("/v1/partners", 422, "/v1/partners");
    }
}
