//! Signing in by a token of an OpenID Connect issuer: what is configured, and the one door.
//!
//! What makes a token good is `portcullis-keys`' matter. Must not know persons or HTTP servers.

mod issuer;
mod source;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use portcullis_keys::TokenRules;
use portcullis_registry::{BoxFuture, Role};

pub(crate) use issuer::{Issuer, SignInError};
pub use source::KeySource;

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
    /// What is demanded of its tokens; the claim that lists is that of roles, for subjects without a
    /// record.
    pub rules: TokenRules,
    /// What the claim's values mean; empty: they are names of roles.
    pub roles: BTreeMap<String, Role>,
    /// Where its keys are.
    pub source: KeySource,
    /// Told each time that they were asked for: that they are there, or why they are not.
    pub told: KeysTold,
}

/// Told what came of asking for keys.
pub type KeysTold = Arc<dyn Fn(Result<(), &str>) + Send + Sync>;

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc").field("issuer", &self.rules.issuer).finish_non_exhaustive()
    }
}

impl Oidc {
    /// The role that a value of the claim stands for.
    pub(crate) fn role(&self, value: &str) -> Option<Role> {
        if self.roles.is_empty() { Role::named(value) } else { self.roles.get(value).copied() }
    }
}
