//! All nodes by id, and which rows hang off which: the state that calls read and change.
//!
//! Must not know HTTP, `fields` or tokens.

use std::collections::HashMap;
use std::sync::Arc;

use crate::cdn;
use crate::model::{Comment, Container, Hashtag, Id, Media, Node, Place, Story, User};

mod build;

/// How rows hang off a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Rel {
    /// A user's posts.
    Media,
    /// Posts a user is tagged in.
    Tagged,
    /// Posts a user is mentioned in.
    Mentioned,
    /// Stories of a user or at a place, expired ones too.
    Stories,
    /// Public posts at a place.
    Posts,
    /// Comments of a post, replies left out.
    Comments,
    /// Replies to a comment.
    Replies,
    /// Public posts with a hashtag.
    Tag,
    /// Hashtags a user looked for.
    Searched,
}

/// Everything the platform knows.
#[derive(Debug, Default)]
pub(crate) struct World {
    nodes: HashMap<Id, Node>,
    lists: HashMap<Rel, HashMap<Id, Vec<Id>>>,
    usernames: HashMap<String, Id>,
    tags: HashMap<String, Id>,
    codes: HashMap<String, Id>,
    /// Places in the order of the fixtures: cities by size, then venues.
    pub(crate) places: Vec<Id>,
    /// The account that `me` stands for.
    pub(crate) me: Option<Id>,
    /// When each account published, for the limit of 24 hours.
    pub(crate) published: HashMap<Id, Vec<i64>>,
    /// Numbers the nodes made while running.
    made: usize,
}

impl World {
    fn put(&mut self, node: Node) {
        self.nodes.insert(node.id().clone(), node);
    }

    fn link(&mut self, rel: Rel, from: &Id, to: &Id) {
        self.lists.entry(rel).or_default().entry(from.clone()).or_default().push(to.clone());
    }

    /// Puts a new row where the newest stand.
    fn link_newest(&mut self, rel: Rel, from: &Id, to: &Id) {
        self.lists.entry(rel).or_default().entry(from.clone()).or_default().insert(0, to.clone());
    }

    fn media_links(&self, media: &Media) -> Vec<(Rel, Id)> {
        let mut links = vec![(Rel::Media, media.owner_id.clone())];
        let public = self.user(&media.owner_id).is_none_or(|u| !u.is_private);
        if public {
            links.extend(media.location_id.clone().map(|place| (Rel::Posts, place)));
            let words = media.caption.as_deref().unwrap_or_default().split_whitespace();
            for tag in words.filter_map(|w| w.strip_prefix('#')) {
                links.extend(self.tags.get(tag).map(|id| (Rel::Tag, id.clone())));
            }
        }
        links
    }

    fn add_media(&mut self, media: Media) {
        for (rel, from) in self.media_links(&media) {
            self.link(rel, &from, &media.id);
        }
        self.keep_media(media);
    }

    fn keep_media(&mut self, media: Media) {
        for item in &media.children {
            let child = Media {
                id: item.clone(),
                media_type: "IMAGE".to_owned(),
                caption: None,
                media_url: None,
                children: Vec::new(),
                like_count: 0,
                comments_count: 0,
                location_id: None,
                ..media.clone()
            };
            self.put(Node::Media(Arc::new(child)));
        }
        if let Some(code) = cdn::shortcode(&media.permalink) {
            self.codes.insert(code.to_owned(), media.id.clone());
        }
        self.put(Node::Media(Arc::new(media)));
    }

    /// A post made while running.
    pub(crate) fn publish_media(&mut self, media: Media) {
        for (rel, from) in self.media_links(&media) {
            self.link_newest(rel, &from, &media.id);
        }
        if let Some(Node::User(user)) = self.nodes.get_mut(&media.owner_id) {
            Arc::make_mut(user).media_count += 1;
        }
        self.keep_media(media);
    }

    fn add_story(&mut self, story: Story) {
        self.link(Rel::Stories, &story.owner_id, &story.id);
        if let Some(place) = &story.location_id {
            self.link(Rel::Stories, place, &story.id);
        }
        self.put(Node::Story(Arc::new(story)));
    }

    /// A story made while running.
    pub(crate) fn publish_story(&mut self, story: Story) {
        self.link_newest(Rel::Stories, &story.owner_id, &story.id);
        if let Some(place) = &story.location_id {
            self.link_newest(Rel::Stories, place, &story.id);
        }
        self.put(Node::Story(Arc::new(story)));
    }

    fn comment_link(comment: &Comment) -> (Rel, Id) {
        match &comment.parent_id {
            Some(parent) => (Rel::Replies, parent.clone()),
            None => (Rel::Comments, comment.media_id.clone()),
        }
    }

    fn add_comment(&mut self, comment: Comment) {
        let (rel, from) = Self::comment_link(&comment);
        self.link(rel, &from, &comment.id);
        self.put(Node::Comment(Arc::new(comment)));
    }

    /// A comment or reply made while running.
    pub(crate) fn publish_comment(&mut self, comment: Comment) {
        let (rel, from) = Self::comment_link(&comment);
        self.link_newest(rel, &from, &comment.id);
        if let Some(media) = self.media_mut(&comment.media_id.clone()) {
            media.comments_count += 1;
        }
        self.put(Node::Comment(Arc::new(comment)));
    }

    pub(crate) fn put_container(&mut self, container: Container) {
        self.put(Node::Container(Arc::new(container)));
    }

    /// Takes a node away; lists skip it from now on.
    pub(crate) fn remove(&mut self, id: &str) {
        match self.nodes.remove(id) {
            Some(Node::Media(media)) => {
                if let Some(Node::User(user)) = self.nodes.get_mut(&media.owner_id) {
                    let user = Arc::make_mut(user);
                    user.media_count = user.media_count.saturating_sub(1);
                }
            }
            Some(Node::Comment(comment)) => {
                if let Some(media) = self.media_mut(&comment.media_id) {
                    media.comments_count = media.comments_count.saturating_sub(1);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn note_search(&mut self, user: &Id, tag: &Id) {
        let list = self.lists.entry(Rel::Searched).or_default().entry(user.clone()).or_default();
        list.retain(|id| id != tag);
        list.insert(0, tag.clone());
    }

    /// The next number for a node made while running.
    pub(crate) fn next_number(&mut self) -> usize {
        self.made += 1;
        self.made
    }

    pub(crate) fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.get(id)
    }

    pub(crate) fn user(&self, id: &str) -> Option<&Arc<User>> {
        match self.nodes.get(id) {
            Some(Node::User(user)) => Some(user),
            _ => None,
        }
    }

    pub(crate) fn place(&self, id: &str) -> Option<&Arc<Place>> {
        match self.nodes.get(id) {
            Some(Node::Place(place)) => Some(place),
            _ => None,
        }
    }

    pub(crate) fn media_mut(&mut self, id: &str) -> Option<&mut Media> {
        match self.nodes.get_mut(id) {
            Some(Node::Media(media)) => Some(Arc::make_mut(media)),
            _ => None,
        }
    }

    pub(crate) fn comment_mut(&mut self, id: &str) -> Option<&mut Comment> {
        match self.nodes.get_mut(id) {
            Some(Node::Comment(comment)) => Some(Arc::make_mut(comment)),
            _ => None,
        }
    }

    pub(crate) fn user_called(&self, name: &str) -> Option<&Arc<User>> {
        self.usernames.get(name).and_then(|id| self.user(id))
    }

    pub(crate) fn hashtag_called(&self, name: &str) -> Option<&Arc<Hashtag>> {
        match self.tags.get(name).and_then(|id| self.nodes.get(id)) {
            Some(Node::Hashtag(tag)) => Some(tag),
            _ => None,
        }
    }

    pub(crate) fn by_code(&self, code: &str) -> Option<&Node> {
        self.codes.get(code).and_then(|id| self.nodes.get(id))
    }

    /// The rows of a list that still exist, newest first.
    pub(crate) fn list(&self, rel: Rel, id: &str) -> impl Iterator<Item = &Node> {
        let list = self.lists.get(&rel).and_then(|l| l.get(id));
        list.into_iter().flatten().filter_map(|id| self.nodes.get(id))
    }

    /// Every node, in no order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }
}
