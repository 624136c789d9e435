//! The shape of what `portcullis.yaml` says about issuers whose tokens prove partners.
//!
//! Must not read any other file.

use portcullis_types::Span;
use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// An issuer whose tokens prove partners.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssuerAt {
    /// `iss` of its tokens, to the letter.
    pub issuer: At<String>,
    /// What its tokens for this gate have as `aud`.
    pub audience: At<String>,
    /// Where its keys are; where its discovery document says unless said otherwise.
    #[serde(default)]
    pub jwks: Option<At<String>>,
    /// A file with its keys instead, from the folder of this file.
    #[serde(default)]
    pub jwks_file: Option<At<String>>,
    /// The signatures that are accepted: RS256, PS256, ES256, ES384, EdDSA; RS256 and ES256 unless
    /// said otherwise.
    #[serde(default)]
    pub algorithms: Vec<At<String>>,
    /// The claim that names the subject; `sub` unless said otherwise.
    #[serde(default)]
    pub subject_claim: Option<At<String>>,
    /// How often its keys are fetched; 10m unless said otherwise.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub refresh: Option<At<Span>>,
}
