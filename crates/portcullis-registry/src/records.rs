//! What the state holds about a partner, a client and a key.
//!
//! What is said of a key stands apart from its id, since the same is said of many. Must not know how
//! the records are stored or found.

use std::sync::Arc;

use portcullis_types::{
    Binding, ClientId, ClientIx, Effect, Facts, Identity, KeyIx, Notice, PartnerId, PartnerIx,
    Percent, Revision, ScopeName, Subject, TierName, Wall,
};

use crate::platform::PlatformSeen;
use crate::standing::Course;
use crate::words::{ClientCategory, Mode, PublishedFile};

/// A list of scopes shared by all keys that are narrowed alike.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct ScopeListIx(pub u32);

/// A pepper that keys were made under, by the order of its first use.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct PepperIx(pub u8);

impl PepperIx {
    /// Of what is under no pepper.
    pub(crate) const NONE: Self = Self(u8::MAX);
}

/// Whether a credential counts.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Credential {
    /// Not yet.
    Pending,
    /// It does.
    Active,
    /// It does until its end; a successor was issued.
    Rotating,
    /// Its time is over.
    Expired,
    /// It ended for ever.
    Revoked,
    /// It ended for ever, since somebody else may have it.
    Compromised,
}

impl Credential {
    /// Whether nothing leads back from it.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Revoked | Self::Compromised => true,
            Self::Pending | Self::Active | Self::Rotating | Self::Expired => false,
        }
    }

    /// The name as people read it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Rotating => "rotating",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Compromised => "compromised",
        }
    }
}

/// What few keys have.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub struct KeyMore {
    /// When a pending key begins to work; none: once somebody activates it.
    pub starts: Option<Wall>,
    /// The key that was issued in its place.
    pub successor: Option<KeyIx>,
    /// Whether the key itself asked for that one: whoever had it may have the other, too.
    pub renewed_itself: bool,
    /// When it was to end before it was rotated: whatever replaces it ends then, too.
    pub ends: Option<Wall>,
    /// Whether it is on hold without a statement of reasons.
    pub untold: bool,
    /// Where it is accepted from; none: anywhere.
    pub binding: Option<Arc<Binding>>,
    /// What proves the caller in place of a key.
    pub identity: Option<Arc<Identity>>,
}

/// What is said of a key.
#[derive(Debug, Clone)]
pub struct KeyTerms {
    /// Whose it is.
    pub partner: PartnerIx,
    /// The client it is bound to.
    pub client: Option<ClientIx>,
    /// Its own narrowing; none: all that partner and client have.
    pub scopes: Option<ScopeListIx>,
    /// Whether it still counts.
    pub credential: Credential,
    /// The pepper its digest was made under.
    pub pepper: PepperIx,
    /// When it ends by itself.
    pub expires: Option<Wall>,
    /// The hold on this key alone.
    pub narrowed: Option<Arc<Notice>>,
    /// Why it was revoked.
    pub ended: Option<Arc<Notice>>,
    /// What the operator calls it.
    pub label: Option<Arc<str>>,
    /// When it starts, and what follows it.
    pub more: Option<Arc<KeyMore>>,
    /// When it was issued or imported.
    pub issued: Wall,
    /// The event that made it.
    pub revision: Revision,
}

impl KeyTerms {
    /// Where it is accepted from; none: anywhere.
    #[must_use]
    pub fn binding(&self) -> Option<&Binding> {
        self.more.as_ref()?.binding.as_deref()
    }
}

/// One partner.
#[derive(Debug, Clone)]
pub struct PartnerRecord {
    /// Its id.
    pub id: PartnerId,
    /// What people call it.
    pub name: Arc<str>,
    /// Its tier; none: the one for its declared use.
    pub tier: Option<TierName>,
    /// What the access is for, in the partner's words; empty where nobody asked.
    pub declared_use: Arc<str>,
    /// Its own narrowing; none: all its tier has.
    pub scopes: Option<Arc<[ScopeName]>>,
    /// What it declared, its use among it. Whether the declaration lapsed is for the judge to see.
    pub facts: Arc<Facts>,
    /// Whether policies are enforced on it.
    pub mode: Mode,
    /// What its standing takes from it and all its keys.
    pub narrowed: Option<Arc<Notice>>,
    /// How it came to its standing, and what is due; none: it is good.
    pub course: Option<Arc<Course>>,
    /// The review date of its facts that passed, and an event said so.
    pub lapsed: Option<Wall>,
    /// What became of the last message to the platform about it.
    pub platform: Option<Arc<PlatformSeen>>,
    /// When it was added.
    pub added: Wall,
    /// The event that added or last edited it.
    pub revision: Revision,
}

/// One client of a partner.
#[derive(Debug, Clone)]
pub struct ClientRecord {
    /// Its id.
    pub id: ClientId,
    /// Whose customer it is.
    pub partner: PartnerIx,
    /// What people call it.
    pub name: Arc<str>,
    /// Its own narrowing; none: all its partner has.
    pub scopes: Option<Arc<[ScopeName]>>,
    /// What it uses the data for, in the partner's words; empty where nobody asked.
    pub purpose: Arc<str>,
    /// What kind of customer it is.
    pub category: Option<ClientCategory>,
    /// What was declared for it beside its partner's facts.
    pub facts: Arc<Facts>,
    /// What its standing takes from it and all its keys.
    pub narrowed: Option<Arc<Notice>>,
    /// How it came to its standing, and what is due; none: it is good.
    pub course: Option<Arc<Course>>,
    /// The review date of its facts that passed, and an event said so.
    pub lapsed: Option<Wall>,
    /// When it was declared.
    pub added: Wall,
    /// The event that declared it or last changed it.
    pub revision: Revision,
}

/// What the log says about the grants; the grants themselves lie beside it.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct GrantsLogged {
    /// The last event that changed any: the version that a feed builds on.
    pub revision: Revision,
    /// When that was.
    pub at: Wall,
    /// How many there are.
    pub total: u64,
    /// A salted digest over all of them, lower-case hex.
    pub digest: String,
}

/// The set of routes and policies in force.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct PolicyInForce {
    /// The event that put it in force.
    pub revision: Revision,
    /// Since when.
    pub since: Wall,
    /// Its name: a digest over the names and digests of its files.
    pub set: String,
    /// Its files, by name.
    pub files: Vec<PublishedFile>,
}

/// Partner, client or key, by index.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum SubjectIx {
    /// A partner with all its keys.
    Partner(PartnerIx),
    /// A client with all its keys.
    Client(ClientIx),
    /// One key.
    Key(KeyIx),
}

/// What becomes of a call with a key, before any policy is asked.
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum Standing {
    /// It may be judged.
    Good,
    /// The key ended for ever.
    Revoked(Arc<Notice>),
    /// The key's time is over.
    Expired {
        /// When it ended.
        at: Wall,
    },
    /// The key can't be used yet.
    Pending {
        /// From when on; none: from its activation on.
        from: Option<Wall>,
    },
    /// The standing of partner, client or key takes something away: all of it holds.
    Narrowed {
        /// What each takes away.
        by: Narrowings,
    },
    /// There is no such key in this snapshot, or it is not whole: refuse.
    Unknown,
}

/// What partner, client and key each take away from a call.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub struct Narrowings {
    /// The partner's notice.
    pub partner: Option<Arc<Notice>>,
    /// The client's.
    pub client: Option<Arc<Notice>>,
    /// The key's own.
    pub key: Option<Arc<Notice>>,
}

impl Narrowings {
    /// Those there are, the widest first.
    pub fn iter(&self) -> impl Iterator<Item = (Subject, &Arc<Notice>)> {
        let each = [
            (Subject::Partner, &self.partner),
            (Subject::Client, &self.client),
            (Subject::Key, &self.key),
        ];
        each.into_iter().filter_map(|(subject, notice)| Some((subject, notice.as_ref()?)))
    }

    /// The widest that closes a class to such a call.
    #[must_use]
    pub fn barring(
        &self,
        class: &str,
        effect: Effect,
        continuity: bool,
    ) -> Option<(Subject, &Arc<Notice>)> {
        self.iter().find(|(_, notice)| notice.bars(class, effect, continuity))
    }

    /// What is left of rates and budgets: the least of all; none: all of them.
    #[must_use]
    pub fn factor(&self) -> Option<Percent> {
        self.iter().filter_map(|(_, notice)| notice.factor).min()
    }

    /// Whether none takes anything away.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}
