//! The shape of what `portcullis.yaml` says about business days.
//!
//! Must not read any other file.

use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// Business days: by when partners are replied to.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Calendar {
    /// The days of the week that count, such as `[mon, tue, wed, thu, fri]`, which they are unless
    /// said otherwise.
    #[serde(default)]
    pub week: Vec<At<String>>,
    /// When such a day begins and ends; `09:00-17:00` unless said otherwise.
    #[serde(default)]
    pub hours: Option<At<String>>,
    /// How far local time is ahead of UTC, such as `+01:00` or `-08:00`; not at all unless said
    /// otherwise. Summer time is not known.
    #[serde(default)]
    pub utc_offset: Option<At<String>>,
    /// Days that don't count, such as `2026-12-25`.
    #[serde(default)]
    pub holidays: Vec<At<String>>,
    /// Business days until a partner's answer or appeal is replied to; 5 unless said otherwise.
    #[serde(default)]
    pub reply_days: Option<At<usize>>,
}
