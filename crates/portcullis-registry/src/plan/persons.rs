//! Declaring the people who run the gate, and how many of them a decision takes.

use portcullis_types::{PersonId, Wall};

use super::Planned;
use crate::commands::Command;
use crate::people::{PeopleCommand, PeopleEvent, PeopleRejected, PeopleRule, Role, Roles};
use crate::proposals::Terms;
use crate::rejected::Rejected;
use crate::state::State;
use crate::texts;
use crate::words::Actor;

/// Most people.
const PERSONS_MAX: usize = 1_000;
/// Most logins of one person.
const LOGINS_MAX: usize = 10;
/// With fewer approvers nobody could be asked.
pub(super) const APPROVERS_MIN: usize = 2;

impl State {
    pub(super) fn people(
        &self,
        by: &Actor,
        command: &PeopleCommand,
        terms: &Terms,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let roles = terms.roles;
        match command {
            PeopleCommand::Add { id, name, roles, logins } => {
                self.add_person(id, name, *roles, logins)
            }
            PeopleCommand::Edit { id, name, roles, logins } => {
                self.edit_person(id, name.as_deref(), *roles, logins.as_deref())
            }
            PeopleCommand::Remove { id } => self.remove_person(id),
            PeopleCommand::Erase { id } => self.erase_person(id),
            PeopleCommand::SetRule(rule) => Ok(self.set_rule(*rule)),
            PeopleCommand::Approve { proposal, digest } => {
                self.approve(by, (*proposal, digest), terms, now)
            }
            PeopleCommand::Refuse { proposal, why } => self.refuse(by, *proposal, why, roles),
            PeopleCommand::RatifyEmergency { emergency } => {
                self.ratify_emergency(by, *emergency, roles)
            }
            PeopleCommand::Expire { .. } | PeopleCommand::ReportEmergency { .. } => {
                self.people_clock(command, now)
            }
        }
    }

    fn add_person(
        &self,
        id: &PersonId,
        name: &str,
        roles: Roles,
        logins: &[String],
    ) -> Result<Planned, Rejected> {
        let people = &self.now.people;
        if people.persons.contains_key(id) {
            return Err(PeopleRejected::PersonExists(id.clone()).into());
        }
        if people.persons.len() >= PERSONS_MAX {
            return Err(Rejected::Full("persons"));
        }
        let event = PeopleEvent::Added {
            person: id.clone(),
            name: Some(texts::name(name)?),
            roles,
            logins: Some(self.logins(id, logins)?),
            personal: None,
        };
        let what = format!("person `{id}` added with roles: {roles}");
        let undo = Some(format!("portcullis person remove {id}"));
        Ok(Planned { undo, ..Planned::one(event.into(), what) })
    }

    fn edit_person(
        &self,
        id: &PersonId,
        name: Option<&str>,
        roles: Option<Roles>,
        logins: Option<&[String]>,
    ) -> Result<Planned, Rejected> {
        let old = self.known_person(id)?;
        let name = name.map_or_else(|| Ok(old.name.to_string()), texts::name)?;
        let new = roles.unwrap_or(old.roles);
        let logins = match logins {
            Some(logins) => self.logins(id, logins)?,
            None => old.logins.clone(),
        };
        if *name == *old.name && new == old.roles && logins == old.logins {
            return Err(PeopleRejected::PersonSame(id.clone()).into());
        }
        self.enough_approvers(id, new)?;
        let (name, logins) = (Some(name), Some(logins));
        let person = id.clone();
        let event = PeopleEvent::Edited { person, name, roles: new, logins, personal: None };
        Ok(Planned::one(event.into(), format!("person `{id}` changed; roles: {new}")))
    }

    fn remove_person(&self, id: &PersonId) -> Result<Planned, Rejected> {
        self.known_person(id)?;
        self.enough_approvers(id, Roles::NONE)?;
        let event = PeopleEvent::Removed { person: id.clone() };
        Ok(Planned::one(event.into(), format!("person `{id}` removed: it may do nothing any more")))
    }

    /// Nobody is erased who may still do something.
    fn erase_person(&self, id: &PersonId) -> Result<Planned, Rejected> {
        let people = &self.now.people;
        let personal = people.personal.get(id).cloned();
        let personal = match (personal, people.persons.contains_key(id)) {
            (None, false) => return Err(PeopleRejected::UnknownPerson(id.clone()).into()),
            (personal, _) => personal.unwrap_or_default(),
        };
        let what = format!("what is personal of `{id}` is erased; the id stays in the log");
        let erased = PeopleEvent::Erased { person: id.clone(), personal };
        let mut planned = Planned::one(erased.into(), what);
        if people.persons.contains_key(id) {
            self.enough_approvers(id, Roles::NONE)?;
            planned.events.insert(0, PeopleEvent::Removed { person: id.clone() }.into());
        }
        Ok(planned)
    }

    fn set_rule(&self, rule: PeopleRule) -> Planned {
        if rule == self.now.people.rule {
            return Planned::nothing("the rule for people is as it was");
        }
        let event = PeopleEvent::RuleSet { two_persons: rule.two_persons, alone: rule.alone };
        let what = if rule.two_persons {
            let few = self.now.people.approvers() < APPROVERS_MIN;
            let few = if few { "; fewer than two persons may approve yet" } else { "" };
            format!("widening access takes two persons from here on{few}")
        } else {
            "widening access takes one person from here on".to_owned()
        };
        Planned::one(event.into(), what)
    }

    pub(super) fn known_person(
        &self,
        id: &PersonId,
    ) -> Result<&crate::people::PersonRecord, Rejected> {
        let found = self.now.people.persons.get(id);
        found.ok_or_else(|| PeopleRejected::UnknownPerson(id.clone()).into())
    }

    /// While two persons decide, two must be left who may.
    fn enough_approvers(&self, id: &PersonId, roles: Roles) -> Result<(), Rejected> {
        let people = &self.now.people;
        let loses = people.persons.get(id).is_some_and(|old| old.roles.has(Role::Approver))
            && !roles.has(Role::Approver);
        if people.rule.two_persons && loses && people.approvers() <= APPROVERS_MIN {
            return Err(PeopleRejected::TooFewApprovers(id.clone()).into());
        }
        Ok(())
    }

    fn logins(&self, id: &PersonId, logins: &[String]) -> Result<Vec<String>, Rejected> {
        let hex = |login: &&String| {
            login.len() == 64 && login.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        if logins.len() > LOGINS_MAX || !logins.iter().all(|login| hex(&login)) {
            return Err(PeopleRejected::LoginUnreadable { max: LOGINS_MAX }.into());
        }
        let mut logins = logins.to_vec();
        logins.sort();
        logins.dedup();
        for login in &logins {
            if let Some(other) = self.now.people.by_login(login).filter(|person| person.id != *id) {
                return Err(PeopleRejected::LoginTaken { person: other.id.clone() }.into());
            }
        }
        Ok(logins)
    }

    /// What is over by now and wants its event: proposals, and emergencies nobody ratified.
    #[must_use = "each is to be carried out"]
    pub fn people_due(&self, now: Wall) -> impl Iterator<Item = Command> {
        let people = &self.now.people;
        let proposals = people.open.values().filter(move |open| now >= open.expires);
        let expired = proposals.map(|open| PeopleCommand::Expire { proposal: open.id });
        let glass = people.glass.values().filter(move |one| !one.overdue && now >= one.ratify_by);
        let overdue = glass.map(|one| PeopleCommand::ReportEmergency { emergency: one.id });
        expired.chain(overdue).map(Command::People)
    }

    /// What the clock brings to proposals and emergencies.
    fn people_clock(&self, command: &PeopleCommand, now: Wall) -> Result<Planned, Rejected> {
        match command {
            PeopleCommand::Expire { proposal } => {
                let open = self.waiting(*proposal)?;
                let what = format!("proposal {} expired: {}", proposal.0, open.what);
                let event = PeopleEvent::ProposalExpired { proposal: *proposal };
                Ok(if now >= open.expires {
                    Planned::one(event.into(), what)
                } else {
                    Planned::nothing("")
                })
            }
            PeopleCommand::ReportEmergency { emergency } => {
                let glass = self.now.people.glass.get(&emergency.0);
                let glass = glass.ok_or(PeopleRejected::UnknownEmergency(*emergency))?;
                let what = format!("nobody ratified in time: {}", glass.what);
                let event = PeopleEvent::EmergencyOverdue { emergency: *emergency };
                let due = !glass.overdue && now >= glass.ratify_by;
                Ok(if due { Planned::one(event.into(), what) } else { Planned::nothing("") })
            }
            _ => Ok(Planned::nothing("")),
        }
    }
}
