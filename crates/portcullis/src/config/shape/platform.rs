//! The shape of what `portcullis.yaml` says about the platform: where it is, and its own hook.
//!
//! Must not read any other file.

use portcullis_types::Span;
use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

use super::upstreams::{Address, Check, Spared, Spread, UpstreamTls};

/// The platform behind the gate.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Upstream {
    /// `http://host:port`, `https://host:port` or `unix:/path/of/a.sock`: what calls name as their host, links of answers lead to, and where calls go
    /// unless `addresses` says otherwise.
    pub url: At<String>,
    /// Where calls go, where that is elsewhere or more than one place.
    #[serde(default)]
    pub addresses: Vec<Address>,
    /// Which of them takes a call.
    #[serde(default)]
    pub spread: Spread,
    /// How often names are looked up anew; 30s unless said otherwise.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub resolve_every: Option<At<Span>>,
    /// How many calls in a hundred may be sent a second time, where that can do nothing twice, beside
    /// three each second; 20 unless said otherwise.
    #[serde(default)]
    pub repeats_percent: Option<At<usize>>,
    /// How each of them is asked how it is; it isn't unless this says how.
    #[serde(default)]
    pub check: Option<Check>,
    /// What they are spared.
    #[serde(default)]
    pub limits: Spared,
    /// TLS towards those whose address begins with `https`.
    #[serde(default)]
    pub tls: Option<At<UpstreamTls>>,
    /// Where the platform's own credential goes.
    #[serde(default)]
    pub credential: Place,
    /// Whether the platform is told who calls, by `X-Forwarded-*`; true unless said otherwise.
    #[serde(default)]
    pub forwarded: Option<At<bool>>,
    /// What speaks HTTP to the platform. `own` is faster and stricter; `hyper` is the widely used
    /// library, for comparison; `http2` speaks HTTP/2 and nothing else.
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
    /// HTTP/2, by hyper's client: agreed on by TLS, or known to be spoken where there is none.
    Http2,
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
