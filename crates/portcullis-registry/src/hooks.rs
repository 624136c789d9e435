//! Hooks in the log: that a partner is told of changes at some host, since when, and by whose leave.
//!
//! Address and secret lie beside the log, never in it. Must not know how a message is sent.

use portcullis_types::{PartnerId, Wall};
use serde::{Deserialize, Serialize};

use crate::commands::Command;
use crate::events::Event;
use crate::platform::{PlatformCommand, PlatformEvent};
use crate::rejected::Rejected;
use crate::state::{Planned, State};
use crate::texts;

/// A wish about a hook.
#[expect(missing_docs, reason = "the members say what they hold")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookCommand {
    /// Has a partner told of changes at an address; only scheme, host and port are named.
    Add { hook: String, partner: PartnerId, origin: String },
    /// Ends that.
    Remove { hook: String },
    /// Gives it a new secret; the old one signs too until a moment.
    Rotate { hook: String, until: Wall },
    /// What became of a message to the platform itself.
    Platform(PlatformCommand),
}

/// A fact about a hook. `type` in JSON is the dotted name.
#[expect(missing_docs, reason = "the members are those of the command that led to the event")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum HookEvent {
    /// A partner is told of changes there.
    #[serde(rename = "hook.added")]
    Added { hook: String, partner: PartnerId, origin: String },
    /// No more.
    #[serde(rename = "hook.removed")]
    Removed { hook: String },
    /// It has a new secret; the old one signs too until then.
    #[serde(rename = "hook.rotated")]
    Rotated { hook: String, until: Wall },
    /// About the platform's own hook.
    #[serde(untagged)]
    Platform(PlatformEvent),
}

impl HookEvent {
    /// The dotted name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Added { .. } => "hook.added",
            Self::Removed { .. } => "hook.removed",
            Self::Rotated { .. } => "hook.rotated",
            Self::Platform(event) => event.name(),
        }
    }
}

impl From<HookCommand> for Command {
    fn from(command: HookCommand) -> Self {
        Self::Hook(command)
    }
}

impl State {
    /// Hooks are kept beside the log, so that all there is to check is the partner.
    pub(crate) fn hook(&self, command: &HookCommand) -> Result<Planned, Rejected> {
        let (event, what) = match command {
            HookCommand::Platform(command) => return self.platform(command),
            HookCommand::Add { hook, partner, origin } => {
                let partner = self.known_partner(partner)?.1.id.clone();
                let what = format!("partner `{partner}` is told of changes at {origin}");
                let (hook, origin) = (texts::label("hook", hook)?, texts::label("host", origin)?);
                (HookEvent::Added { hook, partner, origin }, what)
            }
            HookCommand::Remove { hook } => {
                let hook = texts::label("hook", hook)?;
                let what = format!("hook `{hook}` removed with its secret");
                (HookEvent::Removed { hook }, what)
            }
            HookCommand::Rotate { hook, until } => {
                let (hook, until) = (texts::label("hook", hook)?, *until);
                let date = until.rfc3339();
                let what = format!("hook `{hook}` has a new secret; both sign until {date}");
                (HookEvent::Rotated { hook, until }, what)
            }
        };
        Ok(Planned::one(Event::Hook(event), what))
    }
}
