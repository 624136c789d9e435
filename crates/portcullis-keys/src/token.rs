//! Tokens of an issuer (JWT): what is demanded of one, and whose it is.
//!
//! Nothing of a token is believed before its signature: neither `alg`, which must be one of the list,
//! nor `jku`, `x5u` or `jwk`, which nobody reads. Must not know how keys are fetched, nor what a
//! subject may do.

mod jwks;
mod verify;

pub use jwks::IssuerKeys;
pub use verify::{TokenError, TokenHead, TokenSpan, Verified, claimed_issuer, looks_like_token};

/// What is demanded of the tokens of one issuer.
#[derive(Debug, Clone)]
pub struct TokenRules {
    /// `iss` of its tokens, compared as it stands.
    pub issuer: String,
    /// One of them must be among `aud`.
    pub audiences: Vec<String>,
    /// The only algorithms that are believed.
    pub algorithms: Vec<SignatureAlgorithm>,
    /// The claim that names the subject; `sub` where nobody says otherwise.
    pub subject_claim: String,
    /// The claim that lists what else is to be known of the subject.
    pub listed_claim: Option<String>,
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

    pub(crate) fn jwt(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Ps256 => jsonwebtoken::Algorithm::PS256,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::Es384 => jsonwebtoken::Algorithm::ES384,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}
