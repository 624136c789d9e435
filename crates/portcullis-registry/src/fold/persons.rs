//! Events about people into state, and which of the others touch what waits for a second person.

use std::sync::Arc;

use portcullis_types::{PartnerId, StandingName};

use crate::agreement::AgreementEvent;
use crate::commands::Command;
use crate::events::Event;
use crate::people::{HOUR, PeopleCommand, PeopleEvent, PeopleRule, PersonRecord};
use crate::personal::{ERASED, Personal};
use crate::proposals::{Glass, Proposal};
use crate::state::{FoldError, Place, State};
use crate::words::ActorKind;

impl State {
    pub(super) fn person_event(
        &mut self,
        place: Place<'_>,
        event: &PeopleEvent,
        blob: &dyn Fn(&str) -> Option<Arc<[u8]>>,
    ) -> Result<(), FoldError> {
        let people = Arc::make_mut(&mut self.now.people);
        match event {
            PeopleEvent::Added { person, name, roles, logins, personal }
            | PeopleEvent::Edited { person, name, roles, logins, personal } => {
                let added = people.persons.get(person).map_or(place.ts, |old| old.added);
                if let Some(sha256) = personal {
                    people.personal.entry(person.clone()).or_default().push(sha256.clone());
                }
                let apart = personal.as_deref().and_then(blob);
                let apart: Option<Personal> = apart
                    .map(|body| serde_json::from_slice(&body))
                    .transpose()
                    .map_err(|_| place.bad("what is personal in it is unreadable"))?;
                let (name, logins) = match apart {
                    Some(apart) => (Some(apart.name), Some(apart.logins)),
                    None => (name.clone(), logins.clone()),
                };
                let record = PersonRecord {
                    id: person.clone(),
                    name: Arc::from(name.as_deref().unwrap_or(ERASED)),
                    roles: *roles,
                    logins: logins.unwrap_or_default(),
                    added,
                    revision: place.revision,
                };
                people.persons.insert(person.clone(), record);
            }
            PeopleEvent::Removed { person } => drop(people.persons.remove(person)),
            PeopleEvent::Erased { person, personal } => {
                people.personal.remove(person);
                people.open.retain(|_, open| !personal.contains(&open.digest));
            }
            PeopleEvent::RuleSet { two_persons, alone } => {
                people.rule = PeopleRule { two_persons: *two_persons, alone: *alone };
            }
            PeopleEvent::ProposalMade { blob: digest, what, expires, about } => {
                // A command that was erased, or of an older version that means nothing any more, can't be
                // approved.
                let body = blob(digest).unwrap_or_default();
                if let Ok(command) = serde_json::from_slice(&body) {
                    if let Command::People(
                        PeopleCommand::Add { id, .. } | PeopleCommand::Edit { id, .. },
                    ) = &command
                    {
                        people.personal.entry(id.clone()).or_default().push(digest.clone());
                    }
                    let proposal = Proposal {
                        id: place.revision,
                        digest: digest.clone(),
                        what: what.clone(),
                        by: place.by.clone(),
                        made: place.ts,
                        expires: *expires,
                        about: about.clone(),
                        changed: None,
                        command: Arc::new(command),
                    };
                    people.open.insert(place.revision.0, proposal);
                }
            }
            PeopleEvent::ProposalApproved { proposal, .. }
            | PeopleEvent::ProposalRefused { proposal, .. }
            | PeopleEvent::ProposalExpired { proposal } => {
                drop(people.open.remove(&proposal.0));
            }
            PeopleEvent::EmergencyDeclared { what, why, ratify_by, .. } => {
                let glass = Glass {
                    id: place.revision,
                    what: what.clone(),
                    why: why.clone(),
                    by: place.by.clone(),
                    at: place.ts,
                    ratify_by: *ratify_by,
                    overdue: false,
                    steps: Vec::new(),
                };
                people.glass.insert(place.revision.0, glass);
            }
            PeopleEvent::EmergencyRatified { emergency } => {
                let glass = people.glass.remove(&emergency.0);
                for step in glass.into_iter().flat_map(|glass| glass.steps) {
                    self.now.answers.confirmed(step, place.by);
                }
            }
            PeopleEvent::EmergencyOverdue { emergency } => {
                if let Some(glass) = people.glass.get_mut(&emergency.0) {
                    glass.overdue = true;
                }
            }
        }
        Ok(())
    }

    /// What waits was made for the state as it was: from here on it is another.
    pub(super) fn touch(&mut self, place: Place<'_>, event: &Event) {
        if let Some(partner) = self.partner_narrowed(event).filter(|_| alone(place.by.kind)) {
            let people = Arc::make_mut(&mut self.now.people);
            people.narrowed.retain(|(at, ..)| place.ts.0.saturating_sub(at.0) < HOUR);
            people.narrowed.push((place.ts, place.by.id.clone(), partner));
        }
        let stale = |open: &Proposal, touched: &str| {
            open.changed.is_none() && open.about.iter().any(|about| about == touched)
        };
        let Some(touched) = touched(event) else { return };
        if self.now.people.open.values().any(|open| stale(open, &touched)) {
            let people = Arc::make_mut(&mut self.now.people);
            for open in people.open.values_mut().filter(|open| stale(open, &touched)) {
                open.changed = Some(place.revision);
            }
        }
    }

    /// The partner whose access an event narrows.
    pub(crate) fn partner_narrowed(&self, event: &Event) -> Option<PartnerId> {
        let event = match event {
            Event::Agreement(event) => return event.narrows().then(|| event.partner().clone()),
            Event::Standing(event) => event,
            _ => return None,
        };
        let (to, stood) = event.stood()?;
        let narrows = matches!(
            to,
            StandingName::Suspended | StandingName::Restricted | StandingName::Terminated
        );
        // Whom a plan leaves out loses nothing that it had.
        let at = self.now.subject_ix(&stood.subject).filter(|_| narrows && !stood.by_plan)?;
        Some(self.now.partner(self.now.partner_of(at)?)?.id.clone())
    }
}

fn alone(kind: ActorKind) -> bool {
    matches!(kind, ActorKind::Person | ActorKind::Token)
}

/// What an event changes, as proposals name it.
fn touched(event: &Event) -> Option<String> {
    Some(match event {
        Event::PartnerAdded { partner, .. }
        | Event::PartnerEdited { partner, .. }
        | Event::ModeSet { partner, .. } => format!("partner:{partner}"),
        Event::FactsDeclared { subject, .. } => subject.named(),
        Event::Standing(event) => event.subject().named(),
        Event::Credential(event) => format!("key:{}", event.key()),
        Event::ClientAdded { client, .. } => format!("client:{client}"),
        Event::KeyIssued { key, .. } | Event::KeyRevoked { key, .. } => format!("key:{key}"),
        Event::Case(event) => format!("partner:{}", event.stages()?),
        // Whoever looked at the partner before it looked at another matter; in shadow it does nothing.
        Event::SignalRaised { partner, then, .. } if !then.is_empty() => {
            format!("partner:{partner}")
        }
        Event::Agreement(AgreementEvent::Narrowed { partner, .. }) => format!("partner:{partner}"),
        Event::PolicyPublished { .. } => "policy".to_owned(),
        Event::People(
            PeopleEvent::Added { person, .. }
            | PeopleEvent::Edited { person, .. }
            | PeopleEvent::Removed { person }
            | PeopleEvent::Erased { person, .. },
        ) => format!("person:{person}"),
        // What comes has not changed anything yet.
        Event::Agreement(_)
        | Event::Change(_)
        | Event::People(_)
        | Event::Hook(_)
        | Event::Guard(_)
        | Event::Later(_)
        | Event::Retention(_)
        | Event::Ledger(_)
        | Event::Deletion(_)
        | Event::Answer(_)
        | Event::LogOpened { .. }
        | Event::GrantsChanged { .. }
        | Event::KeysImported { .. }
        | Event::SignalRaised { .. }
        | Event::SignalCapped { .. }
        | Event::QuotaReached { .. }
        | Event::SecretRotated { .. } => return None,
    })
}
