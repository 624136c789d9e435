//! Signing in: a bearer token whose SHA-256 is known.
//!
//! Must not know what the caller wants.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use portcullis_registry::{Actor, ActorKind};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq as _};

use crate::AdminToken;
use crate::problem::Problem;
use crate::router::Shared;

/// The signed-in caller, by the name of its token.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) Arc<str>);

impl Caller {
    /// As it stands in the log.
    pub(crate) fn actor(&self) -> Actor {
        Actor { kind: ActorKind::Token, id: self.0.to_string() }
    }
}

/// Lets signed-in callers through; puts the caller on the request and, for the record, on the answer.
pub(crate) async fn sign_in(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(name) = identify(&shared.control.settings.tokens, request.headers()) else {
        return refused().into_response();
    };
    let caller = Caller(Arc::from(name));
    request.extensions_mut().insert(caller.clone());
    let mut response = next.run(request).await;
    response.extensions_mut().insert(caller);
    response
}

fn refused() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "not_signed_in",
        "Not signed in",
        "send an admin token as `Authorization: Bearer TOKEN`; `portcullis init` wrote one to `secrets/admin-token` of the deployment",
    )
}

/// Compares with every token, in a time that tells neither which nor how much of it matched.
fn identify<'a>(tokens: &'a [AdminToken], headers: &HeaderMap) -> Option<&'a str> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let line = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    let (scheme, secret) = line.to_str().ok()?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let presented: [u8; 32] = Sha256::digest(secret.trim().as_bytes()).into();
    let mut found = u32::MAX;
    for (at, token) in (0u32..).zip(tokens) {
        let same: Choice = presented.ct_eq(&token.sha256);
        found = u32::conditional_select(&found, &at, same);
    }
    tokens.get(usize::try_from(found).ok()?).map(|token| token.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_whole_token_in_one_bearer_header_signs_in() {
        let a = "a".repeat(40);
        let b = "b".repeat(40);
        let tokens = [("ops", &a), ("ci", &b)].map(|(n, s)| AdminToken::from_secret(n, s).unwrap());
        #[track_caller]
        fn check(tokens: &[AdminToken], lines: &[&str], expected: Option<&str>) {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::AUTHORIZATION, line.parse().unwrap());
            }
            assert_eq!(identify(tokens, &headers), expected, "{lines:?}");
        }
        check(&tokens, &[&format!("Bearer {a}")], Some("ops"));
        check(&tokens, &[&format!("bearer  {b} ")], Some("ci"));
        check(&tokens, &[&format!("Basic {a}")], None);
        check(&tokens, &[&a], None);
        check(&tokens, &[], None);
        check(&tokens, &[&format!("Bearer {}", "a".repeat(39))], None);
        check(&tokens, &[&format!("Bearer {a}"), &format!("Bearer {a}")], None);
        check(&[], &["Bearer "], None);
    }
}
