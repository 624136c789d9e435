//! What the descriptions of both APIs say once for all routes: of errors, and of changes that wait.
//!
//! A route names its errors as a body; here they become what the wire carries: problem documents,
//! also where the fault is the gate's. Must not know a route.

use std::collections::BTreeSet;

use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi, PathItem, Ref, RefOr, Response};

const CHANGE: &str = "#/components/schemas/Change";
/// Any change may come to this, by the rule for two persons or for want of a disk.
const WAITS: &str =
    "Proposed to a second person, or in force but not yet durable: `what` says which";

/// Every error is a problem document, and every change may wait.
pub(crate) fn with_common(mut described: OpenApi) -> OpenApi {
    let changes = changes(&described);
    for item in described.paths.paths.values_mut() {
        for operation in operations(item) {
            problems(operation);
            waits(operation, &changes);
        }
    }
    described
}

/// The bodies that tell of a change.
fn changes(described: &OpenApi) -> BTreeSet<String> {
    let schemas = described.components.iter().flat_map(|components| &components.schemas);
    let tells = schemas.filter(|(_, schema)| {
        serde_json::to_string(schema).is_ok_and(|text| text.contains(&format!("\"{CHANGE}\"")))
    });
    let bodies = tells.map(|(name, _)| format!("#/components/schemas/{name}"));
    bodies.chain([CHANGE.to_owned()]).collect()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

fn problems(operation: &mut Operation) {
    let answers = &mut operation.responses.responses;
    let Some(RefOr::T(refusal)) = answers.get_mut("4XX") else { return };
    if let Some(content) = refusal.content.shift_remove("application/json") {
        refusal.content.insert("application/problem+json".to_owned(), content);
    }
    let fault = refusal.clone();
    answers.entry("5XX".to_owned()).or_insert(RefOr::T(fault));
}

fn waits(operation: &mut Operation, changes: &BTreeSet<String>) {
    let answers = &mut operation.responses.responses;
    let done = ["200", "201"].into_iter().find_map(|status| match answers.get(status) {
        Some(RefOr::T(answer)) => {
            body(answer).filter(|body| changes.contains(*body)).map(|_| answer)
        }
        _ => None,
    });
    let Some(mut waiting) = done.cloned() else { return };
    waiting.description = WAITS.to_owned();
    answers.entry("202".to_owned()).or_insert(RefOr::T(waiting));
}

/// What the body of an answer is called.
fn body(answer: &Response) -> Option<&str> {
    match answer.content.get("application/json") {
        Some(RefOr::T(content)) => match content.schema.as_ref()? {
            RefOr::Ref(Ref { ref_location, .. }) => Some(ref_location),
            RefOr::T(_) => None,
        },
        _ => None,
    }
}
