//! The plain fields of each node type.
//!
//! A field without a value is left out of the answer. Must not know `fields` trees or edges.

use serde_json::{Value, json};

use crate::cdn;
use crate::clock;
use crate::model::{Comment, Container, Media, Node, Place, Story, User};

/// The value of a plain field; none if the node has no value for it.
pub(crate) fn value(node: &Node, name: &str, now: i64) -> Option<Value> {
    match node {
        Node::User(row) => user(row, name, now),
        Node::Media(row) => media(row, name, now),
        Node::Story(row) => story(row, name),
        Node::Place(row) => place(row, name),
        Node::Hashtag(row) if name == "name" => Some(json!(row.name)),
        Node::Hashtag(_) => None,
        Node::Comment(row) => comment(row, name),
        Node::Container(row) => container(row, name),
    }
}

fn user(row: &User, name: &str, now: i64) -> Option<Value> {
    Some(match name {
        "username" => json!(row.username),
        "name" => json!(row.name),
        "account_type" => json!(row.account_type),
        "biography" => json!(row.biography.as_ref()?),
        "website" => json!(row.website.as_ref()?),
        "followers_count" => json!(row.followers_count),
        "follows_count" => json!(row.follows_count),
        "media_count" => json!(row.media_count),
        "is_private" => json!(row.is_private),
        "profile_picture_url" => json!(cdn::url("u", &row.id, cdn::post_expiry(now))),
        _ => return None,
    })
}

fn media(row: &Media, name: &str, now: i64) -> Option<Value> {
    let is_video = row.media_type == "VIDEO";
    let signed = |kind| cdn::url(kind, &row.id, cdn::post_expiry(now));
    Some(match name {
        "caption" => json!(row.caption.as_ref()?),
        "media_type" => json!(row.media_type),
        "media_product_type" => json!(row.media_product_type),
        "permalink" => json!(row.permalink),
        "timestamp" => json!(clock::text(row.timestamp)),
        "media_url" => {
            json!(row.media_url.clone().unwrap_or_else(|| signed(if is_video { "v" } else { "m" })))
        }
        "thumbnail_url" => is_video.then(|| json!(signed("t")))?,
        "like_count" => json!(row.like_count),
        "comments_count" => json!(row.comments_count),
        "username" => json!(row.username),
        "shortcode" => json!(cdn::shortcode(&row.permalink)?),
        "is_comment_enabled" => json!(!row.comments_off),
        _ => return None,
    })
}

fn story(row: &Story, name: &str) -> Option<Value> {
    let is_video = row.media_type == "VIDEO";
    // Signed until it expires, and shown for ever: the node still answers afterwards.
    let signed = |kind| cdn::url(kind, &row.id, row.expires_at);
    let permalink = || format!("https://plaza.example/stories/{}/{}/", row.username, row.id);
    Some(match name {
        "media_type" => json!(row.media_type),
        "media_product_type" => json!("STORY"),
        "permalink" => json!(permalink()),
        "timestamp" => json!(clock::text(row.timestamp)),
        "expires_at" => json!(clock::text(row.expires_at)),
        "media_url" => {
            json!(row.media_url.clone().unwrap_or_else(|| signed(if is_video { "v" } else { "s" })))
        }
        "thumbnail_url" => is_video.then(|| json!(signed("t")))?,
        "username" => json!(row.username),
        "account_type" => json!(row.account_type),
        "like_count" => json!(cdn::number(&row.id) % 400),
        "shortcode" => json!(format!("{:x}", cdn::number(&row.id) >> 20)),
        _ => return None,
    })
}

fn place(row: &Place, name: &str) -> Option<Value> {
    Some(match name {
        "name" => json!(row.name),
        "category" => json!(row.category),
        "latitude" => json!(row.latitude),
        "longitude" => json!(row.longitude),
        "country_code" => json!(row.country_code),
        "timezone" => json!(row.timezone),
        _ => return None,
    })
}

fn comment(row: &Comment, name: &str) -> Option<Value> {
    Some(match name {
        "text" => json!(row.text),
        "timestamp" => json!(clock::text(row.timestamp)),
        "username" => json!(row.username),
        "hidden" => json!(row.hidden),
        "like_count" => json!(cdn::number(&row.id) % 30),
        "parent_id" => json!(&**row.parent_id.as_ref()?),
        _ => return None,
    })
}

fn container(row: &Container, name: &str) -> Option<Value> {
    Some(match name {
        "status_code" => json!(row.look()),
        "status" => match row.look() {
            "IN_PROGRESS" => json!("In Progress: Media is still being processed."),
            "PUBLISHED" => json!("Published: Media has been published."),
            _ => json!("Finished: Media has been uploaded and it is ready to be published."),
        },
        _ => return None,
    })
}
