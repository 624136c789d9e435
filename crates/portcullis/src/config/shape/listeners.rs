//! The shape of what `portcullis.yaml` says about who reaches the gate where.
//!
//! Must not read any other file.

use std::fmt;

use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use super::Tls;

/// The public listener.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Public {
    /// Address and port, such as `0.0.0.0:8480`, for plain HTTP; or a list of listeners.
    pub listen: At<Listen>,
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

/// One address for plain HTTP, or a list.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum Listen {
    /// Address and port.
    One(String),
    /// Listeners.
    Each(Vec<ListenerAt>),
}

/// An address that partners connect to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListenerAt {
    /// Address and port, such as `0.0.0.0:8443`.
    pub address: At<String>,
    /// TLS in front; plain HTTP without.
    #[serde(default)]
    pub tls: Option<At<Tls>>,
    /// Networks of proxies that announce each client by the PROXY protocol, version 1 or 2, such as
    /// `10.0.0.0/8`. Then nobody else may connect here, and none of them without it.
    #[serde(default)]
    pub proxy_protocol: Option<Vec<At<String>>>,
    /// The name of the socket (`FileDescriptorName=`) that a service manager hands over for it. Without
    /// it, one that listens at that address is taken where there is any.
    #[serde(default)]
    pub socket: Option<String>,
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ListenVisitor)
    }
}

struct ListenVisitor;

impl<'de> Visitor<'de> for ListenVisitor {
    type Value = Listen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address or a list of listeners")
    }

    fn visit_str<E: Error>(self, address: &str) -> Result<Listen, E> {
        Ok(Listen::One(address.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Listen, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(list)).map(Listen::Each)
    }
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
