//! Path and verb to handler. The version is optional, doubled and trailing slashes are folded.
//!
//! Must not know HTTP: it serves calls and batch entries alike.

use serde_json::Value;

use crate::batch;
use crate::desk::{CURRENT, Call, Desk, Verb};
use crate::error::{Answer, GraphError};
use crate::legacy;
use crate::publish;
use crate::reads;
use crate::schema::{self, Type};
use crate::search;

/// Answers one call.
///
/// # Errors
/// Any refusal of the platform, as its envelope will say it.
pub(crate) fn answer(desk: &mut Desk<'_>, call: &Call) -> Answer<Value> {
    let verb = overridden(call)?;
    // On any path: a bad habit that the real platform documents.
    if verb == Verb::Post && call.params.filled("batch").is_some() {
        return batch::answer(desk, call);
    }
    desk.believe(&call.tokens)?;
    let segments = call.segments();
    if legacy::is_legacy(&segments) {
        return legacy::answer(desk, call, verb, &segments);
    }
    let (version, rest) = version(&segments);
    let version = format!("{version}/");
    match (verb, rest) {
        (Verb::Get, []) => reads::many(desk, call, &version),
        (Verb::Get, ["search"]) => search::places(desk, call, &version),
        (Verb::Get, ["pages", "search"]) => search::pages(desk, call, &version),
        (Verb::Get, ["ig_hashtag_search"]) => search::hashtag(desk, call),
        (Verb::Get, ["debug_token"]) => reads::debug_token(desk, call),
        (Verb::Get, ["oembed"]) => reads::oembed(desk, call),
        (Verb::Get, [edge]) if call.params.filled("ids").is_some() && is_edge(edge) => {
            reads::many_edges(desk, call, &version, edge)
        }
        (Verb::Get, [id]) => reads::node(desk, call, &version, id),
        (Verb::Get, [id, edge]) => reads::edge(desk, call, &version, id, edge),
        (Verb::Post, []) => Err(GraphError::parameter("The parameter batch is required")),
        (Verb::Post, [id]) => publish::update(desk, call, &version, id),
        (Verb::Delete, [id]) => publish::delete(desk, id),
        (Verb::Post, [id, edge]) => publish::create(desk, call, &version, id, edge),
        (Verb::Delete, []) => Err(GraphError::method("delete")),
        _ => Err(GraphError::unknown_path(&call.path)),
    }
}

/// True for the one listed operation that the slow mode slows down.
pub(crate) fn is_insights(call: &Call) -> bool {
    let segments = call.segments();
    matches!(version(&segments).1, [_, "insights"])
}

/// `method` in the query or the body turns a POST into another verb.
fn overridden(call: &Call) -> Answer<Verb> {
    match (call.verb, call.params.filled("method")) {
        (Verb::Post, Some(method)) => Verb::of(method).ok_or_else(|| GraphError::method(method)),
        (verb, _) => Ok(verb),
    }
}

fn version<'a, 'b>(segments: &'b [&'a str]) -> (String, &'b [&'a str]) {
    match segments.split_first() {
        Some((first, rest)) if is_version(first) => (first.to_ascii_lowercase(), rest),
        _ => (CURRENT.to_owned(), segments),
    }
}

fn is_version(text: &str) -> bool {
    let Some(number) = text.strip_prefix(['v', 'V']) else { return false };
    let Some((major, minor)) = number.split_once('.') else { return false };
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    (1..=2).contains(&major.len()) && minor.len() == 1 && digits(major) && digits(minor)
}

fn is_edge(name: &str) -> bool {
    let types = [Type::User, Type::Media, Type::Story, Type::Place, Type::Hashtag, Type::Comment];
    types.into_iter().any(|kind| schema::edge(kind, name).is_some())
}
