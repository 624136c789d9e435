//! Declaring partners and clients.

use portcullis_types::{Facts, ScopeName, Wall};

use super::agreement::fewer_scopes;
use super::facts::declared;
use super::{narrows, quoted, sorted};
use crate::commands::Command;
use crate::events::Event;
use crate::records::PartnerRecord;
use crate::rejected::Rejected;
use crate::state::{Planned, State};
use crate::texts;
use crate::words::SubjectId;

impl State {
    pub(super) fn add_partner(&self, command: &Command, now: Wall) -> Result<Planned, Rejected> {
        let Command::AddPartner { id, name, tier, r#use, declared_use, scopes, facts } = command
        else {
            return Ok(Planned::nothing("nothing to do"));
        };
        let subject = SubjectId::Partner(id.clone());
        if self.now.partner_ix(id).is_some() {
            return Err(Rejected::Exists(subject));
        }
        let event = Event::PartnerAdded {
            partner: id.clone(),
            name: texts::name(name)?,
            tier: tier.clone(),
            r#use: *r#use,
            declared_use: texts::words("declared use", declared_use)?,
            scopes: scopes.as_deref().map(sorted),
        };
        let what = match tier {
            Some(tier) => format!("partner `{id}` added on tier `{tier}`"),
            None => format!("partner `{id}` added on the tier for use `{}`", r#use.name()),
        };
        let bare = Facts { purpose: Some(r#use.name().to_owned()), ..Facts::default() };
        let mut planned = Planned::one(event, what);
        planned.declare(&subject, facts, &bare, now)?;
        Ok(planned)
    }

    pub(super) fn edit_partner(&self, command: &Command, now: Wall) -> Result<Planned, Rejected> {
        let Command::EditPartner { id, name, tier, r#use, declared_use, scopes, facts } = command
        else {
            return Ok(Planned::nothing("nothing to do"));
        };
        let (_, old) = self.known_partner(id)?;
        let subject = SubjectId::Partner(id.clone());
        let kept = || old.scopes.as_deref().map(<[ScopeName]>::to_vec);
        let event = |name, tier, r#use, declared_use, scopes| Event::PartnerEdited {
            partner: id.clone(),
            name,
            tier,
            r#use,
            declared_use,
            scopes,
        };
        let words = old.declared_use.to_string();
        let before = event(old.name.to_string(), old.tier.clone(), None, words.clone(), kept());
        let after = event(
            name.as_deref().map(texts::name).transpose()?.unwrap_or_else(|| old.name.to_string()),
            tier.clone().unwrap_or_else(|| old.tier.clone()),
            r#use.filter(|new| old.facts.purpose.as_deref() != Some(new.name())),
            declared_use
                .as_deref()
                .map_or(Ok(words), |words| texts::words("declared use", words))?,
            scopes.as_ref().map_or_else(kept, |new| new.as_deref().map(sorted)),
        );
        let mut planned =
            Planned { what: format!("partner `{id}` changed"), ..Planned::nothing("") };
        if before != after {
            planned.undo = back(old, &after);
            planned.events.push(after);
        }
        if let Some(facts) = facts {
            let mut known = (*old.facts).clone();
            if let Some(new) = r#use {
                known.purpose = Some(new.name().to_owned());
            }
            planned.declare(&subject, facts, &known, now)?;
        }
        if planned.events.is_empty() {
            return Err(Rejected::NothingChanges(subject));
        }
        Ok(planned)
    }

    pub(super) fn add_client(&self, command: &Command) -> Result<Planned, Rejected> {
        let Command::AddClient { id, partner, name, purpose, category, scopes } = command else {
            return Ok(Planned::nothing("nothing to do"));
        };
        let (_, owner) = self.known_partner(partner)?;
        if self.now.client_ix(id).is_some() {
            return Err(Rejected::Exists(SubjectId::Client(id.clone())));
        }
        narrows(scopes.as_deref(), owner.scopes.as_deref(), || {
            SubjectId::Partner(partner.clone())
        })?;
        let event = Event::ClientAdded {
            client: id.clone(),
            partner: partner.clone(),
            name: texts::name(name)?,
            purpose: texts::words("purpose", purpose)?,
            category: *category,
            scopes: scopes.as_deref().map(sorted),
        };
        Ok(Planned::one(event, format!("client `{id}` of partner `{partner}` added")))
    }
}

impl Planned {
    /// Adds a declaration, where it says something new; facts that are lost have no undo.
    fn declare(
        &mut self,
        subject: &SubjectId,
        facts: &Facts,
        old: &Facts,
        now: Wall,
    ) -> Result<(), Rejected> {
        let (event, blob, facts) = declared(subject, facts, old, now)?;
        if facts != *old {
            self.events.push(event);
            self.blobs.extend(blob);
            self.undo = None;
        }
        Ok(())
    }
}

/// The edit that puts back what an edit changed.
fn back(old: &PartnerRecord, after: &Event) -> Option<String> {
    let Event::PartnerEdited { partner, name, tier, r#use, declared_use, scopes } = after else {
        return None;
    };
    let mut command = format!("portcullis partner edit {partner}");
    if *name != *old.name {
        command.push_str(&format!(" --name {}", quoted(&old.name)));
    }
    if *tier != old.tier {
        let tier = old.tier.as_ref().map(|tier| format!(" --tier {tier}"));
        command.push_str(&tier.unwrap_or_else(|| " --tier-by-use".to_owned()));
    }
    if r#use.is_some() {
        command.push_str(&format!(" --use {}", old.facts.purpose.as_deref()?));
    }
    if *declared_use != *old.declared_use {
        command.push_str(&format!(" --declared-use {}", quoted(&old.declared_use)));
    }
    match old.scopes.as_deref() {
        before if before == scopes.as_deref() => {}
        None => command.push_str(" --all-scopes"),
        // No option says "no scope at all".
        Some([]) => return None,
        Some(before) => {
            before.iter().for_each(|scope| command.push_str(&format!(" --scope {scope}")));
        }
    }
    let fewer = !fewer_scopes(scopes.as_deref(), old.scopes.as_deref()).is_empty();
    if fewer || *tier != old.tier || r#use.is_some() {
        let tell = quoted("The edit of the agreement was our mistake and is taken back.");
        command.push_str(&format!(" --reason mistake --tell {tell} --fact {tell} --period now"));
    }
    Some(command)
}
