//! Keys into the state, issued here or brought over from another gateway.

use std::sync::Arc;

use portcullis_types::{
    Binding, Facts, Identity, KeyIx, PartnerId, ReasonCode, ScopeName, TierName,
};

use super::{Learned, ended, numbered};
use crate::events::Event;
use crate::identity::identity_hex;
use crate::records::{Credential, KeyMore, KeyRecord, PartnerRecord, PepperIx, ScopeListIx};
use crate::state::{FoldError, Place, State, digest, mark};
use crate::words::{ImportedKey, ImportedState, KeyStart, Mode, Use};

/// What the holder of an imported key that had ended already is told.
const ENDED_BEFORE: &str =
    "This key had ended already when it was brought over from another gateway.";
const ENDED_BEFORE_CODE: &str = "imported-ended";

impl State {
    pub(super) fn key(&mut self, place: Place<'_>, event: &Event) -> Result<Learned, FoldError> {
        let Event::KeyIssued {
            key,
            partner,
            client,
            scopes,
            start,
            expires,
            digest: hex,
            label,
            pepper,
            binding,
            identity,
        } = event
        else {
            return Ok(Vec::new());
        };
        if identity.as_ref().is_some_and(|identity| identity_hex(identity) != *hex) {
            return Err(place.bad("the digest is not that of the identity"));
        }
        let owner = self.now.partner_ix(partner);
        let owner = owner.ok_or_else(|| place.bad(format!("unknown partner `{partner}`")))?;
        let client = client.as_ref().map(|id| {
            let at = self.now.client_ix(id);
            at.ok_or_else(|| place.bad(format!("unknown client `{id}`")))
        });
        let record = KeyRecord {
            id: key.clone(),
            partner: owner,
            client: client.transpose()?,
            scopes: scopes.as_deref().map(|list| self.scope_list(place, list)).transpose()?,
            credential: if start.is_at_once() { Credential::Active } else { Credential::Pending },
            pepper: match identity {
                Some(_) => PepperIx::NONE,
                None => self.peppered(pepper, 1),
            },
            expires: *expires,
            narrowed: None,
            ended: None,
            more: more(*start, binding, identity.as_ref()),
            label: Some(label.as_str()).filter(|label| !label.is_empty()).map(Arc::from),
            issued: place.ts,
            revision: place.revision,
        };
        Ok(vec![self.push_key(place, record, hex)?])
    }

    pub(super) fn push_key(
        &mut self,
        place: Place<'_>,
        record: KeyRecord,
        hex: &str,
    ) -> Result<([u8; 16], KeyIx), FoldError> {
        let bytes = digest(hex);
        let bytes = bytes.ok_or_else(|| place.bad("the digest of a key is unreadable"))?;
        if self.now.key_ix(&record.id).is_some() {
            return Err(place.bad(format!("key `{}` exists already", record.id)));
        }
        let at = numbered(place, self.now.keys.len())?;
        self.digests.insert(mark(&bytes));
        self.now.key_names.insert(record.id.clone(), at);
        self.now.keys.push(record);
        Ok((bytes, KeyIx(at)))
    }

    pub(super) fn import(
        &mut self,
        place: Place<'_>,
        keys: &[ImportedKey],
        create: Option<(&TierName, Use)>,
        pepper: &str,
    ) -> Result<Learned, FoldError> {
        let live = keys.iter().filter(|key| key.state == ImportedState::Active).count();
        let pepper = self.peppered(pepper, live as u64);
        let code = ReasonCode::new(ENDED_BEFORE_CODE).map_err(|e| place.bad(e.to_string()))?;
        let ended = ended(place, &code, ENDED_BEFORE);
        let mut learned = Vec::with_capacity(keys.len());
        for key in keys {
            let partner = match (self.now.partner_ix(&key.partner), create) {
                (Some(at), _) => at,
                (None, Some((tier, r#use))) => {
                    let record = created(place, &key.partner, tier.clone(), r#use);
                    self.push_partner(place, record)?
                }
                (None, None) => {
                    return Err(place.bad(format!("unknown partner `{}`", key.partner)));
                }
            };
            let revoked = key.state == ImportedState::Revoked;
            let record = KeyRecord {
                id: key.id.clone(),
                partner,
                client: None,
                scopes: None,
                credential: if revoked { Credential::Revoked } else { Credential::Active },
                pepper,
                expires: None,
                narrowed: None,
                ended: revoked.then(|| Arc::clone(&ended)),
                label: None,
                more: None,
                issued: place.ts,
                revision: place.revision,
            };
            learned.push(self.push_key(place, record, &key.digest)?);
        }
        Ok(learned)
    }

    /// The shared list with these scopes, made on first use.
    pub(super) fn scope_list(
        &mut self,
        place: Place<'_>,
        list: &[ScopeName],
    ) -> Result<ScopeListIx, FoldError> {
        if let Some(at) = self.scope_index.get(list) {
            return Ok(*at);
        }
        let at = ScopeListIx(numbered(place, self.now.scope_lists.len())?);
        let list: Arc<[ScopeName]> = Arc::from(list);
        self.now.scope_lists.push(Arc::clone(&list));
        self.scope_index.insert(list, at);
        Ok(at)
    }
}

fn more(start: KeyStart, binding: &Binding, identity: Option<&Identity>) -> Option<Arc<KeyMore>> {
    let starts = match start {
        KeyStart::At(at) => Some(at),
        KeyStart::AtOnce | KeyStart::WhenActivated => None,
    };
    let identity = identity.cloned().map(Arc::new);
    let more = KeyMore { starts, binding: bound(binding), identity, ..KeyMore::default() };
    (more != KeyMore::default()).then(|| Arc::new(more))
}

/// Where a key is accepted from, as its record holds it.
pub(super) fn bound(binding: &Binding) -> Option<Arc<Binding>> {
    (!binding.is_empty()).then(|| Arc::new(binding.clone()))
}

/// A partner that an import made: its name is its id until somebody edits it.
fn created(place: Place<'_>, id: &PartnerId, tier: TierName, use_: Use) -> PartnerRecord {
    PartnerRecord {
        id: id.clone(),
        name: id.shared(),
        tier: Some(tier),
        declared_use: Arc::default(),
        scopes: None,
        facts: Arc::new(Facts { purpose: Some(use_.name().to_owned()), ..Facts::default() }),
        mode: Mode::Enforce,
        narrowed: None,
        course: None,
        lapsed: None,
        platform: None,
        added: place.ts,
        revision: place.revision,
    }
}
