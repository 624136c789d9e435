//! What a log that was put back to an older state, or lost, must not give back.
//!
//! A small file beside the store keeps the narrowings that were acknowledged; those that the log
//! does not know any more are put in force again. Must not know how that file is kept.

use portcullis_types::{StandingName, Wall};
use serde::{Deserialize, Serialize};

use crate::events::Event;
use crate::records::SubjectIx;
use crate::snapshot::Snapshot;
use crate::standing::{KeyEvent, StandingEvent};
use crate::state::{Place, State};
use crate::words::{Actor, SubjectId};

/// What became of a log that holds less than was acknowledged.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum GuardEvent {
    /// The events of these revisions were acknowledged once and are gone: the log goes on without
    /// them, and its checkpoints contradict those that were handed out meanwhile.
    #[serde(rename = "log.lost")]
    Lost {
        /// The first that is gone.
        from: u64,
        /// The last.
        to: u64,
    },
    /// A narrowing among the events that are gone, in force again as it was.
    #[serde(rename = "guard.applied")]
    Applied {
        /// The revision that it had.
        lost: u64,
        /// Who acted then: a hold stays as hard to lift as it was.
        by: Actor,
        /// Who approved it then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approver: Option<Actor>,
        /// What happened then, with its statement of reasons where that was kept.
        event: Box<Event>,
    },
}

/// Events that were lost.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct LogLost {
    /// The first revision that is gone.
    pub from: u64,
    /// The last.
    pub to: u64,
    /// When it was found.
    pub at: Wall,
}

/// What a narrowing that was kept is to a state that may not know it.
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum Guarded {
    /// Nobody of that name is known, so nobody passes; it is needed once somebody is.
    Unknown,
    /// At least that much is taken away already.
    Known,
    /// It is to be put in force again.
    Due(Box<Event>),
}

impl Event {
    /// Whose access the event takes away, or gives back after that: what is kept beside the log.
    #[must_use]
    pub fn guards(&self) -> Option<SubjectId> {
        match self.again() {
            Self::Standing(event) => event.stood().map(|_| event.subject().clone()),
            Self::KeyRevoked { key, .. } | Self::Credential(KeyEvent::Compromised { key, .. }) => {
                Some(SubjectId::Key(key.clone()))
            }
            _ => None,
        }
    }

    /// Whether the event gives a subject back all that its standing took.
    #[must_use]
    pub fn gives_back(&self) -> bool {
        matches!(self.again(), Self::Standing(StandingEvent::Restored(_)))
    }

    /// Whether the event ends a key for ever, whatever comes after it.
    #[must_use]
    pub fn is_final(&self) -> bool {
        let event = self.again();
        matches!(event, Self::KeyRevoked { .. } | Self::Credential(KeyEvent::Compromised { .. }))
    }

    /// The same without its statement of reasons, where that is gone.
    #[must_use]
    pub fn untold(mut self) -> Self {
        if let Some(statement) = self.statement_mut() {
            *statement = None;
        }
        self
    }

    /// What happened, also where it was put in force again.
    #[must_use]
    pub fn again(&self) -> &Self {
        match self {
            Self::Guard(GuardEvent::Applied { event, .. }) => event.again(),
            event => event,
        }
    }
}

impl Snapshot {
    /// The events that were lost last; none: all are there.
    #[must_use]
    pub fn lost(&self) -> Option<LogLost> {
        self.lost
    }
}

impl State {
    /// What a narrowing that was acknowledged once is to this state.
    #[must_use]
    pub fn guarded(&self, event: &Event, place: Place<'_>) -> Guarded {
        let subject = event.guards().and_then(|id| self.now.subject_ix(&id));
        let Some(at) = subject else { return Guarded::Unknown };
        let mut event = event.again().clone();
        let known = match &mut event {
            Event::Standing(event) => {
                let to = event.stood().map(|(to, _)| to);
                let Some((to, stood)) = to.zip(event.stood_mut()) else { return Guarded::Known };
                // Whoever confirmed it may be among what is gone: it stays until it is lifted.
                stood.ratify_by = None;
                let notice = stood.notice(to, place);
                let ended = matches!(at, SubjectIx::Key(at) if self.ended(at));
                let before = self.now.notice(at);
                ended
                    || to == StandingName::Good
                    || notice.is_open()
                    || before.is_some_and(|before| before.covers(&notice))
            }
            Event::KeyRevoked { .. } => {
                matches!(at, SubjectIx::Key(at) if self.ended(at))
            }
            Event::Credential(KeyEvent::Compromised { successor, .. }) => {
                *successor = successor.take().filter(|id| self.now.key_ix(id).is_some());
                matches!(at, SubjectIx::Key(at) if self.ended(at))
            }
            _ => true,
        };
        if known { Guarded::Known } else { Guarded::Due(Box::new(event)) }
    }

    fn ended(&self, at: portcullis_types::KeyIx) -> bool {
        self.now.key(at).is_none_or(|key| key.credential.is_final())
    }
}
