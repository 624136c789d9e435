//! Signing in: a bearer token whose SHA-256 is known, or one that the issuer signed; and whether
//! who signed in has a role for the route.
//!
//! Must not know what a route does.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use portcullis_registry::{Actor, ActorKind, People, Roles, Terms, login};
use portcullis_types::Revision;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq as _};

use crate::AdminToken;
use crate::needs;
use crate::oidc::{Issuer, SignInError};
use crate::problem::Problem;
use crate::router::Shared;

/// The signed-in caller.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) struct Caller {
    /// The person, or the name of a token that belongs to nobody.
    pub(crate) name: Arc<str>,
    pub(crate) kind: ActorKind,
    /// What it signed in with.
    pub(crate) login: String,
    pub(crate) roles: Roles,
    /// What its call brings along.
    pub(crate) wish: Wish,
}

/// What stands in headers and holds for whatever the call asks.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub(crate) struct Wish {
    /// `If-Match`: the revision that the wish builds on.
    on: Option<String>,
    /// `Portcullis-Emergency`: why it can't wait for a second person.
    emergency: Option<String>,
}

impl Caller {
    /// As it stands in the log.
    pub(crate) fn actor(&self) -> Actor {
        Actor { kind: self.kind, id: self.name.to_string() }
    }

    /// On which terms it asks.
    pub(crate) fn terms(&self) -> Result<Terms, Problem> {
        let on = self.wish.on.as_deref().map(|text| {
            let number = text.trim().trim_start_matches("W/").trim_matches('"').parse();
            number.map(Revision).map_err(|_| {
                Problem::unreadable("`If-Match` is not a revision: send the number of the last change you know, such as `\"42\"`")
            })
        });
        let break_glass = self.wish.emergency.clone();
        Ok(Terms { roles: self.roles, break_glass, on: on.transpose()?, ..Terms::default() })
    }
}

/// Lets signed-in callers with a role for the route through; puts the caller on the request and,
/// for the record, on the answer.
pub(crate) async fn sign_in(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match who(&shared, request.headers()).await {
        Ok(caller) => Caller { wish: wish(request.headers()), ..caller },
        Err(problem) => return problem.into_response(),
    };
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let needed = route.and_then(|route| needs::one_of(request.method(), route));
    let mut response = match (needed, route.and_then(needs::no_such_method)) {
        (None, Some(no)) => no,
        (Some(needed), _) if needed.iter().any(|role| caller.roles.has(*role)) => {
            request.extensions_mut().insert(caller.clone());
            next.run(request).await
        }
        (needed, _) => needs::missing(&caller, needed.unwrap_or_default()).into_response(),
    };
    response.extensions_mut().insert(caller);
    response
}

fn wish(headers: &HeaderMap) -> Wish {
    let text = |name: &str| {
        let value = headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Wish { on: text("if-match"), emergency: text("portcullis-emergency") }
}

async fn who(shared: &Shared, headers: &HeaderMap) -> Result<Caller, Problem> {
    let secret = bearer(headers).ok_or_else(refused)?;
    let snapshot = shared.control.office.snapshot();
    if let Some(token) = identify(&shared.control.settings.tokens, secret) {
        return by_token(token, snapshot.people());
    }
    match &shared.issuer {
        Some(issuer) if secret.split('.').count() == 3 => {
            by_issuer(issuer, secret, snapshot.people()).await
        }
        _ => Err(refused()),
    }
}

fn by_token(token: &AdminToken, people: &People) -> Result<Caller, Problem> {
    let login = format!("token {}", token.name);
    // Somebody must be able to declare the first person.
    let nobody = people.persons().next().is_none();
    let Some(person) = token.person.as_deref().filter(|_| !nobody) else {
        let name = Arc::from(token.name.as_str());
        return Ok(Caller {
            name,
            kind: ActorKind::Token,
            login,
            roles: Roles::ALL,
            wish: Wish::default(),
        });
    };
    let record = people.person(person).ok_or_else(|| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "person_unknown",
            "The token belongs to nobody known",
            format!("admin token `{}` belongs to person `{person}`, who is not declared; an admin does that by `portcullis person add {person}`", token.name),
        )
    })?;
    let name = record.id.shared();
    Ok(Caller { name, kind: ActorKind::Person, login, roles: record.roles, wish: Wish::default() })
}

async fn by_issuer(issuer: &Issuer, token: &str, people: &People) -> Result<Caller, Problem> {
    let verified = issuer.verify(token).await.map_err(not_believed)?;
    let digest = login(&issuer.oidc.rules.issuer, &verified.subject);
    let shown: String = digest.chars().take(16).collect();
    if let Some(person) = people.by_login(&digest) {
        let (name, roles) = (person.id.shared(), person.roles);
        let login = format!("issuer, {shown}");
        return Ok(Caller { name, kind: ActorKind::Person, login, roles, wish: Wish::default() });
    }
    let roles: Roles = verified.listed.iter().filter_map(|name| issuer.oidc.role(name)).collect();
    if roles == Roles::NONE {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "person_unknown",
            "The token belongs to nobody known",
            format!(
                "the token is genuine, but no person signs in with it and it lists no role; an admin adds its login: `portcullis person edit ID --login {digest}`"
            ),
        ));
    }
    let name = Arc::from(format!("claim:{shown}"));
    Ok(Caller {
        name,
        kind: ActorKind::Person,
        login: format!("issuer, {shown}"),
        roles,
        wish: Wish::default(),
    })
}

fn not_believed(error: SignInError) -> Problem {
    let (status, code) = match error {
        SignInError::Unreachable(_) => (StatusCode::SERVICE_UNAVAILABLE, "issuer_unreachable"),
        SignInError::Token(_) => (StatusCode::UNAUTHORIZED, "token_refused"),
    };
    Problem::new(status, code, "The token signs nobody in", error.to_string())
}

fn refused() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "not_signed_in",
        "Not signed in",
        "send an admin token as `Authorization: Bearer TOKEN`; `portcullis init` wrote one to `secrets/admin-token` of the deployment",
    )
}

/// The one token of the one header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let line = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    let (scheme, secret) = line.to_str().ok()?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// Compares with every token, in a time that tells neither which nor how much of it matched.
fn identify<'a>(tokens: &'a [AdminToken], secret: &str) -> Option<&'a AdminToken> {
    let presented: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
    let mut found = u32::MAX;
    for (at, token) in (0u32..).zip(tokens) {
        let same: Choice = presented.ct_eq(&token.sha256);
        found = u32::conditional_select(&found, &at, same);
    }
    tokens.get(usize::try_from(found).ok()?)
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
            let found = bearer(&headers).and_then(|secret| identify(tokens, secret));
            assert_eq!(found.map(|token| token.name.as_str()), expected, "{lines:?}");
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
