//! What the descriptions of both APIs say of errors, once for all routes.
//!
//! A route names its errors as a body; here they become what the wire carries: problem documents,
//! also where the fault is the gate's. Must not know a route.

use utoipa::openapi::{OpenApi, PathItem, RefOr, Response};

/// Every error is a problem document.
pub(crate) fn with_problems(mut described: OpenApi) -> OpenApi {
    for item in described.paths.paths.values_mut() {
        for operation in operations(item) {
            let answers = &mut operation.responses.responses;
            let Some(RefOr::T(refusal)) = answers.get_mut("4XX") else { continue };
            as_problem(refusal);
            let fault = refusal.clone();
            answers.entry("5XX".to_owned()).or_insert(RefOr::T(fault));
        }
    }
    described
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut utoipa::openapi::path::Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

fn as_problem(answer: &mut Response) {
    if let Some(content) = answer.content.shift_remove("application/json") {
        answer.content.insert("application/problem+json".to_owned(), content);
    }
}
