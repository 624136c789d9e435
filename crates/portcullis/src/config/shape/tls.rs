//! The shape of what `portcullis.yaml` says about TLS in front of a listener.
//!
//! Must not read any other file.

use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

use super::SecretFrom;

/// TLS 1.2 and 1.3 in front of a listener. Files are read again when they change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    /// Certificates, chosen by the name that a client asks for; the first also where none fits.
    pub certificates: Vec<CertificateAt>,
    /// Certificates that clients show; they are not asked for any unless said otherwise.
    #[serde(default)]
    pub clients: Option<ClientsAt>,
}

/// A certificate and its private key, both in PEM.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateAt {
    /// The file of the certificate, followed by those that lead to an authority.
    pub chain: At<String>,
    /// Where its private key comes from.
    pub key: At<SecretFrom>,
}

/// Certificates that clients show.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientsAt {
    /// The file of the authorities, in PEM, that vouch for clients.
    pub authorities: At<String>,
    /// Whether who shows none is turned away; true unless said otherwise.
    #[serde(default)]
    pub required: Option<At<bool>>,
}
