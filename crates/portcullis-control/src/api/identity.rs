//! What proves a caller in a key's place, as it is written and shown.
//!
//! Must not know how either is verified.

use portcullis_registry::KeyRecord;
use portcullis_types::{Identity, TokenOf};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

/// What proves the caller: tokens of an issuer for a subject, or a certificate.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProvedBy {
    /// The issuer of the tokens, as `iss` has it; the gate trusts those of its configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    /// Whom the issuer calls so: a program, not a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// The holder of the certificate, as `sha256:` and the digest of the public key, `dns:NAME` or
    /// `uri:URI`; in place of issuer and subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
}

impl ProvedBy {
    /// The identity that is meant.
    pub(crate) fn identity(self) -> Result<Identity, Problem> {
        match self {
            Self { issuer: Some(issuer), subject: Some(subject), certificate: None } => {
                let of = TokenOf { issuer: issuer.into(), subject: subject.into() };
                Ok(Identity::Token(of))
            }
            Self { issuer: None, subject: None, certificate: Some(holder) } => {
                let holder = holder.parse();
                holder.map(Identity::Certificate).map_err(|error: portcullis_types::HolderError| {
                    Problem::unreadable(error.to_string())
                })
            }
            _ => Err(Problem::unreadable(
                "an identity has `issuer` and `subject`, or `certificate` alone".to_owned(),
            )),
        }
    }

    /// What proves the caller of a record that is no key.
    pub(crate) fn of(key: &KeyRecord) -> Option<Self> {
        Some(match key.identity()? {
            Identity::Token(of) => Self {
                issuer: Some(of.issuer.to_string()),
                subject: Some(of.subject.to_string()),
                certificate: None,
            },
            Identity::Certificate(holder) => {
                Self { certificate: Some(holder.to_string()), ..Self::default() }
            }
        })
    }
}
