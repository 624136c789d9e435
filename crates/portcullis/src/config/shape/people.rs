//! The shape of what `portcullis.yaml` says about people and their tokens.
//!
//! Must not read any other file.

use std::collections::BTreeMap;

use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// Where one admin token comes from, as any secret, and whose it is.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenFrom {
    /// A file, from the folder of this file; its mode must not let others read it.
    #[serde(default)]
    pub file: Option<String>,
    /// An environment variable.
    #[serde(default)]
    pub env: Option<String>,
    /// A credential that systemd hands over (`LoadCredential=`).
    #[serde(default)]
    pub credential: Option<String>,
    /// The person it belongs to (`portcullis person add`); a token of nobody can't approve.
    #[serde(default)]
    pub person: Option<String>,
}

/// Who runs the gate, and how many of them a decision takes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct People {
    /// Whether giving access takes two persons; true unless said otherwise. Each change is an event.
    #[serde(default)]
    pub two_persons: Option<At<bool>>,
    /// How many partners one person may put on hold within an hour; 10 unless said otherwise.
    #[serde(default)]
    pub narrow_alone: Option<At<usize>>,
    /// An issuer whose tokens sign people in.
    #[serde(default)]
    pub oidc: Option<OpenId>,
}

/// An issuer of OpenID Connect.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenId {
    /// `iss` of its tokens, to the letter.
    pub issuer: At<String>,
    /// What its tokens for this gate have as `aud`.
    pub audience: At<String>,
    /// Where its keys are; where its discovery document says unless said otherwise.
    #[serde(default)]
    pub jwks: Option<At<String>>,
    /// The signatures that are accepted: RS256, PS256, ES256, ES384, EdDSA; RS256 and ES256 unless
    /// said otherwise.
    #[serde(default)]
    pub algorithms: Vec<At<String>>,
    /// The claim that lists roles for who has no person record.
    #[serde(default)]
    pub roles_claim: Option<String>,
    /// What the claim's values mean: a role for each. Without it they are names of roles.
    #[serde(default)]
    pub roles: BTreeMap<String, At<String>>,
}
