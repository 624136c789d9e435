//! Why TLS can't stand on what it was given.
//!
//! Names files and never what is in them.

use std::fmt;

/// Why certificates, keys or authorities are not put in force.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TlsError {
    /// No certificate at all.
    #[error("no certificate is named; name at least one with its key")]
    None,
    /// A file without a certificate.
    #[error("`{0}` holds no certificate; it needs the lines from BEGIN CERTIFICATE on")]
    NoCertificate(String),
    /// A file without a private key.
    #[error("`{0}` holds no private key; it needs the lines from BEGIN PRIVATE KEY on")]
    NoKey(String),
    /// Something is not PEM, or not a certificate.
    #[error("`{name}` can't be read: {why}; write it again as PEM")]
    Unreadable {
        /// What it is called.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// A key of another certificate, or of a kind that TLS has no use for.
    #[error("the key `{key}` does not go with the certificate `{chain}`: {why}")]
    Unfit {
        /// What the certificate is called.
        chain: String,
        /// What the key is called.
        key: String,
        /// What is wrong.
        why: String,
    },
    /// A certificate that no client could ask for.
    #[error(
        "the certificate `{0}` is for no DNS name, so it would be shown to nobody; have it issued with one, or name it first"
    )]
    NoName(String),
    /// A certificate that ended.
    #[error("the certificate `{name}` ended at {end}; have it renewed")]
    Over {
        /// What it is called.
        name: String,
        /// When.
        end: String,
    },
    /// Authorities that nobody can be verified by.
    #[error("the authorities in `{name}` can't be used: {why}")]
    Authorities {
        /// What they are called.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// What the platform's certificate can't be for.
    #[error("`{0}` is no name that a certificate is for; write a host name or an IP address")]
    ServerName(String),
    /// There is no secret for tickets.
    #[error("no secret for session tickets could be made: {0}")]
    Tickets(rustls::Error),
    /// The provider of cryptography lacks something.
    #[error("TLS 1.2 and 1.3 can't be spoken: {0}")]
    Provider(rustls::Error),
}

impl TlsError {
    pub(super) fn unreadable(name: &str, why: &dyn fmt::Display) -> Self {
        Self::Unreadable { name: name.to_owned(), why: why.to_string() }
    }

    pub(super) fn authorities(name: &str, why: &dyn fmt::Display) -> Self {
        Self::Authorities { name: name.to_owned(), why: why.to_string() }
    }
}
