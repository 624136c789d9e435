//! What the platform was told of holds and restores, and what it answered: kept in the log, since a hold
//! does not reach what the platform has given out already.
//!
//! Must not know how a message is sent.

use std::sync::Arc;

use portcullis_types::{PartnerId, Revision, Wall};
use serde::{Deserialize, Serialize};

use crate::events::Event;
use crate::hooks::{HookCommand, HookEvent};
use crate::rejected::Rejected;
use crate::state::{Blob, FoldError, Place, Planned, State};
use crate::texts;

/// Most bytes that are kept of an answer.
pub const PLATFORM_REPLY_BYTES_MAX: usize = 4096;

/// What became of a message to the platform.
#[expect(missing_docs, reason = "the members say what they hold")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlatformCommand {
    /// It has it, and answered with that status and, perhaps, some JSON.
    Told {
        about: Revision,
        partner: PartnerId,
        #[serde(default)]
        case: Option<String>,
        status: u16,
        #[serde(default)]
        reply: Option<String>,
    },
    /// It was given up.
    Lost {
        about: Revision,
        partner: PartnerId,
        #[serde(default)]
        case: Option<String>,
        why: String,
    },
}

/// The same as a fact: `about` is the event that was told, `reply` the digest of the answer.
#[expect(missing_docs, reason = "the members are those of the command that led to the event")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum PlatformEvent {
    /// The platform has it.
    #[serde(rename = "platform.told")]
    Told {
        about: Revision,
        partner: PartnerId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<String>,
        status: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply: Option<String>,
    },
    /// It was not told.
    #[serde(rename = "platform.not_told")]
    Lost {
        about: Revision,
        partner: PartnerId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<String>,
        why: String,
    },
}

/// What became of a message to the platform.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct PlatformSeen {
    /// The event it was told of.
    pub about: Revision,
    /// When it answered, or was given up.
    pub at: Wall,
    /// The status it answered with; none: it was given up.
    pub status: Option<u16>,
}

impl PlatformEvent {
    /// The dotted name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Told { .. } => "platform.told",
            Self::Lost { .. } => "platform.not_told",
        }
    }

    /// The case it names.
    pub(crate) fn case(&self) -> Option<&str> {
        match self {
            Self::Told { case, .. } | Self::Lost { case, .. } => case.as_deref(),
        }
    }

    /// Digest of the answer.
    #[must_use]
    pub fn reply(&self) -> Option<&str> {
        match self {
            Self::Told { reply, .. } => reply.as_deref(),
            Self::Lost { .. } => None,
        }
    }
}

impl From<PlatformCommand> for crate::commands::Command {
    fn from(command: PlatformCommand) -> Self {
        HookCommand::Platform(command).into()
    }
}

impl State {
    /// Takes in what became of a message.
    pub(crate) fn platform_event(
        &mut self,
        place: Place<'_>,
        event: &PlatformEvent,
    ) -> Result<(), FoldError> {
        let (about, partner, status) = match event {
            PlatformEvent::Told { about, partner, status, .. } => (*about, partner, Some(*status)),
            PlatformEvent::Lost { about, partner, .. } => (*about, partner, None),
        };
        let Some(at) = self.now.partner_ix(partner) else {
            let why = format!("unknown partner `{partner}`");
            return Err(FoldError { revision: place.revision, why });
        };
        let seen = Arc::new(PlatformSeen { about, at: place.ts, status });
        self.now.partners.change(at.at(), |record| record.platform = Some(seen));
        Ok(())
    }

    /// What the platform was told of must have happened.
    pub(crate) fn platform(&self, command: &PlatformCommand) -> Result<Planned, Rejected> {
        let case = |case: &Option<String>| {
            case.as_deref().map(|case| texts::label("case", case)).transpose()
        };
        let known =
            |partner: &PartnerId| Ok::<_, Rejected>(self.known_partner(partner)?.1.id.clone());
        let (event, what, reply) = match command {
            PlatformCommand::Told { about, partner, case: of, status, reply } => {
                let what =
                    format!("the platform was told of event {} and answered {status}", about.0);
                let reply = reply.as_ref().filter(|text| text.len() <= PLATFORM_REPLY_BYTES_MAX);
                let reply = reply.map(|text| Blob::new(text.clone().into_bytes()));
                let event = PlatformEvent::Told {
                    about: *about,
                    partner: known(partner)?,
                    case: case(of)?,
                    status: *status,
                    reply: reply.as_ref().map(|blob| blob.sha256.clone()),
                };
                (event, what, reply)
            }
            PlatformCommand::Lost { about, partner, case: of, why } => {
                let what = format!("the platform could not be told of event {}", about.0);
                let event = PlatformEvent::Lost {
                    about: *about,
                    partner: known(partner)?,
                    case: case(of)?,
                    why: texts::words("reason", why)?,
                };
                (event, what, None)
            }
        };
        let event = Event::Hook(HookEvent::Platform(event));
        Ok(Planned { blobs: reply.into_iter().collect(), ..Planned::one(event, what) })
    }
}
