//! Builds the world out of the rows of the fixtures.
//!
//! Must not know where the rows come from.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Rel, World};
use crate::model::{Id, Node, Rows, User};

impl World {
    pub(crate) fn new(rows: Rows) -> Self {
        let mut world = Self::default();
        let users = rows.users.len();
        world.me = me(&rows);
        for place in rows.places {
            world.places.push(place.id.clone());
            world.put(Node::Place(Arc::new(place)));
        }
        let ids: Vec<Id> = rows.users.iter().map(|u| u.id.clone()).collect();
        for user in rows.users {
            world.usernames.insert(user.username.clone(), user.id.clone());
            world.put(Node::User(Arc::new(user)));
        }
        for tag in rows.hashtags {
            world.tags.insert(tag.name.clone(), tag.id.clone());
            world.put(Node::Hashtag(Arc::new(tag)));
        }
        for (at, media) in rows.media.into_iter().enumerate() {
            if at % 5 == 0 {
                world.point(&ids, Rel::Tagged, at * 7 % users.max(1), &media.id);
            }
            if at % 7 == 0 {
                world.point(&ids, Rel::Mentioned, at * 11 % users.max(1), &media.id);
            }
            world.add_media(media);
        }
        for story in rows.stories {
            world.add_story(story);
        }
        for comment in rows.comments {
            world.add_comment(comment);
        }
        world.sort();
        world
    }

    /// Tags and mentions are not in the fixtures: they are spread over the users.
    fn point(&mut self, users: &[Id], rel: Rel, at: usize, media: &Id) {
        if let Some(user) = users.get(at) {
            self.link(rel, user, media);
        }
    }

    /// Newest first, then by id.
    fn sort(&mut self) {
        let nodes = &self.nodes;
        let age =
            |id: &Id| std::cmp::Reverse((nodes.get(id).map_or(0, Node::timestamp), id.clone()));
        for list in self.lists.values_mut().flat_map(HashMap::values_mut) {
            list.sort_by_cached_key(age);
        }
    }
}

/// The manifest's paging user, else the first BUSINESS user with exactly 57 posts, else the first user.
fn me(rows: &Rows) -> Option<Id> {
    let business = |u: &&User| u.account_type == "BUSINESS";
    let known = rows.paging_user.as_ref().filter(|id| rows.users.iter().any(|u| u.id == **id));
    let paging = || rows.users.iter().filter(business).find(|u| u.media_count == 57);
    let id = known.or_else(|| {
        paging().or_else(|| rows.users.iter().find(business)).or(rows.users.first()).map(|u| &u.id)
    });
    id.cloned()
}
