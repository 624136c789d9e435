//! The server-side secret under which keys are digested, and two of them while it is changed.
//!
//! A stolen store without the pepper proves no key and lets nobody guess one. Must not know where
//! a pepper is kept.

use std::fmt;

use crate::Digest;
use crate::short_mac::ShortMac;

/// Least characters of a pepper; of hex digits alone twice as many, since each holds four bits.
const CHARACTERS_MIN: usize = 32;
/// Least different characters: fewer is a placeholder and no secret.
const DIFFERENT_MIN: usize = 8;

/// A pepper, ready to digest with. The text itself is not kept.
pub struct Pepper {
    keyed: ShortMac,
    fingerprint: String,
}

/// Why a text can't be a pepper. Never holds the text.
#[derive(Debug, Clone, Copy, Eq, PartialEq, thiserror::Error)]
pub enum PepperError {
    /// Too short to be 32 random bytes.
    #[error(
        "the pepper is too short: give at least 32 random bytes, for instance from `openssl rand -hex 32`"
    )]
    TooShort,
    /// A placeholder.
    #[error(
        "the pepper repeats the same few characters: give 32 random bytes, for instance from `openssl rand -hex 32`"
    )]
    NotRandom,
}

impl Pepper {
    /// Takes a text of hex, base64 or raw characters, without the line end of its file.
    ///
    /// The text is used as it stands and not decoded: HMAC takes keys of any length (RFC 2104 §3),
    /// and a text that could be read as hex or as base64 then can't be read in two ways.
    ///
    /// # Errors
    /// [`PepperError`] when it is too short, or plainly a placeholder.
    pub fn from_text(text: &str) -> Result<Self, PepperError> {
        let text = text.trim_end_matches(['\r', '\n']);
        let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if text.len() < if hex { 2 * CHARACTERS_MIN } else { CHARACTERS_MIN } {
            return Err(PepperError::TooShort);
        }
        let mut different: Vec<u8> = text.bytes().collect();
        different.sort_unstable();
        different.dedup();
        if different.len() < DIFFERENT_MIN {
            return Err(PepperError::NotRandom);
        }
        let keyed = ShortMac::new(text.as_bytes());
        let fingerprint = digest(&keyed, b"portcullis pepper fingerprint v1").to_string();
        Ok(Self { keyed, fingerprint: fingerprint.chars().take(8).collect() })
    }

    /// The digest of a whole key.
    #[must_use]
    pub fn digest(&self, key: &[u8]) -> Digest {
        digest(&self.keyed, key)
    }

    /// Eight hex digits that name this pepper in events and tell nothing about it.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

fn digest(keyed: &ShortMac, text: &[u8]) -> Digest {
    Digest::new(keyed.digest(b"", text))
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pepper(redacted, {})", self.fingerprint)
    }
}

/// The pepper in use and, while it is being changed, the one before it.
#[derive(Debug)]
pub struct Peppers {
    current: Pepper,
    previous: Option<Pepper>,
}

impl Peppers {
    /// Takes both. New keys are digested under `current`; keys of either are found.
    #[must_use]
    pub const fn new(current: Pepper, previous: Option<Pepper>) -> Self {
        Self { current, previous }
    }

    /// The pepper new keys are digested under.
    #[must_use]
    pub const fn current(&self) -> &Pepper {
        &self.current
    }

    /// The digest under the current pepper.
    #[must_use]
    pub fn digest(&self, key: &[u8]) -> Digest {
        self.current.digest(key)
    }

    /// The digest under the pepper before, where there is one; asked for only when the current one
    /// finds nothing.
    #[must_use]
    pub fn previous_digest(&self, key: &[u8]) -> Option<Digest> {
        self.previous.as_ref().map(|pepper| pepper.digest(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "8f1d0c3b5a79e2461f0a9b8c7d6e5f40112233445566778899aabbccddeeff00";

    #[track_caller]
    fn check(text: &str, expected: Result<(), PepperError>) {
        assert_eq!(Pepper::from_text(text).map(|_| ()), expected);
    }

    #[test]
    fn a_pepper_is_at_least_32_random_bytes_in_hex_base64_or_raw() {
        check(TEXT, Ok(()));
        check("q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=", Ok(()));
        check("thirty-two raw characters, wow!!", Ok(()));
        check("", Err(PepperError::TooShort));
        check(&TEXT[..62], Err(PepperError::TooShort));
        check("changeme", Err(PepperError::TooShort));
        check(&"0".repeat(64), Err(PepperError::NotRandom));
        check(&"changeme".repeat(8), Err(PepperError::NotRandom));
    }

    #[test]
    fn the_line_end_of_a_file_is_no_part_of_the_pepper() {
        let plain = Pepper::from_text(TEXT).unwrap();
        let from_file = Pepper::from_text(&format!("{TEXT}\r\n")).unwrap();
        assert_eq!(plain.digest(b"key"), from_file.digest(b"key"));
    }

    #[test]
    fn the_digest_is_hmac_sha_256_cut_to_16_bytes() {
        // The known answer was computed with `openssl dgst -sha256 -hmac`.
        let pepper = Pepper::from_text("Jefe-what do ya want for nothing").unwrap();
        assert_eq!(pepper.digest(b"ptc_test_abc").to_string(), "074c3f28ae23fc01180ad2af70979d30");
    }

    #[test]
    fn both_peppers_find_a_key_while_one_replaces_the_other() {
        let old = Pepper::from_text(TEXT).unwrap();
        let known = old.digest(b"key");
        let new = Pepper::from_text(&TEXT.replace('8', "7")).unwrap();
        assert_ne!(old.fingerprint(), new.fingerprint());
        let both = Peppers::new(new, Some(old));
        assert_eq!(both.previous_digest(b"key"), Some(known));
        assert_ne!(both.digest(b"key"), known);
    }

    #[test]
    fn nothing_printed_holds_the_pepper() {
        let pepper = Pepper::from_text(TEXT).unwrap();
        assert_eq!(format!("{pepper:?}"), format!("Pepper(redacted, {})", pepper.fingerprint()));
        assert_eq!(pepper.fingerprint().len(), 8);
        assert!(!TEXT.contains(pepper.fingerprint()));
    }
}
