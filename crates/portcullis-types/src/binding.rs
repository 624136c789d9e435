//! Where a key is accepted from: networks, and holders of certificates.
//!
//! Must not know how a call's origin is found out, nor who vouches for a certificate.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Network;

/// Most bytes of a name.
const NAME_BYTES_MAX: usize = 255;

/// Where a key is accepted from. A list that is empty asks for nothing.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The call comes from one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<Network>,
    /// And whoever calls shows the certificate of one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Holder>,
}

impl Binding {
    /// Whether it asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.certificates.is_empty()
    }

    /// Whether whatever another accepts is accepted by this, too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        within(&self.networks, &other.networks, Network::covers)
            && within(&self.certificates, &other.certificates, Holder::eq)
    }
}

/// Whether one of the old is enough for each of the new. Of nothing, everything is enough.
fn within<T>(old: &[T], new: &[T], covers: impl Fn(&T, &T) -> bool) -> bool {
    let known = |new| old.iter().any(|old| covers(old, new));
    old.is_empty() || (!new.is_empty() && new.iter().all(known))
}

/// Who holds a certificate: its public key, or a name that its authority put in.
#[derive(Debug, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Holder {
    /// SHA-256 of the public key (SubjectPublicKeyInfo).
    Key([u8; 32]),
    /// A DNS name, in lower case.
    Dns(Box<str>),
    /// A URI.
    Uri(Box<str>),
}

/// Why a text names no holder of a certificate.
#[expect(missing_docs, reason = "the message names every member")]
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
#[error(
    "`{text}` names no holder of a certificate; write `sha256:` with 64 digits of hex, `dns:NAME` or `uri:URI`"
)]
pub struct HolderError {
    pub text: String,
}

impl Holder {
    /// Whether a certificate with that digest of its public key and these names, written like those
    /// here, is one of this holder's.
    #[must_use]
    pub fn holds(&self, key: &[u8; 32], names: &[Box<str>]) -> bool {
        let mut names = names.iter();
        match self {
            Self::Key(digest) => digest == key,
            Self::Dns(own) => names.any(|name| {
                let name = name.strip_prefix("dns:");
                name.is_some_and(|name| name.eq_ignore_ascii_case(own))
            }),
            Self::Uri(own) => names.any(|name| name.strip_prefix("uri:") == Some(own)),
        }
    }
}

impl FromStr for Holder {
    type Err = HolderError;

    fn from_str(text: &str) -> Result<Self, HolderError> {
        let read = || {
            let (kind, name) = text.split_once(':')?;
            let fits = (1..=NAME_BYTES_MAX).contains(&name.len());
            let plain = name.bytes().all(|byte| byte.is_ascii_graphic());
            match kind {
                "sha256" => digest(name).map(Self::Key),
                "dns" if fits && plain && !name.contains([':', '/']) => {
                    Some(Self::Dns(name.to_ascii_lowercase().into()))
                }
                "uri" if fits && plain && name.contains(':') => Some(Self::Uri(name.into())),
                _ => None,
            }
        };
        read().ok_or_else(|| HolderError { text: text.to_owned() })
    }
}

fn digest(hex: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u32>> = hex.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    let (pairs, _) = digits.as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| u8::try_from(high << 4 | low).ok());
    bytes.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(digest) => {
                f.write_str("sha256:")?;
                digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Self::Dns(name) => write!(f, "dns:{name}"),
            Self::Uri(uri) => write!(f, "uri:{uri}"),
        }
    }
}

impl TryFrom<String> for Holder {
    type Error = HolderError;

    fn try_from(text: String) -> Result<Self, HolderError> {
        text.parse()
    }
}

impl From<Holder> for String {
    fn from(holder: Holder) -> Self {
        holder.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(byte: &str) -> String {
        format!("sha256:{}", byte.repeat(32))
    }

    #[test]
    fn a_holder_is_written_in_one_way() {
        #[track_caller]
        fn check(text: &str, expected: Option<&str>) {
            let found = text.parse::<Holder>().ok().map(|holder| holder.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
        check(&hex("AB"), Some(&hex("ab")));
        check("dns:Calls.Acme.example", Some("dns:calls.acme.example"));
        check("uri:spiffe://acme/calls", Some("uri:spiffe://acme/calls"));
        let long = format!("uri:a:{}", "b".repeat(300));
        let short = &hex("ab")[..70];
        for text in ["", "acme", "dns:", "uri:acme", "dns:a b", "cn:acme", "dns:a/b", &long, short]
        {
            check(text, None);
        }
    }

    #[test]
    fn a_certificate_is_known_by_its_key_or_a_name() {
        let names: Vec<Box<str>> = vec!["dns:Calls.acme.example".into(), "uri:spiffe://a".into()];
        let holds = |text: &str| text.parse::<Holder>().unwrap().holds(&[0xab; 32], &names);
        assert!(holds(&hex("ab")) && !holds(&hex("ac")));
        assert!(holds("dns:calls.acme.example") && !holds("dns:acme.example"));
        assert!(holds("uri:spiffe://a") && !holds("uri:spiffe://A") && !holds("uri:dns:calls"));
    }

    #[test]
    fn a_binding_covers_what_asks_for_more() {
        #[track_caller]
        fn check(wide: [&[&str]; 2], narrow: [&[&str]; 2], expected: bool) {
            let read = |[networks, certificates]: [&[&str]; 2]| Binding {
                networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
                certificates: certificates.iter().map(|text| text.parse().unwrap()).collect(),
            };
            assert_eq!(read(wide).covers(&read(narrow)), expected, "{wide:?} {narrow:?}");
        }
        let (office, one, other) =
            (&["203.0.113.0/24"][..], &["203.0.113.9"][..], &["198.51.100.7"][..]);
        let (a, both) = (&["dns:a"][..], &["dns:a", "dns:b"][..]);
        check([&[], &[]], [office, a], true);
        check([office, &[]], [one, a], true);
        check([office, both], [office, a], true);
        check([office, a], [office, both], false);
        check([office, a], [office, &[]], false);
        check([office, &[]], [&[], a], false);
        check([one, &[]], [office, &[]], false);
        check([office, &[]], [other, &[]], false);
    }
}
