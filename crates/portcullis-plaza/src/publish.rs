//! Writes: containers, publishing, comments, replies, updates, deletions, webhooks.
//!
//! Must not know HTTP; read-after-write goes through the same rendering as reads.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::cdn;
use crate::desk::{Call, Desk, Verb};
use crate::error::{Answer, GraphError};
use crate::model::{Comment, Container, Id, Media, Node, Story, User};
use crate::render::PUBLISH_MAX;

const TYPES: &[&str] = &["IMAGE", "VIDEO", "REELS", "CAROUSEL", "STORIES"];
const TEXT_MAX: usize = 2_200;
const ITEMS_MAX: usize = 10;

/// `POST /{id}/{edge}`.
pub(crate) fn create(
    desk: &mut Desk<'_>,
    call: &Call,
    version: &str,
    id: &str,
    edge: &str,
) -> Answer<Value> {
    let node = desk.resolve(id, Verb::Post)?;
    let made = match (&node, edge) {
        (Node::User(user), "media") => container(desk, call, user)?,
        (Node::User(user), "media_publish") => publish(desk, call, user)?,
        (Node::User(_), "subscribed_apps") => return Ok(json!({ "success": true })),
        (Node::Media(media), "comments") => comment(desk, call, &media.id, None)?,
        (Node::Comment(parent), "replies") => {
            comment(desk, call, &parent.media_id, Some(&parent.id))?
        }
        _ => return Err(GraphError::unknown_id("post", &format!("{}/{edge}", node.id()))),
    };
    written(desk, call, version, &made)
}

/// The id of what was made; with `fields`, the thing itself.
fn written(desk: &Desk<'_>, call: &Call, version: &str, id: &Id) -> Answer<Value> {
    match call.fields()? {
        None => Ok(json!({ "id": &**id })),
        Some(fields) => desk.render(version).node(&desk.resolve(id, Verb::Get)?, Some(&fields)),
    }
}

fn container(desk: &mut Desk<'_>, call: &Call, user: &User) -> Answer<Id> {
    let params = &call.params;
    // Read before anything is made: a call that fails must leave nothing behind.
    call.fields()?;
    let media_type = params.filled("media_type").unwrap_or("IMAGE");
    if !TYPES.contains(&media_type) {
        return Err(GraphError::parameter(format!(
            "media_type must be one of the following values: {}",
            TYPES.join(", ")
        )));
    }
    let has_media =
        ["image_url", "video_url", "source"].iter().any(|name| params.filled(name).is_some());
    if media_type != "CAROUSEL" && !has_media {
        return Err(GraphError::parameter(
            "One of the parameters image_url and video_url is required",
        ));
    }
    let children = children(desk, params.filled("children"), media_type)?;
    let caption = params.filled("caption");
    if caption.is_some_and(|text| text.chars().count() > TEXT_MAX) {
        return Err(GraphError::parameter(format!(
            "Param caption must be at most {TEXT_MAX} characters"
        )));
    }
    let location = params.filled("location_id");
    if location.is_some_and(|id| desk.world.place(id).is_none()) {
        return Err(GraphError::parameter("Param location_id must be the id of a place"));
    }
    let id: Id = format!("17890{:012}", 300_000_000_000 + desk.world.next_number() * 419).into();
    let mut container = Container::new(id.clone(), user.id.clone(), media_type.to_owned());
    container.is_video |= params.filled("video_url").is_some();
    container.caption = caption.map(str::to_owned);
    container.location_id = location.map(Id::from);
    container.children = children;
    desk.world.put_container(container);
    Ok(id)
}

/// `children` as a JSON list or parted by commas; each must be a container.
fn children(desk: &Desk<'_>, text: Option<&str>, media_type: &str) -> Answer<Vec<Id>> {
    if media_type != "CAROUSEL" {
        return Ok(Vec::new());
    }
    let text = text.unwrap_or_default();
    let ids: Vec<String> = match serde_json::from_str::<Vec<Value>>(text) {
        Ok(list) => list.into_iter().map(crate::params::plain).collect(),
        Err(_) => {
            text.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect()
        }
    };
    let is_container = |id: &String| matches!(desk.world.node(id), Some(Node::Container(_)));
    if !(1..=ITEMS_MAX).contains(&ids.len()) || !ids.iter().all(is_container) {
        return Err(GraphError::parameter(format!(
            "Param children must be 1 to {ITEMS_MAX} containers"
        )));
    }
    Ok(ids.into_iter().map(Id::from).collect())
}

fn publish(desk: &mut Desk<'_>, call: &Call, user: &User) -> Answer<Id> {
    call.fields()?;
    let id = call.params.need("creation_id")?;
    let container = match desk.world.node(id) {
        Some(Node::Container(container)) if container.owner_id == user.id => container.clone(),
        _ => {
            return Err(GraphError::parameter(format!(
                "The creation_id {id} is no container of this account"
            )));
        }
    };
    if container.is_published() {
        return Err(GraphError::parameter(format!("The container {id} is already published")));
    }
    if !container.is_ready() {
        return Err(GraphError::not_ready());
    }
    if desk.render("").used(&user.id) >= PUBLISH_MAX {
        return Err(GraphError::publishing_limit());
    }
    container.published.store(1, Ordering::Relaxed);
    desk.world.published.entry(user.id.clone()).or_default().push(desk.now);
    let number = desk.world.next_number();
    if container.media_type == "STORIES" {
        let story = story(&container, user, number, desk.now);
        let id = story.id.clone();
        desk.world.publish_story(story);
        return Ok(id);
    }
    let media = media(&container, user, number, desk.now);
    let id = media.id.clone();
    desk.world.publish_media(media);
    Ok(id)
}

fn media(from: &Container, user: &User, number: usize, now: i64) -> Media {
    let id = format!("17999{:012}", 100_000_000_000 + number * 613);
    let items = from.children.len();
    Media {
        owner_id: user.id.clone(),
        username: user.username.clone(),
        media_type: match (items, from.is_video) {
            (1.., _) => "CAROUSEL_ALBUM",
            (0, true) => "VIDEO",
            (0, false) => "IMAGE",
        }
        .to_owned(),
        media_product_type: if from.media_type == "REELS" { "REELS" } else { "FEED" }.to_owned(),
        caption: from.caption.clone(),
        timestamp: now,
        media_url: None,
        permalink: cdn::permalink(&id),
        like_count: 0,
        comments_count: 0,
        location_id: from.location_id.clone(),
        children: (0..items).map(|k| Id::from(format!("{id}{k}"))).collect(),
        comments_off: false,
        id: id.into(),
    }
}

fn story(from: &Container, user: &User, number: usize, now: i64) -> Story {
    Story {
        id: format!("18{:015}", 19_000_000_000_000 + number * 977).into(),
        owner_id: user.id.clone(),
        username: user.username.clone(),
        account_type: user.account_type.clone(),
        media_type: if from.is_video { "VIDEO" } else { "IMAGE" }.to_owned(),
        timestamp: now,
        expires_at: now.saturating_add(86_400),
        media_url: None,
        location_id: from.location_id.clone(),
    }
}

/// Comments are written in the name of the token's own account.
fn comment(desk: &mut Desk<'_>, call: &Call, media: &Id, parent: Option<&Id>) -> Answer<Id> {
    call.fields()?;
    let text = call.params.need("message")?;
    if text.chars().count() > TEXT_MAX {
        return Err(GraphError::parameter(format!(
            "Param message must be at most {TEXT_MAX} characters"
        )));
    }
    match desk.world.media_mut(media) {
        Some(media) if media.comments_off => {
            return Err(GraphError::parameter("Comments on this post are turned off"));
        }
        _ => {}
    }
    let Node::User(me) = desk.resolve("me", Verb::Post)? else {
        return Err(GraphError::unknown_id("post", "me"));
    };
    let id: Id = format!("17870{:012}", 900_000_000_000 + desk.world.next_number() * 311).into();
    desk.world.publish_comment(Comment {
        id: id.clone(),
        media_id: media.clone(),
        from_id: me.id.clone(),
        username: me.username.clone(),
        text: text.to_owned(),
        timestamp: desk.now,
        parent_id: parent.cloned(),
        hidden: false,
    });
    Ok(id)
}

/// `POST /{id}`: hides a comment, toggles a post's comments.
pub(crate) fn update(desk: &mut Desk<'_>, call: &Call, version: &str, id: &str) -> Answer<Value> {
    let fields = call.fields()?;
    let node = desk.resolve(id, Verb::Post)?;
    match &node {
        Node::Comment(comment) => {
            let hide = call.params.flag("hide").ok_or_else(|| need("hide"))?;
            if let Some(comment) = desk.world.comment_mut(&comment.id) {
                comment.hidden = hide;
            }
        }
        Node::Media(media) => {
            let enabled =
                call.params.flag("comment_enabled").ok_or_else(|| need("comment_enabled"))?;
            if let Some(media) = desk.world.media_mut(&media.id) {
                media.comments_off = !enabled;
            }
        }
        _ => return Err(GraphError::unknown_id("post", id)),
    }
    match fields {
        None => Ok(json!({ "success": true })),
        Some(fields) => {
            desk.render(version).node(&desk.resolve(node.id(), Verb::Get)?, Some(&fields))
        }
    }
}

/// `DELETE /{id}`: a comment, a post or a story.
pub(crate) fn delete(desk: &mut Desk<'_>, id: &str) -> Answer<Value> {
    match desk.resolve(id, Verb::Delete)? {
        node @ (Node::Comment(_) | Node::Media(_) | Node::Story(_)) => desk.world.remove(node.id()),
        _ => return Err(GraphError::unknown_id("delete", id)),
    }
    Ok(json!({ "success": true }))
}

fn need(name: &str) -> GraphError {
    GraphError::parameter(format!("The parameter {name} is required"))
}
