//! The shape of what `portcullis.yaml` says about what partners have to delete.
//!
//! Must not read any other file.

use portcullis_types::Span;
use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// What partners have to delete, and by when.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deletions {
    /// How long a partner has from when it is told.
    #[serde(default)]
    pub deadlines: Deadlines,
    /// What follows a deadline that passed, beside the event: `flag` (the default), `open_case`, both, or
    /// nothing.
    #[serde(default)]
    pub overdue: Option<Vec<At<String>>>,
    /// How long ids are kept once their list was attested; 30d when absent, 1d to 400d.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub keep: Option<At<Span>>,
}

/// How long a partner has, 1h to 90d.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deadlines {
    /// For what was deleted; 24h when absent.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub deleted: Option<At<Span>>,
    /// For what is not public any more; 24h when absent.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub protected: Option<At<Span>>,
    /// For what expired; 24h when absent.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub expired: Option<At<Span>>,
    /// For all of an account that was closed; 72h when absent.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub account_closed: Option<At<Span>>,
}
