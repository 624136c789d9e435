//! Which node types there are, how their ids look, and which fields, objects and edges each has.
//!
//! The one table behind `DEFAULTS.md`; a test compares the two. Must not know fixtures or HTTP.

/// The type of a node. It never shows in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Type {
    User,
    Media,
    Story,
    Place,
    Hashtag,
    Comment,
    Container,
}

/// An edge: a page of rows hanging off a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Edge {
    Media,
    Tags,
    Mentioned,
    Stories,
    Searched,
    Quota,
    Insights,
    Children,
    Comments,
    Replies,
    Posts,
    Recent,
    Top,
}

/// What a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A JSON value.
    Plain,
    /// A node in braces, with the fields it shows when none are named.
    Object(Type, &'static str),
    /// The geography of a place: plain members in braces.
    Geo,
    /// A page.
    Edge(Edge),
    /// `business_discovery.username(x)`.
    Discovery,
}

/// One field: its name, what it is, and whether a read without `fields` shows it.
pub(crate) type Field = (&'static str, Kind, bool);

use Kind::{Discovery, Geo, Object, Plain};

const USER: &[Field] = &[
    ("id", Plain, true),
    ("username", Plain, true),
    ("name", Plain, false),
    ("account_type", Plain, false),
    ("biography", Plain, false),
    ("website", Plain, false),
    ("followers_count", Plain, false),
    ("follows_count", Plain, false),
    ("media_count", Plain, false),
    ("profile_picture_url", Plain, false),
    ("is_private", Plain, false),
    ("home_location", Object(Type::Place, "id,name"), false),
    ("media", Kind::Edge(Edge::Media), false),
    ("tags", Kind::Edge(Edge::Tags), false),
    ("mentioned_media", Kind::Edge(Edge::Mentioned), false),
    ("stories", Kind::Edge(Edge::Stories), false),
    ("recently_searched_hashtags", Kind::Edge(Edge::Searched), false),
    ("content_publishing_limit", Kind::Edge(Edge::Quota), false),
    ("insights", Kind::Edge(Edge::Insights), false),
    ("business_discovery", Discovery, false),
];

const MEDIA: &[Field] = &[
    ("id", Plain, true),
    ("caption", Plain, false),
    ("media_type", Plain, false),
    ("media_product_type", Plain, false),
    ("permalink", Plain, false),
    ("timestamp", Plain, false),
    ("media_url", Plain, false),
    ("thumbnail_url", Plain, false),
    ("like_count", Plain, false),
    ("comments_count", Plain, false),
    ("username", Plain, false),
    ("shortcode", Plain, false),
    ("is_comment_enabled", Plain, false),
    ("owner", Object(Type::User, "id"), false),
    ("location", Object(Type::Place, "id,name"), false),
    ("children", Kind::Edge(Edge::Children), false),
    ("comments", Kind::Edge(Edge::Comments), false),
    ("insights", Kind::Edge(Edge::Insights), false),
];

const STORY: &[Field] = &[
    ("id", Plain, true),
    ("media_type", Plain, false),
    ("media_product_type", Plain, false),
    ("permalink", Plain, false),
    ("timestamp", Plain, false),
    ("expires_at", Plain, false),
    ("media_url", Plain, false),
    ("thumbnail_url", Plain, false),
    ("username", Plain, false),
    ("account_type", Plain, false),
    ("like_count", Plain, false),
    ("shortcode", Plain, false),
    ("owner", Object(Type::User, "id"), false),
    ("location", Object(Type::Place, "id,name"), false),
    ("insights", Kind::Edge(Edge::Insights), false),
];

const PLACE: &[Field] = &[
    ("id", Plain, true),
    ("name", Plain, true),
    ("category", Plain, false),
    ("latitude", Plain, false),
    ("longitude", Plain, false),
    ("country_code", Plain, false),
    ("timezone", Plain, false),
    ("location", Geo, false),
    ("posts", Kind::Edge(Edge::Posts), false),
    ("stories", Kind::Edge(Edge::Stories), false),
];

const HASHTAG: &[Field] = &[
    ("id", Plain, true),
    ("name", Plain, true),
    ("recent_media", Kind::Edge(Edge::Recent), false),
    ("top_media", Kind::Edge(Edge::Top), false),
];

const COMMENT: &[Field] = &[
    ("id", Plain, true),
    ("text", Plain, true),
    ("timestamp", Plain, true),
    ("username", Plain, false),
    ("hidden", Plain, false),
    ("like_count", Plain, false),
    ("parent_id", Plain, false),
    ("from", Object(Type::User, "id,username"), false),
    ("user", Object(Type::User, "id"), false),
    ("media", Object(Type::Media, "id"), false),
    ("replies", Kind::Edge(Edge::Replies), false),
];

const CONTAINER: &[Field] =
    &[("id", Plain, true), ("status_code", Plain, false), ("status", Plain, false)];

/// The members of a place's `location{…}`, all shown by default.
pub(crate) const GEO: &[&str] = &["latitude", "longitude", "country_code", "timezone", "city"];

/// The members of a publishing quota row, the first by default.
pub(crate) const QUOTA: &[&str] = &["quota_usage", "config", "quota_duration"];

/// All fields of a type.
pub(crate) fn fields(kind: Type) -> &'static [Field] {
    match kind {
        Type::User => USER,
        Type::Media => MEDIA,
        Type::Story => STORY,
        Type::Place => PLACE,
        Type::Hashtag => HASHTAG,
        Type::Comment => COMMENT,
        Type::Container => CONTAINER,
    }
}

/// What the field of this name is, if the type has it.
pub(crate) fn field(kind: Type, name: &str) -> Option<Kind> {
    fields(kind).iter().find(|f| f.0 == name).map(|f| f.1)
}

/// The edge of this name, if the type has it.
pub(crate) fn edge(kind: Type, name: &str) -> Option<Edge> {
    match field(kind, name) {
        Some(Kind::Edge(edge)) => Some(edge),
        _ => None,
    }
}

/// The `fields` text that a read without `fields` stands for.
pub(crate) fn defaults(kind: Type) -> Vec<&'static str> {
    fields(kind).iter().filter(|f| f.2).map(|f| f.0).collect()
}

impl Type {
    /// The name used in error texts and `metadata`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Media => "Media",
            Self::Story => "Story",
            Self::Place => "Place",
            Self::Hashtag => "Hashtag",
            Self::Comment => "Comment",
            Self::Container => "Container",
        }
    }
}

impl Edge {
    /// The largest page that is served; larger wishes are cut to it.
    pub(crate) fn limit_max(self) -> usize {
        match self {
            Self::Recent | Self::Top => 50,
            Self::Children => 10,
            _ => 100,
        }
    }

    /// The page size when none is asked for.
    pub(crate) fn limit_default(self) -> usize {
        if self == Self::Children { 10 } else { 25 }
    }
}
