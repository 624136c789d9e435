//! Issuing and importing keys: each id and each secret is taken once.

use std::collections::HashSet;

use portcullis_types::{ClientId, KeyId, PartnerId, ScopeName, Wall};

use super::binding::checked;
use super::standing::{ahead, shut};
use super::{narrows, sorted, undo_by_fact};
use crate::commands::Command;
use crate::events::Event;
use crate::import::{IMPORT_KEYS_MAX, encode_keys};
use crate::rejected::Rejected;
use crate::state::{Blob, Planned, State, digest};
use crate::texts;
use crate::words::{ImportedKey, KeyStart, SubjectId};

impl State {
    pub(super) fn issue_key(&self, command: &Command, now: Wall) -> Result<Planned, Rejected> {
        let Command::IssueKey {
            id,
            partner,
            client,
            scopes,
            start,
            expires,
            digest,
            pepper,
            label,
            binding,
            identity,
        } = command
        else {
            return Ok(Planned::nothing("nothing to do"));
        };
        let (_, owner) = self.known_partner(partner)?;
        if let Some(client) = client {
            self.check_client(client, partner, scopes.as_deref())?;
        }
        narrows(scopes.as_deref(), owner.scopes.as_deref(), || {
            SubjectId::Partner(partner.clone())
        })?;
        ahead("expiry", *expires, now)?;
        if let KeyStart::At(at) = start {
            ahead("start", Some(*at), now)?;
            if let Some(ends) = expires.filter(|ends| ends <= at) {
                return Err(Rejected::InPast { what: "expiry", at: ends, now: *at });
            }
        }
        let digest = match identity {
            Some(identity) => self.fresh_identity(id, identity)?,
            None => self.fresh(id, digest).map(|()| digest.clone())?,
        };
        let held = shut(owner.narrowed.as_ref())
            .then_some("; the partner is on hold, so it is refused for now");
        let by = identity.as_ref().map(|identity| format!(" and proved by {identity}"));
        let (by, held) = (by.unwrap_or_default(), held.unwrap_or_default());
        let what = format!("key `{id}` issued to partner `{partner}`{by}{held}");
        let event = Event::KeyIssued {
            key: id.clone(),
            partner: partner.clone(),
            client: client.clone(),
            scopes: scopes.as_deref().map(sorted),
            start: *start,
            expires: *expires,
            digest,
            pepper: texts::label("pepper's fingerprint", pepper)?,
            label: texts::label("label", label)?,
            binding: checked(binding)?,
            identity: identity.clone(),
        };
        let undo = undo_by_fact("key revoke", id.as_str(), "This key was issued by mistake.", "");
        Ok(Planned { created: vec![id.clone()], undo: Some(undo), ..Planned::one(event, what) })
    }

    pub(super) fn check_client(
        &self,
        id: &ClientId,
        partner: &PartnerId,
        scopes: Option<&[ScopeName]>,
    ) -> Result<(), Rejected> {
        let (_, client) = self.known_client(id)?;
        let owner = self.now.partner(client.partner).map(|record| &record.id);
        match owner {
            Some(owner) if owner == partner => {}
            Some(owner) => {
                let (client, owner, partner) = (id.clone(), owner.clone(), partner.clone());
                return Err(Rejected::ClientOfOther { client, owner, partner });
            }
            None => return Err(Rejected::UnknownClient { id: id.clone(), near: None }),
        }
        narrows(scopes, client.scopes.as_deref(), || SubjectId::Client(id.clone()))
    }

    /// Neither the id nor the secret is known yet.
    pub(crate) fn fresh(&self, id: &KeyId, digest: &str) -> Result<(), Rejected> {
        if self.now.key_ix(id).is_some() {
            return Err(Rejected::Exists(SubjectId::Key(id.clone())));
        }
        self.new_digest(id, digest).map(|_| ())
    }

    pub(super) fn new_digest(&self, key: &KeyId, hex: &str) -> Result<[u8; 16], Rejected> {
        let bytes = digest(hex).ok_or_else(|| Rejected::DigestUnreadable { key: key.clone() })?;
        if self.now.key_of(&bytes).is_some() {
            return Err(Rejected::DigestKnown { key: key.clone() });
        }
        Ok(bytes)
    }

    pub(super) fn import_keys(
        &self,
        keys: &[ImportedKey],
        pepper: &str,
        create: Option<&(portcullis_types::TierName, crate::Use)>,
    ) -> Result<Planned, Rejected> {
        if keys.is_empty() {
            return Err(Rejected::ImportEmpty);
        }
        if keys.len() > IMPORT_KEYS_MAX {
            return Err(Rejected::ImportTooLarge { count: keys.len(), max: IMPORT_KEYS_MAX });
        }
        self.none_staged(keys)?;
        let (mut ids, mut digests, mut partners) =
            (HashSet::new(), HashSet::new(), HashSet::<&PartnerId>::new());
        for (index, key) in keys.iter().enumerate() {
            let known = || Rejected::ImportKnown { index, id: key.id.clone() };
            let digest =
                self.new_digest(&key.id, &key.digest).map_err(|rejected| match rejected {
                    Rejected::DigestKnown { .. } => known(),
                    other => other,
                })?;
            let again = !ids.insert(&key.id) || !digests.insert(digest);
            if again || self.now.key_ix(&key.id).is_some() {
                return Err(known());
            }
            if self.now.partner_ix(&key.partner).is_none() {
                partners.insert(&key.partner);
                if create.is_none() {
                    let (id, near) = (key.partner.clone(), self.near_partner(&key.partner));
                    return Err(Rejected::ImportPartner { index, id, near });
                }
            }
        }
        let body = encode_keys(keys).map_err(|_| Rejected::ImportEmpty)?;
        let blob = Blob::new(body);
        let what = match partners.len() {
            0 => format!("{} imported", counted(keys.len(), "key")),
            made => format!(
                "{} imported, {} added",
                counted(keys.len(), "key"),
                counted(made, "partner")
            ),
        };
        let event = Event::KeysImported {
            blob: blob.sha256.clone(),
            count: keys.len() as u64,
            partners_created: partners.len() as u64,
            tier: create.map(|(tier, _)| tier.clone()),
            r#use: create.map(|(_, r#use)| *r#use),
            pepper: texts::label("pepper's fingerprint", pepper)?,
        };
        Ok(Planned { blobs: vec![blob], ..Planned::one(event, what) })
    }
}

fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
