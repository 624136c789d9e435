//! Steps with their statement of reasons: completed from the step itself, kept by its digest, named
//! by the event.

use portcullis_types::{Closes, StandingName, Wall};

use super::Planned;
use crate::commands::Command;
use crate::events::Event;
use crate::reasons;
use crate::rejected::Rejected;
use crate::standing::KeyEvent;
use crate::state::State;
use crate::statement::{About, StatementDraft, StatementRejected};
use crate::words::{Actor, SubjectId};

impl State {
    /// What a step with a statement comes to.
    pub(super) fn stated(
        &self,
        by: &Actor,
        draft: &StatementDraft,
        command: &Command,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let mut planned = self.handle(by, command.bare(), now)?;
        let of_nothing = || Rejected::from(StatementRejected::OfNothing);
        let explained = planned.events.iter_mut().find(|event| event.takes_away());
        let event = explained.ok_or_else(of_nothing)?;
        let (_, blobs) = complete(by, draft, event, now)?;
        if let (Some(member), Some(statement)) = (event.statement_mut(), blobs.first()) {
            *member = Some(statement.sha256.clone());
        }
        planned.blobs.extend(blobs);
        Ok(planned)
    }
}

/// The whole statement of what an event takes away.
fn complete(
    by: &Actor,
    draft: &StatementDraft,
    event: &Event,
    now: Wall,
) -> Result<(crate::Statement, Vec<crate::Blob>), Rejected> {
    let key;
    let (subject, change, stood) = match event {
        Event::Standing(event) => {
            let found = event.stood().ok_or(StatementRejected::OfNothing)?;
            (event.subject(), (found.1.from.name(), found.0.name()), Some(found.1))
        }
        Event::KeyRevoked { key: id, .. } => {
            key = SubjectId::Key(id.clone());
            (&key, ("active", "revoked"), None)
        }
        Event::Credential(KeyEvent::Compromised { key: id, .. }) => {
            key = SubjectId::Key(id.clone());
            (&key, ("active", "compromised"), None)
        }
        _ => return Err(StatementRejected::OfNothing.into()),
    };
    let (reason, tell, case) = match event {
        Event::KeyRevoked { reason, tell, case, .. }
        | Event::Credential(KeyEvent::Compromised { reason, tell, case, .. }) => {
            (reason, tell, case)
        }
        _ => {
            let stood = stood.ok_or(StatementRejected::OfNothing)?;
            (&stood.reason, &stood.tell, &stood.case)
        }
    };
    let about = About {
        by,
        subject,
        change,
        closes: stood.map_or(&Closes::All, |stood| &stood.closes),
        even: stood.map_or(&[], |stood| &*stood.even),
        factor: stood.and_then(|stood| stood.factor),
        review_by: stood.and_then(|stood| stood.review_by.or(stood.until)),
        reason,
        template: reasons::find(reason)?,
        tell,
        case: case.as_deref(),
    };
    draft.complete(&about, now).map_err(|gaps| StatementRejected::Incomplete { gaps }.into())
}

impl Event {
    /// Whether it takes access away, or warns that this may come.
    pub(crate) fn takes_away(&self) -> bool {
        match self {
            // Whom a plan leaves out loses nothing that it had.
            Self::Standing(event) => event.stood().is_some_and(|(to, stood)| match to {
                _ if stood.by_plan => false,
                StandingName::Good | StandingName::Probation => false,
                StandingName::Warned
                | StandingName::Restricted
                | StandingName::Suspended
                | StandingName::Terminating
                | StandingName::Terminated => true,
            }),
            Self::KeyRevoked { .. } | Self::Credential(KeyEvent::Compromised { .. }) => true,
            _ => false,
        }
    }

    /// Digest of the statement of reasons, where the event names one.
    #[must_use]
    pub fn statement(&self) -> Option<&str> {
        match self {
            Self::Standing(event) => {
                event.stood().and_then(|(_, stood)| stood.statement.as_deref())
            }
            Self::KeyRevoked { statement, .. }
            | Self::Credential(KeyEvent::Compromised { statement, .. }) => statement.as_deref(),
            _ => None,
        }
    }

    fn statement_mut(&mut self) -> Option<&mut Option<String>> {
        match self {
            Self::Standing(event) => event.stood_mut().map(|stood| &mut stood.statement),
            Self::KeyRevoked { statement, .. }
            | Self::Credential(KeyEvent::Compromised { statement, .. }) => Some(statement),
            _ => None,
        }
    }
}
