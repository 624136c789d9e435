//! Posts and places as the first version of the API wrote them.
//!
//! Must not know paths or paging.

use serde_json::{Value, json};

use crate::model::Node;
use crate::render::{Render, plain};

/// A place: id, name and where it is.
pub(crate) fn place(node: &Node) -> Value {
    let get = |name| plain::value(node, name, 0);
    json!({ "id": &**node.id(), "name": get("name"), "latitude": get("latitude"), "longitude": get("longitude") })
}

/// A post with its author and place; none for anything else.
pub(crate) fn post(render: &Render<'_>, node: &Node) -> Option<Value> {
    let Node::Media(media) = node else { return None };
    let get = |name| plain::value(node, name, render.now);
    let author = render.world.user(&media.owner_id);
    let location = media.location_id.as_ref().and_then(|id| render.world.node(id)).map(place);
    Some(json!({
        "id": &*media.id,
        "type": media.media_type.to_lowercase(),
        "caption": { "text": media.caption },
        "created_time": media.timestamp.to_string(),
        "link": media.permalink,
        "likes": { "count": media.like_count },
        "comments": { "count": media.comments_count },
        "images": { "standard_resolution": { "url": get("media_url"), "width": 640, "height": 640 } },
        "user": {
            "id": &*media.owner_id,
            "username": media.username,
            "full_name": author.map(|user| user.name.clone()),
        },
        "location": location,
    }))
}
