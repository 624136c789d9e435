//! Declaring partners and clients.

use portcullis_types::{ClientId, PartnerId, ScopeName};

use super::{narrows, quoted, sorted};
use crate::events::{Command, Event};
use crate::records::PartnerRecord;
use crate::rejected::Rejected;
use crate::state::{Planned, State};
use crate::texts;
use crate::words::SubjectId;

impl State {
    pub(super) fn add_partner(&self, command: &Command) -> Result<Planned, Rejected> {
        let Command::AddPartner { id, name, tier, r#use, scopes, facts } = command else {
            return Ok(Planned::nothing("nothing to do"));
        };
        if self.now.partner_ix(id).is_some() {
            return Err(Rejected::Exists(SubjectId::Partner(id.clone())));
        }
        let event = Event::PartnerAdded {
            partner: id.clone(),
            name: texts::name(name)?,
            tier: tier.clone(),
            r#use: *r#use,
            scopes: scopes.as_deref().map(sorted),
            facts: facts.clone(),
        };
        Ok(Planned::one(event, format!("partner `{id}` added on tier `{tier}`")))
    }

    pub(super) fn edit_partner(&self, command: &Command) -> Result<Planned, Rejected> {
        let Command::EditPartner { id, name, tier, r#use, scopes, facts } = command else {
            return Ok(Planned::nothing("nothing to do"));
        };
        let (_, old) = self.known_partner(id)?;
        let kept = || old.scopes.as_deref().map(<[ScopeName]>::to_vec);
        let event = |name, tier, r#use, scopes, facts| Event::PartnerEdited {
            partner: id.clone(),
            name,
            tier,
            r#use,
            scopes,
            facts,
        };
        let before =
            event(old.name.to_string(), old.tier.clone(), old.use_, kept(), (*old.facts).clone());
        let after = event(
            name.as_deref().map(texts::name).transpose()?.unwrap_or_else(|| old.name.to_string()),
            tier.clone().unwrap_or_else(|| old.tier.clone()),
            r#use.unwrap_or(old.use_),
            scopes.as_ref().map_or_else(kept, |new| new.as_deref().map(sorted)),
            facts.clone().unwrap_or_else(|| (*old.facts).clone()),
        );
        if before == after {
            return Err(Rejected::NothingChanges(SubjectId::Partner(id.clone())));
        }
        let undo = back(old, &after);
        Ok(Planned { undo, ..Planned::one(after, format!("partner `{id}` changed")) })
    }

    pub(super) fn add_client(
        &self,
        id: &ClientId,
        partner: &PartnerId,
        name: &str,
        scopes: Option<&[ScopeName]>,
    ) -> Result<Planned, Rejected> {
        let (_, owner) = self.known_partner(partner)?;
        if self.now.client_ix(id).is_some() {
            return Err(Rejected::Exists(SubjectId::Client(id.clone())));
        }
        narrows(scopes, owner.scopes.as_deref(), || SubjectId::Partner(partner.clone()))?;
        let event = Event::ClientAdded {
            client: id.clone(),
            partner: partner.clone(),
            name: texts::name(name)?,
            scopes: scopes.map(sorted),
        };
        Ok(Planned::one(event, format!("client `{id}` of partner `{partner}` added")))
    }
}

/// The edit that puts back what an edit changed; none where facts were lost, which no option names.
fn back(old: &PartnerRecord, after: &Event) -> Option<String> {
    let Event::PartnerEdited { partner, name, tier, r#use, scopes, facts } = after else {
        return None;
    };
    if *facts != *old.facts {
        return None;
    }
    let mut command = format!("portcullis partner edit {partner}");
    if *name != *old.name {
        command.push_str(&format!(" --name {}", quoted(&old.name)));
    }
    if *tier != old.tier {
        command.push_str(&format!(" --tier {}", old.tier));
    }
    if *r#use != old.use_ {
        let serde_json::Value::String(name) = serde_json::to_value(old.use_).ok()? else {
            return None;
        };
        command.push_str(&format!(" --use {name}"));
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
    Some(command)
}
