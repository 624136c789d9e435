//! Partners and clients into the state, and what they declared.

use std::sync::Arc;

use portcullis_types::{Facts, PartnerId, PartnerIx};

use super::numbered;
use crate::events::Event;
use crate::facts::read_blob;
use crate::records::{ClientRecord, PartnerRecord, SubjectIx};
use crate::state::{FoldError, Place, State};
use crate::words::{Mode, SubjectId};

impl State {
    pub(super) fn partner(&mut self, place: Place<'_>, event: &Event) -> Result<(), FoldError> {
        let (partner, name, tier, named, declared_use, scopes) = match event {
            Event::PartnerAdded { partner, name, tier, r#use, declared_use, scopes } => {
                (partner, name, tier, Some(*r#use), declared_use, scopes)
            }
            Event::PartnerEdited { partner, name, tier, r#use, declared_use, scopes } => {
                (partner, name, tier, *r#use, declared_use, scopes)
            }
            _ => return Ok(()),
        };
        let known = self.now.partner_ix(partner);
        let old = known.and_then(|at| self.now.partner(at));
        let mut facts = old.map(|old| (*old.facts).clone()).unwrap_or_default();
        if let Some(named) = named {
            facts.purpose = Some(named.name().to_owned());
        }
        let record = PartnerRecord {
            id: partner.clone(),
            name: Arc::from(name.as_str()),
            tier: tier.clone(),
            declared_use: Arc::from(declared_use.as_str()),
            scopes: scopes.as_deref().map(Arc::from),
            facts: Arc::new(facts),
            mode: old.map_or(Mode::Enforce, |old| old.mode),
            narrowed: old.and_then(|old| old.narrowed.clone()),
            course: old.and_then(|old| old.course.clone()),
            lapsed: old.and_then(|old| old.lapsed),
            platform: old.and_then(|old| old.platform.clone()),
            added: old.map_or(place.ts, |old| old.added),
            revision: place.revision,
        };
        match (event, known.and_then(|at| self.now.partners.get_mut(at.at()))) {
            (Event::PartnerEdited { .. }, Some(slot)) => *slot = record,
            (Event::PartnerEdited { .. }, None) => {
                return Err(place.bad(format!("unknown partner `{partner}`")));
            }
            (_, Some(_)) => return Err(place.bad(format!("partner `{partner}` exists already"))),
            (_, None) => {
                self.push_partner(place, record)?;
            }
        }
        Ok(())
    }

    pub(super) fn push_partner(
        &mut self,
        place: Place<'_>,
        record: PartnerRecord,
    ) -> Result<PartnerIx, FoldError> {
        let at = numbered(place, self.now.partners.len())?;
        self.now.partner_names.insert(record.id.clone(), at);
        self.now.partners.push(record);
        Ok(PartnerIx(at))
    }

    pub(super) fn client(&mut self, place: Place<'_>, event: &Event) -> Result<(), FoldError> {
        let Event::ClientAdded { client, partner, name, purpose, category, scopes } = event else {
            return Ok(());
        };
        let owner = self.now.partner_ix(partner);
        let owner = owner.ok_or_else(|| place.bad(format!("unknown partner `{partner}`")))?;
        if self.now.client_ix(client).is_some() {
            return Err(place.bad(format!("client `{client}` exists already")));
        }
        let at = numbered(place, self.now.clients.len())?;
        self.now.client_names.insert(client.clone(), at);
        self.now.clients.push(ClientRecord {
            id: client.clone(),
            partner: owner,
            name: Arc::from(name.as_str()),
            scopes: scopes.as_deref().map(Arc::from),
            facts: Arc::default(),
            narrowed: None,
            course: None,
            lapsed: None,
            purpose: Arc::from(purpose.as_str()),
            category: *category,
            added: place.ts,
            revision: place.revision,
        });
        Ok(())
    }

    pub(super) fn facts(
        &mut self,
        place: Place<'_>,
        subject: &SubjectId,
        (here, sha256): (Option<&Facts>, Option<&str>),
        blob: &dyn Fn(&str) -> Option<Arc<[u8]>>,
    ) -> Result<(), FoldError> {
        let facts = match (here, sha256) {
            (Some(facts), None) => facts.clone(),
            (None, Some(sha256)) => {
                let body = blob(sha256).ok_or_else(|| place.bad("its facts are missing"))?;
                read_blob(&body).ok_or_else(|| place.bad("its facts are unreadable"))?
            }
            _ => return Err(place.bad("it names its facts twice or not at all")),
        };
        let facts = Arc::new(facts);
        match self.now.subject_ix(subject) {
            Some(SubjectIx::Partner(at)) => {
                if let Some(record) = self.now.partners.get_mut(at.at()) {
                    (record.facts, record.revision) = (facts, place.revision);
                }
            }
            Some(SubjectIx::Client(at)) => {
                if let Some(record) = self.now.clients.get_mut(at.at()) {
                    (record.facts, record.revision) = (facts, place.revision);
                }
            }
            Some(SubjectIx::Key(_)) => return Err(place.bad("a key declares no facts")),
            None => return Err(place.bad(format!("unknown {subject}"))),
        }
        Ok(())
    }

    pub(super) fn mode(
        &mut self,
        place: Place<'_>,
        partner: &PartnerId,
        mode: Mode,
    ) -> Result<(), FoldError> {
        let at = self.now.partner_ix(partner);
        let record = at.and_then(|at| self.now.partners.get_mut(at.at()));
        let record = record.ok_or_else(|| place.bad(format!("unknown partner `{partner}`")))?;
        (record.mode, record.revision) = (mode, place.revision);
        Ok(())
    }
}
