//! Search for places by name or around a point, and for hashtags by name.
//!
//! Must not know HTTP.

use serde_json::{Value, json};

use crate::desk::{Call, Desk};
use crate::error::{Answer, GraphError};
use crate::fields;
use crate::model::{Node, Place};
use crate::page::Window;
use crate::reads;
use crate::schema::Edge;
use crate::world::World;

/// The widest circle, in metres.
const DISTANCE_MAX: i64 = 50_000;
const DISTANCE_DEFAULT: i64 = 5_000;
const SHOWN: [&str; 3] = ["id", "name", "location"];

/// `GET /search?type=place`.
pub(crate) fn places(desk: &Desk<'_>, call: &Call, version: &str) -> Answer<Value> {
    if call.params.need("type")? != "place" {
        return Err(GraphError::parameter("type must be one of the following values: place"));
    }
    let words = call.params.filled("q");
    let center = call.params.filled("center").map(point).transpose()?;
    if words.is_none() && center.is_none() {
        return Err(GraphError::parameter("One of the parameters q and center is required"));
    }
    let distance = call.params.number("distance")?.unwrap_or(DISTANCE_DEFAULT);
    if !(1..=DISTANCE_MAX).contains(&distance) {
        return Err(GraphError::parameter(format!(
            "Param distance must be between 1 and {DISTANCE_MAX}"
        )));
    }
    let found = find(desk.world, words, center.map(|at| (at, distance)));
    page(desk, call, version, found, "search")
}

/// `GET /pages/search?q=`.
pub(crate) fn pages(desk: &Desk<'_>, call: &Call, version: &str) -> Answer<Value> {
    let found = find(desk.world, Some(call.params.need("q")?), None);
    page(desk, call, version, found, "pages/search")
}

/// `GET /ig_hashtag_search?user_id&q`.
pub(crate) fn hashtag(desk: &mut Desk<'_>, call: &Call) -> Answer<Value> {
    let user = reads::asking_user(desk, call)?;
    let name = call.params.need("q")?.trim_start_matches('#').to_lowercase();
    let found = desk.world.hashtag_called(&name).map(|tag| tag.id.clone());
    let id = found.ok_or_else(|| GraphError::no_resource(&name))?;
    desk.world.note_search(&user.id, &id);
    Ok(json!({ "data": [{ "id": &*id }] }))
}

fn page(
    desk: &Desk<'_>,
    call: &Call,
    version: &str,
    found: Vec<&Node>,
    path: &str,
) -> Answer<Value> {
    let wanted = call.fields()?.unwrap_or_else(|| fields::named(SHOWN));
    let render = desk.render(version);
    let cut = Window::of_params(&call.params)?.cut(Edge::Posts, found)?;
    let rows =
        cut.rows.iter().map(|row| render.node(row, Some(&wanted))).collect::<Answer<Vec<_>>>()?;
    Ok(cut.page(rows, &render.linker, path, &call.params.carried()))
}

/// Places whose name holds the words, and within the circle: nearest first, else in the order of the fixtures.
pub(crate) fn find<'w>(
    world: &'w World,
    words: Option<&str>,
    circle: Option<((f64, f64), i64)>,
) -> Vec<&'w Node> {
    let words = words.map(str::to_lowercase);
    let mut found: Vec<(f64, &Node)> = Vec::new();
    for node in world.places.iter().filter_map(|id| world.node(id)) {
        let Node::Place(place) = node else { continue };
        if words.as_ref().is_some_and(|words| !place.name.to_lowercase().contains(words)) {
            continue;
        }
        let metres = circle.map_or(0.0, |(at, _)| metres(at, place));
        #[allow(
            clippy::cast_precision_loss,
            reason = "at most 50,000 unless a legacy caller asks for the world"
        )]
        if circle.is_none_or(|(_, radius)| metres <= radius as f64) {
            found.push((metres, node));
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|(_, node)| node).collect()
}

/// Along the great circle (haversine).
fn metres((latitude, longitude): (f64, f64), place: &Place) -> f64 {
    let (a, b) = (latitude.to_radians(), place.latitude.to_radians());
    let across = (place.longitude - longitude).to_radians() / 2.0;
    let h = ((b - a) / 2.0).sin().powi(2) + a.cos() * b.cos() * across.sin().powi(2);
    2.0 * 6_371_000.0 * h.clamp(0.0, 1.0).sqrt().asin()
}

fn point(text: &str) -> Answer<(f64, f64)> {
    let wrong = || GraphError::parameter("Param center must be latitude,longitude");
    let (latitude, longitude) = text.split_once(',').ok_or_else(wrong)?;
    let number = |text: &str| text.trim().parse::<f64>().map_err(|_| wrong());
    Ok((number(latitude)?, number(longitude)?))
}
