//! The shape of `portcullis.yaml`, as it is written.
//!
//! Defaults are safe on the open internet. Must not read any other file.

mod bounds;
mod calendar;
mod deletions;
mod issuers;
mod ledger;
mod listeners;
mod people;
mod platform;
mod reasons;
mod retention;
mod telemetry;
mod tls;
mod upstreams;
mod witnesses;

use std::collections::BTreeMap;

use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) use bounds::{Limits, Timeouts};
pub(crate) use calendar::Calendar;
pub(crate) use deletions::{Deadlines, Deletions};
pub(crate) use issuers::IssuerAt;
pub(crate) use ledger::Ledger;
pub(crate) use listeners::{Admin, Family, Listen, ListenerAt, Public};
pub(crate) use people::{OpenId, People, TokenFrom};
pub(crate) use platform::{Codec, Place, PlatformHook, Upstream};
pub(crate) use reasons::ReasonAt;
pub(crate) use retention::Retention;
pub(crate) use telemetry::Telemetry;
pub(crate) use tls::{CertificateAt, Tls};
pub(crate) use upstreams::{Adaptive, Address, Check, Spared, Spread};
pub(crate) use witnesses::{WitnessAt, Witnesses};

/// The configuration of one gate.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    /// Format version; 1.
    pub version: At<u32>,
    /// What partners reach.
    pub public: Public,
    /// What operators reach.
    #[serde(default)]
    pub admin: Admin,
    /// The platform behind the gate.
    pub upstream: Upstream,
    /// Where the log is kept.
    #[serde(default)]
    pub store: Store,
    /// Folder of route files, from the folder of this file.
    #[serde(default)]
    pub routes: Option<At<String>>,
    /// Folder of policy files, from the folder of this file.
    #[serde(default)]
    pub policies: Option<At<String>>,
    /// Where each secret comes from; never the secret itself.
    pub secrets: Secrets,
    /// Who runs the gate, and how many of them a decision takes.
    #[serde(default)]
    pub people: People,
    /// Business days: by when partners are replied to.
    #[serde(default)]
    pub calendar: Calendar,
    /// Reasons for which access can be taken away, beside or in place of those that every gate has.
    #[serde(default)]
    pub reasons: Vec<ReasonAt>,
    /// How long what lies beside the log is kept.
    #[serde(default)]
    pub retention: Retention,
    /// What left, for whom: written down beside the store.
    #[serde(default)]
    pub ledger: Ledger,
    /// What partners have to delete, and by when.
    #[serde(default)]
    pub deletions: Deletions,
    /// How keys look.
    #[serde(default)]
    pub keys: Keys,
    /// Issuers whose tokens prove partners in a key's place.
    #[serde(default)]
    pub issuers: Vec<IssuerAt>,
    /// One line of JSON per call.
    #[serde(default)]
    pub records: Records,
    /// Which calls can be explained by their id.
    #[serde(default)]
    pub explain: Explain,
    /// What is told of single calls to whoever follows traces; nothing unless said.
    #[serde(default)]
    pub telemetry: Telemetry,
    /// What watches of policies may lead to.
    #[serde(default)]
    pub signals: Signals,
    /// Where hooks of partners may be.
    #[serde(default)]
    pub hooks: Hooks,
    /// Who signs checkpoints of the log beside its own key.
    #[serde(default)]
    pub witnesses: Witnesses,
    /// Where the platform is told of holds and restores.
    #[serde(default)]
    pub platform_hook: Option<PlatformHook>,
    /// Bounds.
    #[serde(default)]
    pub limits: Limits,
    /// Longest waits.
    #[serde(default)]
    pub timeouts: Timeouts,
}

/// Where hooks of partners may be.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hooks {
    /// Networks that are called although they are not the open internet, such as `10.20.0.0/16`.
    /// Without TLS only loopback is, and only where it is listed.
    #[serde(default)]
    pub allow: Vec<At<String>>,
}

/// Where the log is kept.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Store {
    /// The SQLite file, from the folder of this file.
    #[serde(default)]
    pub path: Option<At<String>>,
    /// What the log is called, for those who check more than one, such as `gate.example.com/log`;
    /// `portcullis` unless said otherwise. A log keeps the name that it began with.
    #[serde(default)]
    pub log_name: Option<At<String>>,
}

/// Where each secret comes from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secrets {
    /// The pepper of the keys.
    pub pepper: At<SecretFrom>,
    /// The pepper before it, while keys made under it still live.
    #[serde(default)]
    pub pepper_previous: Option<At<SecretFrom>>,
    /// The key that signs the log.
    pub log_key: At<SecretFrom>,
    /// The log key before it, for the start that records the change and for as long as both sign.
    #[serde(default)]
    pub log_key_previous: Option<At<SecretFrom>>,
    /// Admin tokens by name: `sha256:HEX` of each, or the token itself.
    pub admin_tokens: BTreeMap<String, At<TokenFrom>>,
    /// The platform's own credential.
    #[serde(default)]
    pub platform_credential: Option<At<SecretFrom>>,
    /// What signs messages to the platform's own hook: `whsec_` and base64.
    #[serde(default)]
    pub platform_hook: Option<At<SecretFrom>>,
    /// What is shown to the collector of `telemetry.traces` as `Authorization`, such as `Bearer …`.
    #[serde(default)]
    pub collector: Option<At<SecretFrom>>,
}

/// Where one secret comes from: exactly one member.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretFrom {
    /// A file, from the folder of this file; its mode must not let others read it.
    #[serde(default)]
    pub file: Option<String>,
    /// An environment variable.
    #[serde(default)]
    pub env: Option<String>,
    /// A credential that systemd hands over (`LoadCredential=`).
    #[serde(default)]
    pub credential: Option<String>,
}

/// How keys look.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// The middle part of `ptc_live_…`; `live` unless said otherwise.
    #[serde(default)]
    pub env: Option<At<String>>,
}

/// One line of JSON per call.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Records {
    /// Where they go.
    #[serde(default)]
    pub to: RecordsTo,
    /// The file for `to: file`, from the folder of this file.
    #[serde(default)]
    pub path: Option<At<String>>,
    /// Whether they say what was asked (method, path and query as sent on, without any key), so
    /// that `portcullis replay` can read them.
    #[serde(default)]
    pub requests: bool,
}

/// Where access records go.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RecordsTo {
    /// Standard output.
    #[default]
    Stdout,
    /// A file, appended to.
    File,
    /// Nowhere.
    None,
}

/// Which calls can be explained by their id.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Explain {
    /// How many of the last calls are remembered, without any key, for `portcullis explain
    /// --request`; 10000 unless said otherwise, 0: none. Each takes about 450 bytes.
    #[serde(default)]
    pub calls: Option<At<usize>>,
}

/// What watches of policies may lead to.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signals {
    /// Most partners that watches may put on hold within 24 hours, or a tenth of all partners,
    /// whichever is more; 3 unless said otherwise, 0: none.
    #[serde(default)]
    pub holds_per_day: Option<At<usize>>,
}

/// The JSON Schema of the file, for editors.
pub(crate) fn schema() -> serde_json::Value {
    schemars::schema_for!(ConfigFile).to_value()
}
