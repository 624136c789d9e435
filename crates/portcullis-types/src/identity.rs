//! What proves a caller that brings no key: tokens of an issuer for a subject, or a certificate.
//!
//! Identities are those of programs and stand in the log, so that whoever reviews it sees who may
//! call. Must not know how either is verified.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Holder;

/// Most bytes of an issuer or a subject; OpenID Connect allows a subject 255.
const PART_BYTES_MAX: usize = 255;

/// What proves a caller in place of a key.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// A token.
    Token(TokenOf),
    /// The certificate that the connection showed.
    Certificate(Holder),
}

/// Whom tokens are about.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenOf {
    /// Who issues the tokens, as they say it: `iss`.
    pub issuer: Box<str>,
    /// Whom the issuer calls so.
    pub subject: Box<str>,
}

/// Why a text is no part of an identity.
#[expect(missing_docs, reason = "the message names every member")]
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
#[error(
    "`{text}` can't be the {what} of a token: write 1 to {PART_BYTES_MAX} printable characters of ASCII, as the token has them"
)]
pub struct IdentityError {
    pub what: &'static str,
    pub text: String,
}

impl Identity {
    /// Whether it can be compared with what a caller shows.
    ///
    /// # Errors
    /// [`IdentityError`] for texts that no token has.
    pub fn check(&self) -> Result<(), IdentityError> {
        let Self::Token(of) = self else { return Ok(()) };
        for (what, text) in [("issuer", &of.issuer), ("subject", &of.subject)] {
            let fits = (1..=PART_BYTES_MAX).contains(&text.len());
            let legal = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
            if !fits || !text.bytes().all(legal) || text.trim() != &**text {
                let text = text.escape_debug().take(PART_BYTES_MAX).collect();
                return Err(IdentityError { what, text });
            }
        }
        Ok(())
    }

    /// The one text that stands for it: of two identities, two texts.
    #[must_use]
    pub fn canonical(&self) -> String {
        match self {
            // The length tells where the issuer ends, whatever stands in either.
            Self::Token(of) => {
                format!(
                    "portcullis identity v1\0token\0{}\0{}\0{}",
                    of.issuer.len(),
                    of.issuer,
                    of.subject
                )
            }
            Self::Certificate(holder) => {
                format!("portcullis identity v1\0certificate\0{holder}")
            }
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(of) => write!(f, "tokens of `{}` for `{}`", of.issuer, of.subject),
            Self::Certificate(holder) => write!(f, "the certificate of `{holder}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(issuer: &str, subject: &str) -> Identity {
        Identity::Token(TokenOf { issuer: issuer.into(), subject: subject.into() })
    }

    #[test]
    fn two_identities_have_two_texts() {
        let holder = |text: &str| Identity::Certificate(text.parse().unwrap());
        let all = [
            token("a", "b\0c"),
            token("a\0b", "c"),
            token("a", "bc"),
            token("ab", "c"),
            holder("dns:a"),
            holder("uri:dns:a"),
        ];
        let mut texts: Vec<_> = all.iter().map(Identity::canonical).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), all.len());
    }

    #[test]
    fn an_identity_is_what_a_token_can_say() {
        #[track_caller]
        fn check(issuer: &str, subject: &str, expected: bool) {
            assert_eq!(token(issuer, subject).check().is_ok(), expected, "{issuer:?} {subject:?}");
        }
        check("https://login.acme.example", "calls", true);
        check("https://login.acme.example", "client calls", true);
        check("", "calls", false);
        check("https://login.acme.example", "", false);
        check("https://login.acme.example", " calls", false);
        check("https://login.acme.example", "calls\0", false);
        check("https://login.acme.example", "cälls", false);
        check("https://login.acme.example", &"a".repeat(256), false);
        check("https://login.acme.example\n", "calls", false);
    }
}
