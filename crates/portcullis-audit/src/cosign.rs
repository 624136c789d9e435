//! Cosignatures: a witness's word that a log only grew, as far as it saw (C2SP tlog-cosignature).
//!
//! Must not know what the witness looked at before it signed; that is `witness`.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::checkpoint::{Checkpoint, NoteError, halves, words_of};
use crate::encoding::{from_base64, to_base64, to_hex};
use crate::key::{LogKeyError, key_hash, public_key, public_text, seed};

/// A cosignature with its time, as a signature type of signed-note.
const COSIGNATURE: u8 = 4;

/// The secret key of a witness.
pub struct WitnessKey {
    public: WitnessVerifier,
    secret: SigningKey,
}

impl WitnessKey {
    /// From a text of 64 hex digits or base64; white space around it is ignored. `name` is the
    /// witness's own.
    ///
    /// # Errors
    /// [`LogKeyError::Secret`] or [`LogKeyError::Name`].
    pub fn from_text(name: &str, text: &str) -> Result<Self, LogKeyError> {
        let secret = SigningKey::from_bytes(&seed(text)?);
        Ok(Self { public: WitnessVerifier::new(name, secret.verifying_key())?, secret })
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &WitnessVerifier {
        &self.public
    }

    /// The signature line over a checkpoint, with its newline; `seconds` is the time by Unix.
    #[must_use]
    pub(crate) fn cosign(&self, checkpoint: &Checkpoint, seconds: u64) -> String {
        let signature = self.secret.sign(message(&checkpoint.text(), seconds).as_bytes());
        let mut bytes = self.public.hash.to_vec();
        bytes.extend(seconds.to_be_bytes());
        bytes.extend(signature.to_bytes());
        format!("\u{2014} {} {}\n", self.public.name, to_base64(&bytes))
    }
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessKey({}, secret redacted)", self.public)
    }
}

/// The public key of a witness: checks its cosignatures.
#[derive(Clone, Eq, PartialEq)]
pub struct WitnessVerifier {
    name: String,
    hash: [u8; 4],
    key: VerifyingKey,
}

impl WitnessVerifier {
    fn new(name: &str, key: VerifyingKey) -> Result<Self, LogKeyError> {
        Ok(Self { name: name.to_owned(), hash: key_hash(name, COSIGNATURE, &key)?, key })
    }

    /// The witness's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When this witness signed the note last, in seconds by Unix; none where it did not. Lines that
    /// name its key and are false count for nothing.
    ///
    /// # Errors
    /// [`NoteError::Unreadable`] where it is no checkpoint.
    pub fn signed(&self, note: &str) -> Result<Option<u64>, NoteError> {
        let checkpoint = Checkpoint::claimed(note)?;
        let (_, signatures) = halves(note)?;
        let words = words_of(signatures, &self.name, self.hash)?;
        Ok(words.iter().filter_map(|word| self.accepts(&checkpoint, word)).max())
    }

    /// Of a witness's answer, the line that is this key's over the checkpoint.
    #[must_use]
    pub fn line_of<'a>(&self, checkpoint: &Checkpoint, answer: &'a str) -> Option<&'a str> {
        answer.split_inclusive('\n').find(|line| {
            let word = line.strip_suffix('\n').and_then(|line| line.strip_prefix("\u{2014} "));
            let word = word.and_then(|line| line.strip_prefix(self.name())?.strip_prefix(' '));
            word.is_some_and(|word| self.accepts(checkpoint, word).is_some())
        })
    }

    fn accepts(&self, checkpoint: &Checkpoint, word: &str) -> Option<u64> {
        let bytes = from_base64(word)?;
        let signed = bytes.strip_prefix(&self.hash)?;
        let (seconds, signature) = signed.split_first_chunk::<8>()?;
        let seconds = u64::from_be_bytes(*seconds);
        let signature = Signature::from_slice(signature).ok()?;
        let text = message(&checkpoint.text(), seconds);
        self.key.verify_strict(text.as_bytes(), &signature).ok().map(|()| seconds)
    }
}

impl fmt::Display for WitnessVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&public_text(&self.name, COSIGNATURE, self.hash, &self.key))
    }
}

impl fmt::Debug for WitnessVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessVerifier({}+{})", self.name, to_hex(&self.hash))
    }
}

impl FromStr for WitnessVerifier {
    type Err = LogKeyError;
    fn from_str(text: &str) -> Result<Self, LogKeyError> {
        let (name, key) = public_key(text, COSIGNATURE)?;
        Self::new(name, key)
    }
}

/// What a witness signs.
fn message(text: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}
