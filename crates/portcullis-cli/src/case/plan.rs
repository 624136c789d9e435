//! The file of a way back in stages, read here so that each fault is told with its place.
//!
//! Must not know whether the plan fits its partner: the gate does.

use portcullis_types::{ClassName, ClientId, PartnerId, Percent, Span};
use serde::{Deserialize, Serialize};

/// A way back, as the file says it and the gate takes it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partner: Option<PartnerId>,
    #[serde(default)]
    keys_without_client: bool,
    stages: Vec<Stage>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stage {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clients: Option<Vec<ClientId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    share: Option<Percent>,
    #[serde(default)]
    classes: Vec<ClassName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    factor: Option<Percent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_least: Option<Span>,
    #[serde(default)]
    entry: Entry,
    #[serde(default)]
    exit: Exit,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    attestation: Vec<ClientId>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exit {
    #[serde(default)]
    signals: u32,
    #[serde(default)]
    attestation: Vec<ClientId>,
}
