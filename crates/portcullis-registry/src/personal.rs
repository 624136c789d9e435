//! What is personal in events: in a content of its own with a salt, so that the leaf holds only a
//! commitment, and erasing the content leaves the leaf.
//!
//! Must not know where salts come from, or how content is kept.

use serde::{Deserialize, Serialize};

use crate::events::Event;
use crate::people::PeopleEvent;
use crate::plan::hex;
use crate::retention::kind_of;
use crate::state::Blob;

/// What stands for a name that was erased.
pub(crate) const ERASED: &str = "(erased)";

/// What is personal of a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Personal {
    salt: String,
    pub(crate) name: String,
    pub(crate) logins: Vec<String>,
}

impl Event {
    /// Whether the event holds what is personal and is to be sealed before it is written.
    #[must_use]
    pub fn is_open_personal(&self) -> bool {
        match self {
            Self::People(
                PeopleEvent::Added { personal, .. } | PeopleEvent::Edited { personal, .. },
            ) => personal.is_none(),
            Self::Ledger(event) => event.is_open(),
            _ => false,
        }
    }

    /// Takes what is personal out into a content of its own; none where there is nothing.
    pub fn seal(&mut self, salt: &[u8; 32]) -> Option<Blob> {
        if let Self::Ledger(event) = self {
            return event.seal(salt);
        }
        let Self::People(
            PeopleEvent::Added { name, logins, personal, .. }
            | PeopleEvent::Edited { name, logins, personal, .. },
        ) = self
        else {
            return None;
        };
        let content = Personal { salt: hex(salt), name: name.take()?, logins: logins.take()? };
        let blob = Blob::new(serde_json::to_vec(&content).ok()?);
        *personal = Some(blob.sha256.clone());
        Some(blob)
    }

    /// Digests of contents whose absence is no damage, if a later event erased them.
    #[must_use]
    pub fn erasable(&self) -> Vec<&str> {
        match self {
            Self::People(
                PeopleEvent::Added { personal, .. } | PeopleEvent::Edited { personal, .. },
            ) => personal.iter().map(String::as_str).collect(),
            Self::People(PeopleEvent::ProposalMade { blob, .. }) => vec![blob],
            event => kind_of(event).into_iter().map(|(_, sha256)| sha256).collect(),
        }
    }

    /// Digests of contents that it erases.
    #[must_use]
    pub fn erases(&self) -> Vec<&str> {
        match self {
            Self::People(PeopleEvent::Erased { personal, .. }) => {
                personal.iter().map(String::as_str).collect()
            }
            Self::Retention(event) => event.erases().collect(),
            _ => Vec::new(),
        }
    }
}
