//! What a command does to access: gives, takes, or neither. What nothing proves to be narrower is
//! taken for wider.
//!
//! Must not know who asks.

use portcullis_types::{Facts, Notice, ScopeName};

use super::{APPROVERS_MIN, Planned};
use crate::cases::CaseCommand;
use crate::changes::ChangeCommand;
use crate::commands::Command;
use crate::events::Event;
use crate::facts::read_blob;
use crate::people::{PeopleCommand, Role, Roles};
use crate::proposals::{Bearing, Terms};
use crate::records::SubjectIx;
use crate::standing::{Course, KeyCommand, StandingCommand, Wish};
use crate::state::State;
use crate::words::{ImportedState, Mode, SubjectId};

impl State {
    /// What a command that comes to these events does to access.
    pub(super) fn bearing(&self, command: &Command, planned: &Planned, terms: &Terms) -> Bearing {
        match command.bare() {
            // Nobody has a key of it yet.
            Command::AddPartner { .. } | Command::AddClient { .. } => Bearing::Neutral,
            Command::RaiseSignal { .. } | Command::RecordRotation { .. } => Bearing::Neutral,
            Command::IssueKey { .. } => Bearing::Widening,
            Command::ImportKeys { keys, .. } => {
                let all = keys.iter().all(|key| key.state == ImportedState::Revoked);
                if all { Bearing::Neutral } else { Bearing::Widening }
            }
            Command::EditPartner { .. } | Command::DeclareFacts { .. } => {
                let each = planned.events.iter().map(|event| self.edited(event, planned, terms));
                each.max().unwrap_or_default()
            }
            Command::SetMode { mode, .. } => match mode {
                Mode::Observe => Bearing::Widening,
                Mode::Enforce => Bearing::Narrowing,
            },
            Command::Stand { subject, to, .. } => self.stood((subject, to), planned),
            Command::Standing(command) => match command {
                StandingCommand::ExtendReview { .. } => Bearing::Widening,
                StandingCommand::Ratify { .. }
                | StandingCommand::Acknowledge { .. }
                | StandingCommand::RunOut { .. } => Bearing::Neutral,
            },
            Command::Credential(command) => match command {
                KeyCommand::Activate { .. } => Bearing::Widening,
                // The new key opens what the old one did, and the old one ends.
                KeyCommand::Rotate { .. } => Bearing::Neutral,
                KeyCommand::Compromised { .. } => Bearing::Narrowing,
                KeyCommand::Bind { key, binding, .. } => self.rebound(key, binding),
            },
            Command::RevokeKey { .. } => Bearing::Narrowing,
            Command::Each(_) => self.together_bears(planned),
            Command::PublishPolicy { .. } => match self.now.policy {
                None => Bearing::Neutral,
                Some(_) if terms.proved_narrower => Bearing::Narrowing,
                Some(_) => Bearing::Widening,
            },
            Command::People(command) => self.of_people(command),
            Command::Case(
                CaseCommand::Plan { .. } | CaseCommand::Stage { .. } | CaseCommand::Finish { .. },
            ) => Bearing::Widening,
            Command::Change(command) => self.of_change(command),
            Command::Case(_)
            | Command::Hook(_)
            | Command::Answer(_)
            | Command::Retention(_)
            | Command::Ledger(_)
            | Command::Deletion(_)
            | Command::Stated { .. }
            | Command::Told { .. } => Bearing::Neutral,
        }
    }

    /// A standing is narrower if it takes away at least all that the one before did.
    fn stood(&self, (subject, to): (&SubjectId, &Wish), planned: &Planned) -> Bearing {
        let at = self.now.subject_ix(subject);
        let by_gate = |at| self.now.course(at).is_some_and(Course::liftable_by_one);
        if *to == Wish::Good && at.is_some_and(by_gate) {
            return Bearing::Neutral;
        }
        if planned.narrows.is_none() && planned.widens.is_none() {
            return Bearing::Neutral;
        }
        let Some(narrowing) = &planned.narrows else { return Bearing::Widening };
        let before = at.and_then(|at| self.now.notice(at));
        if before.is_none_or(|before: &Notice| narrowing.notice.covers(before)) {
            Bearing::Narrowing
        } else {
            Bearing::Widening
        }
    }

    fn edited(&self, event: &Event, planned: &Planned, terms: &Terms) -> Bearing {
        match event {
            Event::Agreement(_) => Bearing::Narrowing,
            Event::PartnerEdited { partner, tier, r#use, scopes, .. } => {
                let at = self.now.partner_ix(partner);
                let Some(old) = at.and_then(|at| self.now.partner(at)) else {
                    return Bearing::Widening;
                };
                // What another tier gives is for `diff` to say, and it can't be asked here.
                let moved = *tier != old.tier || r#use.is_some();
                let tiers = match (moved, terms.proved_narrower) {
                    (false, _) => Bearing::Neutral,
                    (true, true) => Bearing::Narrowing,
                    (true, false) => Bearing::Widening,
                };
                tiers.max(scoped(old.scopes.as_deref(), scopes.as_deref()))
            }
            Event::FactsDeclared { subject, .. } => {
                let both = self.declared_before(subject).zip(self.declared_now(event, planned));
                both.map_or(Bearing::Widening, |(old, new)| declared(old, &new))
            }
            _ => Bearing::Widening,
        }
    }

    /// What an event declares, here or in its blob.
    pub(super) fn declared_now(&self, event: &Event, planned: &Planned) -> Option<Facts> {
        let Event::FactsDeclared { facts, blob, .. } = event else { return None };
        let apart = || {
            let name = blob.as_deref()?;
            read_blob(&planned.blobs.iter().find(|blob| blob.sha256 == name)?.body)
        };
        facts.clone().or_else(apart)
    }

    pub(super) fn declared_before(&self, subject: &SubjectId) -> Option<&Facts> {
        match self.now.subject_ix(subject)? {
            SubjectIx::Partner(at) => self.now.partner(at).map(|record| &*record.facts),
            SubjectIx::Client(at) => self.now.client(at).map(|record| &*record.facts),
            SubjectIx::Key(_) => None,
        }
    }

    fn of_people(&self, command: &PeopleCommand) -> Bearing {
        let people = &self.now.people;
        // Until there are two who may approve, nobody could be asked.
        if people.approvers() < APPROVERS_MIN {
            return Bearing::Neutral;
        }
        match command {
            PeopleCommand::Add { roles, .. } if *roles == Roles::NONE => Bearing::Neutral,
            PeopleCommand::Add { .. } => Bearing::Widening,
            PeopleCommand::Edit { id, roles, logins, .. } => {
                let Some(old) = people.persons.get(id) else { return Bearing::Widening };
                let fewer = roles.is_none_or(|roles| old.roles.covers(roles));
                let known = |login: &String| old.logins.contains(login);
                let same = logins.as_ref().is_none_or(|logins| logins.iter().all(known));
                let keeps = roles.is_none_or(|roles| roles.has(Role::Approver));
                // An approver who can't log in approves nothing.
                let left = |old: &String| logins.as_ref().is_none_or(|new| new.contains(old));
                let reached = old.logins.iter().all(left);
                let decides = old.roles.has(Role::Approver) && !(keeps && reached);
                if fewer && same && !decides { Bearing::Narrowing } else { Bearing::Widening }
            }
            // Who decides is not changed by one alone, neither to more nor to fewer.
            PeopleCommand::Remove { id } | PeopleCommand::Erase { id } => {
                let decides =
                    people.persons.get(id).is_some_and(|old| old.roles.has(Role::Approver));
                if decides { Bearing::Widening } else { Bearing::Narrowing }
            }
            PeopleCommand::SetRule(_)
            | PeopleCommand::Approve { .. }
            | PeopleCommand::Refuse { .. }
            | PeopleCommand::RatifyEmergency { .. }
            | PeopleCommand::Expire { .. }
            | PeopleCommand::ReportEmergency { .. } => Bearing::Neutral,
        }
    }

    /// What a command is about, with all above it: when one of them changes, it is another matter.
    pub(super) fn about(&self, command: &Command) -> Vec<String> {
        let subject = match command.bare() {
            Command::AddPartner { id, .. } | Command::EditPartner { id, .. } => {
                SubjectId::Partner(id.clone())
            }
            Command::SetMode { partner, .. } | Command::AddClient { partner, .. } => {
                SubjectId::Partner(partner.clone())
            }
            Command::IssueKey { partner, client, .. } => match client {
                Some(client) => SubjectId::Client(client.clone()),
                None => SubjectId::Partner(partner.clone()),
            },
            Command::DeclareFacts { subject, .. } | Command::Stand { subject, .. } => {
                subject.clone()
            }
            Command::Standing(command) => command.subject().clone(),
            Command::Credential(command) => SubjectId::Key(command.key().clone()),
            Command::RevokeKey { key, .. } => SubjectId::Key(key.clone()),
            Command::PublishPolicy { .. } => return vec!["policy".to_owned()],
            Command::People(
                PeopleCommand::Add { id, .. }
                | PeopleCommand::Edit { id, .. }
                | PeopleCommand::Remove { id }
                | PeopleCommand::Erase { id },
            ) => return vec![format!("person:{id}")],
            Command::Case(command) => return self.about_case(command),
            Command::Each(steps) => {
                return steps.iter().flat_map(|step| self.about(step)).collect();
            }
            Command::Change(
                ChangeCommand::Cancel { change, .. } | ChangeCommand::CarryOut { change },
            ) => return vec![format!("change:{}", change.0)],
            Command::People(_)
            | Command::Change(_)
            | Command::Hook(_)
            | Command::Answer(_)
            | Command::Retention(_)
            | Command::Ledger(_)
            | Command::Deletion(_)
            | Command::Stated { .. }
            | Command::Told { .. }
            | Command::ImportKeys { .. }
            | Command::RaiseSignal { .. }
            | Command::RecordRotation { .. } => return Vec::new(),
        };
        let mut about = vec![subject.named()];
        let Some(at) = self.now.subject_ix(&subject) else { return about };
        let above = [
            self.now.client_of(at).map(SubjectIx::Client),
            self.now.partner_of(at).map(SubjectIx::Partner),
        ];
        let above = above.into_iter().flatten().filter(|other| *other != at);
        about.extend(above.filter_map(|at| self.now.subject_id(at)).map(|id| id.named()));
        about
    }
}

/// No list is all scopes.
fn scoped(old: Option<&[ScopeName]>, new: Option<&[ScopeName]>) -> Bearing {
    match (old, new) {
        (None, None) => Bearing::Neutral,
        (None, Some(_)) => Bearing::Narrowing,
        (Some(_), None) => Bearing::Widening,
        (Some(old), Some(new)) if old == new => Bearing::Neutral,
        (Some(old), Some(new)) if new.iter().all(|scope| old.contains(scope)) => Bearing::Narrowing,
        (Some(_), Some(_)) => Bearing::Widening,
    }
}

/// Policies let through what is on a list or within a figure, and nothing once a review lapsed.
fn declared(old: &Facts, new: &Facts) -> Bearing {
    if new == old {
        return Bearing::Neutral;
    }
    let lists = new.lists.iter().all(|(name, new)| {
        old.lists.get(name).is_some_and(|old| new.iter().all(|entry| old.contains(entry)))
    });
    let figures =
        new.figures.iter().all(|(name, new)| old.figures.get(name).is_some_and(|old| new <= old));
    let review = match (old.review_by, new.review_by) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(old), Some(new)) => new <= old,
    };
    let same = old.group == new.group && (new.purpose.is_none() || old.purpose == new.purpose);
    if lists && figures && review && same { Bearing::Narrowing } else { Bearing::Widening }
}
