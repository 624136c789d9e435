//! The nouns of commands and events: who acts, what a partner declared, what is imported.
//!
//! Must not know files, sockets, runtime or how a leaf is stored.

use portcullis_types::{ClientId, KeyId, PartnerId, Wall};
use serde::{Deserialize, Serialize};

/// Who acts: the name of an admin token, `init`, or the gate itself.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
pub struct Actor {
    /// `person`, `token`, `local` (a command on the machine with the store), `gate` or `partner`.
    pub kind: ActorKind,
    /// The person's id, the token's name, the user's name, the part of the gate, or partner and key.
    pub id: String,
}

/// The kinds of actor.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// Somebody with an admin token that belongs to no person.
    Token,
    /// A person, whatever it signed in with.
    Person,
    /// A command on the machine itself (`init`).
    Local,
    /// The gate, by its own clock or files.
    Gate,
    /// A partner, with a key of its own: it acts on what is its own only.
    Partner,
}

/// The closed list of uses a partner can declare (agreements of the platform).
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// Schedules and publishes for accounts that authorised it.
    Publishing,
    /// Answers comments.
    CommentCare,
    /// Public posts of declared brands and hashtags.
    BrandAnalytics,
    /// Profiles of creators who joined.
    CreatorMarketplace,
    /// Figures about stories.
    StoryInsights,
    /// Guest posts at the partner's own properties.
    OwnPropertyMonitoring,
    /// A wall of public posts.
    SocialWall,
    /// Finds places as a traveller types.
    TravelSearch,
    /// Verifies what eyewitnesses post.
    Newsroom,
    /// A study of public hashtags.
    Research,
    /// Dashboards for accounts that authorised it.
    AudienceInsights,
    /// Recaps for brands.
    CampaignReports,
    /// Posts at the branches of the partner's customers.
    LocationMarketing,
    /// Counts over a panel of places.
    MarketStatistics,
    /// What guests write about subscribed places.
    ReviewDigest,
}

/// Whether what the policies say is enforced on a partner.
#[derive(
    Debug, Clone, Copy, Default, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// All of it.
    #[default]
    Enforce,
    /// Everything but authentication and holds is judged and recorded, and lets the call pass.
    Observe,
}

/// Whose standing or credential a command concerns.
#[derive(Debug, Clone, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum SubjectId {
    /// A partner with all its keys.
    Partner(PartnerId),
    /// A client with all its keys.
    Client(ClientId),
    /// One key.
    Key(KeyId),
}

/// When a key begins to work.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyStart {
    /// As soon as it is issued.
    #[default]
    AtOnce,
    /// At a moment.
    At(Wall),
    /// Once somebody activates it.
    WhenActivated,
}

/// What kind of customer a client is.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientCategory {
    /// Sells goods or services.
    Brand,
    /// Works for brands.
    Agency,
    /// A newspaper, broadcaster or publisher.
    Media,
    /// A person who publishes.
    Creator,
    /// A university or institute.
    Research,
    /// Works for the common good.
    Nonprofit,
    /// Any body of a state.
    Government,
    /// The partner's own use.
    Own,
}

/// The state a credential is imported in.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportedState {
    /// It works.
    #[default]
    Active,
    /// It is known and ended.
    Revoked,
}

/// A file of the policy set, by content.
#[derive(Debug, Clone, Eq, PartialEq, Ord, PartialOrd, Serialize, Deserialize)]
pub struct PublishedFile {
    /// `routes/plaza.yaml` or `policies/partner-standard.yaml`: relative, `/`-separated.
    pub name: String,
    /// Lower-case hex SHA-256 of the text, which is a blob of the store.
    pub sha256: String,
}

/// Secrets of the gate whose change is recorded.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotatedSecret {
    /// The pepper of the keys.
    Pepper,
    /// The key that signs the log's root.
    LogKey,
    /// An admin token.
    AdminToken,
    /// The platform's own credential.
    PlatformCredential,
    /// What signs messages to the platform's own hook.
    PlatformHook,
}

/// One imported key: digest of the whole key under the pepper, never the key.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
pub struct ImportedKey {
    /// The id made for it from the digest.
    pub id: KeyId,
    /// Lower-case hex, 16 bytes.
    pub digest: String,
    /// Its partner.
    pub partner: PartnerId,
    /// Its state.
    pub state: ImportedState,
}

impl Actor {
    /// The gate, by its clock.
    #[must_use]
    pub fn clock() -> Self {
        Self { kind: ActorKind::Gate, id: "clock".to_owned() }
    }

    /// Whether it is surely not the same person: persons are compared, never logins. Where a login
    /// belongs to no person, the logins are all there is to compare.
    #[must_use]
    pub fn is_somebody_else(&self, other: &Self) -> bool {
        self.kind != ActorKind::Gate && self != other
    }
}

impl KeyStart {
    /// Whether the key works as soon as it is issued.
    #[must_use]
    pub fn is_at_once(&self) -> bool {
        *self == Self::AtOnce
    }
}

impl Use {
    /// The name as it stands in events, policies and facts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Publishing => "publishing",
            Self::CommentCare => "comment_care",
            Self::BrandAnalytics => "brand_analytics",
            Self::CreatorMarketplace => "creator_marketplace",
            Self::StoryInsights => "story_insights",
            Self::OwnPropertyMonitoring => "own_property_monitoring",
            Self::SocialWall => "social_wall",
            Self::TravelSearch => "travel_search",
            Self::Newsroom => "newsroom",
            Self::Research => "research",
            Self::AudienceInsights => "audience_insights",
            Self::CampaignReports => "campaign_reports",
            Self::LocationMarketing => "location_marketing",
            Self::MarketStatistics => "market_statistics",
            Self::ReviewDigest => "review_digest",
        }
    }
}

impl Mode {
    /// The name as it stands in events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Observe => "observe",
        }
    }
}

impl SubjectId {
    /// The id as a person writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Partner(id) => id.as_str(),
            Self::Client(id) => id.as_str(),
            Self::Key(id) => id.as_str(),
        }
    }

    /// What it is: `partner`, `client` or `key`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Partner(_) => "partner",
            Self::Client(_) => "client",
            Self::Key(_) => "key",
        }
    }

    /// What it is and which, as commands and views have it: `partner:acme`.
    #[must_use]
    pub fn named(&self) -> String {
        format!("{}:{}", self.kind(), self.as_str())
    }
}

impl std::fmt::Display for SubjectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} `{}`", self.kind(), self.as_str())
    }
}
