//! The key that signs checkpoints, and its public half, in the forms of C2SP signed-note.
//!
//! The secret never prints. Must not know where it is kept.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::encoding::{from_base64, from_hex, to_base64, to_hex};

/// Ed25519, as a signature type of signed-note.
const ED25519: u8 = 1;

/// Why a text is no log key.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum LogKeyError {
    /// The secret is not 32 bytes. The text is not repeated, since it may be most of a secret.
    #[error(
        "the log key must be 32 bytes as 64 hex digits or as base64; `openssl rand -hex 32` makes one"
    )]
    Secret,
    /// The name of the log can't stand in a signature line.
    #[error(
        "`{0}` can't name a log: use 1 to 120 visible characters without spaces and `+`, such as `portcullis.example.org/log`"
    )]
    Name(String),
    /// The public key is not one.
    #[error(
        "`{0}` is not a public log key: it has the form `name+hash+key`, and `portcullis audit verify` prints it"
    )]
    Public(String),
}

/// The secret key of the log.
pub struct LogKey {
    public: LogVerifier,
    secret: SigningKey,
}

impl LogKey {
    /// From the 32 secret bytes. `name` is the name of the log, its origin.
    ///
    /// # Errors
    /// [`LogKeyError::Name`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, LogKeyError> {
        let secret = SigningKey::from_bytes(seed);
        let public = LogVerifier::new(name, secret.verifying_key())?;
        Ok(Self { public, secret })
    }

    /// From a text of 64 hex digits or base64; white space around it is ignored.
    ///
    /// # Errors
    /// [`LogKeyError::Secret`] or [`LogKeyError::Name`].
    pub fn from_text(name: &str, text: &str) -> Result<Self, LogKeyError> {
        Self::from_seed(name, &seed(text)?)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &LogVerifier {
        &self.public
    }

    /// Signature over a text, with the key's hash in front, base64: a signature line's last word.
    pub(crate) fn sign(&self, text: &[u8]) -> String {
        let mut bytes = self.public.hash.to_vec();
        bytes.extend(self.secret.sign(text).to_bytes());
        to_base64(&bytes)
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogKey({}, secret redacted)", self.public)
    }
}

/// The public key of a log: checks signatures.
#[derive(Clone, Eq, PartialEq)]
pub struct LogVerifier {
    name: String,
    hash: [u8; 4],
    key: VerifyingKey,
}

impl LogVerifier {
    fn new(name: &str, key: VerifyingKey) -> Result<Self, LogKeyError> {
        let hash = key_hash(name, ED25519, &key)?;
        Ok(Self { name: name.to_owned(), hash, key })
    }

    /// The name of the log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's hash as it stands before each signature.
    pub(crate) fn hash(&self) -> [u8; 4] {
        self.hash
    }

    /// Eight hex digits that tell keys apart at a glance.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        to_hex(&self.hash)
    }

    /// Whether the last word of a signature line is this key's signature over the text.
    pub(crate) fn accepts(&self, text: &[u8], word: &str) -> bool {
        let Some(bytes) = from_base64(word) else { return false };
        let Some((hash, signature)) = bytes.split_at_checked(4) else { return false };
        let Ok(signature) = Signature::from_slice(signature) else { return false };
        hash == self.hash && self.key.verify_strict(text, &signature).is_ok()
    }
}

impl fmt::Display for LogVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&public_text(&self.name, ED25519, self.hash, &self.key))
    }
}

impl fmt::Debug for LogVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogVerifier({self})")
    }
}

impl FromStr for LogVerifier {
    type Err = LogKeyError;
    fn from_str(text: &str) -> Result<Self, LogKeyError> {
        let (name, key) = public_key(text, ED25519)?;
        Self::new(name, key)
    }
}

/// The 32 bytes of a secret, written as 64 hex digits or as base64.
pub(crate) fn seed(text: &str) -> Result<[u8; 32], LogKeyError> {
    let text = text.trim();
    let hex = from_hex::<32>(&text.to_ascii_lowercase());
    hex.or_else(|| from_base64(text)?.try_into().ok()).ok_or(LogKeyError::Secret)
}

/// What stands before each signature of a key, by its name and kind.
pub(crate) fn key_hash(name: &str, kind: u8, key: &VerifyingKey) -> Result<[u8; 4], LogKeyError> {
    let visible = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
    if name.is_empty() || name.len() > 120 || !name.chars().all(visible) {
        return Err(LogKeyError::Name(name.chars().take(120).collect()));
    }
    let hash = Sha256::new().chain_update(name.as_bytes()).chain_update([b'\n', kind]);
    let hash: [u8; 32] = hash.chain_update(key.as_bytes()).finalize().into();
    let [a, b, c, d, ..] = hash;
    Ok([a, b, c, d])
}

/// A public key as it is handed on: `name+hash+key`.
pub(crate) fn public_text(name: &str, kind: u8, hash: [u8; 4], key: &VerifyingKey) -> String {
    let mut bytes = vec![kind];
    bytes.extend(key.as_bytes());
    format!("{name}+{}+{}", to_hex(&hash), to_base64(&bytes))
}

/// Reads what [`public_text`] writes for a key of this kind: its name and the key.
pub(crate) fn public_key(text: &str, kind: u8) -> Result<(&str, VerifyingKey), LogKeyError> {
    let bad = || LogKeyError::Public(text.chars().take(240).collect());
    // Base64 may hold `+`, the name and the hash may not.
    let mut words = text.splitn(3, '+');
    let (Some(name), Some(hash), Some(key)) = (words.next(), words.next(), words.next()) else {
        return Err(bad());
    };
    let bytes = from_base64(key).ok_or_else(bad)?;
    let Some((_, key)) = bytes.split_first().filter(|(found, _)| **found == kind) else {
        return Err(bad());
    };
    let key: &[u8; 32] = key.try_into().map_err(|_| bad())?;
    let key = VerifyingKey::from_bytes(key).map_err(|_| bad())?;
    if to_hex(&key_hash(name, kind, &key)?) == hash { Ok((name, key)) } else { Err(bad()) }
}
