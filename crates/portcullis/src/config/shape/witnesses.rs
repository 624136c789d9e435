//! The shape of what `portcullis.yaml` says about witnesses of the log.
//!
//! Must not read any other file.

use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// Who is shown each checkpoint of the log and signs it, once it has seen that the log only grew.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Witnesses {
    /// How many of them must have signed a checkpoint; all of them unless said otherwise.
    #[serde(default)]
    pub quorum: Option<At<usize>>,
    /// The witnesses.
    #[serde(default)]
    pub list: Vec<WitnessAt>,
}

/// A witness, such as `portcullis witness` runs one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WitnessAt {
    /// Where it is asked: `/add-checkpoint` follows.
    pub url: At<String>,
    /// Its public key as it tells it, `name+id+key`.
    pub key: At<String>,
}
