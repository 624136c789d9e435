//! Who asks, and how far it sees: its own partner, or, with a key bound to a client, that client.
//!
//! Must not know what is asked.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use portcullis_registry::{ClientRecord, KeyRecord, PartnerRecord, Snapshot, Standing};
use portcullis_types::{KeyIx, Now, Wall};

use super::Api;
use crate::problem::Problem;

/// The key that a call came with, proved whole; put on the request by whoever hands it in.
#[derive(Debug, Clone, Copy)]
pub struct PartnerKey {
    /// Which.
    pub key: KeyIx,
    /// The moment on the data plane's clock, by which rates are counted.
    pub now: Now,
}

/// Who asks, in the state of this moment.
pub(super) struct Asker {
    pub(super) at: KeyIx,
    pub(super) now: Now,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) key: KeyRecord,
    pub(super) partner: PartnerRecord,
    pub(super) client: Option<ClientRecord>,
    pub(super) standing: Standing,
}

/// The same, with a key that has not ended: it may see more than its own state.
pub(super) struct Reader(pub(super) Asker);

/// The same, with a key that could be used: it may change something.
pub(super) struct Writer(pub(super) Asker);

impl Asker {
    fn new(api: &Api, of: PartnerKey) -> Option<Self> {
        let snapshot = api.parts.office.snapshot();
        let key = snapshot.key(of.key)?.clone();
        let partner = snapshot.partner(key.partner)?.clone();
        let client = match key.client {
            None => None,
            Some(at) => Some(snapshot.client(at)?.clone()),
        };
        let standing = snapshot.standing(of.key, of.now.wall);
        Some(Self { at: of.key, now: of.now, snapshot, key, partner, client, standing })
    }

    pub(super) fn wall(&self) -> Wall {
        self.now.wall
    }

    /// Whether another key is one that this one may see.
    pub(super) fn sees(&self, other: &KeyRecord) -> bool {
        other.partner == self.key.partner
            && self.key.client.is_none_or(|client| other.client == Some(client))
    }

    /// Refuses a key that does not speak for the whole partner.
    pub(super) fn speaks_for_all(&self) -> Result<(), Problem> {
        if self.key.client.is_none() {
            return self.speaks_for_others();
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "key_of_client",
            "The key speaks for one client only",
            "send a key of yours that is bound to no client",
        ))
    }

    /// Refuses a key that was narrowed: it must not do by another key what it can't do itself.
    pub(super) fn speaks_for_others(&self) -> Result<(), Problem> {
        if self.key.scopes.is_none() {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "key_narrowed",
            "The key is narrowed to some scopes",
            "this key speaks for itself only: send one of yours that is not narrowed to scopes",
        ))
    }

    /// Whether the key has ended for ever.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.standing, Standing::Revoked(_) | Standing::Unknown)
    }

    fn is_in_time(&self) -> bool {
        matches!(self.standing, Standing::Good | Standing::Narrowed { .. })
    }
}

impl FromRequestParts<Arc<Api>> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let key = parts.extensions.get::<PartnerKey>().copied();
        key.and_then(|key| Self::new(api, key)).ok_or_else(|| {
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "not_ready",
                "The gate is not ready",
                "try again in a moment",
            )
        })
    }
}

impl FromRequestParts<Arc<Api>> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let asker = Asker::from_request_parts(parts, api).await?;
        if asker.has_ended() {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "key_ended",
                "The key has ended",
                "this key has ended for ever, so it learns nothing but that: `me` says since when and why; use another key of yours",
            ));
        }
        Ok(Self(asker))
    }
}

impl FromRequestParts<Arc<Api>> for Writer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let Reader(asker) = Reader::from_request_parts(parts, api).await?;
        if !asker.is_in_time() {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "key_out_of_time",
                "The key can't change anything now",
                "this key has expired or is not in use yet: `me` says which; use another key of yours",
            ));
        }
        Ok(Self(asker))
    }
}
