//! The two-person rule: which command needs a second person, how one is asked, what it may approve.
//!
//! A person is compared with a person, never a login with a login or a role with a role.

use portcullis_types::{PartnerId, PersonId, Revision, Wall};

use super::Planned;
use crate::changes::ChangeCommand;
use crate::commands::Command;
use crate::people::{PeopleEvent, PeopleRejected, Role, Roles};
use crate::proposals::{
    Approval, Bearing, GLASS_MILLISECONDS, PROPOSAL_MILLISECONDS, PROPOSALS_MAX, Proposal,
    Proposed, Second, Terms,
};
use crate::rejected::Rejected;
use crate::standing::Wish;
use crate::state::{Blob, State};
use crate::texts;
use crate::words::{Actor, ActorKind};

/// Somebody known by a claim of its token alone; no person's id has a colon.
const BY_CLAIM: &str = "claim:";

impl State {
    /// What somebody's wish comes to: done, proposed to a second person, or refused. It is the
    /// writer's one way in.
    ///
    /// # Errors
    /// [`Rejected`], and nothing has changed.
    pub fn decide(
        &self,
        by: &Actor,
        command: &Command,
        terms: &Terms,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        if let Some(on) = terms.on {
            self.nothing_since(command, on)?;
        }
        let mut planned = match command {
            // What is decided about people is no change of a partner, to be bounded as one.
            Command::People(command) => self.people(by, command, terms, now)?,
            command => self.handle_on(by, command, terms, now)?,
        };
        if planned.events.is_empty() {
            return Ok(planned);
        }
        self.told_why(by, &planned)?;
        self.told_whom(by, command, terms, &planned)?;
        let bearing = match command {
            // What is scheduled takes as many persons as if it were done.
            Command::Change(ChangeCommand::Schedule { command, .. }) => {
                self.bearing(command, &self.handle_on(by, command, terms, now)?, terms)
            }
            command => self.bearing(command, &planned, terms),
        };
        if !self.now.people.rule.two_persons {
            planned.alone = bearing == Bearing::Widening || command.withholds();
            return Ok(planned);
        }
        let Some(second) = self.second(by, command, &planned, (bearing, now)) else {
            return Ok(planned);
        };
        match by.kind {
            // The machine's owner, while no gate serves; and what the gate does by its own rules.
            // A partner ends or renews what is its own, which nobody has to let it.
            ActorKind::Local | ActorKind::Partner => return Ok(planned),
            ActorKind::Gate if !matches!(command, Command::PublishPolicy { .. }) => {
                return Ok(planned);
            }
            ActorKind::Gate => return Err(PeopleRejected::PolicyNeedsTwo.into()),
            ActorKind::Token => {
                return Err(PeopleRejected::NoPerson { token: by.id.clone(), second }.into());
            }
            ActorKind::Person => {}
        }
        match &terms.break_glass {
            Some(why) => break_glass(planned, command, why, now),
            None => self.propose(command, planned, (second, now)),
        }
    }

    fn second(
        &self,
        by: &Actor,
        command: &Command,
        planned: &Planned,
        (bearing, now): (Bearing, Wall),
    ) -> Option<Second> {
        match (command.bare(), bearing) {
            (
                Command::RevokeKey { .. }
                | Command::Stand { to: Wish::Terminating { .. } | Wish::Terminated, .. },
                _,
            ) => Some(Second::Final),
            _ if command.withholds() => Some(Second::Withholds),
            _ if self.takes_back(by, command) => None,
            (_, Bearing::Widening) => Some(Second::Widens),
            (_, Bearing::Narrowing) => {
                self.calls_off(by, planned).or_else(|| self.too_many(by, planned, now))
            }
            (_, Bearing::Neutral) => self.calls_off(by, planned),
        }
    }

    /// Whether one person would have narrowed more partners within the hour than it may.
    fn too_many(&self, by: &Actor, planned: &Planned, now: Wall) -> Option<Second> {
        let mut partners: Vec<PartnerId> =
            planned.events.iter().filter_map(|event| self.partner_narrowed(event)).collect();
        if partners.is_empty() || matches!(by.kind, ActorKind::Gate | ActorKind::Partner) {
            return None;
        }
        let people = &self.now.people;
        let hour = |at: Wall| now.0.saturating_sub(at.0) < crate::people::HOUR;
        let own = people.narrowed.iter().filter(|(at, who, _)| hour(*at) && *who == by.id);
        partners.extend(own.map(|(_, _, partner)| partner.clone()));
        partners.sort();
        partners.dedup();
        let (partners, alone) = (partners.len() as u64, people.rule.alone);
        (partners > alone).then_some(Second::Many { partners, alone })
    }

    fn propose(
        &self,
        command: &Command,
        planned: Planned,
        (second, now): (Second, Wall),
    ) -> Result<Planned, Rejected> {
        let body = serde_json::to_vec(command).map_err(|_| Rejected::Full("proposals"))?;
        let blob = Blob::new(body);
        // What can't be approved any more keeps nobody from proposing it again.
        let people = &self.now.people;
        let same = |open: &&Proposal| open.digest == blob.sha256 && open.waits(now);
        if let Some(open) = people.open().find(same) {
            return Err(PeopleRejected::ProposedAlready { proposal: open.id }.into());
        }
        if people.waiting(now) >= PROPOSALS_MAX {
            return Err(PeopleRejected::ProposalsFull { max: PROPOSALS_MAX }.into());
        }
        let expires = Wall(now.0.saturating_add(PROPOSAL_MILLISECONDS));
        let (digest, what) = (blob.sha256.clone(), short(&planned.what));
        let event = PeopleEvent::ProposalMade {
            blob: digest.clone(),
            what: what.clone(),
            expires,
            about: self.about(command),
        };
        let proposed = Proposed { digest, expires, why: second.to_string() };
        let line =
            format!("proposed, not done: {what}; a second person must approve it, since {second}");
        Ok(Planned {
            blobs: vec![blob],
            proposed: Some(proposed),
            created: planned.created,
            ..Planned::one(event.into(), line)
        })
    }

    /// What an approval comes to: the proposed command, as it was made, by who made it.
    pub(super) fn approve(
        &self,
        by: &Actor,
        (id, digest): (Revision, &str),
        terms: &Terms,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let open = self.waiting(id)?;
        if now >= open.expires {
            return Err(PeopleRejected::ProposalExpired { proposal: id, at: open.expires }.into());
        }
        if open.digest != digest {
            return Err(PeopleRejected::ProposalDigest {
                proposal: id,
                digest: open.digest.clone(),
            }
            .into());
        }
        self.another(by, &open.by, terms.roles)?;
        if let Some(changed) = open.changed {
            return Err(PeopleRejected::ProposalStale { proposal: id, changed }.into());
        }
        self.same_whom(open, terms)?;
        let mut planned = self.handle(&open.by, &open.command, now)?;
        let approved = PeopleEvent::ProposalApproved { proposal: id, digest: open.digest.clone() };
        planned.events.insert(0, approved.into());
        planned.what = format!("{}; approved by {}", planned.what, by.id);
        let (proposer, approver) = (open.by.clone(), by.clone());
        planned.approved = Some(Approval { proposal: id, proposer, approver });
        Ok(planned)
    }

    /// Says no, or takes back what one proposed oneself.
    pub(super) fn refuse(
        &self,
        by: &Actor,
        id: Revision,
        why: &str,
        roles: Roles,
    ) -> Result<Planned, Rejected> {
        let open = self.waiting(id)?;
        if *by != open.by {
            self.may_approve(by, roles)?;
        }
        let why = texts::words("reason", why)?;
        let verb = if *by == open.by { "taken back" } else { "refused" };
        let what = format!("proposal {} {verb}: {}", id.0, open.what);
        Ok(Planned::one(PeopleEvent::ProposalRefused { proposal: id, why }.into(), what))
    }

    /// Lets what was done alone in an emergency stand.
    pub(super) fn ratify_emergency(
        &self,
        by: &Actor,
        id: Revision,
        roles: Roles,
    ) -> Result<Planned, Rejected> {
        let glass = self.now.people.glass.get(&id.0);
        let glass = glass.ok_or(PeopleRejected::UnknownEmergency(id))?;
        self.another(by, &glass.by, roles)?;
        let what = format!("ratified: {}", glass.what);
        Ok(Planned::one(PeopleEvent::EmergencyRatified { emergency: id }.into(), what))
    }

    pub(super) fn waiting(&self, id: Revision) -> Result<&Proposal, Rejected> {
        let open = self.now.people.open.get(&id.0);
        open.ok_or_else(|| PeopleRejected::UnknownProposal(id).into())
    }

    /// Whether somebody may decide about what another did: it must be another *person*.
    fn another(&self, by: &Actor, first: &Actor, roles: Roles) -> Result<(), Rejected> {
        if by == first {
            return Err(PeopleRejected::SamePerson { person: by.id.clone() }.into());
        }
        self.may_approve(by, roles)?;
        self.two_persons(by, first)?;
        let known = PersonId::new(&first.id).ok();
        let gone = known.is_some_and(|id| !self.now.people.persons.contains_key(&id));
        if gone && !first.id.starts_with(BY_CLAIM) {
            return Err(PeopleRejected::ProposerGone { person: first.id.clone() }.into());
        }
        Ok(())
    }

    /// One human may be known both by a record and by a claim: nothing tells them apart.
    pub(super) fn two_persons(&self, one: &Actor, other: &Actor) -> Result<(), Rejected> {
        if one.id.starts_with(BY_CLAIM) == other.id.starts_with(BY_CLAIM) {
            return Ok(());
        }
        let (one, other) = (one.id.clone(), other.id.clone());
        Err(PeopleRejected::PersonsUnclear { one, other }.into())
    }

    fn may_approve(&self, by: &Actor, roles: Roles) -> Result<(), Rejected> {
        if by.kind != ActorKind::Person {
            return Err(PeopleRejected::NotAPerson { token: by.id.clone() }.into());
        }
        let roles = self.now.people.person(&by.id).map_or(roles, |person| person.roles);
        if roles.has(Role::Approver) {
            Ok(())
        } else {
            Err(PeopleRejected::NotApprover { person: by.id.clone() }.into())
        }
    }
}

/// Done at once all the same, with an alarm, to be ratified by another person.
fn break_glass(
    mut planned: Planned,
    command: &Command,
    why: &str,
    now: Wall,
) -> Result<Planned, Rejected> {
    let why = texts::words("reason", why)?;
    if why.is_empty() {
        return Err(Rejected::WhyMissing);
    }
    let body = serde_json::to_vec(command).map_err(|_| Rejected::Full("proposals"))?;
    let ratify_by = Wall(now.0.saturating_add(GLASS_MILLISECONDS));
    let (digest, what) = (Blob::new(body).sha256, short(&planned.what));
    let event = PeopleEvent::EmergencyDeclared { what, why, digest, ratify_by };
    planned.events.insert(0, event.into());
    planned.what = format!(
        "{}; done alone in an emergency: another person must ratify it by {}",
        planned.what,
        ratify_by.rfc3339()
    );
    Ok(planned)
}

pub(super) fn short(what: &str) -> String {
    what.chars().take(500).collect()
}
