//! The shape of what `portcullis.yaml` says about traces.
//!
//! Must not read any other file.

use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// What is told of single calls to whoever follows traces; nothing unless said.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Telemetry {
    /// Where spans go, by OTLP over HTTP with JSON: a collector such as `http://127.0.0.1:4318`, to which
    /// `/v1/traces` is added.
    #[serde(default)]
    pub traces: Option<At<String>>,
    /// Which part of the calls is traced, from 0 to 1, where no trusted proxy decided; 0.01 unless said
    /// otherwise.
    #[serde(default)]
    pub sample: Option<At<f64>>,
    /// What the gate is called there (`service.name`); `portcullis` unless said otherwise.
    #[serde(default)]
    pub service: Option<At<String>>,
}
