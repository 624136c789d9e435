//! Steps with their statement of reasons: completed from the step itself, kept by its digest, named
//! by the event.

use portcullis_types::{Closes, KeyId, ReasonCode, StandingName, Wall};

use super::Planned;
use super::standing::Why;
use crate::commands::Command;
use crate::events::Event;
use crate::rejected::Rejected;
use crate::standing::KeyEvent;
use crate::state::{Blob, State};
use crate::statement::{About, StatementDraft, StatementRejected};
use crate::words::{Actor, ActorKind, SubjectId};

impl State {
    /// What a step with a statement comes to.
    pub(super) fn stated(
        &self,
        by: &Actor,
        draft: &StatementDraft,
        command: &Command,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let mut planned = match command.bare() {
            Command::Stand { subject, to, reason, tell, case } => {
                let why = self.why(reason, tell, case.as_deref())?;
                self.stand(by, (subject, to), Why { stated: true, ..why }, now)?
            }
            command => self.handle(by, command, now)?,
        };
        if !planned.events.iter().any(Event::takes_away) {
            return Err(StatementRejected::OfNothing.into());
        }
        self.explain(by, draft, &mut planned, now)?;
        Ok(planned)
    }

    /// Gives each event that takes something away its statement. Nothing has changed where it has gaps.
    pub(super) fn explain(
        &self,
        by: &Actor,
        draft: &StatementDraft,
        planned: &mut Planned,
        now: Wall,
    ) -> Result<(), Rejected> {
        let taking = planned.events.iter().filter(|event| event.takes_away());
        let each = taking.map(|event| self.complete(by, draft, event, now));
        let statements = each.collect::<Result<Vec<_>, _>>()?;
        let taking = planned.events.iter_mut().filter(|event| event.takes_away());
        for (event, blobs) in taking.zip(statements) {
            if let (Some(member), Some(statement)) = (event.statement_mut(), blobs.first()) {
                *member = Some(statement.sha256.clone());
            }
            // An end that was told is looked at when it comes: somebody has to lift what is closed.
            if let (Event::Standing(step), Some(ends)) = (event, draft.ends_at) {
                step.stood_mut().map(|stood| stood.review_by.get_or_insert(ends.0));
            }
            planned.blobs.extend(blobs);
        }
        Ok(())
    }

    /// Refuses to take something away from a partner that is not told why. What a partner ends itself,
    /// what the machine's owner does while no gate serves and what the gate does by its rules go without.
    pub(super) fn told_why(&self, by: &Actor, planned: &Planned) -> Result<(), Rejected> {
        if !matches!(by.kind, ActorKind::Person | ActorKind::Token) {
            return Ok(());
        }
        let untold = |event: &&Event| event.takes_away() && event.statement().is_none();
        let reason = planned.events.iter().find(untold).and_then(Event::told).map(|told| told.0);
        match reason {
            Some(reason) => {
                let (reason, wanted) = (reason.clone(), self.now.reasons.find(reason)?.facts);
                Err(StatementRejected::Missing { reason, wanted }.into())
            }
            None => Ok(()),
        }
    }

    /// The whole statement of what an event takes away, and what is kept with it.
    fn complete(
        &self,
        by: &Actor,
        draft: &StatementDraft,
        event: &Event,
        now: Wall,
    ) -> Result<Vec<Blob>, Rejected> {
        let key = |id: &KeyId| SubjectId::Key(id.clone());
        let (subject, change, stood) = match event {
            Event::Standing(event) => {
                let found = event.stood().ok_or(StatementRejected::OfNothing)?;
                let change = (found.1.from.name(), found.0.name());
                (event.subject().clone(), change, Some(found.1))
            }
            Event::KeyRevoked { key: id, .. } => (key(id), ("active", "revoked"), None),
            Event::Credential(KeyEvent::Compromised { key: id, .. }) => {
                (key(id), ("active", "compromised"), None)
            }
            _ => return Err(StatementRejected::OfNothing.into()),
        };
        let (reason, tell, case) = event.told().ok_or(StatementRejected::OfNothing)?;
        let about = About {
            by,
            subject: &subject,
            change,
            closes: stood.map_or(&Closes::All, |stood| &stood.closes),
            even: stood.map_or(&[], |stood| &*stood.even),
            factor: stood.and_then(|stood| stood.factor),
            review_by: stood.and_then(|stood| stood.review_by.or(stood.until)),
            effective: None,
            reason,
            template: self.now.reasons.find(reason)?,
            tell,
            case,
        };
        let whole =
            draft.complete(&about, now).map_err(|gaps| StatementRejected::Incomplete { gaps })?;
        Ok(whole.1)
    }
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

    /// Reason code, text and case of what it takes away.
    fn told(&self) -> Option<(&ReasonCode, &str, Option<&str>)> {
        match self {
            Self::Standing(event) => {
                let (_, stood) = event.stood()?;
                Some((&stood.reason, &stood.tell, stood.case.as_deref()))
            }
            Self::KeyRevoked { reason, tell, case, .. }
            | Self::Credential(KeyEvent::Compromised { reason, tell, case, .. }) => {
                Some((reason, tell, case.as_deref()))
            }
            _ => None,
        }
    }

    /// Digest of the statement of reasons, where the event names one.
    #[must_use]
    pub fn statement(&self) -> Option<&str> {
        match self.again() {
            Self::Standing(event) => {
                event.stood().and_then(|(_, stood)| stood.statement.as_deref())
            }
            Self::KeyRevoked { statement, .. }
            | Self::Credential(KeyEvent::Compromised { statement, .. }) => statement.as_deref(),
            Self::Agreement(event) => event.statement(),
            _ => None,
        }
    }

    pub(crate) fn statement_mut(&mut self) -> Option<&mut Option<String>> {
        match self {
            Self::Standing(event) => event.stood_mut().map(|stood| &mut stood.statement),
            Self::KeyRevoked { statement, .. }
            | Self::Credential(KeyEvent::Compromised { statement, .. }) => Some(statement),
            _ => None,
        }
    }
}
