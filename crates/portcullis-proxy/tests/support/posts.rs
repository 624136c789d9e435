//! A platform with posts and stories, and tiers whose answers are cut down.

use super::World;

pub const USER: &str = "/v21.0/178410001";
pub const POST: &str = "/v21.0/1790001";
pub const MEDIA: &str = "/v21.0/178410001/media";
pub const STORIES: &str = "/v21.0/178410001/stories";

pub const ROUTES: &str = r##"
version: 1
versions: { known: [v21.0], missing: v21.0 }
classes: { profile: Accounts, post.list: Posts, post.single: A post, story.list: Stories, story.single: A story }
types:
  user:
    ids: ["17841####"]
    default: [id, username]
    fields: { profile: [id, username] }
    edges:
      media: { class: post.list, holds: post, modifiers: [limit, after] }
  post:
    ids: ["179####"]
    default: [id, caption]
    fields: { post.single: [id, caption, media_product_type] }
  story:
    ids: ["18####"]
    default: [id]
    fields: { story.single: [id, media_product_type, expires_at] }
operations:
  batch:
    method: POST
    path: /{version}
    batch: true
    params: { batch: batch, include_headers: plain }
  getNode:
    method: GET
    path: /{version}/{node_id}
    target: node_id
    class_by_type: { user: profile, post: post.single, story: story.single }
    answer: target
    params: { fields: fields }
  listMedia:
    method: GET
    path: /{version}/{node_id}/media
    target: node_id
    class_by_type: { user: post.list }
    answer: post
    params: { fields: fields, limit: page_size, after: cursor }
    links: true
  listStories:
    method: GET
    path: /{version}/{node_id}/stories
    target: node_id
    class_by_type: { user: story.list }
    answer: story
    params: { fields: fields, limit: page_size }
    links: true
"##;

pub const SCOPES: &str = r##"
version: 1
scopes:
  all: { about: Everything, classes: [profile, post.list, post.single, story.list, story.single] }
"##;

/// No stories among posts.
pub const NO_STORIES: &str = r##"
version: 1
tier: standard
about: For tests
scopes: [all]
batch: true
rates: []
filter:
  - { id: no-stories, class: [post.list, post.single], drop_items: { product_type: [STORY] } }
  - { id: fresh, class: [story.list, story.single], drop_items: { expired: true } }
"##;

/// The same, seen and not enforced.
pub const IN_SHADOW: &str = r##"
version: 1
tier: standard
about: For tests
scopes: [all]
rates: []
filter:
  - { id: no-stories, class: [post.list], drop_items: { product_type: [STORY] }, shadow: true }
"##;

/// The platform with that tier.
pub const fn world(tier: &str) -> World<'_> {
    World { routes: ROUTES, scopes: SCOPES, tier }
}
