//! The shape of what `portcullis.yaml` says about the platform: where it is, and its own hook.
//!
//! Must not read any other file.

use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// The platform behind the gate.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Upstream {
    /// `http://host:port`.
    pub url: At<String>,
    /// Where the platform's own credential goes.
    #[serde(default)]
    pub credential: Place,
    /// Whether the platform is told who calls, by `X-Forwarded-*`; true unless said otherwise.
    #[serde(default)]
    pub forwarded: Option<At<bool>>,
    /// What speaks HTTP to the platform. `own` is faster and stricter; `hyper` is the widely used
    /// library, for comparison.
    #[serde(default)]
    pub codec: Codec,
}

/// What speaks HTTP to the platform.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Codec {
    /// The gate's own.
    #[default]
    Own,
    /// hyper's client.
    Hyper,
}

/// Where the platform's own credential goes.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    /// `Authorization: Bearer`.
    #[default]
    Bearer,
    /// `access_token` in the query.
    Query,
    /// The platform wants none.
    None,
}

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
