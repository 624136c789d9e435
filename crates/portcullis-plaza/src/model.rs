//! The rows of the fixtures and what is created on top of them.
//!
//! The serde shapes are those of the JSON lines that `--fixtures` reads. Must not know HTTP or paths.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Deserializer};

use crate::clock;
use crate::schema::Type;

/// An id, shared between the row and the lists that name it.
pub(crate) type Id = Arc<str>;

/// A city or a venue.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Place {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) category: String,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    pub(crate) country_code: String,
    pub(crate) timezone: String,
    #[serde(default)]
    pub(crate) city_id: Option<Id>,
}

/// An account.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct User {
    pub(crate) id: Id,
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) account_type: String,
    #[serde(default)]
    pub(crate) is_private: bool,
    #[serde(default)]
    pub(crate) biography: Option<String>,
    #[serde(default)]
    pub(crate) followers_count: u64,
    #[serde(default)]
    pub(crate) follows_count: u64,
    #[serde(default)]
    pub(crate) website: Option<String>,
    #[serde(default)]
    pub(crate) home_location_id: Option<Id>,
    #[serde(default)]
    pub(crate) media_count: u64,
}

impl User {
    /// BUSINESS and CREATOR accounts, which `business_discovery` finds.
    pub(crate) fn is_professional(&self) -> bool {
        self.account_type != "PERSONAL"
    }
}

/// A post, or an item of a carousel.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Media {
    pub(crate) id: Id,
    pub(crate) owner_id: Id,
    pub(crate) username: String,
    pub(crate) media_type: String,
    #[serde(default = "feed")]
    pub(crate) media_product_type: String,
    #[serde(default)]
    pub(crate) caption: Option<String>,
    #[serde(deserialize_with = "time")]
    pub(crate) timestamp: i64,
    /// As in the fixtures; none means that it is signed when it is asked for.
    #[serde(default)]
    pub(crate) media_url: Option<String>,
    pub(crate) permalink: String,
    #[serde(default)]
    pub(crate) like_count: u64,
    #[serde(default)]
    pub(crate) comments_count: u64,
    #[serde(default)]
    pub(crate) location_id: Option<Id>,
    #[serde(default)]
    pub(crate) children: Vec<Id>,
    #[serde(default)]
    pub(crate) comments_off: bool,
}

/// A post that vanishes after a day.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Story {
    pub(crate) id: Id,
    pub(crate) owner_id: Id,
    pub(crate) username: String,
    pub(crate) account_type: String,
    pub(crate) media_type: String,
    #[serde(deserialize_with = "time")]
    pub(crate) timestamp: i64,
    #[serde(deserialize_with = "time")]
    pub(crate) expires_at: i64,
    #[serde(default)]
    pub(crate) media_url: Option<String>,
    #[serde(default)]
    pub(crate) location_id: Option<Id>,
}

/// A comment, or a reply to one.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Comment {
    pub(crate) id: Id,
    pub(crate) media_id: Id,
    pub(crate) from_id: Id,
    pub(crate) username: String,
    pub(crate) text: String,
    #[serde(deserialize_with = "time")]
    pub(crate) timestamp: i64,
    #[serde(default)]
    pub(crate) parent_id: Option<Id>,
    #[serde(default)]
    pub(crate) hidden: bool,
}

/// A hashtag.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Hashtag {
    pub(crate) id: Id,
    pub(crate) name: String,
}

/// Everything that is fixed before the first call.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) places: Vec<Place>,
    pub(crate) users: Vec<User>,
    pub(crate) media: Vec<Media>,
    pub(crate) stories: Vec<Story>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) hashtags: Vec<Hashtag>,
    /// The account that `me` stands for, if the manifest names one.
    pub(crate) paging_user: Option<Id>,
}

/// Something on its way to being published.
#[derive(Debug)]
pub(crate) struct Container {
    pub(crate) id: Id,
    pub(crate) owner_id: Id,
    /// IMAGE, VIDEO, REELS, CAROUSEL or STORIES.
    pub(crate) media_type: String,
    pub(crate) is_video: bool,
    pub(crate) caption: Option<String>,
    pub(crate) location_id: Option<Id>,
    pub(crate) children: Vec<Id>,
    /// Set once, when it is published.
    pub(crate) published: AtomicU32,
    seen: AtomicU32,
}

impl Container {
    pub(crate) fn new(id: Id, owner_id: Id, media_type: String) -> Self {
        Self {
            is_video: media_type == "VIDEO" || media_type == "REELS",
            id,
            owner_id,
            media_type,
            caption: None,
            location_id: None,
            children: Vec::new(),
            published: AtomicU32::new(0),
            seen: AtomicU32::new(0),
        }
    }

    /// The status as the next reader sees it. The first look finds the work in progress, later ones find it done:
    /// this stays the same under a clock that stands still.
    pub(crate) fn look(&self) -> &'static str {
        if self.is_published() {
            return "PUBLISHED";
        }
        if self.seen.fetch_add(1, Ordering::Relaxed) == 0 { "IN_PROGRESS" } else { "FINISHED" }
    }

    /// Pictures are ready by the time they are published; a video must have been waited for.
    pub(crate) fn is_ready(&self) -> bool {
        !self.is_video || self.seen.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn is_published(&self) -> bool {
        self.published.load(Ordering::Relaxed) > 0
    }
}

/// A node of any type, cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    User(Arc<User>),
    Media(Arc<Media>),
    Story(Arc<Story>),
    Place(Arc<Place>),
    Hashtag(Arc<Hashtag>),
    Comment(Arc<Comment>),
    Container(Arc<Container>),
}

impl Node {
    pub(crate) fn id(&self) -> &Id {
        match self {
            Self::User(row) => &row.id,
            Self::Media(row) => &row.id,
            Self::Story(row) => &row.id,
            Self::Place(row) => &row.id,
            Self::Hashtag(row) => &row.id,
            Self::Comment(row) => &row.id,
            Self::Container(row) => &row.id,
        }
    }

    pub(crate) fn kind(&self) -> Type {
        match self {
            Self::User(_) => Type::User,
            Self::Media(_) => Type::Media,
            Self::Story(_) => Type::Story,
            Self::Place(_) => Type::Place,
            Self::Hashtag(_) => Type::Hashtag,
            Self::Comment(_) => Type::Comment,
            Self::Container(_) => Type::Container,
        }
    }

    /// When it was made, for the order of pages and for `since` and `until`; 0 where there is no such time.
    pub(crate) fn timestamp(&self) -> i64 {
        match self {
            Self::Media(row) => row.timestamp,
            Self::Story(row) => row.timestamp,
            Self::Comment(row) => row.timestamp,
            Self::User(_) | Self::Place(_) | Self::Hashtag(_) | Self::Container(_) => 0,
        }
    }
}

fn feed() -> String {
    "FEED".to_owned()
}

fn time<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let text = String::deserialize(from)?;
    clock::parse(&text).ok_or_else(|| {
        serde::de::Error::custom(format!("`{text}` is no time; write 2024-03-31T12:00:00+0000"))
    })
}
