//! A plan of the way back: stages by cohorts of clients, classes and a budget factor, each with what
//! must be so before it begins and before the next one follows.
//!
//! Must not know how a stage is carried out.

use portcullis_types::{ClassName, ClientId, PartnerId, Percent, Wall};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A way back in stages.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestorePlan {
    /// Whose; none: the one partner of the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerId>,
    /// Whether keys without a client of their own go with the stages, too. They stay closed
    /// otherwise while a stage is for some clients only, since nothing tells whose calls they carry.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keys_without_client: bool,
    /// The stages in order.
    pub stages: Vec<Stage>,
}

/// One stage.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What people call it.
    pub name: String,
    /// Which clients get access back.
    #[serde(default)]
    pub cohort: Cohort,
    /// Classes that stay closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassName>,
    /// What there is of rates and budgets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<Percent>,
    /// How long it lasts at least, in milliseconds.
    #[serde(default)]
    pub at_least: u64,
    /// What must be so before it begins.
    #[serde(default, skip_serializing_if = "Entry::is_nothing")]
    pub entry: Entry,
    /// What must be so before the next one follows.
    #[serde(default)]
    pub exit: Exit,
}

/// Which clients of a partner a stage is for.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cohort {
    /// All of them.
    #[default]
    All,
    /// These.
    Clients(Vec<ClientId>),
    /// A share of them, always the same and only growing with the share.
    Share(Percent),
}

/// What must be so before a stage begins.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// For which clients the partner must have attested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attestation: Vec<ClientId>,
}

/// What must be so before a stage ends.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exit {
    /// Most signals since it began; one more breaks the plan off.
    #[serde(default)]
    pub signals: u32,
    /// For which clients the partner must have attested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attestation: Vec<ClientId>,
}

impl RestorePlan {
    /// A stage by its number, from 1 on.
    #[must_use]
    pub fn stage(&self, number: u8) -> Option<&Stage> {
        self.stages.get(usize::from(number).checked_sub(1)?)
    }

    /// How many stages there are.
    #[must_use]
    pub fn len(&self) -> u8 {
        u8::try_from(self.stages.len()).unwrap_or(u8::MAX)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    /// The clients for which the partner is asked to attest, in any stage.
    pub fn asked(&self) -> impl Iterator<Item = &ClientId> {
        self.stages
            .iter()
            .flat_map(|stage| stage.entry.attestation.iter().chain(&stage.exit.attestation))
    }
}

impl Cohort {
    /// Whether a client is among them.
    #[must_use]
    pub fn has(&self, client: &ClientId) -> bool {
        match self {
            Self::All => true,
            Self::Clients(clients) => clients.contains(client),
            Self::Share(share) => {
                let digest = Sha256::digest(client.as_str().as_bytes());
                let drawn = digest.iter().take(4).fold(0, |n: u32, byte| n << 8 | u32::from(*byte));
                drawn % 100 < u32::from(share.get())
            }
        }
    }

    /// Whether some may be left out.
    #[must_use]
    pub fn is_some_only(&self) -> bool {
        match self {
            Self::All => false,
            Self::Clients(_) => true,
            Self::Share(share) => share.get() < 100,
        }
    }
}

impl Entry {
    fn is_nothing(&self) -> bool {
        self.attestation.is_empty()
    }
}

impl Stage {
    /// The earliest end of a stage that began then.
    #[must_use]
    pub fn ends(&self, began: Wall) -> Wall {
        Wall(began.0.saturating_add(self.at_least))
    }
}
