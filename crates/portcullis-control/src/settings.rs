//! What the admin API is started with.
//!
//! Must not know where tokens or addresses are configured.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use portcullis_registry::{DeletionDesk, Office, Retention, UsageBook};
use portcullis_types::Clock;
use sha2::{Digest as _, Sha256};

use crate::{
    AdminCall, Checker, Hooks, KeyMaker, LedgerDesk, Oidc, Plane, Probe, Recall, Remembers,
    Witnessed,
};

/// Everything the admin API stands on.
#[derive(Clone)]
pub struct Control {
    /// Tokens and bounds.
    pub settings: ControlSettings,
    /// Takes commands and gives the state.
    pub office: Arc<dyn Office>,
    /// Compiles candidate files.
    pub checker: Arc<dyn Checker>,
    /// Metrics and readiness.
    pub probe: Arc<dyn Probe>,
    /// Calls by hour.
    pub usage: Arc<UsageBook>,
    /// The last calls.
    pub recall: Arc<dyn Recall>,
    /// Makes keys and digests.
    pub keys: Arc<dyn KeyMaker>,
    /// For the record, for `review_by: 7d` and for how long an answer is remembered.
    pub clock: Arc<dyn Clock>,
    /// Told of every call below `/v1`, with its actor.
    pub calls: Arc<dyn Fn(&AdminCall) + Send + Sync>,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Tokens and bounds.
#[derive(Debug, Clone)]
pub struct ControlSettings {
    /// Who may call.
    pub tokens: Vec<AdminToken>,
    /// The issuer whose tokens sign people in.
    pub oidc: Option<Oidc>,
    /// Keeps hooks and sends to them, where somebody does.
    pub hooks: Option<Arc<dyn Hooks>>,
    /// Takes what the platform deleted, and partners' words on it, where something does.
    pub deletions: Option<Arc<dyn DeletionDesk>>,
    /// Looks at calls under way and at what answers left behind; none: previews call it unknown.
    pub plane: Option<Arc<dyn Plane>>,
    /// What witnesses signed, where some are asked.
    pub witnessed: Option<Arc<dyn Witnessed>>,
    /// Keeps answers to repeated calls over a restart, where something does.
    pub remembers: Option<Arc<dyn Remembers>>,
    /// Answers questions about what left, where that is written down.
    pub ledger: Option<Arc<dyn LedgerDesk>>,
    /// How long what lies beside the log is kept.
    pub retention: Retention,
    /// The version that `/healthz` names.
    pub version: String,
    /// Longest time until an answer begins.
    pub timeout: Duration,
    /// Longest time until a verification of the log or a compilation answers.
    pub timeout_long: Duration,
    /// Longest body in bytes.
    pub body_max: usize,
    /// Longest body of an import of keys in bytes.
    pub import_body_max: usize,
    /// Longest body of a snapshot of the grants in bytes; it is never in memory as a whole.
    pub feed_body_max: usize,
    /// Most connections at once; more wait to be accepted.
    pub connections_max: usize,
    /// Longest time for a request head to arrive.
    pub head_timeout: Duration,
}

impl Default for ControlSettings {
    fn default() -> Self {
        Self {
            tokens: Vec::new(),
            hooks: None,
            deletions: None,
            remembers: None,
            plane: None,
            witnessed: None,
            oidc: None,
            ledger: None,
            retention: Retention::default(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            timeout: Duration::from_secs(30),
            timeout_long: Duration::from_secs(600),
            body_max: 8 << 20,
            import_body_max: 128 << 20,
            feed_body_max: 4 << 30,
            connections_max: 128,
            head_timeout: Duration::from_secs(10),
        }
    }
}

/// An admin token, known by its name and SHA-256 only.
///
/// A token is 32 or more random bytes as text, so a fast hash is enough: there is nothing to guess.
#[derive(Clone, Eq, PartialEq)]
pub struct AdminToken {
    /// Stands in the log as the actor of every change made with it, unless it belongs to a person.
    pub name: String,
    /// Whose it is.
    pub person: Option<String>,
    /// SHA-256 of the token's text.
    pub sha256: [u8; 32],
}

/// Why a text is not an admin token.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum AdminTokenError {
    /// Too short to be safe.
    #[error("admin token `{name}` has fewer than 32 characters: write at least 32 random ones")]
    Short {
        /// The token's name.
        name: String,
    },
    /// Not 64 hex digits.
    #[error("the digest of admin token `{name}` is not 64 hex digits (SHA-256 of the token)")]
    Digest {
        /// The token's name.
        name: String,
    },
}

impl AdminToken {
    /// From the token itself; spaces and line ends around it are dropped.
    ///
    /// # Errors
    /// [`AdminTokenError::Short`] below 32 characters.
    pub fn from_secret(name: &str, secret: &str) -> Result<Self, AdminTokenError> {
        let secret = secret.trim();
        if secret.len() < 32 {
            return Err(AdminTokenError::Short { name: name.to_owned() });
        }
        let sha256 = Sha256::digest(secret.as_bytes()).into();
        Ok(Self { name: name.to_owned(), person: None, sha256 })
    }

    /// The same token as one of a person.
    #[must_use]
    pub fn of(self, person: Option<&str>) -> Self {
        Self { person: person.map(str::to_owned), ..self }
    }

    /// From 64 hex digits.
    ///
    /// # Errors
    /// [`AdminTokenError::Digest`] for anything else.
    pub fn from_digest(name: &str, hex: &str) -> Result<Self, AdminTokenError> {
        let wrong = || AdminTokenError::Digest { name: name.to_owned() };
        let hex = hex.trim();
        if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut sha256 = [0; 32];
        for (at, byte) in sha256.iter_mut().enumerate() {
            let pair = hex.get(at * 2..at * 2 + 2).ok_or_else(wrong)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self { name: name.to_owned(), person: None, sha256 })
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AdminToken({}, redacted)", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_the_same_from_its_text_and_from_its_digest() {
        let text = "0123456789abcdef0123456789abcdef";
        let hex = "3b2b3b5a9d2cbc2bb3b7c0b1b5b9e3b20000000000000000000000000000000";
        assert!(AdminToken::from_digest("ops", hex).is_err(), "63 digits");
        let token = AdminToken::from_secret("ops", &format!("{text}\n")).unwrap();
        let digest: String = token.sha256.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(AdminToken::from_digest("ops", &digest).unwrap(), token);
        assert!(AdminToken::from_secret("ops", "short").is_err());
        assert_eq!(format!("{token:?}"), "AdminToken(ops, redacted)");
    }
}
