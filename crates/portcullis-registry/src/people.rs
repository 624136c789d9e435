//! The people who run the gate: who they are, what each may do, and what waits for a second one.
//!
//! A person is a record; admin tokens and subjects of an issuer belong to it. Must not know tokens,
//! HTTP or how somebody signed in.

mod asked;
mod rejected;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use portcullis_types::{PartnerId, PersonId, Revision, Wall};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

pub use asked::{PeopleCommand, PeopleEvent};
pub use rejected::PeopleRejected;

use crate::plan::hex;
use crate::proposals::{Glass, Proposal};
use crate::snapshot::Snapshot;

/// So long is counted how many partners one person narrowed.
pub(crate) const HOUR: u64 = 3_600_000;

/// What somebody may do.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks at partners, keys, policies, usage.
    Viewer,
    /// Puts policies in force.
    PolicyAuthor,
    /// Holds, restricts, warns, restores; looks into calls.
    Investigator,
    /// Lets what somebody else proposed happen, or not.
    Approver,
    /// Reads every entry of the log.
    Auditor,
    /// Declares partners, clients and people; issues and ends keys; feeds grants.
    Admin,
}

impl Role {
    /// All there are.
    pub const ALL: [Self; 6] = [
        Self::Viewer,
        Self::PolicyAuthor,
        Self::Investigator,
        Self::Approver,
        Self::Auditor,
        Self::Admin,
    ];

    /// The name as it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::PolicyAuthor => "policy_author",
            Self::Investigator => "investigator",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }

    /// The role of that name; `policy-author` is read too.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.replace('-', "_");
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of roles; in JSON a list of names.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub struct Roles(u8);

impl Roles {
    /// None.
    pub const NONE: Self = Self(0);
    /// Every one.
    pub const ALL: Self = Self(0b11_1111);

    /// Whether a role is among them.
    #[must_use]
    pub fn has(self, role: Role) -> bool {
        self.0 & 1 << role as u8 != 0
    }

    /// Whether all of the others are among them.
    #[must_use]
    pub fn covers(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Those there are, in their order.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().fold(0, |set, role| set | 1 << role as u8))
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Role::name).collect();
        f.write_str(if names.is_empty() { "none" } else { "" })?;
        f.write_str(&names.join(", "))
    }
}

impl Serialize for Roles {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Vec::<Role>::deserialize(from)?.into_iter().collect())
    }
}

/// A person.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct PersonRecord {
    /// Its id, which stands in the log.
    pub id: PersonId,
    /// What others call it.
    pub name: Arc<str>,
    /// What it may do.
    pub roles: Roles,
    /// Digests of the subjects it signs in as, by [`login`].
    pub logins: Vec<String>,
    /// When it was added.
    pub added: Wall,
    /// The event that added or last changed it.
    pub revision: Revision,
}

/// When one person is not enough.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize, Deserialize)]
pub struct PeopleRule {
    /// Whether widening needs a second person.
    pub two_persons: bool,
    /// So many partners one person may narrow within an hour; more need a second one.
    pub alone: u64,
}

/// Before a log says anything, it is that of one person.
impl Default for PeopleRule {
    fn default() -> Self {
        Self { two_persons: false, alone: 10 }
    }
}

/// All of them, with what waits.
#[derive(Debug, Clone, Default)]
pub struct People {
    pub(crate) persons: BTreeMap<PersonId, PersonRecord>,
    /// Contents that hold what is personal, of those who were removed too.
    pub(crate) personal: BTreeMap<PersonId, Vec<String>>,
    pub(crate) rule: PeopleRule,
    pub(crate) open: BTreeMap<u64, Proposal>,
    pub(crate) glass: BTreeMap<u64, Glass>,
    /// Who narrowed whom, and when, within the last hour.
    pub(crate) narrowed: Vec<(Wall, String, PartnerId)>,
}

impl People {
    /// The rule in force.
    #[must_use]
    pub fn rule(&self) -> PeopleRule {
        self.rule
    }

    /// A person.
    #[must_use]
    pub fn person(&self, id: &str) -> Option<&PersonRecord> {
        self.persons.get(&PersonId::new(id).ok()?)
    }

    /// Everybody, by id.
    pub fn persons(&self) -> impl Iterator<Item = &PersonRecord> {
        self.persons.values()
    }

    /// Whose login it is.
    #[must_use]
    pub fn by_login(&self, login: &str) -> Option<&PersonRecord> {
        self.persons.values().find(|person| person.logins.iter().any(|own| own == login))
    }

    /// What was proposed and not decided, the oldest first; also what can't be approved any more, until
    /// its time is over.
    pub fn open(&self) -> impl Iterator<Item = &Proposal> {
        self.open.values()
    }

    /// How many of them wait for a second person at this moment.
    #[must_use]
    pub fn waiting(&self, now: Wall) -> usize {
        self.open().filter(|open| open.waits(now)).count()
    }

    /// One of them.
    #[must_use]
    pub fn proposal(&self, id: Revision) -> Option<&Proposal> {
        self.open.get(&id.0)
    }

    /// What was done alone in an emergency and is not ratified yet.
    pub fn broken(&self) -> impl Iterator<Item = &Glass> {
        self.glass.values()
    }

    /// How many persons may approve.
    #[must_use]
    pub fn approvers(&self) -> usize {
        self.persons.values().filter(|person| person.roles.has(Role::Approver)).count()
    }
}

impl Snapshot {
    /// The people who run the gate, and what waits for a second one.
    #[must_use]
    pub fn people(&self) -> &People {
        &self.people
    }
}

/// How a subject of an issuer stands in the log: a digest, since the subject may be a mail address.
#[must_use]
pub fn login(issuer: &str, subject: &str) -> String {
    let mut hash = Sha256::new();
    hash.update((issuer.len() as u64).to_be_bytes());
    hash.update(issuer);
    hash.update(subject);
    hex(&hash.finalize())
}
