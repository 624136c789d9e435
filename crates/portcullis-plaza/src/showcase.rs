//! Ids to show and try things with, picked out of whatever fixtures are loaded.
//!
//! Must not know HTTP.

use crate::model::{Media, Node, Story};
use crate::world::{Rel, World};

/// One id of each kind that demos and tests need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Showcase {
    /// The account with exactly 57 posts that `me` stands for; BUSINESS.
    pub paging_user: String,
    /// Its username.
    pub paging_username: String,
    /// A BUSINESS account with a live story.
    pub business_user: String,
    /// Its username, for `business_discovery`.
    pub business_username: String,
    /// The live story that has longest to live, of `business_user`.
    pub live_story: String,
    /// A story of a BUSINESS account that has expired.
    pub expired_story: String,
    /// A PERSONAL account with a live story.
    pub personal_user: String,
    /// Its live story.
    pub personal_story: String,
    /// The three places with the most posts, most first.
    pub places: [String; 3],
    /// A post of the paging user that has comments, or else its newest.
    pub post: String,
    /// A comment on any post.
    pub comment: String,
    /// A hashtag with posts in the last 24 hours.
    pub hashtag: String,
    /// Its name.
    pub hashtag_name: String,
}

impl Showcase {
    /// Picks the ids; none if one of the kinds is missing.
    pub(crate) fn of(world: &World, now: i64) -> Option<Self> {
        let me = world.user(world.me.as_deref()?)?;
        let business = story(world, |s| s.account_type == "BUSINESS" && s.expires_at > now)?;
        let personal = story(world, |s| s.account_type == "PERSONAL" && s.expires_at > now)?;
        let expired = story(world, |s| s.account_type == "BUSINESS" && s.expires_at <= now)?;
        let (hashtag, hashtag_name) = hashtag(world)?;
        let comments =
            world.all().filter(|node| matches!(node, Node::Comment(c) if c.parent_id.is_none()));
        Some(Self {
            paging_user: me.id.to_string(),
            paging_username: me.username.clone(),
            business_user: business.owner_id.to_string(),
            business_username: business.username.clone(),
            live_story: business.id.to_string(),
            expired_story: expired.id.to_string(),
            personal_user: personal.owner_id.to_string(),
            personal_story: personal.id.to_string(),
            places: places(world)?,
            post: post(world, &me.id)?.id.to_string(),
            comment: comments.map(Node::id).min()?.to_string(),
            hashtag,
            hashtag_name,
        })
    }
}

/// The newest story that fits; the smaller id of two.
fn story(world: &World, fits: impl Fn(&Story) -> bool) -> Option<&Story> {
    let stories = world.all().filter_map(|node| match node {
        Node::Story(story) if fits(story) => Some(&**story),
        _ => None,
    });
    stories.max_by(|a, b| (a.timestamp, &b.id).cmp(&(b.timestamp, &a.id)))
}

fn places(world: &World) -> Option<[String; 3]> {
    let count = |id: &str| world.list(Rel::Posts, id).count();
    let mut places: Vec<(usize, &str)> =
        world.places.iter().map(|id| (count(id), &**id)).filter(|p| p.0 > 0).collect();
    places.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let mut ids = places.into_iter().map(|(_, id)| id.to_owned());
    Some([ids.next()?, ids.next()?, ids.next()?])
}

fn post<'w>(world: &'w World, user: &str) -> Option<&'w Media> {
    let mut posts = world.list(Rel::Media, user).filter_map(|node| match node {
        Node::Media(media) => Some(&**media),
        _ => None,
    });
    let newest = posts.next()?;
    let commented = |post: &&Media| world.list(Rel::Comments, &post.id).next().is_some();
    Some(Some(newest).filter(commented).or_else(|| posts.find(commented)).unwrap_or(newest))
}

/// The hashtag with the newest post.
fn hashtag(world: &World) -> Option<(String, String)> {
    let tags = world.all().filter_map(|node| match node {
        Node::Hashtag(tag) => Some((world.list(Rel::Tag, &tag.id).next()?.timestamp(), tag)),
        _ => None,
    });
    let (_, tag) = tags.max_by(|a, b| (a.0, &b.1.id).cmp(&(b.0, &a.1.id)))?;
    Some((tag.id.to_string(), tag.name.clone()))
}
