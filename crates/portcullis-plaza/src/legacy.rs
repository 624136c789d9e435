//! Old paths, back channels, and paths that no document lists: all answer to anyone with the platform token.
//!
//! The platform's bad habits, on purpose: no scope, no account type, no bulk figure is looked at here.
//! Must not know HTTP.

use serde_json::{Value, json};

use crate::desk::{Call, Desk, Verb};
use crate::error::{Answer, GraphError};
use crate::fields::{self, Field};
use crate::model::Node;
use crate::page::Window;
use crate::params::Params;
use crate::render::EdgeAsk;
use crate::schema::Edge;
use crate::search;
use crate::world::Rel;

mod shapes;

const COUNT_DEFAULT: usize = 20;
const COUNT_MAX: usize = 100;
const POST: &str = "id,caption,media_type,media_product_type,permalink,timestamp,media_url,thumbnail_url,like_count,comments_count,username,shortcode,location,owner{id,username}";
const STORY: &str = "id,media_type,media_product_type,permalink,timestamp,expires_at,media_url,thumbnail_url,username,account_type,owner{id,username},location";
const PLACE: &str = "id,name,latitude,longitude,category,country_code,timezone";
const FULL: &str = "id,username,name,account_type,biography,website,followers_count,follows_count,media_count,is_private,profile_picture_url,home_location{id,name,latitude,longitude},media.limit(12){id,caption,media_url,timestamp},stories{id,media_url,timestamp,expires_at}";

/// True for a path that is served here.
pub(crate) fn is_legacy(segments: &[&str]) -> bool {
    matches!(segments.first(), Some(&("v1" | "api" | "explore" | "graphql")))
}

/// Answers an old or unlisted path.
///
/// # Errors
/// Unknown ids and paths, missing coordinates.
pub(crate) fn answer(desk: &Desk<'_>, call: &Call, verb: Verb, segments: &[&str]) -> Answer<Value> {
    if verb != Verb::Get {
        return Err(GraphError::method(verb.name()));
    }
    match segments {
        ["v1", "locations", "search"] => {
            let rows = around(desk, call, "distance")?;
            Ok(json!({ "data": rows.into_iter().map(shapes::place).collect::<Vec<_>>() }))
        }
        ["v1", "media", "search"] => {
            let places = around(desk, call, "distance")?;
            let posts = places.into_iter().flat_map(|place| posts(desk, place)).collect();
            old_page(desk, call, "v1/media/search", posts)
        }
        ["v1", "locations", id] => {
            Ok(json!({ "data": shapes::place(&desk.resolve(id, Verb::Get)?) }))
        }
        ["v1", "locations" | "geographies", id, "media"]
        | ["v1", "locations" | "geographies", id, "media", "recent"] => {
            old_page(desk, call, &segments.join("/"), posts(desk, &desk.resolve(id, Verb::Get)?))
        }
        ["v1", "users", id, "media", "recent"] => {
            let user = desk.resolve(id, Verb::Get)?;
            let posts = rows(desk, Rel::Media, &user);
            old_page(desk, call, &segments.join("/"), posts)
        }
        ["api", "v1", ..] => back_channel(desk, call, segments),
        ["explore", "locations", id] => {
            let place = desk.resolve(id, Verb::Get)?;
            web_page(desk, call, &segments.join("/"), posts(desk, &place))
        }
        ["explore", "tags", tag] => {
            let found = desk.world.hashtag_called(&tag.to_lowercase());
            let tag = found.ok_or_else(|| GraphError::no_resource(tag))?;
            let posts = rows(desk, Rel::Tag, &Node::Hashtag(tag.clone()));
            web_page(desk, call, &segments.join("/"), posts)
        }
        ["graphql", "query"] => graphql(desk, call),
        _ => Err(GraphError::unknown_path(&call.path)),
    }
}

fn back_channel(desk: &Desk<'_>, call: &Call, segments: &[&str]) -> Answer<Value> {
    match segments {
        ["api", "v1", "geo", "search"] => geo_search(desk, call),
        ["api", "v1", "locations", id, "story"] => {
            let place = desk.resolve(id, Verb::Get)?;
            Ok(json!({ "data": stories(desk, &place)? }))
        }
        ["api", "v1", "feed", "reels_media"] => {
            let names = ["reel_ids", "reel_ids[]"];
            let ids = names
                .iter()
                .flat_map(|name| call.params.every(name))
                .flat_map(|ids| ids.split(','));
            let mut data = Vec::new();
            for id in ids.map(str::trim).filter(|id| !id.is_empty()) {
                data.extend(stories(desk, &desk.resolve(id, Verb::Get)?)?);
            }
            Ok(json!({ "data": data }))
        }
        ["api", "v1", "users", id, "full"] => {
            let user = desk.resolve(id, Verb::Get)?;
            desk.render("v21.0/").node(&user, Some(&wanted(FULL)?))
        }
        _ => Err(GraphError::unknown_path(&call.path)),
    }
}

fn wanted(text: &str) -> Answer<Vec<Field>> {
    fields::parse(text)
}

fn rows<'w>(desk: &'w Desk<'_>, rel: Rel, node: &Node) -> Vec<&'w Node> {
    desk.world.list(rel, node.id()).collect()
}

fn posts<'w>(desk: &'w Desk<'_>, place: &Node) -> Vec<&'w Node> {
    rows(desk, Rel::Posts, place)
}

/// Places within the circle, as wide as the caller likes.
fn around<'w>(desk: &'w Desk<'_>, call: &Call, radius: &str) -> Answer<Vec<&'w Node>> {
    let at = (call.params.degrees("lat")?, call.params.degrees("lng")?);
    let radius = call.params.number(radius)?.unwrap_or(1_000);
    Ok(search::find(desk.world, None, Some((at, radius))))
}

fn geo_search(desk: &Desk<'_>, call: &Call) -> Answer<Value> {
    let found = around(desk, call, "radius")?;
    let skip = usize::try_from(call.params.number("page_token")?.unwrap_or(0)).unwrap_or(0);
    let render = desk.render("");
    let fields = wanted(PLACE)?;
    let page = found.iter().skip(skip).take(COUNT_MAX);
    let data = page.map(|row| render.node(row, Some(&fields))).collect::<Answer<Vec<_>>>()?;
    let next = skip.saturating_add(data.len());
    let token = (next < found.len()).then(|| next.to_string());
    Ok(json!({ "data": data, "paging": { "page_token": token } }))
}

fn stories(desk: &Desk<'_>, node: &Node) -> Answer<Vec<Value>> {
    let render = desk.render("");
    let ask = EdgeAsk {
        window: Window::of_params(&Params::of_form("limit=100"))?,
        metric: None,
        period: None,
        name: "stories",
    };
    let mut page = render.edge(node, Edge::Stories, &ask, Some(&wanted(STORY)?), &[])?;
    Ok(page.get_mut("data").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default())
}

/// A page in the old shape: `pagination.next_max_id` instead of cursors, and an absolute `next_url`.
fn old_page(desk: &Desk<'_>, call: &Call, path: &str, rows: Vec<&Node>) -> Answer<Value> {
    let params = &call.params;
    let since = params.number("min_timestamp")?.unwrap_or(i64::MIN);
    let until = params.number("max_timestamp")?.unwrap_or(i64::MAX);
    let rows = rows.into_iter().filter(|row| (since..=until).contains(&row.timestamp()));
    let rows = rows.take_while(|row| params.filled("min_id") != Some(&**row.id())).collect();
    let (rows, next) = old_cut(params, rows)?;
    let render = desk.render("");
    let data: Vec<Value> = rows.iter().filter_map(|row| shapes::post(&render, row)).collect();
    let mut pagination = json!({});
    if let (Some(max_id), Some(map)) = (next, pagination.as_object_mut()) {
        let mut carried = params.carried();
        carried.retain(|pair| pair.0 != "max_id");
        map.insert(
            "next_url".into(),
            render.linker.link(path, &carried, &[("max_id", &max_id)]).into(),
        );
        map.insert("next_max_id".into(), max_id.into());
    }
    Ok(json!({ "data": data, "pagination": pagination, "meta": { "code": 200 } }))
}

/// The rows after `max_id`, and the id to go on from.
fn old_cut<'n>(params: &Params, rows: Vec<&'n Node>) -> Answer<(Vec<&'n Node>, Option<String>)> {
    let count = usize::try_from(params.number("count")?.unwrap_or(0)).unwrap_or(0);
    let count = if count == 0 { COUNT_DEFAULT } else { count.min(COUNT_MAX) };
    let start = match params.filled("max_id") {
        Some(max_id) => {
            rows.iter().position(|row| &**row.id() == max_id).map_or(rows.len(), |at| at + 1)
        }
        None => 0,
    };
    let page: Vec<&Node> = rows.iter().skip(start).take(count).copied().collect();
    let more = rows.len() > start + page.len();
    let next = page.last().filter(|_| more).map(|row| row.id().to_string());
    Ok((page, next))
}

fn web_page(desk: &Desk<'_>, call: &Call, path: &str, rows: Vec<&Node>) -> Answer<Value> {
    let (rows, next) = old_cut(&call.params, rows)?;
    let render = desk.render("");
    let fields = wanted(POST)?;
    let data =
        rows.iter().map(|row| render.node(row, Some(&fields))).collect::<Answer<Vec<_>>>()?;
    let mut paging = json!({ "cursors": { "after": next } });
    if let (Some(max_id), Some(map)) = (next, paging.as_object_mut()) {
        map.insert(
            "next".into(),
            render.linker.link(path, &[("__a".into(), "1".into())], &[("max_id", &max_id)]).into(),
        );
    }
    Ok(json!({ "data": data, "paging": paging }))
}

/// What the web pages ask: `variables={"id","first","after"}` of a place, a user or a hashtag.
fn graphql(desk: &Desk<'_>, call: &Call) -> Answer<Value> {
    let text = call.params.need("variables")?;
    let variables = Params::of_json(text.as_bytes())?;
    let node = desk.resolve(variables.need("id")?, Verb::Get)?;
    let (rel, name) = match &node {
        Node::User(_) => (Rel::Media, "user"),
        Node::Hashtag(_) => (Rel::Tag, "hashtag"),
        _ => (Rel::Posts, "location"),
    };
    let mut paging = Params::default();
    paging.push("count", variables.get("first").unwrap_or_default());
    paging.push("max_id", variables.get("after").unwrap_or_default());
    let all = rows(desk, rel, &node);
    let count = all.len();
    let (page, next) = old_cut(&paging, all)?;
    let render = desk.render("");
    let fields = wanted(POST)?;
    let edge = |row: &&Node| Ok(json!({ "node": render.node(row, Some(&fields))? }));
    let edges = page.iter().map(edge).collect::<Answer<Vec<_>>>()?;
    let info = json!({ "has_next_page": next.is_some(), "end_cursor": next });
    let media = json!({ "count": count, "edges": edges, "page_info": info });
    Ok(json!({ "data": { name: { "id": &**node.id(), "edge_media": media } }, "status": "ok" }))
}
