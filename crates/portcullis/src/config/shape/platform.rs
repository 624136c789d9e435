//! The shape of what `portcullis.yaml` says about the platform's own hook.
//!
//! Must not read any other file.

use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// Where the platform is told of holds, restores and ends, so that it can end what the gate can't reach.
/// Messages are signed as those to partners are, with `secrets.platform_hook`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlatformHook {
    /// Its address.
    pub url: At<String>,
    /// Networks it may be in although they are not the open internet, such as `10.20.0.0/16`. Without
    /// TLS only loopback is called, and only where it is listed.
    #[serde(default)]
    pub allow: Vec<At<String>>,
}
