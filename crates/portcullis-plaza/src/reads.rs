//! Reads of nodes and edges, `ids=`, oEmbed and `debug_token`.
//!
//! Must not know HTTP or how rows are stored.

use serde_json::{Map, Value, json};

use crate::cdn;
use crate::desk::{Call, Desk, Verb};
use crate::error::{Answer, GraphError};
use crate::model::{Node, User};
use crate::page::Window;
use crate::render::{self, EdgeAsk};
use crate::schema::{self, Edge};

/// The most ids in one call.
const IDS_MAX: usize = 50;

/// `GET /{id}`.
pub(crate) fn node(desk: &Desk<'_>, call: &Call, version: &str, id: &str) -> Answer<Value> {
    let node = desk.resolve(id, Verb::Get)?;
    let mut value = desk.render(version).node(&node, call.fields()?.as_deref())?;
    if call.params.flag("metadata") == Some(true)
        && let Some(map) = value.as_object_mut()
    {
        map.insert("metadata".into(), render::metadata(node.kind()));
    }
    Ok(value)
}

/// `GET /{id}/{edge}`.
pub(crate) fn edge(
    desk: &mut Desk<'_>,
    call: &Call,
    version: &str,
    id: &str,
    name: &str,
) -> Answer<Value> {
    let node = desk.resolve(id, Verb::Get)?;
    let found = schema::edge(node.kind(), name);
    let edge = found.ok_or_else(|| GraphError::no_field(name, node.kind().name()))?;
    if matches!(edge, Edge::Recent | Edge::Top) {
        let user = asking_user(desk, call)?;
        desk.world.note_search(&user.id, node.id());
    }
    page(desk, call, version, &node, edge, name)
}

/// `GET /?ids=1,2,3`: a map from each id, as it was written, to its node.
pub(crate) fn many(desk: &Desk<'_>, call: &Call, version: &str) -> Answer<Value> {
    let fields = call.fields()?;
    let render = desk.render(version);
    let mut map = Map::new();
    for id in ids(call)? {
        let node = desk.resolve(id, Verb::Get)?;
        map.insert(id.to_owned(), render.node(&node, fields.as_deref())?);
    }
    Ok(Value::Object(map))
}

/// `GET /{edge}?ids=1,2,3`: a map from each id to its page. Not in the OpenAPI document.
pub(crate) fn many_edges(desk: &Desk<'_>, call: &Call, version: &str, name: &str) -> Answer<Value> {
    let mut map = Map::new();
    for id in ids(call)? {
        let node = desk.resolve(id, Verb::Get)?;
        let found = schema::edge(node.kind(), name);
        let edge = found.ok_or_else(|| GraphError::no_field(name, node.kind().name()))?;
        map.insert(id.to_owned(), page(desk, call, version, &node, edge, name)?);
    }
    Ok(Value::Object(map))
}

fn page(
    desk: &Desk<'_>,
    call: &Call,
    version: &str,
    node: &Node,
    edge: Edge,
    name: &str,
) -> Answer<Value> {
    let ask = EdgeAsk {
        window: Window::of_params(&call.params)?,
        metric: call.params.filled("metric"),
        period: call.params.filled("period"),
        name,
    };
    let mut carried = call.params.carried();
    carried.retain(|pair| pair.0 != "ids");
    desk.render(version).edge(node, edge, &ask, call.fields()?.as_deref(), &carried)
}

fn ids(call: &Call) -> Answer<Vec<&str>> {
    let ids: Vec<&str> = call.params.need("ids")?.split(',').map(str::trim).collect();
    if ids.len() > IDS_MAX {
        return Err(GraphError::parameter(format!(
            "Too many IDs. Maximum: {IDS_MAX}. Provided: {}",
            ids.len()
        )));
    }
    if ids.contains(&"") {
        return Err(GraphError::parameter("Cannot specify an empty identifier"));
    }
    Ok(ids)
}

/// The account in whose name a hashtag is looked at.
pub(crate) fn asking_user(desk: &Desk<'_>, call: &Call) -> Answer<User> {
    match desk.resolve(call.params.need("user_id")?, Verb::Get)? {
        Node::User(user) => Ok(User::clone(&user)),
        _ => Err(GraphError::parameter("Param user_id must be a user")),
    }
}

/// `GET /oembed?url=`.
pub(crate) fn oembed(desk: &Desk<'_>, call: &Call) -> Answer<Value> {
    let url = call.params.need("url")?;
    let found = cdn::shortcode(url).and_then(|code| desk.world.by_code(code));
    let Some(Node::Media(media)) = found else {
        return Err(GraphError::no_resource(url));
    };
    let width = call.params.number("maxwidth")?.unwrap_or(658).clamp(320, 658);
    let expires = cdn::post_expiry(desk.now);
    Ok(json!({
        "version": "1.0",
        "type": "rich",
        "provider_name": "Plaza",
        "provider_url": "https://plaza.example/",
        "author_name": media.username,
        "author_id": &*media.owner_id,
        "media_id": &*media.id,
        "title": media.caption,
        "thumbnail_url": cdn::url("t", &media.id, expires),
        "html": format!("<blockquote class=\"plaza-media\" data-permalink=\"{}\"></blockquote>", media.permalink),
        "width": width,
    }))
}

/// `GET /debug_token?input_token=`.
pub(crate) fn debug_token(desk: &Desk<'_>, call: &Call) -> Answer<Value> {
    let is_valid = call.params.need("input_token")? == desk.token;
    let me = desk.world.me.as_deref();
    Ok(if is_valid {
        json!({ "data": {
            "app_id": "1000000000000001",
            "type": "USER",
            "application": "Plaza platform",
            "is_valid": true,
            "issued_at": 1_700_000_000,
            "expires_at": 0,
            "scopes": ["instagram_basic", "instagram_content_publish", "instagram_manage_comments", "instagram_manage_insights"],
            "user_id": me,
        } })
    } else {
        let error =
            json!({ "code": 190, "message": "Invalid OAuth access token.", "subcode": 463 });
        json!({ "data": { "error": error, "is_valid": false, "scopes": [] } })
    })
}
