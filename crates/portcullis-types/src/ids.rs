//! Names people write: partners, clients, keys, tiers, scopes, classes.
//!
//! Each is its own type, checked once at the edge; nothing downstream checks again.
//! Must not know what any of them refers to.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text is not a name.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` is not a {kind}: {rule}")]
pub struct IdError {
    /// What was expected, such as `partner`.
    pub kind: &'static str,
    /// The text that was refused, cut to 80 characters.
    pub text: String,
    /// The rule it breaks, as a sentence fragment that says what to write.
    pub rule: &'static str,
}

pub(crate) fn check(
    kind: &'static str,
    text: &str,
    longest: usize,
    extra: &[char],
    rule: &'static str,
) -> Result<(), IdError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || extra.contains(&c);
    let starts_well = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    if starts_well && text.len() <= longest && text.chars().all(legal) {
        return Ok(());
    }
    Err(IdError { kind, text: text.chars().take(80).collect(), rule })
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $longest:literal, $extra:expr, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks and takes a text.
            ///
            /// # Errors
            /// [`IdError`] when the text is empty, too long or holds a character outside the rule.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check($kind, text, $longest, $extra, $rule)?;
                Ok(Self(Arc::from(text)))
            }

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text as a cheaply cloned handle.
            #[must_use]
            pub fn shared(&self) -> Arc<str> {
                Arc::clone(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                Self::new(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

name!(
    /// Who signed the agreement.
    PartnerId, "partner", 64, &['-', '_', '.'],
    "use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.`, and start with a letter or digit"
);
name!(
    /// A partner's own customer, declared by it.
    ClientId, "client", 64, &['-', '_', '.'],
    "use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.`, and start with a letter or digit"
);
name!(
    /// Who acts for the platform: a human being, whatever it signs in with.
    PersonId, "person", 64, &['-', '_', '.'],
    "use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.`, and start with a letter or digit"
);
name!(
    /// An investigation, by the name people give it.
    CaseId, "case", 64, &['-', '_', '.'],
    "use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.`, and start with a letter or digit"
);
name!(
    /// The name of a tier: a policy that a kind of partner is on.
    TierName, "tier", 64, &['-', '_', '.'],
    "use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.`, and start with a letter or digit"
);
name!(
    /// The name of a scope: a set of classes a key may touch, such as `media:read`.
    ScopeName, "scope", 64, &['-', '_', '.', ':'],
    "use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.`, `:`, and start with a letter or digit"
);
name!(
    /// What an operation or a field is, such as `place.posts`.
    ClassName, "class", 64, &['-', '_', '.'],
    "use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.`, and start with a letter or digit"
);
name!(
    /// One method and path template of the catalogue, such as `listUserMedia`.
    OperationName, "operation", 80, &['-', '_', '.'],
    "use 1 to 80 of a-z, A-Z, 0-9, `-`, `_`, `.`, and start with a letter or digit"
);
name!(
    /// A kind of node, such as `story`.
    TypeName, "node type", 64, &['-', '_', '.'],
    "use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.`, and start with a letter or digit"
);
name!(
    /// The name of a rate within a tier, such as `calls-per-hour`.
    RateId, "rate", 64, &['-', '_', '.'],
    "use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.`, and start with a letter or digit"
);
name!(
    /// Why access was taken away or given back, such as `bulk-location`.
    ReasonCode, "reason code", 64, &['-', '_', '.'],
    "use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.`, and start with a letter or digit"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        assert!(PartnerId::new("acme-travel").is_ok());
        assert!(PartnerId::new("").is_err());
        assert!(PartnerId::new("-acme").is_err());
        assert!(PartnerId::new("acme travel").is_err());
        assert!(PartnerId::new(&"a".repeat(65)).is_err());
        assert!(ScopeName::new("media:read").is_ok());
        assert!(TierName::new("media:read").is_err());
    }

    #[test]
    fn the_error_says_what_to_write() {
        let error = PartnerId::new("a b").expect_err("a space is not legal");
        assert_eq!(
            error.to_string(),
            "`a b` is not a partner: use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.`, and start with a letter or digit"
        );
    }
}
