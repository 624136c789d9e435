//! Identities that stand in a key's place: by what they are found, and when one can be given.
//!
//! The digest is of no pepper, so that it stays when one is exchanged. No key can be made up that has
//! the same: what is kept of keys is a digest under the pepper. Must not know how a token or a
//! certificate is verified.

use portcullis_types::{Identity, KeyId};
use sha2::{Digest as _, Sha256};

use crate::records::KeyTerms;
use crate::rejected::Rejected;
use crate::standing::CredentialRejected;
use crate::state::State;

/// By what an identity is found: the first 16 bytes of the SHA-256 of its one text.
#[must_use]
pub fn identity_digest(identity: &Identity) -> [u8; 16] {
    let whole: [u8; 32] = Sha256::digest(identity.canonical()).into();
    let mut first = [0; 16];
    for (to, from) in first.iter_mut().zip(whole) {
        *to = from;
    }
    first
}

/// The same as an event bears it.
pub(crate) fn identity_hex(identity: &Identity) -> String {
    identity_digest(identity).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl KeyTerms {
    /// What proves the caller where it is no key.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.more.as_ref()?.identity.as_deref()
    }
}

impl State {
    /// The digest of an identity that no record stands for, nor ever did.
    pub(crate) fn fresh_identity(&self, id: &KeyId, of: &Identity) -> Result<String, Rejected> {
        of.check().map_err(CredentialRejected::IdentityUnfit)?;
        let digest = identity_hex(of);
        self.fresh(id, &digest).map_err(|rejected| match rejected {
            Rejected::DigestKnown { .. } => {
                CredentialRejected::IdentityKnown { identity: of.to_string() }.into()
            }
            other => other,
        })?;
        Ok(digest)
    }
}
