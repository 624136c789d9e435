//! Keys into the state, issued here or brought over from another gateway.

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_types::{
    Binding, Facts, Identity, KeyId, KeyIx, PartnerId, PartnerIx, ReasonCode, ScopeName, TierName,
};

use super::{ended, numbered};
use crate::events::Event;
use crate::identity::identity_hex;
use crate::import::imported;
use crate::key_record::KeyRecord;
use crate::records::{Credential, KeyMore, KeyTerms, PartnerRecord, PepperIx, ScopeListIx};
use crate::snapshot::Snapshot;
use crate::state::{FoldError, Place, State, digest};
use crate::words::{ImportedState, KeyStart, Mode, Use};

/// What the holder of an imported key that had ended already is told.
const ENDED_BEFORE: &str =
    "This key had ended already when it was brought over from another gateway.";
const ENDED_BEFORE_CODE: &str = "imported-ended";
/// Bytes that a line of an import has at least; a wild count must not claim gigabytes.
const LINE_MIN: usize = 100;

impl State {
    pub(super) fn key(&mut self, place: Place<'_>, event: &Event) -> Result<(), FoldError> {
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
            return Ok(());
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
        let terms = KeyTerms {
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
        self.push_key(place, key, Arc::new(terms), hex)
    }

    fn push_key(
        &mut self,
        place: Place<'_>,
        id: &KeyId,
        terms: Arc<KeyTerms>,
        hex: &str,
    ) -> Result<(), FoldError> {
        let bytes = digest(hex);
        let bytes = bytes.ok_or_else(|| place.bad("the digest of a key is unreadable"))?;
        let Snapshot { keys, key_index, unlearned, .. } = &mut self.now;
        let at = KeyIx(numbered(place, keys.len())?);
        if !key_index.push(keys, at, KeyRecord::new(id, terms)) {
            return Err(place.bad(format!("key `{id}` exists already")));
        }
        // A key that is not found by its digest is an unknown key, hence refused.
        *unlearned += u64::from(key_index.learn(at, &bytes).is_err());
        Ok(())
    }

    pub(super) fn import(
        &mut self,
        place: Place<'_>,
        (body, count): (&[u8], u64),
        create: Option<(&TierName, Use)>,
        pepper: &str,
    ) -> Result<(), FoldError> {
        let under = self.peppered(pepper, 0);
        let code = ReasonCode::new(ENDED_BEFORE_CODE).map_err(|e| place.bad(e.to_string()))?;
        let ended = ended(place, &code, ENDED_BEFORE);
        let (mut found, mut live) = (0, 0);
        let told = usize::try_from(count).unwrap_or(usize::MAX).min(body.len() / LINE_MIN);
        self.now.key_index.make_room(&self.now.keys, self.now.keys.len() + told);
        let mut owners: HashMap<String, PartnerIx> = HashMap::new();
        let mut shared: HashMap<(PartnerIx, ImportedState), Arc<KeyTerms>> = HashMap::new();
        for line in imported(body) {
            let line =
                line.map_err(|line| place.bad(format!("line {line} of its list is unreadable")))?;
            let partner = match owners.get(&*line.partner) {
                Some(partner) => *partner,
                None => {
                    let partner = self.owner(place, &line.partner, create)?;
                    owners.insert(line.partner.clone().into_owned(), partner);
                    partner
                }
            };
            let id = KeyId::new(&line.id).map_err(|error| place.bad(error.to_string()))?;
            let revoked = line.state == ImportedState::Revoked;
            let terms = shared.entry((partner, line.state)).or_insert_with(|| {
                Arc::new(KeyTerms {
                    partner,
                    client: None,
                    scopes: None,
                    credential: if revoked { Credential::Revoked } else { Credential::Active },
                    pepper: under,
                    expires: None,
                    narrowed: None,
                    ended: revoked.then(|| Arc::clone(&ended)),
                    label: None,
                    more: None,
                    issued: place.ts,
                    revision: place.revision,
                })
            });
            self.push_key(place, &id, Arc::clone(terms), &line.digest)?;
            found += 1;
            live += u64::from(!revoked);
        }
        self.peppered(pepper, live);
        if found == count { Ok(()) } else { Err(place.bad("its list has another number of keys")) }
    }

    /// Whose an imported key is; made where the import makes partners.
    fn owner(
        &mut self,
        place: Place<'_>,
        name: &str,
        create: Option<(&TierName, Use)>,
    ) -> Result<PartnerIx, FoldError> {
        let id = PartnerId::new(name).map_err(|error| place.bad(error.to_string()))?;
        match (self.now.partner_ix(&id), create) {
            (Some(at), _) => Ok(at),
            (None, Some((tier, r#use))) => {
                self.push_partner(place, created(place, &id, tier.clone(), r#use))
            }
            (None, None) => Err(place.bad(format!("unknown partner `{id}`"))),
        }
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
