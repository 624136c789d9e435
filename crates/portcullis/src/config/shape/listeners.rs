//! The shape of what `portcullis.yaml` says about who reaches the gate where.
//!
//! Must not read any other file.

use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// The public listener.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Public {
    /// Address and port, such as `0.0.0.0:8480`.
    pub listen: At<String>,
    /// What partners call, such as `https://api.example.com/graph`; paging links point there.
    pub url: At<String>,
    /// Threads of the data plane; 0 is one per core.
    #[serde(default)]
    pub threads: Option<At<usize>>,
    /// A header that may carry the key besides `Authorization: Bearer`.
    #[serde(default)]
    pub key_header: Option<At<String>>,
    /// Networks of proxies in front whose `X-Forwarded-For` is believed, such as `10.0.0.0/8`.
    #[serde(default)]
    pub trusted_proxies: Vec<At<String>>,
    /// How refusals look.
    #[serde(default)]
    pub family: Family,
    /// Whether answers say where the partner's tightest rate stands (`RateLimit` and, in the graph
    /// family, `X-App-Usage`); true unless said otherwise. A refusal by rate always does.
    #[serde(default)]
    pub rate_fields: Option<At<bool>>,
    /// Where the partners' own API begins; `/partner/v1` unless said otherwise. No call below it goes
    /// on to the platform.
    #[serde(default)]
    pub partner_api: Option<At<String>>,
}

/// How refusals look.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Family {
    /// RFC 9457 members and the Graph error object in one body.
    #[default]
    Graph,
    /// RFC 9457 only.
    Problem,
}

/// The admin listener.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Admin {
    /// Address and port; loopback unless said otherwise.
    #[serde(default)]
    pub listen: Option<At<String>>,
}
