//! Which role each route needs, in one table. A route that is not in it is closed.
//!
//! Must not know how somebody signed in.

use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use portcullis_registry::Role;

use crate::auth::Caller;
use crate::problem::Problem;

use Role::{Admin, Approver, Auditor, Investigator, PolicyAuthor, Viewer};

/// Whoever has any role at all.
const ANY: &[Role] = &Role::ALL;
/// Entries of the log tell of cases: not for everybody who may look at partners.
const READS_LOG: &[Role] = &[Auditor];
/// What passes between a partner and the platform.
const READS_ANSWERS: &[Role] = &[Investigator, Approver, Auditor, Admin];
/// Who decides about a case must know it.
const READS_CASES: &[Role] = &[Investigator, Approver, Auditor];
/// What comes names a case, perhaps.
const READS_CHANGES: &[Role] = &[PolicyAuthor, Investigator, Approver, Auditor, Admin];
/// What left, for whom: for who inquires and who looks over their shoulder.
const READS_LEDGER: &[Role] = &[Investigator, Auditor];
const ACTS: &[Role] = &[Investigator, Admin];
const RUNS: &[Role] = &[Admin];

/// Method, route, and the roles of which one is needed.
const NEEDS: &[(&str, &str, &[Role])] = &[
    ("GET", "/v1/me", ANY),
    ("GET", "/v1/partners", ANY),
    ("POST", "/v1/partners", RUNS),
    ("GET", "/v1/partners/{id}", ANY),
    ("PATCH", "/v1/partners/{id}", RUNS),
    ("POST", "/v1/partners/transitions", ACTS),
    ("POST", "/v1/partners/{id}/transitions", ACTS),
    ("PUT", "/v1/partners/{id}/facts", RUNS),
    ("PUT", "/v1/partners/{id}/mode", &[PolicyAuthor, Admin]),
    ("GET", "/v1/clients", ANY),
    ("POST", "/v1/clients", RUNS),
    ("GET", "/v1/clients/coverage", &[Viewer, Investigator, Auditor, Admin]),
    ("GET", "/v1/clients/{id}", ANY),
    ("POST", "/v1/clients/{id}/transitions", ACTS),
    ("PUT", "/v1/clients/{id}/facts", RUNS),
    ("GET", "/v1/keys", ANY),
    ("POST", "/v1/keys", RUNS),
    ("POST", "/v1/keys/import", RUNS),
    ("GET", "/v1/keys/{id}", ANY),
    ("POST", "/v1/keys/{id}/transitions", ACTS),
    ("POST", "/v1/keys/{id}/rotate", RUNS),
    ("POST", "/v1/keys/{id}/compromised", ACTS),
    ("PUT", "/v1/keys/{id}/binding", RUNS),
    ("GET", "/v1/changes", READS_CHANGES),
    ("GET", "/v1/changes/{id}", READS_CHANGES),
    ("POST", "/v1/changes/{id}/cancel", &[PolicyAuthor, Admin]),
    ("GET", "/v1/policies", ANY),
    ("PUT", "/v1/policies", &[PolicyAuthor]),
    ("GET", "/v1/signals", &[Investigator, Auditor]),
    ("GET", "/v1/usage", &[Viewer, Investigator, Auditor, Admin]),
    ("GET", "/v1/calls/{request}", &[Investigator]),
    ("GET", "/v1/cases", READS_CASES),
    ("POST", "/v1/cases", ACTS),
    ("GET", "/v1/cases/{id}", READS_CASES),
    ("GET", "/v1/cases/{id}/timeline", READS_CASES),
    ("POST", "/v1/cases/{id}/changes", ACTS),
    ("POST", "/v1/cases/{id}/evidence", ACTS),
    ("POST", "/v1/cases/{id}/export", READS_CASES),
    ("POST", "/v1/cases/{id}/evidence/{sha256}/read", READS_CASES),
    ("GET", "/v1/grants", RUNS),
    ("PUT", "/v1/grants", RUNS),
    ("POST", "/v1/grants/changes", RUNS),
    ("POST", "/v1/deletions", RUNS),
    ("GET", "/v1/deletions/report", &[Investigator, Auditor, Admin]),
    // Names what of whom stays where.
    ("GET", "/v1/deletions/lists/{batch}", &[Investigator, Auditor, Admin]),
    ("GET", "/v1/statements/{digest}", &[Investigator, Approver, Auditor]),
    ("GET", "/v1/retention", &[Investigator, Auditor, Admin]),
    ("GET", "/v1/ledger", &[Investigator, Auditor, Admin]),
    ("GET", "/v1/ledger/who", READS_LEDGER),
    ("GET", "/v1/ledger/what", READS_LEDGER),
    ("GET", "/v1/ledger/between", READS_LEDGER),
    ("POST", "/v1/ledger/affected", READS_LEDGER),
    // Who asks, and adds to a case.
    ("POST", "/v1/ledger/evidence", &[Investigator]),
    // Who runs the gate put the log back from a copy; whoever asks must not choose what is believed.
    ("POST", "/v1/ledger/adoptions", &[Admin]),
    ("GET", "/v1/ledger/verify", &[Investigator, Auditor, Admin]),
    ("GET", "/v1/audit", READS_LOG),
    ("GET", "/v1/audit/{revision}", READS_LOG),
    ("GET", "/v1/audit/{revision}/receipt", READS_LOG),
    ("GET", "/v1/audit/at", READS_LOG),
    ("GET", "/v1/audit/query", READS_LOG),
    ("GET", "/v1/audit/checkpoint", ANY),
    ("GET", "/v1/audit/consistency", ANY),
    ("GET", "/log/tile/entries/{*place}", READS_LOG),
    ("POST", "/v1/audit/verify", READS_LOG),
    ("GET", "/v1/audit/export", READS_LOG),
    ("GET", "/v1/answers", READS_ANSWERS),
    ("GET", "/v1/answers/{id}", READS_ANSWERS),
    ("POST", "/v1/answers/{id}/reply", &[Investigator, Approver, Admin]),
    ("GET", "/v1/notices", READS_ANSWERS),
    ("GET", "/v1/notices/{revision}", READS_ANSWERS),
    ("GET", "/v1/hooks", ANY),
    ("POST", "/v1/hooks", RUNS),
    ("DELETE", "/v1/hooks/{id}", RUNS),
    ("POST", "/v1/hooks/{id}/rotate", RUNS),
    ("POST", "/v1/hooks/{id}/test", ACTS),
    ("GET", "/v1/hooks/{id}/deliveries", ANY),
    ("POST", "/v1/hooks/{id}/deliveries/{delivery}/replay", ACTS),
    ("GET", "/v1/people", ANY),
    ("POST", "/v1/people", RUNS),
    ("PATCH", "/v1/people/{id}", RUNS),
    ("DELETE", "/v1/people/{id}", RUNS),
    ("DELETE", "/v1/people/{id}/personal", RUNS),
    ("GET", "/v1/proposals", ANY),
    ("GET", "/v1/proposals/{id}", ANY),
    ("POST", "/v1/proposals/{id}/approve", &[Approver]),
    ("POST", "/v1/proposals/{id}/refuse", ANY),
    ("POST", "/v1/emergencies/{id}/ratify", &[Approver]),
];

/// The roles of which one is needed; none: the route is closed.
pub(crate) fn one_of(method: &Method, route: &str) -> Option<&'static [Role]> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    NEEDS.iter().find(|(m, r, _)| *m == method && *r == route).map(|(_, _, roles)| *roles)
}

/// The answer where a route has rows, and none for this method.
pub(crate) fn no_such_method(route: &str) -> Option<Response> {
    let methods: Vec<&str> =
        NEEDS.iter().filter(|(_, r, _)| *r == route).map(|(method, ..)| *method).collect();
    let allow = HeaderValue::from_str(&methods.join(",")).ok()?;
    let allow = (!methods.is_empty()).then_some([(header::ALLOW, allow)])?;
    Some((StatusCode::METHOD_NOT_ALLOWED, allow).into_response())
}

/// What somebody without a role for the route is told.
pub(crate) fn missing(caller: &Caller, needed: &[Role]) -> Problem {
    let names: Vec<String> = needed.iter().map(|role| format!("`{role}`")).collect();
    let needed = match names.as_slice() {
        [] => "nobody may do this: the route has no role in this version".to_owned(),
        names => format!(
            "this needs the role {}, and {} has {}; an admin gives roles by `portcullis person edit`",
            names.join(" or "),
            caller.name,
            caller.roles
        ),
    };
    Problem::new(StatusCode::FORBIDDEN, "role_missing", "The role for this is missing", needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_route_has_two_rows() {
        for (at, (method, route, _)) in NEEDS.iter().enumerate() {
            let before = NEEDS[..at].iter().any(|(m, r, _)| m == method && r == route);
            assert!(!before, "{method} {route} has two rows");
        }
    }

    #[test]
    fn every_route_that_is_signed_in_to_has_its_row() {
        let described = crate::openapi().to_json().unwrap();
        let described: serde_json::Value = serde_json::from_str(&described).unwrap();
        let mut routes = Vec::new();
        for (path, methods) in described["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                if operation.get("security").is_some() {
                    routes.push((method.to_uppercase(), path.clone()));
                }
            }
        }
        for (method, path) in &routes {
            let method = method.parse().unwrap();
            assert!(one_of(&method, path).is_some(), "{method} {path} has no row");
        }
    }
}
