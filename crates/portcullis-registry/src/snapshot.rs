//! The state at one revision, immutable and cheap to clone.
//!
//! The judge reads it once per call; the control plane lists from it. Must not know how events
//! change it; only the fold may.

mod subjects;

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_types::{
    ClientId, ClientIx, KeyId, KeyIx, PartnerId, PartnerIx, Revision, ScopeName, Wall,
};

use crate::answers::Answers;
use crate::cases::Cases;
use crate::changes::Changes;
use crate::deletions::Deletions;
use crate::guard::LogLost;
use crate::key_index::KeyIndex;
use crate::key_record::KeyRecord;
use crate::ledger::LedgerLog;
use crate::names::Names;
use crate::pages::Pages;
use crate::people::People;
use crate::reasons::Reasons;
use crate::records::{
    ClientRecord, Credential, GrantsLogged, Narrowings, PartnerRecord, PepperIx, PolicyInForce,
    ScopeListIx, Standing,
};
use crate::retention::Bodies;
use crate::signals::Signals;
use crate::words::RotatedSecret;

/// The state at a revision. A clone shares all pages and indexes.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    pub(crate) revision: Option<Revision>,
    pub(crate) at: Wall,
    pub(crate) origin: Option<Arc<str>>,
    pub(crate) policy: Option<Arc<PolicyInForce>>,
    pub(crate) grants: Option<Arc<GrantsLogged>>,
    pub(crate) lost: Option<LogLost>,
    pub(crate) reasons: Arc<Reasons>,
    pub(crate) signals: Signals,
    pub(crate) answers: Answers,
    pub(crate) people: Arc<People>,
    pub(crate) cases: Cases,
    pub(crate) bodies: Bodies,
    pub(crate) changes: Arc<Changes>,
    pub(crate) ledger: Arc<LedgerLog>,
    pub(crate) deletions: Deletions,
    pub(crate) peppers: Arc<Vec<(Arc<str>, u64)>>,
    pub(crate) secrets: Arc<BTreeMap<RotatedSecret, String>>,
    pub(crate) partners: Pages<PartnerRecord>,
    pub(crate) clients: Pages<ClientRecord>,
    pub(crate) keys: Pages<KeyRecord>,
    pub(crate) scope_lists: Pages<Arc<[ScopeName]>>,
    pub(crate) partner_names: Names<PartnerId>,
    pub(crate) client_names: Names<ClientId>,
    pub(crate) key_index: KeyIndex,
    /// Keys whose digest was another key's before.
    pub(crate) unlearned: u64,
}

impl Snapshot {
    /// The last event in it; none before the first.
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        self.revision
    }

    /// The time of the last event in it.
    #[must_use]
    pub fn at(&self) -> Wall {
        self.at
    }

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// A key.
    #[must_use]
    pub fn key(&self, at: KeyIx) -> Option<&KeyRecord> {
        self.keys.get(at.at())
    }

    /// A partner.
    #[must_use]
    pub fn partner(&self, at: PartnerIx) -> Option<&PartnerRecord> {
        self.partners.get(at.at())
    }

    /// A client.
    #[must_use]
    pub fn client(&self, at: ClientIx) -> Option<&ClientRecord> {
        self.clients.get(at.at())
    }

    /// Where the partner of that id is.
    #[must_use]
    pub fn partner_ix(&self, id: &PartnerId) -> Option<PartnerIx> {
        self.partner_names.get(id, self.partners.len()).map(PartnerIx)
    }

    /// Where the client of that id is.
    #[must_use]
    pub fn client_ix(&self, id: &ClientId) -> Option<ClientIx> {
        self.client_names.get(id, self.clients.len()).map(ClientIx)
    }

    /// Where the key of that id is.
    #[must_use]
    pub fn key_ix(&self, id: &KeyId) -> Option<KeyIx> {
        self.key_index.by_id(id, &self.keys)
    }

    /// The key of a digest: the first 16 bytes of the keyed digest of the whole key.
    #[must_use]
    pub fn key_of(&self, digest: &[u8; 16]) -> Option<KeyIx> {
        self.key_index.by_digest(digest).filter(|at| at.at() < self.keys.len())
    }

    /// How many keys can't be used, since the digest of each was another key's before. Anything but 0
    /// is a fault of the log.
    #[must_use]
    pub fn unlearned(&self) -> u64 {
        self.unlearned
    }

    /// Bytes that keys take, apart from what is said of them. The indexes are those of the newest
    /// snapshot.
    #[must_use]
    pub fn key_bytes(&self) -> usize {
        self.keys.bytes() + self.key_index.bytes()
    }

    /// All partners in order of declaration.
    pub fn partners(&self) -> impl Iterator<Item = (PartnerIx, &PartnerRecord)> {
        (0..).map(PartnerIx).zip(self.partners.iter())
    }

    /// All clients in order of declaration.
    pub fn clients(&self) -> impl Iterator<Item = (ClientIx, &ClientRecord)> {
        (0..).map(ClientIx).zip(self.clients.iter())
    }

    /// All keys in order of issue.
    pub fn keys(&self) -> impl Iterator<Item = (KeyIx, &KeyRecord)> {
        (0..).map(KeyIx).zip(self.keys.iter())
    }

    /// How many partners there are.
    #[must_use]
    pub fn partner_count(&self) -> usize {
        self.partners.len()
    }

    /// The set of routes and policies in force.
    #[must_use]
    pub fn policy(&self) -> Option<&PolicyInForce> {
        self.policy.as_deref()
    }

    /// What the log says about the grants; none before the first.
    #[must_use]
    pub fn grants(&self) -> Option<&GrantsLogged> {
        self.grants.as_deref()
    }

    /// What the log says of the ledger.
    #[must_use]
    pub fn ledger(&self) -> &LedgerLog {
        &self.ledger
    }

    /// The reasons for which access can be taken away.
    #[must_use]
    pub fn reasons(&self) -> &Reasons {
        &self.reasons
    }

    /// Fingerprints of the peppers that keys were made under, and how many keys of each aren't
    /// revoked.
    pub fn peppers(&self) -> impl Iterator<Item = (&str, u64)> {
        self.peppers.iter().map(|(fingerprint, keys)| (&**fingerprint, *keys))
    }

    /// The fingerprint of a pepper.
    #[must_use]
    pub fn pepper(&self, at: PepperIx) -> Option<&str> {
        self.peppers.get(usize::from(at.0)).map(|(fingerprint, _)| &**fingerprint)
    }

    /// The fingerprint last recorded of one of the gate's own secrets.
    #[must_use]
    pub fn secret(&self, what: RotatedSecret) -> Option<&str> {
        self.secrets.get(&what).map(String::as_str)
    }

    /// The scopes of a list.
    #[must_use]
    pub fn scope_list(&self, at: ScopeListIx) -> Option<&[ScopeName]> {
        self.scope_lists.get(at.0 as usize).map(|list| &**list)
    }

    /// All lists of scopes that keys are narrowed to, in order of first use.
    pub fn scope_lists(&self) -> impl Iterator<Item = (ScopeListIx, &[ScopeName])> {
        (0..).map(ScopeListIx).zip(self.scope_lists.iter().map(|list| &**list))
    }

    /// What becomes of a call with this key, by key, client and partner together.
    ///
    /// A key ends at its expiry to the millisecond: at that moment it is over.
    #[must_use]
    pub fn standing(&self, at: KeyIx, now: Wall) -> Standing {
        let Some(key) = self.key(at) else { return Standing::Unknown };
        let Some(partner) = self.partner(key.partner) else { return Standing::Unknown };
        let client = match key.client.map(|at| self.client(at)) {
            Some(None) => return Standing::Unknown,
            Some(Some(client)) => Some(client),
            None => None,
        };
        match (key.credential, &key.ended) {
            (_, Some(notice)) => return Standing::Revoked(Arc::clone(notice)),
            (Credential::Revoked | Credential::Compromised, None) => return Standing::Unknown,
            // An event said so: a clock that goes back does not bring it back.
            (Credential::Expired, None) => {
                return Standing::Expired { at: key.expires.unwrap_or(now) };
            }
            (Credential::Pending, None) => {
                let from = key.more.as_ref().and_then(|more| more.starts);
                if from.is_none_or(|from| now < from) {
                    return Standing::Pending { from };
                }
            }
            (Credential::Active | Credential::Rotating, None) => {}
        }
        if let Some(at) = key.expires.filter(|at| now >= *at) {
            return Standing::Expired { at };
        }
        let by = Narrowings {
            partner: partner.narrowed.clone(),
            client: client.and_then(|client| client.narrowed.clone()),
            key: key.narrowed.clone(),
        };
        if by.is_empty() { Standing::Good } else { Standing::Narrowed { by } }
    }
}
