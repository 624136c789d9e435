//! The shape of what `portcullis.yaml` says about the platform's upstreams.
//!
//! Must not read any other file.

use portcullis_types::Span;
use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

use super::CertificateAt;

/// One address of the platform.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Address {
    /// `http://host:port`, `https://host:port` or `unix:/path/of/a.sock`. The host may be a name of several
    /// addresses.
    pub url: At<String>,
    /// How much it takes beside the others; 1 unless said otherwise.
    #[serde(default)]
    pub weight: Option<At<usize>>,
}

/// Which upstream takes a call.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Spread {
    /// Of two drawn by weight, the one with fewer calls under way.
    #[default]
    Least,
    /// The same one for all calls of a partner.
    Partner,
    /// The same one for all calls of a key.
    Key,
    /// The same one for all calls of a path.
    Path,
}

/// How each upstream is asked how it is: a GET without any credential, whose status must be below 400.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Check {
    /// The path, such as `/healthz`.
    pub path: At<String>,
    /// How often; 5s unless said otherwise.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub every: Option<At<Span>>,
    /// How long an answer may take; 2s unless said otherwise.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub within: Option<At<Span>>,
    /// So many bad answers in a row, and it gets no calls as long as another can; 3 unless said
    /// otherwise.
    #[serde(default)]
    pub bad: Option<At<usize>>,
    /// So many good ones in a row, and it gets calls again; 2 unless said otherwise.
    #[serde(default)]
    pub good: Option<At<usize>>,
}

/// What the platform is spared; each has a default.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spared {
    /// Most calls under way at one upstream; more of them wait. 1024 unless said otherwise.
    #[serde(default)]
    pub calls: Option<At<usize>>,
    /// How many in a hundred of all those one partner may have; more of its calls wait. 50 unless said
    /// otherwise.
    #[serde(default)]
    pub partner_percent: Option<At<usize>>,
    /// Most connections to one upstream that are being opened; 64 unless said otherwise.
    #[serde(default)]
    pub connects: Option<At<usize>>,
    /// Most calls that wait; beyond it they are refused. 1024 unless said otherwise; 0: none waits.
    #[serde(default)]
    pub waiting: Option<At<usize>>,
    /// How long a call may wait; 5s unless said otherwise.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub wait: Option<At<Span>>,
    /// How many of `calls` may be under way goes by how an upstream answers; it doesn't unless this
    /// stands.
    #[serde(default)]
    pub adaptive: Option<Adaptive>,
}

/// How the calls that an upstream may have follow the times of its answers; each has a default.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Adaptive {
    /// So many it may always have; 16 unless said otherwise, or `calls` where those are fewer.
    #[serde(default)]
    pub least: Option<At<usize>>,
    /// By how many in a hundred the median answer may be slower than at its best; 50 unless said
    /// otherwise.
    #[serde(default)]
    pub slower_percent: Option<At<usize>>,
    /// How often that is looked at; 1s unless said otherwise.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub every: Option<At<Span>>,
}

/// TLS towards upstreams whose address begins with `https`. Files are read again when they change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpstreamTls {
    /// The file of the authorities, in PEM, that vouch for the platform.
    pub authorities: At<String>,
    /// The name that the platform's certificate must be for; the host of `url` unless said otherwise.
    #[serde(default)]
    pub name: Option<At<String>>,
    /// What the gate shows of itself, where the platform wants to know who calls.
    #[serde(default)]
    pub certificate: Option<CertificateAt>,
}
