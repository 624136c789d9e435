//! Who calls, by what was shown: a key, a token in its place, or a certificate where there is neither.
//!
//! Nobody gets further who has not proved all of it. Must not know what the caller may do.

use std::net::IpAddr;
use std::sync::Arc;

use portcullis_registry::{KeyRecord, Snapshot, identity_digest};
use portcullis_types::{Holder, Identity, KeyIx, Now, Refusal};

use crate::judge::Judge;
use crate::origin::{Origin, Shown};
use crate::tokens::TrustedIssuer;

/// What proved a caller.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
enum By {
    Key,
    Token,
    Certificate,
}

impl Judge {
    /// Trusts the tokens of these issuers; to be said once, before the first call.
    pub fn trust(&self, issuers: Vec<Arc<TrustedIssuer>>) {
        self.tokens.trust(issuers);
    }

    /// Whether a text may prove somebody: a key that is known, or what looks like a token.
    #[must_use]
    pub fn may_prove(&self, text: &[u8]) -> bool {
        self.tokens.concern(text) || self.known(text).is_some()
    }

    /// Who calls, whatever state its key is in and wherever that is accepted from.
    ///
    /// # Errors
    /// Why it is nobody.
    pub fn caller<'s>(
        &self,
        snapshot: &'s Snapshot,
        (presented, origin): (Option<&[u8]>, Option<&Origin<'_>>),
        now: Now,
    ) -> Result<(KeyIx, &'s KeyRecord), Refusal> {
        let shown = origin.and_then(|origin| origin.certificate);
        let (ix, by) = match (presented, shown) {
            (Some(presented), _) => {
                let from = origin.map(|origin| origin.address);
                self.presented(snapshot, (presented, from), now)?
            }
            (None, Some(shown)) => (certified(snapshot, shown)?, By::Certificate),
            (None, None) => return Err(Refusal::KeyMissing),
        };
        let key = snapshot.key(ix).ok_or(Refusal::KeyUnknown)?;
        // A digest found the record; that it is one of the kind that was proved is looked at all the same.
        let fits = match key.identity() {
            None => by == By::Key,
            Some(Identity::Token(_)) => by == By::Token,
            Some(Identity::Certificate(_)) => by == By::Certificate,
        };
        if fits { Ok((ix, key)) } else { Err(Refusal::KeyUnknown) }
    }

    fn presented(
        &self,
        state: &Snapshot,
        (presented, from): (&[u8], Option<IpAddr>),
        now: Now,
    ) -> Result<(KeyIx, By), Refusal> {
        let digest = self.peppers.digest(presented);
        if let Some(ix) = self.found(state, &digest, presented) {
            return Ok((ix, By::Key));
        }
        if !self.tokens.concern(presented) {
            return Err(Refusal::KeyUnknown);
        }
        let found = self.tokens.find((presented, digest), from, state, now);
        found.map(|ix| (ix, By::Token))
    }
}

/// The one record that a certificate stands for, by its key and by each of its names.
fn certified(state: &Snapshot, shown: Shown<'_>) -> Result<KeyIx, Refusal> {
    let names = shown.names.iter().filter_map(|name| name.parse().ok());
    let mut found = None;
    for holder in std::iter::once(Holder::Key(*shown.key)).chain(names) {
        let digest = identity_digest(&Identity::Certificate(holder));
        match (state.key_of(&digest), found) {
            (Some(ix), Some(other)) if ix != other => return Err(Refusal::KeyConflict),
            (Some(ix), _) => found = Some(ix),
            (None, _) => {}
        }
    }
    found.ok_or(Refusal::KeyMissing)
}
