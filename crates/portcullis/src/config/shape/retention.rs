//! The shape of what `portcullis.yaml` says about how long things are kept.
//!
//! Must not read any other file.

use portcullis_types::Span;
use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// How long what lies beside the log is kept, such as `1095d`; what is not named is kept for ever. The
/// log itself always is.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retention {
    /// Evidence of cases, from the end of its case on; 30d or more.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub evidence: Option<At<Span>>,
    /// Notes of cases and what partners attested, from the end of the case on; 30d or more.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub notes: Option<At<Span>>,
    /// Statements of reasons with the evidence that came with them; 180d or more.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub statements: Option<At<Span>>,
    /// Answers and appeals of partners; 180d or more.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub answers: Option<At<Span>>,
    /// Messages to hooks of partners, and what the platform's own hook answered; 7d or more.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub deliveries: Option<At<Span>>,
}
