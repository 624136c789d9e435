//! Signatures as Standard Webhooks writes them: HMAC-SHA-256 over id, time and body.
//!
//! Must never show a secret but where its owner is given it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// How a secret begins, so that people and scanners know it.
const PREFIX: &str = "whsec_";
/// Fewest and most bytes of a secret, by the standard.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What hook and gate both know.
#[derive(Clone)]
pub struct HookSecret(Zeroizing<Vec<u8>>);

/// Why a text is no secret of a hook.
#[derive(Debug, Clone, Copy, Eq, PartialEq, thiserror::Error)]
#[error("this is no secret of a hook: write `whsec_` and 24 to 64 random bytes in base64")]
pub struct HookSecretError;

impl HookSecret {
    /// Random bytes that somebody else drew.
    ///
    /// # Errors
    /// Fewer than 24 or more than 64.
    pub fn new(bytes: &[u8]) -> Result<Self, HookSecretError> {
        if BYTES.contains(&bytes.len()) {
            Ok(Self(Zeroizing::new(bytes.to_vec())))
        } else {
            Err(HookSecretError)
        }
    }

    /// A secret as its owner was given it.
    ///
    /// # Errors
    /// Anything but `whsec_` and base64 of the right length; the text is not repeated.
    pub fn from_text(text: &str) -> Result<Self, HookSecretError> {
        let coded = text.trim().strip_prefix(PREFIX).ok_or(HookSecretError)?;
        let bytes = Zeroizing::new(STANDARD.decode(coded).map_err(|_| HookSecretError)?);
        Self::new(&bytes)
    }

    /// The text to give to its owner, once.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}", STANDARD.encode(&*self.0)))
    }

    /// The bytes, for the file that keeps them.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The value of `webhook-signature` for a message sent at a moment, in seconds.
    #[must_use]
    pub fn sign(&self, id: &str, seconds: u64, body: &str) -> String {
        // HMAC takes a key of any length, so there is always a signature.
        let Ok(mut keyed) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        for part in [id, ".", &seconds.to_string(), ".", body] {
            keyed.update(part.as_bytes());
        }
        format!("v1,{}", STANDARD.encode(keyed.finalize().into_bytes()))
    }
}

impl fmt::Debug for HookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookSecret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_that_other_implementations_make() {
        let secret = HookSecret::from_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let made =
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(made, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_reads_as_it_was_given_and_is_never_shown_otherwise() {
        let secret = HookSecret::new(&[7; 32]).unwrap();
        let text = secret.expose();
        assert_eq!(HookSecret::from_text(&format!(" {}\n", *text)).unwrap().bytes(), [7; 32]);
        assert_eq!(format!("{secret:?}"), "HookSecret(redacted)");
        for bad in ["", "whsec_", "whsec_AAAA", "whsec_!!!", &text[6..]] {
            assert!(HookSecret::from_text(bad).is_err(), "{bad}");
        }
        assert!(HookSecret::new(&[7; 23]).is_err() && HookSecret::new(&[7; 65]).is_err());
    }
}
