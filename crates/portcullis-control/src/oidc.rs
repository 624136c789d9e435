//! Signing in by a token of an OpenID Connect issuer: what is configured, and the one door.
//!
//! Nothing of a token is believed before its signature: neither `alg`, which must be one of the
//! list, nor `jku`, `x5u` or `jwk`, which nobody reads. Must not know roles, persons or HTTP servers.

mod issuer;
mod keys;
mod token;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use portcullis_registry::{BoxFuture, Role};

pub(crate) use issuer::Issuer;
pub(crate) use token::TokenError;

/// Most bytes of a document of the issuer.
pub const ISSUER_BYTES_MAX: usize = 256 << 10;

/// Gets documents of the issuer over HTTP. The binary fills it; no redirect may be followed.
pub trait IssuerFetch: Send + Sync {
    /// The body of a successful answer, at most [`ISSUER_BYTES_MAX`] long, or why there is none.
    fn fetch(&self, url: String) -> BoxFuture<'_, Result<Vec<u8>, String>>;
}

/// An issuer whose tokens sign operators in.
#[derive(Clone)]
pub struct Oidc {
    /// `iss` of its tokens, compared as it stands.
    pub issuer: String,
    /// One of them must be among `aud`.
    pub audiences: Vec<String>,
    /// Where its keys are; none: where its discovery document says.
    pub jwks: Option<String>,
    /// The only algorithms that are believed.
    pub algorithms: Vec<SignatureAlgorithm>,
    /// The claim that lists roles, for subjects without a record.
    pub roles_claim: Option<String>,
    /// What the claim's values mean; empty: they are names of roles.
    pub roles: BTreeMap<String, Role>,
    /// Gets its documents.
    pub fetch: Arc<dyn IssuerFetch>,
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl Oidc {
    /// The role that a value of the claim stands for.
    pub(crate) fn role(&self, value: &str) -> Option<Role> {
        if self.roles.is_empty() { Role::named(value) } else { self.roles.get(value).copied() }
    }
}

/// The signatures that can be accepted. None of them has a secret that both sides know, so that no
/// public key can be passed off as one.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum SignatureAlgorithm {
    /// RSA, PKCS #1 v1.5, SHA-256.
    Rs256,
    /// RSA, PSS, SHA-256.
    Ps256,
    /// P-256, SHA-256.
    Es256,
    /// P-384, SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl SignatureAlgorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Rs256, Self::Ps256, Self::Es256, Self::Es384, Self::EdDsa];

    /// The name in a token's head.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    fn jwt(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Ps256 => jsonwebtoken::Algorithm::PS256,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::Es384 => jsonwebtoken::Algorithm::ES384,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}
